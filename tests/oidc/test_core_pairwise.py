"""OpenID Connect Core section 8, Dynamic Client Registration 1.0 section 5: pairwise subjects and their sectors."""

import json

import pytest

from idp.base.errors import Invalid, Unavailable
from idp.oidc import clients, logout_tokens, sectors, subjects
from idp.oidc.models import OidcSubject
from idp.signon.models import Participant
from idp.signon.teller import Told
from tests.oidc.support import ANN, BASE_URL, BEN, CALLBACK, answered, claims

TWO = ["https://rp.example/callback", "https://other.example/callback"]
SECTOR_URI = "https://sector.example/uris.json"


def pairwise(place, *, host: str = "rp.example", **changes):
    asked = {"subject_type": "pairwise", "redirect_uris": [f"https://{host}/callback"], "client_name": host}
    return place.register(**(asked | changes))


def tokens(place, client, browser=None, **changes):
    address = client.registration["redirect_uris"][0]
    browser = browser or place.browser()
    code = place.code(browser, client, redirect_uri=address, **changes)
    return place.redeem(client, code, redirect_uri=address).json


def sub(place, client, browser=None) -> str:
    return claims(tokens(place, client, browser)["id_token"])["sub"]


def test_clients_of_two_sectors_know_a_person_by_two_subjects(place):
    one, other = pairwise(place), pairwise(place, host="other.example")
    public = place.register()

    assert len({sub(place, one), sub(place, other), sub(place, public)}) == 3


def test_clients_of_one_sector_know_a_person_by_one(place):
    one = pairwise(place)
    second = pairwise(place, redirect_uris=["https://rp.example:8443/other"])

    assert sub(place, one) == sub(place, second)


def test_it_stays_the_same_and_is_nobody_elses(place):
    client = pairwise(place)
    before = sub(place, client)
    place.later(days=1)

    assert sub(place, client) == before
    assert sub(place, client, place.browser(BEN)) != before


def test_it_is_random(place):
    """Nothing that anybody knows leads to it: not even the same account and sector in another database."""
    client = pairwise(place)
    with place.work() as work:
        account = place.account(work)
        made = subjects.subject_of(work, account.organization_id, account.id, "rp.example")
        work.tx.session.query(OidcSubject).delete()
        again = subjects.subject_of(work, account.organization_id, account.id, "rp.example")

    assert made != again == sub(place, client)
    assert account.id[4:] not in made


@pytest.mark.parametrize("host", ["rp.example", None])
def test_every_token_and_answer_speaks_of_the_same_subject(place, host):
    client = pairwise(place) if host else place.register()
    found = tokens(place, client)
    expected = claims(found["id_token"])["sub"]

    assert claims(found["access_token"])["sub"] == expected
    assert place.userinfo(found["access_token"]).json["sub"] == expected
    assert place.introspect(client, found["access_token"])["sub"] == expected
    assert place.introspect(client, found["refresh_token"])["sub"] == expected
    renewed = place.refresh(client, found["refresh_token"]).json
    assert claims(renewed["id_token"])["sub"] == expected


def test_nothing_else_in_the_tokens_links_two_clients_of_one_session(place):
    """The session has a name of its own in every sector, too; the rest is about the sign-on, not the person."""
    browser = place.browser()
    said = [
        claims(tokens(place, client, browser, scope="openid")["id_token"])
        for client in (pairwise(place), pairwise(place, host="other.example"), place.register())
    ]

    for name in ("sub", "sid"):
        assert len({one[name] for one in said}) == 3, name


def test_a_logout_token_names_person_and_session_as_the_id_token_did(place):
    """OpenID Connect Back-Channel Logout 1.0 section 2.4."""
    client = pairwise(place, backchannel_logout_uri="https://rp.example/out")
    browser = place.browser()
    id_token = claims(tokens(place, client, browser)["id_token"])
    with place.work() as work:
        [participant] = work.tx.session.query(Participant).all()
        told = Told(
            organization_id=participant.organization_id,
            application_id=client.application_id,
            session_id=participant.session_id,
            account_id=place.account(work).id,
            subject=participant.subject,
            message_id="msg_x",
        )
        letter = logout_tokens.tellers(BASE_URL)["oidc"].letter(work, told)
    said = claims(letter.seal(letter.body, None).decode().partition("=")[2])

    assert {name: said[name] for name in ("sub", "sid", "aud")} == {
        name: id_token[name] for name in ("sub", "sid", "aud")
    }


def test_a_client_with_pairwise_subjects_can_end_the_session_by_its_id_token(place):
    """RP-Initiated Logout 1.0 section 2: nobody is asked, because the hint is of this very session."""
    client = pairwise(place, post_logout_redirect_uris=["https://rp.example/bye"])
    browser = place.browser()
    hint = tokens(place, client, browser)["id_token"]
    sent = {"id_token_hint": hint, "post_logout_redirect_uri": "https://rp.example/bye"}

    left = browser.get("/sites/acme/oauth2/logout", query_string=sent)

    assert (left.status_code, left.headers["Location"]) == (303, "https://rp.example/bye")


# Hints


def wish(subject: str) -> str:
    return json.dumps({"id_token": {"sub": {"value": subject}}})


@pytest.mark.parametrize("email", [ANN, BEN])
def test_a_hint_names_the_person_that_the_client_knows_by_it(place, email):
    client = pairwise(place)
    hint = tokens(place, client, place.browser(email))["id_token"]
    mine = {ANN: "code", BEN: "error"}[email]
    for asked in ({"id_token_hint": hint}, {"claims": wish(claims(hint)["sub"])}):
        assert mine in answered(place.authorize(place.browser(ANN), client, prompt="none", **asked))


def test_the_subject_of_another_sector_is_nobodys(place):
    """Else a client could ask whether two subjects are one person."""
    client, other = pairwise(place), pairwise(place, host="other.example")
    foreign = [sub(place, other), sub(place, place.register())]
    sub(place, client)

    for subject in foreign:
        found = answered(place.authorize(place.browser(), client, prompt="none", claims=wish(subject)))
        assert found["error"] == "login_required"
    assert "code" in answered(place.authorize(place.browser(), client, prompt="none", claims=wish(sub(place, client))))


# Sectors


def refused(place, **changes) -> Invalid:
    with pytest.raises(Invalid) as caught:
        pairwise(place, **changes)
    return caught.value


def test_redirect_uris_of_several_hosts_need_a_sector_that_says_so(place):
    assert refused(place, redirect_uris=TWO).field == "sector_identifier_uri"

    listed = pairwise(
        place, redirect_uris=TWO, sector_identifier_uri=SECTOR_URI, sector_uris=(*TWO, "https://x.example/")
    )
    alone = pairwise(place, host="sector.example")
    assert sub(place, listed) == sub(place, alone), "the sector is the host of its address"


@pytest.mark.parametrize("found", [(), tuple(TWO[:1]), ("https://rp.example/callback/", TWO[1]), None])
@pytest.mark.parametrize("subject_type", ["pairwise", "public"])
def test_every_redirect_uri_must_be_in_the_list(place, found, subject_type):
    """A list that somebody names is held to, whatever the subjects: Registration 1.0 section 5."""
    asked = {"redirect_uris": TWO, "sector_identifier_uri": SECTOR_URI, "subject_type": subject_type}

    assert refused(place, **asked, sector_uris=found).field == "sector_identifier_uri"


@pytest.mark.parametrize(
    "address", ["http://sector.example/", "https://sector.example/#x", "javascript:x", "sector.example", ["x"], 7]
)
def test_the_address_of_a_list_is_an_https_one(place, address):
    assert refused(place, sector_identifier_uri=address, sector_uris=(CALLBACK,)).field == "sector_identifier_uri"
    with pytest.raises(Invalid):
        sectors.listed({"sector_identifier_uri": address}, lambda _: b"[]", allow_http_loopback=False)


@pytest.mark.parametrize(
    "answer",
    [b"", b"{", b"{}", b'"https://rp.example/callback"', b"[1]", b"[[]]", b"null", json.dumps(["x"] * 1001).encode()],
)
def test_what_is_no_list_is_refused(answer):
    with pytest.raises(Invalid) as caught:
        sectors.listed({"sector_identifier_uri": SECTOR_URI}, lambda _: answer, allow_http_loopback=False)
    assert caught.value.field == "sector_identifier_uri"


def test_an_address_that_does_not_answer_is_refused_with_its_cause_for_the_administrator():
    def get(address: str) -> bytes:
        raise Unavailable("no", cause="10.0.0.1 is not a public address")

    with pytest.raises(Invalid) as caught:
        sectors.listed({"sector_identifier_uri": SECTOR_URI}, get, allow_http_loopback=False)
    assert "10.0.0.1" not in caught.value.message
    assert "10.0.0.1" in caught.value.cause


def test_without_an_address_nothing_is_fetched():
    assert (
        sectors.listed({"subject_type": "pairwise"}, lambda _: pytest.fail("called"), allow_http_loopback=False) is None
    )


@pytest.mark.parametrize(
    "asked",
    [
        {"redirect_uris": ["com.example.app:/cb"]},
        {"redirect_uris": ["http://127.0.0.1/cb"]},
        {"redirect_uris": ["http://[::1]/cb"]},
        {"redirect_uris": ["https://rp.example/cb", "com.example.app:/cb"]},
    ],
)
def test_what_every_native_application_may_use_makes_no_sector(place, asked):
    native = {"token_endpoint_auth_method": "none", "application_type": "native", **asked}

    assert refused(place, **native).field == "sector_identifier_uri"
    assert pairwise(place, **native, sector_identifier_uri=SECTOR_URI, sector_uris=tuple(asked["redirect_uris"]))


def test_without_redirect_uris_there_is_no_sector_to_slip_into(place):
    """An empty list of addresses would be in everybody's list."""
    machine = {"grant_types": ["client_credentials"], "response_types": [], "redirect_uris": []}

    assert refused(place, **machine, sector_identifier_uri=SECTOR_URI, sector_uris=()).field == "subject_type"


@pytest.mark.parametrize("value", ["Pairwise", "private", "", 7])
def test_there_are_two_types_of_subjects(place, value):
    assert refused(place, subject_type=value).field == "subject_type"


def test_discovery_names_both(place):
    said = place.app.test_client().get("/sites/acme/.well-known/openid-configuration").json

    assert said["subject_types_supported"] == ["public", "pairwise"]


def test_o19_nobody_outside_of_a_sector_is_told_by_logout_tokens_whom_it_knows(place):
    """Whoever registers another's redirect URI gets no code there, but would be sent its subjects and sids."""
    assert refused(place, backchannel_logout_uri="https://evil.example/out").field == "backchannel_logout_uri"
    assert (
        refused(
            place,
            redirect_uris=TWO,
            sector_identifier_uri=SECTOR_URI,
            sector_uris=TWO,
            backchannel_logout_uri="https://evil.example/out",
        ).field
        == "backchannel_logout_uri"
    )

    for host in ("rp.example", "other.example", "sector.example"):
        listed = {"redirect_uris": TWO, "sector_identifier_uri": SECTOR_URI, "sector_uris": TWO}
        assert pairwise(place, **listed, backchannel_logout_uri=f"https://{host}:8443/out")


def test_o22_a_client_takes_nothing_of_its_former_sector_into_another(place):
    """Its old refresh token would bring the sid by which the clients of its new sector know the very session."""
    client = pairwise(place, host="evil.example")
    held = tokens(place, client)
    with place.work() as work:
        clients.edit(work, client.application_id, {"redirect_uris": ["https://rp.example/callback"]})

    assert place.refresh(client, held["refresh_token"]).json["error"] == "invalid_grant"
    assert place.userinfo(held["access_token"]).status_code == 401
