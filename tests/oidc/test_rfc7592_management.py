"""RFC 7592: OAuth 2.0 Dynamic Client Registration Management Protocol."""

import pytest
import sqlalchemy as sa

from idp.base.errors import NotFound
from idp.base.ids import is_token, new_token
from idp.directory import applications, queries
from idp.oidc import client_facts, clients, metadata
from idp.oidc.models import Client, ClientOrigin, Grant
from tests.oidc.registration import ASKED, PATH, allow, as_client, manage, registered
from tests.oidc.test_client_authentication import KEYS

NOT_SENT = (
    "registration_access_token",
    "registration_client_uri",
    "client_secret",
    "client_secret_expires_at",
    "client_id_issued_at",
)


@pytest.fixture
def offered(place):
    """Everybody may register clients at Acme, and everybody of Acme may open those."""
    allow(place, "open", registered_clients_open_to_everyone=True)
    return place


@pytest.fixture
def made(offered):
    return registered(offered, policy_uri="https://rp.example/policy")


def put(place, made, **changes):
    """Replace the registration by itself, but for *changes*; None leaves a field out."""
    asked = {name: value for name, value in made.items() if name not in NOT_SENT} | changes
    return manage(place, "PUT", made, json={name: value for name, value in asked.items() if value is not None})


def stored(place):
    with place.work() as work:
        return work.tx.session.scalars(sa.select(Client)).one()


# Reading


def test_a_client_reads_everything_that_is_registered_of_it(offered, made):
    said = manage(offered, "GET", made)

    assert said.status_code == 200
    assert said.headers["Cache-Control"] == "no-store"
    assert said.json == {name: value for name, value in made.items() if name != "client_secret"}


def test_its_secret_is_not_shown_again(offered, made):
    assert made["client_secret"] not in manage(offered, "GET", made).text
    assert manage(offered, "GET", made).json["client_secret_expires_at"] == 0


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "change",
    [
        lambda t: t[:-1],
        lambda t: t + "A",
        lambda t: t.replace("rat_", "rgt_"),
        lambda t: t[4:],
        lambda t: t.swapcase(),
        lambda t: "",
        lambda t: new_token("rat"),
    ],
    ids=["cut", "longer", "relabelled", "unlabelled", "case", "empty", "made up"],
)
def test_o24_only_the_whole_token_counts(offered, made, method, change):
    refused = manage(offered, method, made, change(made["registration_access_token"]), json={})

    assert (refused.status_code, refused.json["error"]) == (401, "invalid_token")
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert manage(offered, "GET", made).status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_token_is_good_for_its_own_client_only(offered, made, method):
    other = registered(offered)

    assert manage(offered, method, made, other["registration_access_token"], json={}).status_code == 401
    assert manage(offered, "GET", made).status_code == 200


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_without_a_token_nothing_is_said(offered, made, method):
    refused = getattr(offered.app.test_client(), method)(f"{PATH}/{made['client_id']}", json={})

    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_o9_neither_the_secret_nor_an_access_token_manages_a_client(offered, made):
    assert manage(offered, "GET", made, made["client_secret"]).status_code == 401


@pytest.mark.parametrize("client_id", ["cli_none", "x" * 65, "%00", "%C3%BC", "cli_a%2Fb", "..%2f"])
def test_a_client_that_is_unknown_is_answered_like_a_wrong_token(offered, made, client_id):
    headers = {"Authorization": f"Bearer {made['registration_access_token']}"}

    found = offered.app.test_client().get(f"{PATH}/{client_id}", headers=headers)

    assert found.status_code in (401, 404)
    assert made["client_id"] not in found.text
    if found.status_code == 401:
        assert found.json["error"] == "invalid_token"


def test_a_client_of_an_administrator_has_no_such_token(offered):
    client = offered.register()
    headers = {"Authorization": f"Bearer {new_token('rat')}"}

    for token in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer"}, headers):
        assert offered.app.test_client().get(f"{PATH}/{client.client_id}", headers=token).status_code == 401


def test_o8_another_site_does_not_know_it(offered, made):
    allow(offered, "open", site="acme-eu")
    headers = {"Authorization": f"Bearer {made['registration_access_token']}"}
    path = f"/sites/acme-eu/oauth2/register/{made['client_id']}"

    for method in ("get", "put", "delete"):
        assert getattr(offered.app.test_client(), method)(path, headers=headers, json={}).status_code == 401


def test_a_client_that_an_administrator_switched_off_is_forbidden(offered, made):
    with offered.work() as work:
        applications.disable(work, as_client(offered, made).application_id)

    for method in ("GET", "PUT", "DELETE"):
        refused = manage(offered, method, made, json={})
        assert (refused.status_code, refused.json["error"]) == (403, "access_denied")


def test_where_registration_is_switched_off_nothing_is_managed(offered, made):
    allow(offered, "off")

    for method in ("GET", "PUT", "DELETE"):
        assert manage(offered, method, made, json={}).status_code == 404


# Replacing


def test_what_a_client_sends_is_all_there_is(offered, made):
    changed = put(offered, made, client_name="Better Notebook", policy_uri=None, scope=None)

    assert changed.status_code == 200
    assert changed.json["client_name"] == "Better Notebook"
    assert "policy_uri" not in changed.json
    assert changed.json["scope"] == "openid profile email address phone groups"
    assert manage(offered, "GET", made).json == changed.json
    with offered.work() as work:
        assert clients.find_application(work, made["client_id"]).name == "Better Notebook"


def test_null_takes_a_field_away(offered, made):
    asked = {"client_id": made["client_id"], **ASKED, "policy_uri": None, "jwks": None}

    assert "policy_uri" not in manage(offered, "PUT", made, json=asked).json


def test_the_token_stays_the_same(offered, made):
    """Section 2.2 leaves the choice; a client that misses the answer is not locked out."""
    assert put(offered, made).json["registration_access_token"] == made["registration_access_token"]
    assert put(offered, made).json["registration_client_uri"] == made["registration_client_uri"]
    assert put(offered, made).status_code == 200


def test_what_was_registered_is_taken_again_as_it_is(offered, made):
    before = stored(offered).registration

    assert put(offered, made).status_code == 200
    assert stored(offered).registration == before
    assert offered.audited("client.changed") == []


@pytest.mark.parametrize("client_id", [None, "cli_other", "", 7])
def test_it_names_itself(offered, made, client_id):
    refused = put(offered, made, client_id=client_id)

    assert (refused.status_code, refused.json["error"]) == (400, "invalid_client_metadata")


@pytest.mark.parametrize("field", [name for name in NOT_SENT if name != "client_secret"])
def test_what_is_made_here_is_not_sent(offered, made, field):
    assert put(offered, made, **{field: made[field]}).json["error"] == "invalid_client_metadata"


def test_its_secret_may_come_along_if_it_is_the_one(offered, made):
    assert put(offered, made, client_secret=made["client_secret"]).status_code == 200
    for wrong in ("", new_token("cls"), made["client_secret"][:-1], 7, ["x"]):
        assert put(offered, made, client_secret=wrong).json["error"] == "invalid_client_metadata"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://rp.example/cb#x"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://rp.example/cb?code=x"]}, "invalid_redirect_uri"),
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"redirect_uris": None}, "invalid_redirect_uri"),
        ({"policy_uri": "DATA:text/html,x"}, "invalid_client_metadata"),
        ({"grant_types": ["client_credentials"], "response_types": []}, "invalid_client_metadata"),
        ({"grant_types": ["authorization_code", "client_credentials"]}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
        ({"software_statement": "x"}, "invalid_software_statement"),
        ({"id_token_signed_response_alg": "none"}, "invalid_client_metadata"),
    ],
    ids=str,
)
def test_o19_a_change_is_judged_as_a_registration_is(offered, made, changes, error):
    before = stored(offered).registration

    refused = put(offered, made, **changes)

    assert (refused.status_code, refused.json["error"]) == (400, error), refused.text
    assert stored(offered).registration == before


def test_o19_o20_a_change_brings_no_scope_that_a_registration_would_not(offered, made):
    assert put(offered, made, scope="openid admin").json["scope"] == "openid"


def test_o30_a_change_is_judged_by_what_the_site_allows_now(offered, monkeypatch):
    monkeypatch.setattr(metadata, "RESPONSE_TYPES", ("code", *metadata.LEGACY_RESPONSE_TYPES))
    monkeypatch.setattr(metadata, "GRANT_TYPES", tuple({*metadata.GRANT_TYPES, "implicit"}))
    allow(offered, "open", registered_clients_may_be_legacy=True)
    made = registered(offered, response_types=["id_token"], grant_types=["implicit"])
    assert put(offered, made).status_code == 200

    allow(offered, "open", registered_clients_may_be_legacy=False)

    assert put(offered, made).json["error"] == "invalid_client_metadata"


def test_o19_no_change_makes_it_the_organizations_own_or_excuses_it_from_pkce(offered, made):
    put(offered, made, first_party=True, pkce_required=False, self_registered=False, everyone=True)

    assert stored(offered).pkce_required
    assert stored(offered).self_registered
    with offered.work() as work:
        assert not clients.find_application(work, made["client_id"]).first_party


def test_o12_another_method_ends_the_secret_or_makes_one(offered, made, browser):
    public = put(offered, made, token_endpoint_auth_method="none")
    assert not {"client_secret", "client_secret_expires_at"} & public.json.keys()
    assert stored(offered).secret_hash == ""

    keyed = put(offered, made, token_endpoint_auth_method="private_key_jwt", jwks=KEYS)
    assert "client_secret" not in keyed.json

    again = put(offered, made, token_endpoint_auth_method="client_secret_post")
    assert is_token(again.json["client_secret"], "cls")
    assert again.json["client_secret"] != made["client_secret"]
    assert again.json["client_secret_expires_at"] == 0


def test_the_origins_of_its_scripts_follow_its_addresses(offered):
    made = registered(offered, token_endpoint_auth_method="none", redirect_uris=["https://old.example/cb"])
    put(offered, made, redirect_uris=["https://new.example/cb", "https://new.example/other"])

    with offered.work() as work:
        assert list(work.tx.session.scalars(sa.select(ClientOrigin.origin))) == ["https://new.example"]
        assert not client_facts.knows_origin(
            work, stored(offered).organization_id, stored(offered).site_id, "https://old.example"
        )


def test_a_former_address_is_answered_no_more(offered, made, browser):
    put(offered, made, redirect_uris=["https://rp.example/other"])

    assert offered.authorize(browser, as_client(offered, made)).status_code == 400


def test_it_is_recorded_with_what_changed(offered, made):
    put(offered, made, client_name="Better Notebook", policy_uri=None)

    entry = offered.audited("client.changed")[-1]
    assert (entry.actor_kind, entry.actor_id) == ("client", made["client_id"])
    assert entry.details["before"] == {"client_name": "Notebook", "policy_uri": "https://rp.example/policy"}
    assert entry.details["after"] == {"client_name": "Better Notebook", "policy_uri": ""}


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"client_id": "a", "client_id": "b"}'])
def test_what_is_no_json_object_is_refused(offered, made, body):
    assert manage(offered, "PUT", made, data=body, content_type="application/json").status_code == 400
    assert manage(offered, "PUT", made, data=b"{}", content_type="text/plain").status_code == 400


def test_o19_what_an_administrator_edited_is_the_administrators(offered, made):
    """Else a replacement that leaves a field out would take back what they have demanded."""
    with offered.work() as work:
        application = as_client(offered, made).application_id
        edited = clients.edit(work, application, {"client_name": "Notebook of Acme"})
        assert edited.taken_over

    for method in ("GET", "PUT", "DELETE"):
        assert manage(offered, method, made, json={}).status_code == 401
    assert not stored(offered).self_registered
    assert stored(offered).registration["client_name"] == "Notebook of Acme"


# Deleting


def consented(place, browser, client):
    """Let Ann agree once; return the tokens."""
    from idp.signon import consent

    with place.work() as work:
        account = place.account(work)
        asks = ("profile", "email")
        consent.give(work, account.organization_id, account.id, client.application_id, asks)
    return place.tokens(browser, client)


def test_a_deleted_client_is_gone_with_its_grants_and_tokens(offered, browser):
    made = registered(offered, grant_types=["authorization_code", "refresh_token"])
    client = as_client(offered, made)
    tokens = consented(offered, browser, client)
    assert offered.userinfo(tokens["access_token"]).status_code == 200

    gone = manage(offered, "DELETE", made)

    assert (gone.status_code, gone.data) == (204, b"")
    assert gone.headers["Cache-Control"] == "no-store"
    assert offered.userinfo(tokens["access_token"]).status_code == 401
    assert offered.refresh(client, tokens["refresh_token"]).json["error"] == "invalid_client"
    assert offered.authorize(browser, client).status_code == 400
    with offered.work() as work:
        grant = work.tx.session.scalars(sa.select(Grant)).one()
        assert grant.revoked_because == "the client deleted its registration"
        with pytest.raises(NotFound):
            queries.application(work, client.application_id)


def test_its_token_is_worth_nothing_afterwards(offered, made):
    manage(offered, "DELETE", made)

    for method in ("GET", "PUT", "DELETE"):
        assert manage(offered, method, made, json={}).status_code == 401


def test_the_tokens_of_others_live_on(offered, made, browser):
    other = as_client(offered, registered(offered))
    tokens = consented(offered, browser, other)

    manage(offered, "DELETE", made)

    assert offered.userinfo(tokens["access_token"]).status_code == 200


def test_a_deletion_is_recorded(offered, made):
    manage(offered, "DELETE", made)

    entry = offered.audited("application.deleted")[-1]
    assert (entry.actor_kind, entry.actor_id) == ("client", made["client_id"])


@pytest.mark.parametrize("method", ["post", "patch"])
def test_no_other_method_is_known(offered, made, method):
    assert getattr(offered.app.test_client(), method)(f"{PATH}/{made['client_id']}").status_code == 405


def test_head_says_what_get_says(offered, made):
    assert manage(offered, "HEAD", made).status_code == 200
