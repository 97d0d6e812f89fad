"""Made-up accounts, who administers, second steps and domains, row by row."""

from collections.abc import Iterator
from datetime import timedelta

from idp.base.work import Work
from idp.cli.dev_seed import tenants
from idp.cli.dev_seed.made_names import WORK, Chance
from idp.cli.dev_seed.tenants import Row, Tenant
from idp.directory import names
from idp.policy.permissions import ORGANIZATION_ADMINISTRATOR


def accounts(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Make people; some are disabled, some were never here."""
    for number in range(tenant.accounts):
        given, family, email = tenants.person(chance, tenant, number)
        created = work.now - timedelta(days=chance.number(900, "ac", tenant.number, number) + 1)
        active = chance.number(20, "aa", tenant.number, number)
        yield {
            "organization_id": tenant.id,
            "id": tenants.account_id(chance, tenant, number),
            "email": email,
            "email_key": names.email_key(email) if number < 5 else email,
            "name": f"{given} {family}",
            "given_name": given,
            "family_name": family,
            "attributes": {"department": [chance.one(WORK, "ad", tenant.number, number)]},
            "created_at": created,
            "updated_at": created,
            "disabled_at": work.now - timedelta(days=3)
            if chance.number(25, "dis", tenant.number, number) == 0
            else None,
            "last_active_at": None if active == 0 else work.now - timedelta(hours=active * active * 5),
            "created_through": chance.one(("administrator", "invitation", "import"), "ct", tenant.number, number)
            if tenants.directory_of(tenant, number) is None
            else "provisioning",
        }


def roles(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Let the first account administer."""
    if tenant.accounts:
        yield {
            "organization_id": tenant.id,
            "id": chance.id("rol", tenant.number),
            "account_id": tenants.account_id(chance, tenant, 0),
            "role": ORGANIZATION_ADMINISTRATOR,
            "valid_from": work.now - timedelta(days=900),
        }


def factors(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Give most people an authenticator app that nobody has."""
    for number in range(tenant.accounts):
        if chance.number(10, "totp", tenant.number, number) < 7:
            yield {
                "organization_id": tenant.id,
                "id": chance.id("fac", tenant.number, number),
                "account_id": tenants.account_id(chance, tenant, number),
                "name": "Authenticator app",
                "secret_sealed": "made up: opens nothing",
                "created_at": work.now - timedelta(days=60),
                "confirmed_at": work.now - timedelta(days=60),
            }


def domains(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Make domains; of some the proof is missing."""
    for number in range(40 if tenant.number == 0 else 1):
        name = (
            tenants.domain(tenant)
            if number == 0
            else f"{chance.one(WORK, 'do', number).split()[0].lower()}-{number}.{tenants.domain(tenant)}"
        )
        missing = number % 12 == 5
        yield {
            "organization_id": tenant.id,
            "id": chance.id("dom", tenant.number, number),
            "name": name,
            "held_name": name,
            "state": "missing-token" if missing else "verified",
            "token": "made-up",
            "created_at": work.now - timedelta(days=300),
            "verified_at": work.now - timedelta(days=300),
            "checked_at": work.now - timedelta(hours=5),
            "missing_since": work.now - timedelta(days=6) if missing else None,
        }
