"""Somebody always administers an organization, however many changes meet."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from idp.base.errors import Conflict
from idp.directory import accounts, administering, organizations, queries

pytestmark = pytest.mark.both_databases


def test_of_two_administrators_who_disable_each_other_one_stays(open_work):
    people = ("ann@acme.example", "ben@acme.example")
    with open_work() as work:
        acme = organizations.create(work, "acme", name="Acme").id
        for email in people:
            accounts.create(work, email, organization="acme", name=email)
            accounts.grant_role(work, email, "organization-administrator", organization_id=acme)

    def disable(email):
        try:
            with open_work() as work:
                accounts.disable(work, email)
        except Conflict as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(disable, people))

    assert outcomes == ["done", administering.LAST]
    with open_work() as work:
        ids = [queries.account(work, email).id for email in people]
        assert [administering.is_administrator(work, acme, one) for one in ids].count(True) == 1
