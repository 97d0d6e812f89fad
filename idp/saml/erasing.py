"""What SAML keeps of a person, erased with their account. Names that were sent stay taken: they are never given to another."""

from sqlalchemy import update

from idp.base.work import Work
from idp.saml.models import SamlName


def erase(work: Work, organization_id: str, account_id: str) -> None:
    """Forget how names made of attributes are written; that they are taken is known by their digests."""
    work.tx.session.execute(
        update(SamlName)
        .where(SamlName.organization_id == organization_id, SamlName.account_id == account_id)
        .values(value="")
    )
