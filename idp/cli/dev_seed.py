"""
Made-up organizations for `idp dev seed`: what is in each table, row by row.

One organization is large (three fifths of everything), the others are small. Names, ids and choices come of the seed
alone; moments are counted back from now. Nobody can sign in with anything of it: there is no password, and no secret
is one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from idp.audit.events import InstallationSeeded
from idp.audit.log import record
from idp.audit.models import Attempt, AuditEntry
from idp.base import bulk
from idp.base.work import Work
from idp.cli import dev_seed_rules
from idp.cli.dev_names import FAMILY, GIVEN, PLACES, TOOLS, WORK, Chance
from idp.directory import access_policies, names, organizations, search_words, sites
from idp.directory.console_models import SearchWord
from idp.directory.domain_models import Domain
from idp.directory.group_models import GroupNesting
from idp.directory.joining_models import AccessRequest, Invitation, JoinRequest
from idp.directory.models import (
    AccessGrant,
    Account,
    Application,
    Group,
    Membership,
    Organization,
    RoleAssignment,
    Site,
)
from idp.oidc import metadata
from idp.oidc.models import Client
from idp.policy.permissions import ORGANIZATION_ADMINISTRATOR
from idp.saml.description import Endpoint, SpDescription
from idp.saml.models import ServiceProvider
from idp.saml.names import POST
from idp.signon.models import TotpFactor

_DAYS = 90
_DEPARTMENTS = 40


@dataclass(frozen=True, slots=True)
class Scale:
    """
    How much there is of everything; ``share`` of it, in tenths, belongs to the large organization, which has so many sites.
    """

    organizations: int
    accounts: int
    applications: int
    entries: int
    attempts: int
    share: int = 6
    sites: int = 12


SCALES = {
    "tiny": Scale(3, 350, 20, 100, 100, sites=1),
    "small": Scale(10, 400, 80, 3_000, 3_000),
    "20k": Scale(100, 20_000, 2_000, 200_000, 200_000),
    "100k": Scale(1_000, 100_000, 10_000, 1_000_000, 1_000_000),
}

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Tenant:
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


def fill(work: Work, scale: str, seed: int, told: Callable[[str, int], None]) -> tuple[dict[str, int], str]:
    """
    Fill the empty installation; return how many rows each table was given, and who administers the large organization.

    Args:
        scale: one of `SCALES`.
        told: is told of each table when it is done, and of its rows.
    """
    size, chance = SCALES[scale], Chance(seed)
    bulk.unhurried(work.tx)
    tenants = [_tenant(work, chance, size, number) for number in range(size.organizations)]
    counts = {"organizations": len(tenants)}
    for name, model, rows in _TABLES:
        counts[name] = bulk.write(work.tx, model, (row for tenant in tenants for row in rows(work, chance, tenant)))
        told(name, counts[name])
    for name, count in _rules(work, chance, tenants[0]).items():
        counts[name] = count
        told(name, count)
    record(work, InstallationSeeded(organization_id=None, target_id="", scale=scale, seed=seed))
    bulk.settle(work.tx)
    return counts, _person(chance, tenants[0], 0)[2]


def _rules(work: Work, chance: Chance, tenant: _Tenant) -> dict[str, int]:
    """Write what the large organization alone has; return how many rows each table was given."""
    leaves = _leaves(tenant)
    count = _ruled(leaves)
    return dev_seed_rules.fill(
        work,
        chance,
        tenant.slug,
        tenant.id,
        ruled=[_group_id(chance, tenant, number) for number in leaves[:count]],
        plain=[_group_id(chance, tenant, number) for number in leaves[count:][: 2 * dev_seed_rules.RULES]],
        accounts=[_account_id(chance, tenant, number) for number in range(min(100, tenant.accounts))],
    )


def _ruled(leaves: list[int]) -> int:
    return min(dev_seed_rules.RULES, len(leaves) // 2)


def _leaves(tenant: _Tenant) -> list[int]:
    """Return the numbers of the groups that have none inside; those that come first are filled by rules."""
    return [number for number in range(_group_count(tenant)) if _parent(tenant, number) is not None]


def _tenant(work: Work, chance: Chance, size: Scale, number: int) -> _Tenant:
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
    return _Tenant(number, made.id, slug, accounts, applications, entries, attempts, tuple(site_ids), policy_id)


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


def _domain(tenant: _Tenant) -> str:
    return f"{tenant.slug}.example"


def _account_id(chance: Chance, tenant: _Tenant, number: int) -> str:
    return chance.id("acc", tenant.number, number)


def _person(chance: Chance, tenant: _Tenant, number: int) -> tuple[str, str, str]:
    given, family = chance.one(GIVEN, "g", tenant.number, number), chance.one(FAMILY, "f", tenant.number, number)
    local = "".join(c if c.isascii() and c.isalnum() else "-" for c in search_words.fold(f"{given}.{family}"))
    parts = [part for part in local.split("-") if part] or ["person"]
    return given, family, f"{'.'.join(parts)}.{number}@{_domain(tenant)}"


def _accounts(work: Work, chance: Chance, tenant: _Tenant) -> Iterator[Row]:
    for number in range(tenant.accounts):
        given, family, email = _person(chance, tenant, number)
        created = work.now - timedelta(days=chance.number(900, "ac", tenant.number, number) + 1)
        active = chance.number(20, "aa", tenant.number, number)
        yield {
            "organization_id": tenant.id,
            "id": _account_id(chance, tenant, number),
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
            "created_through": chance.one(("administrator", "invitation", "import"), "ct", tenant.number, number),
        }


def _roles(work: Work, chance: Chance, tenant: _Tenant) -> Iterator[Row]:
    if tenant.accounts:
        yield {
            "organization_id": tenant.id,
            "id": chance.id("rol", tenant.number),
            "account_id": _account_id(chance, tenant, 0),
            "role": ORGANIZATION_ADMINISTRATOR,
            "valid_from": work.now - timedelta(days=900),
        }


def _factors(work: Work, chance: Chance, tenant: _Tenant) -> Iterator[Row]:
    for number in range(tenant.accounts):
        if chance.number(10, "totp", tenant.number, number) < 7:
            yield {
                "organization_id": tenant.id,
                "id": chance.id("fac", tenant.number, number),
                "account_id": _account_id(chance, tenant, number),
                "name": "Authenticator app",
                "secret_sealed": "made up: opens nothing",
                "created_at": work.now - timedelta(days=60),
                "confirmed_at": work.now - timedelta(days=60),
            }


def _group_count(tenant: _Tenant) -> int:
    return max(3, tenant.accounts // 30)


def _group_name(chance: Chance, tenant: _Tenant, number: int) -> str:
    place = PLACES[number % len(PLACES)]
    return f"{WORK[(number // len(PLACES)) % len(WORK)]} {place} {number}"


def _group_id(chance: Chance, tenant: _Tenant, number: int) -> str:
    return chance.id("grp", tenant.number, number)


def _groups(work: Work, chance: Chance, tenant: _Tenant) -> Iterator[Row]:
    leaves = _leaves(tenant) if tenant.number == 0 else []
    ruled = set(leaves[: _ruled(leaves)])
    for number in range(_group_count(tenant)):
        name = _group_name(chance, tenant, number)
        yield {
            "organization_id": tenant.id,
            "id": _group_id(chance, tenant, number),
            "name": name,
            "name_key": names.name_key(name),
            "kind": "rule" if number in ruled else "manual",
            "created_at": work.now - timedelta(days=700),
        }


def _parent(tenant: _Tenant, number: int) -> int | None:
    """Return the group that a group is inside of: every tenth one has nine others inside."""
    return None if number % 10 == 0 else number - number % 10


def _nestings(work: Work, chance: Chance, tenant: _Tenant) -> Iterator[Row]:
    for number in range(_group_count(tenant)):
        parent = _parent(tenant, number)
        if parent is not None:
            yield {
                "organization_id": tenant.id,
                "id": chance.id("gne", tenant.number, number),
                "parent_id": _group_id(chance, tenant, parent),
                "child_id": _group_id(chance, tenant, number),
                "valid_from": work.now - timedelta(days=700),
            }


def _memberships(work: Work, chance: Chance, tenant: _Tenant) -> Iterator[Row]:
    count = _group_count(tenant)
    for number in range(tenant.accounts):
        account_id = _account_id(chance, tenant, number)
        seen: set[tuple[int, str]] = set()
        for one in range(2):
            group = chance.number(count, "mem", tenant.number, number, one)
            parent = _parent(tenant, group)
            sources = [(group, "manual")] + (
                [] if parent is None else [(parent, f"group:{_group_id(chance, tenant, group)}")]
            )
            for into, source in sources:
                if (into, source) in seen:
                    continue
                seen.add((into, source))
                yield {
                    "organization_id": tenant.id,
                    "id": chance.id("mem", tenant.number, number, into, source),
                    "group_id": _group_id(chance, tenant, into),
                    "account_id": account_id,
                    "source": source,
                    "valid_from": work.now - timedelta(days=chance.number(600, "mv", tenant.number, number)),
                }


def _protocol(chance: Chance, tenant: _Tenant, number: int) -> str:
    return chance.one(("saml", "oidc", "saml", "oidc", "saml", "oidc", "bookmark"), "pro", tenant.number, number)


def _application_id(chance: Chance, tenant: _Tenant, number: int) -> str:
    return chance.id("app", tenant.number, number)


def _application_name(chance: Chance, tenant: _Tenant, number: int) -> str:
    return (
        f"{chance.one(TOOLS, 'an', tenant.number, number)} {chance.one(PLACES, 'ap', tenant.number, number)} {number}"
    )


def _applications(work: Work, chance: Chance, tenant: _Tenant) -> Iterator[Row]:
    for number in range(tenant.applications):
        yield {
            "organization_id": tenant.id,
            "id": _application_id(chance, tenant, number),
            "site_id": tenant.site_ids[number % len(tenant.site_ids)],
            "protocol": _protocol(chance, tenant, number),
            "name": _application_name(chance, tenant, number),
            "launch_url": f"https://app-{number}.{_domain(tenant)}/",
            "requestable": number % 5 == 0,
            "created_at": work.now - timedelta(days=500),
            "disabled_at": work.now - timedelta(days=2) if number % 60 == 7 else None,
        }


def _providers(work: Work, chance: Chance, tenant: _Tenant) -> Iterator[Row]:
    for number in range(tenant.applications):
        if _protocol(chance, tenant, number) != "saml":
            continue
        entity_id = f"https://app-{number}.{_domain(tenant)}/metadata"
        until = work.now + timedelta(days=12) if number % 200 == 1 else None
        described = SpDescription(
            entity_id=entity_id,
            display_name=_application_name(chance, tenant, number),
            assertion_consumers=(
                Endpoint(POST, f"https://app-{number}.{_domain(tenant)}/acs", index=0, is_default=True),
            ),
            logout_endpoints=(),
            signing_certificates=(),
            encryption_keys=(),
            nameid_formats=(),
            requested_attributes=(),
            authn_requests_signed=False,
            want_assertions_signed=True,
            valid_until=until,
        )
        yield {
            "organization_id": tenant.id,
            "application_id": _application_id(chance, tenant, number),
            "site_id": tenant.site_ids[number % len(tenant.site_ids)],
            "entity_id": entity_id,
            "metadata_xml": "",
            "description": described.to_json(),
            "relay_states": [],
            "ends_at": until,
            "created_at": work.now - timedelta(days=500),
            "updated_at": work.now - timedelta(days=500),
        }


def _clients(work: Work, chance: Chance, tenant: _Tenant) -> Iterator[Row]:
    for number in range(tenant.applications):
        if _protocol(chance, tenant, number) != "oidc":
            continue
        asked = {
            "client_name": _application_name(chance, tenant, number),
            "redirect_uris": [f"https://app-{number}.{_domain(tenant)}/callback"],
            "token_endpoint_auth_method": "none",
        }
        yield {
            "organization_id": tenant.id,
            "application_id": _application_id(chance, tenant, number),
            "site_id": tenant.site_ids[number % len(tenant.site_ids)],
            "client_id": chance.id("cli", tenant.number, number),
            "registration": metadata.read(asked, allow_http_loopback=False),
            "created_at": work.now - timedelta(days=500),
            "updated_at": work.now - timedelta(days=500),
        }


def _grants(work: Work, chance: Chance, tenant: _Tenant) -> Iterator[Row]:
    groups = _group_count(tenant)
    for number in range(tenant.applications):
        everyone = number % 25 == 0
        for one in range(1 if everyone else 2):
            group = chance.number(groups, "gr", tenant.number, number, one)
            yield {
                "organization_id": tenant.id,
                "id": chance.id("acg", tenant.number, number, one),
                "application_id": _application_id(chance, tenant, number),
                "subject_kind": "everyone" if everyone else "group",
                "subject_id": tenant.id if everyone else _group_id(chance, tenant, group),
                "valid_from": work.now - timedelta(days=chance.number(500, "gv", tenant.number, number)),
            }


def _domains(work: Work, chance: Chance, tenant: _Tenant) -> Iterator[Row]:
    for number in range(40 if tenant.number == 0 else 1):
        name = (
            _domain(tenant)
            if number == 0
            else f"{chance.one(WORK, 'do', number).split()[0].lower()}-{number}.{_domain(tenant)}"
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


def _access_requests(work: Work, chance: Chance, tenant: _Tenant) -> Iterator[Row]:
    for number in range(tenant.applications // 10):
        yield {
            "organization_id": tenant.id,
            "id": chance.id("arq", tenant.number, number),
            "account_id": _account_id(chance, tenant, chance.number(tenant.accounts, "rq", tenant.number, number)),
            "application_id": _application_id(chance, tenant, number),
            "reason": "For the quarterly report.",
            "state": chance.one(("pending", "approved", "denied"), "rs", tenant.number, number),
            "created_at": work.now - timedelta(hours=number),
        }


def _join_requests(work: Work, chance: Chance, tenant: _Tenant) -> Iterator[Row]:
    for number in range(tenant.accounts // 200):
        email = f"newcomer.{number}@{_domain(tenant)}"
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


def _invitations(work: Work, chance: Chance, tenant: _Tenant) -> Iterator[Row]:
    for number in range(tenant.accounts // 50):
        _, _, email = _person(chance, tenant, number)
        yield {
            "organization_id": tenant.id,
            "id": chance.id("inv", tenant.number, number),
            "account_id": _account_id(chance, tenant, number),
            "email": email,
            "sent_at": work.now - timedelta(days=number % 40),
            "expires_at": work.now + timedelta(days=7 - number % 40),
        }


_TAGS: tuple[tuple[str, Row], ...] = (
    ("group.member-added", {"group": "Sales Porto 40", "account_id": "acc_x", "source": "manual"}),
    ("application.access-granted", {"subject_kind": "group", "subject": "Sales Porto 40"}),
    ("account.created", {"email": "someone@large.example", "name": "Someone", "kind": "member"}),
    ("account.disabled", {"email": "someone@large.example"}),
    ("account.enabled", {"email": "someone@large.example"}),
    ("session.started", {"methods": ["password", "totp"]}),
)


def _moment(work: Work, chance: Chance, about: str, tenant: _Tenant, number: int) -> datetime:
    return work.now - timedelta(seconds=chance.number(_DAYS * 86_400, about, tenant.number, number))


def _ordered_id(prefix: str, at: datetime, number: int) -> str:
    return f"{prefix}_{int(at.timestamp() * 1000):012x}{number:016d}"


def _entries(work: Work, chance: Chance, tenant: _Tenant) -> Iterator[Row]:
    for number in range(tenant.entries):
        at = _moment(work, chance, "aud", tenant, number)
        tag, details = _TAGS[number % len(_TAGS)]
        target = chance.number(tenant.accounts, "tg", tenant.number, number)
        actor = number % 50
        yield {
            "id": _ordered_id("aud", at, tenant.number * 10_000_000 + number),
            "at": at,
            "tag": tag,
            "organization_id": tenant.id,
            "target_id": _account_id(chance, tenant, target),
            "actor_kind": "account",
            "actor_id": _account_id(chance, tenant, actor),
            "actor_name": f"administrator {actor}",
            "door": "web",
            "ip": f"192.0.2.{number % 256}",
            "request_id": "",
            "details": details,
        }


_KINDS = ("sign-in", "saml.sign-on", "oidc.sign-on")
_CODES = ("wrong_password", "no_access", "access_denied", "wrong_code")


def _attempts(work: Work, chance: Chance, tenant: _Tenant) -> Iterator[Row]:
    for number in range(tenant.attempts):
        at = _moment(work, chance, "att", tenant, number)
        dice = chance.number(1 << 30, "d", tenant.number, number)
        kind, refused = _KINDS[dice % 3], dice % 13 == 0
        popular = (dice // 39) % max(1, tenant.applications)
        yield {
            "id": _ordered_id("att", at, tenant.number * 10_000_000 + number),
            "at": at,
            "kind": kind,
            "organization_id": tenant.id,
            "site_id": tenant.site_ids[0],
            "application_id": None
            if kind == "sign-in"
            else _application_id(chance, tenant, popular % (1 + popular // 7)),
            "account_id": _account_id(chance, tenant, dice % max(1, tenant.accounts)),
            "request_id": "",
            "ip": f"198.51.100.{dice % 256}",
            "outcome": "refused" if refused else "succeeded",
            "code": _CODES[dice % len(_CODES)] if refused else "",
            "cause": "made up" if refused else "",
            "decision": "denied" if refused else "allowed",
            "rule": "",
            "context": {"network": "198.51.100.0/24", "methods": ["password", "totp"]}
            | ({"access": {"reported": dev_seed_rules.reported(tenant.policy_id, number)}} if tenant.policy_id else {}),
            "steps": [{"step": "policy", "state": "failed" if refused else "passed"}],
        }


def _words(work: Work, chance: Chance, tenant: _Tenant) -> Iterator[Row]:
    def of(kind: str, target_id: str, *texts: str) -> Iterator[Row]:
        for word in search_words.words(*texts):
            yield {"organization_id": tenant.id, "kind": kind, "word": word, "target_id": target_id}

    for number in range(tenant.accounts):
        given, family, email = _person(chance, tenant, number)
        yield from of("account", _account_id(chance, tenant, number), email, f"{given} {family}")
    for number in range(_group_count(tenant)):
        yield from of("group", _group_id(chance, tenant, number), _group_name(chance, tenant, number))
    for number in range(tenant.applications):
        yield from of("application", _application_id(chance, tenant, number), _application_name(chance, tenant, number))
    for row in _domains(work, chance, tenant):
        yield from of("domain", row["id"], row["name"])


_TABLES: tuple[tuple[str, Any, Callable[[Work, Chance, _Tenant], Iterator[Row]]], ...] = (
    ("accounts", Account, _accounts),
    ("role assignments", RoleAssignment, _roles),
    ("authenticator apps", TotpFactor, _factors),
    ("groups", Group, _groups),
    ("nested groups", GroupNesting, _nestings),
    ("memberships", Membership, _memberships),
    ("applications", Application, _applications),
    ("service providers", ServiceProvider, _providers),
    ("clients", Client, _clients),
    ("grants", AccessGrant, _grants),
    ("domains", Domain, _domains),
    ("access requests", AccessRequest, _access_requests),
    ("requests to join", JoinRequest, _join_requests),
    ("invitations", Invitation, _invitations),
    ("audit entries", AuditEntry, _entries),
    ("attempts", Attempt, _attempts),
    ("words", SearchWord, _words),
)
