"""Tables of signing on: credentials, sign-ons in progress, sessions, consent, one-time values."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from idp.base.db import Base
from idp.directory.models import Owned, owned_by


class Password(Base):
    """The password of an account: an argon2id hash of a peppered value."""

    __tablename__ = "passwords"
    __table_args__ = (owned_by("account_id", "accounts"),)

    organization_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    hash: Mapped[str] = mapped_column(String(512))
    pepper: Mapped[int] = mapped_column(Integer, default=1)
    changed_at: Mapped[datetime]


class TotpFactor(Owned):
    """
    An authenticator app of an account (RFC 6238: SHA-1, 6 digits, 30 s).

    ``last_step`` is the last time step that was accepted: no step is honoured twice (A7).
    ``failures`` counts wrong codes in a row and survives everything (A8). A factor counts
    only once ``confirmed_at`` is set.
    """

    __tablename__ = "totp_factors"
    __table_args__ = (
        owned_by("account_id", "accounts"),
        Index("ix_totp_factors_organization_id_account_id", "organization_id", "account_id"),
    )

    account_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(128))
    secret_sealed: Mapped[str] = mapped_column(String(512))
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class RecoveryCode(Owned):
    """One recovery code, as a fingerprint; honoured once."""

    __tablename__ = "recovery_codes"
    __table_args__ = (
        owned_by("account_id", "accounts"),
        UniqueConstraint("organization_id", "account_id", "code_hash"),
    )

    account_id: Mapped[str] = mapped_column(String(64))
    code_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ThrottleCounter(Base):
    """
    Failures in a row under one key (``account:…``, ``address:…``), and when the next try is allowed.

    Reserved by one conditional write before any hash is computed (A4).
    """

    __tablename__ = "throttle_counters"

    key: Mapped[str] = mapped_column(String(160), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    window_started_at: Mapped[datetime]
    next_at: Mapped[datetime]
    updated_at: Mapped[datetime] = mapped_column(index=True)


class PendingSignOn(Base):
    """
    A sign-on in progress, one per tab, named by the handle in its address.

    Kept apart: what was *asked* (``request``), what the protocol wants back untouched
    (``protocol_state``), what has been *proven* so far (``proofs``), and what came of it
    (``outcome``). ``browser_hash`` binds it to one browser; NULL only for a request that
    arrived by a cross-site POST and may be claimed once until ``claim_until`` (I3).
    """

    __tablename__ = "pending_sign_ons"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    handle_hash: Mapped[str] = mapped_column(String(64), unique=True)
    browser_hash: Mapped[str | None] = mapped_column(String(64))
    claim_until: Mapped[datetime | None]
    organization_id: Mapped[str | None] = mapped_column(String(64))
    site_id: Mapped[str | None] = mapped_column(String(64))
    application_id: Mapped[str | None] = mapped_column(String(64))
    attempt_id: Mapped[str] = mapped_column(String(64))
    protocol: Mapped[str] = mapped_column(String(8))
    request: Mapped[dict[str, Any]]
    protocol_state: Mapped[dict[str, Any]]
    account_id: Mapped[str | None] = mapped_column(String(64))
    account_epoch: Mapped[int | None] = mapped_column(Integer)
    proofs: Mapped[list[dict[str, Any]]]
    outcome: Mapped[str] = mapped_column(String(32), default="")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    taken_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}


class SignOnSession(Owned):
    """
    One browser's authenticated state. The cookie holds a random token, the row its fingerprint.

    ``methods`` lists what was proven and when: ``[{"method": "pwd", "at": "…"}]``. The
    session is dead once ended, idle, past its absolute end, or behind its account's epoch.
    """

    __tablename__ = "sign_on_sessions"
    __table_args__ = (
        owned_by("account_id", "accounts"),
        Index("ix_sign_on_sessions_organization_id_account_id", "organization_id", "account_id"),
    )

    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[str] = mapped_column(String(64))
    epoch: Mapped[int] = mapped_column(Integer)
    methods: Mapped[list[dict[str, Any]]]
    started_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    idle_seconds: Mapped[int] = mapped_column(Integer)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str] = mapped_column(String(64), default="")
    ip: Mapped[str] = mapped_column(String(64))
    user_agent: Mapped[str] = mapped_column(String(256))


class Participant(Owned):
    """An application that got an answer in a session; told at logout. ``subject`` is what it knows the person by."""

    __tablename__ = "participants"
    __table_args__ = (
        owned_by("session_id", "sign_on_sessions"),
        UniqueConstraint("organization_id", "session_id", "application_id"),
    )

    session_id: Mapped[str] = mapped_column(String(64))
    application_id: Mapped[str] = mapped_column(String(64))
    subject: Mapped[dict[str, Any]]
    joined_at: Mapped[datetime]
    last_at: Mapped[datetime]


class Logout(Owned):
    """
    The end of one or more sessions, and the applications that are to be told.

    Named by a handle like a sign-on in progress, and bound to one browser in the same way; one that
    no browser takes part in has no handle. ``resume_url`` is where whoever started it waits, and
    ``protocol_state`` what it wants back untouched.
    """

    __tablename__ = "logouts"

    handle_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    browser_hash: Mapped[str | None] = mapped_column(String(64))
    claim_until: Mapped[datetime | None]
    account_id: Mapped[str] = mapped_column(String(64))
    because: Mapped[str] = mapped_column(String(64))
    started_by: Mapped[str] = mapped_column(String(64), default="")
    resume_url: Mapped[str] = mapped_column(String(256), default="")
    protocol_state: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(index=True)
    expires_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    resumed_at: Mapped[datetime | None]


class LogoutStep(Owned):
    """
    One application of a logout: which way there is, what was sent when, what came of it.

    ``message_id`` is the id of what is sent to it, the same at every try. ``until`` is when its own
    session is over at the latest, as far as it was told so; NULL where only it knows.
    """

    __tablename__ = "logout_steps"
    __table_args__ = (
        owned_by("logout_id", "logouts"),
        Index("ix_logout_steps_organization_id_logout_id", "organization_id", "logout_id"),
        Index("ix_logout_steps_organization_id_session_id", "organization_id", "session_id"),
        Index("ix_logout_steps_message_id", "message_id", unique=True),
    )

    logout_id: Mapped[str] = mapped_column(String(64))
    session_id: Mapped[str] = mapped_column(String(64))
    application_id: Mapped[str] = mapped_column(String(64))
    application_name: Mapped[str] = mapped_column(String(256))
    protocol: Mapped[str] = mapped_column(String(8))
    subject: Mapped[dict[str, Any]]
    place: Mapped[int] = mapped_column(Integer)
    channel: Mapped[str] = mapped_column(String(8))
    visit_url: Mapped[str] = mapped_column(String(256), default="")
    message_id: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str] = mapped_column(String(16))
    cause: Mapped[str] = mapped_column(String(500), default="")
    tries: Mapped[int] = mapped_column(Integer, default=0)
    asked_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    until: Mapped[datetime | None]


class Consent(Owned):
    """What a person has agreed that an application may receive."""

    __tablename__ = "consents"
    __table_args__ = (
        owned_by("application_id", "applications"),
        owned_by("account_id", "accounts"),
        UniqueConstraint("organization_id", "account_id", "application_id"),
    )

    account_id: Mapped[str] = mapped_column(String(64))
    application_id: Mapped[str] = mapped_column(String(64))
    asks: Mapped[list[str]]
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class OneTimeValue(Base):
    """
    A value that is honoured once, for one purpose: ``UPDATE … WHERE used_at IS NULL`` decides.

    ``bound`` holds what it is bound to and what it stands for. The purpose is part of the
    key, so that a value of one kind is nothing anywhere else (O9).
    """

    __tablename__ = "one_time_values"

    purpose: Mapped[str] = mapped_column(String(32), primary_key=True)
    value_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    organization_id: Mapped[str | None] = mapped_column(String(64))
    bound: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class SeenMessage(Base):
    """That a message of an issuer was accepted at a site: its ID is not accepted again (X19)."""

    __tablename__ = "seen_messages"

    site_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    issuer_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    message_id: Mapped[str] = mapped_column(String(256), primary_key=True)
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
