"""Directories that write into the large organization: half of its accounts are theirs, some of its groups, many calls."""

from collections.abc import Iterator
from datetime import timedelta

from idp.base.work import Work
from idp.cli.dev_seed import tenants
from idp.cli.dev_seed.logs import ordered_id
from idp.cli.dev_seed.made_names import Chance
from idp.cli.dev_seed.tenants import Row, Tenant
from idp.directory import names

_NAMES = ("Entra ID of Large", "Directory of the works")
_CALLS_A_DAY, _DAYS = 150, 14


def clients(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Let two directories write into the large organization; the second one fails."""
    for number in range(_count(tenant)):
        yield {
            "organization_id": tenant.id,
            "id": tenants.client_id(chance, number),
            "name": _NAMES[number],
            "name_key": names.name_key(_NAMES[number]),
            "failing_since": work.now - timedelta(hours=7) if number else None,
            "last_used_at": work.now - timedelta(minutes=5),
            "created_at": work.now - timedelta(days=600),
        }


def tokens(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Give each directory tokens: of each one, ten that are over and two that are good. Nobody has them."""
    for number in range(12 * _count(tenant)):
        client, one = divmod(number, 12)
        yield {
            "organization_id": tenant.id,
            "id": chance.id("pvt", number),
            "client_id": tenants.client_id(chance, client),
            "token_hash": chance.id("made-up", "scim", number),
            "created_at": work.now - timedelta(days=50 * (12 - one)),
            "expires_at": work.now + timedelta(days=20 if one == 0 else 50 * one - 480),
            "last_used_at": work.now - timedelta(minutes=5),
        }


def accounts(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Say of half of the accounts which directory keeps them."""
    for number in range(tenant.accounts):
        client = tenants.directory_of(tenant, number)
        if client is not None:
            yield {
                "organization_id": tenant.id,
                "id": tenants.account_id(chance, tenant, number),
                "client_id": tenants.client_id(chance, client),
                "external_id": f"directory-{number}",
                "since": work.now - timedelta(days=500),
            }


def groups(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Say which directory fills which groups."""
    for one, number in enumerate(tenants.leaves(tenant).provisioned):
        yield {
            "organization_id": tenant.id,
            "id": tenants.group_id(chance, tenant, number),
            "client_id": tenants.client_id(chance, one % tenants.DIRECTORIES),
            "external_id": f"directory-group-{number}",
            "since": work.now - timedelta(days=500),
            "changed_at": work.now - timedelta(days=number % 90),
        }


def calls(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Let both have called for two weeks; one call of eight of the second one is refused."""
    for number in range(_CALLS_A_DAY * _DAYS if _count(tenant) else 0):
        client = number % tenants.DIRECTORIES
        kept = client + 4 * chance.number(max(1, tenant.accounts // 4), "call", number)
        refused = client == 1 and number % 16 == 1
        at = work.now - timedelta(minutes=1440 * number // _CALLS_A_DAY)
        yield {
            "organization_id": tenant.id,
            "id": ordered_id("att", at, 9_000_000_000 + number),
            "client_id": tenants.client_id(chance, client),
            "at": at,
            "method": "PUT" if number % 5 == 0 else "PATCH",
            "what": "/Users",
            "target_id": tenants.account_id(chance, tenant, kept),
            "status": 409 if refused else 200,
            "said": "There is an account with this address already." if refused else "",
        }


def _count(tenant: Tenant) -> int:
    return tenants.DIRECTORIES if tenant.number == 0 else 0
