"""Revoking all API tokens that the filters of their list match, as a run (`signon.bulk_objects`)."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Select, false

from idp.base.texts import counted
from idp.base.work import Work
from idp.directory import rights
from idp.directory.console_models import Run
from idp.directory.models import Account
from idp.oidc.api_tokens import administered
from idp.oidc.models import ApiToken
from idp.policy.permissions import Permission, allows
from idp.signon.bulk_objects import Act, Chosen

REVOKE = "revoke-tokens"


def _revoke(work: Work, run: Run, one: str) -> str:
    administered.revoke(work, run.organization_id, [one])
    return ""


def _named(work: Work, organization_id: str, of: str, ids: Sequence[str]) -> dict[str, str]:
    if not ids:
        return {}
    found = administered.chosen(work, organization_id, ids)
    return {one.row.id: f"{one.row.label}, {one.email}" for one in found}


def _matching(work: Work, organization_id: str, chosen: Chosen, touchable: bool) -> Select[ApiToken, Account, str]:
    filters = chosen.filters or {}
    query = administered.matching(
        work,
        organization_id,
        api_id=filters.get("api", ""),
        which=filters.get("which", ""),
        starting=filters.get("q", ""),
    ).where(ApiToken.revoked_at.is_(None))
    if not touchable:
        return query
    if not allows(work.actor, Permission.ACCOUNT_CREDENTIALS, organization_id):
        return query.where(false())
    out = rights.out_of_reach(work, organization_id)
    return query if out is None else query.where(~out)


ACTS: Mapping[str, Act] = {
    REVOKE: Act(
        REVOKE,
        "atk",
        (Permission.ACCOUNT_CREDENTIALS,),
        _revoke,
        _named,
        lambda count: counted("Revoke %(num)s API token", "Revoke %(num)s API tokens", count),
        _matching,
        ApiToken.id,
        ApiToken.created_at,
        of_all=Permission.ACCOUNT_CREDENTIALS,
    )
}
"""By its name."""
