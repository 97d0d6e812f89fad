"""
The check of clients (RFC 9700, RFC 8252, RFC 7591 section 5, OpenID Connect Registration 1.0): a good registration of
which nothing is found, then one change at a time.
"""

import base64
import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import event

from idp.audit.findings import Severity
from idp.base.errors import Invalid
from idp.directory import applications, queries
from idp.directory.models import Application
from idp.oidc import checking, clients, metadata
from idp.oidc.checking import appearance, examination, redirect_uris
from idp.oidc.checking.subjects import Here, Neighbour, OtherSite, Registered, Registration, ScopeOfApi
from idp.oidc.models import Client
from tests.oidc.support import BASE_URL, CALLBACK, ISSUER, NOON
from tests.support.spoken import unknown_of


def _public(key) -> dict[str, Any]:
    return key.as_dict(private=False)


EC = {**_public(ECKey.generate_key("P-256")), "kid": "one", "alg": "ES256", "use": "sig"}
OTHER_EC = {**_public(ECKey.generate_key("P-256")), "kid": "two", "use": "sig"}
RSA_2048 = {**_public(RSAKey.generate_key(2048)), "kid": "two", "use": "sig"}
RSA_1024 = {
    "kty": "RSA",
    "n": base64.urlsafe_b64encode(b"\xff" * 128).rstrip(b"=").decode(),
    "e": "AQAB",
    "kid": "short",
}
GOOD = {
    "client_name": "Notebook",
    "redirect_uris": ["https://notebook.example/callback"],
    "post_logout_redirect_uris": ["https://notebook.example/bye"],
    "backchannel_logout_uri": "https://notebook.example/logout",
    "initiate_login_uri": "https://notebook.example/start",
    "grant_types": ["authorization_code", "refresh_token"],
    "token_endpoint_auth_method": "private_key_jwt",
    "jwks": {"keys": [EC]},
    "scope": "openid profile email offline_access",
}
HERE = Here(
    "acme",
    ISSUER,
    "Acme",
    "Acme Global",
    (OtherSite("acme-eu", f"{BASE_URL}/sites/acme-eu"),),
    fetch_request_objects=True,
)
PUBLIC = {"token_endpoint_auth_method": "none", "jwks": None}
SECRET = {"token_endpoint_auth_method": "client_secret_basic", "jwks": None}
NATIVE = {**PUBLIC, "application_type": "native"}
SCOPE = ScopeOfApi("invoices", "Billing", "api_1", 600, for_client=True, for_people=("everyone",))


def uris(*addresses: str) -> dict[str, Any]:
    return {"redirect_uris": list(addresses)}


def keys(*listed: dict[str, Any]) -> dict[str, Any]:
    return {"jwks": {"keys": list(listed)}}


@dataclass(frozen=True)
class Case:
    """
    One change to what is asked for, to what is known beside it, or to the site; and a part of the evidence.

    ``row`` is what only another release could have registered.
    """

    evidence: str
    asked: dict[str, Any] = field(default_factory=dict)
    known: dict[str, Any] = field(default_factory=dict)
    here: dict[str, Any] = field(default_factory=dict)
    says: str = ""
    http_loopback: bool = False
    row: dict[str, Any] = field(default_factory=dict)


HTTPS = "https://notebook.example/callback"
CASES: dict[str, list[Case]] = {
    "redirect-uri-wildcard": [
        Case("%2A", uris("https://notebook.example/%2A"), says="patterns are not taken"),
        Case("/:tenant/", uris("https://notebook.example/:tenant/callback")),
    ],
    "redirect-uri-loopback": [
        Case("http://127.0.0.1:3000/callback", {**uris("http://127.0.0.1:3000/callback"), "application_type": "web"},
             http_loopback=True)],
    "redirect-uri-localhost": [
        Case("http://localhost:3000/", uris("http://localhost:3000/"), http_loopback=True, says="http://127.0.0.1:3000/")],
    "redirect-uri-hosts": [Case("other.example", uris(HTTPS, "https://other.example/callback"))],
    "redirect-uri-environments": [
        Case("staging.notebook.example beside notebook.example", uris(HTTPS, "https://staging.notebook.example/callback")),
        Case("notebook-dev.example", uris(HTTPS, "https://notebook-dev.example/callback")),
        Case("127.0.0.1 beside", uris(HTTPS, "http://127.0.0.1:3000/callback"), http_loopback=True),
    ],
    "redirect-uri-query": [Case("?tenant=1", uris(HTTPS + "?tenant=1"))],
    "redirect-uri-scheme-short": [Case("com.app:", {**NATIVE, **uris("com.app:/callback")}, says="com.example.app")],
    "redirect-uri-shared": [
        Case(HTTPS, known={"same_redirect_uris": (Neighbour("Wiki", "app_wiki", HTTPS),)}, says="app_note")],
    "legacy-response-type": [
        Case("code id_token", {"response_types": ["code", "code id_token"], "grant_types": None})],
    "implicit-beside-code": [
        Case("id_token token beside code", {"response_types": ["code", "id_token token"], "grant_types": None})],
    "native-with-secret": [Case("private_key_jwt", {"application_type": "native"}), Case("basic", {**SECRET, "application_type": "native"})],
    "pkce-excused": [Case("need not", known={"pkce_required": False}, says="S256")],
    "pkce-excused-by-site": [Case("the site acme", here={"pkce_for_public_clients_only": True})],
    "pkce-excused-public": [Case("need not", PUBLIC, known={"pkce_required": False})],
    "assertion-audience-by-site": [
        Case("/oauth2/token", here={"assertions_for_token_endpoint": True}, says="--assertions-for-issuer-only")],
    "secret-shared": [
        Case("client_secret_basic", SECRET), Case("client_secret_post", {**SECRET, "token_endpoint_auth_method": "client_secret_post"})],
    "secret-old": [
        Case("366 days", SECRET, known={"has_secret": True, "secret_made": NOON - timedelta(days=366)}, says="rotate-secret app_note")],
    "secret-unused": [Case("none", PUBLIC, known={"has_secret": True}), Case("private_key_jwt", known={"has_secret": True})],
    "key-weak": [Case("of 1024 bits", keys(EC, RSA_1024), says="new keys")],
    "key-duplicate": [
        Case("the kid one comes twice", keys(EC, {**OTHER_EC, "kid": "one"})),
        Case("a key comes twice", keys(EC, {**EC, "kid": "two"})),
    ],
    "key-expired": [Case("EC P-256 key one: its exp", keys({**EC, "exp": int(NOON.timestamp())}))],
    "keys-unused": [
        Case("client_secret_basic", {**SECRET, **keys(EC)}),
        Case("client_secret_basic", {**SECRET, "jwks_uri": "https://notebook.example/keys"}),
    ],
    "keys-elsewhere": [Case("keys.example", {"jwks": None, "jwks_uri": "https://keys.example/jwks"})],
    "key-rsa-2048": [Case("RSA key two", keys(RSA_2048))],
    "key-without-kid": [Case("1 of 2", keys(EC, {name: of for name, of in OTHER_EC.items() if name != "kid"}))],
    "key-algorithm-missing": [
        Case("RS256; its keys are for ES256", {"token_endpoint_auth_signing_alg": "RS256"}),
        Case("PS256", {"request_object_signing_alg": "PS256"}),
    ],
    "encryption-without-key": [
        Case("id_token_encrypted_response_alg is RSA-OAEP", row={"id_token_encrypted_response_alg": "RSA-OAEP"}),
        Case("userinfo_encrypted_response_alg is ECDH-ES", row={"userinfo_encrypted_response_alg": "ECDH-ES"}, says="“enc”"),
    ],
    "request-object-unsigned": [Case("is none", {"request_object_signing_alg": "none"})],
    "request-uris-unsigned": [Case("/request", {"request_uris": ["https://notebook.example/request"]})],
    "request-uris-not-fetched": [
        Case("the site acme fetches none", {"request_uris": ["https://notebook.example/request"]},
             here={"fetch_request_objects": False})],
    "offline-access-without-refresh": [Case("authorization_code", {"grant_types": ["authorization_code"]})],
    "refresh-without-offline-access": [Case("openid profile", {"scope": "openid profile"})],
    "refresh-token-unbound": [Case("bearer", PUBLIC, says="DPoP")],
    "scope-unknown": [Case("invoices", {"scope": "openid offline_access invoices"})],
    "scope-not-for-client": [
        Case("invoices of Billing", {"scope": "openid offline_access invoices"},
             known={"apis": (replace(SCOPE, for_client=False),)})],
    "scope-granted-to-nobody": [
        Case("no person", {"scope": "openid offline_access invoices"}, known={"apis": (replace(SCOPE, for_people=()),)})],
    "token-long-lived": [
        Case("3600 s", {"scope": "openid offline_access invoices"}, known={"apis": (replace(SCOPE, token_seconds=3600),)})],
    "scope-without-openid": [Case("profile", {"scope": "profile offline_access"})],
    "pairwise-hosts": [
        Case("other.example", {**uris(HTTPS, "https://other.example/callback"), "subject_type": "pairwise"})],
    "consent-exempt-public": [Case("first-party", PUBLIC, known={"first_party": True})],
    "consent-exempt-self-registered": [Case("itself", known={"first_party": True, "self_registered": True})],
    "post-logout-address-missing": [Case("empty", {"post_logout_redirect_uris": None})],
    "logout-address-missing": [Case("neither", {"backchannel_logout_uri": None})],
    "logout-front-channel-only": [
        Case("/front", {"backchannel_logout_uri": None, "frontchannel_logout_uri": "https://notebook.example/front"})],
    "logout-address-http": [Case("http://localhost", {"backchannel_logout_uri": "http://localhost/out"}, http_loopback=True)],
    "post-logout-address-elsewhere": [Case("other.example", {"post_logout_redirect_uris": ["https://other.example/bye"]})],
    "login-address-missing": [Case("initiate_login_uri", {"initiate_login_uri": None})],
    "name-imitates": [
        Case("Notebook (app_2)", known={"same_name": (Neighbour("Notebook", "app_2"),)}),
        Case("Acme Global, which", known={"name": "ACME G1\u043ebal"}),
        Case("reads like Acme,", known={"name": "A-c-m-e"}),
    ],
    "logo-elsewhere": [Case("cdn.example", {"logo_uri": "https://cdn.example/logo.png"})],
    "context-unknown": [Case("urn:gold", {"default_acr_values": ["urn:gold"]})],
    "max-age-zero": [Case("0", {"default_max_age": 0})],
    "id-token-algorithm-rare": [Case("EdDSA", {"id_token_signed_response_alg": "EdDSA"})],
    "access-token-algorithm-rare": [Case("PS256", {"access_token_signed_response_alg": "PS256"})],
    "application-disabled": [Case("disabled", known={"disabled": True}, says="idp application enable app_note")],
    "access-nobody": [Case("no access grant", known={"open_to": ()}, says="idp application grant app_note")],
    "access-everyone-broad": [
        Case("offline_access", known={"open_to": ("everyone",)}),
        Case("invoices", {"scope": "openid invoices", "grant_types": None}, known={"open_to": ("everyone",), "apis": (SCOPE,)}),
    ],
    "client-unused": [
        Case("90 days", known={"used": False, "created_at": NOON - timedelta(days=90)}, says="idp application disable app_note")],
}  # fmt: skip


@pytest.fixture(autouse=True)
def _everything_offered(monkeypatch):
    """Whatever the reading of metadata knows can be registered, also what is not built yet."""
    monkeypatch.setattr(metadata, "_NOT_OFFERED", {})
    monkeypatch.setattr(metadata, "RESPONSE_TYPES", (metadata.CODE, *metadata.LEGACY_RESPONSE_TYPES))
    monkeypatch.setattr(
        metadata, "GRANT_TYPES", tuple({*metadata.GRANT_TYPES, metadata.IMPLICIT, metadata.DEVICE_CODE})
    )
    monkeypatch.setattr(metadata, "SUBJECT_TYPES", (metadata.PUBLIC, metadata.PAIRWISE))


def registered(asked: dict[str, Any], *, http_loopback: bool = False, **known: Any) -> Registered:
    values = {
        "name": "Notebook",
        "open_to": ("the group Staff",),
        "created_at": NOON,
        "secret_made": NOON,
    } | known
    registration = metadata.read(asked, allow_http_loopback=http_loopback)
    return Registered("app_note", client_id="cli_note", registration=registration, **values)


def findings_of(of: Registered, here: Here = HERE):
    return [finding for check in checking.REGISTRATION for finding in check(Registration(of, here, NOON))]


def test_of_a_good_registration_nothing_is_found():
    assert findings_of(registered(GOOD)) == []


@pytest.mark.parametrize(
    ("kind", "case"), [pytest.param(kind, case, id=f"{kind}-{case.evidence}") for kind, cases in CASES.items() for case in cases]
)  # fmt: skip
def test_one_change_is_found_and_explained(kind, case):
    of = registered(GOOD | case.asked, http_loopback=case.http_loopback, **case.known)
    of = replace(of, registration=of.registration | case.row)

    found = [finding for finding in findings_of(of, replace(HERE, **case.here)) if finding.kind == kind]

    assert len(found) == 1, findings_of(of)
    assert case.evidence in found[0].evidence
    assert case.says in found[0].here + found[0].vendor
    assert found[0].here or found[0].vendor, "somebody has to be able to do something"
    assert unknown_of(found) == []


def test_every_kind_of_a_registration_has_its_case():
    from tests.oidc.test_client_check_attempts import KINDS_OF_ATTEMPTS

    assert {kind.slug for kind in checking.KINDS} == set(CASES) | KINDS_OF_ATTEMPTS
    assert len(CASES) >= 25
    assert len({kind.slug for kind in checking.KINDS}) == len(checking.KINDS)


def test_every_kind_is_a_slug_and_plain_words():
    for kind in checking.KINDS:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", kind.slug)
        assert kind.meaning.endswith(".")
        assert not kind.says.endswith(".")


def test_a_wildcard_is_refused_with_the_reason():
    with pytest.raises(Invalid, match="Wildcards do not exist here"):
        metadata.read(GOOD | uris("https://*.notebook.example/callback"), allow_http_loopback=False)


@pytest.mark.parametrize(
    "asked",
    [
        NATIVE | uris("com.example.app:/callback"),
        NATIVE | uris("http://127.0.0.1/callback"),
        NATIVE | uris("http://[::1]/callback"),
        {"jwks": None, "jwks_uri": "https://notebook.example/keys"},
        keys(EC, OTHER_EC),
        {"request_object_signing_alg": "ES256"},
        {"request_object_signing_alg": "ES256", "request_uris": ["https://notebook.example/request"]},
        {"subject_type": "pairwise"},
        {"logo_uri": "https://notebook.example/logo.png"},
        {"default_acr_values": ["https://refeds.org/profile/mfa"], "default_max_age": 3600},
    ],
    ids=range(10),
)
def test_what_is_well_is_not_spoken_of(asked):
    expected = {"refresh-token-unbound"} if asked.get("application_type") == "native" else set()

    assert {finding.kind for finding in findings_of(registered(GOOD | asked))} == expected


def test_a_machine_that_signs_nobody_on_is_asked_for_no_pages():
    of = registered(
        {
            "client_name": "Robot",
            "grant_types": ["client_credentials"],
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks": {"keys": [EC]},
            "scope": "invoices",
        },
        open_to=(),
        apis=(replace(SCOPE, for_people=()),),
    )

    assert findings_of(of) == []


def test_a_device_client_needs_people_and_no_pages():
    of = registered(
        {**GOOD, "grant_types": [metadata.DEVICE_CODE], "response_types": [], "redirect_uris": [], "scope": "openid"}
        | dict.fromkeys(("backchannel_logout_uri", "initiate_login_uri", "post_logout_redirect_uris")),
        open_to=(),
    )

    assert [one.kind for one in findings_of(of)] == ["access-nobody"]


def test_two_of_the_organizations_own_may_share_an_address():
    shared = (Neighbour("Wiki", "app_wiki", HTTPS, same_owner=True),)

    found = findings_of(registered(GOOD, same_redirect_uris=shared))

    assert [(one.kind, one.severity) for one in found] == [("redirect-uri-shared", Severity.NOTE)]


def test_t17_what_others_have_written_is_shown_without_control_characters():
    found = findings_of(registered(GOOD, same_name=(Neighbour("Note\u202ebook\n", "app_2"),)))

    assert not {"\u202e", "\n"} & set(found[0].evidence)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Payroll", "PAYR0LL"),
        ("Payroll", "pay-roll"),
        ("Payroll", "P\u0430yroll"),
        ("Caf\u00e9", "cafe"),
        ("lll", "I1|"),
    ],
)
def test_names_that_look_alike_are_alike(name, other):
    assert appearance.skeleton(name) == appearance.skeleton(other)


@pytest.mark.parametrize(("name", "other"), [("Payroll", "Payments"), ("Wiki", "Wiki 2"), ("\u4f60\u597d", "\u4f60")])
def test_names_that_differ_are_not(name, other):
    assert appearance.skeleton(name) != appearance.skeleton(other)


@pytest.mark.parametrize(
    ("name", "trial"),
    [
        ("dev.notebook.example", True),
        ("notebook-staging.example", True),
        ("localhost", True),
        ("127.0.0.1", True),
        ("notebook.example", False),
        ("devices.example", False),
        ("contest.example", False),
    ],
)
def test_a_trial_is_known_by_a_part_of_its_name(name, trial):
    assert redirect_uris.is_trial(name) is trial


# What is gathered


def examined(place, client):
    with place.work() as work:
        application = queries.application(work, client.application_id)
        return examination.of_application(work, application, base_url=BASE_URL, http_loopback=False)


def kinds(place, client):
    return {finding.kind: finding for finding in examined(place, client).findings}


def test_what_is_registered_is_looked_at_beside_what_else_there_is(place):
    client = place.register(client_name="Notebook", first_party=False)

    found = kinds(place, client)

    assert {"secret-shared", "access-everyone-broad", "login-address-missing"} <= set(found)
    assert not {"access-nobody", "redirect-uri-shared", "name-imitates", "client-unused", "scope-unknown"} & set(found)


def test_another_applications_address_and_name_are_seen(place):
    client = place.register(client_name="Notebook")
    place.register(client_name="N0tebook", redirect_uris=[CALLBACK], first_party=False)
    place.register(client_name="Longer", redirect_uris=[CALLBACK + "/more"], first_party=False)

    found = examined(place, client).findings

    assert next(one.evidence for one in found if one.kind == "name-imitates").startswith(
        "Notebook reads like N0tebook ("
    )
    assert [one.severity for one in found if one.kind == "redirect-uri-shared"] == [Severity.WARNING]


def test_t1_what_another_organization_has_registered_is_not_told(place, stranger_site):
    client = place.register(client_name="Notebook")
    place.register(client_name="Notebook", site=stranger_site)

    assert not {"name-imitates", "redirect-uri-shared"} & set(kinds(place, client))


@pytest.fixture
def stranger_site(place):
    from idp.directory import organizations, sites

    with place.work() as work:
        organizations.create(work, "rival", name="Rival")
        sites.create(work, "rival", organization="rival", name="Rival")
    return "rival"


def test_a_deleted_application_imitates_nobody(place):
    client = place.register(client_name="Notebook")
    gone = place.register(client_name="Notebook")
    with place.work() as work:
        applications.delete(work, gone.application_id)

    assert "name-imitates" not in kinds(place, client)


def test_a_client_that_nobody_uses_is_named_after_ninety_days(place, browser):
    unused, used = place.register(), place.register(client_name="Wiki", redirect_uris=["https://wiki.example/cb"])
    place.later(days=30)
    place.code(place.browser(), used, redirect_uri="https://wiki.example/cb")
    assert "client-unused" not in kinds(place, unused)

    place.later(days=60)

    assert "client-unused" in kinds(place, unused)
    assert "client-unused" not in kinds(place, used)


def test_the_last_success_of_a_client_is_found_by_an_index(place):
    client, asked, engine = place.register(), [], place.database.engine
    explain = "EXPLAIN" if engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"

    def plan(connection, cursor, statement, parameters, *_):
        if "FROM attempts" in statement:
            cursor = connection.connection.cursor()
            if engine.dialect.name == "postgresql":
                # Of a table without rows PostgreSQL would read everything rather than look into an index.
                cursor.execute("SET LOCAL enable_seqscan = off")
            asked.extend(str(tuple(row)) for row in cursor.execute(f"{explain} {statement}", parameters).fetchall())

    event.listen(engine, "before_cursor_execute", plan)
    kinds(place, client)

    assert [step for step in asked if "ix_attempts_succeeded_by_application" in step], asked


def test_grants_of_scopes_are_looked_up(place):
    client = place.register(scope="openid offline_access invoices refunds")
    place.api("https://api.example/billing", "invoices", to=[client], name="Billing", token_seconds=3600)
    place.api("https://api.example/refunds", "refunds", people={}, name="Refunds")

    found = examined(place, client).findings

    assert {one.kind: one.evidence for one in found if "scope" in one.kind} == {
        "scope-not-for-client": "refunds of Refunds is not granted to Notebook",
        "scope-granted-to-nobody": "refunds of Refunds is granted to no person",
    }
    assert [one.evidence for one in found if one.kind == "token-long-lived"] == ["tokens for Billing live 3600 s"]


def test_a_secret_is_as_old_as_it_is(place):
    client = place.register()
    place.later(days=366)
    assert "secret-old" in kinds(place, client)

    with place.work() as work:
        clients.rotate_secret(work, client.application_id)

    assert "secret-old" not in kinds(place, client)


def test_what_the_row_says_is_looked_at(place):
    client = place.register(pkce_required=False, everyone=False)
    with place.work() as work:
        row = work.tx.session.query(Client).filter_by(client_id=client.client_id).one()
        row.self_registered = True
        work.tx.session.query(Application).filter_by(id=client.application_id).one().disabled_at = NOON

    assert {"pkce-excused", "consent-exempt-self-registered", "application-disabled", "access-nobody"} <= set(
        kinds(place, client)
    )


def test_nothing_that_is_secret_is_in_a_finding(place):
    client = place.register()

    said = str([finding.to_json() for finding in examined(place, client).findings])

    assert client.secret not in said
    with place.work() as work:
        assert work.tx.session.query(Client).one().secret_hash not in said


# Whatever can be registered can be looked at

_hosts = st.sampled_from(
    ["rp.example", "dev.rp.example", "127.0.0.1", "xn--bcher-kva.example", "a.b", "x" * 63 + ".example"]
)
_web = st.builds(
    "https://{}{}".format, _hosts, st.sampled_from(["", "/", "/cb", "/%2A", "/cb?a=b", ":8443/cb", "/[x]", "/:a"])
)
_native = st.sampled_from(
    ["com.example.app:/cb", "a.b:", "http://127.0.0.1/cb", "http://[::1]:1/cb", "http://localhost/cb", "x.y:cb"]
)
_number = st.one_of(st.integers(-5, 10**12), st.floats(), st.text(max_size=3), st.none(), st.booleans(), st.just([]))
_key = st.one_of(
    st.sampled_from([EC, OTHER_EC, RSA_2048, RSA_1024, {**EC, "kid": 5}, {**EC, "kid": ["x"]}, {"kty": None}, {}]),
    st.builds(lambda exp, kid: {**EC, "exp": exp, "kid": kid}, _number, _number),
    st.builds(lambda n: {"kty": "RSA", "n": n, "e": "AQAB"}, st.one_of(_number, st.text(max_size=20))),
    st.dictionaries(st.sampled_from(["kty", "crv", "n", "use", "alg", "kid", "exp"]), _number, max_size=4),
)
_asked = st.fixed_dictionaries(
    {"client_name": st.text(min_size=1, max_size=20)},
    optional={
        "redirect_uris": st.lists(st.one_of(_web, _native), max_size=4),
        "post_logout_redirect_uris": st.lists(st.one_of(_web, _native), max_size=3),
        "response_types": st.lists(st.sampled_from([metadata.CODE, *metadata.LEGACY_RESPONSE_TYPES]), max_size=3),
        "grant_types": st.lists(
            st.sampled_from(["authorization_code", "refresh_token", "client_credentials", "implicit", metadata.DEVICE_CODE])
        ),
        "token_endpoint_auth_method": st.sampled_from(metadata.AUTHENTICATION_METHODS),
        "token_endpoint_auth_signing_alg": st.sampled_from(["RS256", "ES256", "EdDSA"]),
        "application_type": st.sampled_from(["web", "native"]),
        "scope": st.sampled_from(["openid", "openid groups offline_access", "invoices", "a b c", ""]),
        "jwks": st.builds(lambda listed: {"keys": listed}, st.lists(_key, max_size=4)),
        "jwks_uri": _web,
        "logo_uri": _web,
        "initiate_login_uri": _web,
        "backchannel_logout_uri": _web,
        "frontchannel_logout_uri": _web,
        "sector_identifier_uri": _web,
        "subject_type": st.sampled_from(["public", "pairwise"]),
        "default_max_age": st.integers(0, 5),
        "default_acr_values": st.lists(st.text(max_size=5), max_size=3),
        "request_uris": st.lists(_web, max_size=2),
        "request_object_signing_alg": st.sampled_from(["none", "RS256", "ES256"]),
        "require_signed_request_object": st.booleans(),
        "dpop_bound_access_tokens": st.booleans(),
        "id_token_signed_response_alg": st.sampled_from(["RS256", "EdDSA", "PS256"]),
        "id_token_encrypted_response_alg": st.sampled_from(metadata.ENCRYPTION_ALGORITHMS),
        "userinfo_encrypted_response_alg": st.sampled_from(metadata.ENCRYPTION_ALGORITHMS),
    },
)  # fmt: skip
_slugs = {kind.slug for kind in checking.KINDS}


def _as_far_as_it_can_be(asked: dict[str, Any], **known: Any) -> Registered | None:
    """Register what is asked for, without the members that are refused."""
    left = GOOD | asked
    while True:
        try:
            return registered(left, **known)
        except Invalid as error:
            if left.pop(error.field or "", None) is None:
                return None


def test_whatever_can_be_registered_can_be_looked_at():
    taken = 0

    @settings(max_examples=500, deadline=None, derandomize=True)
    @given(_asked, st.booleans(), st.text(max_size=10), st.booleans())
    def holds(asked, first_party, name, loopback):
        nonlocal taken
        of = _as_far_as_it_can_be(asked, http_loopback=loopback, name=name, first_party=first_party, used=False)
        taken += of is not None
        for finding in findings_of(of) if of is not None else ():
            assert finding.kind in _slugs
            assert finding.to_json()["evidence"]

    holds()
    assert taken > 200, "most of what was tried could not be registered: nothing is proven"
