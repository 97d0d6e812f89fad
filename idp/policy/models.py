"""Policies that an administrator changes at run time."""

import json
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ForeignKey, ForeignKeyConstraint, Index, Integer, String, UniqueConstraint, false, true
from sqlalchemy.orm import Mapped, mapped_column

from idp.base.tables import Base
from idp.policy.signon import DEFAULT_METHODS

_DEFAULT_METHODS = json.dumps([method.value for method in DEFAULT_METHODS], separators=(",", ":"))


class AuthenticationPolicy(Base):
    """
    How the accounts of an organization sign in. Every account is in exactly one; one is the organization's default.

    ``kind`` says whom it is for: ``member``, ``guest`` (exactly one, of every guest but those in the test
    policy), ``guest-test`` (at most one, of a few guests) or ``break-glass`` (exactly one).
    ``second_step`` is ``off``, ``optional`` (asked of those who have one) or ``required``; while
    ``grace_until`` has not come, or a person has signed in fewer than ``grace_sign_ins`` times since,
    setting one up may be put off. ``methods`` is what may be used to sign in at all.
    ``recovery`` says who may help somebody who cannot sign in: ``mail``, ``administrator``.
    ``authenticators`` are the models (AAGUIDs) of security keys and passkeys that are accepted; none named: all.
    """

    __tablename__ = "authentication_policies"
    __table_args__ = (UniqueConstraint("organization_id", "name"),)

    organization_id: Mapped[str] = mapped_column(String(64), ForeignKey("organizations.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(256))
    is_default: Mapped[bool]
    second_step: Mapped[str] = mapped_column(String(16), default="required")
    kind: Mapped[str] = mapped_column(String(16), default="member", server_default="member")
    grace_until: Mapped[datetime | None]
    grace_sign_ins: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    methods: Mapped[list[str]] = mapped_column(
        default=lambda: [method.value for method in DEFAULT_METHODS], server_default=_DEFAULT_METHODS
    )
    password_minimum: Mapped[int] = mapped_column(Integer, default=12)
    password_score: Mapped[int] = mapped_column(Integer, default=2, server_default="2")
    password_history: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    password_maximum_days: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    session_idle_seconds: Mapped[int] = mapped_column(Integer, default=3600)
    session_absolute_seconds: Mapped[int] = mapped_column(Integer, default=43200)
    known_device_days: Mapped[int] = mapped_column(Integer, default=30, server_default="30")
    upstream_allowed: Mapped[bool] = mapped_column(default=True, server_default=true())
    api_tokens_allowed: Mapped[bool] = mapped_column(default=True, server_default=true())
    api_token_days: Mapped[int] = mapped_column(Integer, default=365, server_default="365")
    recovery: Mapped[list[str]] = mapped_column(
        default=lambda: ["mail", "administrator"], server_default='["mail","administrator"]'
    )
    authenticators: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    device_bound_only: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}

    @property
    def session_idle(self) -> timedelta:
        return timedelta(seconds=self.session_idle_seconds)

    @property
    def session_absolute(self) -> timedelta:
        return timedelta(seconds=self.session_absolute_seconds)


class ReleasePolicy(Base):
    """
    Which attributes may leave, and what is sent: of the whole organization, of a site, or to one application.

    An attribute leaves only where every level that names any names it; ``attributes`` is None (JSON
    null) where a level names none, and so says nothing. ``rules`` are those of `policy.rules`.
    """

    __tablename__ = "release_policies"
    __table_args__ = (
        UniqueConstraint("organization_id", "level", "subject_id"),
        Index("ix_release_policies_organization_id_subject_id", "organization_id", "subject_id"),
    )

    organization_id: Mapped[str] = mapped_column(String(64), ForeignKey("organizations.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    level: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[str] = mapped_column(String(64))
    attributes: Mapped[list[str] | None] = mapped_column(JSON, nullable=False)
    rules: Mapped[list[dict[str, Any]]] = mapped_column(default=list, server_default="[]")
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}


class Zone(Base):
    """
    A named part of the network that rules speak of.

    ``usage`` is ``policy`` (rules name it) or ``blocklist`` (nobody in it gets any answer; no rule is asked).
    An address is in it that is in one of ``networks`` (CIDR), or whose place is one of ``asns``,
    ``countries`` (ISO 3166) or ``cities`` ("DE/Berlin"). ``digest`` is of these four: what a process has compiled is good
    for as long as it is the same.
    """

    __tablename__ = "zones"
    __table_args__ = (UniqueConstraint("organization_id", "name"),)

    organization_id: Mapped[str] = mapped_column(String(64), ForeignKey("organizations.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(256))
    usage: Mapped[str] = mapped_column(String(16), default="policy")
    networks: Mapped[list[str]]
    asns: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    countries: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    cities: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    digest: Mapped[str] = mapped_column(String(64), default="", server_default="")
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}


class AccessPolicy(Base):
    """
    Rules of contextual access. ``kind`` is ``session`` (one, asked at every sign-on of the organization) or
    ``application`` (any number; each application is under exactly one, the default where none is named).

    ``current`` is the version of its rules that counts. While ``rolls_back_at`` is set, it is on
    trial: unless an administrator signs in anew before, the version ``confirmed`` counts again.
    """

    __tablename__ = "access_policies"
    __table_args__ = (
        UniqueConstraint("organization_id", "name"),
        Index("ix_access_policies_rolls_back_at", "rolls_back_at"),
    )

    organization_id: Mapped[str] = mapped_column(String(64), ForeignKey("organizations.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(256))
    is_default: Mapped[bool]
    current: Mapped[int] = mapped_column(Integer)
    confirmed: Mapped[int] = mapped_column(Integer)
    rolls_back_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}


class AccessPolicyVersion(Base):
    """
    One version of the rules of an access policy, as `policy.access.documents` writes them. Never changed.

    ``digest`` is of ``rules``; while it is empty nothing that was compiled of them is kept.
    """

    __tablename__ = "access_policy_versions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "policy_id"], ["access_policies.organization_id", "access_policies.id"]
        ),
    )

    organization_id: Mapped[str] = mapped_column(String(64), ForeignKey("organizations.id"), primary_key=True)
    policy_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    rules: Mapped[dict[str, Any]]
    digest: Mapped[str] = mapped_column(String(64), default="", server_default="")
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(320))
