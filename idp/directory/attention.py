"""What of an organization wants an administrator, as far as the directory knows: each by a count that an index answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from sqlalchemy import Select, and_, func, select

from idp.base.models import Job, OutboxMessage
from idp.base.work import Work
from idp.directory import access_trials, keys, runs
from idp.directory.console_models import Run
from idp.directory.domain_models import Domain
from idp.directory.group_models import GroupRule
from idp.directory.joining_models import AccessRequest, JoinRequest
from idp.directory.models import Site
from idp.directory.provisioning_models import ProvisioningClient, ProvisioningToken
from idp.keyring import keyring
from idp.keyring.models import SigningKey
from idp.policy.access.rules import Mode
from idp.policy.domains import State
from idp.policy.models import AccessPolicy, AccessPolicyVersion
from idp.policy.permissions import Permission, allows

AT_MOST = 10
_AHEAD = timedelta(days=30)
_TOKENS_AHEAD = timedelta(days=14)
# Rotation by age promotes a next key as soon as caches know it: whoever waits this much longer was begun by hand and left.
_STANDS_STILL = timedelta(days=7)
_UNPROVEN = (State.MISSING_TOKEN, State.FROZEN)  # the second is what becomes of the first when nobody does anything


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    Something that wants somebody.

    Args:
        what: which kind of thing; the page has the words for it.
        names: of which ones, at most ten; empty where only the number says something.
        count: how many there are.
    """

    what: str
    count: int
    names: tuple[str, ...] = ()


def wanted(work: Work, organization_id: str) -> list[Wanted]:
    """Return what wants attention of what the actor may see."""

    def may(permission: Permission) -> bool:
        return allows(work.actor, permission, organization_id)

    found: list[Wanted] = []
    if may(Permission.DOMAIN_READ):
        found.append(_domains(work, organization_id))
    if may(Permission.REQUEST_READ):
        found += [_access_requests(work, organization_id), _join_requests(work, organization_id)]
    if may(Permission.GROUP_READ):
        found.append(_held_rules(work, organization_id))
    if may(Permission.PROVISIONING_READ):
        found += [_provisioning(work, organization_id), _provisioning_tokens(work, organization_id)]
    if may(Permission.KEY_READ):
        found += _keys(work, organization_id)
    if may(Permission.POLICY_READ):
        found += [_trials(work, organization_id), _report_only(work, organization_id)]
    if may(Permission.AUDIT_READ):
        found += [_jobs(work, organization_id), _messages(work, organization_id), _runs(work, organization_id)]
    return [one for one in found if one.count]


def _number(work: Work, query: Select[int]) -> int:
    return work.tx.session.scalar(query) or 0


def _domains(work: Work, organization_id: str) -> Wanted:
    query = (
        select(Domain.name)
        .where(Domain.organization_id == organization_id, Domain.state.in_(_UNPROVEN))
        .order_by(Domain.name)
    )
    names = list(work.tx.session.scalars(query))
    return Wanted("domains", len(names), tuple(names[:AT_MOST]))


def _access_requests(work: Work, organization_id: str) -> Wanted:
    of = AccessRequest.organization_id == organization_id
    return Wanted("access-requests", _number(work, select(func.count()).where(of, AccessRequest.state == "pending")))


def _join_requests(work: Work, organization_id: str) -> Wanted:
    of = JoinRequest.organization_id == organization_id
    return Wanted("join-requests", _number(work, select(func.count()).where(of, JoinRequest.state == "pending")))


def _held_rules(work: Work, organization_id: str) -> Wanted:
    query = select(func.count()).where(GroupRule.organization_id == organization_id, GroupRule.held_at.is_not(None))
    return Wanted("held-rules", _number(work, query))


def _provisioning(work: Work, organization_id: str) -> Wanted:
    """Return the directories that are refused what they want to write, or were stopped."""
    of = ProvisioningClient
    query = (
        select(of.name)
        .where(of.organization_id == organization_id, of.deleted_at.is_(None), of.disabled_at.is_(None))
        .where(of.stopped_at.is_not(None) | of.failing_since.is_not(None))
        .order_by(of.name)
    )
    names = list(work.tx.session.scalars(query))
    return Wanted("provisioning", len(names), tuple(names[:AT_MOST]))


def _provisioning_tokens(work: Work, organization_id: str) -> Wanted:
    """Return the directories that have no token which is good for longer than 14 days."""
    of, token = ProvisioningClient, ProvisioningToken
    lasting = select(token.client_id).where(
        token.organization_id == organization_id,
        token.revoked_at.is_(None),
        token.expires_at > work.now + _TOKENS_AHEAD,
    )
    query = (
        select(of.name)
        .where(of.organization_id == organization_id, of.deleted_at.is_(None), of.disabled_at.is_(None))
        .where(of.id.not_in(lasting))
        .order_by(of.name)
    )
    names = list(work.tx.session.scalars(query))
    return Wanted("provisioning-tokens", len(names), tuple(names[:AT_MOST]))


def _trials(work: Work, organization_id: str) -> Wanted:
    names = [one.name for one in access_trials.trials(work, organization_id)]
    return Wanted("trials", len(names), tuple(names[:AT_MOST]))


def _report_only(work: Work, organization_id: str) -> Wanted:
    """Return the policies that have rules which only report, in the version that counts."""
    query = (
        select(AccessPolicy.name, AccessPolicyVersion.rules)
        .join(
            AccessPolicyVersion,
            and_(
                AccessPolicyVersion.organization_id == AccessPolicy.organization_id,
                AccessPolicyVersion.policy_id == AccessPolicy.id,
                AccessPolicyVersion.number == AccessPolicy.current,
            ),
        )
        .where(AccessPolicy.organization_id == organization_id)
        .order_by(AccessPolicy.name)
    )
    names = [row.name for row in work.tx.session.execute(query) if _reports(row.rules)]
    return Wanted("report-only", len(names), tuple(names[:AT_MOST]))


def _reports(rules: Mapping[str, Any]) -> bool:
    return any(rule.get("mode") == Mode.REPORT_ONLY for part in ("guards", "rules") for rule in rules.get(part) or ())


def _keys(work: Work, organization_id: str) -> list[Wanted]:
    """Return the sites with a certificate that ends within 30 days, in use or next, and those whose key change stands still."""
    query = (
        select(
            SigningKey.certificate_pem, SigningKey.state, SigningKey.purpose, SigningKey.created_at, Site.name, Site.id
        )
        .join(Site, and_(Site.organization_id == SigningKey.organization_id, Site.id == SigningKey.site_id))
        .where(SigningKey.organization_id == organization_id, SigningKey.state.in_((keyring.ACTIVE, keyring.NEXT)))
        .where((SigningKey.certificate_pem != "") | (SigningKey.state == keyring.NEXT))
    )
    ahead = work.now + _AHEAD
    ending, standing = {}, {}
    for key in work.tx.session.execute(query):
        if key.certificate_pem and _ends(key.certificate_pem) <= ahead:
            ending[key.id] = key.name
        if key.state == keyring.NEXT and work.now - key.created_at > keys.PUBLISH_AHEAD[key.purpose] + _STANDS_STILL:
            standing[key.id] = key.name
    return [
        Wanted(what, len(found), tuple(sorted(found.values())[:AT_MOST]))
        for what, found in (("keys", ending), ("keys-standing", standing))
    ]


def _ends(pem: str) -> datetime:
    return x509.load_pem_x509_certificate(pem.encode()).not_valid_after_utc


def _jobs(work: Work, organization_id: str) -> Wanted:
    query = select(func.count()).where(
        Job.finished_at.is_(None), Job.dead_at.is_not(None), Job.organization_id == organization_id
    )
    return Wanted("jobs", _number(work, query))


def _messages(work: Work, organization_id: str) -> Wanted:
    query = select(func.count()).where(
        OutboxMessage.sent_at.is_(None),
        OutboxMessage.dead_at.is_not(None),
        OutboxMessage.organization_id == organization_id,
    )
    return Wanted("messages", _number(work, query))


def _runs(work: Work, organization_id: str) -> Wanted:
    query = select(func.count()).where(
        Run.organization_id == organization_id, Run.state.in_((runs.WAITING, runs.RUNNING))
    )
    return Wanted("runs", _number(work, query))
