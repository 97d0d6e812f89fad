"""A21: another e-mail address: proven by the new one, told to the old one, exactly the one that was asked for."""

import threading

import pytest

from idp.audit.models import AuditEntry
from idp.base.errors import Conflict, Forbidden, Invalid
from idp.directory import accounts
from idp.directory.models import Account
from idp.signon import email_change, mail_links
from idp.signon.mail_links import EMAIL_CHANGE, LinkOver
from tests.support.front import ANN, BEN, PASSWORD
from tests.support.visitor import Visitor

NEW = "ann.archer@acme.example"


def account_of(work, front, email=ANN) -> Account:
    return work.tx.session.get_one(Account, (front.organization_id, front.account_ids[email]))


def address_of(front, email=ANN) -> str:
    with front.work() as work:
        return account_of(work, front, email).email


def asked(ann, address=NEW) -> Visitor:
    return ann.open("/account").follow("Change e-mail address").submit(email=address)


def test_a_new_address_counts_once_its_link_was_opened(front, ann):
    asked(ann)
    assert "A link is on its way" in ann.text
    assert address_of(front) == ANN
    [mail] = front.mails()
    assert mail.to == NEW

    visitor = Visitor(front.app.test_client()).open(mail.path)
    assert (visitor.path, visitor.title) == ("/email", "Use this address?")
    assert address_of(front) == ANN, "reading the link changes nothing"
    visitor.submit()

    assert visitor.title == "Your address is changed"
    assert address_of(front) == NEW
    assert [(m.to, m.subject) for m in front.mails()] == [(ANN, "E-mail address of your account changed (Acme Global)")]
    assert ann.open("/account").title == "Your account", "sign-ons go on"
    assert NEW in ann.text


def test_one_signs_in_with_the_new_one_and_no_more_with_the_old(front, ann):
    asked(ann)
    Visitor(front.app.test_client()).open(front.mails()[0].path).submit()

    visitor = Visitor(front.app.test_client()).open("/").submit(username=ANN, password=PASSWORD)
    assert "do not match" in visitor.alert
    assert visitor.submit(username=NEW, password=PASSWORD).title == "Second step"


def test_a11_it_asks_for_the_proofs_of_the_last_minutes(front, ann):
    front.later(minutes=6)

    assert ann.open("/account/email").title == "Sign in"
    form = {"csrf_token": ann.field("csrf_token").get("value"), "email": NEW}
    assert ann.client.post("/account/email", data=form).headers["Location"].startswith("/signin/")
    assert front.mails() == []


@pytest.mark.parametrize("address", ["ann", "", "ann@", "a@b@c.example", ANN])
def test_what_cannot_be_the_new_address_is_said(front, ann, address):
    asked(ann, address)

    assert ann.status == 422
    assert front.mails() == []


def test_a1_an_address_of_somebody_else_is_answered_like_any_other_and_mailed_nothing(front, ann):
    asked(ann, BEN)

    assert "A link is on its way" in ann.text
    assert front.mails() == []


def test_an_address_that_was_taken_in_the_meantime_is_refused(front, ann):
    asked(ann)
    with front.work() as work:
        accounts.create(work, NEW, organization="acme", name="Another Ann")

    visitor = Visitor(front.app.test_client()).open(front.mails()[0].path).submit()

    assert visitor.status == 409
    assert address_of(front) == ANN


def test_a17_the_link_is_good_once_newest_first_for_a_day(front, ann):
    asked(ann)
    [older] = (mail.path for mail in front.mails())
    asked(ann, "second@acme.example")
    [newer] = (mail.path for mail in front.mails())
    assert Visitor(front.app.test_client()).open(older).status == 410
    visitor = Visitor(front.app.test_client()).open(newer)
    front.later(hours=24)

    assert visitor.submit().status == 410


def test_a17_it_dies_when_every_sign_on_is_ended(front, ann):
    asked(ann)
    [mail] = front.mails()
    with front.work() as work:
        accounts.bump_epoch(work, front.organization_id, front.account_ids[ANN])

    assert Visitor(front.app.test_client()).open(mail.path).status == 410


def test_what_was_mailed_to_the_old_address_is_over(front, ann):
    Visitor(front.app.test_client()).open("/").follow("Forgotten").submit(username=ANN)
    [reset] = front.mails()
    asked(ann)
    Visitor(front.app.test_client()).open(front.mails()[0].path).submit()

    assert Visitor(front.app.test_client()).open(reset.path).status == 410


@pytest.mark.both_databases
def test_a21_of_two_changes_at_once_the_address_is_the_one_of_the_link_that_was_used(front):
    """Each link holds its own address; however two threads meet, account and link never disagree."""
    for turn in range(15):
        before = address_of(front)
        wanted = [f"one{turn}@acme.example", f"two{turn}@acme.example"]
        start, confirmed = threading.Barrier(2), []

        def change(address, start=start, confirmed=confirmed):
            start.wait()
            try:
                with front.work() as work:
                    token = mail_links.issue(work, EMAIL_CHANGE, account_of(work, front), email=address)
                with front.work() as work:
                    got = email_change.confirm(work, token)
                assert got == address
                confirmed.append(got)
            except (LinkOver, Conflict):
                pass

        threads = [threading.Thread(target=change, args=(address,)) for address in wanted]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(confirmed) <= 2
        assert address_of(front) == (confirmed[-1] if confirmed else before)
        with front.work() as work:
            row = account_of(work, front)
            assert row.email == row.email_key


@pytest.mark.both_databases
def test_a21_a_link_is_used_once_by_many(front):
    with front.work() as work:
        token = mail_links.issue(work, EMAIL_CHANGE, account_of(work, front), email=NEW)
    start, outcomes = threading.Barrier(20), []

    def use():
        start.wait()
        try:
            with front.work() as work:
                email_change.confirm(work, token)
            outcomes.append("changed")
        except (LinkOver, Conflict) as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=use) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(outcomes) == 20
    assert outcomes.count("changed") == 1


def test_a22_an_address_that_nobody_confirmed_is_mailed_nothing_of_the_account(front, ann):
    """Whoever only asks for an address does not get the account's mails there, nor the account by it."""
    asked(ann)
    front.mails()
    Visitor(front.app.test_client()).open("/").follow("Forgotten").submit(username=NEW)

    assert front.mails() == []
    assert Visitor(front.app.test_client()).open("/").submit(username=NEW, password=PASSWORD).status == 422


def test_four_mails_within_an_hour_are_too_many(front, ann):
    for number in range(3):
        asked(ann, f"ann{number}@acme.example")
    asked(ann, NEW)

    assert ann.status == 429
    assert len(front.mails()) == 3


def test_no_page_lets_anybody_say_that_an_address_is_confirmed(front, ann):
    """A21: nothing that is posted beside the address is taken."""
    ann.open("/account/email").submit(
        email=NEW, email_verified="true", confirmed="1", account_id=front.account_ids[BEN]
    )

    assert address_of(front) == ANN
    assert address_of(front, BEN) == BEN
    [mail] = front.mails()
    assert mail.to == NEW


# By an administrator


def test_an_administrator_gives_another_address_and_the_old_one_is_told(front):
    with front.work() as work:
        email_change.administer(work, ANN, NEW)

    assert address_of(front) == NEW
    [mail] = front.mails()
    assert mail.to == ANN
    assert "tell an administrator" in mail.text
    with front.work() as work:
        [entry] = work.tx.session.query(AuditEntry).filter_by(tag="account.email-changed")
        assert entry.details == {"before": ANN, "after": NEW, "changed_by": "administrator"}


@pytest.mark.parametrize("wanted", [BEN, "BEN@acme.example"])
def test_an_address_is_unique_in_its_canonical_form(front, wanted):
    with pytest.raises(Conflict), front.work() as work:
        email_change.administer(work, ANN, wanted)
    with pytest.raises(Invalid), front.work() as work:
        email_change.administer(work, ANN, "no address")


def test_capital_letters_of_ones_own_address_are_changed_without_a_clash(front):
    with front.work() as work:
        assert email_change.administer(work, ANN, "Ann@acme.example").email == "Ann@acme.example"


def test_who_may_not_administer_credentials_changes_no_address(front, as_account):
    with pytest.raises(Forbidden), front.work() as work:
        email_change.administer(as_account(work, account_of(work, front), "auditor"), BEN, NEW)
