"""What OpenID Connect keeps of a person, erased with their account. Their subjects stay: they are never given to another."""

from sqlalchemy import delete, or_, select, update

from idp.base.work import Work
from idp.oidc.models import ApiScopeGrant, ApiToken, DeviceCode, Grant, OpaqueToken, RefreshToken


def erase(work: Work, organization_id: str, account_id: str) -> None:
    """Remove every grant of an account, every token that came of it, and its API tokens; end what scopes of APIs it was given."""
    mine = select(Grant.id).where(Grant.organization_id == organization_id, Grant.account_id == account_id)
    for model in (RefreshToken, OpaqueToken, DeviceCode):
        work.tx.session.execute(delete(model).where(model.organization_id == organization_id, model.grant_id.in_(mine)))
    for owned in (Grant, ApiToken):
        work.tx.session.execute(
            delete(owned).where(owned.organization_id == organization_id, owned.account_id == account_id)
        )
    work.tx.session.execute(
        update(ApiScopeGrant)
        .where(
            ApiScopeGrant.organization_id == organization_id,
            ApiScopeGrant.subject_kind == "account",
            ApiScopeGrant.subject_id == account_id,
            or_(ApiScopeGrant.valid_to.is_(None), ApiScopeGrant.valid_to > work.now),
        )
        .values(valid_to=work.now)
    )
