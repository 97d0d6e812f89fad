"""Sign-ons that a session answers before Flask is asked: the same answers, the same traces, and only plain cases."""

import random
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from structlog.testing import capture_logs
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.sansio.http import parse_cookie

from idp.audit.models import Attempt, AuditEntry
from idp.base.errors import Invalid
from idp.directory import accounts, zones
from idp.signon.models import Participant, SeenMessage
from idp.web import carrying
from idp.web.at_once import cookies_of
from tests.support.saml_world import ANN, posted, refused
from tests.support.service_provider import encoded

AT = "/sites/acme/saml/sso"


@pytest.fixture
def ann(world, sp, registered):
    """Ann, who has been to the application in English: the page that carries the answer is rendered."""
    browser = world.browser(ANN)
    posted(browser.sso(sp.query(sp.authn_request(), "relay-canary")))
    return browser


@pytest.fixture
def by_flask(app, monkeypatch):
    """The requests that Flask has answered."""
    answered = []
    real = app.full_dispatch_request
    monkeypatch.setattr(app, "full_dispatch_request", lambda *a, **k: answered.append(1) or real(*a, **k))
    return answered


def ask(sp, **more):
    return sp.query(sp.authn_request(), "relay-canary", **more)


def alike(text: str) -> str:
    """*text* without what is another in every answer: ids, what is signed, and its length."""
    return re.sub(r'(name="SAMLResponse" value=")[^"]*', r"\1", text)


def traces(world) -> dict[str, int]:
    return {model.__name__: world.count(model) for model in (Attempt, AuditEntry, Participant, SeenMessage)}


# The same as Flask's


def test_a_session_is_answered_without_flask_and_as_flask_answers(world, sp, ann, by_flask, app):
    at_once = ann.sso(ask(sp))
    assert not by_flask
    app.at_once = None
    ours = ann.sso(ask(sp))
    assert by_flask

    assert at_once.status == ours.status
    assert alike(at_once.text) == alike(ours.text)
    assert [one for one in at_once.headers if one[0] not in ("X-Request-Id", "Content-Length")] == [
        one for one in ours.headers if one[0] not in ("X-Request-Id", "Content-Length")
    ]
    for answer in (at_once, ours):
        assert int(answer.headers["Content-Length"]) == len(answer.data)
        assert answer.headers["X-Request-Id"].startswith("req_")


def test_both_roads_say_the_same_of_the_person(world, sp, ann, app):
    def told(answer):
        answer = posted(answer)
        return answer.relay_state, [(one.tag, one.text) for one in answer.find("//saml:Attribute//*")]

    at_once = told(ann.sso(ask(sp)))
    app.at_once = None

    assert at_once == told(ann.sso(ask(sp)))


def test_both_roads_leave_the_same_traces(world, sp, ann, app):
    def left(answer):
        assert answer.status_code == 200
        attempt = world.attempts()[-1]
        entry = world.audited("application.signed-on")[-1]
        names = (
            "kind",
            "organization_id",
            "site_id",
            "application_id",
            "account_id",
            "outcome",
            "decision",
            "rule",
            "ip",
        )
        said = ("target_id", "actor_kind", "actor_id", "actor_name", "door", "ip", "organization_id")
        assert entry.details["attempt_id"] == attempt.id
        assert attempt.request_id == entry.request_id == answer.headers["X-Request-Id"]
        return (
            [getattr(attempt, name) for name in names],
            attempt.context,
            attempt.steps,
            [getattr(entry, name) for name in said],
            {name: value for name, value in entry.details.items() if name != "attempt_id"},
        )

    at_once = left(ann.sso(ask(sp)))
    app.at_once = None

    assert at_once == left(ann.sso(ask(sp)))


def test_its_line_in_the_log_is_that_of_the_route(world, sp, ann, by_flask):
    with capture_logs() as lines:
        answer = ann.sso(ask(sp))

    (line,) = [entry for entry in lines if entry["event"] == "request"]
    assert not by_flask
    assert (line["method"], line["route"], line["status"]) == ("GET", "/sites/<slug>/saml/sso", 200)
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert "SAMLRequest" not in repr(lines)


def test_the_page_is_in_the_language_of_its_reader_whoever_came_first(world, sp, ann, by_flask):
    """Rendered once for a language: German after English, English after German, each by its own choice."""
    german = [ann.client.get(f"{AT}?{ask(sp)}", headers={"Accept-Language": "de"}) for _ in range(2)]
    english = ann.sso(ask(sp))
    ann.client.set_cookie("ostiary_language", "de")
    chosen = ann.sso(ask(sp))

    assert not by_flask
    assert {re.search('<html lang="(..)"', page.text)[1] for page in (*german, chosen)} == {"de"}
    assert 'lang="en"' in english.text
    assert alike(german[0].text) == alike(german[1].text) == alike(chosen.text)


# What is left to Flask, with nothing written before


@pytest.mark.parametrize("cookie", ["ostiary_session", "ostiary_browser"])
def test_without_session_or_browser_it_is_flasks(world, sp, ann, by_flask, cookie):
    ann.client.delete_cookie(cookie)

    ann.sso(ask(sp))

    assert len(by_flask) == 1


@pytest.mark.parametrize(
    ("method", "headers", "environ"),
    [
        ("HEAD", {}, {}),
        ("GET", {"Content-Encoding": "gzip"}, {}),
        ("GET", {}, {"CONTENT_LENGTH": "3"}),
        ("GET", {}, {"SCRIPT_NAME": "/below"}),
    ],
)
def test_whatever_is_not_plainly_a_redirect_is_flasks(sp, ann, by_flask, method, headers, environ):
    ann.client.open(f"{AT}?{ask(sp)}", method=method, headers=headers, environ_overrides=environ)

    assert len(by_flask) == 1


def test_a_session_that_is_over_is_asked_to_sign_in_again(world, sp, ann, by_flask):
    world.later(days=2)

    answer = ann.sso(sp.query(sp.authn_request(IssueInstant="2030-01-03T12:00:00Z"), "relay-canary"))

    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/signin/")
    assert len(by_flask) == 1


def test_t21_a_disabled_account_is_not_answered_at_once(world, sp, ann, by_flask):
    with world.work() as work:
        accounts.disable(work, world.account(ANN).id, organization_id=world.account(ANN).organization_id)

    answer = ann.sso(ask(sp))

    assert answer.status_code == 303
    assert "SAMLResponse" not in answer.text


def test_what_asks_the_person_begins_once(world, sp, ann, by_flask):
    before = traces(world)

    answer = ann.sso(sp.query(sp.authn_request(ForceAuthn="true"), "relay-canary"))

    assert answer.headers["Location"].startswith("/signin/")
    assert len(by_flask) == 1
    after = traces(world)
    assert after["SeenMessage"] == before["SeenMessage"] + 1
    assert after["Participant"] == before["Participant"]


def test_x19_a_request_is_answered_once_and_then_refused_by_flask(world, sp, ann, by_flask):
    """X19: on the short road, too; the refusal is written down once."""
    query = ask(sp)
    posted(ann.sso(query))
    before = traces(world)

    refused(ann.sso(query))

    assert len(by_flask) == 1
    after = traces(world)
    assert (after["Attempt"], after["AuditEntry"]) == (before["Attempt"] + 1, before["AuditEntry"] + 1)


def test_a_refusal_is_written_down_once(world, sp, ann, by_flask):
    before = traces(world)

    refused(ann.sso(sp.query(sp.authn_request(Destination="https://elsewhere.example/sso"), "relay-canary")))

    assert len(by_flask) == 1
    after = traces(world)
    assert (after["Attempt"], after["SeenMessage"]) == (before["Attempt"] + 1, before["SeenMessage"])


def test_i1_a_zone_of_the_block_list_holds_on_the_short_road(world, sp, ann, by_flask):
    with world.work() as work:
        zones.create(work, "acme", "Bad", zones.Contents(networks=("127.0.0.0/8",)), usage="blocklist")
    world.database.memory.forget()

    answer = ann.sso(ask(sp))

    assert answer.status_code == 403
    assert "SAMLResponse" not in answer.text


def test_a_mistake_in_the_program_gets_the_page_that_every_mistake_gets(world, sp, ann, by_flask, app, monkeypatch):
    app.testing = False  # as in an installation: errors become pages

    def fails(*_args, **_values):
        raise ZeroDivisionError

    monkeypatch.setattr("idp.saml.answering.responses.success", fails)
    before = traces(world)

    answer = ann.sso(ask(sp))

    assert answer.status_code == 500
    assert "reference" in answer.text
    assert len(by_flask) == 1
    assert traces(world) == before


def test_a_value_that_cannot_be_sent_is_refused_by_flask(world, sp, ann, by_flask, monkeypatch):
    def fails(*_args, **_values):
        raise Invalid("A value cannot be sent to this application.", code="xml-illegal-character")

    monkeypatch.setattr("idp.saml.answering.responses.success", fails)

    refused(ann.sso(ask(sp)), 422)

    assert len(by_flask) == 1


def test_t1_a_session_of_another_organization_is_nobody_there(world, sp, ann, by_flask):
    """T1: Ann's session is Acme's; at Rival's site she is asked who she is."""
    world.register(sp, site="rival")
    message = sp.authn_request(Destination="http://localhost:8000/sites/rival/saml/sso")

    answer = ann.client.get(f"/sites/rival/saml/sso?{sp.query(message, 'kept')}")

    assert answer.status_code == 303
    assert "SAMLResponse" not in answer.text


def test_the_rendered_page_holds_no_value_of_anybody(world, sp, ann):
    kept = b"".join(part for parts in carrying._kept.values() for part in parts)

    assert ANN.encode() not in kept
    assert b"relay-canary" not in kept
    assert encoded(sp.authn_request()).encode()[:40] not in kept


# Cookies


def test_d12_cookies_are_read_as_werkzeug_reads_them():
    """D12: of two cookies of one name both roads take the first, so that nobody can be two people at once."""
    seeded = random.Random(11)
    parts = [
        "ostiary_session=a",
        "ostiary_session=b",
        "x=",
        "x",
        "=y",
        " ostiary_browser=q ",
        "\tz=1",
        "k=v=w",
        'q="r"',
        "",
    ]
    for _ in range(3000):
        header = seeded.choice(["; ", ";", " ; "]).join(seeded.choices(parts, k=seeded.randint(0, 6)))
        theirs = parse_cookie(header, ImmutableMultiDict)
        ours = cookies_of({"HTTP_COOKIE": header})
        for name in ("ostiary_session", "ostiary_browser", "x", "z", "k", "q"):
            assert ours.get(name, "") == theirs.get(name, ""), (header, name)


def test_x19_of_many_at_the_same_moment_one_is_answered(world, sp, ann):
    """X19: the same request from eight tabs at once: one answer, seven refusals, one use of it written down."""
    query, before = ask(sp), traces(world)
    clients = [world.app.test_client() for _ in range(8)]
    for client in clients:
        for name in ("ostiary_session", "ostiary_browser"):
            client.set_cookie(name, ann.client.get_cookie(name).value)
    together = Barrier(len(clients))

    def open_tab(client) -> int:
        together.wait(10)
        return client.get(f"{AT}?{query}").status_code

    with ThreadPoolExecutor(len(clients)) as pool:
        statuses = sorted(pool.map(open_tab, clients))

    assert statuses == [200] + [400] * 7
    assert traces(world)["SeenMessage"] == before["SeenMessage"] + 1
