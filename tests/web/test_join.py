"""Joining by oneself: the same answer whatever is asked; a link; then at once, or when somebody approves."""

import pytest

from idp.base.errors import Conflict, Forbidden, Invalid, NotFound
from idp.directory import access, accounts, join_rules, queries
from idp.directory.models import Account, Organization
from idp.signon import joining
from tests.directory.test_join_rules import prove
from tests.support.front import ANN, CLEO
from tests.support.visitor import Visitor

NEW = "zoe@acme.example"
PASSWORD = "a windmill of seven sails"


@pytest.fixture
def rule(front):
    """People at acme.example may join, when somebody has approved."""
    with front.work() as work:
        accounts.grant_role(work, ANN, "organization-administrator", organization_id=front.organization_id)
        return join_rules.create(work, "acme.example", organization="acme", groups=["Research"])


@pytest.fixture
def at_once(front, rule):
    """They join at once."""
    with front.work() as work:
        prove(work, front.organization_id)
        return join_rules.edit(work, rule.id, organization="acme", needs_approval=False)


def asked(front, email=NEW, name="Zoe Zephyr"):
    one = Visitor(front.app.test_client())
    one.open("/join/acme").submit(name=name, email=email)
    return one


def account_of(work, email=NEW):
    return queries.account(work, email)


def waiting(work):
    return joining.requests(work, state="pending")


def test_whoever_joins_at_once_sets_a_password_and_signs_in(front, at_once):
    one = asked(front)
    assert (one.path, one.title) == ("/join/acme/sent", "Look into your mail")
    [mail] = front.mails()
    assert (mail.to, mail.path.startswith("/joining/jnl_")) == (NEW, True)

    one.open(mail.path)
    assert (one.path, one.title, NEW in one.text) == ("/joining", "Join Acme Global?", True)
    with front.work() as work, pytest.raises(NotFound):
        account_of(work)
    one.submit()
    assert (one.path, one.title) == ("/recover/password", "Welcome")
    one.submit(new_password=PASSWORD)
    one.open("/").submit(username=NEW, password=PASSWORD)
    assert one.title == "Add a second step"
    with front.work() as work:
        made = account_of(work)
        assert (made.name, made.created_through, made.kind) == ("Zoe Zephyr", "join-rule", "member")
        assert made.typed_by_person == ["name"]
        assert access.groups_of(work, made.organization_id, made.id) == ("Research",)


def test_whoever_waits_is_approved_and_invited(front, rule):
    one = asked(front)
    [mail] = front.mails()
    one.open(mail.path).submit()
    assert one.title == "Your request waits"
    [told] = front.mails()
    assert (told.to, "Zoe Zephyr" in told.text, told.path) == (ANN, True, "/admin/joining")
    with front.work() as work:
        [found] = waiting(work)
        with pytest.raises(NotFound):
            account_of(work)
        joining.approve(work, found.id)
    with front.work() as work:
        made = account_of(work)
        assert access.groups_of(work, made.organization_id, made.id) == ("Research",)
        with pytest.raises(Conflict):
            joining.approve(work, found.id)
        with pytest.raises(Conflict):
            joining.deny(work, found.id, "No.")
    [welcome] = front.mails()
    assert (welcome.to, welcome.path.startswith("/welcome/inv_")) == (NEW, True)


def test_whoever_is_denied_is_told_why_and_gets_no_account(front, rule):
    one = asked(front)
    [mail] = front.mails()
    one.open(mail.path).submit()
    front.mails()
    with front.work() as work:
        [found] = waiting(work)
        with pytest.raises(Invalid):
            joining.deny(work, found.id, "")
        joining.deny(work, found.id, "We do not know you.")
    [told] = front.mails()
    assert (told.to, "We do not know you." in told.text) == (NEW, True)
    asked(front, name="Mallory, see the page of evil")
    [again] = front.mails()
    assert (again.to, again.subject, again.text) == (told.to, told.subject, told.text)
    with front.work() as work, pytest.raises(NotFound):
        account_of(work)


def test_a1_the_answer_is_the_same_whatever_is_asked(front, at_once):
    answers = [
        (one.status, one.path, one.text)
        for one in (asked(front, email) for email in (NEW, ANN, CLEO, "eve@elsewhere.example", "x@gmail.com"))
    ]

    assert len({*answers}) == 1
    assert sorted((mail.to, mail.subject) for mail in front.mails()) == [
        (ANN, "You have an account at Acme Global"),
        (NEW, "Join Acme Global"),
    ]


def test_a1_the_page_is_there_only_where_a_rule_is_and_says_the_same_of_no_organization(front):
    one = Visitor(front.app.test_client())
    answers = [one.open(path) and one.status for path in ("/join/acme", "/join/none", "/join/%00", "/join/acme/sent")]
    assert answers == [404] * 4
    assert one.open("/join").status == 404


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("", NEW),
        ("Zoe", "zoe"),
        ("Zoe", ""),
        ("See http://evil.example", NEW),
        ("x" * 300, NEW),
        ("www.evil.example", NEW),
    ],
)
def test_t13_what_is_no_name_or_no_address_is_told_and_mailed_to_nobody(front, at_once, name, email):
    one = asked(front, email, name)

    assert one.status == 422
    assert one.field("email").get("value", "") == email
    assert front.mails() == []


def test_t13_the_name_that_a_stranger_typed_is_not_in_the_mail(front, at_once):
    asked(front, name="Call 0900 12345 now")
    [mail] = front.mails()

    assert "0900" not in mail.text + mail.subject


def test_t21_a_link_to_join_is_good_once_for_a_day_and_newest_first(front, at_once):
    asked(front)
    [first] = front.mails()
    one = asked(front)
    [second] = front.mails()
    assert one.open(first.path).status == 410

    front.later(hours=24)
    assert one.open(second.path).status == 410
    asked(front)
    [third] = front.mails()
    assert one.open(third.path).submit().path == "/recover/password"
    assert Visitor(front.app.test_client()).open(third.path).status == 410


@pytest.mark.parametrize("what", ["rule", "account", "organization"])
def test_t21_a_link_is_over_when_what_it_was_made_for_is(front, at_once, what):
    one = asked(front)
    [mail] = front.mails()
    one.open(mail.path)
    with front.work() as work:
        if what == "rule":
            join_rules.delete(work, at_once.id, organization="acme")
            join_rules.create(work, "acme.example", organization="acme")
        elif what == "account":
            accounts.create(work, NEW, organization="acme", name="Zoe Else")
        else:
            work.tx.session.get_one(Organization, front.organization_id).suspended_at = work.now

    assert one.submit().status == 410


def test_t21_a_link_that_was_edited_or_is_of_another_kind_opens_nothing(front, at_once):
    one = asked(front)
    [mail] = front.mails()
    token = mail.path.rpartition("/")[2]
    for edited in (token[:-1] + ("A" if token[-1] != "A" else "B"), "inv" + token[3:], "jnl_", "%00", "x" * 500):
        assert one.open(f"/joining/{edited}").status == 410
    assert one.open(f"/recover/{token}").status == 410
    assert one.open(f"/welcome/{token}").status == 410


def test_t20_a_domain_that_lost_its_proof_since_lets_people_wait(front, at_once):
    from idp.directory.domain_models import Domain

    one = asked(front)
    [mail] = front.mails()
    with front.work() as work:
        work.tx.session.query(Domain).one().state = "missing-token"

    assert one.open(mail.path).submit().title == "Your request waits"
    with front.work() as work, pytest.raises(NotFound):
        account_of(work)


def test_t5_a_group_that_carries_a_role_by_now_is_not_entered(front, at_once):
    """A role that was given to the group after the rule was written gives nobody from outside anything."""
    from idp.directory.models import RoleAssignment

    one = asked(front)
    [mail] = front.mails()
    with front.work() as work:
        group = queries.group(work, "Research", organization_id=front.organization_id)
        work.tx.session.add(
            RoleAssignment(
                organization_id=front.organization_id,
                id="rol_test",
                group_id=group.id,
                role="organization-administrator",
                valid_from=work.now,
            )
        )
    one.open(mail.path).submit()
    with front.work() as work:
        made = account_of(work)
        assert access.groups_of(work, made.organization_id, made.id) == ()


def test_a_mailbox_is_not_filled_by_asking_again_and_again(front, at_once):
    for _ in range(6):
        asked(front)

    assert len(front.mails()) == 3


def test_a_network_that_asks_too_much_waits(front, at_once):
    answers = [asked(front, f"p{number}@acme.example") for number in range(60)]

    assert answers[0].status == 200
    assert answers[-1].status == 429


def test_t1_requests_of_others_are_not_decided(front, rule):
    from tests.support.people import as_account, stranger

    one = asked(front)
    [mail] = front.mails()
    one.open(mail.path).submit()
    with front.work() as work:
        [found] = waiting(work)
        ann = work.tx.session.get_one(Account, (front.organization_id, front.account_ids[ANN]))
        assert joining.requests(stranger(work)) == []
        for act in (joining.approve, lambda w, i: joining.deny(w, i, "No.")):
            with pytest.raises(NotFound):
                act(stranger(work), found.id)
            with pytest.raises(Forbidden):
                act(as_account(work, ann, "auditor"), found.id)


def test_the_page_to_sign_in_leads_to_joining_only_where_somebody_may_join(front):
    before = Visitor(front.app.test_client()).open("/")
    assert not before.link("Join")
    with front.work() as work:
        accounts.grant_role(work, ANN, "organization-administrator", organization_id=front.organization_id)
        join_rules.create(work, "acme.example", organization="acme")

    after = Visitor(front.app.test_client()).open("/").follow("No account yet? Join")

    assert after.path == "/join/acme"
