"""
Who can open what, and why: the facts that open an application to somebody, now or on any day.

Facts have dates, so the answer for a day of the past is read off the same rows. What rows do not keep is read off
the audit log: whether an account, an application or a site was switched off then. `LIMITS` says where both end.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select, tuple_

from idp.audit.models import AuditEntry
from idp.base.work import Work
from idp.directory import access, group_rights, memberships, names, queries, sizes
from idp.directory.group_models import DefaultGroup
from idp.directory.memberships import Source
from idp.directory.models import AccessGrant, Account, Application, Group, Membership, Site
from idp.policy.permissions import Permission, allows

LIMITS = (
    "Names are those of today. What was switched off on that day is told by the audit log, as far back as it reaches.",
)
"""What an answer for the past cannot tell."""
MOST_WAYS = 10
"""Ways to one application that are told of one person."""
MOST_SHOWN = 200
_OFF = ("account.disabled", "application.disabled", "site.disabled")
_ON = ("account.enabled", "application.enabled", "site.enabled")

ACTIVE, NOT_YET, DISABLED, ERASED, DELETED = "active", "not-yet", "disabled", "erased", "deleted"
"""What an account, an application or a site was on a day."""


@dataclass(frozen=True, slots=True)
class Named:
    """A group, by its id and what it is called (empty: the actor may read no groups)."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Way:
    """
    One chain of facts that opens an application to a person.

    Args:
        kind: ``everyone``, ``account`` (a grant of their own) or ``group``.
        since, until, reason: of the grant.
        groups: from the group that the person is in by itself to the one that has the grant; empty without groups.
        source: why the person is in the first of them: ``manual``, ``default``, ``rule``, ``scim`` or ``sync``.
        default: the group with the grant is a default group of the application.
    """

    kind: str
    since: datetime
    until: datetime | None
    reason: str
    groups: tuple[Named, ...] = ()
    source: Source | None = None
    default: bool = False


@dataclass(frozen=True, slots=True)
class Opening:
    """An application that facts open to a person; ``state`` and ``site_state`` say whether it is there at all."""

    application: Application
    site: str
    state: str
    site_state: str
    ways: tuple[Way, ...]

    @property
    def opens(self) -> bool:
        """Whether the application and its site are switched on."""
        return self.state == ACTIVE and self.site_state == ACTIVE


@dataclass(frozen=True, slots=True)
class AccountPaths:
    """What an account can open at a moment; nothing while its ``state`` is not ``active``."""

    account: Account
    at: datetime
    state: str
    openings: tuple[Opening, ...]
    limits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to whom facts open an application, and which; ``state`` is that of the account then."""

    account: Account
    state: str
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class ApplicationPaths:
    """
    To whom an application is open at a moment: one page of them.

    ``count`` is of all, as far as it was to be counted; it is told with the first page.
    """

    application: Application
    at: datetime
    state: str
    site_state: str
    people: tuple[Person, ...]
    count: int | None
    everyone: bool
    limits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Obstacle:
    """
    What keeps an account from an application, before any rule is asked.

    Args:
        code: ``account-erased``, ``account-to-be-deleted``, ``account-disabled``, ``application-disabled``,
            ``site-disabled`` or ``no-grant``.
        groups: of ``no-grant``: those that would give it, the default groups first.
        requestable: of ``no-grant``: the person may ask for it in the launcher.
    """

    code: str
    groups: tuple[Named, ...] = ()
    requestable: bool = False


def of_account(
    work: Work,
    reference: str,
    *,
    organization_id: str,
    at: datetime | None = None,
    after: tuple[Any, ...] | None = None,
    limit: int | None = None,
) -> AccountPaths:
    """
    Return the applications that facts open to an account, by name, and each chain of them.

    Args:
        at: at which moment (None: now).
        after: the name and id of the last application that was seen; None: from the start.
        limit: at most so many; None: every one.

    Raises:
        NotFound: no such account that this actor may see.
    """
    account = queries.account(work, reference, organization_id=organization_id)
    moment = at or work.now
    sources = _sources(work, organization_id, [account.id], moment).get(account.id, {})
    reaching = and_(
        AccessGrant.organization_id == organization_id,
        _grant_holds(moment),
        or_(
            AccessGrant.subject_kind == access.EVERYONE,
            and_(AccessGrant.subject_kind == access.ACCOUNT, AccessGrant.subject_id == account.id),
            and_(AccessGrant.subject_kind == access.GROUP, AccessGrant.subject_id.in_(list(sources))),
        ),
        AccessGrant.subject_id.in_([organization_id, account.id, *sources]),  # an index answers this
    )
    applications = (
        queries.visible(work, Application, Permission.APPLICATION_READ)
        .with_only_columns(Application.id, maintain_column_froms=True)
        .where(
            Application.organization_id == organization_id,
            Application.id.in_(select(AccessGrant.application_id).where(reaching)),
            Application.created_at <= moment,
            or_(Application.deleted_at.is_(None), Application.deleted_at > moment),
        )
        .order_by(Application.name, Application.id)
        .limit(limit)
    )
    if after is not None:
        applications = applications.where(tuple_(Application.name, Application.id) > tuple_(*after))
    shown = list(work.tx.session.scalars(applications))
    rows = work.tx.session.execute(
        queries.visible(work, AccessGrant, Permission.APPLICATION_READ)
        .add_columns(Application, Site)
        .join(
            Application,
            and_(
                Application.organization_id == AccessGrant.organization_id,
                Application.id == AccessGrant.application_id,
            ),
        )
        .join(Site, and_(Site.organization_id == Application.organization_id, Site.id == Application.site_id))
        .where(reaching, AccessGrant.application_id.in_(shown))
        .order_by(Application.name, Application.id, AccessGrant.valid_from, AccessGrant.id)
    ).all()
    called = _names(work, organization_id, {*sources, *_inner(sources)})
    marked = _default_groups(work, organization_id, {row[1].id for row in rows})
    states = _states(work, organization_id, [account, *(of for row in rows for of in row[1:])], moment)
    ways: dict[str, list[Way]] = {}
    there: dict[str, tuple[Application, Site]] = {}
    for grant, application, site in rows:
        there[application.id] = (application, site)
        ways.setdefault(application.id, []).extend(_ways(grant, sources, called, marked))
    openings = (
        Opening(
            application, site.name, states[application.id], states[site.id], tuple(ways[application.id][:MOST_WAYS])
        )
        for application, site in there.values()
    )
    return AccountPaths(account, moment, states[account.id], tuple(openings), _limits(work, moment))


def of_application(
    work: Work,
    application_id: str,
    *,
    at: datetime | None = None,
    after: tuple[Any, ...] | None = None,
    starting: str = "",
    limit: int = 50,
    count_to: int | None = sizes.MANY,
) -> ApplicationPaths:
    """
    Return to whom an application is open, by e-mail address, and each chain of facts that opens it.

    For now, that is whoever is active; for another moment, everybody of whom facts say so, with their state then.

    Args:
        at: at which moment (None: now).
        after: ``(email_key, id)`` of the last account that was seen.
        starting: only those whose address begins so.
        limit: at most so many, and never more than 200.
        count_to: count all of them up to one more than that (None: to the end).

    Raises:
        NotFound: no such application that this actor may see.
    """
    application = queries.application(work, application_id)
    moment, organization_id = at or work.now, application.organization_id
    grants = list(
        work.tx.session.scalars(
            queries.visible(work, AccessGrant, Permission.APPLICATION_READ)
            .where(
                AccessGrant.organization_id == organization_id,
                AccessGrant.application_id == application.id,
                _grant_holds(moment),
            )
            .order_by(AccessGrant.valid_from, AccessGrant.id)
        )
    )
    whom = _whom(grants, organization_id, moment, past=at is not None)
    found = _page(work, organization_id, whom, after, starting, limit)
    sources = _sources(work, organization_id, [one.id for one in found], moment)
    called = _names(
        work,
        organization_id,
        {
            *(one.subject_id for one in grants if one.subject_kind == access.GROUP),
            *(group for of in sources.values() for group in (*of, *_inner(of))),
        },
    )
    marked = _default_groups(work, organization_id, [application.id])
    site = work.tx.session.get_one(Site, (organization_id, application.site_id))
    states = _states(work, organization_id, [application, site, *found], moment)
    people = (
        Person(one, states[one.id], tuple(_ways_of(grants, one, sources.get(one.id, {}), called, marked)))
        for one in found
    )
    return ApplicationPaths(
        application,
        moment,
        states[application.id],
        states[site.id],
        tuple(people),
        None if after else sizes.up_to(work, select(Account.id).where(*whom), count_to),
        any(one.subject_kind == access.EVERYONE for one in grants),
        _limits(work, moment),
    )


def obstacle(work: Work, account: Account, application: Application) -> Obstacle | None:
    """
    Return what keeps an account from an application now, before any rule is asked; None: nothing.

    The actor has been given both.
    """
    site = work.tx.session.get_one(Site, (application.organization_id, application.site_id))
    codes = {
        "account-erased": account.erased_at is not None,
        "account-to-be-deleted": account.deletion_at is not None,
        "account-disabled": account.disabled_at is not None,
        "application-disabled": application.disabled_at is not None,
        "site-disabled": site.disabled_at is not None,
    }
    code = next((one for one, holds in codes.items() if holds), None)
    if code is not None:
        return Obstacle(code)
    if access.may_open(work, account.organization_id, application.id, account.id):
        return None
    return Obstacle("no-grant", _would_give(work, application), application.requestable)


def _would_give(work: Work, application: Application) -> tuple[Named, ...]:
    """Return the groups that the application is open to, its default groups first, as far as the actor may see."""
    marked = {group_id for _, group_id in _default_groups(work, application.organization_id, [application.id])}
    query = queries.visible(work, Group, Permission.GROUP_READ).where(
        Group.organization_id == application.organization_id,
        Group.deleted_at.is_(None),
        exists().where(
            AccessGrant.organization_id == Group.organization_id,
            AccessGrant.application_id == application.id,
            AccessGrant.subject_kind == access.GROUP,
            AccessGrant.subject_id == Group.id,
            _grant_holds(work.now),
        ),
    )
    found = sorted(work.tx.session.scalars(query), key=lambda one: (one.id not in marked, one.name_key))
    return tuple(Named(one.id, one.name) for one in found[:MOST_WAYS])


def _grant_holds(moment: datetime) -> ColumnElement[bool]:
    return and_(AccessGrant.valid_from <= moment, or_(AccessGrant.valid_to.is_(None), AccessGrant.valid_to > moment))


def _whom(
    grants: Sequence[AccessGrant], organization_id: str, moment: datetime, *, past: bool
) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on accounts that one of *grants* reaches."""
    own = [one.subject_id for one in grants if one.subject_kind == access.ACCOUNT]
    groups = [one.subject_id for one in grants if one.subject_kind == access.GROUP]
    of: list[ColumnElement[bool]] = [Account.organization_id == organization_id, Account.created_at <= moment]
    if not any(one.subject_kind == access.EVERYONE for one in grants):
        members = select(Membership.account_id).where(
            Membership.organization_id == organization_id,
            Membership.group_id.in_(groups),
            memberships.held(moment),
        )
        given = select(Account.id).where(Account.organization_id == organization_id, Account.id.in_(own))
        of.append(Account.id.in_(members.union(given)))  # one list: beside an OR every account would be looked at
    of.append(or_(Account.erased_at.is_(None), Account.erased_at > moment))
    if not past:
        of.append(Account.disabled_at.is_(None))
    return tuple(of)


def _page(
    work: Work,
    organization_id: str,
    whom: tuple[ColumnElement[bool], ...],
    after: tuple[Any, ...] | None,
    starting: str,
    limit: int,
) -> list[Account]:
    query = queries.visible(work, Account, Permission.ACCOUNT_READ).where(*whom)
    if starting:
        begin = names.folded(starting)
        query = query.where(Account.email_key >= begin, Account.email_key < begin + "\U0010ffff")
    if after is not None:
        query = query.where(tuple_(Account.email_key, Account.id) > tuple_(*after))
    query = query.order_by(Account.email_key, Account.id).limit(max(1, min(limit, MOST_SHOWN)))
    return list(work.tx.session.scalars(query))


_Sources = Mapping[str, Sequence[Source]]
"""For each group that an account is in: why."""


def _sources(work: Work, organization_id: str, account_ids: Sequence[str], moment: datetime) -> dict[str, _Sources]:
    found: dict[str, dict[str, list[Source]]] = {}
    rows = work.tx.session.execute(
        select(Membership.account_id, Membership.group_id, Membership.source, Membership.valid_from)
        .where(
            Membership.organization_id == organization_id,
            Membership.account_id.in_(account_ids),
            memberships.held(moment),
        )
        .order_by(Membership.valid_from, Membership.id)
    )
    for account_id, group_id, source, since in rows:
        found.setdefault(account_id, {}).setdefault(group_id, []).append(Source.read(source, since))
    return {account_id: dict(groups) for account_id, groups in found.items()}


def _inner(sources: _Sources) -> set[str]:
    return {one.of for of in sources.values() for one in of if one.kind == "group"}


def _ways_of(
    grants: Sequence[AccessGrant],
    account: Account,
    sources: _Sources,
    called: Mapping[str, str],
    marked: Collection[tuple[str, str]],
) -> list[Way]:
    ways: list[Way] = []
    for grant in grants:
        reaches = (
            grant.subject_kind == access.EVERYONE
            or (grant.subject_kind == access.ACCOUNT and grant.subject_id == account.id)
            or (grant.subject_kind == access.GROUP and grant.subject_id in sources)
        )
        if reaches:
            ways += _ways(grant, sources, called, marked)
    return ways[:MOST_WAYS]


def _ways(
    grant: AccessGrant, sources: _Sources, called: Mapping[str, str], marked: Collection[tuple[str, str]]
) -> Iterator[Way]:
    """Return each chain of facts to a grant that reaches the person whose memberships are *sources*."""
    if grant.subject_kind != access.GROUP:
        yield Way(grant.subject_kind, grant.valid_from, grant.valid_to, grant.reason)
        return
    default = (grant.application_id, grant.subject_id) in marked
    for chain, source in _chains(grant.subject_id, sources, frozenset()):
        groups = tuple(Named(one, called.get(one, "")) for one in chain)
        yield Way(access.GROUP, grant.valid_from, grant.valid_to, grant.reason, groups, source, default)


def _chains(group_id: str, sources: _Sources, seen: frozenset[str]) -> Iterator[tuple[tuple[str, ...], Source]]:
    """Return the ways into a group: groups from the innermost on, and why the person is in that one."""
    for source in sources.get(group_id, ()):
        if source.kind != "group":
            yield (group_id,), source
        elif source.of not in seen:
            for count, (chain, why) in enumerate(_chains(source.of, sources, seen | {group_id})):
                if count == MOST_WAYS:
                    break
                yield (*chain, group_id), why


def _names(work: Work, organization_id: str, group_ids: Collection[str]) -> dict[str, str]:
    if not allows(work.actor, Permission.GROUP_READ, organization_id):
        return {}
    return {one.id: one.name for one in group_rights.groups_by_id(work, organization_id, group_ids)}


def _default_groups(work: Work, organization_id: str, application_ids: Collection[str]) -> frozenset[tuple[str, str]]:
    """Return the pairs of an application and a default group of it."""
    query = select(DefaultGroup.application_id, DefaultGroup.group_id).where(
        DefaultGroup.organization_id == organization_id, DefaultGroup.application_id.in_(list(application_ids))
    )
    return frozenset((row[0], row[1]) for row in work.tx.session.execute(query))


def _states(
    work: Work, organization_id: str, of: Sequence[Account | Application | Site], moment: datetime
) -> dict[str, str]:
    """Return what each was at *moment*."""
    last: dict[str, str] = {}
    if moment < work.now:
        rows = work.tx.session.execute(
            select(AuditEntry.target_id, AuditEntry.tag)
            .where(
                AuditEntry.organization_id == organization_id,
                AuditEntry.target_id.in_(sorted({one.id for one in of})),
                AuditEntry.tag.in_([*_OFF, *_ON]),
                AuditEntry.at <= moment,
            )
            .order_by(AuditEntry.at, AuditEntry.id)
        )
        last = {row[0]: row[1] for row in rows}
    return {one.id: _state(one, last.get(one.id), moment) for one in of}


def _state(of: Account | Application | Site, last: str | None, moment: datetime) -> str:
    if of.created_at > moment:
        return NOT_YET
    if isinstance(of, Account) and of.erased_at is not None and of.erased_at <= moment:
        return ERASED
    if isinstance(of, Application) and of.deleted_at is not None and of.deleted_at <= moment:
        return DELETED
    if last is not None:
        return DISABLED if last in _OFF else ACTIVE
    return DISABLED if of.disabled_at is not None and of.disabled_at <= moment else ACTIVE


def _limits(work: Work, moment: datetime) -> tuple[str, ...]:
    return LIMITS if moment < work.now else ()
