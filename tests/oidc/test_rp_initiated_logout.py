"""OpenID Connect RP-Initiated Logout 1.0 (O31)."""

from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
import sqlalchemy as sa
from lxml import html

from idp.keyring import keyring
from idp.keyring.keyring import GONE, RETIRED, TOKEN_SIGNING
from idp.keyring.models import SigningKey
from idp.oidc import jose
from idp.oidc.jose import Typ
from tests.oidc.support import BEN, BOTH_STEPS, ISSUER, Place, claims, header

BYE = "https://rp.example/bye"
PATH = "/sites/acme/oauth2/logout"


@pytest.fixture
def client(place):
    return place.register(post_logout_redirect_uris=[BYE, "https://rp.example/bye?lang=de"])


@pytest.fixture
def hint(place, client, browser):
    return place.tokens(browser, client)["id_token"]


def signed_in(place: Place, browser, client) -> bool:
    return "code=" in place.authorize(browser, client, prompt="none").headers["Location"]


def leave(browser, **sent):
    return browser.get(PATH, query_string=sent)


def is_question(response) -> bool:
    return response.status_code == 200 and "Sign out?" in response.text


def confirm(browser, question, **changes):
    form = html.fromstring(question.text).xpath("//main//form")[0]
    values = {i.get("name"): i.get("value") for i in form.xpath(".//input")} | changes
    return browser.post(form.get("action"), data=values)


def test_an_id_token_of_this_session_ends_it_at_once(place, client, browser, hint):
    answer = leave(browser, id_token_hint=hint, post_logout_redirect_uri=BYE, state="a b")

    assert answer.status_code == 303
    assert answer.headers["Location"] == BYE + "?state=a%20b"
    assert not signed_in(place, browser, client)
    assert place.audited("session.ended")
    assert [a.outcome for a in place.attempts() if a.kind == "oidc.logout"] == ["succeeded"]


def test_it_may_be_posted(place, client, browser, hint):
    answer = browser.post(PATH, data={"id_token_hint": hint, "post_logout_redirect_uri": BYE})

    assert answer.headers["Location"] == BYE


def test_a_post_from_another_site_is_sent_on_to_where_the_cookies_are(place, client, browser, hint):
    bounced = place.app.test_client().post(PATH, data={"id_token_hint": hint, "post_logout_redirect_uri": BYE})

    assert bounced.headers["Location"].startswith(PATH + "?id_token_hint=")
    assert browser.get(bounced.headers["Location"]).headers["Location"] == BYE


def test_an_old_id_token_will_do(place, client, browser, hint):
    place.later(minutes=50)

    assert leave(browser, id_token_hint=hint, post_logout_redirect_uri=BYE).headers["Location"] == BYE
    assert not signed_in(place, browser, client)


def test_without_an_address_our_own_page_says_so(place, client, browser, hint):
    answer = leave(browser, id_token_hint=hint)

    assert answer.headers["Location"] == "/signout/done"
    assert not signed_in(place, browser, client)


def test_the_tokens_of_the_session_die_with_it(place, client, browser):
    tokens = place.tokens(browser, client)
    leave(browser, id_token_hint=tokens["id_token"], post_logout_redirect_uri=BYE)

    assert place.userinfo(tokens["access_token"]).status_code == 401
    assert place.refresh(client, tokens["refresh_token"]).json["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "sent",
    [{}, {"client_id": True}, {"client_id": True, "post_logout_redirect_uri": BYE, "state": "x"}],
    ids=["nothing", "client", "client and address"],
)
def test_o31_without_proof_the_person_is_asked(place, client, browser, sent):
    """A page of a stranger could lead here: nobody is signed out by a link."""
    if "client_id" in sent:
        sent = sent | {"client_id": client.client_id}
    question = leave(browser, **sent)

    assert is_question(question)
    assert signed_in(place, browser, client)


def test_o31_saying_yes_ends_it(place, client, browser):
    question = leave(browser, client_id=client.client_id, post_logout_redirect_uri=BYE, state="x")
    assert "https://rp.example" in question.headers["Content-Security-Policy"]

    answer = confirm(browser, question)

    assert answer.headers["Location"] == BYE + "?state=x"
    assert not signed_in(place, browser, client)


@pytest.mark.parametrize("change", [{"csrf_token": ""}, {"csrf_token": "0" * 64}])
def test_o31_nobody_says_yes_for_the_person(place, client, browser, change):
    question = leave(browser, client_id=client.client_id)

    assert confirm(browser, question, **change).status_code == 403
    assert signed_in(place, browser, client)


def test_o31_the_address_is_checked_again_when_the_person_says_yes(place, client, browser):
    question = leave(browser, client_id=client.client_id, post_logout_redirect_uri=BYE)

    refused = confirm(browser, question, post_logout_redirect_uri="https://evil.example/")

    assert refused.status_code == 400
    assert signed_in(place, browser, client)


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        BYE + "/",
        BYE + "?x=1",
        BYE.upper(),
        BYE + "#x",
        "javascript:alert(1)",
        "//rp.example/bye",
        "https://rp.example/callback",
        "data:text/html,x",
    ],
)
def test_o31_only_a_registered_address_of_this_client(place, client, browser, hint, address):
    for sent in ({"id_token_hint": hint}, {"client_id": client.client_id}):
        refused = leave(browser, post_logout_redirect_uri=address, **sent)
        assert refused.status_code == 400
        assert "Location" not in refused.headers
        assert signed_in(place, browser, client)


def test_o31_another_clients_address_is_not_this_ones(place, browser, hint):
    place.register(client_name="Other", post_logout_redirect_uris=["https://other.example/bye"])

    assert leave(browser, id_token_hint=hint, post_logout_redirect_uri="https://other.example/bye").status_code == 400


def test_o31_an_address_without_a_client_is_nobodys(place, client, browser):
    assert leave(browser, post_logout_redirect_uri=BYE).status_code == 400


@pytest.mark.parametrize(
    "made",
    [
        lambda p, b, c, h: h[:-1],
        lambda p, b, c, h: "x",
        lambda p, b, c, h: p.tokens(b, c)["access_token"],
        lambda p, b, c, h: h.rpartition(".")[0] + ".",
    ],
    ids=["cut", "x", "access token", "unsigned"],
)
def test_o31_a_hint_that_is_none_ends_nothing(place, client, browser, hint, made):
    refused = leave(browser, id_token_hint=made(place, browser, client, hint), post_logout_redirect_uri=BYE)

    assert refused.status_code == 400
    assert signed_in(place, browser, client)


def test_o31_a_hint_of_another_client_than_stated_ends_nothing(place, client, browser, hint):
    other = place.register(client_name="Other")

    assert leave(browser, id_token_hint=hint, client_id=other.client_id).status_code == 400


def test_o31_a_hint_of_another_session_makes_us_ask(place, client, browser, hint):
    """A stolen ID token ends nobody else's session."""
    ben = place.browser(BEN)

    assert is_question(leave(ben, id_token_hint=hint, post_logout_redirect_uri=BYE))
    assert signed_in(place, ben, client)
    assert signed_in(place, browser, client)


def test_o31_another_sites_hint_is_none_here(place, client, browser, hint):
    refused = browser.get("/sites/acme-eu/oauth2/logout", query_string={"id_token_hint": hint})

    assert refused.status_code == 400


def test_whoever_is_not_signed_in_goes_on(place, client, hint):
    bare = place.app.test_client()

    assert (
        leave(bare, id_token_hint=hint, post_logout_redirect_uri=BYE, state="s").headers["Location"] == BYE + "?state=s"
    )
    assert leave(bare).headers["Location"] == "/signout/done"


def test_an_address_with_a_query_keeps_it(place, client, browser, hint):
    answer = leave(browser, id_token_hint=hint, post_logout_redirect_uri="https://rp.example/bye?lang=de", state="s")

    assert parse_qs(urlsplit(answer.headers["Location"]).query) == {"lang": ["de"], "state": ["s"]}


def test_a_repeated_parameter_is_refused(place, client, browser, hint):
    refused = browser.get(
        f"{PATH}?id_token_hint={hint}&post_logout_redirect_uri={BYE}&post_logout_redirect_uri=https://evil.example"
    )

    assert refused.status_code == 400
    assert signed_in(place, browser, client)
    assert claims(hint)["sid"] == place.session.id


def test_o31_an_unknown_client_is_none(place, browser):
    assert leave(browser, client_id="cli_nobody").status_code == 400


def test_t1_another_organizations_session_is_none_of_ours(place, client, browser):
    from idp.directory import organizations, sites

    with place.work() as work:
        organizations.create(work, "other", name="Other")
        sites.create(work, "other", organization="other", name="Other")

    answer = browser.get("/sites/other/oauth2/logout")

    assert answer.headers["Location"] == "/signout/done"
    assert signed_in(place, browser, client)


# The Foundation's plan oidcc-rp-initiated-logout, module by module


def test_module_discovery_endpoint_verification(place):
    said = place.app.test_client().get("/sites/acme/.well-known/openid-configuration").json

    assert said["end_session_endpoint"] == f"{ISSUER}/oauth2/logout"


def test_module_rp_initiated_logout(place, client, browser, hint):
    """Logged out, back with the state, and nobody is signed in any more."""
    answer = leave(browser, id_token_hint=hint, post_logout_redirect_uri=BYE, state="S-1_a.b~c")

    assert parse_qs(urlsplit(answer.headers["Location"]).query) == {"state": ["S-1_a.b~c"]}, "and nothing else"
    assert "error=login_required" in place.authorize(browser, client, prompt="none").headers["Location"]


def test_module_bad_post_logout_redirect_uri(place, client, browser, hint):
    shown = leave(browser, id_token_hint=hint, post_logout_redirect_uri="https://rp.example/no-bye", state="s")

    assert shown.status_code == 400
    assert "an address that it has not registered" in shown.text
    assert signed_in(place, browser, client)


def test_module_query_added_to_post_logout_redirect_uri(place, client, browser, hint):
    shown = leave(browser, id_token_hint=hint, post_logout_redirect_uri=f"{BYE}?foo=bar", state="s")

    assert shown.status_code == 400
    assert signed_in(place, browser, client)


def changed(token: str, **claims_) -> str:
    head, _, signature = token.split(".")
    return ".".join([head, jose._encoded(orjson.dumps(claims(token) | claims_)).decode(), signature])


@pytest.mark.parametrize("change", [{"sub": "x"}, {"sid": "x"}, {"aud": "x"}, {"exp": 1}, {"iss": "https://x.example"}])
def test_module_modified_id_token_hint(place, client, browser, hint, change):
    shown = leave(browser, id_token_hint=changed(hint, **change), post_logout_redirect_uri=BYE, state="s")

    assert shown.status_code == 400
    assert "cannot be trusted" in shown.text
    assert signed_in(place, browser, client)


@pytest.mark.parametrize("with_key", [True, False])
def test_module_bad_id_token_hint(place, client, browser, hint, with_key):
    """Unsigned: alg "none"."""
    head = {"alg": "none", "typ": "JWT"} | ({"kid": header(hint)["kid"]} if with_key else {})
    unsigned = jose._encoded(orjson.dumps(head)).decode() + "." + hint.split(".")[1] + "."

    shown = leave(browser, id_token_hint=unsigned, post_logout_redirect_uri=BYE, state="s")

    assert shown.status_code == 400
    assert signed_in(place, browser, client)


def test_module_no_id_token_hint(place, client, browser):
    """No redirect: an error, or a question."""
    shown = leave(browser, post_logout_redirect_uri=BYE, state="s")

    assert "Location" not in shown.headers
    assert signed_in(place, browser, client)


@pytest.mark.parametrize("sent", [{}, {"state": "s"}], ids=["no params", "only state"])
def test_module_no_params_and_only_state(place, client, browser, sent):
    """The person is asked, signed out, and stays here."""
    question = leave(browser, **sent)
    assert is_question(question)

    done = browser.get(confirm(browser, question).headers["Location"])

    assert "signed out" in done.text
    assert "error=login_required" in place.authorize(browser, client, prompt="none").headers["Location"]


def test_module_no_post_logout_redirect_uri(place, client, browser, hint):
    answer = leave(browser, id_token_hint=hint, state="s")

    assert answer.headers["Location"] == "/signout/done"
    assert "signed out" in browser.get("/signout/done").text


def test_module_no_state(place, client, browser, hint):
    assert leave(browser, id_token_hint=hint, post_logout_redirect_uri=BYE).headers["Location"] == BYE


# Clause by clause (section 2)


@pytest.mark.parametrize(
    "more", [{"logout_hint": "ben@acme.example"}, {"ui_locales": "de fr"}, {"unknown": "x"}], ids=str
)
def test_what_decides_nothing_changes_nothing(place, client, browser, hint, more):
    """``logout_hint`` and ``ui_locales``: neither ends what a hint does not, nor keeps what it ends."""
    assert is_question(leave(browser, client_id=client.client_id, **more))
    answer = leave(browser, id_token_hint=hint, post_logout_redirect_uri=BYE, **more)

    assert answer.headers["Location"] == BYE
    assert not signed_in(place, browser, client)


def test_client_id_beside_the_hint_is_the_hints(place, client, browser, hint):
    answer = leave(browser, id_token_hint=hint, client_id=client.client_id, post_logout_redirect_uri=BYE)

    assert answer.headers["Location"] == BYE


def test_a_hint_of_the_session_before_makes_us_ask(place, client, browser, hint):
    """The same person, signed in again in another session."""
    again = place.browser(methods=BOTH_STEPS)

    assert is_question(leave(again, id_token_hint=hint, post_logout_redirect_uri=BYE))
    assert signed_in(place, again, client)


def in_state(place: Place, hint: str, state: str) -> None:
    with place.work() as work:
        work.tx.session.execute(sa.update(SigningKey).where(SigningKey.id == header(hint)["kid"]).values(state=state))
        work.tx.after_commit(work.tx.memory.forget)


@pytest.mark.parametrize("state", [RETIRED, GONE])
def test_a_hint_by_a_key_of_former_days_proves_as_before(place, client, browser, hint, state):
    """A session may outlive the key that signed its ID token (see `hints`)."""
    in_state(place, hint, state)

    answer = leave(browser, id_token_hint=hint, post_logout_redirect_uri=BYE, state="s")

    assert answer.headers["Location"] == f"{BYE}?state=s"


def test_o31_a_key_that_never_was_proves_nothing(place, client, browser, hint):
    with place.work() as work:
        provider = place.provider(work)
        key = keyring.active(work, provider.organization_id, provider.site_id, TOKEN_SIGNING, "RSA-2048")
    payload, signature = jose.sign(claims(hint), key, Typ.ID_TOKEN).split(".")[1:]
    made_up = jose._encoded(orjson.dumps({"alg": "RS256", "kid": "key_nobody", "typ": "JWT"})).decode()

    shown = leave(browser, id_token_hint=f"{made_up}.{payload}.{signature}")

    assert shown.status_code == 400
    assert signed_in(place, browser, client)


def test_a_disabled_application_may_still_sign_its_person_out(place, client, browser, hint):
    from idp.directory import applications

    with place.work() as work:
        applications.disable(work, client.application_id)

    assert leave(browser, id_token_hint=hint, post_logout_redirect_uri=BYE).headers["Location"] == BYE


def test_the_session_management_cookie_goes_with_it(place, client, browser, hint):
    answer = leave(browser, id_token_hint=hint, post_logout_redirect_uri=BYE)

    assert any(line.startswith("ostiary_state=;") for line in answer.headers.getlist("Set-Cookie"))
