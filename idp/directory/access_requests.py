"""
Asking for access to an application, and deciding on it: for whom it is not open yet, with a reason, one at a time.

Nobody decides on what they have asked for themselves, and whoever approves must be able to give that access (D17).
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, exists, select, update
from sqlalchemy.exc import IntegrityError

from idp.audit.events import AccessRequestApproved, AccessRequestDenied, AccessRequestMade, AccessRequestWithdrawn
from idp.audit.log import record
from idp.base.errors import Conflict, Forbidden, NotFound
from idp.base.ids import is_id, new_id
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import access, applications, deciders, default_groups, mailing, names, queries
from idp.directory.joining_models import AccessRequest
from idp.directory.models import Account, Application, Organization, Site
from idp.directory.rights import require_on
from idp.policy.permissions import Permission

PENDING, APPROVED, DENIED, WITHDRAWN = "pending", "approved", "denied", "withdrawn"
STATES = (PENDING, APPROVED, DENIED, WITHDRAWN)
LONGEST_WORDS = 1024
MOST_PENDING = 20
"""So many requests of one person may wait at once."""
_ID = "arq"


@dataclass(frozen=True, slots=True)
class Requestable:
    """An application that somebody may ask for; ``pending`` is the request of theirs that waits."""

    application: Application
    pending: AccessRequest | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, for whom and for what."""

    request: AccessRequest
    account: Account
    application: Application


def requestable(work: Work, organization_id: str, account_id: str, *, limit: int = 500) -> list[Requestable]:
    """Return what the account may ask for: live, requestable, and not open to it. By name, at most *limit*."""
    opened = {one.id for one in access.openable(work, organization_id, account_id)}
    waiting = {one.application_id: one for one in _pending_of(work, organization_id, account_id)}
    query = (
        _requestable(organization_id)
        .where(_live_account(organization_id, account_id))
        .order_by(Application.name, Application.id)
        .limit(limit)
    )
    return [Requestable(one, waiting.get(one.id)) for one in work.tx.session.scalars(query) if one.id not in opened]


def own(work: Work, organization_id: str, account_id: str, *, limit: int = 50) -> list[Asked]:
    """Return what the account has asked for, the newest first, at most *limit*."""
    query = (
        _asked()
        .where(AccessRequest.organization_id == organization_id, AccessRequest.account_id == account_id)
        .order_by(AccessRequest.created_at.desc(), AccessRequest.id.desc())
        .limit(limit)
    )
    return [Asked(*row) for row in work.tx.session.execute(query)]


def ask(work: Work, application_id: str, reason: str) -> AccessRequest:
    """
    Ask for access to an application, as the account that acts; whoever may decide is told by mail.

    Raises:
        NotFound: there is no such application that could be asked for.
        Forbidden: no account acts, or one that is disabled.
        Invalid: there is no reason, or it cannot be used.
        Conflict: it is open to the account already, was asked for already, or too many requests wait.
    """
    account = _acting(work)
    application = work.tx.session.scalar(_requestable(account.organization_id).where(Application.id == application_id))
    if application is None:
        raise NotFound("There is no such application that you could ask for.", advice="Look at the list again.")
    reason = names.words(reason, longest=LONGEST_WORDS, field="reason")
    if access.may_open(work, account.organization_id, application.id, account.id):
        raise Conflict(phrase("“%(name)s” is open to you already.", name=application.name))
    waiting = _pending_of(work, account.organization_id, account.id)
    if len(waiting) >= MOST_PENDING:
        raise Conflict(
            phrase("%(most_pending)s requests of yours wait already.", most_pending=MOST_PENDING),
            advice="Withdraw one that you do not need.",
        )
    made = AccessRequest(
        organization_id=account.organization_id,
        id=new_id(_ID),
        account_id=account.id,
        application_id=application.id,
        reason=reason,
        state=PENDING,
        created_at=work.now,
    )
    try:
        with work.tx.session.begin_nested():
            work.tx.session.add(made)
            work.tx.session.flush()
    except IntegrityError as error:  # the index lets one wait, of whoever asks at the same moment, too
        raise Conflict(phrase("You have asked for “%(name)s” already.", name=application.name)) from error
    record(
        work,
        AccessRequestMade(
            organization_id=account.organization_id,
            target_id=made.id,
            application_id=application.id,
            application=application.name,
            account_id=account.id,
            reason=reason,
        ),
    )
    _tell_deciders(work, made, account, application)
    return made


def withdraw(work: Work, request_id: str) -> AccessRequest:
    """
    Take back a request of the account that acts.

    Raises:
        NotFound: the account has made no such request.
        Forbidden: no account acts, or one that is disabled.
        Conflict: it was decided or withdrawn already.
    """
    account = _acting(work)
    known = is_id(request_id, _ID)
    found = work.tx.session.get(AccessRequest, (account.organization_id, request_id)) if known else None
    if found is None or found.account_id != account.id:
        raise NotFound("You have made no such request.", advice="Look at your requests again.")
    _move(work, found, WITHDRAWN)
    record(
        work,
        AccessRequestWithdrawn(
            organization_id=found.organization_id,
            target_id=found.id,
            application_id=found.application_id,
            account_id=account.id,
        ),
    )
    return found


def queue(
    work: Work,
    organization_id: str,
    *,
    state: str = PENDING,
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[Asked]:
    """
    Return the requests that this actor may read, at most *limit*: those that wait the oldest first, others the newest.

    Args:
        state: only those in this state; empty: all.
        after: only those that come after the one that was made then, with this id.
    """
    query = _visible(work).where(AccessRequest.organization_id == organization_id)
    if state:
        query = query.where(AccessRequest.state == state)
    at, id_ = AccessRequest.created_at, AccessRequest.id
    if state == PENDING:
        query = query.order_by(at, id_)
        if after is not None:
            query = query.where((at > after[0]) | ((at == after[0]) & (id_ > after[1])))
    else:
        query = query.order_by(at.desc(), id_.desc())
        if after is not None:
            query = query.where((at < after[0]) | ((at == after[0]) & (id_ < after[1])))
    return [Asked(*row) for row in work.tx.session.execute(query.limit(limit))]


def matching(
    work: Work, organization_id: str, *, permission: Permission = Permission.REQUEST_READ
) -> Select[AccessRequest]:
    """Return a query for the requests that wait, of those that the actor has *permission* for and has not made."""
    query = queries.visible(work, AccessRequest, permission).where(
        AccessRequest.organization_id == organization_id, AccessRequest.state == PENDING
    )
    own = work.actor.kind == "account" and work.actor.organization_id == organization_id
    return query.where(AccessRequest.account_id != work.actor.id) if own else query


def get(work: Work, request_id: str, *, organization_id: str | None = None) -> Asked:
    """
    Return a request, for whom and for what.

    Raises:
        NotFound: none that this actor may read.
    """
    query = _visible(work).where(AccessRequest.id == request_id)
    if organization_id is not None:
        query = query.where(AccessRequest.organization_id == organization_id)
    row = work.tx.session.execute(query).first() if is_id(request_id, _ID) else None
    if row is None:
        raise NotFound(
            phrase("There is no request “%(request_id)s”.", request_id=request_id[:80]), advice="See: idp request list"
        )
    return Asked(*row)


def approve(
    work: Work,
    request_id: str,
    *,
    organization_id: str | None = None,
    answer: str = "",
    until: datetime | None = None,
) -> Asked:
    """
    Give what was asked for: the application's default groups, or a grant of their own; the person is told by mail.

    Args:
        answer: what to tell the person.
        until: when the access ends (None: when it is withdrawn). With an end it is always a grant of their own.

    Raises:
        NotFound: no such request that this actor may read.
        Forbidden: the actor may not decide on it, may not give that access, or has asked for it.
        Invalid: the answer cannot be used, or the access would end before it begins.
        Conflict: it was decided already, or the account or the application is not live any more.
    """
    found = get(work, request_id, organization_id=organization_id)
    _require_to_decide(work, found, Permission.APPLICATION_GRANT)
    applications.check_until(work, until)
    answer = names.words(answer, longest=LONGEST_WORDS, field="answer") if answer else ""
    request, account, application = found.request, found.account, found.application
    if not work.tx.session.scalar(select(_live_account(account.organization_id, account.id))):
        raise Conflict(
            phrase("“%(email)s” is disabled.", email=account.email),
            advice="Deny the request, or enable the account first.",
        )
    if application.disabled_at is not None or application.deleted_at is not None:
        raise Conflict(
            phrase("“%(name)s” is disabled.", name=application.name), advice="Deny the request, or enable it first."
        )
    _move(work, request, APPROVED, answer)
    if not access.may_open(work, account.organization_id, application.id, account.id):
        request.grant_id = _give(work, found, until)
    record(
        work,
        AccessRequestApproved(
            organization_id=request.organization_id,
            target_id=request.id,
            application_id=application.id,
            application=application.name,
            email=account.email,
            until="" if until is None else until.isoformat(),
            answer=answer,
        ),
    )
    _tell_person(work, found, until)
    work.tx.session.flush()
    return found


def deny(work: Work, request_id: str, answer: str, *, organization_id: str | None = None) -> Asked:
    """
    Refuse what was asked for; the person is told why, by mail.

    Raises:
        NotFound: no such request that this actor may read.
        Forbidden: the actor may not decide on it, or has asked for it.
        Invalid: there is no answer, or it cannot be used.
        Conflict: it was decided already.
    """
    found = get(work, request_id, organization_id=organization_id)
    _require_to_decide(work, found)
    answer = names.words(answer, longest=LONGEST_WORDS, field="answer")
    _move(work, found.request, DENIED, answer)
    record(
        work,
        AccessRequestDenied(
            organization_id=found.request.organization_id,
            target_id=found.request.id,
            application_id=found.application.id,
            application=found.application.name,
            email=found.account.email,
            answer=answer,
        ),
    )
    _tell_person(work, found, None)
    return found


def _acting(work: Work) -> Account:
    account = None
    if work.actor.kind == "account" and work.actor.organization_id is not None:
        account = work.tx.session.scalar(
            select(Account).where(
                Account.organization_id == work.actor.organization_id,
                Account.id == work.actor.id,
                _live_account(work.actor.organization_id, work.actor.id),
            )
        )
    if account is None:
        raise Forbidden("Only people ask for access, for themselves.", advice="Sign in.")
    return account


def _live_account(organization_id: str, account_id: str) -> ColumnElement[bool]:
    return exists().where(
        Account.organization_id == organization_id,
        Account.id == account_id,
        Account.disabled_at.is_(None),
        Account.deletion_at.is_(None),
        Account.erased_at.is_(None),
        Organization.id == Account.organization_id,
        Organization.suspended_at.is_(None),
    )


def _requestable(organization_id: str) -> Select[Application]:
    return (
        select(Application)
        .join(Site, (Site.organization_id == Application.organization_id) & (Site.id == Application.site_id))
        .where(
            Application.organization_id == organization_id,
            Application.requestable.is_(True),
            Application.disabled_at.is_(None),
            Application.deleted_at.is_(None),
            Site.disabled_at.is_(None),
        )
    )


def _asked() -> Select[AccessRequest, Account, Application]:
    return (
        select(AccessRequest, Account, Application)
        .join(
            Account,
            (Account.organization_id == AccessRequest.organization_id) & (Account.id == AccessRequest.account_id),
        )
        .join(
            Application,
            (Application.organization_id == AccessRequest.organization_id)
            & (Application.id == AccessRequest.application_id),
        )
    )


def _visible(work: Work) -> Select[AccessRequest, Account, Application]:
    """Requests for those applications of which this actor may read requests."""
    readable = queries.visible(work, Application, Permission.REQUEST_READ).whereclause
    return _asked() if readable is None else _asked().where(readable)


def _pending_of(work: Work, organization_id: str, account_id: str) -> list[AccessRequest]:
    query = select(AccessRequest).where(
        AccessRequest.organization_id == organization_id,
        AccessRequest.account_id == account_id,
        AccessRequest.state == PENDING,
    )
    return list(work.tx.session.scalars(query))


def _require_to_decide(work: Work, asked: Asked, *further: Permission) -> None:
    for permission in (Permission.REQUEST_DECIDE, *further):
        require_on(work, permission, asked.application)
    if work.actor.kind == "account" and work.actor.id == asked.account.id:
        raise Forbidden("Somebody else decides on what you have asked for.", advice="Ask another administrator.")


def _move(work: Work, request: AccessRequest, state: str, answer: str = "") -> None:
    """Of many who decide at once one does."""
    work.tx.session.flush()
    moved = work.tx.session.execute(
        update(AccessRequest)
        .where(
            AccessRequest.organization_id == request.organization_id,
            AccessRequest.id == request.id,
            AccessRequest.state == PENDING,
        )
        .values(
            state=state,
            answer=answer,
            decided_at=work.now,
            decided_by=(work.actor.name or work.actor.kind)[:320],
        )
        .execution_options(synchronize_session=False)
    )
    if not moved.rowcount:  # type: ignore[attr-defined]
        raise Conflict("This request was decided or withdrawn already.", advice="Look at it again.")
    work.tx.session.refresh(request)


def _give(work: Work, asked: Asked, until: datetime | None) -> str | None:
    """Put the person into the application's default groups, or give a grant of their own; return its id."""
    account, application = asked.account, asked.application
    reason = f"Asked for: {asked.request.reason}"[:LONGEST_WORDS]
    if until is None:
        given = default_groups.give(work, account.id, application.id, reason=reason)
        return None if given.grant is None else given.grant.id
    return applications.grant(work, application.id, account=account.id, until=until, reason=reason).id


def _tell_deciders(work: Work, request: AccessRequest, account: Account, application: Application) -> None:
    told = deciders.holders(
        work,
        Permission.REQUEST_DECIDE,
        application.organization_id,
        site_id=application.site_id,
        application_id=application.id,
    )
    organization = work.tx.session.get_one(Organization, application.organization_id)
    for one in [holder for holder in told if holder.id != account.id][: deciders.MOST_TOLD]:
        mailing.queue(
            work,
            one.email,
            "access-request",
            {
                "organization": organization.name,
                "name": account.name,
                "email": account.email,
                "application": application.name,
                "reason": request.reason,
                "path": f"/admin/requests/{request.id}",
            },
            organization_id=application.organization_id,
        )


def _tell_person(work: Work, asked: Asked, until: datetime | None) -> None:
    organization = work.tx.session.get_one(Organization, asked.request.organization_id)
    mailing.queue(
        work,
        asked.account.email,
        "access-request-decided",
        {
            "organization": organization.name,
            "name": asked.account.name,
            "application": asked.application.name,
            "approved": asked.request.state == APPROVED,
            "answer": asked.request.answer,
            "until": "" if until is None else until.isoformat(),
        },
        organization_id=asked.request.organization_id,
    )
