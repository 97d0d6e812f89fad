"""Who may administer what: permissions, the roles that hold them, and the one check."""

from enum import StrEnum

from idp.base.errors import Forbidden
from idp.base.work import Actor, Work


class Permission(StrEnum):
    """``noun:act``. A role is a set of these."""

    ORGANIZATION_CREATE = "organization:create"
    ORGANIZATION_READ = "organization:read"
    SITE_CREATE = "site:create"
    SITE_READ = "site:read"
    SITE_EDIT = "site:edit"
    ACCOUNT_CREATE = "account:create"
    ACCOUNT_READ = "account:read"
    ACCOUNT_EDIT = "account:edit"
    ACCOUNT_DISABLE = "account:disable"
    ACCOUNT_CREDENTIALS = "account:credentials"
    GROUP_CREATE = "group:create"
    GROUP_READ = "group:read"
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
    ROLE_GRANT = "role:grant"
    POLICY_READ = "policy:read"
    POLICY_EDIT = "policy:edit"
    KEY_READ = "key:read"
    KEY_ROTATE = "key:rotate"
    AUDIT_READ = "audit:read"


OPERATOR = "operator"
ORGANIZATION_ADMINISTRATOR = "organization-administrator"
AUDITOR = "auditor"

ROLES: dict[str, frozenset[Permission]] = {
    # Whoever holds the machine: the command line. Never assigned to an account.
    OPERATOR: frozenset(Permission),
    ORGANIZATION_ADMINISTRATOR: frozenset(Permission) - {Permission.ORGANIZATION_CREATE},
    AUDITOR: frozenset(p for p in Permission if p.value.endswith(":read")),
}

CLIENT_REGISTRATION = "client-registration"
CLIENT_ITSELF = "client-itself"
PROGRAM_ROLES: dict[str, frozenset[Permission]] = {
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


def allows(actor: Actor, permission: Permission, organization_id: str | None) -> bool:
    """Say whether one of *actor*'s roles holds *permission* in that organization (None: installation)."""
    return any(
        permission in _HELD.get(held.role, frozenset())
        and (held.organization_id is None or held.organization_id == organization_id)
        for held in actor.roles
        if held.site_id is None
    )


def require(work: Work, permission: Permission, organization_id: str | None) -> None:
    """
    Raises:
        Forbidden: no role of the actor holds *permission* there.
    """
    if not allows(work.actor, permission, organization_id):
        raise Forbidden(
            "You may not do this.",
            advice="Ask an administrator of your organization for the role that may.",
            cause=f"{work.actor.kind} {work.actor.name or work.actor.id} lacks {permission.value}",
        )


def organizations_of(actor: Actor, permission: Permission) -> frozenset[str] | None:
    """Return the organizations in which *actor* holds *permission*; None means all of them."""
    held = [
        h.organization_id for h in actor.roles if h.site_id is None and permission in _HELD.get(h.role, frozenset())
    ]
    if None in held:
        return None
    return frozenset(o for o in held if o is not None)
