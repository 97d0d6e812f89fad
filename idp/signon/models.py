"""Tables of signing on: credentials, sign-ons in progress, sessions, consent, one-time values."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from idp.base.tables import Base
from idp.directory.models import Owned, owned_by


class Password(Base):
    """
    The password of an account: an argon2id hash of a peppered value, or the hash that another system made of it
    (``imported``), until its next use.

    ``must_change`` says why a new one is due at the next sign-in: ``reset`` (an administrator wants it),
    ``breached`` (it is on the list of breached ones), ``expired``; empty: it is not.
    """

    __tablename__ = "passwords"
    __table_args__ = (owned_by("account_id", "accounts"),)

    organization_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    hash: Mapped[str] = mapped_column(String(512))
    pepper: Mapped[int] = mapped_column(Integer, default=1)
    must_change: Mapped[str] = mapped_column(String(16), default="", server_default="")
    imported: Mapped[str] = mapped_column(String(16), default="", server_default="")
    changed_at: Mapped[datetime]


class FormerPassword(Owned):
    """A password that an account had before, where its policy does not let it come back."""

    __tablename__ = "former_passwords"
    __table_args__ = (
        owned_by("account_id", "accounts"),
        Index("ix_former_passwords_organization_id_account_id", "organization_id", "account_id"),
    )

    account_id: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(512))
    pepper: Mapped[int] = mapped_column(Integer, default=1)
    until: Mapped[datetime]


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


class Authenticator(Owned):
    """
    A passkey or security key of an account (WebAuthn level 3).

    ``credential_id`` and ``public_key`` (COSE) are base64url. ``verifies`` says that the person was
    verified by it when it was set up: it can stand alone. ``backup_eligible``: it may be copied to other
    devices. ``sign_count`` never goes back, or it was cloned. ``aaguid`` is its model.
    """

    __tablename__ = "authenticators"
    __table_args__ = (
        owned_by("account_id", "accounts"),
        Index("ix_authenticators_organization_id_account_id", "organization_id", "account_id"),
        Index("ix_authenticators_credential_id", "credential_id", unique=True),
    )

    account_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(128))
    credential_id: Mapped[str] = mapped_column(String(1400))
    public_key: Mapped[str] = mapped_column(String(4096))
    sign_count: Mapped[int] = mapped_column(BigInteger, default=0)
    transports: Mapped[list[str]]
    aaguid: Mapped[str] = mapped_column(String(36), default="")
    attestation: Mapped[str] = mapped_column(String(32), default="none")
    verifies: Mapped[bool] = mapped_column(default=False)
    discoverable: Mapped[bool] = mapped_column(default=False)
    backup_eligible: Mapped[bool] = mapped_column(default=False)
    backed_up: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class TemporaryPass(Owned):
    """A temporary access pass: given by an administrator, good once, from and to a time. A fingerprint of it."""

    __tablename__ = "temporary_passes"
    __table_args__ = (
        owned_by("account_id", "accounts"),
        Index("ix_temporary_passes_organization_id_account_id", "organization_id", "account_id"),
    )

    account_id: Mapped[str] = mapped_column(String(64))
    pass_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class KnownDevice(Owned):
    """
    A browser on which an account completed a sign-on. Its cookie holds a random token, the row its fingerprint.

    The token is new at every sign-in; the one before is honoured for a minute (two tabs). From ``remembered_at``
    to ``remembered_until`` the second step is not asked for on it, unless the account's epoch is no more
    ``account_epoch``, or its policy allows fewer days than it did.
    """

    __tablename__ = "known_devices"
    __table_args__ = (
        owned_by("account_id", "accounts"),
        Index("ix_known_devices_organization_id_account_id", "organization_id", "account_id"),
        Index("ix_known_devices_last_seen_at", "last_seen_at"),
    )

    account_id: Mapped[str] = mapped_column(String(64))
    account_epoch: Mapped[int] = mapped_column(Integer)
    token_hash: Mapped[str] = mapped_column(String(64))
    former_token_hash: Mapped[str] = mapped_column(String(64), default="")
    rotated_at: Mapped[datetime]
    user_agent: Mapped[str] = mapped_column(String(256))
    ip: Mapped[str] = mapped_column(String(64))
    place: Mapped[str] = mapped_column(String(128), default="")
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    remembered_at: Mapped[datetime | None]
    remembered_until: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class SignIn(Owned):
    """
    One sign-in of an account, good or bad: what the person sees as their history, and what is usual for them.

    Written when a session is opened or renewed by proofs (``succeeded``), and when somebody failed to
    prove to be this person (``failed``).
    """

    __tablename__ = "sign_ins"
    __table_args__ = (
        owned_by("account_id", "accounts"),
        Index("ix_sign_ins_organization_id_account_id_outcome_at", "organization_id", "account_id", "outcome", "at"),
        Index("ix_sign_ins_at", "at"),
    )

    account_id: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(String(16))
    methods: Mapped[list[str]]
    ip: Mapped[str] = mapped_column(String(64))
    network: Mapped[str] = mapped_column(String(64))
    country: Mapped[str] = mapped_column(String(2), default="")
    city: Mapped[str] = mapped_column(String(128), default="")
    asn: Mapped[str] = mapped_column(String(16), default="")
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    device_id: Mapped[str] = mapped_column(String(64), default="")
    user_agent: Mapped[str] = mapped_column(String(256))
    attempt_id: Mapped[str] = mapped_column(String(64))
    session_id: Mapped[str] = mapped_column(String(64), default="")


class Notice(Owned):
    """
    That something about an account's safety happened: shown on its pages until seen, and mailed.

    ``kind`` is for example ``new-device``, ``password-changed``, ``second-step-added``; ``facts`` are what its
    sentence names. "This was not me" is honoured once.
    """

    __tablename__ = "notices"
    __table_args__ = (
        owned_by("account_id", "accounts"),
        Index("ix_notices_organization_id_account_id", "organization_id", "account_id"),
    )

    account_id: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(32))
    facts: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    seen_at: Mapped[datetime | None]


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
    (``outcome``). ``remember_device``: the person wants this device to stand in for the second step. ``browser_hash`` binds it to one browser; NULL only for a request that
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
    remember_device: Mapped[bool] = mapped_column(default=False, server_default=false())
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
    console_seen_at: Mapped[datetime | None]
    idle_seconds: Mapped[int] = mapped_column(Integer)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str] = mapped_column(String(64), default="")
    ip: Mapped[str] = mapped_column(String(64))
    user_agent: Mapped[str] = mapped_column(String(256))
    device_id: Mapped[str] = mapped_column(String(64), default="", server_default="")


class Participant(Owned):
    """
    An application that got an answer in a session, and a name that it knows the person by; told at logout.

    One that was given several names in the session has a row for each, as it may have a session of its own for
    each. ``subject`` is the name as its protocol says it, ``subject_digest`` of that; empty where the row is from
    before there could be several.
    """

    __tablename__ = "participants"
    __table_args__ = (
        owned_by("session_id", "sign_on_sessions"),
        UniqueConstraint("organization_id", "session_id", "application_id", "subject_digest"),
    )

    session_id: Mapped[str] = mapped_column(String(64))
    application_id: Mapped[str] = mapped_column(String(64))
    subject: Mapped[dict[str, Any]]
    subject_digest: Mapped[str] = mapped_column(String(64), default="", server_default="")
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
    __table_args__ = (Index("ix_logouts_organization_id_account_id", "organization_id", "account_id"),)

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
    key, so that a value of one kind is nothing anywhere else (O9). ``subject_id`` is whom or what it
    is for, where a newer value ends the older ones.
    """

    __tablename__ = "one_time_values"
    __table_args__ = (
        Index(
            "ix_one_time_values_subject_id",
            "subject_id",
            sqlite_where=text("subject_id IS NOT NULL"),
            postgresql_where=text("subject_id IS NOT NULL"),
        ),
    )

    purpose: Mapped[str] = mapped_column(String(32), primary_key=True)
    value_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    organization_id: Mapped[str | None] = mapped_column(String(64))
    subject_id: Mapped[str | None] = mapped_column(String(64))
    bound: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class SeenMessage(Base):
    """That a message of an issuer was accepted at a site: its ID is not accepted again (X19)."""

    __tablename__ = "seen_messages"
    # Written with every sign-on, and gone with the next housekeeping: on SQLite one tree, which housekeeping reads whole.
    __table_args__ = (
        Index("ix_seen_messages_expires_at", "expires_at").ddl_if(dialect="postgresql"),
        {"sqlite_with_rowid": False},
    )

    site_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    issuer_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    message_id: Mapped[str] = mapped_column(String(256), primary_key=True)
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
