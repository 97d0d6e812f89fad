"""The preview of tokens: what would be sent, and why; and nothing at all happens."""

import pytest
import sqlalchemy as sa

from idp.base.db import Base
from idp.base.errors import Forbidden, NotFound
from idp.directory import applications, policies
from idp.oidc import preview
from tests.oidc.support import ANN, claims
from tests.support.people import as_account, stranger

BASE = "http://localhost:8000"


def seen(place, client, account=ANN, **more) -> preview.Preview:
    with place.work() as work:
        return preview.preview(work, BASE, client.application_id, account, **more)


def rows(place) -> dict[str, list]:
    with place.database.engine.connect() as connection:
        return {t.name: connection.execute(sa.select(t)).all() for t in Base.metadata.sorted_tables}


def test_it_says_what_a_sign_on_sends(place, client, browser):
    tokens = place.tokens(browser, client)
    issued, answered = claims(tokens["id_token"]), place.userinfo(tokens["access_token"]).json

    shown = seen(place, client, scope=tokens["scope"])

    assert shown.allowed
    assert {name: shown.id_token[name] for name in ("iss", "sub", "aud")} == {
        name: issued[name] for name in ("iss", "sub", "aud")
    }
    assert shown.userinfo == answered


def test_it_writes_nothing_and_makes_no_subject(place, client):
    before = rows(place)

    shown = seen(place, client)

    assert shown.id_token["sub"] == preview.NEW_SUBJECT
    assert rows(place) == before


def test_what_the_application_may_not_have_is_named_with_who_keeps_it(place, client):
    with place.work() as work:
        policies.set_application_release(work, client.application_id, ["email"])

    shown = seen(place, client, scope="openid email profile")

    assert shown.userinfo["email"] == ANN
    assert "name" not in shown.userinfo
    assert "name" in {one.claim for one in shown.withheld}


def test_a_person_without_access_is_said_to_have_none(place, client):
    with place.work() as work:
        application = applications.queries.application(work, client.application_id)
        for one in applications.grants(work, application):
            applications.withdraw(work, application.id, one.id)

    shown = seen(place, client)

    assert not shown.allowed
    assert "nobody may open it" in shown.access[0]


def test_without_openid_there_is_no_id_token(place, client):
    shown = seen(place, client, scope="email")

    assert shown.faults
    assert shown.id_token == {}


def test_t1_a_foreign_administrator_finds_neither_application_nor_person(place, client):
    with place.work() as work, pytest.raises(NotFound):
        preview.preview(stranger(work), BASE, client.application_id, ANN)
    with place.work() as work, pytest.raises((NotFound, Forbidden)):
        preview.preview(as_account(work, place.account(work)), BASE, client.application_id, ANN)
