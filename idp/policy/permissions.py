"""
Who may administer what: permissions, the roles that hold them, and the one check.

A role is held in an organization, at one of its sites, or for one of its applications. What it holds there covers
what lies inside: a role in the organization covers its sites and their applications. Permissions of `DIRECTORY`
are about the organization's people, who belong to no site: whoever holds one anywhere in the organization holds it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from idp.base.errors import Forbidden
from idp.base.texts import phrase
from idp.base.work import Actor, HeldRole, Work


class Permission(StrEnum):
    """``noun:act``. A role is a set of these."""

    ORGANIZATION_CREATE = "organization:create"
    ORGANIZATION_READ = "organization:read"
    ORGANIZATION_EDIT = "organization:edit"
    DOMAIN_READ = "domain:read"
    DOMAIN_EDIT = "domain:edit"
    SITE_CREATE = "site:create"
    SITE_READ = "site:read"
    SITE_EDIT = "site:edit"
    ACCOUNT_CREATE = "account:create"
    ACCOUNT_READ = "account:read"
    ACCOUNT_EDIT = "account:edit"
    ACCOUNT_DISABLE = "account:disable"
    ACCOUNT_DELETE = "account:delete"
    ACCOUNT_CREDENTIALS = "account:credentials"
    ACCOUNT_RECOVER = "account:recover"
    ACCOUNT_EXPORT = "account:export"
    GROUP_CREATE = "group:create"
    GROUP_READ = "group:read"
    GROUP_EDIT = "group:edit"
    GROUP_MEMBERS = "group:members"
    APPLICATION_CREATE = "application:create"
    APPLICATION_READ = "application:read"
    APPLICATION_EDIT = "application:edit"
    APPLICATION_DELETE = "application:delete"
    APPLICATION_GRANT = "application:grant"
    API_CREATE = "api:create"
    API_READ = "api:read"
    API_EDIT = "api:edit"
    API_DELETE = "api:delete"
    API_GRANT = "api:grant"
    ROLE_READ = "role:read"
    ROLE_EDIT = "role:edit"
    ROLE_GRANT = "role:grant"
    REQUEST_READ = "request:read"
    REQUEST_DECIDE = "request:decide"
    PROVISIONING_READ = "provisioning:read"
    PROVISIONING_MANAGE = "provisioning:manage"
    POLICY_READ = "policy:read"
    POLICY_EDIT = "policy:edit"
    KEY_READ = "key:read"
    KEY_ROTATE = "key:rotate"
    AUDIT_READ = "audit:read"


DIRECTORY = frozenset(
    {Permission.ORGANIZATION_READ, Permission.ACCOUNT_READ, Permission.GROUP_READ, Permission.SITE_READ}
)
"""What a role at a site, or for an application, holds in the whole organization: else it could not name anybody."""

OPERATOR = "operator"
ORGANIZATION_ADMINISTRATOR = "organization-administrator"
SECURITY_ADMINISTRATOR = "security-administrator"
USER_ACCESS_ADMINISTRATOR = "user-access-administrator"
SITE_ADMINISTRATOR = "site-administrator"
APPLICATION_ADMINISTRATOR = "application-administrator"
HELP_DESK = "help-desk"
AUDITOR = "auditor"

_READ = frozenset(p for p in Permission if p.value.endswith(":read"))
_APPLICATIONS = frozenset(
    {
        *(Permission.APPLICATION_READ, Permission.APPLICATION_EDIT, Permission.APPLICATION_GRANT),
        *(Permission.API_READ, Permission.REQUEST_READ, Permission.REQUEST_DECIDE),
    }
)

ROLES: dict[str, frozenset[Permission]] = {
    # Whoever holds the machine: the command line. Never assigned to an account.
    OPERATOR: frozenset(Permission),
    ORGANIZATION_ADMINISTRATOR: frozenset(Permission) - {Permission.ORGANIZATION_CREATE},
    SECURITY_ADMINISTRATOR: _READ | {Permission.POLICY_EDIT, Permission.KEY_ROTATE},
    USER_ACCESS_ADMINISTRATOR: DIRECTORY
    | {
        *(Permission.ACCOUNT_CREATE, Permission.GROUP_MEMBERS, Permission.APPLICATION_READ),
        *(Permission.APPLICATION_GRANT, Permission.REQUEST_READ, Permission.REQUEST_DECIDE),
        Permission.PROVISIONING_READ,
    },
    SITE_ADMINISTRATOR: DIRECTORY
    | _APPLICATIONS
    | {
        *(Permission.SITE_EDIT, Permission.APPLICATION_CREATE, Permission.APPLICATION_DELETE),
        *(Permission.API_CREATE, Permission.API_EDIT, Permission.API_DELETE, Permission.API_GRANT),
        *(Permission.KEY_READ, Permission.KEY_ROTATE),
    },
    APPLICATION_ADMINISTRATOR: DIRECTORY | _APPLICATIONS,
    HELP_DESK: frozenset({Permission.ORGANIZATION_READ, Permission.ACCOUNT_READ, Permission.ACCOUNT_RECOVER}),
    AUDITOR: _READ,
}
SCOPES: dict[str, frozenset[str]] = {
    ORGANIZATION_ADMINISTRATOR: frozenset({"organization"}),
    SECURITY_ADMINISTRATOR: frozenset({"organization"}),
    USER_ACCESS_ADMINISTRATOR: frozenset({"organization", "site", "application"}),
    SITE_ADMINISTRATOR: frozenset({"site"}),
    APPLICATION_ADMINISTRATOR: frozenset({"application"}),
    HELP_DESK: frozenset({"organization"}),
    AUDITOR: frozenset({"organization"}),
}
"""Where each role that comes with Ostiary can be held."""

CLIENT_REGISTRATION = "client-registration"
CLIENT_ITSELF = "client-itself"
JOINING = "joining"
PROVISIONING_CLIENT = "provisioning-client"
PROGRAM_ROLES: dict[str, frozenset[Permission]] = {
    # Held for the length of one request by somebody who has proven an address on a domain that has a join rule
    # (`signon.joining`): what they may is to make their own account and to enter the groups of the rule. Of roles of
    # administrators it holds nothing, so that no group that carries one is entered by it (D17).
    JOINING: frozenset(
        {
            *(Permission.ORGANIZATION_READ, Permission.ACCOUNT_READ, Permission.GROUP_READ),
            *(Permission.ACCOUNT_CREATE, Permission.GROUP_MEMBERS),
        }
    ),
    # Held for the length of one call by another directory that writes accounts and groups of one organization. It
    # reaches only what is its own (`directory.provisioned`), and rules over nobody who holds a role (D17).
    PROVISIONING_CLIENT: frozenset(
        {
            *(Permission.ORGANIZATION_READ, Permission.ACCOUNT_READ, Permission.GROUP_READ),
            *(Permission.ACCOUNT_CREATE, Permission.ACCOUNT_EDIT, Permission.ACCOUNT_DISABLE),
            *(Permission.GROUP_CREATE, Permission.GROUP_EDIT, Permission.GROUP_MEMBERS),
        }
    ),
    # Held for the length of one request by a program that registers itself, or changes its own registration
    # (RFC 7591, RFC 7592). Never assigned to anybody; what it may register is bounded by `oidc.registration`.
    CLIENT_REGISTRATION: frozenset(
        {
            Permission.SITE_READ,
            Permission.APPLICATION_CREATE,
            Permission.APPLICATION_READ,
            Permission.APPLICATION_GRANT,
        }
    ),
    CLIENT_ITSELF: frozenset(
        {
            Permission.SITE_READ,
            Permission.APPLICATION_READ,
            Permission.APPLICATION_EDIT,
            Permission.APPLICATION_DELETE,
        }
    ),
}
_HELD = {**ROLES, **PROGRAM_ROLES}
_NAMES = frozenset(permission.value for permission in Permission)


@dataclass(frozen=True, slots=True)
class Reach:
    """
    Where an actor holds a permission; ``everywhere``: in the whole installation.

    ``sites`` and ``applications`` are pairs of the organization and the site or application.
    """

    everywhere: bool = False
    organizations: frozenset[str] = frozenset()
    sites: frozenset[tuple[str, str]] = frozenset()
    applications: frozenset[tuple[str, str]] = frozenset()


def permissions_of(held: HeldRole) -> frozenset[Permission]:
    """Return what a held role holds; of a permission that this version does not know, nothing."""
    known = _HELD.get(held.role)
    if known is not None:
        return known
    return frozenset(Permission(name) for name in held.permissions if name in _NAMES)


def allows(
    actor: Actor,
    permission: Permission,
    organization_id: str | None,
    *,
    site_id: str | None = None,
    application_id: str | None = None,
) -> bool:
    """
    Say whether one of *actor*'s roles holds *permission* there.

    Args:
        organization_id: in which organization (None: the installation).
        site_id, application_id: at which of its sites, for which application of that site; without, only a role
            in the whole organization counts.
    """
    return any(
        permission in permissions_of(held) and _covers(held, permission, organization_id, site_id, application_id)
        for held in actor.roles
    )


def _covers(
    held: HeldRole, permission: Permission, organization_id: str | None, site_id: str | None, application_id: str | None
) -> bool:
    if held.organization_id is None:
        return held.site_id is None and held.application_id is None
    if held.organization_id != organization_id:
        return False
    if permission in DIRECTORY:
        return True
    if held.application_id is not None:
        return held.application_id == application_id
    return held.site_id is None or held.site_id == site_id


def require(
    work: Work,
    permission: Permission,
    organization_id: str | None,
    *,
    site_id: str | None = None,
    application_id: str | None = None,
) -> None:
    """
    As `allows`.

    Raises:
        Forbidden: no role of the actor holds *permission* there.
    """
    if not allows(work.actor, permission, organization_id, site_id=site_id, application_id=application_id):
        raise Forbidden(
            "You may not do this.",
            advice="Ask an administrator of your organization for the role that may.",
            cause=phrase(
                "%(kind)s %(name)s lacks %(value)s",
                kind=work.actor.kind,
                name=work.actor.name or work.actor.id,
                value=permission.value,
            ),
        )


def reach(actor: Actor, permission: Permission) -> Reach:
    """Return where *actor* holds *permission*: what queries are narrowed to."""
    organizations, sites, applications = set[str](), set[tuple[str, str]](), set[tuple[str, str]]()
    for held in actor.roles:
        if permission not in permissions_of(held):
            continue
        if held.organization_id is None:
            if held.site_id is None and held.application_id is None:
                return Reach(everywhere=True)
        elif (held.site_id is None and held.application_id is None) or permission in DIRECTORY:
            organizations.add(held.organization_id)
        elif held.application_id is not None:
            applications.add((held.organization_id, held.application_id))
        elif held.site_id is not None:
            sites.add((held.organization_id, held.site_id))
    return Reach(False, frozenset(organizations), frozenset(sites), frozenset(applications))


def organizations_of(actor: Actor, permission: Permission) -> frozenset[str] | None:
    """Return the organizations in the whole of which *actor* holds *permission*; None means all of them."""
    found = reach(actor, permission)
    return None if found.everywhere else found.organizations


def exceeds(roles: Iterable[HeldRole], by: Actor) -> frozenset[Permission]:
    """
    Return what *roles* hold that *by* does not hold in the same place: nobody grants, nor rules over, what he does not
    hold (threats D17).
    """
    return frozenset(
        permission
        for held in roles
        for permission in permissions_of(held)
        if not allows(by, permission, held.organization_id, site_id=held.site_id, application_id=held.application_id)
    )
