"""Verbs on APIs and their scopes: what can be registered, by whom, and what is recorded."""

from dataclasses import replace
from datetime import timedelta

import pytest

from idp.audit.events import catalogue
from idp.base.errors import Conflict, Forbidden, Invalid, NotFound
from idp.base.ids import fingerprint
from idp.base.work import Actor, HeldRole
from idp.directory import accounts, groups, organizations, sites
from idp.oidc import api_scopes, apis
from idp.oidc.models import Api, ApiScope, ApiScopeGrant
from idp.policy.permissions import AUDITOR, ORGANIZATION_ADMINISTRATOR
from tests.oidc.support import ANN, BASE_URL

ORDERS, READ = "https://api.example/orders", "orders:read"


def create(work, site="acme", **changes):
    return apis.create(work, site, **({"identifier": ORDERS, "name": "Orders", "base_url": BASE_URL} | changes))


@pytest.mark.parametrize(
    "identifier",
    ["https://api.example", "urn:acme:orders", "api://orders", "https://api.example/a?b=c", "x:y", "u:" + "a" * 253],
)
def test_an_identifier_is_an_absolute_uri(place, identifier):
    with place.work() as work:
        assert create(work, identifier=identifier)[0].identifier == identifier


@pytest.mark.parametrize(
    "identifier",
    [
        "",
        "orders",
        "/orders",
        "//api.example/orders",
        "https://api.example/#a",
        "https://api.example/#",
        "https://api.example/a b",
        "https://api.example/ü",
        "https://api.example/\n",
        "https://api.example/\x00",
        'https://api.example/"',
        "HTTPS://api.example",
        "1:a",
        "x:",
        "u:" + "a" * 254,
        BASE_URL,
        f"{BASE_URL}/sites/acme",
        f"{BASE_URL}/sites/acme-eu",
        f"{BASE_URL}/anything",
    ],
)
def test_o16_what_is_none_or_ours_is_refused(place, identifier):
    with place.work() as work, pytest.raises(Invalid) as refusal:
        create(work, identifier=identifier)

    assert refusal.value.field == "identifier"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "a\nb"),
        ("name", "Orders — of Acme"),
        ("token_format", "saml"),
        ("token_seconds", 59),
        ("token_seconds", 3601),
    ],
)
def test_every_other_field_is_checked_too_at_both_verbs(place, field, value):
    with place.work() as work:
        with pytest.raises(Invalid) as refusal:
            create(work, **{field: value})
        assert refusal.value.field == field
        create(work)
        with pytest.raises(Invalid):
            apis.edit(work, ORDERS, **{field: value})


def test_an_identifier_is_of_one_api_of_a_site(place):
    with place.work() as work:
        create(work)
        with pytest.raises(Conflict):
            create(work, name="Another")
        create(work, site="acme-eu")
        with pytest.raises(Conflict, match="Several sites"):
            apis.find(work, ORDERS)


def test_o13_only_the_fingerprint_of_its_secret_is_stored(place):
    with place.work() as work:
        api, secret = create(work)
        assert secret.startswith("aps_")
        assert api.secret_hash == fingerprint(secret)
        _, second = apis.rotate_secret(work, api.id)
        assert second != secret
        assert api.secret_hash == fingerprint(second)


def test_disabling_and_enabling_twice_is_told(place):
    with place.work() as work:
        create(work)
        with pytest.raises(Conflict):
            apis.enable(work, ORDERS)
        apis.disable(work, ORDERS)
        with pytest.raises(Conflict):
            apis.disable(work, ORDERS)
        assert apis.enable(work, ORDERS).disabled_at is None


@pytest.mark.parametrize("name", ["openid", "profile", "email", "groups", "offline_access", "address", "phone"])
def test_a_scope_of_openid_connect_is_no_scope_of_an_api(place, name):
    with place.work() as work:
        create(work)
        with pytest.raises(Invalid, match="OpenID Connect"):
            api_scopes.add(work, ORDERS, name, "Sentence")


@pytest.mark.parametrize("name", ["", " ", "a b", 'a"b', "a\\b", "a\n", "ü", "a\x00", "a" * 129, " a"])
def test_o20_a_name_that_is_no_scope_token_is_refused(place, name):
    with place.work() as work:
        create(work)
        with pytest.raises(Invalid):
            api_scopes.add(work, ORDERS, name, "Sentence")


@pytest.mark.parametrize("sentence", ["", "  ", "a" * 513, "a\x00b", "a\x1bb"])
def test_a_scope_has_a_sentence_that_people_read(place, sentence):
    with place.work() as work:
        create(work)
        with pytest.raises(Invalid):
            api_scopes.add(work, ORDERS, READ, sentence)
        api_scopes.add(work, ORDERS, READ, "See your orders")
        with pytest.raises(Invalid):
            api_scopes.edit(work, ORDERS, READ, sentence)


def test_a_scope_is_of_one_api_of_a_site(place):
    with place.work() as work:
        create(work)
        create(work, identifier="urn:stock")
        create(work, identifier="urn:eu", site="acme-eu")
        api_scopes.add(work, ORDERS, READ, "See your orders")
        with pytest.raises(Conflict):
            api_scopes.add(work, "urn:stock", READ, "See your orders")
        assert api_scopes.add(work, "urn:eu", READ, "See your orders")


def test_a_grant_names_one_subject(place, client):
    place.api(ORDERS, READ, people={})
    with place.work() as work:
        for subject in ({}, {"everyone": True, "group": "Staff"}, {"account": ANN, "application_id": "app_x"}):
            with pytest.raises(Invalid):
                api_scopes.grant(work, ORDERS, READ, **subject)
        for subject in ({"group": "Nobody"}, {"account": "x@acme.example"}, {"application_id": "app_x"}):
            with pytest.raises(NotFound):
                api_scopes.grant(work, ORDERS, READ, **subject)
        with pytest.raises(Invalid, match="past"):
            api_scopes.grant(work, ORDERS, READ, everyone=True, until=work.now)
        with pytest.raises(NotFound):
            api_scopes.grant(work, ORDERS, "nothing", everyone=True)


@pytest.mark.parametrize("subject", ["everyone", "group", "account", "application_id"])
def test_a_grant_is_made_once_ends_once_and_may_be_made_again(place, client, subject):
    whom = {"everyone": True, "group": "Staff", "account": ANN, "application_id": client.application_id}[subject]
    place.api(ORDERS, READ, people={})
    with place.work() as work:
        made = api_scopes.grant(work, ORDERS, READ, **{subject: whom})
        with pytest.raises(Conflict):
            api_scopes.grant(work, ORDERS, READ, **{subject: whom})
        assert api_scopes.withdraw(work, ORDERS, READ, **{subject: whom}).valid_to == work.now
        with pytest.raises(NotFound):
            api_scopes.withdraw(work, ORDERS, READ, **{subject: whom})
        later = replace(work, now=work.now + timedelta(seconds=1))
        again = api_scopes.grant(later, ORDERS, READ, **{subject: whom})

    assert again.id != made.id, "what was is kept: it is time-dated"


def test_t1_an_application_of_another_site_is_granted_nothing(place):
    place.api(ORDERS, READ, people={})
    other = place.register(site="acme-eu")
    with place.work() as work, pytest.raises(Invalid, match="another site"):
        api_scopes.grant(work, ORDERS, READ, application_id=other.application_id)


def test_t1_nor_is_anybody_of_another_organization(place):
    place.api(ORDERS, READ, people={})
    with place.work() as work:
        organizations.create(work, "globex", name="Globex")
        accounts.create(work, "max@globex.example", organization="globex", name="Max")
        groups.create(work, "Globals", organization="globex")
        for subject in ({"account": "max@globex.example"}, {"group": "Globals"}):
            with pytest.raises(NotFound):
                api_scopes.grant(work, ORDERS, READ, **subject)


VERBS = {
    "create": lambda work: create(work, identifier="urn:new"),
    "edit": lambda work: apis.edit(work, ORDERS, name="New"),
    "disable": lambda work: apis.disable(work, ORDERS),
    "rotate": lambda work: apis.rotate_secret(work, ORDERS),
    "delete": lambda work: apis.delete(work, ORDERS),
    "add": lambda work: api_scopes.add(work, ORDERS, "orders:new", "Sentence"),
    "scope edit": lambda work: api_scopes.edit(work, ORDERS, READ, "Sentence"),
    "remove": lambda work: api_scopes.remove(work, ORDERS, READ),
    "grant": lambda work: api_scopes.grant(work, ORDERS, READ, group="Staff"),
    "withdraw": lambda work: api_scopes.withdraw(work, ORDERS, READ, everyone=True),
}


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_t1_an_auditor_only_looks_and_an_administrator_elsewhere_does_not_even_that(place, verb):
    place.api(ORDERS, READ)
    with place.work() as work:
        globex = organizations.create(work, "globex", name="Globex")
        sites.create(work, "globex", organization="globex", name="Globex")
        acme = place.account(work).organization_id
        auditor = replace(work, actor=Actor("account", "acc_a", "Aud", acme, (HeldRole(AUDITOR, acme),)))
        held = (HeldRole(ORGANIZATION_ADMINISTRATOR, globex.id),)
        stranger = replace(work, actor=Actor("account", "acc_b", "Max", globex.id, held))

        with pytest.raises(Forbidden):
            verb(auditor)
        assert apis.find(auditor, ORDERS)
        with pytest.raises(NotFound):
            verb(stranger)


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_an_administrator_of_the_organization_may_and_it_is_recorded(place, verb):
    place.api(ORDERS, READ)
    with place.work() as work:
        acme = place.account(work).organization_id
        held = (HeldRole(ORGANIZATION_ADMINISTRATOR, acme),)
        verb(replace(work, actor=Actor("account", "acc_o", "Olga", acme, held)))

    assert [e for tag in _tags() for e in place.audited(tag) if e.actor_id == "acc_o"]


def _tags():
    return [tag for tag in catalogue() if tag.startswith("api.")]


def test_deleting_an_api_takes_its_scopes_and_grants_along(place, client):
    place.api(ORDERS, READ, to=[client])
    with place.work() as work:
        apis.delete(work, ORDERS)
        for model in (Api, ApiScope, ApiScopeGrant):
            assert work.tx.session.query(model).count() == 0
