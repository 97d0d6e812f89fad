"""By which words the things of made-up organizations are found."""

from collections.abc import Iterator

from idp.base.work import Work
from idp.cli.dev_seed import people, tenants
from idp.cli.dev_seed.made_names import Chance
from idp.cli.dev_seed.tenants import Row, Tenant
from idp.directory import search_words


def words(work: Work, chance: Chance, tenant: Tenant) -> Iterator[Row]:
    """Let things be found by their names."""

    def of(kind: str, target_id: str, *texts: str) -> Iterator[Row]:
        for word in search_words.words(*texts):
            yield {"organization_id": tenant.id, "kind": kind, "word": word, "target_id": target_id}

    for number in range(tenant.accounts):
        given, family, email = tenants.person(chance, tenant, number)
        yield from of("account", tenants.account_id(chance, tenant, number), email, f"{given} {family}")
    for number in range(tenants.group_count(tenant)):
        yield from of("group", tenants.group_id(chance, tenant, number), tenants.group_name(chance, tenant, number))
    for number in range(tenant.applications):
        yield from of(
            "application",
            tenants.application_id(chance, tenant, number),
            tenants.application_name(chance, tenant, number),
        )
    for row in people.domains(work, chance, tenant):
        yield from of("domain", row["id"], row["name"])
