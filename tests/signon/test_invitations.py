"""Invitations and links to a first password: good once, for whoever has none, and nobody else learns it."""

from dataclasses import replace

import pytest

from idp.base.errors import Conflict, Forbidden, Invalid, NotFound
from idp.base.work import Actor
from idp.directory import accounts, policies
from idp.signon import invitations, mail_links, password_reset
from idp.signon.factors import password
from idp.signon.mail_links import LinkOver
from idp.signon.models import Notice, OneTimeValue
from tests.support import postbox

EVE = "eve@partner.example"


@pytest.fixture
def mails(database, noon):
    """Return a function that sends what waits, and returns it."""
    return lambda: postbox.collect(database, noon)


def invited(open_work, **changes):
    with open_work() as work:
        return invitations.invite(work, EVE, **{"organization": "acme", "name": "Eve External", **changes})


def token_of(mail) -> str:
    return mail.path.rpartition("/")[2]


def test_an_invitation_makes_the_account_and_mails_a_link_for_seven_days(open_work, world, mails):
    account = invited(open_work)

    [mail] = mails()
    assert mail.to == EVE
    assert "within 7 days" in mail.text
    assert "Hello Eve External" in mail.text
    assert mail.path.startswith("/welcome/inv_")
    with open_work() as work:
        row = work.tx.session.query(OneTimeValue).filter_by(purpose="invitation").one()
        assert (row.expires_at - row.created_at).days == 7
        link = password_reset.find(work, token_of(mail))
        assert (link.account_id, link.email) == (account.id, EVE)


def test_a_guest_is_invited_as_a_guest(open_work, world):
    assert invited(open_work, kind="guest").kind == "guest"


def test_a_break_glass_account_is_invited_by_nobody(open_work, world):
    with pytest.raises(Invalid):
        invited(open_work, kind="break-glass")


def test_whoever_is_invited_again_gets_a_new_link_and_the_older_one_is_over(open_work, world, mails):
    first = invited(open_work)
    [older] = mails()
    again = invited(open_work, name="")
    [newer] = mails()

    assert again.id == first.id
    with open_work() as work:
        assert password_reset.find(work, token_of(newer))
        with pytest.raises(LinkOver):
            password_reset.find(work, token_of(older))


def test_a_new_account_needs_a_name(open_work, world):
    with pytest.raises(Invalid, match="name"):
        invited(open_work, name="")


def test_whoever_has_a_password_is_not_invited(open_work, world):
    with pytest.raises(Conflict, match="has a password"), open_work() as work:
        invitations.invite(work, "ann@acme.example", organization="acme")


def test_a_disabled_account_is_not_invited(open_work, world):
    account = invited(open_work)
    with open_work() as work:
        accounts.disable(work, account.id)

    with pytest.raises(Conflict, match="disabled"):
        invited(open_work)


def test_where_no_passwords_are_allowed_none_is_set(open_work, world):
    with open_work() as work:
        policy = policies.default_policy(work, world.organization.id)
        policy.methods = ["passkey"]

    with pytest.raises(Conflict, match="no passwords"):
        invited(open_work)


def test_a22_a_password_that_somebody_set_before_ends_the_invitation(open_work, world, mails):
    """Nobody who prepared the account keeps a way in beside the one who was invited, nor the other way round."""
    account = invited(open_work)
    with open_work() as work:
        password.set_password(work, account.id, "umbrella quartz lantern", organization_id=account.organization_id)

    with open_work() as work, pytest.raises(LinkOver):
        password_reset.find(work, token_of(mails()[0]))


def test_the_first_password_is_set_without_a_notice_of_a_change(open_work, world, mails, vault):
    invited(open_work)
    [mail] = mails()
    with open_work() as work:
        new = password.computed(vault, password_reset.propose(work, token_of(mail), "a windmill of seven sails"))
        password_reset.set_password(work, token_of(mail), new)

    assert mails() == []
    with open_work() as work:
        assert work.tx.session.query(Notice).count() == 0
        with pytest.raises(LinkOver):
            password_reset.set_password(work, token_of(mail), new)


def test_a17_what_was_computed_for_one_account_is_not_set_by_the_link_of_another(open_work, world, mails, vault):
    invited(open_work)
    [mail] = mails()
    with open_work() as work:
        as_ann = replace(work, actor=Actor("account", world.ann.id, world.ann.email, world.organization.id))
        wanted = password.propose(
            as_ann, world.ann.id, "a windmill of seven sails", organization_id=world.organization.id
        )
    with pytest.raises(LinkOver), open_work() as work:
        password_reset.set_password(work, token_of(mail), password.computed(vault, wanted))


def test_a_link_for_a_first_password_is_mailed_or_handed_out(open_work, world, mails):
    with open_work() as work:
        accounts.create(work, EVE, organization="acme", name="Eve External")
        _, nothing = invitations.first_password(work, EVE)
        _, path = invitations.first_password(work, EVE, by_mail=False)

    [mail] = mails()
    assert nothing == ""
    assert path.startswith("/welcome/fpw_")
    assert "within 1 day" in mail.text
    with open_work() as work:
        row = work.tx.session.query(OneTimeValue).filter_by(used_at=None).one()
        assert (row.expires_at - row.created_at).days == 1
        assert password_reset.find(work, path.rpartition("/")[2])


def test_the_password_of_an_account_for_emergencies_is_set_by_no_mail(open_work, world):
    with open_work() as work:
        account = accounts.create(work, EVE, organization="acme", name="Break Glass")
        account.kind = "break-glass"
        work.tx.session.flush()
        with pytest.raises(Conflict, match="emergencies"):
            invitations.first_password(work, EVE)
        assert invitations.first_password(work, EVE, by_mail=False)[1]


@pytest.mark.parametrize("act", ["invite", "first_password"])
def test_who_may_not_is_refused(open_work, world, as_account, stranger, act):
    def do(work):
        if act == "invite":
            return invitations.invite(work, EVE, organization="acme", name="Eve")
        return invitations.first_password(work, "ann@acme.example")

    with open_work() as work:
        with pytest.raises(Forbidden):
            do(as_account(work, world.ann, "auditor"))
        with pytest.raises(NotFound):
            do(stranger(work))


def test_a17_ending_every_link_ends_those_that_are_good(open_work, world, mails):
    account = invited(open_work)
    with open_work() as work:
        mail_links.end_all(work, account.id)

    with open_work() as work, pytest.raises(LinkOver):
        password_reset.find(work, token_of(mails()[0]))
