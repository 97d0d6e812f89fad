"""Audit events of API tokens: those that people make for programs of their own. They stand in the account's history."""

from dataclasses import dataclass

from idp.audit.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiTokenMade(Event):
    tag = "api-token.made"
    sentence = "made the API token {label} for {api}, good until {expires}"
    label: str
    token_id: str
    api: str
    scope: str
    expires: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiTokenRevoked(Event):
    tag = "api-token.revoked"
    sentence = "revoked the API token {label} of {email}"
    email: str
    label: str
    token_id: str
    api: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiTokensRevoked(Event):
    """Every API token of an account was revoked at once."""

    tag = "api-token.all-revoked"
    sentence = "revoked all API tokens of {email} ({count})"
    email: str
    count: int
