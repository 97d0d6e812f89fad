"""The preview of tokens: what would be sent, and why; and nothing at all happens."""

import pytest
import sqlalchemy as sa

from idp.base.errors import Forbidden, NotFound
from idp.base.tables import Base
from idp.directory import applications, policies
from idp.oidc import apis, preview
from idp.oidc.errors import InvalidRequest
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


ORDERS, STOCK = "https://api.example/orders", "urn:x:stock"


@pytest.mark.parametrize("token_format", ["jwt", "opaque"])
def test_it_says_what_the_access_token_for_an_api_says(place, client, browser, token_format):
    api = place.api(ORDERS, "orders:read", to=[client], token_format=token_format)
    other = place.api(STOCK, "stock:read", to=[client])
    tokens = place.tokens(browser, client, scope="openid orders:read", resource=api.identifier)
    issued = (
        place.introspect(api, tokens["access_token"]) if token_format == "opaque" else claims(tokens["access_token"])
    )

    shown = seen(place, client, scope="openid orders:read stock:read", resource=api.identifier)

    assert shown.opaque == (token_format == "opaque")
    assert shown.access_token_fault == ""
    same = ("iss", "sub", "aud", "client_id", "scope")
    assert {name: shown.access_token[name] for name in same} == {name: issued[name] for name in same}
    assert shown.access_token["exp"] - shown.access_token["iat"] == issued["exp"] - issued["iat"]
    assert set(shown.access_token) >= set(issued) - {"active", "token_type", "username", "nbf", "auth_time"}
    assert "stock:read" in shown.refused_scope
    assert other.identifier not in str(shown.access_token)


def test_where_it_is_not_clear_for_which_api_it_is_said_that_there_is_no_access_token(place, client):
    place.api(ORDERS, "orders:read", to=[client])
    place.api(STOCK, "stock:read", to=[client])

    shown = seen(place, client, scope="openid orders:read stock:read")

    assert shown.access_token == {}
    assert "Name it by the parameter resource" in shown.access_token_fault


def test_an_api_of_another_name_or_one_that_is_off_is_not_there(place, client):
    api = place.api(ORDERS, "orders:read", to=[client])
    with pytest.raises(NotFound):
        seen(place, client, resource="https://api.example/other")
    with place.work() as work:
        apis.disable(work, api.id)
    with pytest.raises(NotFound):
        seen(place, client, resource=api.identifier)


def test_t2_who_may_read_no_apis_is_shown_no_access_token_and_no_api(place, client):
    api = place.api(ORDERS, "orders:read", to=[client])
    with place.work() as work:
        user_access = as_account(work, place.account(work), "user-access-administrator")
        shown = preview.preview(user_access, BASE, client.application_id, ANN, scope="openid orders:read")
        assert (shown.access_token, shown.access_token_fault) == ({}, "")
        with pytest.raises(NotFound):
            preview.preview(user_access, BASE, client.application_id, ANN, resource=api.identifier)


def test_single_claims_are_sent_where_they_are_asked_for(place, client):
    asked = '{"id_token": {"email": null}, "userinfo": {"name": null}}'
    shown = seen(place, client, scope="openid", single=asked)

    assert shown.id_token["email"] == ANN
    assert "email" not in shown.userinfo
    assert "name" in shown.userinfo or "name" in {one.claim for one in shown.withheld}
    with pytest.raises(InvalidRequest):
        seen(place, client, single="{")
