"""Verbs on APIs: the resource servers of a site, which access tokens are for (RFC 8707)."""

import re

from sqlalchemy import select

from idp.audit.events import ApiChanged, ApiCreated, ApiDeleted, ApiDisabled, ApiEnabled, ApiSecretRotated
from idp.audit.log import record
from idp.base.errors import ChangedMeanwhile, Conflict, Invalid, NotFound
from idp.base.ids import fingerprint, new_id, new_token
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import names, queries
from idp.directory.rights import require_on
from idp.oidc.api_auth import ID, SECRET
from idp.oidc.api_facts import FORMATS, JWT
from idp.oidc.models import Api
from idp.policy.permissions import Permission
from idp.signon import consent

LEAST_SECONDS, MOST_SECONDS = 60, 3600
USUAL_SECONDS = 600
_LONGEST_IDENTIFIER = 255
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=%-]+")  # RFC 3986 section 4.3


def create(
    work: Work,
    site_slug: str,
    *,
    identifier: str,
    name: str,
    token_format: str = JWT,
    token_seconds: int = USUAL_SECONDS,
    takes_api_tokens: bool = False,
    base_url: str = "",
) -> tuple[Api, str]:
    """
    Register an API at a site; return it and its secret, which is shown this once.

    Nobody may do anything at it until it has a scope that is granted to people and to a client.

    Args:
        identifier: the audience of its tokens, an absolute URI without a fragment (RFC 8707 section 2).
        takes_api_tokens: people may make tokens of their own for it.
        base_url: of this installation, whose own addresses cannot be those of an API.

    Raises:
        NotFound: no such site that this actor may see.
        Forbidden: the actor may not register APIs there.
        Invalid: the identifier, the name, the format or the life cannot be used.
        Conflict: the site has an API of that identifier.
    """
    site = queries.site(work, site_slug)
    require_on(work, Permission.API_CREATE, site)
    api = Api(
        organization_id=site.organization_id,
        id=new_id(ID),
        site_id=site.id,
        identifier=_identifier(identifier, base_url),
        name=_name(name),
        token_format=_format(token_format),
        token_seconds=_seconds(token_seconds),
        takes_api_tokens=takes_api_tokens,
        created_at=work.now,
        disabled_at=None,
    )
    taken = select(Api.id).where(
        Api.organization_id == site.organization_id, Api.site_id == site.id, Api.identifier == api.identifier
    )
    if work.tx.session.scalar(taken) is not None:
        raise Conflict(
            phrase("There is an API “%(identifier)s” at this site already.", identifier=api.identifier),
            field="identifier",
        )
    secret = new_token(SECRET)
    api.secret_hash = fingerprint(secret)
    work.tx.session.add(api)
    work.tx.session.flush()
    record(
        work,
        ApiCreated(
            organization_id=api.organization_id,
            target_id=api.id,
            name=api.name,
            identifier=api.identifier,
            site_id=site.id,
        ),
    )
    work.tx.after_commit(work.tx.memory.forget)
    return api, secret


def edit(
    work: Work,
    reference: str,
    *,
    name: str | None = None,
    token_format: str | None = None,
    token_seconds: int | None = None,
    takes_api_tokens: bool | None = None,
    if_version: int | None = None,
) -> Api:
    """
    Change an API; what is None stays. Tokens that were issued before stay as they are; those that people made are good
    as long as it takes them.

    Args:
        if_version: the version of the API that the change was made for.

    Raises:
        NotFound, Conflict: as for `find`.
        Forbidden: the actor may not edit APIs there.
        Invalid: the name, the format or the life cannot be used.
        ChangedMeanwhile: somebody else has changed the API since.
    """
    api = find(work, reference)
    require_on(work, Permission.API_EDIT, api)
    _check_version(api, if_version)
    before = _described(api)
    if name is not None:
        api.name = _name(name)
    if token_format is not None:
        api.token_format = _format(token_format)
    if token_seconds is not None:
        api.token_seconds = _seconds(token_seconds)
    if takes_api_tokens is not None:
        api.takes_api_tokens = takes_api_tokens
    after = _described(api)
    changed = [what for what in before if before[what] != after[what]]
    if changed:
        record(
            work,
            ApiChanged(
                organization_id=api.organization_id,
                target_id=api.id,
                identifier=api.identifier,
                before={what: before[what] for what in changed},
                after={what: after[what] for what in changed},
            ),
        )
        work.tx.after_commit(work.tx.memory.forget)
    return api


def disable(work: Work, reference: str, *, if_version: int | None = None) -> Api:
    """
    Issue no more tokens for an API, and let it ask about none; its scopes and their grants stay.

    Raises:
        NotFound: as for `find`.
        Forbidden: the actor may not edit APIs there.
        Conflict: it is disabled already; or as for `find`.
        ChangedMeanwhile: somebody else has changed the API since *if_version*.
    """
    api = find(work, reference)
    require_on(work, Permission.API_EDIT, api)
    _check_version(api, if_version)
    if api.disabled_at is not None:
        raise Conflict(phrase("The API “%(name)s” is disabled already.", name=api.name))
    api.disabled_at = work.now
    record(work, ApiDisabled(organization_id=api.organization_id, target_id=api.id, identifier=api.identifier))
    work.tx.after_commit(work.tx.memory.forget)
    return api


def enable(work: Work, reference: str, *, if_version: int | None = None) -> Api:
    """
    Issue tokens for a disabled API again.

    Raises:
        NotFound: as for `find`.
        Forbidden: the actor may not edit APIs there.
        Conflict: it is not disabled; or as for `find`.
        ChangedMeanwhile: somebody else has changed the API since *if_version*.
    """
    api = find(work, reference)
    require_on(work, Permission.API_EDIT, api)
    _check_version(api, if_version)
    if api.disabled_at is None:
        raise Conflict(phrase("The API “%(name)s” is not disabled.", name=api.name))
    api.disabled_at = None
    record(work, ApiEnabled(organization_id=api.organization_id, target_id=api.id, identifier=api.identifier))
    work.tx.after_commit(work.tx.memory.forget)
    return api


def rotate_secret(work: Work, reference: str, *, if_version: int | None = None) -> tuple[Api, str]:
    """
    Make a new secret for an API; the old one is good no longer than a second from now.

    Raises:
        NotFound, Conflict: as for `find`.
        Forbidden: the actor may not edit APIs there.
        ChangedMeanwhile: somebody else has changed the API since *if_version*.
    """
    api = find(work, reference)
    require_on(work, Permission.API_EDIT, api)
    _check_version(api, if_version)
    secret = new_token(SECRET)
    api.secret_hash = fingerprint(secret)
    record(work, ApiSecretRotated(organization_id=api.organization_id, target_id=api.id, identifier=api.identifier))
    work.tx.after_commit(work.tx.memory.forget)
    return api, secret


def delete(work: Work, reference: str, *, if_version: int | None = None) -> Api:
    """
    Remove an API for good, with its scopes, their grants, its opaque tokens and those that people made for it.

    Raises:
        NotFound, Conflict: as for `find`.
        Forbidden: the actor may not delete APIs there.
        ChangedMeanwhile: somebody else has changed the API since *if_version*.
    """
    api = find(work, reference)
    require_on(work, Permission.API_DELETE, api)
    _check_version(api, if_version)
    work.tx.session.delete(api)
    work.tx.session.flush()
    record(
        work,
        ApiDeleted(organization_id=api.organization_id, target_id=api.id, name=api.name, identifier=api.identifier),
    )
    work.tx.after_commit(work.tx.memory.forget)
    return api


def find(work: Work, reference: str) -> Api:
    """
    Return the API with the id or the identifier *reference*.

    Raises:
        NotFound: none that this actor may see.
        Conflict: several sites have an API of that identifier.
    """
    query = queries.visible(work, Api, Permission.API_READ).where((Api.id == reference) | (Api.identifier == reference))
    found = list(work.tx.session.scalars(query.limit(2)))
    if not found:
        raise NotFound(
            phrase("There is no API “%(reference)s”.", reference=reference[:200]),
            field="api",
            advice="Name it by its id or its identifier.",
        )
    if len(found) > 1:
        raise Conflict(
            "Several sites have an API of that identifier.", code="ambiguous", advice="Name it by its id (api_…)."
        )
    return found[0]


def listed(
    work: Work, *, organization_id: str | None = None, site_id: str | None = None, limit: int = 500
) -> list[Api]:
    """Return the APIs that this actor may see, by name, at most *limit*; only those of an organization, or of a site."""
    query = queries.visible(work, Api, Permission.API_READ).order_by(Api.name, Api.id).limit(limit)
    if organization_id is not None:
        query = query.where(Api.organization_id == organization_id)
    if site_id is not None:
        query = query.where(Api.site_id == site_id)
    return list(work.tx.session.scalars(query))


def _check_version(api: Api, if_version: int | None) -> None:
    if if_version is not None and if_version != api.version:
        raise ChangedMeanwhile(api.id)


def _described(api: Api) -> dict[str, str]:
    return {
        "name": api.name,
        "token_format": api.token_format,
        "token_seconds": str(api.token_seconds),
        "takes_api_tokens": "yes" if api.takes_api_tokens else "no",
    }


def _identifier(value: str, base_url: str) -> str:
    if len(value) > _LONGEST_IDENTIFIER or not _ABSOLUTE.fullmatch(value):
        raise Invalid(
            "The identifier of an API is an absolute URI of at most 255 characters, without a fragment.",
            field="identifier",
            advice="Write it like https://api.example.org/orders.",
        )
    if base_url and (value == base_url or value.startswith(f"{base_url}/")):
        raise Invalid(
            "An API cannot have an address of ours: its tokens would be good here.",
            field="identifier",
            advice="Take the address of the API itself.",
        )
    return value


def _name(value: str) -> str:
    name = names.name(value)
    if consent.BETWEEN in name:
        raise Invalid(phrase("The name of an API cannot hold “%(between)s”.", between=consent.BETWEEN), field="name")
    return name


def _format(value: str) -> str:
    if value not in FORMATS:
        raise Invalid("Tokens for an API are jwt or opaque.", field="token_format")
    return value


def _seconds(value: int) -> int:
    if not LEAST_SECONDS <= value <= MOST_SECONDS:
        raise Invalid("A token for an API lives 1 to 60 minutes.", field="token_seconds")
    return value
