"""The navigation shows what is there and what an administrator may see, and nothing else."""

import pytest

from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator


@pytest.mark.parametrize(("role", "offered"), [("organization-administrator", True), ("help-desk", True)])
def test_accounts_are_offered_to_whoever_may_read_them(front, role, offered):
    make_administrator(front, role)
    one = signed_in(front).open("/admin")

    assert bool(one.link("Accounts")) is offered


def test_every_entry_that_is_offered_leads_to_a_page(admin):
    entries = [a.get("href") for a in admin.open("/admin").page.xpath("//nav[@id='sections']//a")]

    assert "/admin/accounts" in entries
    assert {path: admin.open(path).status for path in entries} == dict.fromkeys(entries, 200)
