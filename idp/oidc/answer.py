"""
The authorization response: a redirect, or a form that posts itself (RFC 6749 sections 4.1.2 and 4.2.2,
Form Post Response Mode 1.0). It names its issuer, always (RFC 9207; O11), and goes only to a `ReplyTo` (D1).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from idp.oidc import addresses
from idp.oidc.authorize.identify import FORM_POST, FRAGMENT, ReplyTo
from idp.oidc.errors import OAuthError


@dataclass(frozen=True, slots=True)
class Redirect:
    """Send the browser to *url*."""

    url: str


@dataclass(frozen=True, slots=True)
class FormPost:
    """
    Let the browser post *fields* to *action*, an address of *application*; *origin* is what the
    page's policy must allow.
    """

    application: str
    action: str
    fields: tuple[tuple[str, str], ...]
    origin: str


Answer = Redirect | FormPost


def success(reply_to: ReplyTo, fields: Sequence[tuple[str, str]]) -> Answer:
    """Answer with *fields*: the code, the tokens, and what is said beside them."""
    return _answer(reply_to, list(fields))


def refusal(reply_to: ReplyTo, error: OAuthError, reference: str, beside: Sequence[tuple[str, str]] = ()) -> Answer:
    """Answer with *error*; *reference* is the attempt, for whoever looks into it. *beside* is said, too."""
    said = [("error", error.error), ("error_description", described(error, reference))]
    return _answer(reply_to, [*said, *beside])


def described(error: OAuthError, reference: str) -> str:
    """Return the ``error_description`` that a peer reads: what happened, and the attempt to ask about."""
    return f"{error.description} Reference: {reference}"


def _answer(reply_to: ReplyTo, fields: list[tuple[str, str]]) -> Answer:
    if reply_to.state is not None:
        fields.append(("state", reply_to.state))
    fields.append(("iss", reply_to.issuer))
    if reply_to.mode == FORM_POST:
        return FormPost(
            application=reply_to.client_name,
            action=reply_to.redirect_uri,
            fields=tuple(fields),
            origin=addresses.origin(reply_to.redirect_uri),
        )
    if reply_to.mode == FRAGMENT:  # a registered address has no fragment of its own
        return Redirect(f"{reply_to.redirect_uri}#{_encoded(fields)}")
    return Redirect(with_query(reply_to.redirect_uri, fields))


def with_query(address: str, fields: list[tuple[str, str]]) -> str:
    """Return *address*, octet by octet as registered, with *fields* added to its query."""
    if not fields:
        return address
    joint = "?" if "?" not in address else "" if address.endswith(("?", "&")) else "&"
    return address + joint + _encoded(fields)


def _encoded(fields: list[tuple[str, str]]) -> str:
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in fields)
