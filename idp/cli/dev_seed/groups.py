"""Made-up groups, one inside of another, and who is in them, row by row."""

from collections.abc import Iterator
from datetime import timedelta

from idp.base.work import Work
from idp.cli.dev_seed import tenants
from idp.cli.dev_seed.made_names import Chance
from idp.cli.dev_seed.tenants import Leaves, Row, Tenant
from idp.directory import names
from idp.directory.provisioned import SOURCE


def groups(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Make groups: most are filled by hand."""
    leaves = tenants.leaves(tenant)
    kinds = dict.fromkeys(leaves.ruled, "rule") | dict.fromkeys(leaves.provisioned, "provisioned")
    for number in range(tenants.group_count(tenant)):
        name = tenants.group_name(chance, tenant, number)
        yield {
            "organization_id": tenant.id,
            "id": tenants.group_id(chance, tenant, number),
            "name": name,
            "name_key": names.name_key(name),
            "kind": kinds.get(number, "manual"),
            "created_at": work.now - timedelta(days=700),
        }


def nestings(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Put groups inside of others."""
    for number in range(tenants.group_count(tenant)):
        parent = tenants.parent(tenant, number)
        if parent is not None:
            yield {
                "organization_id": tenant.id,
                "id": chance.id("gne", tenant.number, number),
                "parent_id": tenants.group_id(chance, tenant, parent),
                "child_id": tenants.group_id(chance, tenant, number),
                "valid_from": work.now - timedelta(days=700),
            }


def memberships(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Put everybody into two groups, those of a directory into one of its groups, and all into the groups around them."""
    count, leaves = tenants.group_count(tenant), tenants.leaves(tenant)
    ruled = {number: f"rule:{tenants.rule_id(chance, one)}" for one, number in enumerate(leaves.ruled)}
    provisioned = set(leaves.provisioned)
    for number in range(tenant.accounts):
        chosen = [chance.number(count, "mem", tenant.number, number, one) for one in range(2)]
        direct = {(group, ruled.get(group, "manual")) for group in chosen if group not in provisioned}
        direct |= _by_directory(chance, tenant, leaves, number)
        around = {one for group, _ in direct for one in _around(chance, tenant, group)}
        for into, source in sorted(direct | around):
            yield {
                "organization_id": tenant.id,
                "id": chance.id("mem", tenant.number, number, into, source),
                "group_id": tenants.group_id(chance, tenant, into),
                "account_id": tenants.account_id(chance, tenant, number),
                "source": source,
                "valid_from": work.now - timedelta(days=chance.number(600, "mv", tenant.number, number)),
            }


def _by_directory(chance: Chance, tenant: Tenant, leaves: Leaves, number: int) -> set[tuple[int, str]]:
    client = tenants.directory_of(tenant, number)
    if client is None:
        return set()
    theirs = leaves.provisioned[client :: tenants.DIRECTORIES]
    source = SOURCE + tenants.client_id(chance, client)
    return {(chance.one(theirs, "scim", number), source)} if theirs else set()


def _around(chance: Chance, tenant: Tenant, group: int) -> set[tuple[int, str]]:
    parent = tenants.parent(tenant, group)
    return set() if parent is None else {(parent, f"group:{tenants.group_id(chance, tenant, group)}")}
