"""The contract between the protocols and signing on. No word of any protocol is in here."""

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from idp.base.values import quickly_made
from idp.policy.access.context import RequestKind
from idp.policy.release import Statement
from idp.policy.signon import Method, Strength

AT_CONSOLE = Strength.SECOND_STEP
"""The least strength that the admin console asks for, whatever the policies say."""


@quickly_made
@dataclass(frozen=True, slots=True)
class SignOnRequest:
    """
    What an application asks of signing on.

    Args:
        organization_id, site_id, application_id: whose people, which site, which application;
            an empty ``application_id`` means our own pages (launcher, account).
        application_name: what the sign-in page says one continues to.
        resume_url: path of ours that is called with the handle when the sign-on has settled.
        passive: nothing may be asked of the person.
        force: the person must prove again, whatever session there is.
        max_age: the proof may be at most this old.
        asked: least strength that the application demands.
        asked_if_possible: it does not demand it but wishes it: nobody sets up a second step for that.
        unattainable: it demands a context that we cannot give at all.
        login_hint: an e-mail address to begin with.
        account_hint: the account that the application speaks of; another one is refused.
        asks: what it wants to receive, each subject to consent; empty: no consent needed.
        ask_consent_again: consent must be given anew.
        start_again_url: where the person can begin anew at the application.
        locales: languages the application asks for, best first.
        answers_at: origin that the answer is sent on to by a redirect, for the pages' form-action
            (browsers hold a form's redirects to it); empty where a page of ours carries the answer.
        privacy_url, terms_url, logo_url: where the application says how it treats personal data, its terms, and
            its picture, which we neither fetch nor show.
        unchecked: it registered itself, and no administrator has looked at it since.
        kind: what kind of request this is, for the rules of contextual access.
    """

    organization_id: str
    site_id: str
    application_id: str
    application_name: str
    resume_url: str
    passive: bool = False
    force: bool = False
    max_age: timedelta | None = None
    asked: Strength | None = None
    asked_if_possible: bool = False
    unattainable: bool = False
    login_hint: str = ""
    account_hint: str = ""
    asks: tuple[str, ...] = ()
    ask_consent_again: bool = False
    start_again_url: str = ""
    locales: tuple[str, ...] = ()
    answers_at: str = ""
    privacy_url: str = ""
    terms_url: str = ""
    logo_url: str = ""
    unchecked: bool = False
    kind: RequestKind = RequestKind.BROWSER

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON values."""
        values = asdict(self)
        values["max_age"] = None if self.max_age is None else self.max_age.total_seconds()
        values["asked"] = None if self.asked is None else int(self.asked)
        return values

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Return the request that `to_json` wrote."""
        read = dict(values)
        read["max_age"] = None if read["max_age"] is None else timedelta(seconds=read["max_age"])
        read["asked"] = None if read["asked"] is None else Strength(read["asked"])
        read["kind"] = RequestKind(read.get("kind", RequestKind.BROWSER))  # a sign-on begun before there were kinds
        read["asks"], read["locales"] = tuple(read["asks"]), tuple(read["locales"])
        return cls(**read)


class Refusal(StrEnum):
    """Why a sign-on was refused. Each protocol maps all of them; a test proves it."""

    CANCELLED = "cancelled"
    LOGIN_REQUIRED = "login-required"
    NOT_ALLOWED = "not-allowed"
    CONTEXT_UNMET = "context-unmet"
    CONSENT_REQUIRED = "consent-required"
    CONSENT_DENIED = "consent-denied"
    WRONG_ACCOUNT = "wrong-account"
    DENIED = "denied"
    """A rule of contextual access says no."""


@quickly_made
@dataclass(frozen=True, slots=True)
class SignOnResult:
    """
    What signing on hands back to a protocol. Attributes are already released by policy; ``statements``
    are what the rules of release make of them, under the names that the application knows.

    ``authenticated_at`` is when the first step was proven; ``strength`` and ``methods`` say
    what was proven, and ``satisfied`` is what the organization's policy took it for (weak second steps count there,
    and are attested to nobody); ``expires_at`` is the session's absolute end.
    """

    organization_id: str
    site_id: str
    application_id: str
    account_id: str
    account_epoch: int
    session_id: str
    authenticated_at: datetime
    expires_at: datetime
    strength: Strength
    methods: tuple[Method, ...]
    satisfied: Strength
    attributes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    statements: tuple[Statement, ...] = ()
