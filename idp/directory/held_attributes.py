"""Which further attributes there are in an organization: those that some account has."""

from sqlalchemy import func, true

from idp.base.work import Work
from idp.directory import queries
from idp.directory.attributes import ATTRIBUTES
from idp.directory.models import Account
from idp.policy.permissions import Permission

_MOST = 1000


def held(work: Work, organization_id: str) -> frozenset[str]:
    """Return what the further attributes of an organization's accounts are called, of accounts that the actor may see."""
    further = func.json_each(Account.attributes).table_valued("key", name="further")
    query = (
        queries.visible(work, Account, Permission.ACCOUNT_READ)
        .where(Account.organization_id == organization_id)
        .join(further, true())
        .with_only_columns(further.c.key)
        .distinct()
        .order_by(further.c.key)
        .limit(_MOST)
    )
    return frozenset(work.tx.session.scalars(query)).difference(ATTRIBUTES)
