"""The audit log in the console: sentences, filters, each entry, files; and nothing of anybody else."""

import csv
import io
import json

import pytest

from idp.directory import accounts, organizations
from tests.support.front import ANN, BEN
from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator
from tests.web.console.test_entrance import account_id


@pytest.fixture
def happened(front, admin):
    """Ben was renamed by Ann in the console."""
    admin.open(f"/admin/accounts/{account_id(front, BEN)}/edit").submit(name="Benedict")
    return admin


def test_an_entry_is_a_sentence_that_leads_to_everything_that_it_says(happened):
    happened.open("/admin/audit?tag=account")

    assert f"{ANN} changed the names of the account {BEN}" in happened.text
    happened.open(happened.page.xpath("//table//a/@href")[0])
    assert "account.renamed" in happened.text
    assert "Benedict" in happened.text


@pytest.mark.parametrize(
    ("query", "there"),
    [
        (f"who={ANN}", True),
        (f"who={BEN}", False),
        (f"what={BEN}", True),
        ("what=nobody@acme.example", False),
        ("tag=account.renamed", True),
        ("tag=account.disabled", False),
        ("since=2030-01-01&until=2030-01-01", True),
        ("since=2030-01-02", False),
        ("until=2029-12-31", False),
        ("since=yesterday", False),  # refused: no day is called so
    ],
)
def test_the_log_is_narrowed_by_what_the_address_says(happened, query, there):
    happened.open(f"/admin/audit?{query}")

    assert ("changed the names of the account" in happened.text) is there


def test_a_long_log_goes_on_where_it_ended(front, admin):
    who = account_id(front, BEN)
    with front.work() as work:
        for number in range(120):
            accounts.rename(work, who, name=f"Ben {number}")

    seen, path = 0, f"/admin/audit?what={BEN}&tag=account.renamed"
    while path:
        admin.open(path)
        seen += len(admin.page.xpath("//tbody/tr"))
        path = admin.link("Next page")
    assert seen == 120


def rows(visitor, path):
    return list(csv.DictReader(io.StringIO(visitor.open(path).answer.get_data(as_text=True))))


def test_the_log_comes_as_a_file_with_the_same_filters(happened):
    found = rows(happened, f"/admin/audit/audit.csv?what={BEN}&tag=account.renamed")
    lines = happened.open(f"/admin/audit/audit.jsonl?what={BEN}&tag=account.renamed").answer.get_data(as_text=True)

    assert [(row["event"], row["actor"]) for row in found] == [("account.renamed", ANN)]
    (value,) = map(json.loads, lines.splitlines())
    assert (value["event"], value["actor"]["name"]) == ("account.renamed", ANN)
    assert "attachment" in happened.answer.headers["Content-Disposition"]


def test_t16_no_cell_of_the_file_is_a_formula(front, admin):
    with front.work() as work:
        accounts.rename(work, account_id(front, BEN), name="=cmd|' /C calc'!A0")
        organization = organizations.by_slug(work, "acme")
    found = rows(admin, "/admin/audit/audit.csv")

    assert organization is not None
    assert not [cell for row in found for cell in row.values() if cell and cell[0] in "=+-@\t\r"]


def test_t17_what_others_wrote_is_one_line_and_shown_as_it_is_written(front, admin):
    with front.work() as work:
        organizations.create(work, "globex", name="Globex")
        accounts.set_attributes(work, account_id(front, BEN), {"note": ["<script>alert(1)</script>"]})

    admin.open(f"/admin/audit?what={BEN}")

    assert "<script>alert(1)" not in admin.answer.text


def test_t2_nothing_of_another_organization_is_listed_shown_or_exported(front, admin):
    with front.work() as work:
        organizations.create(work, "globex", name="Globex")
        accounts.create(work, "eve@globex.example", organization="globex", name="Eve")
    from idp.audit.models import AuditEntry

    with front.work() as work:
        theirs = [entry for entry in work.tx.session.query(AuditEntry) if "globex" in str(entry.details)]

    assert theirs
    for path in ("/admin/audit", "/admin/audit?tag=account.created", "/admin/audit?who=operator"):
        assert "globex" not in admin.open(path).text.lower()
    for path in ("/admin/audit/audit.csv", "/admin/audit/audit.jsonl"):
        assert "globex" not in admin.open(path).answer.get_data(as_text=True).lower()
    for entry in theirs:
        assert admin.open(f"/admin/audit/{entry.id}").status == 404


def test_t3_a_cursor_of_another_list_begins_at_the_start(front, admin):
    who = account_id(front, BEN)
    with front.work() as work:
        for number in range(60):
            accounts.rename(work, who, name=f"Ben {number}")
    first = admin.open("/admin/audit?tag=account").text
    after = admin.link("Next page").rpartition("after=")[2]

    assert admin.open(f"/admin/audit?tag=account&after={after}").text != first
    assert (
        len(admin.open(f"/admin/attempts?after={after}").page.xpath("//nav[@class='more']//a[contains(., 'First')]"))
        == 0
    )
    assert admin.open(f"/admin/audit?tag=account&after={after[:-4]}AAAA").text == first


def test_whoever_may_not_read_the_log_does_not_get_it(front):
    make_administrator(front, "help-desk")
    helper = signed_in(front)

    for path in ("/admin/audit", "/admin/audit/audit.csv", "/admin/attempts", "/admin/insights"):
        assert helper.open(path).status in (403, 404), path
