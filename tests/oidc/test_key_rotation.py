"""Keys of tokens (OpenID Connect Core section 10.1.1, RFC 7517 section 5): they rotate by themselves, and nobody fails."""

import time
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from joserfc import jws
from joserfc.jwk import KeySet

from idp.base import jobs
from idp.base.db import Database
from idp.base.work import Origin, Work
from idp.cli import jobs as jobs_command
from idp.directory import keys, queries
from idp.keyring import keyring
from idp.keyring.keyring import ACTIVE, TOKEN_SIGNING, Key
from idp.keyring.models import SigningKey
from idp.oidc import access_tokens, id_tokens, jose
from idp.oidc.jose import SIGNING_ALGORITHMS, Typ
from idp.policy.permissions import OPERATOR
from idp.saml.key_change import rotation_jobs
from idp.settings import Settings
from tests.oidc.support import NOON, answered
from tests.support.people import OPERATOR_ACTOR

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")

HOUR = timedelta(hours=1)
TWO_YEARS = 2 * 365 * 24
JWKS = "/sites/acme/oauth2/jwks"


def token_keys(work: Work) -> tuple[Key, ...]:
    site = queries.site(work, "acme")
    return keyring.published(work, site.organization_id, site.id, TOKEN_SIGNING)


def signing(published: tuple[Key, ...]) -> dict[str, Key]:
    return {key.algorithm: key for key in published if key.state == ACTIVE}


@dataclass(frozen=True)
class Kept:
    """What one relying party keeps of our keys until it reads them again."""

    keys: KeySet
    ids: frozenset[str]

    @classmethod
    def of(cls, published: tuple[Key, ...]) -> "Kept":
        return cls(KeySet.import_key_set(jose.public_set(published)), frozenset(key.id for key in published))


def test_a_relying_party_that_keeps_the_keys_for_a_day_never_fails_in_two_years(place):
    """
    Every hour a token by every algorithm, and 24 relying parties, of which one reads the keys anew.

    What it reads lay in a cache of somebody's for an hour before. Whether the key of a token is among
    those kept is seen every hour; the token itself is verified once with each set that was read.
    """
    proven: set[tuple[str, str, frozenset[str]]] = set()
    signed: Counter[str] = Counter()
    with place.work() as work:
        active = signing(token_keys(work))
        shown = cached = Kept.of(token_keys(work))
        relying = [shown] * 24
        for hour in range(TWO_YEARS):
            relying[hour % 24] = reader = cached
            cached = shown
            now = replace(work, now=NOON + hour * HOUR)
            for site in keys.due(now):
                rotation_jobs.turn(now, {"site": site.slug})
                now.tx.session.flush()
                active, shown = signing(token_keys(now)), Kept.of(token_keys(now))
            for algorithm, kind in SIGNING_ALGORITHMS.items():
                key = active[kind]
                signed[key.id] += 1
                assert all(key.id in kept.ids for kept in relying), f"{algorithm} in hour {hour}"
                if (key.id, algorithm, reader.ids) not in proven:
                    proven.add((key.id, algorithm, reader.ids))
                    token = jose.sign({"hour": hour}, key, Typ.ID_TOKEN, algorithm)
                    jws.deserialize_compact(token, reader.keys, algorithms=[algorithm])
    assert len(signed) >= 3 * 8, "every kind of key has changed every ninety days"


def drain(place) -> jobs.Ran:
    """What `idp serve` does every hour, and every few seconds."""
    with place.work() as work:
        for kind in jobs_command._HOURLY:
            jobs_command.sweeping.ask(work, kind)
    ran = jobs.Ran()
    while (some := jobs.run_due(place.database, jobs_command.handlers(Settings()), place.now, OPERATOR)).finished:
        ran = jobs.Ran(ran.finished + some.finished, ran.failed + some.failed)
    assert some.failed == ran.failed == 0
    return ran


def states(place, site: str = "acme") -> Counter[str]:
    return Counter(key.state for key in published_at(place, site))


def published_at(place, slug: str) -> tuple[Key, ...]:
    with place.work() as work:
        site = queries.site(work, slug)
        return keyring.published(work, site.organization_id, site.id, TOKEN_SIGNING)


def test_it_happens_by_itself_at_every_site(place):
    place.later(days=89)
    drain(place)
    assert states(place) == states(place, "acme-eu") == {"active": 3, "next": 3}

    place.later(days=1, hours=1)
    drain(place)
    assert states(place) == states(place, "acme-eu") == {"active": 3, "retired": 3}

    place.later(days=1)
    drain(place)
    assert states(place) == states(place, "acme-eu") == {"active": 3}


def test_while_nothing_is_due_nothing_is_done(place):
    before = published_at(place, "acme")
    for _ in range(3):
        place.later(days=29)
        drain(place)

    assert published_at(place, "acme") == before
    assert len(place.audited("key.state-changed")) == 0


def test_each_step_is_in_the_log_as_done_by_the_job(place):
    place.later(days=89)
    drain(place)

    made = [entry for entry in place.audited("key.created") if entry.at == place.now]
    assert len(made) == 6
    assert {entry.actor_kind for entry in made} == {"job"}


def test_tokens_of_the_key_that_retired_are_good_until_they_are_over(place, client, browser):
    place.later(days=89)
    drain(place)
    place.later(days=1, hours=1)
    browser = place.browser()
    tokens = place.tokens(browser, client)
    drain(place)
    after = place.tokens(browser, client)

    assert jose.unverified_key_id(tokens["access_token"]) != jose.unverified_key_id(after["access_token"])
    assert place.userinfo(tokens["access_token"]).status_code == 200
    assert place.userinfo(after["access_token"]).status_code == 200


def test_what_we_issue_is_over_before_its_key_goes():
    assert max(access_tokens.LIVES, id_tokens.LIVES) + jose.SKEW < keys.KEEP_RETIRED[TOKEN_SIGNING]


@pytest.mark.both_databases
def test_a_rotation_in_one_process_is_seen_by_another_within_a_second(place):
    """Each has a memory of its own; the other one here remembers as a worker of ours does."""
    other = Database(place.database.url, place.database.vault)

    def seen() -> set[str]:
        with other.transaction() as tx:
            return {key.id for key in token_keys(Work(tx, OPERATOR_ACTOR, place.now, Origin("cli")))}

    before = seen()
    place.later(days=89)
    drain(place)
    began = time.monotonic()
    while seen() == before and time.monotonic() - began < 2:
        time.sleep(0.01)
    took = time.monotonic() - began
    other.dispose()

    assert took <= 1.05
    assert seen_at_once(place) > before


def seen_at_once(place) -> set[str]:
    return {key.id for key in published_at(place, "acme")}


def test_the_process_that_rotates_serves_the_new_keys_at_once(place):
    get = place.app.test_client().get
    first = get(JWKS)
    place.later(days=89)
    drain(place)
    second = get(JWKS, headers={"If-None-Match": first.headers["ETag"]})

    assert second.status_code == 200
    assert {key["kid"] for key in first.json["keys"]} < {key["kid"] for key in second.json["keys"]}
    assert get(JWKS, headers={"If-None-Match": second.headers["ETag"]}).status_code == 304


@pytest.fixture
def before(place) -> dict:
    """Tokens whose key has gone since, of a session that lives on."""
    client = place.register(
        post_logout_redirect_uris=["https://rp.example/bye"], access_token_signed_response_alg="RS256"
    )
    place.later(days=89)
    drain(place)
    place.later(days=1, hours=1)
    browser = place.browser()
    tokens = place.tokens(browser, client)
    drain(place)
    assert place.userinfo(tokens["access_token"]).status_code == 200
    with place.work() as work:
        site = queries.site(work, "acme")
        key_id = jose.unverified_key_id(tokens["id_token"])
        assert key_id == jose.unverified_key_id(tokens["access_token"])
        row = work.tx.session.get_one(SigningKey, (site.organization_id, key_id))
        row.state, row.gone_at, row.private_sealed = "gone", work.now, ""
    return tokens | {"client": client, "browser": browser}


def test_a_session_that_outlives_the_key_of_its_id_token_can_still_be_ended_by_it(place, before):
    client, browser, token = before["client"], before["browser"], before["id_token"]
    assert jose.unverified_key_id(token) not in seen_at_once(place)
    assert "code" in answered(place.authorize(browser, client, id_token_hint=token, prompt="none"))

    sent = {"id_token_hint": token, "post_logout_redirect_uri": "https://rp.example/bye"}
    left = browser.get("/sites/acme/oauth2/logout", query_string=sent)
    assert left.headers["Location"] == "https://rp.example/bye"


def test_a_key_that_has_gone_is_good_for_nothing_else(place, before):
    elsewhere = place.register(site="acme-eu")
    refused = place.authorize(before["browser"], elsewhere, site="acme-eu", id_token_hint=before["id_token"])

    assert place.userinfo(before["access_token"]).status_code == 401
    assert place.introspect(before["client"], before["access_token"]) == {"active": False}
    assert answered(refused)["error"] == "invalid_request"


def test_o15_a_forged_hint_of_a_key_that_has_gone_is_refused(place, before):
    client, browser, token = before["client"], before["browser"], before["id_token"]
    head, said, signature = token.split(".")
    other = "A" if signature[10] != "A" else "B"

    for forged in (f"{head}.{said}.{signature[:10]}{other}{signature[11:]}", f"{head}.{said}.{signature[:-4]}"):
        assert answered(place.authorize(browser, client, id_token_hint=forged))["error"] == "invalid_request"
