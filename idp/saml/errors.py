"""
What is said where SAML goes wrong: pages before the sender's address is proven, status codes after.

    MessageRefused   nobody may be answered yet: the person sees a page (X15, X26)
    StatusError      the address is proven: the application is told, in the words of the standard

Texts are constants of ours; ``cause`` is for the administrator and never leaves.
"""

from typing import TYPE_CHECKING, Any

from idp.base.errors import Invalid, PageError
from idp.base.texts import phrase
from idp.saml.names import (
    AUTHN_FAILED,
    INVALID_NAMEID_POLICY,
    NO_AUTHN_CONTEXT,
    NO_PASSIVE,
    NO_SUPPORTED_IDP,
    REQUEST_DENIED,
    REQUEST_UNSUPPORTED,
    REQUESTER,
    RESPONDER,
    UNKNOWN_PRINCIPAL,
)
from idp.signon.request import Refusal

if TYPE_CHECKING:
    from idp.saml.endpoints import Requester

UNREADABLE = "saml-unreadable"
UNKNOWN_APPLICATION = "saml-unknown-application"
SIGNATURE = "saml-signature"
DESTINATION = "saml-destination"
STALE = "saml-stale"
USED = "saml-used"
ADDRESS = "saml-address"
VERSION = "saml-version"
NOT_STARTED_HERE = "saml-not-started-here"
RELAY_STATE = "saml-relay-state"
NOT_ENCRYPTABLE = "saml-not-encryptable"
EXPIRED = "saml-metadata-expired"

_TELL = phrase("Tell your administrator the reference below.")
_AGAIN = phrase("Go back to the application and start again from there.")
_IF_AGAIN = phrase(
    "Go back to the application and start again from there. If it happens again, tell your administrator the reference "
    "below."
)
_WORDS: dict[str, tuple[str, str]] = {
    UNREADABLE: (phrase("The application sent something that cannot be read."), _IF_AGAIN),
    UNKNOWN_APPLICATION: (phrase("This application is not known here."), _TELL),
    SIGNATURE: (phrase("It could not be proven that this request comes from the application."), _IF_AGAIN),
    DESTINATION: (phrase("This request was made for another address than this one."), _TELL),
    STALE: (phrase("This request is too old, or the application's clock is wrong."), _IF_AGAIN),
    USED: (phrase("This request was used already."), _AGAIN),
    ADDRESS: (phrase("The application wants the answer at an address that it has not registered."), _TELL),
    VERSION: (phrase("The application speaks a version of SAML that is not spoken here."), _TELL),
    NOT_STARTED_HERE: (
        phrase("This application is not started from here."),
        phrase("Open it at its own address and sign in there."),
    ),
    RELAY_STATE: (
        phrase("This link leads to a place in the application that is not on its list here."),
        phrase(
            "Open the application itself and go there. If the link should work, tell your administrator the reference "
            "below."
        ),
    ),
    EXPIRED: (phrase("What is known here of this application has expired."), _TELL),
    NOT_ENCRYPTABLE: (
        phrase("This application wants an encrypted answer, but no key of it can be used for that."),
        _TELL,
    ),
}


class MessageRefused(PageError):
    """
    A message that is not answered to its sender: the person sees a page.

    ``application_name`` and ``start_again_url`` say where to begin anew, once that is known.

    Args:
        facts: what an administrator needs to see why: expected and received values, digests. Each is
            bounded by whoever raises it, and none is a secret; the message itself is never among them.
    """

    def __init__(self, code: str, cause: str, *, field: str | None = None, **facts: Any) -> None:
        message, advice = _WORDS[code]
        super().__init__(message, code=code, advice=advice, cause=cause, field=field)
        self.facts = facts
        self.application_name = ""
        self.start_again_url = ""


class StatusError(Invalid):
    """A request that is answered with a status instead of an assertion, at the proven address of *requester*."""

    def __init__(
        self, requester: "Requester", second_level: str, cause: str, *, top_level: str = REQUESTER, **facts: Any
    ) -> None:
        super().__init__(
            "The application asked for something that it cannot have.",
            code="saml-" + second_level.rpartition(":")[2].lower(),
            cause=cause,
        )
        self.facts = facts
        self.requester = requester
        self.status = (top_level, second_level)


# SAML Core 2.0 section 3.2.2.2. Whether there is an account, and which, shows in none of them.
STATUS: dict[Refusal, tuple[str, str]] = {
    Refusal.CANCELLED: (RESPONDER, AUTHN_FAILED),
    Refusal.LOGIN_REQUIRED: (RESPONDER, NO_PASSIVE),
    Refusal.NOT_ALLOWED: (RESPONDER, REQUEST_DENIED),
    Refusal.CONTEXT_UNMET: (RESPONDER, NO_AUTHN_CONTEXT),
    Refusal.CONSENT_REQUIRED: (RESPONDER, NO_PASSIVE),
    Refusal.CONSENT_DENIED: (RESPONDER, REQUEST_DENIED),
    Refusal.DENIED: (RESPONDER, REQUEST_DENIED),
    Refusal.WRONG_ACCOUNT: (RESPONDER, UNKNOWN_PRINCIPAL),
}


def name_id_policy(requester: "Requester", cause: str, **facts: Any) -> StatusError:
    """The name that is asked for cannot be given (SAML Core 2.0 section 3.4.1.1)."""
    return StatusError(requester, INVALID_NAMEID_POLICY, cause, **facts)


def other_principal(requester: "Requester", cause: str, **facts: Any) -> StatusError:
    """The person is not the one that the request speaks of (SAML Core 2.0 section 3.4.1.4)."""
    return StatusError(requester, UNKNOWN_PRINCIPAL, cause, top_level=RESPONDER, **facts)


def not_among(requester: "Requester", cause: str, **facts: Any) -> StatusError:
    """The request names the identity providers that may answer, and we are none of them (SAML Core 2.0 section 3.2.2.2)."""
    return StatusError(requester, NO_SUPPORTED_IDP, cause, top_level=RESPONDER, **facts)


def unsupported(requester: "Requester", cause: str, **facts: Any) -> StatusError:
    """Something is asked for that we do not do."""
    return StatusError(requester, REQUEST_UNSUPPORTED, cause, **facts)
