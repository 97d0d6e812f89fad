"""I10: requests that anybody can send add so many rows a minute and network, and no more; SAML and OpenID Connect."""

import pytest

from idp.settings import ThrottlingSettings
from idp.signon.models import PendingSignOn
from tests.support.service_provider import encoded


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"throttling": ThrottlingSettings(sign_ons_per_minute=3)})


@pytest.mark.parametrize("binding", ["redirect", "post"])
def test_i10_requests_without_a_session_are_counted_by_network(world, sp, registered, binding):
    def ask():
        stranger, message = world.browser(), sp.authn_request()
        return stranger.sso(sp.query(message)) if binding == "redirect" else stranger.post(encoded(message))

    first = [ask() for _ in range(3)]
    refused = [ask() for _ in range(3)]

    assert [answer.status_code for answer in first] == [303] * 3
    assert [answer.status_code for answer in refused] == [429] * 3
    assert world.count(PendingSignOn) == 3
    assert "Too many requests came from your network." in refused[0].text
    assert refused[0].headers["Retry-After"] == "60"
    attempt = world.last_attempt(refused[0])
    assert (attempt.kind, attempt.code) == ("saml.request", "http-429")
    assert attempt.cause == "more than 3 sign-ons within a minute were begun from this network"
    world.later(minutes=1)
    assert ask().status_code == 303


def test_i10_who_has_a_session_goes_on(world, sp, registered, ann):
    for _ in range(5):
        assert ann.sso(sp.query(sp.authn_request())).status_code == 200
