"""Lists of applications for administrators, by name; and who may open one, with as many queries as one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select, tuple_

from idp.base.errors import NotFound
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import access, names, queries, reaching, sizes
from idp.directory.models import AccessGrant, Account, Application, Group
from idp.directory.reaching import Subject
from idp.policy.permissions import Permission

ACTIVE, DISABLED = "active", "disabled"
STATES: Mapping[str, ColumnElement[bool]] = {
    ACTIVE: Application.disabled_at.is_(None),
    DISABLED: Application.disabled_at.is_not(None),
}
"""What an application may be, and how rows tell; a deleted one is in no list."""
PROTOCOLS = ("saml", "oidc")
"""What people sign on to. Bookmarks have lists of their own."""


@dataclass(frozen=True, slots=True)
class Openers:
    """
    An access grant that holds now, and what its subject is called.

    ``name`` is that of a group, the address of an account, or empty for everyone; an id where this actor may not see it.
    """

    id: str
    kind: str
    subject_id: str
    name: str
    since: datetime
    until: datetime | None
    reason: str


def page(
    work: Work,
    organization_id: str,
    *,
    after: tuple[Any, ...] | None = None,
    limit: int = 50,
    starting: str = "",
    site_id: str = "",
    protocol: str = "",
    state: str = "",
) -> list[Application]:
    """
    Return applications of an organization by name, at most *limit*.

    Args:
        after: the name and id of the last application that was shown; None: from the start.
        starting: only those whose name begins so, whatever the case.
        site_id, protocol, state: only those of one site, of ``saml`` or ``oidc``, in one of `STATES`.
    """
    query = matching(work, organization_id, starting=starting, site_id=site_id, protocol=protocol, state=state)
    if after is not None:
        query = query.where(tuple_(Application.name, Application.id) > tuple_(*after))
    return list(work.tx.session.scalars(query.order_by(Application.name, Application.id).limit(limit)))


def matching(
    work: Work,
    organization_id: str,
    *,
    starting: str = "",
    site_id: str = "",
    protocol: str = "",
    state: str = "",
    permission: Permission = Permission.APPLICATION_READ,
) -> Select[Application]:
    """Return a query for the applications that filters match (see `page`), of those for which the actor holds *permission*."""
    query = queries.visible(work, Application, permission).where(
        Application.organization_id == organization_id,
        Application.deleted_at.is_(None),
        Application.protocol.in_((protocol,) if protocol in PROTOCOLS else PROTOCOLS),
    )
    if starting:
        query = query.where(func.lower(Application.name).startswith(names.folded(starting), autoescape=True))
    if site_id:
        query = query.where(Application.site_id == site_id)
    return query.where(STATES[state]) if state in STATES else query


def opened_to(work: Work, applications: Sequence[Application]) -> dict[str, int]:
    """Return how many access grants hold now for each of *applications* that this actor was given; none: not in it."""
    query = (
        select(AccessGrant.application_id, func.count())
        .where(
            queries.among(
                AccessGrant.organization_id,
                AccessGrant.application_id,
                [(one.organization_id, one.id) for one in applications],
            ),
            _holds(work.now),
        )
        .group_by(AccessGrant.application_id)
    )
    return {row[0]: row[1] for row in work.tx.session.execute(query)}


def openers(
    work: Work, application: Application, *, after: tuple[Any, ...] | None = None, limit: int = 50, kind: str = ""
) -> list[Openers]:
    """
    Return who may open an application, in three queries whatever their number: groups, accounts, everyone.

    Args:
        after: the id of the last grant that was shown; None: from the start.
        kind: only those of everyone, of groups, or of accounts.
    """
    query = grants(work, application, kind=kind)
    if after is not None:
        query = query.where(AccessGrant.id > after[0])
    held = list(work.tx.session.scalars(query.order_by(AccessGrant.id).limit(limit)))
    return _called(work, application, held)


def grants(
    work: Work, application: Application, *, kind: str = "", permission: Permission = Permission.APPLICATION_READ
) -> Select[AccessGrant]:
    """Return a query for the grants of an application that hold now, if the actor holds *permission* for it; see `openers`."""
    query = queries.visible(work, AccessGrant, permission).where(
        AccessGrant.organization_id == application.organization_id,
        AccessGrant.application_id == application.id,
        _holds(work.now),
    )
    return query.where(AccessGrant.subject_kind == kind) if kind else query


def opener(work: Work, application: Application, grant_id: str) -> Openers:
    """
    Return one access grant of an application that holds now.

    Raises:
        NotFound: there is no such grant.
    """
    query = queries.visible(work, AccessGrant, Permission.APPLICATION_READ).where(
        AccessGrant.organization_id == application.organization_id,
        AccessGrant.application_id == application.id,
        AccessGrant.id == grant_id,
        _holds(work.now),
    )
    held = list(work.tx.session.scalars(query))
    if not held:
        raise NotFound(
            phrase("“%(name)s” has no such access now.", name=application.name),
            field="grant",
            advice="Look at it again.",
        )
    return _called(work, application, held)[0]


def some(work: Work, application: Application, grant_ids: Collection[str]) -> list[Openers]:
    """Return those access grants of an application that hold now, by id."""
    query = queries.visible(work, AccessGrant, Permission.APPLICATION_READ).where(
        AccessGrant.organization_id == application.organization_id,
        AccessGrant.application_id == application.id,
        AccessGrant.id.in_(list(grant_ids)),
        _holds(work.now),
    )
    return _called(work, application, list(work.tx.session.scalars(query.order_by(AccessGrant.id))))


def losing(work: Work, application: Application, *grant_ids: str, most: int | None = sizes.MANY) -> int:
    """
    Return how many active accounts may open an application by those grants and by no other.

    Args:
        most: count up to one more than that; None: to the end.
    """
    grants = select(AccessGrant.id, AccessGrant.subject_kind, AccessGrant.subject_id).where(
        AccessGrant.organization_id == application.organization_id,
        AccessGrant.application_id == application.id,
        _holds(work.now),
    )
    ending: set[Subject] = set()
    staying: set[Subject] = set()
    for id_, kind, subject in work.tx.session.execute(grants):
        (ending if id_ in grant_ids else staying).add((kind, subject))
    everyone = (access.EVERYONE, application.organization_id)
    if not ending or everyone in staying:
        return 0
    query = select(Account.id).where(
        Account.organization_id == application.organization_id, Account.disabled_at.is_(None)
    )
    lists = {
        name: select(reaching.subjects_accounts(work, application.organization_id, subjects).subquery())
        for name, subjects in (("ending", ending), ("staying", staying))
    }
    if everyone in ending:
        query = query.where(Account.id.not_in(lists["staying"])) if staying else query
    else:
        # One list less the other, before any account is looked at: PostgreSQL would judge every account by the second one.
        query = query.where(Account.id.in_(lists["ending"].except_(lists["staying"])))
    return sizes.up_to(work, query, most)


def _holds(now: datetime) -> ColumnElement[bool]:
    return and_(
        AccessGrant.valid_from <= now,
        AccessGrant.valid_to.is_(None) | (AccessGrant.valid_to > now),
    )


def _called(work: Work, application: Application, held: Sequence[AccessGrant]) -> list[Openers]:
    called = _groups(work, application, held) | _accounts(work, application, held)
    return [
        Openers(
            one.id,
            one.subject_kind,
            one.subject_id,
            "" if one.subject_kind == access.EVERYONE else called.get(one.subject_id, one.subject_id),
            one.valid_from,
            one.valid_to,
            one.reason,
        )
        for one in held
    ]


def _groups(work: Work, application: Application, held: Sequence[AccessGrant]) -> dict[str, str]:
    ids = [one.subject_id for one in held if one.subject_kind == access.GROUP]
    if not ids:
        return {}
    query = queries.visible(work, Group, Permission.GROUP_READ).where(
        Group.organization_id == application.organization_id, Group.id.in_(ids)
    )
    return {one.id: one.name for one in work.tx.session.scalars(query)}


def _accounts(work: Work, application: Application, held: Sequence[AccessGrant]) -> dict[str, str]:
    ids = [one.subject_id for one in held if one.subject_kind == access.ACCOUNT]
    if not ids:
        return {}
    query = queries.visible(work, Account, Permission.ACCOUNT_READ).where(
        Account.organization_id == application.organization_id, Account.id.in_(ids)
    )
    return {one.id: one.email for one in work.tx.session.scalars(query)}
