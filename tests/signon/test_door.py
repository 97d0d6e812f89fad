"""The one door of signing on: at once, by way of the person, once, and never with less than the policy asks."""

from dataclasses import replace
from datetime import timedelta

import pytest

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.base.ids import fingerprint
from idp.directory import accounts, applications, policies
from idp.policy.signon import ENROLLABLE, Method, Strength
from idp.signon import door, pending, progress, session
from idp.signon.factors import password, totp
from idp.signon.flow import AskFirstStep, AskSecondStep, EnrolSecondStep, OpenSession
from idp.signon.models import PendingSignOn
from idp.signon.pending import SignOnLost
from idp.signon.request import Refusal
from tests.conftest import NOON
from tests.signon.conftest import BROWSER, OTHER_BROWSER, SECRET


def _begin(work, request, *, current=None, browser=BROWSER):
    return door.begin(
        work,
        request,
        session=current,
        browser=browser,
        protocol="test",
        protocol_state={"kept": "untouched"},
        trail=Trail(kind="test.sign-on"),
    )


@pytest.fixture
def handle(open_work, world):
    with open_work() as work:
        return _begin(work, world.request).handle


def _prove(open_work, world, handle, *methods, now=NOON, held=None):
    """Prove *methods* in the sign-on and open the session when it is time; return the cookie's token."""
    token = None
    for method in methods:
        with open_work(now=now) as work:
            current = session.find(work, held) if held else None
            here = progress.look(work, handle, browser=BROWSER, session=current)
            epoch = work.tx.session.get_one(accounts.Account, (world.organization.id, world.ann.id)).epoch
            pending.prove(work, here.row, method, account_id=world.ann.id, epoch=epoch)
            here = progress.look(work, handle, browser=BROWSER, session=current)
            if here.step == OpenSession():
                token, _ = progress.open_session(work, here, held=current)
    return token


def _site_of(work, handle):
    return work.tx.session.query(PendingSignOn).filter_by(handle_hash=fingerprint(handle)).one().site_id


def _resume(work, handle, token, *, browser=BROWSER, protocol="test", site_id=""):
    current = session.find(work, token) if token else None
    return door.resume(
        work, handle, session=current, browser=browser, protocol=protocol, site_id=site_id or _site_of(work, handle)
    )


@pytest.fixture
def token(open_work, world, handle):
    return _prove(open_work, world, handle, Method.PASSWORD, Method.TOTP)


def test_the_whole_way(open_work, world, handle, token):
    with open_work() as work:
        resumed = _resume(work, handle, token)

    assert resumed.protocol_state == {"kept": "untouched"}
    result = resumed.answer.result
    assert result.account_id == world.ann.id
    assert result.strength is Strength.SECOND_STEP
    assert result.attributes == {"email": ("ann@acme.example",), "name": ("Ann Example",), "groups": ("Staff",)}


def test_with_a_session_the_answer_comes_at_once(open_work, world, token):
    with open_work() as work:
        answer = _begin(work, world.request, current=session.find(work, token))

        assert isinstance(answer, door.Proceed)
        assert work.tx.session.query(PendingSignOn).count() == 1


def test_a10_nothing_accepts_a_sign_on_that_is_not_finished(open_work, world, handle):
    """A10: with the password alone there is no session, and no protocol gets an answer."""
    assert _prove(open_work, world, handle, Method.PASSWORD) is None

    with open_work() as work, pytest.raises(SignOnLost) as lost:
        _resume(work, handle, None)
    assert lost.value.code == "sign-on-unfinished"


def test_a10_the_second_step_alone_is_nothing(open_work, world, handle):
    assert _prove(open_work, world, handle, Method.TOTP) is None

    with open_work() as work:
        assert progress.look(work, handle, browser=BROWSER, session=None).step == AskFirstStep()


def test_o9_a_sign_on_is_answered_once(open_work, handle, token):
    with open_work() as work:
        _resume(work, handle, token)

    with open_work() as work, pytest.raises(SignOnLost) as lost:
        _resume(work, handle, token)
    assert lost.value.code == "sign-on-used"


def test_a12_the_handle_works_in_the_browser_it_began_in_only(open_work, handle, token):
    with open_work() as work, pytest.raises(SignOnLost) as lost:
        _resume(work, handle, token, browser=OTHER_BROWSER)

    assert lost.value.code == "sign-on-other-browser"


def test_x20_a_handle_of_one_protocol_is_nothing_to_another(open_work, handle, token):
    with open_work() as work, pytest.raises(SignOnLost):
        _resume(work, handle, token, protocol="other")


def test_x21_a_sign_on_is_answered_by_the_site_that_it_was_begun_at_only(open_work, world, handle, token):
    """X21, T22: access, policy and people are judged for one site; no other may answer."""
    from idp.directory import sites

    with open_work() as work:
        other = sites.create(work, "acme-eu", organization="acme", name="Acme Europe").id

    for wrong in (other, "sit_unknown"):
        with open_work() as work, pytest.raises(SignOnLost) as lost:
            _resume(work, handle, token, site_id=wrong)
        assert lost.value.code == "sign-on-unknown"
    with open_work() as work:
        assert _resume(work, handle, token).answer.result.site_id == world.site.id


def test_ten_minutes_and_it_is_over(open_work, handle):
    with open_work(now=NOON + timedelta(minutes=10)) as work, pytest.raises(SignOnLost) as lost:
        progress.look(work, handle, browser=BROWSER, session=None)

    assert lost.value.code == "sign-on-expired"


def test_whoever_comes_late_is_told_where_to_begin_again(open_work, world):
    with open_work() as work:
        late = _begin(work, replace(world.request, start_again_url="https://wiki.example/login")).handle

    with open_work(now=NOON + timedelta(hours=1)) as work, pytest.raises(SignOnLost) as lost:
        progress.look(work, late, browser=BROWSER, session=None)

    assert (lost.value.application_name, lost.value.start_again_url) == ("Wiki", "https://wiki.example/login")


@pytest.mark.parametrize(
    "change", [lambda h: h[:-1], lambda h: h + "A", lambda h: h.replace("sgn_", "ses_"), lambda h: ""]
)
def test_o24_a_handle_is_taken_whole_or_not_at_all(open_work, handle, change):
    with open_work() as work, pytest.raises(SignOnLost):
        pending.find(work, change(handle), BROWSER)


def test_i3_a_cross_site_post_is_claimed_by_the_first_browser_within_a_minute(open_work, world):
    with open_work() as work:
        posted = _begin(work, world.request, browser=None).handle
    with open_work(now=NOON + timedelta(seconds=59)) as work:
        assert pending.find(work, posted, BROWSER)

    with open_work() as work, pytest.raises(SignOnLost):
        pending.find(work, posted, OTHER_BROWSER)
    with open_work() as work:
        assert pending.find(work, posted, BROWSER)


def test_i3_after_a_minute_nobody_claims_it(open_work, world):
    with open_work() as work:
        posted = _begin(work, world.request, browser=None).handle

    with open_work(now=NOON + timedelta(seconds=61)) as work, pytest.raises(SignOnLost):
        pending.find(work, posted, BROWSER)


def test_x20_two_tabs_are_two_sign_ons(open_work, world, handle):
    with open_work() as work:
        intranet = applications.create(work, world.site, protocol="saml", name="Intranet")
        applications.grant(work, intranet.id, everyone=True)
        other = _begin(work, replace(world.request, application_id=intranet.id, application_name="Intranet")).handle

    token = _prove(open_work, world, handle, Method.PASSWORD, Method.TOTP)

    with open_work() as work:
        second = _resume(work, other, token)
        first = _resume(work, handle, token)
    assert first.answer.result.application_id == world.wiki.id
    assert second.answer.result.application_id == intranet.id


def test_default_deny_shows_a_page_and_tells_the_application_nothing_yet(open_work, world):
    with open_work() as work:
        secret = applications.create(work, world.site, protocol="saml", name="Secret")
        handle = _begin(work, replace(world.request, application_id=secret.id)).handle
    token = _prove(open_work, world, handle, Method.PASSWORD, Method.TOTP)

    with open_work() as work:
        answer = _begin(work, replace(world.request, application_id=secret.id), current=session.find(work, token))
        assert isinstance(answer, door.Interact)
        passive = _begin(
            work, replace(world.request, application_id=secret.id, passive=True), current=session.find(work, token)
        )
        assert passive == door.Refused(Refusal.NOT_ALLOWED)


@pytest.mark.parametrize("event", ["account disabled", "password changed", "access ended", "application disabled"])
def test_o22_what_changes_is_effective_at_the_next_sign_on(open_work, world, token, event):
    """O22, A24, T22."""
    with open_work() as work:
        if event == "account disabled":
            accounts.disable(work, world.ann.id)
        elif event == "password changed":
            password.set_password(work, world.ann.id, "another quartz lantern", organization_id=world.organization.id)
        elif event == "access ended":
            for grant in applications.grants(work, world.wiki):
                grant.valid_to = work.now
        else:
            applications.disable(work, world.wiki.id)

    with open_work() as work:
        answer = _begin(work, world.request, current=session.find(work, token))

        assert isinstance(answer, door.Interact)
        assert not isinstance(answer, door.Proceed)


def test_a24_a_change_during_the_sign_in_begins_it_anew(open_work, world, handle):
    _prove(open_work, world, handle, Method.PASSWORD)
    with open_work() as work:
        password.set_password(work, world.ann.id, "another quartz lantern", organization_id=world.organization.id)

    with open_work() as work:
        assert progress.look(work, handle, browser=BROWSER, session=None).step == AskFirstStep()


def test_a12_the_cookie_is_new_after_every_authentication(open_work, world, token):
    later = NOON + timedelta(seconds=1)
    with open_work(now=later) as work:
        forced = _begin(work, replace(world.request, force=True), current=session.find(work, token)).handle

    renewed = _prove(open_work, world, forced, Method.PASSWORD, Method.TOTP, now=later, held=token)

    with open_work(now=later) as work:
        assert renewed not in (None, token)
        assert session.find(work, token) is None
        assert session.find(work, renewed) is not None


def test_x27_a_forced_sign_on_moves_the_moment_of_authentication(open_work, world, token):
    later = NOON + timedelta(minutes=20)
    with open_work(now=later) as work:
        forced = _begin(work, replace(world.request, force=True), current=session.find(work, token)).handle
    renewed = _prove(open_work, world, forced, Method.PASSWORD, Method.TOTP, now=later, held=token)

    with open_work(now=later) as work:
        assert _resume(work, forced, renewed).answer.result.authenticated_at == later


def test_a_session_of_another_organization_signs_nobody_in(open_work, world, token):
    from idp.directory import organizations, sites

    with open_work() as work:
        organizations.create(work, "rival", name="Rival")
        site = sites.create(work, "rival", organization="rival", name="Rival")
        board = applications.create(work, site, protocol="saml", name="Board")
        applications.grant(work, board.id, everyone=True)
        request = replace(world.request, organization_id=site.organization_id, site_id=site.id, application_id=board.id)

        answer = _begin(work, request, current=session.find(work, token))

        assert isinstance(answer, door.Interact)
        here = progress.look(work, answer.handle, browser=BROWSER, session=session.find(work, token))
        assert here.step == AskFirstStep()


def test_without_a_second_step_one_is_set_up_before_there_is_a_session(open_work, world, handle):
    with open_work() as work:
        factor = totp.factors(work, world.organization.id, world.ann.id)[0]
        totp.remove(work, world.ann.id, factor.id, organization_id=world.organization.id, keep_one=False)

    assert _prove(open_work, world, handle, Method.PASSWORD) is None

    with open_work() as work:
        assert progress.look(work, handle, browser=BROWSER, session=None).step == EnrolSecondStep(ENROLLABLE)


def test_a_policy_without_second_step_opens_the_session_with_the_password(open_work, world, handle):
    with open_work() as work:
        policies.set_second_step(work, "acme", "off")

    assert _prove(open_work, world, handle, Method.PASSWORD) is not None


def test_an_application_that_asks_for_more_steps_up(open_work, world):
    with open_work() as work:
        policies.set_second_step(work, "acme", "off")
        plain = _begin(work, world.request).handle
    token = _prove(open_work, world, plain, Method.PASSWORD)

    with open_work() as work:
        wanted = replace(world.request, asked=Strength.SECOND_STEP)
        answer = _begin(work, wanted, current=session.find(work, token))
        assert isinstance(answer, door.Interact)
        here = progress.look(work, answer.handle, browser=BROWSER, session=session.find(work, token))
        assert here.step == AskSecondStep(frozenset({Method.TOTP}))


def test_the_attempt_remembers_what_was_judged_and_decided(open_work, world, handle, token):
    with open_work() as work:
        _resume(work, handle, token)
        row = work.tx.session.query(PendingSignOn).one()
        trail = attempts.load(work, row.attempt_id)

    assert trail.policy_version == 1
    assert trail.decision == "second_step"
    assert trail.rule == "authentication-policy: second step required"
    assert trail.account_id == world.ann.id
    assert trail.context["allowed"] is True


def test_no_secret_is_in_what_is_stored_of_a_sign_on(open_work, world, handle, token):
    """T18, decision 6: neither handle, browser secret, cookie, password nor secret of the second step."""
    with open_work() as work:
        rows = [
            str(tuple(row))
            for table in ("pending_sign_ons", "attempts", "audit_entries", "sign_on_sessions", "totp_factors")
            for row in work.tx.connection.exec_driver_sql(f"SELECT * FROM {table}")
        ]

    stored = "\n".join(rows)
    assert len(rows) > 5
    for secret in (handle, BROWSER, token, "umbrella quartz", totp.spelled(SECRET), SECRET.hex()):
        assert secret not in stored
