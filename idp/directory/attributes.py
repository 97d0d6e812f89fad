"""An account as ``{attribute: values}``: the only source of what may be released."""

from sqlalchemy import bindparam, select

from idp.base.db import Prepared
from idp.base.work import Work
from idp.directory import access
from idp.directory.models import Account

_ACCOUNT = Prepared(
    select(Account.email, Account.name, Account.given_name, Account.family_name).where(
        Account.organization_id == bindparam("organization_id"), Account.id == bindparam("account_id")
    )
)

ATTRIBUTES = ("email", "name", "given_name", "family_name", "groups")


def attributes_of(work: Work, organization_id: str, account_id: str) -> dict[str, tuple[str, ...]]:
    """Return every attribute of the account that has a value now (see `ATTRIBUTES`)."""
    row = work.tx.row(_ACCOUNT, organization_id=organization_id, account_id=account_id)
    if row is None:
        return {}
    found = {
        "email": (row.email,),
        "name": (row.name,),
        "given_name": (row.given_name,),
        "family_name": (row.family_name,),
        "groups": access.groups_of(work, organization_id, account_id),
    }
    return {name: values for name, values in found.items() if values and values[0]}
