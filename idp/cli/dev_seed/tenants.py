"""Made-up organizations: how large each is, what the things in it are called, and what is inside of what."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from idp.base import bulk
from idp.base.work import Work
from idp.cli.dev_seed.made_names import FAMILY, GIVEN, PLACES, TOOLS, WORK, Chance
from idp.cli.dev_seed.scales import Scale
from idp.directory import access_policies, organizations, search_words, sites
from idp.directory.models import Organization, Site

Row = dict[str, Any]
RULES, DIRECTORIES = 20, 2


@dataclass(frozen=True, slots=True)
class Tenant:
    """An organization to fill: how much there is of everything in it; ``policy_id``: the rules that report (or empty)."""

    number: int
    id: str
    slug: str
    accounts: int
    applications: int
    entries: int
    attempts: int
    site_ids: tuple[str, ...]
    policy_id: str = ""


@dataclass(frozen=True, slots=True)
class Leaves:
    """Numbers of groups that have none inside: those with a rule, some that carry a role, those that directories keep."""

    ruled: tuple[int, ...]
    plain: tuple[int, ...]
    provisioned: tuple[int, ...]


def make(work: Work, chance: Chance, size: Scale, number: int) -> Tenant:
    """Make an organization with its sites; return what is to be in it."""
    slug = "large" if number == 0 else f"small-{number:04d}"
    name = "Large" if number == 0 else f"{chance.one(FAMILY, 'org', number)} {chance.one(WORK, 'org', number)} {number}"
    made: Organization = organizations.create(work, slug, name=name)
    site_ids = [_site(work, chance, made, number, one) for one in range(size.sites if number == 0 else 1)]

    def part(total: int) -> int:
        large = total * size.share // 10
        return large if number == 0 else (total - large) // (size.organizations - 1)

    accounts, applications = part(size.accounts), part(size.applications)
    entries, attempts = part(size.entries), part(size.attempts)
    policy_id = access_policies.policies(work, slug)[0].id if number == 0 else ""
    return Tenant(number, made.id, slug, accounts, applications, entries, attempts, tuple(site_ids), policy_id)


def _site(work: Work, chance: Chance, owner: Organization, number: int, one: int) -> str:
    """Return the id of a site: those of the large organization have keys, those of the others not: each takes its time."""
    place = chance.one(PLACES, "site", number, one)
    if number == 0:
        return sites.create(work, f"{owner.slug}-{one}", organization=owner.slug, name=f"Large {place}").id
    row = {
        "organization_id": owner.id,
        "id": chance.id("sit", number, one),
        "slug": f"{owner.slug}-{one}",
        "name": f"{owner.name} {place}",
        "created_at": work.now - timedelta(days=800),
    }
    work.tx.session.flush()
    bulk.write(work.tx, Site, [row])
    return str(row["id"])


def domain(tenant: Tenant) -> str:
    """Return the domain of the addresses of an organization."""
    return f"{tenant.slug}.example"


def account_id(chance: Chance, tenant: Tenant, number: int) -> str:
    """Return the id of an account."""
    return chance.id("acc", tenant.number, number)


def person(chance: Chance, tenant: Tenant, number: int) -> tuple[str, str, str]:
    """Return given name, family name and address of an account."""
    given, family = chance.one(GIVEN, "g", tenant.number, number), chance.one(FAMILY, "f", tenant.number, number)
    local = "".join(c if c.isascii() and c.isalnum() else "-" for c in search_words.fold(f"{given}.{family}"))
    parts = [part for part in local.split("-") if part] or ["person"]
    return given, family, f"{'.'.join(parts)}.{number}@{domain(tenant)}"


def group_count(tenant: Tenant) -> int:
    """Return how many groups there are."""
    return max(3, tenant.accounts // 30)


def group_name(chance: Chance, tenant: Tenant, number: int) -> str:
    """Return what a group is called."""
    place = PLACES[number % len(PLACES)]
    return f"{WORK[(number // len(PLACES)) % len(WORK)]} {place} {number}"


def group_id(chance: Chance, tenant: Tenant, number: int) -> str:
    """Return the id of a group."""
    return chance.id("grp", tenant.number, number)


def parent(tenant: Tenant, number: int) -> int | None:
    """Return the group that a group is inside of: every tenth one has nine others inside."""
    return None if number % 10 == 0 else number - number % 10


def leaves(tenant: Tenant) -> Leaves:
    """Share out the groups that have none inside: in the large organization some are filled by rules, some by directories."""
    found = [number for number in range(group_count(tenant)) if parent(tenant, number) is not None]
    if tenant.number != 0:
        return Leaves((), (), ())
    ruled = min(RULES, len(found) // 3)
    plain = min(2 * RULES, len(found) // 3)
    rest = found[ruled + plain :]
    return Leaves(tuple(found[:ruled]), tuple(found[ruled : ruled + plain]), tuple(rest[::4]))


def rule_id(chance: Chance, number: int) -> str:
    """Return the id of the rule that fills the group of that number among the `Leaves.ruled`."""
    return chance.id("rul", "more", number)


def client_id(chance: Chance, client: int) -> str:
    """Return the id of one of the directories that write into the large organization."""
    return chance.id("pvc", 0, client)


def directory_of(tenant: Tenant, number: int) -> int | None:
    """Return which directory keeps an account of the large organization (they keep half of them); None: nobody."""
    return number % 4 if tenant.number == 0 and number % 4 < DIRECTORIES else None


def protocol(chance: Chance, tenant: Tenant, number: int) -> str:
    """Return the protocol of an application."""
    return chance.one(("saml", "oidc", "saml", "oidc", "saml", "oidc", "bookmark"), "pro", tenant.number, number)


def application_id(chance: Chance, tenant: Tenant, number: int) -> str:
    """Return the id of an application."""
    return chance.id("app", tenant.number, number)


def application_name(chance: Chance, tenant: Tenant, number: int) -> str:
    """Return what an application is called."""
    return (
        f"{chance.one(TOOLS, 'an', tenant.number, number)} {chance.one(PLACES, 'ap', tenant.number, number)} {number}"
    )
