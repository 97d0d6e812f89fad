"""No page of the security section asks the database more often because there is more to show."""

from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.base.prepared import Prepared
from idp.directory import (
    access_assignments,
    access_policies,
    accounts,
    authentication_policies,
    authentication_policy_changes,
    zones,
)
from idp.directory.zones import Contents
from idp.policy.access import documents


@contextmanager
def counted(database, monkeypatch):
    """Count every statement, the prepared ones and those of the ORM."""
    count = [0]
    real = Prepared.run

    def prepared(self, *args):
        count[0] += 1
        return real(self, *args)

    def executed(*_):
        count[0] += 1

    with monkeypatch.context() as patch:
        patch.setattr(Prepared, "run", prepared)
        sa.event.listen(database.engine, "before_cursor_execute", executed)
        yield count
        sa.event.remove(database.engine, "before_cursor_execute", executed)


def fill(front, numbers):
    with front.work() as work:
        for number in numbers:
            made = accounts.create(work, f"p{number}@acme.example", organization="acme", name=f"P {number}")
            attempts.save(
                work,
                Trail(
                    kind="saml.sign-on",
                    organization_id=front.organization_id,
                    account_id=made.id,
                    application_id=front.application_ids["Wiki"],
                    outcome="succeeded",
                ),
            )
            zones.create(work, "acme", f"Zone {number}", Contents(networks=(f"10.0.{number}.0/24",)))
            access_assignments.create(work, "acme", f"Access {number}")
            authentication_policy_changes.create(work, "acme", f"Policy {number}")
        rules = [
            {"name": f"rule {number}", "conditions": {"networks": {"zones": [f"Zone {number}"]}}, "answer": {"effect": "allow"}, "mode": "report-only"}
            for number in range(max(numbers) + 1)
        ]  # fmt: skip
        access_policies.write(work, "acme", "Sessions", documents.rules_from_json({"rules": rules}))


@pytest.mark.parametrize(
    "page",
    [
        *("audit", "attempts", "zones?ip=10.0.1.1", "policies?who=ann@acme.example", "policies/{default}/members"),
        *("access", "access/{sessions}", "access/{sessions}/versions", "access/{applications}/applications"),
        *("access/what-if?who=ann@acme.example", "access/report", "insights", "insights/people/without"),
    ],
)
def test_more_rows_take_no_more_statements(front, admin, monkeypatch, page):
    fill(front, range(3))
    with front.work() as work:
        path = "/admin/" + page.format(
            default=authentication_policies.default_policy(work, front.organization_id).id,
            sessions=access_policies.policy(work, "acme", "Sessions").id,
            applications=access_policies.policy(work, "acme", "Applications").id,
        )
    admin.open(path)  # once, so that what is remembered is
    with counted(front.database, monkeypatch) as few:
        admin.open(path)
    fill(front, range(3, 20))
    admin.open(path)
    with counted(front.database, monkeypatch) as many:
        admin.open(path)

    assert admin.status == 200
    assert many[0] <= few[0] + 1, (few, many)
    assert len(admin.answer.data) < 60_000
