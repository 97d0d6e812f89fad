"""
The person who has signed in lets the device in, or keeps it out (RFC 8628 sections 3.3 and 5.4; O35).

One conditional statement decides. A grant that is made here lives as long as the session, as any other does.
"""

from dataclasses import dataclass, replace

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.audit.events import DeviceAllowed, DeviceDenied, SignedOn
from idp.audit.log import record
from idp.base.errors import Conflict
from idp.base.texts import phrase
from idp.base.work import Work
from idp.oidc import clients, errors
from idp.oidc.authorize import grant, scope
from idp.oidc.device import asking, device_codes, entering, sign_on
from idp.oidc.device.device_codes import ALLOWED, DENIED, Device
from idp.oidc.device.sign_on import PROTOCOL, Asking
from idp.oidc.errors import AccessDenied, OAuthError
from idp.signon import door, pending
from idp.signon import progress as progress_
from idp.signon.door import Refused
from idp.signon.flow import Complete, Refuse
from idp.signon.pending import Pending, SignOnLost
from idp.signon.progress import Progress
from idp.signon.request import SignOnResult
from idp.signon.session import CurrentSession

OVER = "over"
"""The code came to its end before the person decided, or another decision was faster."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """The person has not signed in yet, or not agreed."""


@dataclass(frozen=True, slots=True)
class Question:
    """What the person is to decide about; ``asking`` is None where the code is over meanwhile."""

    progress: Progress
    asking: Asking | None


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of it: ``allowed``, ``denied`` or ``over``; for which application, at which site."""

    outcome: str
    application: str
    site_id: str
    organization_id: str


def look(
    work: Work, base_url: str, handle: str, *, browser: str, session: CurrentSession | None
) -> Question | Unfinished | Decided:
    """
    Return what the person is to decide about; where the sign-on was refused, or given up, the device is told so.

    Raises:
        SignOnLost: unknown, expired, used, of another browser, or not for a device.
    """
    progress = progress_.look(work, handle, browser=browser, session=session)
    _check_protocol(progress.row)
    if isinstance(progress.step, Refuse):
        return decide(work, base_url, handle, allow=False, account_id="", browser=browser, session=session)
    if not isinstance(progress.step, Complete):
        return Unfinished()
    state = progress.row.protocol_state
    found = _asking(work, base_url, state)
    if isinstance(found, str):
        return Question(progress, None)
    typed = work.tx.vault.open_(state["user_code"], entering.place(found.device.id)).decode("ascii")
    return Question(progress, replace(found, user_code=typed))


def decide(
    work: Work,
    base_url: str,
    handle: str,
    *,
    allow: bool,
    account_id: str,
    browser: str,
    session: CurrentSession | None,
) -> Decided:
    """
    Let the device in, or keep it out. Everything is judged anew; of many decisions at once one counts.

    Args:
        account_id: who the page said is signing in.

    Raises:
        Conflict: somebody else signed in in this browser since the page was shown; nothing is decided.
        SignOnLost: as for `look`, or the sign-on is not at its end.
    """
    row = pending.find(work, handle, browser)
    _check_protocol(row)
    resumed = door.resume(work, handle, session=session, browser=browser, protocol=PROTOCOL, site_id=row.site_id or "")
    trail, wanted, answer = resumed.trail, resumed.request, resumed.answer
    found = _asking(work, base_url, resumed.protocol_state)
    if isinstance(found, str):
        outcome = _over(trail, found)
    elif isinstance(answer, Refused):
        outcome = _deny(work, found, errors.for_refusal(answer.refusal), trail)
    elif not allow:
        outcome = _deny(work, found, AccessDenied("The person kept the device out."), trail)
    elif answer.result.account_id != account_id:
        raise Conflict(
            "Somebody else is signed in in this browser by now.",
            advice="Go back and load the page again: it shows who is.",
        )
    else:
        outcome = _allow(work, found, answer.result, trail)
    attempts.save(work, trail)
    return Decided(outcome, wanted.application_name, wanted.site_id, wanted.organization_id)


def _check_protocol(row: Pending) -> None:
    if row.protocol != PROTOCOL:
        raise SignOnLost("sign-on-unknown", "This sign-in is not known here.", cause="wrong protocol", row=row)


def _asking(work: Work, base_url: str, state: dict[str, str]) -> Asking | str:
    device = device_codes.find_by_id(work, state["organization_id"], state["device_id"])
    return phrase("the device code is gone") if device is None else sign_on.of(work, base_url, device)


def _allow(work: Work, found: Asking, result: SignOnResult, trail: Trail) -> str:
    device, request = found.device, found.request
    if not device_codes.settle(work, device, allowed=True):
        return _over(trail, "the device code was decided on at the same moment")
    device_codes.give(work, device, grant.keep(work, request, result))
    trail.passed("confirmation", device=device.asked["attempt_id"], scope=" ".join(scope.granted(request)))
    trail.succeeded()
    of_device = _trail_of(work, device)
    of_device.passed("confirmation", sign_on=trail.id)
    of_device.succeeded()
    attempts.save(work, of_device)
    record(
        work,
        DeviceAllowed(
            organization_id=device.organization_id,
            target_id=result.account_id,
            attempt_id=trail.id,
            application_id=device.application_id,
            client_id=request.client.client_id,
            device_ip=device.client_ip,
            device_agent=device.client_agent,
        ),
    )
    record(
        work,
        SignedOn(
            organization_id=result.organization_id,
            target_id=result.account_id,
            attempt_id=trail.id,
            application_id=result.application_id,
            session_id=result.session_id,
            protocol=clients.PROTOCOL,
        ),
    )
    return ALLOWED


def _deny(work: Work, found: Asking, error: OAuthError, trail: Trail) -> str:
    device = found.device
    if not device_codes.settle(work, device, allowed=False):
        return _over(trail, "the device code was decided on at the same moment")
    trail.refused(error, "confirmation")
    of_device = _trail_of(work, device)
    of_device.failed("confirmation", error.error, error.cause, sign_on=trail.id)
    attempts.save(work, of_device)
    record(
        work,
        DeviceDenied(
            organization_id=device.organization_id,
            target_id=trail.account_id or device.application_id,
            attempt_id=trail.id,
            application_id=device.application_id,
            client_id=found.request.client.client_id,
            device_ip=device.client_ip,
            device_agent=device.client_agent,
            cause=error.cause,
        ),
    )
    return DENIED


def _over(trail: Trail, cause: str) -> str:
    trail.failed("confirmation", "expired_token", cause)
    return OVER


def _trail_of(work: Work, device: Device) -> Trail:
    found = attempts.load(work, device.asked["attempt_id"])
    return found if found is not None else Trail(kind=asking.KIND, id=device.asked["attempt_id"])
