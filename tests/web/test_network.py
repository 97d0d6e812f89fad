"""The network: whom a request comes from, who may read across origins, how much is taken, who is let in undeclared."""

import gzip

import pytest
import sqlalchemy as sa
from flask import Blueprint

from idp.audit.models import Attempt
from idp.settings import ProxySettings
from idp.web import security
from tests.support.front import on_sqlite
from tests.support.visitor import Visitor

# I1


@pytest.fixture(scope="module")
def behind(tmp_path_factory):
    """Return the address that an attempt keeps, by trusted hops and headers."""
    fronts = {}

    def address(hops: int, *headers: tuple[str, str]) -> str:
        if hops not in fronts:
            folder = tmp_path_factory.mktemp(f"hops{hops}")
            fronts[hops] = on_sqlite(folder, proxy=ProxySettings(trusted_hops=hops))
        front = fronts[hops]
        answer = front.app.test_client().get(
            "/signin/sgn_nothing", headers=list(headers), environ_base={"REMOTE_ADDR": "192.0.2.1"}
        )
        assert answer.status_code == 400
        with front.work() as work:
            newest = sa.select(Attempt.ip).order_by(Attempt.id.desc()).limit(1)
            return work.tx.session.scalar(newest)

    yield address
    for front in fronts.values():
        front.database.dispose()


FORGED, CLIENT, OUTER = "203.0.113.66", "198.51.100.7", "192.0.2.200"


@pytest.mark.parametrize(
    ("hops", "forwarded", "expected"),
    [
        (0, [], "192.0.2.1"),
        (0, [FORGED], "192.0.2.1"),
        (0, [f"{FORGED}, {CLIENT}"], "192.0.2.1"),
        (1, [], "192.0.2.1"),
        (1, [CLIENT], CLIENT),
        (1, [f"{FORGED}, {CLIENT}"], CLIENT),
        (1, [FORGED, CLIENT], CLIENT),
        (1, [f" {FORGED} ,  {CLIENT} "], CLIENT),
        (1, [f"{FORGED}, {CLIENT}:4711"], CLIENT),
        (1, ["[2001:db8::7]:4711"], "2001:db8::7"),
        (1, ["2001:db8::7"], "2001:db8::7"),
        (1, [f"::ffff:{CLIENT}"], f"::ffff:{CLIENT}"),
        (2, [], "192.0.2.1"),
        (2, [FORGED], "192.0.2.1"),
        (2, [f"{CLIENT}, {OUTER}"], CLIENT),
        (2, [f"{FORGED}, {CLIENT}, {OUTER}"], CLIENT),
        (2, [f"{FORGED}, {CLIENT}", OUTER], CLIENT),
    ],
)
def test_i1_a_forwarded_address_counts_from_the_right_for_as_many_hops_as_are_trusted(
    behind, hops, forwarded, expected
):
    assert behind(hops, *(("X-Forwarded-For", line) for line in forwarded)) == expected


@pytest.mark.parametrize("hops", [0, 1, 2])
@pytest.mark.parametrize("name", ["Forwarded", "X-Real-IP", "Client-IP", "True-Client-IP"])
def test_i1_no_other_header_says_where_a_request_comes_from(behind, hops, name):
    assert behind(hops, (name, f"for={FORGED}" if name == "Forwarded" else FORGED)) == "192.0.2.1"


# I6

ANYWHERE = "https://anywhere.example"


@pytest.mark.parametrize("origin", [ANYWHERE, "null", "http://localhost:8000", "https://wiki.acme.example"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_i6_no_origin_that_is_not_registered_reads_anything(front, origin, method):
    with front.app.test_request_context():
        addresses = [
            rule.build(dict.fromkeys(rule.arguments, "acme"))[1]
            for rule in front.app.url_map.iter_rules()
            if rule.endpoint not in ("static", "asked.error") and "_step" not in rule.arguments
        ]
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x"}
    assert len(addresses) > 50
    for address in addresses:
        with front.app.test_client().open(address, method=method, headers=asked) as answer:
            told = {name.lower() for name, _ in answer.headers if name.lower().startswith("access-control-")}
            assert told == set(), address


# I8


@pytest.mark.parametrize("path", ["/sites/acme/oauth2/token", "/sites/acme/saml/sso", "/organization"])
def test_i8_more_than_64_kib_are_not_taken(front, visitor, path):
    visitor.open("/organization")
    form = {"content_type": "application/x-www-form-urlencoded"}

    assert visitor.client.post(path, data="a=" + "a" * (64 * 1024 - 2), **form).status_code != 413
    assert visitor.client.post(path, data="a=" + "a" * (64 * 1024 - 1), **form).status_code == 413


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, identity"])
@pytest.mark.parametrize("path", ["/sites/acme/oauth2/token", "/sites/acme/saml/sso", "/organization"])
def test_i8_compressed_bodies_are_not_unpacked(front, visitor, path, encoding):
    answer = visitor.client.post(
        path,
        data=gzip.compress(b"a" * 10_000_000),
        headers={"Content-Encoding": encoding},
        content_type="application/x-www-form-urlencoded",
    )

    assert answer.status_code == 415


@pytest.mark.parametrize("parts", [100, 101])
def test_i8_a_form_has_at_most_a_hundred_parts(front, visitor, parts):
    boundary = "b0undary"
    part = f'--{boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n'
    visitor.open("/organization")
    answer = visitor.client.post(
        "/organization",
        data=part * parts + f"--{boundary}--\r\n",
        content_type=f"multipart/form-data; boundary={boundary}",
    )

    assert answer.status_code == (413 if parts > 100 else 403)


# T9


def test_t9_a_view_that_declares_nothing_stops_the_start(front):
    undeclared = Blueprint("debug", __name__)
    undeclared.add_url_rule("/debug", view_func=lambda: "everything")
    front.app._got_first_request = False
    front.app.register_blueprint(undeclared)

    with pytest.raises(RuntimeError, match="state no guard: debug"):
        security.check_guards(front.app)


def test_t9_a_stranger_gets_nothing_of_what_needs_a_session(front):
    """Every address that needs a session leads a stranger to sign in, whatever the method."""
    found = []
    with front.app.test_request_context():
        for rule in front.app.url_map.iter_rules():
            if getattr(front.app.view_functions[rule.endpoint], "guard", "") == security.SIGNED_IN:
                address = rule.build(dict.fromkeys(rule.arguments, "acme"))[1]
                found += [(method, address) for method in rule.methods & {"GET", "POST"}]
    stranger = Visitor(front.app.test_client())
    stranger.open("/organization")

    assert len(found) > 15
    for method, address in found:
        answer = stranger.client.open(address, method=method)
        if method == "POST":
            assert answer.status_code == 403, address
        else:
            assert answer.status_code == 303, address
            assert answer.headers["Location"].startswith("/signin/sgn_"), address
