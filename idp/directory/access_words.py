"""Who may open an application, and who may give access to it, in words for an administrator."""

from idp.base.errors import NotFound
from idp.base.work import Work
from idp.directory import access, administering, applications, queries
from idp.directory.models import AccessGrant, Account, Application, RoleAssignment
from idp.policy.permissions import ROLES, Permission

MOST_SHOWN = 10


def open_to(work: Work, application: Application) -> tuple[str, ...]:
    """Return who may open an application that the actor has been given, the first ten; empty: nobody."""
    return tuple(_who(work, grant) for grant in applications.grants(work, application)[:MOST_SHOWN])


def who_gives(work: Work, organization_id: str) -> tuple[str, ...]:
    """Return the e-mail addresses of those whose role may give access to applications, the first ten."""
    roles = [role for role, held in ROLES.items() if Permission.APPLICATION_GRANT in held]
    query = (
        queries.visible(work, Account, Permission.ACCOUNT_READ)
        .where(
            Account.organization_id == organization_id,
            Account.disabled_at.is_(None),
            administering.holding(RoleAssignment.role.in_(roles)),
        )
        .order_by(Account.email_key)
        .limit(MOST_SHOWN)
    )
    values = {"organization_id": organization_id, "now": work.now}
    return tuple(account.email for account in work.tx.session.scalars(query, values))


def person(work: Work, account_id: str | None) -> str:
    """Return the e-mail address of an account; empty where there is none, or none that this actor may see."""
    if account_id is None:
        return ""
    try:
        return queries.account(work, account_id).email
    except NotFound:
        return ""


def _who(work: Work, grant: AccessGrant) -> str:
    try:
        if grant.subject_kind == access.GROUP:
            return f"the group {queries.group(work, grant.subject_id, organization_id=grant.organization_id).name}"
        if grant.subject_kind == access.ACCOUNT:
            return queries.account(work, grant.subject_id, organization_id=grant.organization_id).email
    except NotFound:
        return f"a {grant.subject_kind} that you may not see"
    return "everyone"
