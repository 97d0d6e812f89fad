"""Which further attributes there are in an organization: those that some account has."""

from sqlalchemy import func, select, true

from idp.base.work import Work
from idp.directory import queries
from idp.directory.attributes import ATTRIBUTES
from idp.directory.models import Account
from idp.policy.permissions import Permission

MOST_ACCOUNTS = 2000  # no page looks at everybody
_MOST_NAMES = 1000


def held(work: Work, organization_id: str) -> frozenset[str]:
    """
    Return what the further attributes of an organization's accounts are called, of accounts that the actor may see.

    Two thousand accounts are looked at, those with the lowest ids; what none of them has is not found.
    """
    some = (
        queries.visible(work, Account, Permission.ACCOUNT_READ)
        .where(Account.organization_id == organization_id)
        .with_only_columns(Account.attributes)
        .order_by(Account.id)
        .limit(MOST_ACCOUNTS)
        .subquery()
    )
    further = func.json_each(some.c.attributes).table_valued("key", name="further")
    query = (
        select(further.c.key)
        .select_from(some)
        .join(further, true())
        .distinct()
        .order_by(further.c.key)
        .limit(_MOST_NAMES)
    )
    return frozenset(work.tx.session.scalars(query)).difference(ATTRIBUTES)
