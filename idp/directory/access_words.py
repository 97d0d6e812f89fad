"""Who may open an application, and who may give access to it, in words for an administrator."""

from idp.base.errors import NotFound
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import access, administering, application_lists, queries
from idp.directory.models import Account, Application, RoleAssignment
from idp.policy.permissions import ROLES, Permission

MOST_SHOWN = 10


def open_to(work: Work, application: Application) -> tuple[str, ...]:
    """Return who may open an application that the actor has been given, the first ten; empty: nobody."""
    shown = application_lists.openers(work, application, limit=MOST_SHOWN)
    return tuple(_who(one) for one in shown)


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


def _who(one: application_lists.Openers) -> str:
    if one.kind == access.EVERYONE:
        return phrase("everyone")
    if one.name == one.subject_id:  # an id stands for the name of what this actor may not see
        return (
            phrase("a group that you may not see")
            if one.kind == access.GROUP
            else phrase("an account that you may not see")
        )
    return phrase("the group %(name)s", name=one.name) if one.kind == access.GROUP else one.name
