"""Sign-on sessions: one browser's authenticated state, and the applications that took part in it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, insert, or_, select, update

from idp.audit.events import SessionEnded, SessionStarted
from idp.audit.log import plain, record
from idp.base import jobs
from idp.base.errors import NotFound
from idp.base.ids import fingerprint, is_token, new_id, new_token
from idp.base.prepared import Prepared
from idp.base.tables import insert_if_absent, table
from idp.base.values import quickly_made
from idp.base.work import Work
from idp.directory.models import Account, Organization
from idp.directory.policies import AuthenticationFacts
from idp.policy.access.context import AccountKind
from idp.policy.signon import FIRST_STEPS, Method, Proof
from idp.signon import break_glass
from idp.signon.logout_names import ONCE, digest
from idp.signon.models import Participant, SignOnSession

ENDED = "session-ended"
"""The job that tells the applications of a session that it is over."""
TOKEN = "ses"  # noqa: S105 (the kind of a token, not a token)
MOST_PER_ACCOUNT = 20
MOST_ONCE = 50
"""How many of the names that are given once an application can sign a person out by: the last."""
_METHODS = {method.value: method for method in Method}  # a look-up; to ask an enumeration is three calls of functions
_KINDS = {kind.value: kind for kind in AccountKind}
TOUCH_EVERY = timedelta(minutes=1)

_COLUMNS = (
    SignOnSession.id,
    SignOnSession.organization_id,
    SignOnSession.account_id,
    SignOnSession.epoch,
    SignOnSession.methods,
    SignOnSession.started_at,
    SignOnSession.last_seen_at,
    SignOnSession.idle_seconds,
    SignOnSession.expires_at,
    Account.epoch.label("account_epoch"),
    Account.disabled_at.label("account_disabled_at"),
    Account.email,
    Account.name,
    Account.policy_id,
    Account.kind,
    Account.grace_used,
    SignOnSession.device_id,
    Organization.suspended_at,
)


def _with_account(condition: ColumnElement[bool]) -> Prepared:
    return Prepared(
        select(*_COLUMNS)
        .join(
            Account,
            and_(Account.organization_id == SignOnSession.organization_id, Account.id == SignOnSession.account_id),
        )
        .join(Organization, Organization.id == SignOnSession.organization_id)
        .where(condition, SignOnSession.ended_at.is_(None))
    )


_BY_TOKEN = _with_account(SignOnSession.token_hash == bindparam("token_hash"))
_BY_ID = _with_account(
    and_(SignOnSession.organization_id == bindparam("organization_id"), SignOnSession.id == bindparam("session_id"))
)
_COUNT = Prepared(
    select(func.count().label("count"))
    .select_from(SignOnSession)
    .where(
        SignOnSession.organization_id == bindparam("organization_id"),
        SignOnSession.account_id == bindparam("account_id"),
        SignOnSession.ended_at.is_(None),
    )
)
_TABLE = table(SignOnSession)
_TOUCH = Prepared(
    update(_TABLE)
    .where(
        _TABLE.c.organization_id == bindparam("of_organization"),
        _TABLE.c.id == bindparam("session_id"),
        _TABLE.c.last_seen_at < bindparam("seen_at", type_=_TABLE.c.last_seen_at.type),
    )
    .values(last_seen_at=bindparam("seen_at", type_=_TABLE.c.last_seen_at.type))
)
_START = Prepared(insert(_TABLE))
_RENEW = Prepared(
    update(_TABLE)
    .where(_TABLE.c.organization_id == bindparam("of_organization"), _TABLE.c.id == bindparam("session_id"))
    .values(
        token_hash=bindparam("new_token_hash"),
        methods=bindparam("new_methods", type_=_TABLE.c.methods.type),
        device_id=bindparam("new_device_id"),
        last_seen_at=bindparam("seen_at", type_=_TABLE.c.last_seen_at.type),
    )
)
_PARTICIPANT = table(Participant)
_JOIN = Prepared(insert_if_absent(Participant))
_JOIN_AGAIN = Prepared(
    update(_PARTICIPANT)
    .where(
        _PARTICIPANT.c.organization_id == bindparam("of_organization"),
        _PARTICIPANT.c.session_id == bindparam("of_session"),
        _PARTICIPANT.c.application_id == bindparam("of_application"),
        _PARTICIPANT.c.subject_digest == bindparam("of_subject"),
    )
    .values(last_at=bindparam("seen_at", type_=_PARTICIPANT.c.last_at.type))
)
_THOSE_OF_ONCE = (
    _PARTICIPANT.c.organization_id == bindparam("of_organization"),
    _PARTICIPANT.c.session_id == bindparam("of_session"),
    _PARTICIPANT.c.application_id == bindparam("of_application"),
    _PARTICIPANT.c.subject_digest.startswith(ONCE),
)
_FORGET_ONCE = Prepared(
    delete(_PARTICIPANT).where(
        *_THOSE_OF_ONCE,
        _PARTICIPANT.c.id.not_in(
            select(_PARTICIPANT.c.id)
            .where(*_THOSE_OF_ONCE)
            .order_by(_PARTICIPANT.c.last_at.desc(), _PARTICIPANT.c.id.desc())
            .limit(MOST_ONCE)
        ),
    )
)


@quickly_made
@dataclass(frozen=True, slots=True)
class CurrentSession:
    """A live session and its account, as read in one row for this request."""

    id: str
    organization_id: str
    account_id: str
    account_epoch: int
    email: str
    name: str
    policy_id: str | None
    kind: AccountKind
    grace_used: int
    device_id: str
    methods: tuple[Proof, ...]
    started_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    authenticated_at: datetime


def find(work: Work, token: str) -> CurrentSession | None:
    """Return the live session of the cookie *token*, or None."""
    if not is_token(token, TOKEN):
        return None
    return _live(work, work.tx.row(_BY_TOKEN, token_hash=fingerprint(token)))


def find_by_id(work: Work, organization_id: str, session_id: str) -> CurrentSession | None:
    """Return the live session of that id, or None."""
    return _live(work, work.tx.row(_BY_ID, organization_id=organization_id, session_id=session_id))


def alive(work: Work, organization_id: str, session_id: str) -> bool:
    """Say whether the session is live now."""
    return _is_live(work, work.tx.row(_BY_ID, organization_id=organization_id, session_id=session_id))


def _is_live(work: Work, row: Any) -> bool:
    if row is None or row.account_disabled_at is not None or row.suspended_at is not None:
        return False
    if row.epoch != row.account_epoch or row.expires_at <= work.now:
        return False
    return bool(row.last_seen_at + timedelta(seconds=row.idle_seconds) > work.now)


def _live(work: Work, row: Any) -> CurrentSession | None:
    if not _is_live(work, row):
        return None
    proofs = proofs_from_json(row.methods)
    first_steps = [proof.at for proof in proofs if proof.method in FIRST_STEPS]
    return CurrentSession(
        id=row.id,
        organization_id=row.organization_id,
        account_id=row.account_id,
        account_epoch=row.account_epoch,
        email=row.email,
        name=row.name,
        policy_id=row.policy_id,
        kind=_KINDS[row.kind],
        grace_used=row.grace_used,
        device_id=row.device_id,
        methods=proofs,
        started_at=row.started_at,
        last_seen_at=row.last_seen_at,
        expires_at=row.expires_at,
        authenticated_at=max(first_steps, default=row.started_at),
    )


def proofs_to_json(proofs: tuple[Proof, ...]) -> list[dict[str, Any]]:
    """Return *proofs* as they are stored."""
    return [{"method": proof.method.value, "at": proof.at.isoformat()} for proof in proofs]


def proofs_from_json(stored: list[dict[str, Any]], *, fresh: bool = False) -> tuple[Proof, ...]:
    """Return the proofs that `proofs_to_json` stored."""
    return tuple([Proof(_METHODS[item["method"]], datetime.fromisoformat(item["at"]), fresh) for item in stored])


def touch(work: Work, session: CurrentSession) -> None:
    """Note that the session is in use; written at most once a minute."""
    if work.now - session.last_seen_at >= TOUCH_EVERY:
        work.tx.run(_TOUCH, of_organization=session.organization_id, session_id=session.id, seen_at=work.now)


def start(
    work: Work,
    *,
    organization_id: str,
    account_id: str,
    epoch: int,
    proofs: tuple[Proof, ...],
    policy: AuthenticationFacts,
    attempt_id: str,
    replaces: CurrentSession | None,
    device_id: str = "",
) -> tuple[str, CurrentSession]:
    """
    Start a session, or renew the one it *replaces*; return the cookie's new token and the session.

    The token is new at every authentication (A12). A session of the same account keeps its id,
    its participants and its absolute end; one of another account is ended.

    Args:
        device_id: the known device it is on.
    """
    token = new_token(TOKEN)
    same = replaces is not None and replaces.account_id == account_id and replaces.organization_id == organization_id
    if replaces is not None and not same:
        end(work, replaces.organization_id, replaces.id, because="another account signed in")
    if same and replaces is not None:
        kept = tuple(p for p in replaces.methods if p.method not in {new.method for new in proofs})
        session_id = replaces.id
        work.tx.run(
            _RENEW,
            of_organization=organization_id,
            session_id=session_id,
            new_token_hash=fingerprint(token),
            new_methods=proofs_to_json(kept + proofs),
            new_device_id=device_id or replaces.device_id,
            seen_at=work.now,
        )
    else:
        session_id = new_id("ses")
        work.tx.run(
            _START,
            organization_id=organization_id,
            id=session_id,
            token_hash=fingerprint(token),
            account_id=account_id,
            epoch=epoch,
            methods=proofs_to_json(proofs),
            started_at=work.now,
            last_seen_at=work.now,
            console_seen_at=None,
            idle_seconds=policy.session_idle_seconds,
            expires_at=work.now + timedelta(seconds=policy.session_absolute_seconds),
            ended_at=None,
            ended_because="",
            ip=work.origin.ip,
            user_agent=plain(work.origin.user_agent)[:256],
            device_id=device_id,
        )
        _end_oldest(work, organization_id, account_id, but=session_id)
    record(
        work,
        SessionStarted(
            organization_id=organization_id,
            target_id=account_id,
            attempt_id=attempt_id,
            session_id=session_id,
            methods=tuple(proof.method.value for proof in proofs),
        ),
    )
    current = find_by_id(work, organization_id, session_id)
    if current is None:
        raise NotFound("This account cannot sign in any more.", cause="the account changed while it was signing in")
    if current.kind is AccountKind.BREAK_GLASS:
        methods = ", ".join(proof.method.value for proof in proofs)
        break_glass.signed_in(work, organization_id, account_id, methods, attempt_id)
    return token, current


def _end_oldest(work: Work, organization_id: str, account_id: str, *, but: str) -> None:
    """End the sessions that are too many, *but* never the one that has just begun: others may be of the same moment."""
    if work.tx.rows(_COUNT, organization_id=organization_id, account_id=account_id)[0].count <= MOST_PER_ACCOUNT:
        return
    others = [one for one in sessions(work, organization_id, account_id) if one.id != but]
    for old in others[MOST_PER_ACCOUNT - 1 :]:
        end(work, organization_id, old.id, because="more than twenty sessions")


def sessions(work: Work, organization_id: str, account_id: str) -> list[SignOnSession]:
    """Return the sessions of an account that are not over, the one last used first."""
    query = (
        select(SignOnSession)
        .join(
            Account,
            and_(Account.organization_id == SignOnSession.organization_id, Account.id == SignOnSession.account_id),
        )
        .where(
            SignOnSession.organization_id == organization_id,
            SignOnSession.account_id == account_id,
            SignOnSession.ended_at.is_(None),
            SignOnSession.epoch == Account.epoch,
            SignOnSession.expires_at > work.now,
        )
        .order_by(SignOnSession.last_seen_at.desc(), SignOnSession.id)
    )
    found = work.tx.session.scalars(query)
    return [s for s in found if s.last_seen_at + timedelta(seconds=s.idle_seconds) > work.now]


LIVES_ON_IN_LOGOUTS = timedelta(hours=1)
"""How long after its end a session may still be needed to tell applications of it."""


def end(work: Work, organization_id: str, session_id: str, because: str, *, told: bool = False) -> bool:
    """
    End a session; nothing happens if it is over already. Grants bound to it die with it.

    The applications that took part in it are told by a job, unless the caller sees to that (*told*).
    Return whether it was this call that ended it.
    """
    row = work.tx.session.get(SignOnSession, (organization_id, session_id))
    if row is None or row.ended_at is not None:
        return False
    row.ended_at, row.ended_because = work.now, because[:64]
    work.tx.session.flush()
    record(
        work,
        SessionEnded(organization_id=organization_id, target_id=row.account_id, session_id=session_id, cause=because),
    )
    if not told:
        jobs.defer(
            work,
            ENDED,
            key=f"{ENDED}:{session_id}",
            payload={"organization_id": organization_id, "session_id": session_id, "because": because},
            organization_id=organization_id,
        )
    return True


def end_outdated(work: Work, organization_id: str, account_id: str) -> int:
    """End the sessions of an account that are dead since it was disabled or its credentials changed; return how many."""
    query = (
        select(SignOnSession.id, Account.disabled_at)
        .join(
            Account,
            and_(Account.organization_id == SignOnSession.organization_id, Account.id == SignOnSession.account_id),
        )
        .where(
            SignOnSession.organization_id == organization_id,
            SignOnSession.account_id == account_id,
            SignOnSession.ended_at.is_(None),
            or_(SignOnSession.epoch != Account.epoch, Account.disabled_at.is_not(None)),
        )
    )
    found = list(work.tx.session.execute(query))
    for row in found:
        end(work, organization_id, row.id, "credentials changed" if row.disabled_at is None else "account disabled")
    return len(found)


def join(work: Work, organization_id: str, session_id: str, application_id: str, subject: dict[str, Any]) -> None:
    """
    Note that an application got an answer in this session, and what it knows the person by.

    Args:
        subject: the name, as its protocol says it. ``once`` in it: another is given with every answer.
    """
    of_subject = digest(subject)
    again = work.tx.run(
        _JOIN_AGAIN,
        of_organization=organization_id,
        of_session=session_id,
        of_application=application_id,
        of_subject=of_subject,
        seen_at=work.now,
    )
    if not again:
        work.tx.run(
            _JOIN,
            organization_id=organization_id,
            id=new_id("par"),
            session_id=session_id,
            application_id=application_id,
            subject=subject,
            subject_digest=of_subject,
            joined_at=work.now,
            last_at=work.now,
        )
        if subject.get("once"):
            work.tx.run(
                _FORGET_ONCE,
                of_organization=organization_id,
                of_session=session_id,
                of_application=application_id,
            )


def participants(work: Work, organization_id: str, session_id: str) -> list[Participant]:
    """Return the applications that got an answer in the session, with every name, in the order they joined."""
    query = (
        select(Participant)
        .where(Participant.organization_id == organization_id, Participant.session_id == session_id)
        .order_by(Participant.joined_at, Participant.id)
    )
    return list(work.tx.session.scalars(query))
