"""Invitations and links to a first password: good once, for whoever has none, and nobody else learns it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from idp.base.errors import Conflict, Forbidden, Invalid, NotFound
from idp.base.work import Actor
from idp.directory import access, accounts, policies, queries
from idp.directory import invitations as rows
from idp.signon import email_change, invitations, mail_links, password_reset
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


def invitation_of(work, email=EVE):
    return rows.invitation(work, email)


def test_an_invitation_is_pending_until_it_is_accepted(open_work, world, mails, vault):
    invited(open_work)
    [mail] = mails()
    with open_work() as work:
        assert rows.state_of(invitation_of(work), work.now) == "pending"
        proposed = password_reset.propose(work, token_of(mail), "a windmill of seven sails")
    with open_work() as work:
        password_reset.set_password(work, token_of(mail), password.computed(vault, proposed))

    with open_work() as work:
        found = invitation_of(work)
        assert (rows.state_of(found, work.now), found.accepted_at) == ("accepted", work.now)
        assert [one.id for one in rows.invitations(work, state=rows.State.ACCEPTED)] == [found.id]
        with pytest.raises(Conflict, match="accepted"):
            invitations.resend(work, EVE)
        with pytest.raises(Conflict, match="accepted"):
            invitations.revoke(work, EVE)


def test_t21_an_invitation_is_over_at_its_last_moment_not_after_it(open_work, world, mails, noon):
    invited(open_work)
    [mail] = mails()
    over = noon + timedelta(days=7)

    with open_work(now=over - timedelta(seconds=1)) as work:
        assert password_reset.find(work, token_of(mail))
    with open_work(now=over) as work:
        assert rows.state_of(invitation_of(work), work.now) == "expired"
        assert [one.email for one in rows.invitations(work, state=rows.State.EXPIRED)] == [EVE]
        with pytest.raises(LinkOver):
            password_reset.find(work, token_of(mail))


def test_t21_an_invitation_that_was_revoked_opens_nothing(open_work, world, mails):
    invited(open_work)
    [mail] = mails()
    with open_work() as work:
        invitations.revoke(work, EVE)

    with open_work() as work:
        assert rows.state_of(invitation_of(work), work.now) == "revoked"
        with pytest.raises(LinkOver):
            password_reset.find(work, token_of(mail))
        with pytest.raises(Conflict, match="revoked"):
            invitations.resend(work, EVE)


def test_t21_an_invitation_sent_anew_ends_the_older_link_and_stays_one_invitation(open_work, world, mails, noon):
    invited(open_work)
    [older] = mails()
    with open_work(now=noon + timedelta(days=6)) as work:
        invitations.resend(work, EVE)

    with open_work(now=noon + timedelta(days=6)) as work:
        [only] = rows.invitations(work)
        assert only.expires_at == noon + timedelta(days=13)
        with pytest.raises(LinkOver):
            password_reset.find(work, token_of(older))


def test_t21_the_link_is_of_the_address_that_it_was_sent_to(open_work, world, mails):
    """Whoever gets the address changed cannot accept with the link of the old mailbox."""
    account = invited(open_work)
    [mail] = mails()
    with open_work() as work:
        email_change.administer(work, account.id, "mallory@elsewhere.example")

    with open_work() as work, pytest.raises(LinkOver):
        password_reset.find(work, token_of(mail))


@pytest.mark.parametrize(
    "edit", [lambda t: t[:-1] + ("A" if t[-1] != "A" else "B"), lambda t: "rst" + t[3:], str.upper]
)
def test_t21_a_link_that_was_edited_is_none(open_work, world, mails, edit):
    invited(open_work)
    [mail] = mails()

    with open_work() as work, pytest.raises(LinkOver):
        password_reset.find(work, edit(token_of(mail)))


def test_t21_the_link_is_nowhere_in_the_rows(open_work, world, mails, database):
    invited(open_work)
    [mail] = mails()

    with database.engine.connect() as connection:
        rows_ = [
            str(row)
            for t in ("invitations", "audit_entries", "one_time_values")
            for row in connection.exec_driver_sql(f"SELECT * FROM {t}")
        ]
    assert rows_
    assert all(token_of(mail) not in row for row in rows_)


def test_whoever_is_invited_into_groups_is_in_them(open_work, world):
    account = invited(open_work, groups=["Staff"])

    with open_work() as work:
        assert access.groups_of(work, account.organization_id, account.id) == ("Staff",)
        assert account.created_through == "invitation"


def test_many_are_invited_at_once_and_whoever_cannot_be_is_left_out(open_work, world, mails):
    text = "Ada Lovelace <ada@partner.example>, bob.builder@partner.example;\nnobody\nann@acme.example\nADA@partner.example"
    with open_work() as work:
        outcomes = invitations.invite_all(work, text, organization="acme", groups=["Staff"])

    assert [(one.email, one.error and one.error.code) for one in outcomes] == [
        ("ada@partner.example", None),
        ("bob.builder@partner.example", None),
        ("nobody", "invalid"),
        ("ann@acme.example", "conflict"),
    ]
    assert [(one.account.name) for one in outcomes[:2]] == ["Ada Lovelace", "Bob Builder"]
    assert sorted(mail.to for mail in mails()) == ["ada@partner.example", "bob.builder@partner.example"]


def test_of_many_who_cannot_enter_a_group_no_account_is_left_behind(open_work, world, as_account):
    with open_work() as work:
        actor = as_account(work, world.ann, "organization-administrator")
        [one] = invitations.invite_all(actor, EVE, organization="acme", groups=["No such group"])
    with open_work() as work:
        assert one.error.code == "not-found"
        with pytest.raises(NotFound):
            queries.account(work, EVE)


@pytest.mark.parametrize("text", ["", " ;,\n", "\n".join(f"p{n}@x.example" for n in range(201)), "x" * 100_001])
def test_nobody_and_too_many_are_refused(open_work, world, text):
    with open_work() as work, pytest.raises(Invalid):
        invitations.invite_all(work, text, organization="acme")


@pytest.mark.parametrize("act", [invitations.resend, invitations.revoke])
def test_t1_invitations_of_others_are_not_touched(open_work, world, as_account, stranger, act):
    invited(open_work)
    with open_work() as work:
        found = invitation_of(work)
        assert rows.invitations(stranger(work)) == []
        for reference in (EVE, found.id):
            with pytest.raises(NotFound):
                act(stranger(work), reference)
        with pytest.raises(Forbidden):
            act(as_account(work, world.ann, "auditor"), found.id)
