"""The navigation of the console: four sections, and in each only what is there and what this actor may see."""

from dataclasses import dataclass

from idp.base.work import Actor
from idp.policy.permissions import Permission, reach
from idp.web import context


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the navigation. ``place`` is what its pages call themselves."""

    place: str
    endpoint: str
    permission: Permission


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the navigation and its entries."""

    name: str
    entries: tuple[Entry, ...]


_P = Permission
SECTIONS = (
    Section(
        "directory",
        (
            Entry("accounts", "console_accounts.index", _P.ACCOUNT_READ),
            Entry("groups", "console_groups.index", _P.GROUP_READ),
            Entry("domains", "console_domains.index", _P.DOMAIN_READ),
            Entry("invitations", "console_invitations.index", _P.ACCOUNT_CREATE),
            Entry("imports", "console_imports.index", _P.ACCOUNT_CREATE),
            Entry("joining", "console_joining.index", _P.REQUEST_READ),
            Entry("provisioning-targets", "console_provisioning_targets.index", _P.APPLICATION_READ),
            Entry("provisioning", "console_provisioning.index", _P.PROVISIONING_READ),
        ),
    ),
    Section(
        "security",
        (
            Entry("policies", "console_policies.index", _P.POLICY_READ),
            Entry("access", "console_access.index", _P.POLICY_READ),
            Entry("zones", "console_zones.index", _P.POLICY_READ),
            Entry("tokens", "console_tokens.index", _P.API_READ),
            Entry("keys", "console_keys.index", _P.KEY_READ),
            Entry("insights", "console_insights.index", _P.AUDIT_READ),
            Entry("attempts", "console_attempts.index", _P.AUDIT_READ),
            Entry("audit", "console_audit.index", _P.AUDIT_READ),
        ),
    ),
    Section(
        "sites",
        (
            Entry("sites", "console_sites.index", _P.SITE_READ),
            Entry("applications", "console_applications.index", _P.APPLICATION_READ),
            Entry("apis", "console_apis.index", _P.API_READ),
            Entry("bookmarks", "console_bookmarks.index", _P.APPLICATION_READ),
            Entry("requests", "console_requests.index", _P.REQUEST_READ),
            Entry("layouts", "console_layouts.index", _P.ORGANIZATION_READ),
        ),
    ),
    Section(
        "settings",
        (
            Entry("organization", "console_organization.index", _P.ORGANIZATION_READ),
            Entry("roles", "console_roles.index", _P.ROLE_READ),
            Entry("runs", "console_runs.index", _P.ACCOUNT_READ),
        ),
    ),
)


def sections(actor: Actor, organization_id: str) -> list[Section]:
    """Return the sections that have something for *actor* in that organization, each with what it has."""
    found = (
        Section(one.name, tuple(e for e in one.entries if _offered(actor, organization_id, e))) for one in SECTIONS
    )
    return [one for one in found if one.entries]


def _offered(actor: Actor, organization_id: str, entry: Entry) -> bool:
    if context.view_of(entry.endpoint) is None:
        return False
    where = reach(actor, entry.permission)
    return (
        where.everywhere
        or organization_id in where.organizations
        or any(organization == organization_id for organization, _ in (*where.sites, *where.applications))
    )
