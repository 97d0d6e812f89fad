"""What a request to sign on is judged by: one frozen value, recorded with every attempt, judged again at will."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from idp.base.values import quickly_made
from idp.policy.signon import Proof


class AccountKind(StrEnum):
    """What an account is to its organization."""

    MEMBER = "member"
    GUEST = "guest"
    BREAK_GLASS = "break-glass"


class RequestKind(StrEnum):
    """What kind of request is judged."""

    BROWSER = "browser"
    """A person at our own pages: launcher, account."""
    SAML = "saml"
    OIDC = "oidc"
    TOKEN = "token"  # noqa: S105 (a kind of request)
    """A client asks for a token of its own, without a person."""
    API_TOKEN = "api-token"  # noqa: S105 (a kind of request)
    CONSOLE = "console"
    PROVISIONING = "provisioning"


class Behaviour(StrEnum):
    """What is unusual, compared with the person's own past sign-ins."""

    NEW_DEVICE = "new-device"
    NEW_NETWORK = "new-network"
    NEW_COUNTRY = "new-country"
    IMPOSSIBLE_TRAVEL = "impossible-travel"
    MANY_FAILURES = "many-failures"


@quickly_made
@dataclass(frozen=True, slots=True)
class Context:
    """
    The facts of one request.

    A fact that is None was not recorded (of requests of the past): whatever turns on it cannot be
    told. A fact that was looked for and not found is empty.

    Args:
        at: when.
        request: what kind of request it is.
        account_id, kind, groups: whose, and the ids of the groups that they were in; no account where
            no person takes part (``account_id`` empty).
        application_id, site_id: to what; empty for our own pages.
        ip: the address it came from; `networks` finds zones by it.
        country, city, asn: where that address is: ISO 3166 code, name of the city, number of the
            autonomous system as text.
        device_known: this account completed a sign-on on this device before.
        operating_system, browser: families, as the device says them itself ("Windows", "Firefox").
        certificate: a client certificate was presented and verified: its subject; empty: none.
        behaviours: what is unusual about it.
        proofs: what this person has proven in this browser.
        session_started_at: of the session that this browser has; None without one.
        session_known: whether the two facts above were recorded.
    """

    at: datetime
    request: RequestKind
    account_id: str = ""
    kind: AccountKind | None = AccountKind.MEMBER
    groups: frozenset[str] | None = frozenset()
    application_id: str = ""
    site_id: str = ""
    ip: str | None = ""
    country: str | None = ""
    city: str | None = ""
    asn: str | None = ""
    device_known: bool | None = False
    operating_system: str | None = ""
    browser: str | None = ""
    certificate: str | None = ""
    behaviours: frozenset[Behaviour] | None = frozenset()
    proofs: tuple[Proof, ...] = ()
    session_started_at: datetime | None = None
    session_known: bool = True
