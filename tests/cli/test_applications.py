"""`idp application …`: registering by hand what people sign in to, and saying who may."""

import json
import re

import pytest

ENTITY_ID = "https://wiki.example/saml/metadata"
METADATA = f"""<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{ENTITY_ID}">
<md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
<md:AssertionConsumerService index="0" Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
 Location="https://wiki.example/saml/acs"/></md:SPSSODescriptor></md:EntityDescriptor>"""
REDIRECT_URI = "https://notes.example/callback"


@pytest.fixture
def wiki(acme, here):
    """A registered service provider, as JSON."""
    (here / "metadata.xml").write_text(METADATA)
    made = acme(
        "application", "create-saml", "--site", "acme", "--metadata", "metadata.xml", "--name", "Wiki", "--json"
    )
    assert made.code == 0, made.err
    return made.json


@pytest.fixture
def notes(acme):
    """A registered client, as JSON."""
    made = acme(
        "application", "create-oidc", "--site", "acme", "--name", "Notes", "--redirect-uri", REDIRECT_URI, "--json"
    )
    assert made.code == 0, made.err
    return made.json


def test_showing_an_application_names_who_may_open_it_and_what_it_receives(acme, wiki):
    acme("group", "create", "Staff", "--organization", "acme")
    acme("application", "grant", wiki["id"], "--group", "Staff")
    acme("application", "grant", wiki["id"], "--account", "ann@acme.example")
    acme("application", "release", wiki["id"], "--attribute", "email")

    told = acme("application", "show", wiki["id"])
    shown = acme("application", "show", wiki["id"], "--json").json

    assert "  open to     the group Staff, ann@acme.example\n" in told.out
    assert "  receives    email (at most)\n" in told.out
    assert "grp_" not in told.out
    assert "acc_" not in told.out
    assert {one["subject"] for one in shown["access"]} == {"Staff", "ann@acme.example"}
    assert shown["receives_at_most"] == ["email"]


def test_what_an_organization_releases_bounds_every_application(acme, wiki):
    assert "receives    email, name, groups (at most)" in acme("application", "show", wiki["id"]).out

    told = acme("organization", "release", "acme", "--attribute", "email", "--attribute", "name")
    assert (told.code, told.out) == (0, "acme lets out at most: email, name\n"), told.err
    assert "receives    email, name (at most)" in acme("application", "show", wiki["id"]).out

    assert acme("organization", "release", "acme", "--nothing", "--json").json["attributes"] == []
    assert "receives    nothing (at most)" in acme("application", "show", wiki["id"]).out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("acme",), 2),
        (("acme", "--nothing", "--attribute", "email"), 2),
        (("acme", "--attribute", "shoe size"), 2),
        (("nowhere", "--nothing"), 3),
    ],
)
def test_a_release_that_means_nothing_is_refused(acme, words, code):
    assert acme("organization", "release", *words).code == code


@pytest.mark.parametrize(
    ("scope", "grant_types"),
    [
        ("openid offline_access", ["authorization_code", "refresh_token"]),
        ("openid email", ["authorization_code"]),
    ],
)
def test_whoever_may_ask_for_offline_access_is_registered_for_refresh_tokens(acme, scope, grant_types):
    made = acme(
        "application", "create-oidc", "--site", "acme", "--name", "Notes", "--redirect-uri", REDIRECT_URI,
        "--scope", scope, "--json",
    )  # fmt: skip

    assert made.code == 0, made.err
    assert made.json["grant_types"] == grant_types


def test_answers_with_tokens_are_marked_as_legacy_wherever_they_are_shown(acme, tmp_path):
    """RFC 9700 section 2.1.2: per client, and nobody overlooks it."""
    asked = {
        "client_name": "Old",
        "redirect_uris": [REDIRECT_URI],
        "response_types": ["code", "id_token token"],
        "grant_types": ["authorization_code", "implicit"],
    }
    file = tmp_path / "old.json"
    file.write_text(json.dumps(asked))

    made = acme("application", "create-oidc", "--site", "acme", "--from-json", str(file))
    shown = acme("application", "show", re.search(r"app_\w+", made.out).group())

    assert "Legacy: it may ask for tokens in an address (id_token token)." in made.out
    assert "code, id_token token (legacy)" in shown.out
    asked |= {"response_types": ["code"], "grant_types": ["authorization_code"]}
    file.write_text(json.dumps(asked))
    assert "egacy" not in acme("application", "create-oidc", "--site", "acme", "--from-json", str(file)).out


def test_a_site_reads_requests_from_addresses_only_where_it_is_told_to(acme):
    assert acme("site", "list", "--json").json[0]["fetch_request_objects"] is False
    assert acme("site", "set", "acme", "--fetch-request-objects", "--json").json["fetch_request_objects"] is True
    assert acme("site", "set", "acme", "--name", "Acme", "--json").json["fetch_request_objects"] is True
    assert acme("site", "set", "acme", "--no-fetch-request-objects", "--json").json["fetch_request_objects"] is False


def test_a_site_takes_assertions_for_its_token_endpoint_only_where_it_is_told_to(acme):
    def said(*how):
        return acme("site", "set", "acme", *how, "--json").json["assertions_for_token_endpoint"]

    assert acme("site", "list", "--json").json[0]["assertions_for_token_endpoint"] is False
    assert said("--assertions-for-token-endpoint") is True
    assert said("--name", "Acme") is True
    assert said("--assertions-for-issuer-only") is False


def test_a_service_provider_from_a_file(wiki):
    assert wiki["protocol"] == "saml"
    assert wiki["saml"]["entity_id"] == ENTITY_ID
    assert (wiki["saml"]["sign_response"], wiki["saml"]["sign_assertion"]) == (True, True)
    assert wiki["access"] == []


def test_a_service_provider_from_standard_input(acme):
    made = acme(
        "application", "create-saml", "--site", "acme", "--metadata", "-", "--everyone", "--json", stdin=METADATA
    )

    assert made.code == 0, made.err
    assert [one["subject_kind"] for one in made.json["access"]] == ["everyone"]


def test_every_switch_of_a_service_provider(acme, here):
    (here / "metadata.xml").write_text(METADATA)
    persistent = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"

    made = acme(
        "application", "create-saml", "--site", "acme", "--metadata", "metadata.xml", "--no-sign-response",
        "--sign-assertion", "--no-encrypt-assertion", "--no-require-signed-requests", "--nameid-format", persistent,
        "--idp-initiated", "--relay-state", "home", "--json",
    )  # fmt: skip

    assert made.code == 0, made.err
    saml = made.json["saml"]
    assert (saml["sign_response"], saml["sign_assertion"], saml["idp_initiated"]) == (False, True, True)
    assert (saml["nameid_format"], list(saml["relay_states"])) == (persistent, ["home"])


def test_a_switch_is_changed_and_the_others_stay(acme, wiki):
    changed = acme("application", "saml", "set", wiki["id"], "--no-sign-response", "--json")

    assert changed.code == 0, changed.err
    assert (changed.json["saml"]["sign_response"], changed.json["saml"]["sign_assertion"]) == (False, True)
    assert acme("application", "saml", "set", wiki["id"], "--no-sign-assertion").code == 2


@pytest.mark.parametrize(
    ("metadata", "code"), [("missing.xml", 2), ("http://127.0.0.1:1/metadata", 6), ("https://127.0.0.1:1/metadata", 6)]
)
def test_metadata_that_cannot_be_had(acme, metadata, code):
    refused = acme("application", "create-saml", "--site", "acme", "--metadata", metadata)

    assert refused.code == code
    assert "Traceback" not in refused.err


@pytest.mark.parametrize(
    "document", ["", "not xml", "<x/>", METADATA.replace("https://wiki.example/saml/acs", "javascript:x")]
)
def test_x16_metadata_that_cannot_be_taken(acme, document):
    assert acme("application", "create-saml", "--site", "acme", "--metadata", "-", stdin=document).code == 2
    assert acme("application", "list", "--json").json == []


def test_the_same_service_provider_twice_is_a_conflict(acme, wiki):
    assert acme("application", "create-saml", "--site", "acme", "--metadata", "metadata.xml").code == 4


def test_a_client_is_printed_as_its_registration_with_the_secret_this_once(acme, notes):
    """O13, T7: RFC 7591 section 3.2.1; nothing prints the secret a second time."""
    assert notes["redirect_uris"] == [REDIRECT_URI]
    assert notes["token_endpoint_auth_method"] == "client_secret_basic"
    assert notes["client_secret_expires_at"] == 0

    shown = acme("application", "show", notes["client_id"], "--json")
    assert shown.json["oidc"]["client_id"] == notes["client_id"]
    assert "client_secret" not in shown.json["oidc"]
    assert notes["client_secret"] not in acme("audit", "list", "--json").out


def test_in_words_the_secret_is_printed_too(acme):
    made = acme("application", "create-oidc", "--site", "acme", "--name", "Notes", "--redirect-uri", REDIRECT_URI)

    assert "client_secret" in made.out
    assert "idp application grant" in made.out


def test_a_public_client_has_no_secret(acme):
    words = (
        "application",
        "create-oidc",
        "--site",
        "acme",
        "--name",
        "App",
        "--redirect-uri",
        REDIRECT_URI,
        "--public",
    )

    made = acme(*words, "--json").json

    assert made["token_endpoint_auth_method"] == "none"
    assert "client_secret" not in made
    assert acme(*words, "--auth-method", "client_secret_post").code == 2


def test_a_client_from_json_and_what_is_said_beside_it_wins(acme, here):
    asked = {
        "client_name": "Notes",
        "redirect_uris": [REDIRECT_URI],
        "grant_types": ["authorization_code", "refresh_token"],
    }
    (here / "client.json").write_text(json.dumps(asked))

    from_file = acme(
        "application", "create-oidc", "--site", "acme", "--from-json", "client.json", "--name", "Other", "--json"
    )
    from_stdin = acme(
        "application", "create-oidc", "--site", "acme", "--from-json", "-", "--json", stdin=json.dumps(asked)
    )

    assert from_file.json["client_name"] == "Other"
    assert from_file.json["grant_types"] == asked["grant_types"]
    assert from_stdin.code == 0, from_stdin.err


@pytest.mark.parametrize("text", ["", "{", "[]", "1", '{"client_name": "x", "redirect_uris": ["javascript:x"]}'])
def test_client_metadata_that_cannot_be_taken(acme, text):
    refused = acme("application", "create-oidc", "--site", "acme", "--from-json", "-", stdin=text)

    assert refused.code == 2
    assert acme("application", "list", "--json").json == []


def test_plain_http_on_loopback_needs_the_setting(acme, here):
    words = (
        "application",
        "create-oidc",
        "--site",
        "acme",
        "--name",
        "x",
        "--redirect-uri",
        "http://localhost:9000/cb",
    )

    assert acme(*words).code == 2
    with (here / "config.yaml").open("a") as file:
        file.write("development: {allow_http_loopback_applications: true}\n")
    assert acme(*words).code == 0


@pytest.mark.parametrize("reference", ["id", "entity_id"])
def test_a_service_provider_goes_by_our_id_or_its_entity_id(acme, wiki, reference):
    name = {"id": wiki["id"], "entity_id": ENTITY_ID}[reference]

    assert acme("application", "show", name, "--json").json["id"] == wiki["id"]
    assert "Wiki" in acme("application", "show", name).out


@pytest.mark.parametrize("reference", ["application_id", "client_id"])
def test_a_client_goes_by_our_id_or_its_client_id(acme, notes, reference):
    assert acme("application", "show", notes[reference], "--json").json["id"] == notes["application_id"]


def test_access_for_everyone_a_group_or_one_account(acme, notes):
    acme("group", "create", "Staff", "--organization", "acme")
    for who in (("--everyone",), ("--group", "Staff"), ("--account", "ann@acme.example")):
        assert acme("application", "grant", notes["client_id"], *who).code == 0
        assert acme("application", "grant", notes["client_id"], *who).code == 4

    kinds = {one["subject_kind"] for one in acme("application", "show", notes["client_id"], "--json").json["access"]}
    assert kinds == {"everyone", "group", "account"}


@pytest.mark.parametrize(
    "who", [(), ("--everyone", "--group", "Staff"), ("--group", "Staff", "--account", "ann@acme.example")]
)
def test_access_names_exactly_one(acme, notes, who):
    acme("group", "create", "Staff", "--organization", "acme")

    assert acme("application", "grant", notes["client_id"], *who).code == 2


def test_what_an_application_receives_is_narrowed(acme, notes):
    narrowed = acme("application", "release", notes["client_id"], "--attribute", "email", "--json").json

    assert narrowed["attributes"] == ["email"]
    assert acme("application", "release", notes["client_id"], "--nothing", "--json").json["attributes"] == []
    assert acme("application", "release", notes["client_id"], "--attribute", "shoe_size").code == 2
    assert acme("application", "release", notes["client_id"]).code == 2
    assert acme("application", "release", notes["client_id"], "--nothing", "--attribute", "email").code == 2


def test_disabled_enabled_deleted(acme, notes):
    app = notes["application_id"]

    assert acme("application", "disable", app).code == 0
    assert acme("application", "disable", app).code == 4
    assert acme("application", "enable", app).code == 0
    assert acme("application", "delete", app).code == 0
    assert acme("application", "show", app).code == 3
    assert acme("application", "list", "--json").json == []


def test_the_list_of_a_site(acme, wiki, notes):
    acme("site", "create", "acme-eu", "--organization", "acme", "--name", "Acme EU")

    assert {one["name"] for one in acme("application", "list", "--site", "acme", "--json").json} == {"Notes", "Wiki"}
    assert acme("application", "list", "--site", "acme-eu", "--json").json == []
    assert acme("application", "list", "--site", "nowhere").code == 3


@pytest.mark.parametrize(
    ("answer", "code"),
    [([REDIRECT_URI, "https://other.example/cb"], 0), (["https://other.example/cb"], 2), ({"not": "a list"}, 2)],
)
def test_the_list_of_a_sector_is_read_before_a_client_is_saved(acme, monkeypatch, answer, code):
    """OpenID Connect Dynamic Client Registration 1.0 section 5."""
    asked = []

    def fetch(address, **_):
        asked.append(address)
        return json.dumps(answer).encode()

    monkeypatch.setattr("idp.base.egress.fetch", fetch)
    metadata = {
        "client_name": "Notes",
        "redirect_uris": [REDIRECT_URI],
        "subject_type": "pairwise",
        "sector_identifier_uri": "https://sector.example/uris.json",
    }
    words = ("application", "create-oidc", "--site", "acme", "--from-json", "-", "--json")
    made = acme(*words, stdin=json.dumps(metadata))

    assert (made.code, asked) == (code, ["https://sector.example/uris.json"])
    assert acme("application", "list", "--json").out.count("Notes") == (code == 0)


DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.mark.parametrize(
    ("words", "grant_types", "response_types"),
    [
        (("--device",), [DEVICE_CODE], []),
        (("--device", "--scope", "openid offline_access"), ["refresh_token", DEVICE_CODE], []),
        (("--device", "--redirect-uri", REDIRECT_URI), ["authorization_code", DEVICE_CODE], ["code"]),
    ],
)
def test_a_client_for_devices(acme, words, grant_types, response_types):
    made = acme("application", "create-oidc", "--site", "acme", "--name", "Television", "--public", *words, "--json")

    assert made.code == 0, made.err
    assert made.json["grant_types"] == grant_types
    assert made.json["response_types"] == response_types


def test_a_client_for_devices_from_json(acme):
    asked = json.dumps({"client_name": "Both", "redirect_uris": [REDIRECT_URI], "grant_types": ["authorization_code"]})
    made = acme("application", "create-oidc", "--site", "acme", "--from-json", "-", "--device", "--json", stdin=asked)

    assert made.code == 0, made.err
    assert made.json["grant_types"] == ["authorization_code", DEVICE_CODE]


def test_without_redirect_uri_and_device_it_says_what_is_missing(acme):
    refused = acme("application", "create-oidc", "--site", "acme", "--name", "Television")

    assert refused.code == 2
    assert "--device" in refused.err


def test_setting_a_site_lists_which_applications_are_weakened(acme):
    made = ("application", "create-oidc", "--site", "acme", "--redirect-uri", "https://n.example/cb")
    assert acme(*made, "--name", "Notes").code == 0
    assert acme(*made, "--name", "Public", "--public").code == 0

    told = acme("site", "set", "acme", "--pkce-for-public-clients-only", "--client-registration", "open")
    assert "pkce_for_public_clients_only is looser now: weakens 1: Notes" in told.out
    assert "client_registration is looser now: weakens none that is there" in told.out
    again = acme("site", "set", "acme", "--pkce-for-public-clients-only", "--json").json
    assert again["weakened"] == {}
    acme("site", "set", "acme", "--pkce-for-every-client")
    once_more = acme("site", "set", "acme", "--pkce-for-public-clients-only", "--json").json
    assert once_more["weakened"] == {"pkce_for_public_clients_only": {"count": 1, "applications": ["Notes"]}}
