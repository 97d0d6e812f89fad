"""
A person types in the code that a device shows (RFC 8628 section 3.3; O35).

A try is counted before anything is looked up. A code that is wrong, over, or was decided on
before is all the same to whoever typed it; only the administrator reads which.
"""

from dataclasses import dataclass, replace

from idp.audit.attempts import Trail
from idp.base.errors import Invalid
from idp.base.texts import phrase
from idp.base.work import Work
from idp.oidc.device import device_codes, sign_on, user_codes
from idp.oidc.device.sign_on import PROTOCOL, Asking
from idp.settings import ThrottlingSettings
from idp.signon import door, lockout, pending
from idp.signon.door import Interact
from idp.signon.lockout import Wait
from idp.signon.session import CurrentSession

KIND = "oidc.device-sign-on"


class WrongUserCode(Invalid):
    """What was typed is no code that a device waits with; ``cause`` says which kind of wrong it is."""

    code = "wrong-user-code"


@dataclass(frozen=True, slots=True)
class Entered:
    """The person goes on under this handle."""

    handle: str


def enter(
    work: Work,
    base_url: str,
    typed: str,
    *,
    session: CurrentSession | None,
    browser: str,
    limits: ThrottlingSettings,
    trail: Trail,
) -> Entered | Wait | WrongUserCode:
    """
    Begin to sign somebody on for the device whose code was *typed*; or say that it is none, or how long to wait.

    All three are values: the try that was counted is to be committed.

    Args:
        base_url: of this installation.
        browser: the browser's binding secret.
    """
    reserved = lockout.reserve_short_code(work, browser, limits)
    if isinstance(reserved, Wait):
        return reserved
    found = _asking(work, base_url, typed, trail)
    if isinstance(found, str):
        return WrongUserCode("This code is not good, or no longer.", cause=found)
    lockout.give_back(work, reserved)
    device = found.device
    trail.passed("user-code", device=device.asked["attempt_id"], asked_from=device.client_ip)
    wanted = sign_on.sign_on_request(base_url, found.request)
    state = {
        "organization_id": device.organization_id,
        "device_id": device.id,
        "user_code": work.tx.vault.seal(found.user_code.encode("ascii"), place(device.id)),
    }
    begun = door.begin(
        work, wanted, session=session, browser=browser, protocol=PROTOCOL, protocol_state=state, trail=trail
    )
    if isinstance(begun, Interact):
        return Entered(begun.handle)
    # The session is good enough, but nothing is ever approved without a question (RFC 8628 section 5.4).
    return Entered(pending.begin(work, wanted, browser=browser, protocol=PROTOCOL, protocol_state=state, trail=trail))


def _asking(work: Work, base_url: str, typed: str, trail: Trail) -> Asking | str:
    code = user_codes.canonical(typed)
    device = None if code is None else device_codes.find_by_user_code(work, code)
    if device is None:
        return phrase("no device has this code")
    trail.organization_id, trail.site_id = device.organization_id, device.site_id
    trail.application_id = device.application_id
    found = sign_on.of(work, base_url, device)
    return replace(found, user_code=code) if isinstance(found, Asking) and code is not None else str(found)


def place(device_id: str) -> str:
    """Return the place that a typed code is sealed for, to be shown once more for the person to compare."""
    return f"pending_sign_ons:protocol_state:{device_id}"
