""" "This was not me": ends everything, brings the address back, and never takes the last second step away by mail."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from idp.audit.models import AuditEntry
from idp.base.ids import new_id
from idp.directory.models import Account
from idp.signon import email_change, lockout, mail_links, notices, password_reset
from idp.signon.factors import recovery, temporary_pass, totp
from idp.signon.models import KnownDevice, Notice, Password, RecoveryCode, SignIn, TemporaryPass
from tests.support.front import ANN, BEN, PASSWORD
from tests.support.visitor import Visitor
from tests.web.conftest import signed_in

NEW = "seven swans a swimming 9"
ELSEWHERE = "ann.archer@post.example"


@pytest.fixture
def front(front):
    """The front door a day after its people came, so that what they have was there before what happens here."""
    front.later(days=1)
    return front


def account_of(work, front, email=ANN) -> Account:
    return work.tx.session.get_one(Account, (front.organization_id, front.account_ids[email]))


def notified(front, kind=notices.NEW_DEVICE, email=ANN) -> str:
    """The path of the link in a notice of *kind*, mailed now."""
    with front.work() as work:
        account = account_of(work, front, email)
        notices.notify(work, organization_id=account.organization_id, account_id=account.id, kind=kind, facts={})
    return next(mail.path for mail in front.mails() if "/not-me/" in mail.text)


def told(front) -> dict:
    """What the log says of the incident."""
    with front.work() as work:
        query = sa.select(AuditEntry).where(AuditEntry.tag == "incident.reported")
        return work.tx.session.scalars(query).one().details


def test_it_ends_every_sign_on_and_stops_the_password_and_mails_a_link(front, visitor):
    elsewhere = signed_in(front)
    front.later(minutes=1)
    link = notified(front)

    visitor.open(link)
    assert (visitor.path, visitor.title) == ("/not-me", "This was not you?")
    assert elsewhere.open("/account").title == "Your account", "reading the link ends nothing"
    visitor.submit("end everything")

    assert visitor.title == "Everything is ended"
    assert "Look into your mail" in visitor.text
    assert elsewhere.open("/account").title == "Sign in"
    visitor.open("/").submit(username=ANN, password=PASSWORD)
    assert "do not match" in visitor.alert
    [mail] = front.mails()
    assert (mail.to, mail.subject) == (ANN, "Set a new password (Acme Global)")
    visitor.open(mail.path).submit(new_password=NEW)
    visitor.open("/").submit(username=ANN, password=NEW)
    assert visitor.title == "Second step", "the second step that was there before stays"
    assert visitor.submit(otp=front.code()).title == "Your applications"


def test_a15_the_link_is_good_once_and_a_get_changes_nothing(front, visitor):
    link = notified(front)
    for _ in range(3):
        assert visitor.open(link).status == 200
    visitor.submit("end everything")

    again = Visitor(front.app.test_client()).open(link)

    assert (again.status, again.title) == (410, "This link is over")


def test_it_is_good_for_seven_days(front, visitor):
    link = notified(front)
    front.later(days=6, hours=23)
    assert visitor.open(link).status == 200
    front.later(hours=1)

    assert visitor.open(link).status == 410


@pytest.mark.parametrize("token", ["ntm_", "ntm_" + "a" * 43, "rst_" + "a" * 43, "None"])
def test_what_is_no_token_opens_nothing(front, visitor, token):
    assert visitor.open(f"/not-me/{token}").status == 410


@pytest.mark.both_databases
def test_of_many_at_once_one_ends_everything(front):
    link = notified(front)
    visitors = [Visitor(front.app.test_client()).open(link) for _ in range(20)]
    start, statuses = threading.Barrier(20), []

    def use(visitor):
        form = {"csrf_token": visitor.field("csrf_token").get("value")}
        start.wait()
        statuses.append(visitor.client.post("/not-me", data=form).status_code)

    threads = [threading.Thread(target=use, args=(visitor,)) for visitor in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(statuses) == 20
    assert statuses.count(303) == 1
    assert told(front)["helped_by"] == "mail"


def test_what_was_added_since_is_removed_and_what_was_there_before_stays(front, visitor):
    front.later(hours=1)
    link = notified(front)
    front.later(hours=1)
    with front.work() as work:
        account = account_of(work, front)
        totp.add(work, account.id, b"another-secret-of-20", organization_id=account.organization_id, name="Mallory's")
        recovery.make(work, account)
        work.tx.session.add(
            TemporaryPass(
                organization_id=account.organization_id,
                id="tap_one",
                account_id=account.id,
                pass_hash="x",
                created_at=work.now,
                valid_from=work.now,
                valid_to=work.now + timedelta(hours=1),
            )
        )

    visitor.open(link).submit("end everything")

    with front.work() as work:
        account = account_of(work, front)
        assert [f.name for f in totp.factors(work, account.organization_id, account.id)] == ["Phone"]
        assert work.tx.session.query(RecoveryCode).count() == 0
        assert work.tx.session.query(TemporaryPass).one().revoked_at == front.now
    assert told(front)["removed"] == ["Mallory's"]
    assert told(front)["helped_by"] == "mail"


def test_a19_a_mailbox_alone_never_takes_the_last_second_step_away(front, visitor):
    """Ben set up his first second step; who reads his mailbox says it was not him: no mail lets them in then."""
    with front.work() as work:
        account = account_of(work, front, BEN)
        front.later(seconds=1)
    with front.work() as work:
        totp.add(work, account.id, b"another-secret-of-20", organization_id=account.organization_id, name="Ben's")
    [mail] = front.mails()
    assert "Second step added" in mail.subject

    visitor.open(mail.path).submit("end everything")

    assert "Ask an administrator" in visitor.text
    visitor.open("/").follow("Forgotten your password?").submit(username=BEN)
    assert front.mails() == []
    assert told(front) == told(front) | {"removed": ["Ben's"], "helped_by": "administrator"}
    with front.work() as work:
        row = work.tx.session.get_one(Password, (front.organization_id, account.id))
        assert row.must_change == password_reset.STOPPED
        assert not password_reset.has_usable_password(work, account_of(work, front, BEN))


def test_an_administrator_helps_with_a_first_password(front, visitor):
    from idp.signon import invitations

    test_a19_a_mailbox_alone_never_takes_the_last_second_step_away(front, visitor)
    with front.work() as work:
        _, path = invitations.first_password(work, BEN, by_mail=False)

    visitor.open(path).submit(new_password=NEW)
    visitor.open("/").submit(username=BEN, password=NEW)

    assert visitor.title == "Add a second step"
    with front.work() as work:
        assert work.tx.session.get_one(Password, (front.organization_id, front.account_ids[BEN])).must_change == ""


# The address


def changed_address(front, email=ELSEWHERE):
    """Somebody in Ann's session has given her account another address; the link that her old mailbox got."""
    with front.work() as work:
        token = mail_links.issue(work, mail_links.EMAIL_CHANGE, account_of(work, front), email=email)
    with front.work() as work:
        email_change.confirm(work, token)
    return front.mails()


def test_a21_the_old_address_undoes_the_change_and_wins_the_account_back(front, visitor):
    [mail] = changed_address(front)
    assert mail.to == ANN
    assert "changed from ann@acme.example" in mail.text
    assert ELSEWHERE not in mail.text

    visitor.open(mail.path).submit("end everything")

    with front.work() as work:
        assert account_of(work, front).email == ANN
    assert [(m.to, m.subject) for m in front.mails()] == [(ANN, "Set a new password (Acme Global)")]
    assert told(front)["address"] == ANN


def test_a21_whoever_changed_the_address_cannot_undo_the_undoing(front, visitor):
    """The new mailbox got notices, too; their links die with the older one that the owner used."""
    [mail] = changed_address(front)
    front.later(minutes=1)
    theirs = notified(front)
    front.later(minutes=1)

    visitor.open(mail.path).submit("end everything")

    assert Visitor(front.app.test_client()).open(theirs).status == 410
    with front.work() as work:
        assert account_of(work, front).email == ANN


def test_a21_whoever_changed_the_address_cannot_end_the_link_of_its_owner(front, visitor):
    [mail] = changed_address(front)
    front.later(minutes=1)
    theirs = notified(front)
    Visitor(front.app.test_client()).open(theirs).submit("end everything")
    front.mails()

    visitor.open(mail.path).submit("end everything")

    assert visitor.title == "Everything is ended"
    with front.work() as work:
        assert account_of(work, front).email == ANN


def test_a21_after_two_changes_the_first_mailbox_gets_its_own_address_back(front, visitor):
    [first] = changed_address(front)
    front.later(minutes=1)
    [second] = changed_address(front, "third@post.example")
    assert second.to == ELSEWHERE

    visitor.open(first.path).submit("end everything")

    with front.work() as work:
        assert account_of(work, front).email == ANN
    assert Visitor(front.app.test_client()).open(second.path).status == 410


def test_an_address_that_somebody_else_has_by_now_is_not_taken_from_them(front, visitor):
    from idp.directory import accounts

    [mail] = changed_address(front)
    with front.work() as work:
        accounts.create(work, ANN, organization="acme", name="Ann the Second")

    visitor.open(mail.path).submit("end everything")

    with front.work() as work:
        assert account_of(work, front).email == ELSEWHERE
    assert (told(front)["address"], told(front)["helped_by"]) == ("", "administrator")
    assert not [mail for mail in front.mails() if "/recover/" in mail.text], "none to whoever changed the address"


def test_an_address_that_an_administrator_changed_is_not_brought_back_by_mail(front):
    link = notified(front)
    front.later(minutes=1)
    with front.work() as work:
        email_change.administer(work, ANN, ELSEWHERE)

    [mail] = front.mails()
    assert mail.to == ANN
    assert "/not-me/" not in mail.text
    assert Visitor(front.app.test_client()).open(link).status == 410


# From the person's own history


@pytest.fixture
def sign_in_id(front) -> str:
    with front.work() as work:
        row = SignIn(
            organization_id=front.organization_id,
            id=new_id("sin"),
            account_id=front.account_ids[ANN],
            at=work.now,
            outcome="succeeded",
            methods=["pwd"],
            ip="203.0.113.9",
            network="203.0.113.9",
            user_agent="",
            attempt_id="",
        )
        work.tx.session.add(row)
        return row.id


def test_a_sign_in_of_ones_own_history_is_said_to_be_somebody_elses(front, ann, sign_in_id):
    ann.open(f"/account/not-me/{sign_in_id}")
    assert ann.title == "This was not you?"
    assert "203.0.113.9" in ann.text

    ann.submit("end everything")

    assert ann.title == "Everything is ended"
    assert ann.open("/account").title == "Sign in"
    assert [m.subject for m in front.mails()] == ["Set a new password (Acme Global)"]


def test_a11_it_asks_for_the_proofs_of_the_last_minutes(front, ann, sign_in_id):
    """A session that somebody found open ends nobody's second steps."""
    front.later(minutes=6)

    assert ann.open(f"/account/not-me/{sign_in_id}").title == "Sign in"
    form = {"csrf_token": ann.field("csrf_token").get("value")}
    assert ann.client.post(f"/account/not-me/{sign_in_id}", data=form).headers["Location"].startswith("/signin/")
    with front.work() as work:
        assert work.tx.session.query(AuditEntry).filter_by(tag="incident.reported").count() == 0


def test_the_sign_in_of_somebody_else_is_none(front, ann, sign_in_id):
    with front.work() as work:
        work.tx.session.get_one(SignIn, (front.organization_id, sign_in_id)).account_id = front.account_ids[BEN]

    assert ann.open(f"/account/not-me/{sign_in_id}").status == 404


# On the person's pages


@pytest.mark.parametrize("path", ["/", "/account"])
def test_a_notice_is_shown_until_it_is_put_away(front, ann, path):
    notified(front, notices.RECOVERY_CODES_MADE)
    ann.open(path)
    assert "New recovery codes were made for your account." in ann.text

    ann.submit("put it away")

    assert ann.path == path
    assert "New recovery codes" not in ann.text


def test_nobody_puts_away_the_notice_of_somebody_else(front, ann):
    notified(front, email=BEN)
    with front.work() as work:
        notice = work.tx.session.query(Notice).filter_by(account_id=front.account_ids[BEN]).one()
    form = {"csrf_token": ann.open("/account/password").field("csrf_token").get("value")}

    assert ann.client.post("/account/notices/put-away", data={**form, "notice": notice.id}).status_code == 404
    with front.work() as work:
        assert work.tx.session.query(Notice).filter_by(account_id=front.account_ids[BEN]).one().seen_at is None


def notice_id(front) -> str:
    with front.work() as work:
        return work.tx.session.query(Notice).filter_by(account_id=front.account_ids[ANN]).one().id


def test_a_notice_on_the_page_is_said_not_to_be_mine(front, ann):
    notified(front, notices.RECOVERY_CODES_MADE)
    ann.open("/account").open(f"/account/notices/{notice_id(front)}/not-me")
    assert ann.title == "This was not you?"
    assert "New recovery codes were made" in ann.text

    ann.submit("end everything")

    assert ann.title == "Everything is ended"
    assert ann.open("/account").title == "Sign in"
    assert [m.subject for m in front.mails()] == ["Set a new password (Acme Global)"]


def test_a11_what_a_notice_tells_is_said_not_to_be_mine_with_proofs_of_the_last_minutes(front, ann):
    notified(front)
    front.later(minutes=6)

    assert ann.open(f"/account/notices/{notice_id(front)}/not-me").title == "Sign in"


def test_the_notice_of_somebody_else_is_none(front, ann):
    notified(front)
    with front.work() as work:
        work.tx.session.query(Notice).one().account_id = front.account_ids[BEN]
        told_to_ben = work.tx.session.query(Notice).one().id

    assert ann.open(f"/account/notices/{told_to_ben}/not-me").status == 404


def test_a21_the_notice_of_a_new_address_brings_the_old_one_back_from_the_page_as_well(front, ann):
    changed_address(front)
    ann.open(f"/account/notices/{notice_id(front)}/not-me")
    assert "Your account gets its address back." in ann.text

    ann.submit("end everything")

    [mail] = front.mails()
    assert (mail.to, mail.subject) == (ANN, "Set a new password (Acme Global)")


def test_a21_no_link_is_mailed_to_an_address_that_the_account_got_since(front, ann, sign_in_id):
    """Whoever signed in then may have changed it: the link would be theirs."""
    front.later(minutes=1)
    changed_address(front)

    ann.open(f"/account/not-me/{sign_in_id}").submit("end everything")

    assert "Ask an administrator" in ann.text
    assert front.mails() == []
    assert (told(front)["helped_by"], told(front)["address"]) == ("administrator", "")


# What is told of devices, passes and what has stopped


def test_a_sign_in_on_another_device_is_told_and_that_on_the_first_one_is_not(front):
    signed_in(front)
    assert front.mails() == []
    front.later(minutes=1)
    signed_in(front)

    [mail] = front.mails()
    assert mail.subject == "New device on your account (Acme Global)"
    assert "127.0.0.1" in mail.text


def test_a_device_that_is_known_is_no_new_one(front, ann):
    front.later(hours=13)
    ann.open("/").submit(username=ANN, password=PASSWORD).submit(otp=front.code())

    assert ann.title == "Your applications"
    assert front.mails() == []


def test_a23_devices_are_strangers_after_an_incident(front, ann):
    front.later(minutes=1)
    link = notified(front)
    Visitor(front.app.test_client()).open(link).submit("end everything")

    with front.work() as work:
        [device] = work.tx.session.query(KnownDevice)
        assert device.revoked_at == front.now


def test_a_pass_is_told_when_it_is_made_and_when_it_is_used(front):
    with front.work() as work:
        _, typed = temporary_pass.make(work, ANN, organization_id=front.organization_id, valid_for=timedelta(hours=1))
    with front.work() as work:
        assert temporary_pass.use(work, front.organization_id, front.account_ids[ANN], typed)

    assert {mail.subject for mail in front.mails()} == {
        "Temporary access pass made for your account (Acme Global)",
        "Temporary access pass of your account used (Acme Global)",
    }
    assert typed not in str(front.mails())


def test_a_password_that_stops_is_told_once(front):
    limits = front.app.extensions["ostiary"].settings.throttling
    with front.work() as work:
        for _ in range(limits.account_stop_at - 1):
            lockout._reserve_delayed(
                work, f"account:{front.account_ids[ANN]}", limits.account_stop_at, lambda _: timedelta(0)
            )
    for _ in range(3):
        Visitor(front.app.test_client()).open("/").submit(username=ANN, password="not this one")

    [mail] = front.mails()
    assert mail.subject == "Password of your account stopped (Acme Global)"
