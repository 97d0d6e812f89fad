"""
Challenges of WebAuthn: 32 random bytes that we keep, good for five minutes, once, and for one ceremony
(level 3, section 13.4.3; A28).

A challenge is bound to what it was made for: the sign-on or the session, the account if that is known, the browser.
"""

import secrets
from dataclasses import asdict, dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from idp.base.ids import fingerprint
from idp.base.work import Work
from idp.signon import onetime

PURPOSE = "webauthn-challenge"
LIVES = timedelta(minutes=5)
BYTES = 32
_LENGTH = 43


class Ceremony(StrEnum):
    """What a challenge was made for."""

    SIGN_IN = "sign-in"
    SECOND_STEP = "second-step"
    ENROL = "enrol"


@dataclass(frozen=True, slots=True)
class Bound:
    """
    What a challenge is bound to; all of it must be the same when it comes back.

    Args:
        place: id of the sign-on in progress, or of the session.
        account_id: empty while nobody is known.
        browser: the browser's binding secret; kept as a fingerprint.
    """

    ceremony: Ceremony
    place: str
    organization_id: str
    account_id: str
    browser: str

    def stored(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return {**asdict(self), "ceremony": self.ceremony.value, "browser": fingerprint(self.browser)}


def issue(work: Work, bound: Bound) -> bytes:
    """Make a challenge for *bound* and keep it."""
    challenge = secrets.token_bytes(BYTES)
    onetime.store(
        work,
        PURPOSE,
        bytes_to_base64url(challenge),
        organization_id=bound.organization_id,
        bound=bound.stored(),
        lives=LIVES,
    )
    return challenge


def consume(work: Work, challenge: str, bound: Bound) -> bytes | str:
    """
    Use up the *challenge* that came back (base64url); return its bytes, or why it is not good.

    It is used up by whoever brings it, also where it was made for something else.
    """
    if len(challenge) != _LENGTH or not challenge.isascii():
        return "the challenge is none of ours"
    found = onetime.consume(work, PURPOSE, challenge)
    if found is None:
        return "the challenge is unknown, or older than five minutes"
    if isinstance(found, onetime.AlreadyUsed):
        return "the challenge was used before"
    wrong = sorted(name for name, value in bound.stored().items() if found.bound.get(name) != value)
    if wrong:
        return f"the challenge was made for another {', '.join(_WORDS.get(name, name) for name in wrong)}"
    return base64url_to_bytes(challenge)


_WORDS = {"place": "sign-on or session", "account_id": "account", "organization_id": "organization"}
