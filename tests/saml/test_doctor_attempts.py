"""The doctor of a provider on failed attempts: what a refusal leaves behind is enough to explain it."""

import shlex

import pytest

from idp.audit.findings import Place
from idp.directory import access_policies, accounts, applications, history, queries
from idp.saml import names
from idp.saml.doctor import examination, remedies
from tests.support import ailments, people
from tests.support.ailments import BASE, register
from tests.support.cures import CURES, OF_ATTEMPTS, cure_of, is_cured_by
from tests.support.refused_attempts import CASES, SSO, brought_about, by_redirect, findings_of_last, opened_by_ben
from tests.support.saml_world import ANN, BEN, World
from tests.support.spoken import unknown_of
from tests.support.vendors import SHIBBOLETH, SIMPLESAMLPHP, certified


@pytest.mark.parametrize("what", CASES)
def test_a_refused_attempt_is_explained_and_keeps_no_message(world, what):
    """X15, X18, X19, X10, X9: expected and received are shown. T18: digests and structure only, bounded."""
    case = CASES[what]

    brought_about(world, case)

    attempt, found = findings_of_last(world)
    assert attempt.outcome == "refused", attempt.steps
    assert [finding.kind for finding in found] == [case.kind], (attempt.code, attempt.cause, attempt.steps)
    assert case.evidence in found[0].evidence
    assert is_cured_by(found[0], OF_ATTEMPTS.get(what, CURES[case.kind])), cure_of(found[0])
    assert unknown_of(found) == []
    kept = str([(one.steps, one.cause) for one in world.attempts()])
    assert len(kept) < 6000
    for never in ("AuthnRequest xmlns", "<saml", "SAMLRequest=", "secret=1", "MII", case.vendor.signing.der[:40]):
        assert never not in kept


def test_an_attempt_that_went_well_has_no_findings(world):
    register(world, SHIBBOLETH)
    by_redirect(world)

    attempt, found = findings_of_last(world)
    assert (attempt.outcome, found) == ("succeeded", ())


@pytest.mark.both_databases
def test_access_says_who_can_give_it(world):
    application_id = register(world, SHIBBOLETH, everyone=False)
    ailments._with_an_administrator(world, application_id)
    opened_by_ben(world)

    (finding,) = findings_of_last(world)[1]
    assert "open to nobody" in finding.evidence
    assert f"idp application grant {application_id} --account {BEN}" in finding.here
    assert f"Ask one of these to give access: {ANN}" in finding.here


def seen_by(world: World, role: str):
    """Return what is found of the last attempt, given to an account of *role* at Acme."""
    attempt = world.attempts()[-1]
    with world.work() as work:
        reader = people.as_account(work, queries.account(work, ANN), role)
        kept = history.attempt(work, attempt.id)
        return examination.of_attempt(reader, kept, base_url=BASE, http_loopback=False)


def test_which_rule_denied_is_told_to_those_who_see_the_attempt_and_not_the_policy(world):
    """A role of the organization's own may see attempts and no policies; the attempt itself names the rule."""
    brought_about(world, CASES["denied"])

    (finding,) = seen_by(world, "application-administrator")

    assert "“Applications” (version 2)" in finding.evidence


def test_the_commands_on_a_denial_show_the_rule_and_ask_again_about_that_very_sign_on(world):
    application_id = brought_about(world, CASES["denied"])

    (finding,) = findings_of_last(world)[1]

    assert [shlex.split(one) for one in finding.remedy.command.split("; ")] == [
        ["idp", "access", "show", "Applications", "--organization", "acme", "--version", "2"],
        [
            *("idp", "policy", "explain", "--account", BEN, "--application", application_id, "--organization", "acme"),
            *("--ip", "127.0.0.1", "--at", "2030-01-01T12:00:00Z", "--request", "saml", "--proven", "pwd,otp"),
        ],
    ]
    with world.work() as work:
        policy = access_policies.policy(work, "acme", "Applications")
        assert (finding.remedy.place, finding.remedy.of) == (Place.ACCESS_POLICY, policy.id)


def test_a_denial_by_a_policy_that_is_called_otherwise_now_is_told_as_it_was_kept(world):
    brought_about(world, CASES["denied"])
    with world.work() as work:
        access_policies.policy(work, "acme", "Applications").name = "Everything"

    (finding,) = findings_of_last(world)[1]

    assert finding.evidence == f"{BEN} was denied by access-policy Applications: Guard"
    assert finding.here.startswith("Ask whoever looks after the access policies")
    assert "idp policy explain --account" in finding.here


def _consumer(world: World, application_id: str):
    wanted = [{"binding": names.POST, "location": SHIBBOLETH.acs + "/", "index": 1, "is_default": None}]
    ailments._row(assertion_consumers=[{**one, "response_location": ""} for one in wanted])(world, application_id)


def _grant(world: World, application_id: str):
    with world.work() as work:
        applications.grant(work, application_id, account=BEN)


def _add_key(world: World, application_id: str):
    ailments._row(signing_certificates=[certified("rolled over").der])(world, application_id)


def _writable(world: World, application_id: str):
    with world.work() as work:
        accounts.rename(work, ANN, name="Ann Example")


def _login(world: World, application_id: str):
    with world.work() as work:
        accounts.set_attributes(work, ANN, {"login": ["ann"]})


MENDED = {
    "a value that cannot be written": _writable,
    "no value to make a name of": _login,
    "an address that is none": _consumer,
    "consumer": _consumer,
    "access": _grant,
    "disabled": lambda world, application_id: _enable(world, application_id),
    "another key": _add_key,
    "unsigned": ailments._row(require_signed_requests=False),
    "withheld": ailments._released("name", "email"),
    "start": ailments._row(idp_initiated=True),
    "unknown": lambda world, application_id: register(world, SIMPLESAMLPHP),
    "encryption": ailments._row(encrypt_assertion=False),
}


def _enable(world: World, application_id: str):
    with world.work() as work:
        applications.enable(work, application_id)


@pytest.mark.parametrize("what", MENDED)
def test_what_was_mended_since_is_not_found_any_more(world, what):
    """The registration of today counts: an administrator looks again after the change."""
    application_id = brought_about(world, CASES[what])
    assert findings_of_last(world)[1]

    MENDED[what](world, application_id)

    assert findings_of_last(world)[1] == ()


@pytest.mark.parametrize("what", ["unsigned", "withheld", "start", "encryption"])
def test_a_fix_of_an_attempt_lets_the_next_one_through(world, what):
    case = CASES[what]
    application_id = brought_about(world, case)
    found = findings_of_last(world)[1]
    with world.work() as work:
        remedies.apply(work, application_id, case.kind, found)
    world.later(seconds=2)

    case.act(world)

    assert [attempt.outcome for attempt in world.attempts() if attempt.at == world.now] == ["succeeded"]


def test_an_attempt_of_another_protocol_is_none_of_its_business(world):
    register(world, SHIBBOLETH)
    by_redirect(world, request=SHIBBOLETH.request((SSO, "https://old.example/")))
    attempt = world.attempts()[-1]
    with world.work() as work:
        kept = history.attempt(work, attempt.id)
        kept.kind = "oidc.authorize"
        assert examination.of_attempt(work, kept, base_url=BASE, http_loopback=False) == ()
        work.tx.session.expunge(kept)
