"""What administrators do to an account on its pages, and the export of all of them."""

import csv
import io

import pytest

from idp.directory import accounts, groups, queries
from idp.directory.models import Account
from idp.signon import email_change
from idp.signon import session as session_
from tests.support.front import ANN, BEN, CLEO, DORA, PASSWORD
from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator


def account(front, email) -> Account:
    with front.work() as work:
        return work.tx.session.get_one(Account, (front.organization_id, front.account_ids[email]))


def act(admin, front, whom, what, /, **typed):
    return admin.open(f"/admin/accounts/{front.account_ids[whom]}/actions/{what}").submit(**typed)


def sessions(front, email) -> int:
    with front.work() as work:
        return len(session_.sessions(work, front.organization_id, front.account_ids[email]))


def test_who_is_disabled_is_out_and_comes_back_when_enabled(front, admin):
    front.later(seconds=30)
    dora = signed_in(front, DORA)
    admin.open(f"/admin/accounts/{front.account_ids[DORA]}/actions/disable")
    assert "1 session ends." in admin.text
    admin.submit()

    assert "Disabled. Every sign-on of this account is over." in admin.text
    assert dora.open("/").path.startswith("/signin")
    act(admin, front, DORA, "enable")
    assert account(front, DORA).disabled_at is None


def test_a_deletion_is_scheduled_and_cancelled(front, admin):
    act(admin, front, DORA, "delete")
    assert "Deletion scheduled" in admin.text
    assert account(front, DORA).deletion_at is not None
    act(admin, front, DORA, "cancel-deletion")
    assert "The deletion is cancelled." in admin.text
    assert account(front, DORA).disabled_at is None


def test_an_erased_account_is_a_tombstone_on_its_page(front, admin):
    act(admin, front, DORA, "erase")
    front.mails()
    admin.open(f"/admin/accounts/{front.account_ids[DORA]}")
    assert admin.status == 200
    assert "Former user" in admin.text
    assert DORA not in admin.text
    assert not admin.link("Actions")
    assert DORA not in admin.open("/admin/accounts").text
    assert admin.open(f"/admin/accounts/{front.account_ids[DORA]}/actions/enable").status == 404


def test_second_steps_are_reset_with_a_pass_that_is_shown_once(front, admin):
    act(admin, front, DORA, "reset-factors")
    assert "shown only now" in admin.text
    assert "shown only now" not in admin.open(f"/admin/accounts/{front.account_ids[DORA]}").text
    admin.follow("Actions")
    assert "None is set up." in admin.text


def test_the_rest_of_the_acts_say_what_they_did(front, admin):
    for what, words, typed in (
        ("end-sessions", "Signed out everywhere", {}),
        ("unlock", "No wrong tries are counted any more.", {}),
        ("new-password", "chooses a new password", {}),
        ("revoke-tokens", "Revoked 0 grants and 0 consents.", {"consents": "on"}),
        ("email", "The address is changed.", {"email": "dora.dean@acme.example"}),
    ):
        act(admin, front, DORA, what, **typed)
        assert words in admin.text, what
    assert account(front, DORA).email == "dora.dean@acme.example"


def test_further_attributes_are_edited_as_lines(front, admin):
    act(admin, front, DORA, "attributes", attributes="department: Research\nroom: 1\nroom: 2")
    assert account(front, DORA).attributes == {"department": ["Research"], "room": ["1", "2"]}
    admin.open(f"/admin/accounts/{front.account_ids[DORA]}/actions/attributes")
    assert "room: 2" in admin.text
    admin.submit(attributes="room: 2\nnothing")
    assert (admin.status, "Line 2 is no attribute." in admin.text) == (422, True)
    admin.submit(attributes="room: 2")
    assert account(front, DORA).attributes == {"room": ["2"]}


def test_an_address_that_cannot_be_taken_is_told_and_kept(front, admin):
    act(admin, front, DORA, "email", email=BEN)
    assert admin.status == 409
    assert "Another account has the address" in admin.text
    assert admin.field("email").get("value") == BEN


def test_acts_ask_for_a_second_step_of_the_last_minutes(front, admin):
    front.later(minutes=6)
    admin.open(f"/admin/accounts/{front.account_ids[DORA]}/actions/disable")
    assert admin.path.startswith("/signin/")
    admin.submit(password=PASSWORD).submit(otp=front.code())
    assert admin.path.endswith("/actions/disable")
    assert account(front, DORA).disabled_at is None


def test_of_two_administrators_the_second_sees_what_has_changed(front, admin):
    admin.open(f"/admin/accounts/{front.account_ids[DORA]}/actions/delete")
    with front.work() as work:
        accounts.rename(work, DORA, name="Dora D.")
    admin.submit()
    assert admin.status == 409
    assert account(front, DORA).deletion_at is None


@pytest.mark.parametrize("role", ["auditor", "user-access-administrator"])
def test_only_what_a_role_may_do_is_offered_and_done(front, role):
    make_administrator(front, role)
    one = signed_in(front)
    one.open(f"/admin/accounts/{front.account_ids[BEN]}/actions")
    assert "Disable" not in one.text
    for what in ("disable", "delete", "erase", "reset-factors", "revoke-tokens", "new-password", "email"):
        assert act(one, front, BEN, what, email="x@acme.example").status == 403, what
    assert one.open("/admin/accounts/export.csv").status == 403
    assert account(front, BEN).disabled_at is None


def test_all_accounts_are_exported(front, admin):
    with front.work() as work:
        groups.add(work, "Research", CLEO, organization="acme")
    answer = admin.client.get("/admin/accounts/export.csv")
    rows = {row["email"]: row for row in csv.DictReader(io.StringIO(answer.text))}

    assert answer.headers["Content-Type"].startswith("text/csv")
    assert list(rows) == sorted(rows)
    assert rows[ANN]["applications"].startswith("Expenses and Travel; Mail; Payroll")
    assert (rows[ANN]["groups"], rows[ANN]["second_step"]) == ("Engineering; Research", "yes")
    assert rows[ANN]["last_active"] == "2030-01-01T12:00:00Z"
    assert (rows[CLEO]["state"], rows[CLEO]["groups"], rows[CLEO]["applications"]) == ("disabled", "Research", "")
    assert (rows[DORA]["policy"], rows[DORA]["managed"], rows[DORA]["domain"]) == ("Default", "no", "")


@pytest.mark.parametrize("begin", ["=", "+", "-", "@"])
def test_t16_no_cell_of_the_export_begins_a_formula(front, admin, begin):
    name = f'{begin}cmd|"/c calc"!A1, x'
    with front.work() as work:
        accounts.rename(work, BEN, name=name)
        groups.create(work, f"{begin}group", organization="acme")
        groups.add(work, f"{begin}group", BEN, organization="acme")
    text = admin.client.get("/admin/accounts/export.csv").text
    [row] = [row for row in csv.DictReader(io.StringIO(text)) if row["email"] == BEN]
    assert row["name"] == f"'{name}"
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row.values())


def test_an_export_is_written_down(front, admin):
    from idp.audit.models import AuditEntry

    admin.client.get("/admin/accounts/export.csv")
    with front.work() as work:
        assert work.tx.session.query(AuditEntry).filter_by(tag="account.exported").one().actor_name == ANN
        assert queries.account(work, ANN).disabled_at is None


def test_an_address_that_somebody_else_has_changed_in_the_meantime_is_not_changed_again(front, admin):
    with front.work() as work:
        ben = queries.account(work, BEN)
        path = f"/admin/accounts/{ben.id}/actions/email"
    admin.open(path)
    with front.work() as work:
        email_change.administer(work, ben.id, "benedict@acme.example")
    admin.submit(email="ben.baker@acme.example")

    assert admin.status == 409
    with front.work() as work:
        assert queries.account(work, ben.id).email == "benedict@acme.example"


def test_the_person_is_told_unless_the_tick_is_taken_away(front, admin):
    front.mails()
    act(admin, front, DORA, "disable", message="See you in spring.")
    [mail] = front.mails()
    assert (mail.to, "See you in spring." in mail.text) == (DORA, True)

    admin.open(f"/admin/accounts/{front.account_ids[DORA]}/actions/enable").submit(told=None)

    assert account(front, DORA).disabled_at is None
    assert front.mails() == []


def test_t13_a_message_that_is_no_plain_text_changes_nothing_and_is_still_there(front, admin):
    act(admin, front, DORA, "disable", message="Read\u202ethis")

    assert account(front, DORA).disabled_at is None
    assert "This has characters that turn the direction of text." in admin.text
    assert "Read\u202ethis" in admin.text
