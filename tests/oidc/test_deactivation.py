"""Deactivation at one worker, seen at another: what was given out is good for nothing at once (T22); everybody is told."""

import pytest

from idp.base import jobs
from idp.base.db import Database
from idp.directory import accounts
from idp.policy.permissions import OPERATOR
from idp.provisioning.targets import editing, noticing, sending, server, switching
from idp.provisioning.targets.editing import Wanted
from idp.signon import backchannel
from tests.oidc.support import ANN, BASE_URL, Place
from tests.oidc.test_api_tokens import INACTIVE, ORDERS, READ, make
from tests.oidc.test_backchannel_logout import drain, state
from tests.support.peers import serving
from tests.support.scim_server import TOKEN, scim_server


@pytest.fixture
def workers(database_url, vault):
    """Two workers of one installation; each remembers configuration for its second."""
    databases = [Database(database_url, vault) for _ in range(2)]
    yield [Place(database) for database in databases]
    for database in databases:
        database.dispose()


@pytest.mark.both_databases
def test_t22_no_token_of_whoever_is_deactivated_at_one_worker_is_good_at_the_other(workers):
    first, second = workers
    client, orders = first.register(), first.api(ORDERS, READ, takes_api_tokens=True)
    tokens = first.tokens(first.browser(), client, scope="openid profile email offline_access")
    personal, access = make(first, orders), tokens["access_token"]
    # The second worker knows all of it: what it remembers is what could be too old.
    assert second.userinfo(access).status_code == 200
    assert second.introspect(client, access)["active"]
    assert second.introspect(orders, personal)["active"]
    refreshed = second.refresh(client, tokens["refresh_token"]).json

    with first.work() as work:
        accounts.disable(work, ANN)

    for token in (access, refreshed["access_token"]):
        assert second.userinfo(token).status_code == 401
        assert second.introspect(client, token) == INACTIVE
    assert second.introspect(orders, personal) == INACTIVE
    assert second.refresh(client, refreshed["refresh_token"]).json["error"] == "invalid_grant"


@pytest.mark.both_databases
def test_whoever_is_disabled_is_told_of_to_relying_parties_and_to_applications_that_keep_accounts(database, settings):
    place = Place(database, base_url=BASE_URL, development={"allow_http_loopback_applications": True})
    with serving(lambda _heard: (200, {}, b"")) as peer, scim_server() as far:
        client = place.register(
            allow_http_loopback=True,
            backchannel_logout_uri=f"{peer.address}/out",
            backchannel_logout_session_required=True,
        )
        place.tokens(place.browser(), client)
        with place.work() as work:
            editing.set_up(work, client.application_id, Wanted(far.url, everybody=True), http_loopback=True)
            editing.set_token(work, client.application_id, TOKEN)
            switching.enable(work, client.application_id)
        sweeping = {switching.SWEEP: switching.sweep} | backchannel.handlers({})

        def tell() -> None:
            jobs.run_due(place.database, sweeping, place.now, OPERATOR)
            noticing.settle(place.database, place.now)
            sending.drain(
                place.database,
                lambda endpoint, token: server.calling(endpoint, token, (), http_loopback=True),
                place.now,
            )

        tell()
        assert [one["active"] for one in far.named(ANN)] == [True]
        with place.work() as work:
            accounts.disable(work, ANN)
        for _ in range(3):
            drain(place)
        place.later(seconds=60)
        tell()

        assert [heard.path for heard in peer.heard] == ["/out"]
        assert state(place) == [("back", "confirmed")]
        assert [one["active"] for one in far.named(ANN)] == [False]
