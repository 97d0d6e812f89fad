"""Imports of accounts: what was shown is done, nothing else; and it can be undone."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from idp.base.errors import Conflict, Forbidden, Invalid, NotFound
from idp.directory import access, accounts, groups, import_reading, import_steps, imports, policy_members, queries
from idp.directory.models import Account
from idp.signon import account_imports
from idp.signon.factors import password

FILE = """email,name,groups,attribute:department
ada@acme.example,Ada Lovelace,Staff,Analysis
ann@acme.example,Ann Archer,,Sales
nobody,No Body,,
"""


@pytest.fixture
def acme(work, an_organization, an_account, a_group):
    organization = an_organization()
    ann = an_account()
    a_group()
    a_group("Research")
    work.tx.session.flush()
    return organization, ann


def previewed(work, text=FILE, **options):
    return import_reading.preview(work, text.encode(), organization="acme", **options)


def applied(work, text=FILE, **options):
    return account_imports.apply(work, previewed(work, text).id, **options)


def rows(work, of):
    return imports.rows(work, of, limit=100)


def account(work, email):
    return queries.account(work, email)


def picture(work):
    """The directory as people see it."""
    found = {}
    for one in work.tx.session.scalars(select(Account)):
        found[one.email] = (
            *(one.name, one.given_name, one.family_name, one.kind, one.disabled_at is None),
            {name: tuple(values) for name, values in one.attributes.items()},
            access.groups_of(work, one.organization_id, one.id),
        )
    return found


def test_a_preview_says_what_each_row_would_do_and_does_nothing(work, acme):
    before = picture(work)
    shown = previewed(work, file_name="C:\\people\\new.csv")

    assert picture(work) == before
    assert (shown.state, shown.file_name) == ("previewed", "new.csv")
    assert shown.counts == {"create": 1, "change": 1, "unchanged": 0, "wrong": 1}
    create, change, wrong = rows(work, shown)
    assert (create.number, create.action, create.after["name"]) == (2, "create", "Ada Lovelace")
    assert create.after["attribute:department"] == ["Analysis"]
    assert (change.before, change.after) == (
        {"name": "Ann Example", "attribute:department": []},
        {"name": "Ann Archer", "attribute:department": ["Sales"]},
    )
    assert (wrong.action, wrong.problem) == ("wrong", "email: This is not an e-mail address.")


def test_what_was_shown_is_done(work, acme):
    done = applied(work)

    assert (done.state, done.counts["created"], done.counts["changed"]) == ("applied", 1, 1)
    ada, ann = account(work, "ada@acme.example"), account(work, "ann@acme.example")
    assert (ada.name, ada.created_through, ada.attributes) == ("Ada Lovelace", "import", {"department": ["Analysis"]})
    assert access.groups_of(work, ada.organization_id, ada.id) == ("Staff",)
    assert (ann.name, ann.attributes) == ("Ann Archer", {"department": ["Sales"]})


def test_it_is_applied_once_and_undone_once(work, acme):
    done = applied(work)

    with pytest.raises(Conflict):
        account_imports.apply(work, done.id)
    account_imports.undo(work, done.id)
    with pytest.raises(Conflict):
        account_imports.undo(work, done.id)


def test_what_was_not_applied_is_not_undone(work, acme):
    with pytest.raises(Conflict):
        account_imports.undo(work, previewed(work).id)


def test_a_row_whose_account_has_changed_in_between_is_refused_and_the_others_are_done(work, acme):
    shown = previewed(work)
    accounts.rename(work, "ann@acme.example", name="Ann Other")
    done = account_imports.apply(work, shown.id)

    create, change, _ = rows(work, done)
    assert (create.outcome, change.outcome) == ("created", "refused")
    assert "since this was shown" in change.problem
    assert account(work, "ann@acme.example").name == "Ann Other"


def test_a_row_whose_account_has_come_in_between_is_refused(work, acme, an_account):
    shown = previewed(work)
    an_account("ada@acme.example", name="Ada Else")
    done = account_imports.apply(work, shown.id)

    assert [row.outcome for row in rows(work, done)] == ["refused", "changed", ""]
    assert account(work, "ada@acme.example").name == "Ada Else"


def test_undoing_leaves_the_directory_as_it_was(work, acme):
    before = picture(work)
    done = account_imports.undo(work, applied(work).id)

    assert picture(work) == before
    assert done.state == "undone"
    assert [row.outcome for row in rows(work, done)] == ["removed", "restored", ""]


def test_an_account_that_somebody_uses_stays(work, acme):
    done = applied(work)
    ada = account(work, "ada@acme.example")
    password.set_password(work, ada.id, "a windmill of seven sails", organization_id=ada.organization_id)
    account_imports.undo(work, done.id)

    [row, *_] = rows(work, done)
    assert (row.outcome, "used since" in row.problem) == ("kept", True)
    assert access.groups_of(work, ada.organization_id, ada.id) == ("Staff",)


def test_a_value_that_was_changed_since_stays(work, acme):
    done = applied(work)
    accounts.rename(work, "ann@acme.example", name="Ann Later")
    account_imports.undo(work, done.id)

    ann = account(work, "ann@acme.example")
    assert (ann.name, ann.attributes) == ("Ann Later", {})
    assert [row.outcome for row in rows(work, done)][1] == "partly"


def test_a_membership_that_was_there_before_stays(work, acme):
    groups.add(work, "Staff", "ann@acme.example", organization="acme")
    done = applied(work, "email,groups\nann@acme.example,Staff|Research\n")
    account_imports.undo(work, done.id)

    ann = account(work, "ann@acme.example")
    assert access.groups_of(work, ann.organization_id, ann.id) == ("Staff",)


def test_a_membership_that_somebody_gave_anew_since_stays(work, acme):
    done = applied(work, "email,groups\nann@acme.example,Staff\n")
    groups.remove(work, "Staff", "ann@acme.example", organization="acme")
    groups.add(work, "Staff", "ann@acme.example", organization="acme")
    account_imports.undo(work, done.id)

    ann = account(work, "ann@acme.example")
    assert access.groups_of(work, ann.organization_id, ann.id) == ("Staff",)


def test_whoever_is_imported_can_be_invited(open_work, an_organization, work, database):
    from tests.support import postbox

    an_organization()
    applied(work, "email,name\nada@acme.example,Ada\n", invite=True)
    work.tx.commit()

    [mail] = postbox.collect(database, work.now)
    assert (mail.to, mail.path.startswith("/welcome/inv_")) == ("ada@acme.example", True)


def test_many_rows_are_done_in_steps_by_jobs(open_work, an_organization, work, database):
    from tests.support import postbox

    an_organization()
    many = "email,name\n" + "".join(f"p{n}@acme.example,Person {n}\n" for n in range(import_steps.AT_ONCE * 2 + 5))
    done = applied(work, many)
    assert (done.state, imports.done(work, done)) == ("applying", {"": 205, "created": 200})
    work.tx.commit()
    for _ in range(2):
        postbox.collect(database, work.now)

    with open_work() as later:
        done = imports.get(later, done.id)
        assert (done.state, done.counts["created"]) == ("applied", 405)
        account_imports.undo(later, done.id)
    for _ in range(3):
        postbox.collect(database, work.now)
    with open_work() as later:
        assert (imports.get(later, done.id).state, picture(later)) == ("undone", {})


def test_t19_a_job_does_no_more_than_its_administrator_may_by_then(open_work, acme, work, database, as_account):
    """Whoever loses the role in the middle of an import does not finish it."""
    from tests.support import postbox

    _, ann = acme
    many = "email,name\n" + "".join(f"p{n}@acme.example,Person {n}\n" for n in range(import_steps.AT_ONCE + 5))
    done = applied(as_account(work, ann, "organization-administrator"), many)
    work.tx.commit()
    postbox.collect(database, work.now)

    with open_work() as later:
        done = imports.get(later, done.id)
        assert (done.state, done.counts["created"], done.counts["stopped"]) == ("applied", 200, 1)


COLUMNS_THAT_ARE_NOT = (
    *("id", "organization_id", "email_key", "email_verified", "password", "password_hash", "hash", "epoch", "version"),
    *("policy_id", "is_admin", "role", "roles", "disabled_at", "created_through", "domain_id", "managed_at"),
    *("attribute:email", "attribute:sub", "attribute:email_verified", "attribute:groups", "attribute:", "", "Name|x"),
)


@pytest.mark.parametrize("column", COLUMNS_THAT_ARE_NOT)
def test_t6_a_column_that_is_no_input_refuses_the_file(work, acme, column):
    with pytest.raises(Invalid) as refused:
        previewed(work, f"email,name,{column}\nada@acme.example,Ada,true\n")
    assert refused.value.field == "file"


def test_t6_nobody_becomes_an_account_for_emergencies_by_a_file(work, acme):
    [row] = rows(work, previewed(work, "email,name,kind\nada@acme.example,Ada,break-glass\n"))

    assert (row.action, row.problem.startswith("kind: ")) == ("wrong", True)


def test_t5_a_group_needs_the_right_to_change_its_members(work, acme, as_account):
    """Whoever may create accounts, and no more, puts nobody anywhere."""
    from dataclasses import replace

    from idp.base.work import Actor, HeldRole

    organization, ann = acme
    held = (
        HeldRole(
            "rol_own",
            organization.id,
            permissions=("account:create", "account:read", "group:read", "organization:read"),
        ),
    )
    limited = replace(work, actor=Actor("account", ann.id, ann.email, organization.id, held))

    shown = previewed(limited)
    create, change, _ = rows(limited, shown)
    assert "You may not change who is in" in create.problem
    assert "You may not change accounts" in change.problem
    assert shown.counts["wrong"] == 3


@pytest.mark.parametrize("act", ["preview", "apply", "undo", "rows"])
def test_t1_a_stranger_neither_sees_nor_does_anything(work, acme, stranger, as_account, act):
    done = applied(work)
    acts = {
        "preview": lambda w: previewed(w),
        "apply": lambda w: account_imports.apply(w, done.id),
        "undo": lambda w: account_imports.undo(w, done.id),
        "rows": lambda w: imports.get(w, done.id),
    }
    with pytest.raises(NotFound):
        acts[act](stranger(work))
    assert imports.imports(stranger(work)) == []
    assert imports.rows(stranger(work), done) == []
    with pytest.raises((NotFound, Forbidden)):
        acts[act](as_account(work, acme[1], "auditor"))


def test_t2_an_account_of_another_organization_is_not_compared_with(work, acme, an_organization, an_account):
    an_organization("other", "Other")
    an_account("zoe@other.example", organization="other")
    [row] = rows(work, previewed(work, "email,name\nzoe@other.example,Zoe\n"))

    assert (row.action, row.account_id) == ("create", None)


def test_d17_undoing_removes_nobody_who_administers_what_one_does_not(work, acme, a_group, as_account):
    from idp.directory import role_assignments

    done = applied(work, "email,name\nada@acme.example,Ada\nben@acme.example,Ben\n")
    chiefs = a_group("Chiefs")
    groups.add(work, "Chiefs", "ada@acme.example", organization="acme")
    role_assignments.grant(work, "organization-administrator", organization="acme", group=chiefs.id)
    account_imports.undo(as_account(work, acme[1], "user-access-administrator"), done.id)

    assert [row.outcome for row in rows(work, done)] == ["kept", "removed"]
    assert account(work, "ada@acme.example").disabled_at is None


def test_d17_undoing_removes_no_account_that_was_made_one_for_emergencies_since(work, acme, as_account):
    done = applied(work, "email,name\nada@acme.example,Ada\n")
    policy_members.set_kind(work, "ada@acme.example", "break-glass")
    account_imports.undo(as_account(work, acme[1], "user-access-administrator"), done.id)

    assert [row.outcome for row in rows(work, done)] == ["kept"]
    assert account(work, "ada@acme.example").disabled_at is None


def test_t22_a_job_does_nothing_for_a_suspended_organization(open_work, acme, work, database, as_account):
    from tests.support import postbox

    organization, ann = acme
    many = "email,name\n" + "".join(f"p{n}@acme.example,Person {n}\n" for n in range(import_steps.AT_ONCE + 5))
    accounts.grant_role(work, ann.id, "organization-administrator", organization_id=ann.organization_id)
    done = applied(as_account(work, ann, "organization-administrator"), many)
    organization.suspended_at = work.now
    work.tx.commit()
    postbox.collect(database, work.now)

    with open_work() as later:
        assert imports.done(later, imports.get(later, done.id)) == {"": 5, "created": import_steps.AT_ONCE}


EMAILS = ("ann@acme.example", "ben@acme.example", "new1@acme.example", "New2@acme.example", "not an address")
TEXTS = st.sampled_from(("", "Ann Example", "Ben", "Zoë", "=cmd", "a|b", "x" * 300, "-1"))
ROW = st.tuples(
    st.sampled_from(EMAILS), TEXTS, TEXTS, st.sampled_from(("", "Staff", "staff|Research", "None such")), TEXTS
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ROW, max_size=6))
def test_applying_and_undoing_any_file_leaves_the_directory_as_it_was(database, noon, table):
    from idp.base.work import Origin, Work
    from idp.directory import organizations
    from tests.support.people import OPERATOR_ACTOR

    with database.transaction() as tx:
        work = Work(tx, OPERATOR_ACTOR, noon, Origin("cli"))
        try:
            if not queries.organizations(work):
                organizations.create(work, "acme", name="Acme")
                for email in EMAILS[:2]:
                    accounts.create(work, email, organization="acme", name="Ann Example", further={"team": ["x"]})
                for name in ("Staff", "Research"):
                    groups.create(work, name, organization="acme")
                groups.add(work, "Staff", EMAILS[1], organization="acme")
            before = picture(work)
            lines = [
                "email;name;given_name;groups;attribute:team",
                *(";".join(row) for row in table),
                "ann@acme.example",
            ]
            done = applied(work, "\n".join(lines))
            later = Work(tx, OPERATOR_ACTOR, noon + timedelta(minutes=1), work.origin)
            account_imports.undo(later, done.id)
            assert picture(later) == before
            assert {row.outcome for row in rows(later, done)} <= {"", "removed", "restored", "refused"}
        finally:
            tx.session.rollback()
