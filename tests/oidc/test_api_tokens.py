"""API tokens of people: what one is good for, at which API, and how soon it is good for nothing (T19, T22)."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from idp.audit.models import Attempt, AuditEntry
from idp.base.errors import Conflict, Invalid, NotFound
from idp.base.ids import fingerprint
from idp.base.models import OutboxMessage
from idp.base.work import Actor
from idp.directory import (
    access_policies,
    accounts,
    authentication_policy_changes,
    groups,
    lifetime,
    organizations,
    policy_members,
    site_life,
    sites,
    zones,
)
from idp.oidc import api_scopes, apis, housekeeping
from idp.oidc.api_tokens import administered, own, text
from idp.oidc.models import ApiToken
from idp.policy.access import documents
from tests.oidc.support import ANN, ISSUER, NOON, RegisteredApi

ORDERS, STOCK = "https://api.example/orders", "https://api.example/stock"
READ, WRITE = "orders:read", "orders:write"
INACTIVE = {"active": False}
DAY = timedelta(days=1)


@pytest.fixture
def orders(place) -> RegisteredApi:
    return place.api(ORDERS, READ, WRITE, takes_api_tokens=True)


def make(place, api, *scope, days=30, label="Nightly report", email=ANN) -> str:
    """Let somebody make a token, signed in just now; return its text."""
    place.browser(email)
    with place.work() as work:
        of = place.session
        person = replace(work, actor=Actor("account", of.account_id, of.email, of.organization_id))
        made, token = own.make(person, of, api.id, label=label, scope=scope or (READ,), days=days)
        place.made = made.id
    return token


@pytest.fixture
def token(place, orders) -> str:
    made = make(place, orders, READ, WRITE)
    place.later(seconds=1)
    return made


def causes(place) -> list[str]:
    return [one.cause for one in place.attempts() if one.code == "api-token-refused"]


@pytest.mark.both_databases
def test_the_api_learns_whose_it_is_and_what_it_is_good_for(place, orders):
    token = make(place, orders, READ, days=30)

    said = place.introspect(orders, token)
    assert said == {
        "active": True,
        "scope": READ,
        "token_type": "Bearer",
        "exp": int((NOON + 30 * DAY).timestamp()),
        "iat": int(NOON.timestamp()),
        "sub": said["sub"],
        "aud": ORDERS,
        "iss": ISSUER,
        "jti": place.made,
    }
    assert said["sub"].startswith("sub_")


def test_it_names_the_person_as_clients_with_public_subjects_do(place, client, browser, orders, token):
    with place.work() as work:
        api_scopes.grant(work, orders.id, READ, application_id=client.application_id)
    by_client = place.introspect(orders, place.tokens(browser, client, scope=READ)["access_token"])

    assert place.introspect(orders, token)["sub"] == by_client["sub"]


def test_its_form_is_found_by_scanners_and_by_its_checksum():
    tokens = {text.new() for _ in range(50)}
    assert len(tokens) == 50
    for one in tokens:
        assert re.fullmatch(text.PATTERN, one)
        assert text.is_one(one)
        other = "0" if one[20] != "0" else "1"
        for wrong in (one[:-1], one + "0", one[:20] + other + one[21:], one.upper(), f" {one}", f"{one}\n", ""):
            assert not text.is_one(wrong)


def test_t19_only_a_hash_is_in_the_database(place, orders, token):
    found = []
    with place.database.engine.connect() as connection:
        tables = sa.MetaData()
        tables.reflect(connection)
        for of in tables.tables.values():
            for row in connection.execute(sa.select(of)):
                found += [of.name for value in row if token in str(value) or token[8:-6] in str(value)]
        assert found == []
        hashes = list(connection.execute(sa.select(tables.tables["api_tokens"].c.token_hash)).scalars())
    assert hashes == [fingerprint(token)]


# Who learns of it


def test_t19_another_api_of_the_site_learns_nothing(place, orders, token):
    stock = place.api(STOCK, "stock:count", name="Stock", takes_api_tokens=True)

    assert place.introspect(stock, token) == INACTIVE
    assert place.introspect(orders, token)["active"]
    assert causes(place) == []


def test_t19_an_api_of_another_site_or_organization_learns_nothing(place, orders, token):
    with place.work() as work:
        organizations.create(work, "globex", name="Globex")
        sites.create(work, "globex", organization="globex", name="Globex")
    for site in ("acme-eu", "globex"):
        other = place.api(ORDERS, READ, site=site, takes_api_tokens=True)
        answer = place.app.test_client().post(
            f"/sites/{site}/oauth2/introspect", data={"token": token}, headers=other.basic
        )
        assert answer.json == INACTIVE
    assert causes(place) == []


def test_t19_clients_learn_nothing(place, client, orders, token):
    assert place.introspect(client, token) == INACTIVE


def test_t19_it_is_nothing_at_every_other_endpoint(place, client, browser, orders, token):
    assert place.userinfo(token).status_code == 401
    assert place.refresh(client, token).json["error"] == "invalid_grant"
    assert place.redeem(client, token).json["error"] == "invalid_grant"
    for form in (
        {"grant_type": "client_credentials", "client_secret": token, "client_id": client.client_id},
        {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": token},
    ):
        answer = place.token(client, headers={}, **form)
        assert answer.status_code in (400, 401)
        assert "access_token" not in answer.text
    http = place.app.test_client()
    bearer = {"Authorization": f"Bearer {token}"}
    basic = RegisteredApi(orders.id, ORDERS, token).basic
    assert http.post("/sites/acme/oauth2/introspect", data={"token": token}, headers=bearer).status_code == 401
    assert http.post("/sites/acme/oauth2/introspect", data={"token": token}, headers=basic).status_code == 401
    http.post("/sites/acme/oauth2/revoke", data={"token": token}, headers=client.basic)
    for address in ("/admin", "/account", "/account/tokens", "/sites/acme/oauth2/register"):
        answer = http.get(address, headers=bearer)
        assert answer.status_code in (303, 401, 404, 405), address
    http.set_cookie("ostiary_session", token)
    assert http.get("/account").status_code == 303
    assert place.introspect(orders, token)["active"]  # and nobody has ended it on the way


def test_an_access_token_is_none(place, client, browser, orders):
    with place.work() as work:
        api_scopes.grant(work, orders.id, READ, application_id=client.application_id)
    access = place.tokens(browser, client, scope=READ)["access_token"]

    assert not text.is_one(access)
    assert place.introspect(orders, access)["client_id"] == client.client_id


# How it ends


def test_t19_it_is_over_from_its_last_second_on(place, orders):
    token = make(place, orders, days=1)
    place.now = NOON + DAY - timedelta(seconds=1)
    assert place.introspect(orders, token)["active"]
    place.now = NOON + DAY
    assert place.introspect(orders, token) == INACTIVE
    assert causes(place) == ["it is over"]


def disable(work):
    accounts.disable(work, ANN)


def schedule(work):
    lifetime.schedule_deletion(work, ANN)


def block(work):
    authentication_policy_changes.edit(work, "acme", None, {"api_tokens_allowed": False})


def shorten(work):
    authentication_policy_changes.edit(work, "acme", None, {"api_token_days": 1})


def break_glass(work):
    policy_members.set_kind(work, ANN, "break-glass")


def stop(work):
    for scope in (READ, WRITE):
        api_scopes.withdraw(work, ORDERS, scope, everyone=True)


def remove(work):
    for scope in (READ, WRITE):
        api_scopes.remove(work, ORDERS, scope)


def remake(work):
    remove(work)
    api_scopes.add(work, ORDERS, READ, "Something else")
    api_scopes.grant(work, ORDERS, READ, everyone=True)


def take_none(work):
    apis.edit(work, ORDERS, takes_api_tokens=False)


def revoke(work):
    administered.revoke_all(work, ANN)


ENDED = {
    "account disabled": (disable, "it was made before its account was disabled"),
    "account going to be deleted": (schedule, "it was made before its account was disabled"),
    "policy blocks": (block, "the authentication policy of its person allows no API tokens"),
    "policy allows fewer days": (shorten, "it is over"),
    "break-glass account": (break_glass, "the authentication policy of its person allows no API tokens"),
    "scopes withdrawn": (stop, "its person has none of its scopes any more"),
    "scopes removed": (remove, "its person has none of its scopes any more"),
    "scope made anew": (remake, "its person has none of its scopes any more"),
    "API takes none": (take_none, "the API takes no API tokens any more"),
    "revoked": (revoke, "it was revoked"),
}


@pytest.mark.parametrize("how", ENDED)
def test_t19_t22_it_is_good_for_nothing_at_once(place, orders, token, how):
    act, cause = ENDED[how]
    place.later(days=2)
    assert place.introspect(orders, token)["active"]
    with place.work() as work:
        act(work)

    assert place.introspect(orders, token) == INACTIVE
    assert [one for one in causes(place) if one.startswith(cause)]
    (attempt,) = [one for one in place.attempts() if one.code == "api-token-refused"]
    assert attempt.account_id == place.session.account_id
    assert attempt.steps[-1]["token_id"] == place.made
    assert token not in str(attempt.steps)


def test_t22_a_disabled_api_and_a_disabled_site_cannot_ask(place, orders, token):
    with place.work() as work:
        apis.disable(work, ORDERS)
    url = "/sites/acme/oauth2/introspect"
    assert place.app.test_client().post(url, data={"token": token}, headers=orders.basic).status_code == 401
    with place.work() as work:
        apis.enable(work, ORDERS)
    assert place.introspect(orders, token)["active"]
    with place.work() as work:
        site_life.disable(work, "acme")
    assert place.app.test_client().post(url, data={"token": token}, headers=orders.basic).status_code == 404


@pytest.mark.both_databases
def test_t19_it_can_do_what_its_person_may_now(place):
    of = {"group": "Staff"}
    orders = place.api(ORDERS, READ, WRITE, takes_api_tokens=True, people=of)
    token = make(place, orders, READ, WRITE)
    with place.work() as work:
        api_scopes.withdraw(work, ORDERS, WRITE, group="Staff")
    assert place.introspect(orders, token)["scope"] == READ
    with place.work() as work:
        groups.remove(work, "Staff", ANN, organization="acme")
    assert place.introspect(orders, token) == INACTIVE
    with place.work() as work:
        groups.add(work, "Staff", ANN, organization="acme")
        api_scopes.add(work, ORDERS, "orders:delete", "Delete orders")
        api_scopes.grant(work, ORDERS, "orders:delete", group="Staff")
    place.later(seconds=1)
    assert place.introspect(orders, token)["scope"] == READ  # never what was not chosen


def test_t19_disabling_ends_it_for_good(place, orders, token):
    with place.work() as work:
        accounts.disable(work, ANN)
        accounts.enable(work, ANN)
    assert place.introspect(orders, token) == INACTIVE
    new = make(place, orders)
    assert place.introspect(orders, new)["active"]


def test_a_policy_that_allows_again_brings_it_back_and_one_that_was_shorter_too(place, orders, token):
    place.later(days=2)
    with place.work() as work:
        authentication_policy_changes.edit(work, "acme", None, {"api_tokens_allowed": False, "api_token_days": 1})
    assert place.introspect(orders, token) == INACTIVE
    with place.work() as work:
        authentication_policy_changes.edit(work, "acme", None, {"api_tokens_allowed": True, "api_token_days": 20})
    assert place.introspect(orders, token)["exp"] == int((NOON + 20 * DAY).timestamp())


# Rules of contextual access


def rules(place, **document):
    with place.work() as work:
        access_policies.write(work, "acme", "Sessions", documents.rules_from_json(document))


def denied(place, orders, token) -> bool:
    return place.introspect(orders, token) == INACTIVE


def test_a_rule_denies_api_tokens(place, orders, token):
    deny = {"effect": "deny"}
    rules(place, rules=[{"name": "No programs", "conditions": {"requests": ["api-token"]}, "answer": deny}])
    assert denied(place, orders, token)
    (attempt,) = [one for one in place.attempts() if one.code == "api-token-refused"]
    assert (attempt.decision, attempt.rule) == ("denied", "access-policy Sessions: No programs")
    rules(place, rules=[{"name": "Not Ann", "conditions": {"people": {"groups": ["Research"]}}, "answer": deny}])
    assert denied(place, orders, token)
    for other in (
        {"people": {"accounts": ["ben@acme.example"]}},
        {"requests": ["saml"]},
        {"devices": {"known": False}},
    ):
        rules(place, rules=[{"name": "Another", "conditions": other, "answer": deny}])
        assert not denied(place, orders, token), other
    rules(place, rules=[{"name": "More", "answer": {"effect": "require", "strength": "second-step"}}])
    assert not denied(place, orders, token)


def test_a_rule_that_denies_by_the_place_denies_since_nobody_knows_the_place(place, orders, token):
    with place.work() as work:
        zones.create(work, "acme", "Office", zones.Contents(networks=("192.0.2.0/24",)))
    outside = {"name": "Office only", "conditions": {"networks": {"except_zones": ["Office"]}}}
    inside = {"name": "Not there", "conditions": {"networks": {"zones": ["Office"]}}}
    strange = {"name": "Strange", "conditions": {**outside["conditions"], "devices": {"known": False}}}
    bare = {"name": "Bare", "conditions": {"devices": {"certificate": False}}}
    for guard in (outside, inside, strange, bare):
        rules(place, guards=[guard])
        assert denied(place, orders, token), guard
    programs = {"name": "Programs", "conditions": {"requests": ["api-token"]}, "answer": {"effect": "allow"}}
    rules(place, rules=[programs, {**outside, "answer": {"effect": "deny"}}])
    assert not denied(place, orders, token)
    allowed = {**inside, "answer": {"effect": "allow"}}
    rules(place, rules=[allowed, {"name": "Nobody else", "answer": {"effect": "deny"}}])
    assert denied(place, orders, token)


# What is written down


@pytest.mark.both_databases
def test_its_use_is_written_down_once_an_hour(place, orders, token):
    def last():
        with place.work() as work:
            return work.tx.session.scalars(sa.select(ApiToken.last_used_at)).one()

    assert last() is None
    place.introspect(orders, token)
    first = place.now
    assert last() == first
    place.later(minutes=59)
    place.introspect(orders, token)
    assert last() == first
    place.later(minutes=1)
    place.introspect(orders, token)
    assert last() == place.now


@pytest.mark.both_databases
def test_a_refusal_is_written_down_once_an_hour(place, orders, token):
    with place.work() as work:
        administered.revoke_all(work, ANN)
    for _ in range(3):
        assert denied(place, orders, token)
    assert len(causes(place)) == 1
    place.later(hours=1)
    assert denied(place, orders, token)
    assert len(causes(place)) == 2


def test_making_one_is_audited_and_told(place, orders):
    token = make(place, orders, READ, label="Nightly report")
    (entry,) = place.audited("api-token.made")
    assert entry.target_id == place.session.account_id
    assert (entry.details["label"], entry.details["api"], entry.details["scope"]) == ("Nightly report", ORDERS, READ)
    with place.work() as work:
        (mail,) = work.tx.session.scalars(sa.select(OutboxMessage).where(OutboxMessage.destination == ANN))
        written = [str(one.details) for one in work.tx.session.scalars(sa.select(AuditEntry))]
        written += [str(one.steps) for one in work.tx.session.scalars(sa.select(Attempt))]
    assert mail.kind == "mail"
    assert "Nightly report" in str(written)
    assert not [one for one in written if token in one or fingerprint(token) in one]  # T7, T18


# Making one


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"scope": ()}, "scope"),
        ({"scope": ("orders:delete",)}, "scope"),
        ({"scope": (READ, "stock:count")}, "scope"),
        ({"days": 0}, "days"),
        ({"days": -1}, "days"),
        ({"days": 366}, "days"),
        ({"label": " "}, "label"),
        ({"label": "x" * 101}, "label"),
    ],
)
def test_what_cannot_be_taken_is_refused(place, orders, changes, field):
    place.api(STOCK, "stock:count", name="Stock", takes_api_tokens=True)
    place.browser()
    good = {"label": "L", "scope": (READ,), "days": 1}
    with place.work() as work:
        own.make(work, place.session, orders.id, **good)
        with pytest.raises(Invalid) as refused:
            own.make(work, place.session, orders.id, **{**good, **changes})
    assert refused.value.field == field


def test_t19_only_for_an_api_that_takes_them_and_where_the_person_may_do_something(place, orders):
    silent = place.api(STOCK, "stock:count", name="Stock")
    others = place.api("urn:x:pay", "pay", name="Pay", takes_api_tokens=True, people={"account": "ben@acme.example"})
    bare = place.api("urn:x:bare", name="Bare", takes_api_tokens=True)
    off = place.api("urn:x:off", "off", name="Off", takes_api_tokens=True)
    with place.work() as work:
        apis.disable(work, off.id)
        organizations.create(work, "globex", name="Globex")
        sites.create(work, "globex", organization="globex", name="Globex")
    foreign = place.api(ORDERS, READ, site="globex", takes_api_tokens=True)
    place.browser()
    with place.work() as work:
        assert [one.id for one in own.targets(work, place.session)] == [orders.id]
        for api in (silent, others, bare, off, foreign):
            with pytest.raises(NotFound):
                own.make(work, place.session, api.id, label="L", scope=(READ,), days=1)


def test_the_policy_decides_whether_and_for_how_long(place, orders):
    place.browser()
    with place.work() as work:
        authentication_policy_changes.edit(work, "acme", None, {"api_token_days": 7})
    with place.work() as work:
        assert own.most_days(work, place.session) == 7
        with pytest.raises(Invalid, match="1 to 7 days"):
            own.make(work, place.session, orders.id, label="L", scope=(READ,), days=8)
        block(work)
    with place.work() as work:
        assert own.most_days(work, place.session) == 0
        with pytest.raises(Conflict):
            own.make(work, place.session, orders.id, label="L", scope=(READ,), days=1)


@pytest.mark.both_databases
def test_a_person_has_so_many_at_a_time(place, orders):
    place.browser()

    def another(days=1):
        with place.work() as work:
            return own.make(work, place.session, orders.id, label="L", scope=(READ,), days=days)[0].id

    made = [another() for _ in range(own.MOST)]
    with pytest.raises(Conflict, match="25 API tokens"):
        another()
    with place.work() as work:
        own.revoke(work, place.session, made[0])
    another(days=2)
    place.later(days=1)
    another()  # those that are over do not count


@pytest.mark.both_databases
def test_of_several_that_are_made_at_once_there_are_never_too_many(place, orders):
    place.browser()

    def another(_: int) -> bool:
        try:
            with place.work() as work:
                own.make(work, place.session, orders.id, label="L", scope=(READ,), days=1)
        except Conflict:
            return False
        return True

    for number in range(own.MOST - 2):
        assert another(number)
    with ThreadPoolExecutor(6) as threads:
        made = list(threads.map(another, range(6)))
    assert made.count(True) == 2


def test_t1_one_revokes_only_ones_own(place, orders, token):
    mine = place.made
    place.browser("ben@acme.example")
    with place.work() as work, pytest.raises(NotFound):
        own.revoke(work, place.session, mine)
    place.browser()
    with place.work() as work:
        own.revoke(work, place.session, mine)
        with pytest.raises(NotFound):
            own.revoke(work, place.session, mine)
    assert denied(place, orders, token)
    assert [one.details["label"] for one in place.audited("api-token.revoked")] == ["Nightly report"]


@pytest.mark.both_databases
def test_housekeeping_removes_what_is_over_for_90_days(place, orders):
    make(place, orders, days=1, label="Over")
    make(place, orders, days=200, label="Revoked")
    with place.work() as work:
        own.revoke(work, place.session, place.made)
    make(place, orders, days=200, label="Good")

    def left():
        with place.work() as work:
            housekeeping.sweep(work)
            return sorted(work.tx.session.scalars(sa.select(ApiToken.label)))

    place.later(days=89)
    assert left() == ["Good", "Over", "Revoked"]
    place.later(days=1)
    assert left() == ["Good", "Over"]
    place.later(days=1)
    assert left() == ["Good"]
