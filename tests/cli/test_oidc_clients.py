"""`idp application oidc …` and `idp site registration-token …`: changing clients, and letting them register."""

import json

import pytest

REDIRECT_URI = "https://notes.example/callback"


@pytest.fixture
def notes(acme):
    """A registered client, as JSON."""
    made = acme(
        "application", "create-oidc", "--site", "acme", "--name", "Notes", "--redirect-uri", REDIRECT_URI, "--json"
    )
    assert made.code == 0, made.err
    return made.json


@pytest.fixture
def change(acme, notes):
    """Return what changes that client; the result is JSON unless the command fails."""

    def call(*words, stdin=""):
        return acme("application", "oidc", "set", notes["client_id"], *words, stdin=stdin)

    return call


@pytest.fixture
def shown(acme, notes):
    return lambda: acme("application", "oidc", "show", notes["application_id"], "--json").json


def test_what_is_not_named_stays(change, shown):
    before = shown()

    told = change("--name", "Better Notes", "--add-redirect-uri", "https://notes.example/other")

    assert told.code == 0, told.err
    assert told.out.startswith(
        "changed Better Notes\n"
        f"  client_name: Notes → Better Notes\n"
        f"  redirect_uris: {REDIRECT_URI} → {REDIRECT_URI}, https://notes.example/other\n"
        "  serious  access-nobody: "
    )
    after = shown()
    assert after.pop("client_name") == "Better Notes"
    assert after.pop("redirect_uris") == [REDIRECT_URI, "https://notes.example/other"]
    assert after.pop("version") == before.pop("version") + 1
    assert after == {name: value for name, value in before.items() if name not in ("client_name", "redirect_uris")}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--add-redirect-uri", "https://n.example/b", "--remove-redirect-uri", REDIRECT_URI), {"redirect_uris": ["https://n.example/b"]}),
        (("--add-redirect-uri", REDIRECT_URI), {"redirect_uris": [REDIRECT_URI]}),
        (("--add-post-logout-redirect-uri", "https://n.example/bye"), {"post_logout_redirect_uris": ["https://n.example/bye"]}),
        (("--grant-type", "authorization_code", "--grant-type", "refresh_token"), {"grant_types": ["authorization_code", "refresh_token"]}),
        (("--response-type", "code"), {"response_types": ["code"]}),
        (("--scope", "openid email"), {"scope": "openid email"}),
        (("--auth-method", "none"), {"token_endpoint_auth_method": "none", "pkce_required": True}),
        (("--id-token-alg", "ES256"), {"id_token_signed_response_alg": "ES256"}),
        (("--access-token-alg", "RS256"), {"access_token_signed_response_alg": "RS256"}),
        (("--backchannel-logout-uri", "https://n.example/out"), {"backchannel_logout_uri": "https://n.example/out"}),
        (("--policy-uri", "https://n.example/p", "--tos-uri", "https://n.example/t"), {"policy_uri": "https://n.example/p"}),
        (("--no-pkce",), {"pkce_required": False}),
        (("--first-party",), {"first_party": True}),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, tuple) else "",
)  # fmt: skip
def test_every_option_changes_its_field(change, shown, words, expected):
    told = change(*words)

    assert told.code == 0, told.err
    assert {name: shown()[name] for name in expected} == expected


def test_what_is_weak_in_it_is_said_when_it_is_saved(change, notes):
    told = change("--backchannel-logout-uri", "https://notes.example/out")

    assert "  serious  access-nobody: " in told.out
    assert " logout-address-missing: " not in told.out
    assert f"idp application oidc check {notes['application_id']}" in told.out
    kinds = {one["kind"] for one in change("--name", "Better Notes", "--json").json["findings"]}
    assert "access-nobody" in kinds


def test_an_empty_text_takes_a_field_away(change, shown):
    change("--policy-uri", "https://n.example/p")
    change("--policy-uri", "")

    assert "policy_uri" not in shown()


def test_json_names_any_field_and_null_takes_one_away(change, shown):
    assert change("--from-json", "-", stdin='{"default_max_age": 60, "contacts": ["ann@n.example"]}').code == 0
    assert (shown()["default_max_age"], shown()["contacts"]) == (60, ["ann@n.example"])

    assert change("--from-json", "-", stdin='{"default_max_age": null}').code == 0
    assert "default_max_age" not in shown()
    assert shown()["contacts"] == ["ann@n.example"]


def test_what_show_prints_can_be_handed_back(change, shown):
    told = change("--from-json", "-", stdin=json.dumps(shown()))

    assert (told.code, told.out) == (0, "nothing changed: Notes is so already\n"), told.err


@pytest.mark.parametrize(
    ("words", "stdin", "code"),
    [
        (("--add-redirect-uri", "http://n.example/cb"), "", 2),
        (("--add-redirect-uri", "javascript:alert(1)"), "", 2),
        (("--remove-redirect-uri", "https://n.example/none"), "", 2),
        (("--remove-redirect-uri", REDIRECT_URI), "", 2),
        (("--auth-method", "client_secret_jwt"), "", 2),
        (("--auth-method", "private_key_jwt"), "", 2),
        (("--response-type", "token"), "", 2),
        (("--grant-type", "password"), "", 2),
        (("--from-json", "-"), "[]", 2),
        (("--from-json", "-"), "{", 2),
        (("--from-json", "-"), '{"client_secret": "mine"}', 2),
        (("--from-json", "-", "--name", "X"), '{"client_name": "Y"}', 2),
        (("--name", "X", "--if-version", "99"), "", 4),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_and_changes_nothing(change, shown, words, stdin, code):
    before = shown()

    told = change(*words, stdin=stdin)

    assert told.code == code, told.out
    assert told.err
    assert shown() == before


def test_a_dry_run_says_what_would_change_and_changes_nothing(change, shown):
    before = shown()

    told = change("--name", "Better Notes", "--auth-method", "none", "--dry-run")

    assert told.code == 0
    assert told.out.startswith("This would change:\n  client_name: Notes → Better Notes\n")
    assert shown() == before


def test_another_method_shows_the_new_secret_once(change, acme, notes):
    assert "client_secret" not in change("--auth-method", "none", "--json").json
    told = change("--auth-method", "client_secret_post", "--json").json

    assert told["client_secret"].startswith("cls_")
    assert told["client_secret"] != notes["client_secret"]
    assert told["client_secret"] not in acme("application", "oidc", "show", notes["client_id"], "--json").out


def test_the_list_of_a_sector_is_read_before_it_is_saved(change, shown, monkeypatch):
    called = []
    monkeypatch.setattr(
        "idp.base.egress.fetch", lambda url, **_: called.append(url) or json.dumps([REDIRECT_URI]).encode()
    )
    wanted = {"subject_type": "pairwise", "sector_identifier_uri": "https://sector.example/uris.json"}

    told = change("--from-json", "-", stdin=json.dumps(wanted))

    assert told.code == 0, told.err
    assert called == ["https://sector.example/uris.json"]
    assert shown()["subject_type"] == "pairwise"
    assert change("--add-redirect-uri", "https://evil.example/cb").code == 2
    assert len(called) == 2


def test_a_legacy_response_type_comes_with_a_plain_warning(change, shown, monkeypatch):
    from idp.oidc import metadata

    monkeypatch.setattr(metadata, "RESPONSE_TYPES", ("code", *metadata.LEGACY_RESPONSE_TYPES))
    monkeypatch.setattr(metadata, "GRANT_TYPES", tuple(dict.fromkeys((*metadata.GRANT_TYPES, "implicit"))))

    told = change("--response-type", "code", "--response-type", "code id_token")

    assert told.code == 0, told.err
    assert "Warning: code id_token is legacy." in told.out
    assert "RFC 9700" in told.out
    assert "implicit" in shown()["grant_types"]


def test_show_says_it_in_words(acme, notes):
    told = acme("application", "oidc", "show", notes["client_id"])

    assert told.code == 0
    assert told.out.startswith("Notes\n")
    for part in (notes["client_id"], REDIRECT_URI, "client_secret_basic", "pkce_required"):
        assert part in told.out
    assert "cls_" not in told.out


def test_a_secret_is_rotated_and_shown_once(acme, notes):
    told = acme("application", "oidc", "rotate-secret", notes["client_id"], "--json").json

    assert told["client_secret"].startswith("cls_")
    assert told["client_secret"] != notes["client_secret"]
    assert "shown this once" in acme("application", "oidc", "rotate-secret", notes["client_id"]).out
    acme("application", "oidc", "set", notes["client_id"], "--auth-method", "none")
    assert acme("application", "oidc", "rotate-secret", notes["client_id"]).code == 2


@pytest.mark.parametrize("command", [("show",), ("set", "--name", "X"), ("rotate-secret",)], ids=lambda words: words[0])
def test_what_is_no_client_is_not_found(acme, command):
    name, *words = command

    assert acme("application", "oidc", name, "cli_none", *words).code == 3


# Registration


def test_a_site_says_who_may_register(acme, at_the_door):
    shown = acme(
        "site", "set", "acme", "--client-registration", "open", "--registered-clients-open-to", "everyone",
        "--registered-clients-legacy", "--json",
    ).json  # fmt: skip

    assert shown["client_registration"] == "open"
    assert shown["registered_clients_open_to"] == "everyone"
    assert shown["registered_clients_may_be_legacy"] is True
    back = acme(
        "site", "set", "acme", "--client-registration", "off", "--registered-clients-open-to", "nobody",
        "--no-registered-clients-legacy", "--json",
    ).json  # fmt: skip
    assert (back["client_registration"], back["registered_clients_open_to"]) == ("off", "nobody")
    assert back["registered_clients_may_be_legacy"] is False
    assert acme("site", "set", "acme", "--client-registration", "maybe").code == 2


def test_a_token_is_made_listed_and_revoked(acme):
    made = acme("site", "registration-token", "create", "acme", "--name", "Build server", "--uses", "3", "--json").json
    assert made["token"].startswith("rgt_")
    assert made["uses_left"] == 3

    listed = acme("site", "registration-token", "list", "acme")
    assert f"{made['id']}  Build server  3 left" in listed.out
    assert made["token"] not in acme("site", "registration-token", "list", "acme", "--json").out

    assert acme("site", "registration-token", "revoke", "acme", made["id"]).code == 0
    assert "(revoked)" in acme("site", "registration-token", "list", "acme").out
    assert acme("site", "registration-token", "revoke", "acme", made["id"]).code == 4


def test_a_token_says_what_it_is_good_for(acme):
    assert "There is no registration token yet." in acme("site", "registration-token", "list", "acme").out
    one = acme("site", "registration-token", "create", "acme", "--name", "Once").out
    any_ = acme("site", "registration-token", "create", "acme", "--name", "Fleet", "--any-number", "--days", "30").out

    assert "good for one registration, until " in one
    assert "cannot be shown again" in one
    assert "good for any number of registrations" in any_
    assert "any number left" in acme("site", "registration-token", "list", "acme").out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("create", "acme", "--name", "x", "--uses", "0"), 2),
        (("create", "acme", "--name", "x", "--days", "366"), 2),
        (("create", "acme", "--name", "x", "--days", "0"), 2),
        (("create", "acme"), 2),
        (("create", "nowhere", "--name", "x"), 3),
        (("list", "nowhere"), 3),
        (("revoke", "acme", "rgt_none"), 3),
    ],
    ids=str,
)
def test_what_makes_no_token_is_refused(acme, words, code):
    assert acme("site", "registration-token", *words).code == code


def test_the_whole_road_from_a_token_to_an_administrators_hand(acme, at_the_door):
    acme("site", "set", "acme", "--client-registration", "token")
    token = acme("site", "registration-token", "create", "acme", "--name", "Build", "--json").json["token"]
    made = at_the_door.client.post(
        "/sites/acme/oauth2/register",
        json={"redirect_uris": [REDIRECT_URI], "client_name": "Robot"},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert made.status_code == 201, made.text

    shown = acme("application", "oidc", "show", made.json["client_id"], "--json").json
    assert shown["self_registered"] is True
    assert "registered the OpenID Connect client" in acme("audit", "list").out
    told = acme("application", "oidc", "set", made.json["client_id"], "--name", "Our robot")
    assert "It had registered itself; from now on only administrators change it." in told.out
    assert acme("application", "oidc", "show", made.json["client_id"], "--json").json["self_registered"] is False
