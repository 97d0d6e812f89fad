"""Notices: by mail, with a link of their own, and on the person's pages."""

import re

import pytest

from idp.settings import ThrottlingSettings
from idp.signon import notices, onetime
from idp.signon.factors import password, recovery, totp
from idp.signon.models import Notice, OneTimeValue
from tests.support import postbox

BASE = "https://id.acme.example"


@pytest.fixture
def mails(database, noon):
    """Return a function that sends what waits, and returns it."""
    return lambda: postbox.collect(database, noon, base_url=BASE)


def _notify(open_work, world, **more):
    with open_work() as work:
        return notices.notify(
            work, organization_id=world.organization.id, account_id=world.ann.id, **{"facts": {}, **more}
        )


@pytest.mark.parametrize("kind", notices.KINDS)
def test_every_kind_has_a_subject_a_sentence_and_a_link(open_work, world, mails, kind):
    _notify(open_work, world, kind=kind, facts={"name": "Phone", "before": "old@acme.example", "left": 3})

    [letter] = mails()
    assert letter.to == "ann@acme.example"
    assert letter.subject.endswith("(Acme Global)")
    assert "safety of your account was changed" not in letter.text
    assert "1 January 2030, 12:00 UTC" in letter.text
    # Nobody did anything when a token is soon over: there is nothing to say "not me" to.
    leads_to = "account/tokens" if kind == notices.API_TOKEN_ENDING else r"not-me/ntm_[\w-]{43}"
    assert re.search(rf"^{BASE}/{leads_to}$", letter.text, re.M)


def test_the_link_is_stored_as_a_fingerprint_for_seven_days(open_work, world, mails):
    _notify(open_work, world, kind=notices.NEW_DEVICE)

    token = re.search(r"ntm_[\w-]{43}", mails()[0].text).group()
    with open_work() as work:
        row = work.tx.session.query(OneTimeValue).filter_by(purpose=notices.NOT_ME).one()
        assert (row.expires_at - row.created_at).days == 7
        assert token not in str({c.name: getattr(row, c.name) for c in row.__table__.columns})
        assert isinstance(onetime.look(work, notices.NOT_ME, token), onetime.Unused)


def test_a_break_glass_account_is_told_without_a_link(open_work, world, mails):
    with open_work() as work:
        work.tx.session.merge(world.ann).kind = "break-glass"
    _notify(open_work, world, kind=notices.NEW_DEVICE)

    text = mails()[0].text
    assert "/not-me/" not in text
    assert "tell an administrator of Acme Global" in text


def test_direction_and_control_characters_of_strangers_reach_no_mail(open_work, world, mails):
    _notify(open_work, world, kind=notices.NEW_DEVICE, facts={"browser": "Fire\u202efox\r\nBcc: x@y.example"})

    text = mails()[0].text
    assert "\u202e" not in text
    assert "\nBcc" not in text


def test_what_is_told_today(open_work, world, mails):
    with open_work() as work:
        password.set_password(work, world.ann.id, "lantern umbrella quartz", organization_id=world.organization.id)
    [factor] = _factors(open_work, world)
    with open_work() as work:
        totp.remove(work, world.ann.id, factor.id, organization_id=world.organization.id, keep_one=False)

    assert {letter.subject for letter in mails()} == {
        "Password of your account changed (Acme Global)",
        "Second step removed from your account (Acme Global)",
    }
    with open_work() as work:
        assert {row.kind for row in work.tx.session.query(Notice)} == {"password-changed", "second-step-removed"}


def test_an_account_that_is_being_made_is_told_nothing(open_work, world, mails):
    assert mails() == []


def _factors(open_work, world):
    with open_work() as work:
        return totp.factors(work, world.organization.id, world.ann.id)


def test_a20_a_recovery_code_that_was_used_is_told(open_work, world, mails):
    with open_work() as work:
        codes = recovery.make(work, world.ann)
        recovery.use(work, world.organization.id, world.ann.id, codes[0], ThrottlingSettings())

    [mail] = mails()
    assert mail.subject == "Recovery code of your account used (Acme Global)"
    assert "9 are left" in mail.text


def test_a_wrong_recovery_code_is_told_to_nobody(open_work, world, mails):
    with open_work() as work:
        recovery.use(work, world.organization.id, world.ann.id, "0" * 24, ThrottlingSettings())

    assert mails() == []
