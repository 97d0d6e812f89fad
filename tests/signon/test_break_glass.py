"""Break-glass accounts: every use, and every try, is told to all organization administrators."""

import pytest
from structlog.testing import capture_logs

from idp.audit.models import AuditEntry
from idp.base.models import OutboxMessage
from idp.directory import accounts, policy_members
from idp.signon import break_glass
from tests.support.front import ANN, BEN, DORA, PASSWORD, on_sqlite
from tests.support.visitor import Visitor

GLASS = DORA


@pytest.fixture
def front(tmp_path):
    """Dora's account is for emergencies; Ann and Ben administer, Cleo did before her account was disabled."""
    front = on_sqlite(tmp_path)
    with front.work() as work:
        policy_members.set_kind(work, GLASS, "break-glass")
        for email in (ANN, BEN, "cleo@acme.example"):
            accounts.grant_role(work, email, "organization-administrator", organization_id=front.organization_id)
    yield front
    front.database.dispose()


def alarms(front) -> tuple[list[dict], list[OutboxMessage]]:
    with front.work() as work:
        entries = list(work.tx.session.query(AuditEntry).order_by(AuditEntry.id))
        mails = list(work.tx.session.query(OutboxMessage).order_by(OutboxMessage.created_at, OutboxMessage.id))
        return [e.details for e in entries if e.tag == "break-glass-account.used"], mails


def test_a_session_raises_the_alarm(front):
    with capture_logs() as logged:
        Visitor(front.app.test_client()).open("/").submit(username=GLASS, password=PASSWORD).submit(otp=front.code())

    entries, mails = alarms(front)
    assert [(one["what"], one["method"]) for one in entries] == [(break_glass.BEGAN, "pwd"), ("signed in", "pwd, otp")]
    assert sorted(one.destination for one in mails) == [ANN, ANN, BEN, BEN]
    assert [one["event"] for one in logged if one["log_level"] == "error"] == ["break-glass account used"] * 2


def test_a5_a_right_password_raises_the_alarm_though_nobody_goes_on(front):
    """A5: whoever tries out passwords of a leak learns that this one is right, and so do the administrators."""
    with front.work() as work:
        for _ in range(12):  # guesses do not keep it from being mailed
            break_glass.tried(work, front.organization_id, front.account_ids[GLASS], "pwd", "wrong password", "att_1")
    before = len(alarms(front)[1])

    Visitor(front.app.test_client()).open("/").submit(username=GLASS, password=PASSWORD)

    entries, mails = alarms(front)
    assert [one["what"] for one in entries if "tried" not in one["what"]] == [break_glass.BEGAN]
    assert len(mails) == before + 2


@pytest.mark.parametrize(
    ("typed", "what"),
    [
        ([{"username": GLASS, "password": "wrong"}], "wrong password"),
        ([{"username": GLASS, "password": PASSWORD}, {"otp": "000000"}], "wrong code"),
    ],
)
def test_a_try_raises_the_alarm(front, typed, what):
    visitor = Visitor(front.app.test_client()).open("/")
    with capture_logs() as logged:
        for one in typed:
            visitor.submit(**one)

    entries, mails = alarms(front)
    tries = [one["what"] for one in entries if one["what"] != break_glass.BEGAN]
    assert [what in one for one in tries] == [True]
    assert len(entries) == len(typed)
    assert len(mails) == 2 * len(typed)
    assert [one["log_level"] for one in logged if one["event"] == "break-glass account used"] == ["error"] * len(typed)


def test_nobody_else_raises_it(front):
    for email, password in ((ANN, PASSWORD), (ANN, "wrong"), ("nobody@acme.example", "wrong")):
        Visitor(front.app.test_client()).open("/").submit(username=email, password=password)

    assert alarms(front) == ([], [])


def test_tries_that_have_to_wait_send_no_mail(front):
    """A6: whoever guesses fast fills no mailbox."""
    visitor = Visitor(front.app.test_client()).open("/")
    for _ in range(12):
        visitor.submit(username=GLASS, password="wrong")

    assert visitor.status == 429
    assert len(alarms(front)[0]) < 8


def test_codes_that_have_to_wait_raise_no_alarm(front):
    visitor = Visitor(front.app.test_client()).open("/").submit(username=GLASS, password=PASSWORD)
    for _ in range(12):
        visitor.submit(otp="000000")

    assert visitor.status == 429
    assert len(alarms(front)[0]) == 1 + 5, "a right password and five wrong codes"


def test_of_many_tries_in_an_hour_ten_are_mailed_and_all_are_recorded(front):
    for _ in range(12):
        with front.work() as work:
            break_glass.tried(work, front.organization_id, front.account_ids[GLASS], "pwd", "wrong password", "att_1")
    entries, mails = alarms(front)
    assert (len(entries), len(mails)) == (12, 20)

    front.later(minutes=61)
    with front.work() as work:
        break_glass.tried(work, front.organization_id, front.account_ids[GLASS], "pwd", "wrong password", "att_1")
        break_glass.signed_in(work, front.organization_id, front.account_ids[GLASS], "pwd, otp", "att_1")
    assert len(alarms(front)[1]) == 24


def test_the_mail_says_what_happened_and_what_to_do(front):
    with front.work() as work:
        break_glass.signed_in(work, front.organization_id, front.account_ids[GLASS], "pwd, otp", "att_1")

    mails = [mail for mail in front.mails() if mail.subject.startswith("ALARM")]
    assert sorted(mail.to for mail in mails) == [ANN, BEN]
    subject, text = mails[0].subject, mails[0].text
    assert subject == "ALARM: the break-glass account of Acme Global was used"
    for part in (GLASS, "signed in", "pwd, otp", "2030-01-01 12:00:00 UTC", "203.0.113.7", "att_1"):
        assert part in text
    assert f"idp account disable {GLASS}" in text
