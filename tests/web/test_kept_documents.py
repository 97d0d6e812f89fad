"""Discovery and keys answered from memory: the same as Flask answers, and never older than what is remembered."""

import shutil

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from idp.base import db
from idp.base.db import Database
from idp.directory import keys
from idp.directory.models import Site
from tests.oidc.support import ISSUER, Place

PATHS = ["/sites/acme/.well-known/openid-configuration", "/sites/acme/oauth2/jwks"]


@pytest.fixture
def place(_sqlite_template, tmp_path, vault):
    """A provider whose database remembers for as long as a test takes."""
    path = tmp_path / "place.db"
    shutil.copyfile(_sqlite_template, path)
    database = Database(f"sqlite:///{path}", vault, memory_seconds=3600)
    yield Place(database)
    database.dispose()


@pytest.fixture
def by_flask(place, monkeypatch):
    """How many requests Flask has answered."""
    answered = []
    real = place.app.full_dispatch_request
    monkeypatch.setattr(place.app, "full_dispatch_request", lambda *a, **k: answered.append(1) or real(*a, **k))
    return answered


def get(place, path, **headers):
    return place.app.test_client().get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def headers_of(response):
    return sorted((name, value) for name, value in response.headers if name != "X-Request-Id")


@pytest.mark.parametrize("path", PATHS)
def test_the_second_answer_is_the_first_without_flask(place, by_flask, path):
    first, second = get(place, path), get(place, path)

    assert len(by_flask) == 1
    assert (second.status, second.data, headers_of(second)) == (first.status, first.data, headers_of(first))
    assert second.headers["X-Request-Id"] != first.headers["X-Request-Id"]
    assert len(second.headers.getlist("X-Request-Id")) == 1


@pytest.mark.parametrize("path", PATHS)
def test_whoever_has_it_already_is_told_so(place, by_flask, path):
    etag = get(place, path).headers["ETag"]
    first, second = get(place, path, If_None_Match=etag), get(place, path, If_None_Match=etag)

    assert len(by_flask) == 2
    assert first.status_code == second.status_code == 304
    assert second.data == b""
    assert headers_of(second) == headers_of(first)
    assert get(place, path, If_None_Match='"another"').status_code == 200
    for weak in (f"W/{etag}", f'"another", {etag}', f'W/"another", W/{etag}', "*"):
        assert get(place, path, If_None_Match=weak).status_code == 304, weak


@pytest.mark.parametrize("path", PATHS)
def test_what_is_not_plainly_the_same_request_is_flasks(place, by_flask, path):
    get(place, path)
    client = place.app.test_client()
    for ask in (
        lambda: client.head(path),
        lambda: client.options(path),
        lambda: client.post(path),
        lambda: get(place, path, Origin="https://rp.example"),
        lambda: client.get(path, query_string="a=1"),
        lambda: client.get(path, data=b"x"),
        lambda: client.get(path + "/"),
        lambda: client.get(path.replace("acme", "nowhere")),
        lambda: client.get(path.replace("acme", "..")),
    ):
        before = len(by_flask)
        ask()
        assert len(by_flask) == before + 1


def test_what_has_changed_is_told_at_once_when_memory_ends(place, by_flask):
    path = PATHS[1]
    before = get(place, path)
    with place.work() as work:
        of = place.provider(work)
        keys.rotate(work, of.organization_id, of.site_id, subject=ISSUER)
    place.database.memory.forget()
    after = [get(place, path) for _ in range(2)]

    assert len(by_flask) == 2
    assert after[0].headers["ETag"] != before.headers["ETag"]
    assert after[1].data == after[0].data != before.data
    assert headers_of(after[1]) == headers_of(after[0])


@pytest.mark.parametrize("path", PATHS)
def test_a_site_that_is_disabled_is_gone_when_memory_ends(place, path):
    assert get(place, path).status_code == 200
    with place.work() as work:
        work.tx.session.execute(sa.update(Site).where(Site.slug == "acme").values(disabled_at=place.now))
    place.database.memory.forget()

    assert get(place, path).status_code == 404
    assert get(place, path).status_code == 404


@pytest.mark.parametrize("path", PATHS)
def test_each_answer_is_logged_with_its_route(place, path):
    with capture_logs() as written:
        first, second = get(place, path), get(place, path)
    lines = [line for line in written if line["event"] == "request"]

    for line, response in zip(lines, (first, second), strict=True):
        assert line["request_id"] == response.headers["X-Request-Id"]
        assert {name: line[name] for name in ("method", "status", "ip")} == {
            "method": "GET",
            "status": 200,
            "ip": "127.0.0.1",
        }
    assert lines[0]["route"] == lines[1]["route"] == path.replace("acme", "<slug>")


def test_a_recollection_never_asks_the_database(place):
    remembered = db.Recollection(place.database)

    for ask in (
        lambda: remembered.row(None),
        lambda: remembered.rows(None),
        lambda: remembered.run(None),
        lambda: remembered.session,
        lambda: remembered.connection,
    ):
        with pytest.raises(db.NotRemembered):
            ask()
