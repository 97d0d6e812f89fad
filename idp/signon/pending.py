"""
A sign-on in progress: one row per tab, named by the handle in its address, bound to one browser.

Whoever lost the cookie, comes late or comes twice is told so and offered a new start.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.base.crypto import equal
from idp.base.errors import Conflict, PageError
from idp.base.ids import fingerprint, is_token, new_id, new_token
from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.work import Work
from idp.directory.models import Organization
from idp.policy.signon import Method, Proof
from idp.signon.models import PendingSignOn, SignOnSession
from idp.signon.request import SignOnRequest
from idp.signon.session import proofs_from_json, proofs_to_json

HANDLE = "sgn"
LIVES = timedelta(minutes=10)
CLAIM_WITHIN = timedelta(seconds=60)
CANCELLED, CONSENTED, PUT_OFF = "cancelled", "consented", "put-off"
_IN_SESSION = "session"
"""Where a stored proof says which session it was put into."""

_TABLE = table(PendingSignOn)
_TAKE = Prepared(
    update(_TABLE)
    .where(
        _TABLE.c.id == bindparam("pending_id"),
        _TABLE.c.taken_at.is_(None),
        _TABLE.c.expires_at > bindparam("at", type_=_TABLE.c.taken_at.type),
    )
    .values(taken_at=bindparam("at", type_=_TABLE.c.taken_at.type))
)
_CLAIM = Prepared(
    update(_TABLE)
    .where(
        _TABLE.c.id == bindparam("pending_id"),
        _TABLE.c.browser_hash.is_(None),
        _TABLE.c.claim_until > bindparam("at", type_=_TABLE.c.claim_until.type),
    )
    .values(browser_hash=bindparam("browser"))
)


_COLUMNS = (
    "id",
    "browser_hash",
    "organization_id",
    "site_id",
    "application_id",
    "attempt_id",
    "protocol",
    "request",
    "protocol_state",
    "account_id",
    "account_epoch",
    "proofs",
    "outcome",
    "remember_device",
    "expires_at",
    "taken_at",
    "version",
)
_CHANGING = ("request", "account_id", "account_epoch", "proofs", "outcome", "remember_device")
_INSERT = Prepared(insert(_TABLE))
_FIND = Prepared(
    select(*(_TABLE.c[name] for name in _COLUMNS), Organization.suspended_at)
    .join_from(_TABLE, Organization, Organization.id == _TABLE.c.organization_id, isouter=True)
    .where(_TABLE.c.handle_hash == bindparam("of_handle"))
)
_SESSION = Prepared(
    select(SignOnSession.ended_at).where(
        SignOnSession.organization_id == bindparam("organization_id"), SignOnSession.id == bindparam("session_id")
    )
)
_SAVE = Prepared(
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("pending_id"), _TABLE.c.version == bindparam("seen_version"))
    .values(
        version=_TABLE.c.version + 1,
        **{name: bindparam(f"new_{name}", type_=_TABLE.c[name].type) for name in _CHANGING},
    )
)


@dataclass(slots=True)
class Pending:
    """
    A sign-on in progress as this request has read it; see `models.PendingSignOn` for what is what.

    Changed by the verbs of this module only; of two requests that change it at once the slower one
    is told (``version``).
    """

    id: str
    browser_hash: str | None
    organization_id: str | None
    site_id: str | None
    application_id: str | None
    attempt_id: str
    protocol: str
    request: dict[str, Any]
    protocol_state: dict[str, Any]
    account_id: str | None
    account_epoch: int | None
    proofs: list[dict[str, Any]]
    outcome: str
    remember_device: bool
    expires_at: datetime
    taken_at: datetime | None
    version: int
    organization_suspended_at: datetime | None


class SignOnLost(PageError):
    """
    A sign-on that cannot go on. ``application_name`` and ``start_again_url`` say where to begin anew.

    ``code`` is ``sign-on-unknown``, ``-expired``, ``-used``, ``-other-browser`` or ``-unfinished``.
    """

    def __init__(self, code: str, message: str, *, cause: str, row: Pending | None = None) -> None:
        super().__init__(
            message,
            code=code,
            cause=cause,
            advice="Go back to the application and sign in again from there. Nothing of yours is lost.",
        )
        self.application_name = ""
        self.start_again_url = ""
        self.attempt_id = ""
        if row is not None:
            request = SignOnRequest.from_json(row.request)
            self.application_name, self.start_again_url = request.application_name, request.start_again_url
            self.attempt_id = row.attempt_id


def begin(
    work: Work,
    request: SignOnRequest,
    *,
    browser: str | None,
    protocol: str,
    protocol_state: dict[str, Any],
    trail: Trail,
) -> str:
    """
    Store a sign-on that needs the person; return its handle (a secret, for the address).

    Args:
        browser: the browser's binding secret; None for a cross-site POST, which carries no
            cookies: the first browser that shows up within 60 s claims it.
        protocol_state: given back untouched by `take`.
    """
    handle = new_token(HANDLE)
    attempts.save(work, trail)
    work.tx.run(
        _INSERT,
        id=new_id("pnd"),
        handle_hash=fingerprint(handle),
        browser_hash=None if browser is None else fingerprint(browser),
        claim_until=work.now + CLAIM_WITHIN if browser is None else None,
        organization_id=request.organization_id or None,
        site_id=request.site_id or None,
        application_id=request.application_id or None,
        attempt_id=trail.id,
        protocol=protocol,
        request=request.to_json(),
        protocol_state=protocol_state,
        account_id=None,
        account_epoch=None,
        proofs=[],
        outcome="",
        remember_device=False,
        created_at=work.now,
        expires_at=work.now + LIVES,
        taken_at=None,
        version=1,
    )
    return handle


def find(work: Work, handle: str, browser: str) -> Pending:
    """
    Return the sign-on of *handle* for this browser; claim it if it may be claimed.

    Raises:
        SignOnLost: unknown, expired, used already, of another browser, or its organization is suspended.
    """
    row = _read(work, handle) if is_token(handle, HANDLE) else None
    if row is None:
        raise SignOnLost("sign-on-unknown", "This sign-in is not known here any more.", cause="no such handle")
    if row.browser_hash is None:
        if not work.tx.run(_CLAIM, pending_id=row.id, browser=fingerprint(browser), at=work.now):
            raise SignOnLost(
                "sign-on-expired", "This sign-in took too long to arrive.", cause="not claimed in time", row=row
            )
        row = _read(work, handle) or row
    if row.browser_hash is None or not equal(row.browser_hash, fingerprint(browser)):
        raise SignOnLost(
            "sign-on-other-browser",
            "This sign-in was begun in another browser, or its cookie is gone.",
            cause="the browser binding does not match",
            row=row,
        )
    if row.taken_at is not None:
        raise SignOnLost("sign-on-used", "This sign-in is finished already.", cause="the handle was used", row=row)
    if row.expires_at <= work.now:
        raise SignOnLost(
            "sign-on-expired", "This sign-in was left for too long.", cause="older than 10 minutes", row=row
        )
    if row.organization_suspended_at is not None:
        raise SignOnLost(
            "sign-on-unknown", "This sign-in cannot go on now.", cause="its organization is suspended", row=row
        )
    _forget_what_is_over(work, row)
    return row


def _forget_what_is_over(work: Work, row: Pending) -> None:
    """What was put into a session is over with it: whoever has signed out is not signed in again by an old page (A12)."""
    over = {one for one in {item.get(_IN_SESSION) for item in row.proofs} if one and not _lives(work, row, one)}
    if over:
        row.proofs = [item for item in row.proofs if item.get(_IN_SESSION) not in over]
        row.remember_device = False
        row.outcome = CANCELLED if row.outcome == CANCELLED else ""


def _lives(work: Work, row: Pending, session_id: str) -> bool:
    found = work.tx.row(_SESSION, organization_id=row.organization_id, session_id=session_id)
    return found is not None and found.ended_at is None


def where_to_begin(work: Work, handle: str) -> tuple[str, str]:
    """Return name and address of the application at which the sign-on of *handle* can begin anew; else empty."""
    row = _read(work, handle) if is_token(handle, HANDLE) else None
    if row is None:
        return "", ""
    request = SignOnRequest.from_json(row.request)
    return request.application_name, request.start_again_url


def organization_of(work: Work, handle: str) -> str:
    """Return the id of the organization that the sign-on of *handle* is of; empty if there is none."""
    row = _read(work, handle) if is_token(handle, HANDLE) else None
    return "" if row is None else row.organization_id or ""


def _read(work: Work, handle: str) -> Pending | None:
    found = work.tx.row(_FIND, of_handle=fingerprint(handle))
    return None if found is None else Pending(*found)


def _save(work: Work, row: Pending) -> None:
    saved = work.tx.run(
        _SAVE, pending_id=row.id, seen_version=row.version, **{f"new_{name}": getattr(row, name) for name in _CHANGING}
    )
    if not saved:
        raise Conflict("Two requests of this sign-in met. Go on with whichever was first.")
    row.version += 1


def take(work: Work, row: Pending) -> None:
    """
    Use up a sign-on: it is answered once.

    Raises:
        SignOnLost: another request was faster.
    """
    if not work.tx.run(_TAKE, pending_id=row.id, at=work.now):
        raise SignOnLost("sign-on-used", "This sign-in is finished already.", cause="the handle was used", row=row)


def proofs(row: Pending) -> tuple[Proof, ...]:
    """Return what was proven in this sign-on so far."""
    return proofs_from_json(row.proofs, fresh=True)


def prove(work: Work, row: Pending, method: Method, *, account_id: str, epoch: int) -> None:
    """Note that *method* was proven now for the account. Another account than before begins anew."""
    before = proofs(row) if row.account_id == account_id and row.account_epoch == epoch else ()
    row.remember_device = row.remember_device and bool(before)
    if row.account_id not in (None, account_id):  # nor does what somebody else has agreed to, or put off
        row.outcome = ""
    row.account_id, row.account_epoch = account_id, epoch
    row.proofs = _with(row.proofs if before else [], Proof(method, work.now))
    _save(work, row)


def _with(stored: list[dict[str, Any]], new: Proof) -> list[dict[str, Any]]:
    """Return proofs as they are stored with a new one; the others keep what is known of their session."""
    return [*(item for item in stored if item["method"] != new.method.value), *proofs_to_json((new,))]


def put_into_session(work: Work, row: Pending, session_id: str) -> None:
    """Note that what was proven is in a session now: it counts for as long as that lives."""
    row.proofs = [{**item, _IN_SESSION: session_id} for item in row.proofs]
    _save(work, row)


def remember_device(work: Work, row: Pending) -> None:
    """The person wants this device to stand in for the second step, once this sign-on has proven one."""
    row.remember_device = True
    _save(work, row)


def prove_anew(work: Work, row: Pending, method: Method, *, epoch: int) -> None:
    """Note that the account has new credentials of *method*, set in this sign-on, which goes on with what was proven."""
    row.account_epoch = epoch
    row.proofs = _with(row.proofs, Proof(method, work.now))
    _save(work, row)


def forget_account(work: Work, row: Pending) -> None:
    """
    Begin anew with another account: what was proven in this sign-on no longer counts.

    Nor does the session that this browser has: whoever goes on must prove who they are.
    """
    row.account_id, row.account_epoch, row.proofs, row.outcome, row.remember_device = None, None, [], "", False
    row.request = {**row.request, "force": True, "login_hint": ""}
    _save(work, row)


def consented(work: Work, row: Pending) -> None:
    """The person agreed in this very sign-on."""
    row.outcome = CONSENTED
    _save(work, row)


def put_off(work: Work, row: Pending) -> None:
    """The person sets up a second step later: in this very sign-on they are not asked again."""
    row.outcome = PUT_OFF
    _save(work, row)


def cancel(work: Work, row: Pending) -> None:
    """The person does not want to go on: the application will be told."""
    row.outcome = CANCELLED
    _save(work, row)


def end_refused(work: Work, row: Pending, why: str) -> bool:
    """Note that the sign-on ends on a page of ours because of *why*; False if that was noted before."""
    if row.outcome == why:
        return False
    row.outcome = why
    _save(work, row)
    return True
