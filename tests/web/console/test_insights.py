"""Insights in the console: numbers that are right, the people behind each, and of this organization alone."""

import csv
import io
from datetime import timedelta

import pytest

from idp.directory import access_policies, accounts, organizations
from idp.directory.console_models import DailyCount
from idp.directory.models import Account, Application
from idp.policy.access import documents
from tests.support.front import ANN, BEN, CLEO, NOON


@pytest.fixture
def more(front):
    """A guest and an account for emergencies beside the others; and Globex with people of its own."""
    with front.work() as work:
        accounts.create(work, "gus@other.example", organization="acme", name="Gus", kind="guest")
        accounts.create(work, "glass@acme.example", organization="acme", name="Glass", kind="break-glass")
        organizations.create(work, "globex", name="Globex")
        accounts.create(work, "eve@globex.example", organization="globex", name="Eve", kind="break-glass")


def people(admin, which):
    admin.open(f"/admin/insights/people/{which}")
    return {one.strip() for one in admin.page.xpath("//tbody//span/bdi/text()")}


def test_who_has_a_second_step_is_counted_and_listed(admin, more):
    admin.open("/admin/insights")
    rows = {row[0].text_content(): [cell.text_content() for cell in row[1:]] for row in admin.page.xpath("//tbody/tr")}

    assert rows["Guests"] == ["1", "0 (0 %)"]
    assert rows["Members"][1].startswith(f"{len(people(admin, 'with'))} (")
    assert ANN in people(admin, "with")
    assert people(admin, "without") >= {BEN, "gus@other.example", "glass@acme.example"}
    assert CLEO not in people(admin, "without")  # disabled


def test_t2_nobody_of_another_organization_is_counted_listed_or_exported(admin, more):
    assert "eve@globex.example" not in admin.open("/admin/insights").text
    for which in ("with", "without", "inactive", "guests", "break-glass"):
        assert "eve@globex.example" not in people(admin, which)
        body = admin.open(f"/admin/insights/people/{which}/people.csv").answer.get_data(as_text=True)
        assert "eve@globex.example" not in body


def test_whoever_has_not_signed_in_for_long_is_inactive_and_who_is_new_is_not(front, admin):
    assert people(admin, "inactive") == set()
    with front.work() as work:
        for account in work.tx.session.query(Account):
            account.created_at = NOON - timedelta(days=100)

    found = people(admin, "inactive")

    assert BEN in found
    assert ANN not in found  # has just signed in


def test_accounts_for_emergencies_are_named_with_their_last_use(admin, more):
    admin.open("/admin/insights")

    assert "glass@acme.example" in admin.text
    assert "not used as far back as the log goes" in admin.text
    assert "No second step" in admin.text


def test_rules_in_report_only_are_named(front, admin):
    with front.work() as work:
        rules = {"rules": [{"name": "Later", "answer": {"effect": "deny"}, "mode": "report-only"}]}
        access_policies.write(work, "acme", "Sessions", documents.rules_from_json(rules))

    assert "Sessions: Later" in admin.open("/admin/insights").text


def test_applications_that_nobody_opens_are_named_as_soon_as_sign_ons_are_counted(front, admin):

    assert "not been counted yet" in admin.open("/admin/insights").text
    with front.work() as work:
        for one in work.tx.session.query(Application):
            one.created_at = NOON - timedelta(days=100)
        work.tx.session.add(
            DailyCount(
                organization_id=front.organization_id,
                day="",
                measure="application-30",
                subject_id=front.application_ids["Wiki"],
                count=3,
            )
        )
    text = admin.open("/admin/insights").page.xpath("string(//section[last()])")

    assert "Nobody has opened these" in text
    assert "Wiki" not in text


def test_the_people_of_a_number_come_as_a_file(admin, more):
    body = admin.open("/admin/insights/people/guests/people.csv").answer.get_data(as_text=True)

    assert [row["email"] for row in csv.DictReader(io.StringIO(body))] == ["gus@other.example"]


def test_a_list_that_there_is_not_is_not_there(admin):
    assert admin.open("/admin/insights/people/everybody").status == 404
