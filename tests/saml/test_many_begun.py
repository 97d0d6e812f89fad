"""I10: requests that anybody can send add so many rows a minute and network, and no more; SAML and OpenID Connect."""

import pytest

from idp.audit.models import Attempt, AuditEntry
from idp.settings import ThrottlingSettings
from idp.signon.models import PendingSignOn
from tests.saml.test_sign_on import policy
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


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/sites/acme/saml/sso?SAMLRequest=x"),
        ("POST", "/sites/acme/saml/sso"),
        ("GET", "/sites/acme/saml/slo?SAMLRequest=x"),
        ("POST", "/sites/acme/saml/slo/soap"),
        ("GET", "/sites/acme/saml/slo/done/lgo_nothing"),
        ("GET", "/sites/acme/saml/slo/visit/lgo_nothing/lst_nothing"),
        ("POST", "/sites/acme/saml/manage-nameid"),
        ("GET", "/sites/acme/oauth2/authorize?client_id=x"),
        ("POST", "/sites/acme/oauth2/token"),
    ],
)
def test_i10_one_network_writes_down_so_many_refusals_a_minute(world, method, path):
    """I10: the attempts and the audit log are kept for long; whoever sends rubbish does not fill them."""
    stranger = world.app.test_client()
    before = world.count(Attempt), world.count(AuditEntry)

    answers = [stranger.open(path, method=method) for _ in range(5)]

    assert len({answer.status_code for answer in answers}) == 1, "whoever is refused is told the same"
    assert (world.count(Attempt) - before[0], world.count(AuditEntry) - before[1]) == (3, 3)
    world.later(minutes=1)
    stranger.open(path, method=method)
    assert world.count(Attempt) - before[0] == 4


def test_i10_what_is_told_to_an_application_of_strangers_is_counted_too(world, sp, registered):
    """A request that is refused to the service provider itself need not be signed, and anybody can send it."""
    query = [sp.query(sp.authn_request(policy("urn:nothing"))) for _ in range(4)]
    answers = [world.browser().sso(one) for one in query]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]


def test_i10_who_has_a_session_goes_on(world, sp, registered, ann):
    for _ in range(5):
        assert ann.sso(sp.query(sp.authn_request())).status_code == 200
