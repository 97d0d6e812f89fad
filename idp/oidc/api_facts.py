"""What hot roads know of the APIs of a site, as a process may remember it for a second (RFC 8707)."""

from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import and_, bindparam, select

from idp.base.prepared import Prepared
from idp.base.work import Work
from idp.oidc.models import Api, ApiScope

JWT, OPAQUE = "jwt", "opaque"
FORMATS = (JWT, OPAQUE)


@dataclass(frozen=True, slots=True)
class ApiFacts:
    """An API. ``scopes`` are the sentences that a person agrees to, by the name of the scope."""

    id: str
    identifier: str
    name: str
    opaque: bool
    lives: timedelta
    secret_hash: str
    enabled: bool
    takes_api_tokens: bool
    scopes: dict[str, str]


@dataclass(frozen=True, slots=True)
class SiteApis:
    """The APIs of a site, disabled ones too: a scope of one that is disabled is nobody else's meanwhile."""

    by_id: dict[str, ApiFacts] = field(default_factory=dict)
    by_identifier: dict[str, ApiFacts] = field(default_factory=dict)
    by_scope: dict[str, ApiFacts] = field(default_factory=dict)

    def enabled(self, identifier: str) -> ApiFacts | None:
        """Return the API of that identifier, None where there is none or it is disabled."""
        found = self.by_identifier.get(identifier)
        return found if found is not None and found.enabled else None

    def audience_of(self, scope: str, issuer: str) -> str:
        """Return where *scope* means something: at its API, or at *issuer*, the site itself."""
        api = self.by_scope.get(scope)
        return issuer if api is None else api.identifier


NO_APIS = SiteApis()

_AT_SITE = Prepared(
    select(
        Api.id,
        Api.identifier,
        Api.name,
        Api.token_format,
        Api.token_seconds,
        Api.secret_hash,
        Api.disabled_at,
        Api.takes_api_tokens,
        ApiScope.name.label("scope"),
        ApiScope.description,
    )
    .outerjoin(ApiScope, and_(ApiScope.organization_id == Api.organization_id, ApiScope.api_id == Api.id))
    .where(Api.organization_id == bindparam("organization_id"), Api.site_id == bindparam("site_id"))
    .order_by(Api.identifier, ApiScope.name)
)


def at_site(work: Work, organization_id: str, site_id: str) -> SiteApis:
    """Return the APIs of a site as they were within the last second."""

    def read() -> SiteApis:
        return _site_apis(work, organization_id, site_id)

    return work.tx.memory.recall(("apis", organization_id, site_id), read)


def _site_apis(work: Work, organization_id: str, site_id: str) -> SiteApis:
    by_id: dict[str, ApiFacts] = {}
    for row in work.tx.rows(_AT_SITE, organization_id=organization_id, site_id=site_id):
        api = by_id.get(row.id)
        if api is None:
            api = by_id[row.id] = ApiFacts(
                id=row.id,
                identifier=row.identifier,
                name=row.name,
                opaque=row.token_format == OPAQUE,
                lives=timedelta(seconds=row.token_seconds),
                secret_hash=row.secret_hash,
                enabled=row.disabled_at is None,
                takes_api_tokens=row.takes_api_tokens,
                scopes={},
            )
        if row.scope is not None:
            api.scopes[row.scope] = row.description
    if not by_id:
        return NO_APIS
    return SiteApis(
        by_id=by_id,
        by_identifier={api.identifier: api for api in by_id.values()},
        by_scope={scope: api for api in by_id.values() for scope in api.scopes},
    )
