"""
Verbs on the scopes of APIs: what can be done there, what people read of it, and who may.

A scope is had by two grants that hold now: one to the client, one to whoever it acts for.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, select

from idp.audit.events import ApiScopeAdded, ApiScopeChanged, ApiScopeGranted, ApiScopeRemoved, ApiScopeWithdrawn
from idp.audit.log import record
from idp.base.errors import Conflict, Invalid, NotFound
from idp.base.ids import new_id
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import names, queries
from idp.directory.access import ACCOUNT, EVERYONE, GROUP
from idp.directory.models import Account, Application, Group
from idp.directory.rights import require_on
from idp.oidc import apis, metadata
from idp.oidc.claims import STANDARD_SCOPES
from idp.oidc.models import Api, ApiScope, ApiScopeGrant
from idp.oidc.scopes import APPLICATION
from idp.policy.permissions import Permission

_LONGEST_NAME = 128
_LONGEST_SENTENCE = 512


def add(work: Work, api: str, name: str, description: str) -> ApiScope:
    """
    Add the scope *name* to an API; nobody has it yet.

    Args:
        description: the sentence that a person agrees to, such as “See your orders”.

    Raises:
        NotFound: as for `apis.find`.
        Forbidden: the actor may not edit APIs there.
        Invalid: the name is none (RFC 6749 section 3.3), or one of OpenID Connect; or the sentence cannot be used.
        Conflict: an API of this site has a scope of that name; or as for `apis.find`.
    """
    of = apis.find(work, api)
    require_on(work, Permission.API_EDIT, of)
    scope = ApiScope(
        organization_id=of.organization_id,
        id=new_id("asc"),
        site_id=of.site_id,
        api_id=of.id,
        name=_name(name),
        description=_sentence(description),
        created_at=work.now,
    )
    taken = select(ApiScope.id).where(
        ApiScope.organization_id == of.organization_id, ApiScope.site_id == of.site_id, ApiScope.name == scope.name
    )
    if work.tx.session.scalar(taken) is not None:
        raise Conflict(phrase("An API of this site has a scope “%(name)s” already.", name=scope.name), field="name")
    work.tx.session.add(scope)
    work.tx.session.flush()
    record(
        work,
        ApiScopeAdded(
            organization_id=of.organization_id,
            target_id=of.id,
            identifier=of.identifier,
            scope=scope.name,
            description=scope.description,
        ),
    )
    work.tx.after_commit(work.tx.memory.forget)
    return scope


def edit(work: Work, api: str, name: str, description: str) -> ApiScope:
    """
    Say anew what a scope means. Whoever agreed to the former sentence is asked again; until then the scope is not theirs.

    Raises:
        NotFound: no such scope of this API; or as for `apis.find`.
        Forbidden: the actor may not edit APIs there.
        Invalid: the sentence cannot be used.
        Conflict: as for `apis.find`.
    """
    of, scope = _found(work, api, name)
    require_on(work, Permission.API_EDIT, of)
    before, scope.description = scope.description, _sentence(description)
    record(
        work,
        ApiScopeChanged(
            organization_id=of.organization_id,
            target_id=of.id,
            identifier=of.identifier,
            scope=scope.name,
            before=before,
            after=scope.description,
        ),
    )
    work.tx.after_commit(work.tx.memory.forget)
    return scope


def remove(work: Work, api: str, name: str) -> ApiScope:
    """
    Remove a scope for good, with its grants.

    Raises:
        NotFound: no such scope of this API; or as for `apis.find`.
        Forbidden: the actor may not edit APIs there.
        Conflict: as for `apis.find`.
    """
    of, scope = _found(work, api, name)
    require_on(work, Permission.API_EDIT, of)
    work.tx.session.delete(scope)
    work.tx.session.flush()
    record(
        work,
        ApiScopeRemoved(
            organization_id=of.organization_id, target_id=of.id, identifier=of.identifier, scope=scope.name
        ),
    )
    work.tx.after_commit(work.tx.memory.forget)
    return scope


def grant(
    work: Work,
    api: str,
    name: str,
    *,
    everyone: bool = False,
    group: str | None = None,
    account: str | None = None,
    application_id: str | None = None,
    until: datetime | None = None,
) -> ApiScopeGrant:
    """
    Grant a scope to everyone of the organization, a group, an account or a client, from now on.

    Args:
        until: when it ends by itself; None: when it is withdrawn.

    Raises:
        NotFound: no such scope, group, account or application that this actor may see; or as for `apis.find`.
        Forbidden: the actor may not grant scopes there.
        Invalid: not exactly one of the four was named, an application of another site, or an end that is past.
        Conflict: it has the scope already; or as for `apis.find`.
    """
    of, scope = _found(work, api, name)
    require_on(work, Permission.API_GRANT, of)
    whom = _whom(work, of, everyone, group, account, application_id)
    if until is not None and until <= work.now:
        raise Invalid("The end is past already.", field="until")
    if _held(work, scope, whom):
        raise Conflict(phrase("“%(name)s” is granted to %(called)s already.", name=scope.name, called=whom.called))
    made = ApiScopeGrant(
        organization_id=of.organization_id,
        id=new_id("asg"),
        scope_id=scope.id,
        subject_kind=whom.kind,
        subject_id=whom.id,
        valid_from=work.now,
        valid_to=until,
    )
    work.tx.session.add(made)
    work.tx.session.flush()
    record(
        work,
        ApiScopeGranted(
            organization_id=of.organization_id,
            target_id=of.id,
            identifier=of.identifier,
            scope=scope.name,
            subject_kind=whom.kind,
            subject=whom.called,
            until="" if until is None else until.isoformat(),
        ),
    )
    return made


def withdraw(
    work: Work,
    api: str,
    name: str,
    *,
    everyone: bool = False,
    group: str | None = None,
    account: str | None = None,
    application_id: str | None = None,
) -> ApiScopeGrant:
    """
    Take back a grant of a scope, from now on. Whoever has the scope by another grant keeps it.

    Raises:
        NotFound: no such scope, subject or grant that this actor may see; or as for `apis.find`.
        Forbidden: the actor may not grant scopes there.
        Invalid: not exactly one of the four was named, or an application of another site.
        Conflict: as for `apis.find`.
    """
    of, scope = _found(work, api, name)
    require_on(work, Permission.API_GRANT, of)
    whom = _whom(work, of, everyone, group, account, application_id)
    held = _held(work, scope, whom)
    if not held:
        raise NotFound(phrase("“%(name)s” is not granted to %(called)s.", name=scope.name, called=whom.called))
    return _ended(work, of, scope, held, whom)


def withdraw_one(work: Work, api: str, grant_id: str) -> ApiScopeGrant:
    """
    As `withdraw`, of the grant with that id: also where whom it is for is gone, or may not be seen.

    Raises:
        NotFound: no such grant of a scope of this API that holds now; or as for `apis.find`.
        Forbidden: the actor may not grant scopes there.
        Conflict: as for `apis.find`.
    """
    of = apis.find(work, api)
    require_on(work, Permission.API_GRANT, of)
    query = (
        select(ApiScopeGrant, ApiScope)
        .join(
            ApiScope,
            and_(ApiScope.organization_id == ApiScopeGrant.organization_id, ApiScope.id == ApiScopeGrant.scope_id),
        )
        .where(
            ApiScopeGrant.organization_id == of.organization_id,
            ApiScopeGrant.id == grant_id,
            ApiScope.api_id == of.id,
            *holding(work),
        )
    )
    found = work.tx.session.execute(query).one_or_none()
    if found is None:
        raise NotFound("There is no such grant now.", field="grant", advice="Look at the list again.")
    one, scope = found
    return _ended(work, of, scope, [one], _Subject(one.subject_kind, one.subject_id, _called(work, one)))


def of_api(work: Work, api: Api) -> list[ApiScope]:
    """Return the scopes of an API that the actor has been given, by name."""
    query = (
        select(ApiScope)
        .where(ApiScope.organization_id == api.organization_id, ApiScope.api_id == api.id)
        .order_by(ApiScope.name)
    )
    return list(work.tx.session.scalars(query))


def grants(work: Work, scope: ApiScope) -> list[tuple[ApiScopeGrant, str]]:
    """Return the grants of a scope that the actor has been given that hold now, each with what its subject is called, where that may be seen."""
    query = (
        select(ApiScopeGrant)
        .where(
            ApiScopeGrant.organization_id == scope.organization_id,
            ApiScopeGrant.scope_id == scope.id,
            *holding(work),
        )
        .order_by(ApiScopeGrant.valid_from, ApiScopeGrant.id)
    )
    return [(one, _called(work, one)) for one in work.tx.session.scalars(query)]


def holding(work: Work) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that a grant of a scope holds now."""
    of = ApiScopeGrant
    return of.valid_from <= work.now, of.valid_to.is_(None) | (of.valid_to > work.now)


@dataclass(frozen=True, slots=True)
class _Subject:
    """To whom a scope is granted."""

    kind: str
    id: str
    called: str


def _found(work: Work, api: str, name: str) -> tuple[Api, ApiScope]:
    of = apis.find(work, api)
    scope = next((one for one in of_api(work, of) if one.name == name), None)
    if scope is None:
        raise NotFound(
            phrase("The API “%(name)s” has no scope “%(name_2)s”.", name=of.name, name_2=name[:200]), field="scope"
        )
    return of, scope


def _whom(
    work: Work, of: Api, everyone: bool, group: str | None, account: str | None, application_id: str | None
) -> _Subject:
    if [everyone, group is not None, account is not None, application_id is not None].count(True) != 1:
        raise Invalid("Say whom: everyone, one group, one account or one application.", field="subject")
    if group is not None:
        found = queries.group(work, group, organization_id=of.organization_id)
        return _Subject(GROUP, found.id, found.name)
    if account is not None:
        person = queries.account(work, account, organization_id=of.organization_id)
        return _Subject(ACCOUNT, person.id, person.email)
    if application_id is not None:
        application = queries.application(work, application_id)
        if (application.organization_id, application.site_id) != (of.organization_id, of.site_id):
            raise Invalid(
                phrase("“%(name)s” is registered at another site than the API.", name=application.name),
                field="application",
                advice="Register the application, or the API, at the same site.",
            )
        return _Subject(APPLICATION, application.id, application.name)
    return _Subject(EVERYONE, of.organization_id, EVERYONE)


def _ended(work: Work, of: Api, scope: ApiScope, held: list[ApiScopeGrant], whom: _Subject) -> ApiScopeGrant:
    for one in held:
        one.valid_to = work.now
    work.tx.session.flush()
    record(
        work,
        ApiScopeWithdrawn(
            organization_id=of.organization_id,
            target_id=of.id,
            identifier=of.identifier,
            scope=scope.name,
            subject_kind=whom.kind,
            subject=whom.called,
        ),
    )
    return held[0]


def _held(work: Work, scope: ApiScope, whom: _Subject) -> list[ApiScopeGrant]:
    query = (
        select(ApiScopeGrant)
        .where(
            ApiScopeGrant.organization_id == scope.organization_id,
            ApiScopeGrant.scope_id == scope.id,
            ApiScopeGrant.subject_kind == whom.kind,
            ApiScopeGrant.subject_id == whom.id,
            *holding(work),
        )
        .order_by(ApiScopeGrant.valid_from, ApiScopeGrant.id)
    )
    return list(work.tx.session.scalars(query))


def _called(work: Work, one: ApiScopeGrant) -> str:
    if one.subject_kind == EVERYONE:
        return EVERYONE
    if one.subject_kind == GROUP:
        group = work.tx.session.scalar(
            queries.visible(work, Group, Permission.GROUP_READ).where(
                Group.organization_id == one.organization_id, Group.id == one.subject_id
            )
        )
        return one.subject_id if group is None else group.name
    if one.subject_kind == ACCOUNT:
        account = work.tx.session.scalar(
            queries.visible(work, Account, Permission.ACCOUNT_READ).where(
                Account.organization_id == one.organization_id, Account.id == one.subject_id
            )
        )
        return one.subject_id if account is None else account.email
    application = work.tx.session.scalar(
        queries.visible(work, Application, Permission.APPLICATION_READ).where(
            Application.organization_id == one.organization_id, Application.id == one.subject_id
        )
    )
    return one.subject_id if application is None else application.name


def _name(value: str) -> str:
    try:
        found = metadata.scopes(value)
    except ValueError:
        found = ()
    if found != (value,) or len(value) > _LONGEST_NAME:
        raise Invalid(
            "The name of a scope is one word of printable ASCII, at most 128 characters.",
            field="name",
            advice="Write it like orders:read.",
        )
    if value in STANDARD_SCOPES:
        raise Invalid(
            phrase("“%(value)s” is a scope of OpenID Connect.", value=value),
            field="name",
            advice="Choose another name.",
        )
    return value


def _sentence(value: str) -> str:
    return names.words(value, longest=_LONGEST_SENTENCE, field="description")
