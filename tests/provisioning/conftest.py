"""Acme, its people, an application that they may open, and its SCIM server on loopback."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from idp.base import jobs
from idp.directory import accounts, applications, groups, organizations, policies, queries, runs, sites
from idp.directory.told_models import ProvisioningTarget, ToldAccount
from idp.policy.permissions import OPERATOR
from idp.provisioning.targets import editing, group_sending, noticing, sending, server, switching
from idp.provisioning.targets.editing import Wanted
from tests.support.scim_server import TOKEN, ScimServer, scim_server

ANN, BEN, CLEO = "ann@acme.example", "ben@acme.example", "cleo@acme.example"


@dataclass
class World:
    """An organization with an application that is told of its people."""

    database: object
    open_work: object
    far: ScimServer
    now: object
    ids: dict[str, str] = field(default_factory=dict)
    application_id: str = ""
    organization_id: str = ""

    def work(self, **values):
        return self.open_work(**{"now": self.now, **values})

    def later(self, **span) -> None:
        self.now += timedelta(**span)

    def set_up(self, *, on=True, token=TOKEN, **changes) -> None:
        changes.setdefault("everybody", not changes.get("groups"))
        with self.work() as work:
            editing.set_up(work, self.application_id, Wanted(self.far.url, **changes), http_loopback=True)
            if token:
                editing.set_token(work, self.application_id, token)
            if on:
                switching.enable(work, self.application_id)

    def dial(self, endpoint, token):
        return server.calling(endpoint, token, (), http_loopback=True)

    def settle(self):
        return noticing.settle(self.database, self.now)

    def tell(self):
        """Let everything that is due be noticed and sent."""
        self.settle()
        told = sending.drain(self.database, self.dial, self.now)
        group_sending.drain(self.database, self.dial, self.now)
        return told

    def run(self):
        jobs.run_due(
            self.database,
            {
                switching.SWEEP: switching.sweep,
                switching.NIGHTLY: switching.nightly,
                "sign-ons-outdated": lambda *_: None,
            },
            self.now,
            OPERATOR,
        )
        runs.drain(self.database, {switching.KIND: switching.step}, self.now)

    def target(self) -> ProvisioningTarget:
        with self.work() as work:
            return work.tx.session.query(ProvisioningTarget).one()

    def rows(self) -> dict[str, ToldAccount]:
        """What is known of each account at the target, by its name here."""
        called = {value: key for key, value in self.ids.items()}
        with self.work() as work:
            return {called[one.account_id]: one for one in work.tx.session.query(ToldAccount)}

    def states(self) -> dict[str, str]:
        return {name: row.state for name, row in self.rows().items()}

    def add(self, *emails: str) -> None:
        with self.work() as work:
            for email in emails:
                made = accounts.create(work, email, organization="acme", name=email.partition("@")[0].title())
                self.ids[email] = made.id

    def grant(self, **whom):
        with self.work() as work:
            return applications.grant(work, self.application_id, **whom).id

    def release(self, *attributes: str) -> None:
        """Say what any application of the organization may have."""
        with self.work() as work:
            policies.set_organization_release(work, "acme", attributes)

    def withdraw_all(self):
        with self.work() as work:
            for one in applications.grants(work, queries.application(work, self.application_id)):
                applications.withdraw(work, self.application_id, one.id)


@pytest.fixture
def far():
    with scim_server() as made:
        yield made


@pytest.fixture
def world(database, open_work, far, noon) -> World:
    """Ann and Ben may open the wiki as members of Staff, Cleo may not; nothing is set up yet."""
    made = World(database, open_work, far, noon)
    with made.work() as work:
        made.organization_id = organizations.create(work, "acme", name="Acme").id
        site = sites.create(work, "acme", organization="acme", name="Acme")
        made.application_id = applications.create(work, site, protocol="saml", name="Wiki").id
        staff = groups.create(work, "Staff", organization="acme")
        made.ids["Staff"] = staff.id
    made.add(ANN, BEN, CLEO)
    with made.work() as work:
        groups.add_all(work, made.ids["Staff"], [ANN, BEN], organization="acme")
    made.grant(group="Staff")
    return made
