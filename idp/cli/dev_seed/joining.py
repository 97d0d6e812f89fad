"""Made-up people who are on their way: who was invited, who asks to join, who asks for an application."""

from collections.abc import Iterator
from datetime import timedelta

from idp.base.work import Work
from idp.cli.dev_seed import tenants
from idp.cli.dev_seed.made_names import FAMILY, GIVEN, Chance
from idp.cli.dev_seed.tenants import Row, Tenant


def access_requests(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Let people ask for applications."""
    for number in range(tenant.applications // 10):
        yield {
            "organization_id": tenant.id,
            "id": chance.id("arq", tenant.number, number),
            "account_id": tenants.account_id(
                chance, tenant, chance.number(tenant.accounts, "rq", tenant.number, number)
            ),
            "application_id": tenants.application_id(chance, tenant, number),
            "reason": "For the quarterly report.",
            "state": chance.one(("pending", "approved", "denied"), "rs", tenant.number, number),
            "created_at": work.now - timedelta(hours=number),
        }


def join_requests(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Let people ask to join."""
    for number in range(tenant.accounts // 200):
        email = f"newcomer.{number}@{tenants.domain(tenant)}"
        yield {
            "organization_id": tenant.id,
            "id": chance.id("jnq", tenant.number, number),
            "email": email,
            "email_key": email,
            "name": f"{chance.one(GIVEN, 'j', number)} {chance.one(FAMILY, 'j', number)}",
            "rule_id": "",
            "state": "pending",
            "created_at": work.now - timedelta(hours=number),
        }


def invitations(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Invite people."""
    for number in range(tenant.accounts // 50):
        _, _, email = tenants.person(chance, tenant, number)
        yield {
            "organization_id": tenant.id,
            "id": chance.id("inv", tenant.number, number),
            "account_id": tenants.account_id(chance, tenant, number),
            "email": email,
            "sent_at": work.now - timedelta(days=number % 40),
            "expires_at": work.now + timedelta(days=7 - number % 40),
        }
