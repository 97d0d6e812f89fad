"""RFC 7591: OAuth 2.0 Dynamic Client Registration Protocol."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from idp.audit.models import AuditEntry
from idp.base.errors import Conflict, Forbidden, Invalid, NotFound
from idp.base.ids import fingerprint, is_token, new_token
from idp.directory import access, applications
from idp.directory.models import Application
from idp.oidc import metadata
from idp.oidc.addresses import RESPONSE_PARAMETERS
from idp.oidc.models import Client, RegistrationToken
from idp.oidc.registration import initial_tokens
from idp.policy.permissions import AUDITOR, PROGRAM_ROLES, ROLES, Permission
from idp.settings import Settings
from tests.oidc.registration import ASKED, PATH, allow, as_client, initial_token, register, registered
from tests.oidc.support import ANN, ISSUER, NOON, Place, answered
from tests.oidc.test_rfc7591_metadata import SCRIPTS
from tests.support.people import as_account, stranger


@pytest.fixture
def offered(place):
    """Acme's registration is open to everybody."""
    allow(place, "open")
    return place


def refused(place, error="invalid_client_metadata", **changes):
    made = register(place, **changes)
    assert (made.status_code, made.json["error"]) == (400, error), made.text
    with place.work() as work:
        assert work.tx.session.scalar(sa.select(sa.func.count()).select_from(Client)) == 0
    return made.json["error_description"]


# Who may register


def test_o19_it_is_off_unless_the_site_says_otherwise(place):
    assert register(place).status_code == 404
    assert register(place, initial_token(place)).status_code == 404
    assert place.app.test_client().get(PATH + "/cli_x").status_code == 404


def test_another_sites_switch_is_another_sites(place):
    allow(place, "open", site="acme-eu")

    assert register(place).status_code == 404
    assert register(place, site="acme-eu").status_code == 201


def test_it_can_be_open_to_everybody(offered):
    assert register(offered).status_code == 201


@pytest.mark.parametrize(
    "token",
    [None, "", "rgt_" + "A" * 43, "x" * 300, "ünlesbar".encode().decode("latin-1")],
    ids=["none", "empty", "made up", "long", "odd"],
)
def test_o19_it_can_need_an_initial_access_token(place, token):
    allow(place, "token")

    made = register(place, token)

    assert made.status_code == 401
    assert made.json["error"] == "invalid_token"
    assert made.headers["WWW-Authenticate"].startswith("Bearer")
    assert ("error" in made.headers["WWW-Authenticate"]) is (token is not None)


def test_with_an_initial_access_token_it_works_as_often_as_the_token_says(place):
    allow(place, "token")
    token = initial_token(place, uses=2)

    assert [register(place, token).status_code for _ in range(3)] == [201, 201, 401]


def test_a_token_for_any_number_ends_with_its_time(place):
    allow(place, "token")
    token = initial_token(place, uses=None, lives=timedelta(hours=1))

    assert [register(place, token).status_code for _ in range(3)] == [201, 201, 201]
    place.later(hours=1)
    assert register(place, token).status_code == 401


def test_a_revoked_token_is_none(place):
    allow(place, "token")
    token = initial_token(place, uses=5)
    with place.work() as work:
        initial_tokens.revoke(work, "acme", initial_tokens.listed(work, "acme")[0].id)

    assert register(place, token).status_code == 401


def test_a_token_is_good_at_its_own_site_only(place):
    allow(place, "token")
    allow(place, "token", site="acme-eu")
    token = initial_token(place)

    assert register(place, token, site="acme-eu").status_code == 401
    assert register(place, token).status_code == 201


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t[:-1],
        lambda t: t + "A",
        lambda t: t.replace("rgt_", "rat_"),
        lambda t: t[4:],
        lambda t: t.swapcase(),
        lambda t: "  " + t,
        lambda t: new_token("rgt"),
    ],
    ids=["cut", "longer", "relabelled", "unlabelled", "case", "spaces", "made up"],
)
def test_o24_only_the_whole_token_counts(place, change):
    allow(place, "token")
    token = initial_token(place)

    assert register(place, change(token)).status_code == 401
    assert register(place, token).status_code == 201


def test_another_scheme_brings_no_token(place):
    allow(place, "token")
    token = initial_token(place)
    post = place.app.test_client().post

    assert post(PATH, json=ASKED, headers={"Authorization": f"Basic {token}"}).status_code == 401
    assert post(PATH, json=ASKED, headers={"Authorization": token}).status_code == 401
    assert post(f"{PATH}?access_token={token}", json=ASKED).status_code == 401
    assert post(PATH, json=ASKED, headers={"Authorization": f"bearer {token}"}).status_code == 201


def test_a_refused_registration_gives_the_use_back(place):
    allow(place, "token")
    token = initial_token(place)

    assert register(place, token, redirect_uris=["http://rp.example/"]).status_code == 400
    assert register(place, token).status_code == 201


def test_where_it_is_open_a_token_that_is_sent_must_be_good(offered):
    token = initial_token(offered)

    assert register(offered, token).status_code == 201
    assert register(offered, token).status_code == 401


@pytest.mark.both_databases
def test_o19_of_fifty_at_once_with_a_token_for_one_one_registers(place):
    allow(place, "token")
    token = initial_token(place)

    with ThreadPoolExecutor(50) as threads:
        statuses = list(threads.map(lambda _: register(place, token).status_code, range(50)))

    assert sorted({*statuses}) in ([201, 401], [201, 401, 503])
    assert statuses.count(201) == 1
    with place.work() as work:
        assert work.tx.session.scalar(sa.select(sa.func.count()).select_from(Client)) == 1


def test_of_one_network_so_many_register_in_an_hour(place):
    small = Place(place.database, throttling={"registrations_per_hour": 2})
    allow(small, "open")

    assert [register(small).status_code for _ in range(3)] == [201, 201, 429]
    turned_away = register(small)
    assert int(turned_away.headers["Retry-After"]) == 3600
    assert turned_away.json["error"] == "temporarily_unavailable"
    assert register(small, initial_token(small)).status_code == 201, "who has a token is known"
    small.later(hours=1)
    assert register(small).status_code == 201


def test_a_site_has_so_many_clients_that_registered_themselves(place):
    small = Place(place.database, throttling={"registered_clients_per_site": 2})
    small.register()
    allow(small, "open")
    allow(small, "open", site="acme-eu")
    first = registered(small)

    assert register(small, site="acme-eu").status_code == 201, "another site's do not count"
    assert register(small).status_code == 201, "nor do an administrator's"
    assert register(small).status_code == 429
    with small.work() as work:
        applications.delete(work, as_client(small, first).application_id)
    assert register(small).status_code == 201


@pytest.mark.both_databases
def test_the_bound_of_a_site_holds_for_many_at_once(place):
    small = Place(place.database, throttling={"registered_clients_per_site": 3})
    allow(small, "open")

    with ThreadPoolExecutor(12) as threads:
        statuses = list(threads.map(lambda _: register(small).status_code, range(12)))

    assert statuses.count(201) <= 3
    assert {*statuses} <= {201, 429, 503}


# The answer


def test_the_answer_has_everything_that_is_stored(offered):
    made = register(offered, software_id="notebook", contacts=["ann@rp.example"], tos_uri="https://rp.example/terms")
    said = made.json

    assert made.headers["Cache-Control"] == "no-store"
    assert made.headers["Pragma"] == "no-cache"
    assert made.headers["Content-Type"] == "application/json"
    with offered.work() as work:
        client = work.tx.session.scalars(sa.select(Client)).one()
    assert said["client_id"] == client.client_id
    assert said["client_id_issued_at"] == int(NOON.timestamp())
    assert said["client_secret_expires_at"] == 0
    assert said["registration_client_uri"] == f"{ISSUER}/oauth2/register/{client.client_id}"
    assert {name: said[name] for name in client.registration} == client.registration
    assert {"software_id", "contacts", "tos_uri"} <= said.keys()
    assert said.keys() - client.registration.keys() == {
        "client_id",
        "client_id_issued_at",
        "client_secret",
        "client_secret_expires_at",
        "registration_client_uri",
        "registration_access_token",
    }


def test_o13_secret_and_token_are_kept_as_fingerprints(offered):
    said = registered(offered)

    assert is_token(said["client_secret"], "cls")
    assert is_token(said["registration_access_token"], "rat")
    with offered.work() as work:
        client = work.tx.session.scalars(sa.select(Client)).one()
        audited = str([entry.details for entry in work.tx.session.scalars(sa.select(AuditEntry))])
    assert client.secret_hash == fingerprint(said["client_secret"])
    assert client.registration_token_hash == fingerprint(said["registration_access_token"])
    for secret in (said["client_secret"], said["registration_access_token"]):
        assert secret not in audited
        assert secret not in str([attempt.steps for attempt in offered.attempts()])


def test_a_public_client_has_no_secret(offered):
    said = registered(offered, token_endpoint_auth_method="none")

    assert not {"client_secret", "client_secret_expires_at"} & said.keys()


def test_nothing_is_built_from_the_host_header(offered):
    made = offered.app.test_client().post(PATH, json=ASKED, headers={"Host": "evil.example"})

    assert made.json["registration_client_uri"].startswith(ISSUER)


def test_it_is_an_attempt_and_recorded_with_who_it_was(place):
    allow(place, "token")
    said = registered(place, token=initial_token(place, name="Build server"))

    attempt = next(one for one in place.attempts() if one.kind == "oidc.registration")
    assert attempt.outcome == "succeeded"
    entry = place.audited("client.registered")[-1]
    assert (entry.actor_kind, entry.actor_name) == ("client", "registration token “Build server”")
    assert entry.details["client_id"] == said["client_id"]


def test_a_refusal_names_the_attempt_with_its_cause(offered):
    said = refused(offered, "invalid_redirect_uri", redirect_uris=["http://rp.example/cb"])

    attempt = offered.attempt(said.rpartition("Reference: ")[2])
    assert (attempt.outcome, attempt.code) == ("refused", "invalid_redirect_uri")
    assert "plain http" in attempt.cause


# What may be registered


@pytest.mark.parametrize(
    "address",
    [*SCRIPTS, "http://rp.example/cb", "https://rp.example/cb#top", "https://*.rp.example/cb", "https://a@rp.example/"],
)
def test_o2_a_redirect_uri_that_cannot_be_registered_is_said_to_be_one(offered, address):
    said = refused(offered, "invalid_redirect_uri", redirect_uris=[address])

    assert said.isascii()
    assert said.isprintable()
    assert not {'"', "\\"} & {*said}


@pytest.mark.parametrize(
    "field",
    [
        "post_logout_redirect_uris",
        "client_uri",
        "logo_uri",
        "policy_uri",
        "tos_uri",
        "initiate_login_uri",
        "jwks_uri",
        "backchannel_logout_uri",
    ],
)
@pytest.mark.parametrize("address", [one for one in SCRIPTS if one])
def test_o2_every_address_is_of_a_known_scheme(offered, field, address):
    said = refused(offered, **{field: [address] if field.endswith("uris") else address})

    assert said.startswith(f"{field}: ")


@pytest.mark.parametrize("name", sorted(RESPONSE_PARAMETERS))
def test_o3_an_address_cannot_hold_what_we_answer_with(offered, name):
    refused(offered, "invalid_redirect_uri", redirect_uris=[f"https://rp.example/cb?{name}=x"])


@pytest.mark.parametrize("name", ["iss", "login_hint", "target_link_uri"])
def test_o3_a_start_page_cannot_hold_what_we_start_it_with(offered, name):
    refused(offered, initiate_login_uri=f"https://rp.example/start?{name}=x")


def test_a_query_in_a_redirect_uri_is_kept(offered):
    said = registered(offered, redirect_uris=["https://rp.example/cb?tenant=7"])

    assert said["redirect_uris"] == ["https://rp.example/cb?tenant=7"]


def test_o18_no_address_of_a_client_is_called_when_it_registers(offered, monkeypatch):
    called = []
    monkeypatch.setattr("idp.base.egress.fetch", lambda *a, **k: called.append(a))

    registered(
        offered,
        logo_uri="https://rp.example/logo.png",
        policy_uri="https://rp.example/policy",
        tos_uri="https://rp.example/terms",
        jwks_uri="https://rp.example/jwks",
        backchannel_logout_uri="https://rp.example/bye",
        initiate_login_uri="https://rp.example/start",
    )

    assert called == []


@pytest.mark.parametrize(
    "field",
    [
        "client_id",
        "client_secret",
        "client_id_issued_at",
        "client_secret_expires_at",
        "registration_access_token",
        "registration_client_uri",
    ],
)
def test_what_is_made_here_cannot_be_chosen(offered, field):
    assert field in refused(offered, **{field: "mine"})


def test_o19_what_is_no_client_metadata_has_no_effect(offered):
    """Names that other products know, and columns and arguments of ours."""
    said = registered(
        offered,
        first_party=True,
        trusted=True,
        everyone=True,
        pkce_required=False,
        self_registered=False,
        enabled=True,
        site_id="sit_other",
        organization_id="org_other",
        application_id="app_other",
        roles=["operator"],
        service_account=True,
        consent_required=False,
        skip_consent=True,
        secret_hash="",
        sector="evil.example",
        launch_url="javascript:alert(1)",
        version=99,
        favourite_colour="blue",
    )

    with offered.work() as work:
        client = work.tx.session.scalars(sa.select(Client)).one()
        application = work.tx.session.get_one(Application, (client.organization_id, client.application_id))
        assert not application.first_party
        assert application.launch_url == "https://rp.example/"
        assert client.self_registered
        assert client.pkce_required
        assert client.sector == ""
        assert applications.grants(work, application) == []
    assert "favourite_colour" not in said
    assert "first_party" not in said


@pytest.mark.parametrize(
    "grant_types",
    [["client_credentials"], ["authorization_code", "client_credentials"]],
    ids=["alone", "besides"],
)
def test_o19_o20_nothing_that_registers_itself_acts_for_itself(offered, grant_types):
    assert "administrator" in refused(
        offered, grant_types=grant_types, response_types=["code"] if len(grant_types) > 1 else []
    )


def test_o19_o35_nothing_that_registers_itself_asks_for_the_codes_of_devices(offered):
    device = "urn:ietf:params:oauth:grant-type:device_code"

    assert "administrator" in refused(offered, grant_types=[device], response_types=[])
    assert "administrator" in refused(offered, grant_types=["authorization_code", device])


def test_o19_o20_only_the_standard_scopes_are_registered_and_the_answer_says_so(offered):
    said = registered(offered, scope="openid email admin reports:write offline_access")

    assert said["scope"] == "openid email offline_access"
    assert registered(offered, scope="admin")["scope"] == "openid profile email address phone groups"


def test_o30_legacy_response_types_need_the_sites_leave(offered, monkeypatch):
    every = ("code", *metadata.LEGACY_RESPONSE_TYPES)
    monkeypatch.setattr(metadata, "RESPONSE_TYPES", every)
    monkeypatch.setattr(metadata, "GRANT_TYPES", tuple({*metadata.GRANT_TYPES, "implicit"}))
    asked = {"response_types": ["id_token"], "grant_types": ["implicit"]}

    assert "only the response type code" in refused(offered, **asked)
    allow(offered, "open", registered_clients_may_be_legacy=True)
    assert registered(offered, **asked)["response_types"] == ["id_token"]


def test_o19_nobody_may_open_it_until_somebody_says_so(offered, browser):
    client = as_client(offered, registered(offered))

    with offered.work() as work:
        account = offered.account(work)
        assert not access.may_open(work, account.organization_id, client.application_id, account.id)
        applications.grant(work, client.application_id, account=ANN)
    shown = offered.authorize(browser, client)
    assert shown.status_code == 303
    assert "/signin/" in shown.headers["Location"], "consent is asked for: it is not the organization's own"


def test_a_site_can_open_them_to_everyone(place):
    allow(place, "open", registered_clients_open_to_everyone=True)
    client = as_client(place, registered(place))

    with place.work() as work:
        account = place.account(work)
        assert access.may_open(work, account.organization_id, client.application_id, account.id)


def test_o6_pkce_is_as_the_site_says(place, browser):
    allow(place, "open", registered_clients_open_to_everyone=True)
    client = as_client(place, registered(place))
    bare = {"code_challenge": None, "code_challenge_method": None}

    assert answered(place.authorize(browser, client, **bare))["error"] == "invalid_request"
    allow(place, "open", pkce_for_public_clients_only=True)
    assert "/signin/" in place.authorize(browser, client, **bare).headers["Location"]


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("x", "invalid_software_statement"),
        (7, "invalid_software_statement"),
        ("a.b.c", "invalid_software_statement"),
        ("e30.e30.", "invalid_software_statement"),
        ("eyJhbGciOiJFUzI1NiJ9.W10.c2ln", "invalid_software_statement"),
        ("eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln", "unapproved_software_statement"),
        ("eyJhbGciOiJub25lIn0.e30.", "unapproved_software_statement"),
    ],
)
def test_nobodys_software_statement_counts(offered, statement, error):
    refused(offered, error, software_statement=statement)


# Bad input


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'"x"',
        b"{",
        b"{'client_name': 'x'}",
        b'{"client_name": NaN, "redirect_uris": ["https://rp.example/cb"]}',
        b'{"client_name": "\xff", "redirect_uris": ["https://rp.example/cb"]}',
        b'{"client_name": "x\\ud800", "redirect_uris": ["https://rp.example/cb"]}',
        b'{"software_id": "x\\u0000", "redirect_uris": ["https://rp.example/cb"]}',
        b'{"redirect_uris": ["https://rp.example/cb"], "redirect_uris": ["https://evil.example/cb"]}',
        b'{"redirect_uris": ["https://rp.example/cb"], "jwks": {"keys": [], "keys": []}}',
        b'{"client_name": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b"\xef\xbb\xbf{}",
    ],
    ids=lambda body: repr(body[:40]),
)
def test_what_is_no_json_object_is_refused(offered, body):
    made = offered.app.test_client().post(PATH, data=body, content_type="application/json")

    assert made.status_code == 400
    assert made.json["error"] == "invalid_client_metadata"


def test_a_number_that_no_table_holds_is_refused_or_ignored(offered):
    huge = "1" + "0" * 300
    body = f'{{"redirect_uris": ["https://rp.example/cb"], "default_max_age": {huge}}}'

    made = offered.app.test_client().post(PATH, data=body, content_type="application/json")

    assert made.status_code == 400


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", "", "application/jsonp"])
def test_a_body_of_another_type_is_refused(offered, kind):
    made = offered.app.test_client().post(PATH, data=b"{}", content_type=kind)

    assert (made.status_code, made.json["error"]) == (400, "invalid_client_metadata")


def test_a_body_that_is_too_large_is_refused(offered):
    made = register(offered, contacts=["x" * 2000] * 40)

    assert made.status_code == 413
    assert made.is_json


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_only_post_registers(offered, method):
    assert getattr(offered.app.test_client(), method)(PATH).status_code == 405


def test_scripts_of_other_origins_may_not_register(offered):
    offered.register(token_endpoint_auth_method="none", redirect_uris=["https://spa.example/cb"])
    for method in ("post", "options"):
        answer = getattr(offered.app.test_client(), method)(PATH, headers={"Origin": "https://spa.example"})
        assert "Access-Control-Allow-Origin" not in answer.headers


VALUES = [None, True, 7, -1, "", "x", [], ["x"], [[]], {}, {"keys": [{}]}, [None], "\u202ex", "x" * 3000]
NAMES = [
    "redirect_uris", "token_endpoint_auth_method", "grant_types", "response_types", "client_name", "client_uri",
    "logo_uri", "scope", "contacts", "tos_uri", "policy_uri", "jwks_uri", "jwks", "software_id", "software_version",
    "software_statement", "application_type", "sector_identifier_uri", "subject_type", "id_token_signed_response_alg",
    "id_token_encrypted_response_alg", "id_token_encrypted_response_enc", "userinfo_signed_response_alg",
    "userinfo_encrypted_response_alg", "userinfo_encrypted_response_enc", "request_object_signing_alg",
    "request_object_encryption_alg", "request_object_encryption_enc", "token_endpoint_auth_signing_alg",
    "default_max_age", "require_auth_time", "default_acr_values", "initiate_login_uri", "request_uris",
    "post_logout_redirect_uris", "frontchannel_logout_uri", "frontchannel_logout_session_required",
    "backchannel_logout_uri", "backchannel_logout_session_required", "require_signed_request_object",
    "require_pushed_authorization_requests", "dpop_bound_access_tokens", "access_token_signed_response_alg",
    "tls_client_certificate_bound_access_tokens", "tls_client_auth_subject_dn", "authorization_signed_response_alg",
    "introspection_signed_response_alg", "backchannel_token_delivery_mode", "backchannel_user_code_parameter",
    "nfv_token_signed_response_alg", "client_id", "client_secret", "registration_access_token",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_o19_every_known_field_is_taken_or_refused_in_the_words_of_the_specification(place, name):
    place = Place(place.database, throttling={"registrations_per_hour": 1000})
    allow(place, "open")
    for value in VALUES:
        made = register(place, **{name: value})
        assert made.status_code in (201, 400), (value, made.text)
        if made.status_code == 201:
            continue
        assert made.json["error"] in (
            "invalid_redirect_uri",
            "invalid_client_metadata",
            "invalid_software_statement",
            "unapproved_software_statement",
        ), value
        assert made.json["error_description"].isascii()


# Initial access tokens


def test_o13_a_token_is_kept_as_a_fingerprint_and_recorded_without_it(place):
    token = initial_token(place, uses=3)

    with place.work() as work:
        kept = work.tx.session.scalars(sa.select(RegistrationToken)).one()
    assert kept.token_hash == fingerprint(token)
    entry = place.audited("registration-token.created")[-1]
    assert entry.details["uses"] == "3"
    assert token not in str(entry.details)


@pytest.mark.parametrize(
    "values",
    [
        {"uses": 0},
        {"uses": -1},
        {"uses": 10_001},
        {"lives": timedelta(0)},
        {"lives": timedelta(days=366)},
        {"name": ""},
    ],
    ids=str,
)
def test_a_token_without_bounds_is_not_made(place, values):
    with pytest.raises(Invalid):
        initial_token(place, **values)


def test_t1_tokens_are_an_administrators(place):
    initial_token(place)
    with place.work() as work:
        known = initial_tokens.listed(work, "acme")[0].id
        auditor = as_account(work, place.account(work, ANN), AUDITOR)
        assert [one.id for one in initial_tokens.listed(auditor, "acme")] == [known]
        with pytest.raises(Forbidden):
            initial_tokens.create(auditor, "acme", name="x")
        with pytest.raises(Forbidden):
            initial_tokens.revoke(auditor, "acme", known)
        with pytest.raises(NotFound):
            initial_tokens.listed(stranger(work), "acme")
        with pytest.raises(NotFound):
            initial_tokens.create(stranger(work), "acme", name="x")
        with pytest.raises(NotFound):
            initial_tokens.revoke(work, "acme-eu", known)


def test_a_token_is_revoked_once(place):
    initial_token(place)
    with place.work() as work:
        known = initial_tokens.listed(work, "acme")[0].id
        initial_tokens.revoke(work, "acme", known)
        with pytest.raises(Conflict):
            initial_tokens.revoke(work, "acme", known)
    assert len(place.audited("registration-token.revoked")) == 1


def test_o19_the_role_of_a_registering_program_is_nobodys(place):
    from idp.directory import accounts

    for role in PROGRAM_ROLES:
        assert role not in ROLES
        with place.work() as work, pytest.raises((Invalid, NotFound)):
            account = place.account(work)
            accounts.grant_role(work, account.id, role, organization_id=account.organization_id)
    assert not {Permission.SITE_EDIT, Permission.POLICY_EDIT, Permission.ROLE_GRANT} & frozenset().union(
        *PROGRAM_ROLES.values()
    )


def test_the_bounds_are_settings():
    assert Settings().throttling.registrations_per_hour == 60
    assert Settings().throttling.registered_clients_per_site == 1000
