"""Passwords that an account had before, where its policy does not let them come back."""

from sqlalchemy import Select, delete, select

from idp.base.ids import new_id
from idp.base.work import Work
from idp.signon.models import FormerPassword, Password


def hashes(work: Work, organization_id: str, account_id: str, most: int) -> list[str]:
    """Return the hashes of the last *most* passwords before the current one, the youngest first."""
    if most <= 0:
        return []
    query = _of(organization_id, account_id).limit(most)
    return [row.hash for row in work.tx.session.scalars(query)]


def keep(work: Work, current: Password, most: int) -> None:
    """*current* is about to be replaced: keep it, and of those before as many as make *most* with it."""
    if most > 0:
        work.tx.session.add(
            FormerPassword(
                organization_id=current.organization_id,
                id=new_id("fpw"),
                account_id=current.account_id,
                hash=current.hash,
                pepper=current.pepper,
                until=work.now,
            )
        )
        work.tx.session.flush()
    of = _of(current.organization_id, current.account_id)
    kept = [row.id for row in work.tx.session.scalars(of.limit(max(most, 0)))]
    work.tx.session.execute(
        delete(FormerPassword).where(
            FormerPassword.organization_id == current.organization_id,
            FormerPassword.account_id == current.account_id,
            FormerPassword.id.not_in(kept),
        )
    )


def _of(organization_id: str, account_id: str) -> Select[FormerPassword]:
    return (
        select(FormerPassword)
        .where(FormerPassword.organization_id == organization_id, FormerPassword.account_id == account_id)
        .order_by(FormerPassword.until.desc(), FormerPassword.id.desc())
    )
