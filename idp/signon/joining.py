"""
Joining by oneself: an address on a domain that has a rule, proven by a link; then at once, or when somebody approves.

What is asked for at the page does the same work whoever asks, and answers the same: the look-up is a job's, the mail
the outbox's (threats A1, A2). The link is a random value, and what it is for is in our rows alone (T21).
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, select, update

from idp.audit.events import AccountJoined, JoinRequestApproved, JoinRequestDenied, JoinRequestMade
from idp.audit.log import record
from idp.base import jobs
from idp.base.errors import Conflict, Forbidden, Invalid, NotFound
from idp.base.ids import is_id, is_token, new_id, new_token
from idp.base.texts import phrase
from idp.base.work import Actor, HeldRole, Work
from idp.directory import accounts, deciders, join_rules, mailing, names, own_words, queries
from idp.directory.joining_models import JoinRequest, JoinRule
from idp.directory.models import Account, Group, Organization
from idp.policy.permissions import JOINING, Permission, require
from idp.settings import ThrottlingSettings
from idp.signon import invitations, lockout, mail_links, onetime
from idp.signon.mail_links import FIRST_PASSWORD, LinkOver

KIND = "join"
"""The job that looks whether somebody may join, and the purpose of the link."""
TOKEN = "jnl"  # noqa: S105 (the kind of a token, not a token)
LIVES = timedelta(hours=24)
PENDING, APPROVED, DENIED = "pending", "approved", "denied"
STATES = (PENDING, APPROVED, DENIED)
LONGEST_ANSWER = 1024
_NOT_AGAIN_FOR = timedelta(days=7)
_ID = "jnq"
_NO_NAME = re.compile(r"[/\\<>]|www\.", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Joining:
    """A link that is good at this moment: who joins what by it."""

    organization_id: str
    organization: str
    email: str
    name: str


@dataclass(frozen=True, slots=True)
class Joined:
    """
    What came of it: an account, with the token of a link to set its first password (empty: its policy takes none);
    or a request that waits.
    """

    account: Account | None = None
    token: str = ""
    request: JoinRequest | None = None


def ask(
    work: Work, organization_id: str, name: str, typed_email: str, limits: ThrottlingSettings
) -> lockout.Wait | None:
    """
    Ask for a link with which the person joins, mailed to *typed_email* if there is a rule for it.

    Raises:
        Invalid: it is no e-mail address, or no name.
    """
    name, email, key = _name(name), names.email(typed_email), names.email_key(typed_email)
    honoured = lockout.reserve_mail(work, f"{KIND}:{organization_id}:{key}", limits)
    if isinstance(honoured, lockout.Wait):
        return honoured
    if honoured:
        jobs.defer(
            work,
            KIND,
            key=f"{KIND}:{work.origin.request_id}",
            payload={"organization_id": organization_id, "name": name, "email": email},
            organization_id=organization_id,
        )
    return None


def run(work: Work, payload: Mapping[str, Any]) -> None:
    """Do the job that `ask` asked for: mail a link, say that there is an account already, or do nothing."""
    organization_id, email = payload["organization_id"], payload["email"]
    key = names.email_key(email)
    organization = work.tx.session.get(Organization, organization_id)
    rule = join_rules.rule_for(work, organization_id, key)
    if organization is None or organization.suspended_at is not None or rule is None:
        return
    account = _account(work, organization_id, key)
    if account is not None:
        if account.disabled_at is None and account.deletion_at is None:
            values = {"organization": organization.name, "email": account.email, "path": "/recover"}
            mailing.queue(work, account.email, "join-known", values, organization_id=organization_id)
        return
    denied = _denied(work, organization_id, key)
    if denied is not None:
        _tell_denied(work, organization, denied)
        return
    if _waits(work, organization_id, key):
        return
    token = new_token(TOKEN)
    subject = hashlib.sha256(f"{organization_id}:{key}".encode()).hexdigest()[:60]
    onetime.end(work, KIND, subject)
    onetime.store(
        work,
        KIND,
        token,
        organization_id=organization_id,
        subject_id=subject,
        bound={"organization_id": organization_id, "rule_id": rule.id, "email": email, "name": payload["name"]},
        lives=LIVES,
    )
    mailing.queue(
        work,
        email,
        "join",
        # Not the name: a stranger has typed it, and would speak through us to whoever has the address (threats T13).
        {"organization": organization.name, "email": email, "path": f"/joining/{token}"},
        organization_id=organization_id,
    )


def find(work: Work, token: str) -> Joining:
    """
    Return what the link would do now. Uses nothing up.

    Raises:
        LinkOver: it is not good, or no longer: the rule is gone, or there is an account of that address by now.
    """
    seen = onetime.look(work, KIND, token) if is_token(token, TOKEN) else None
    if not isinstance(seen, onetime.Unused):
        raise LinkOver
    return _good(work, seen.bound)[0]


def confirm(work: Work, token: str) -> Joined:
    """
    Use the link up: make the account at once, or let the request wait for approval.

    Raises:
        LinkOver: it is not good, or somebody else was faster.
    """
    consumed = onetime.consume(work, KIND, token) if is_token(token, TOKEN) else None
    if not isinstance(consumed, onetime.Consumed):
        raise LinkOver
    joining, rule = _good(work, consumed.bound)
    if join_rules.joins_at_once(work, rule):
        return _join(work, joining, rule)
    return Joined(request=_wait(work, joining, rule))


def requests(
    work: Work,
    *,
    organization_id: str | None = None,
    state: str = "",
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[JoinRequest]:
    """Return requests to join, the newest first, at most *limit*; *after*: only those behind the one of then, with this id."""
    query = queries.visible(work, JoinRequest, Permission.REQUEST_READ).order_by(
        JoinRequest.created_at.desc(), JoinRequest.id.desc()
    )
    if organization_id is not None:
        query = query.where(JoinRequest.organization_id == organization_id)
    if state:
        query = query.where(JoinRequest.state == state)
    if after is not None:
        query = query.where(
            (JoinRequest.created_at < after[0]) | ((JoinRequest.created_at == after[0]) & (JoinRequest.id < after[1]))
        )
    return list(work.tx.session.scalars(query.limit(limit)))


def waiting_by(work: Work, rule: JoinRule) -> int:
    """Return how many wait by a rule that the actor was given."""
    query = (
        select(func.count())
        .select_from(JoinRequest)
        .where(
            JoinRequest.organization_id == rule.organization_id,
            JoinRequest.rule_id == rule.id,
            JoinRequest.state == PENDING,
        )
    )
    return work.tx.session.scalar(query) or 0


def get(work: Work, request_id: str, *, organization_id: str | None = None) -> JoinRequest:
    """
    Raises:
        NotFound: no such request that this actor may read.
    """
    query = queries.visible(work, JoinRequest, Permission.REQUEST_READ).where(JoinRequest.id == request_id)
    if organization_id is not None:
        query = query.where(JoinRequest.organization_id == organization_id)
    found = work.tx.session.scalar(query) if is_id(request_id, _ID) else None
    if found is None:
        raise NotFound(
            phrase("There is no request “%(request_id)s”.", request_id=request_id[:80]),
            advice="See: idp join-rule waiting",
        )
    return found


def approve(work: Work, request_id: str, *, organization_id: str | None = None) -> Account:
    """
    Make the account of somebody who waits, as the rule says now, and mail them the link to set its password.

    Raises:
        NotFound: no such request that this actor may read.
        Forbidden: the actor may not decide on it, create accounts, or change who is in a group of the rule; or in one whose
            rule asks for the address.
        Conflict: it was decided already, or there is an account of that address by now.
    """
    found = get(work, request_id, organization_id=organization_id)
    require(work, Permission.REQUEST_DECIDE, found.organization_id)
    require(work, Permission.ACCOUNT_CREATE, found.organization_id)
    organization = work.tx.session.get_one(Organization, found.organization_id)
    _move(work, found, APPROVED)
    rule = work.tx.session.get(JoinRule, (found.organization_id, found.rule_id))
    account = accounts.create(
        work,
        found.email,
        organization=organization.slug,
        name=found.name,
        kind="member" if rule is None else rule.kind,
        through="join-rule",
        typed_by_person=True,
    )
    accounts.vouch(work, account, own_words.EMAIL)  # they were shown it, and agree: rules that keep such out see it
    if rule is not None:
        invitations.enter(work, account, rule.groups, organization=organization.slug)
    found.account_id = account.id
    record(work, JoinRequestApproved(organization_id=found.organization_id, target_id=found.id, email=found.email))
    invitations.send(work, account)
    work.tx.session.flush()
    return account


def deny(work: Work, request_id: str, answer: str, *, organization_id: str | None = None) -> JoinRequest:
    """
    Refuse somebody who waits; they are told why, by mail.

    Raises:
        NotFound: no such request that this actor may read.
        Forbidden: the actor may not decide on it.
        Invalid: there is no answer, or it cannot be used.
        Conflict: it was decided already.
    """
    found = get(work, request_id, organization_id=organization_id)
    require(work, Permission.REQUEST_DECIDE, found.organization_id)
    answer = names.words(answer, longest=LONGEST_ANSWER, field="answer")
    _move(work, found, DENIED, answer)
    organization = work.tx.session.get_one(Organization, found.organization_id)
    record(
        work,
        JoinRequestDenied(organization_id=found.organization_id, target_id=found.id, email=found.email, answer=answer),
    )
    _tell_denied(work, organization, found)
    return found


def _name(typed: str) -> str:
    name = names.name(typed)
    if _NO_NAME.search(name):  # it stands in a mail to administrators: no addresses of pages (T13)
        raise Invalid("A name is no address of a page.", field="name", advice="Write it as people say it.")
    return name


def _account(work: Work, organization_id: str, key: str) -> Account | None:
    return work.tx.session.scalar(
        select(Account).where(Account.organization_id == organization_id, Account.email_key == key)
    )


def _waits(work: Work, organization_id: str, key: str) -> bool:
    """Whether somebody waits with that address."""
    found = exists().where(
        JoinRequest.organization_id == organization_id, JoinRequest.email_key == key, JoinRequest.state == PENDING
    )
    return bool(work.tx.session.scalar(select(found)))


def _denied(work: Work, organization_id: str, key: str) -> JoinRequest | None:
    """Return the request of that address that was denied a short while ago: nobody decides on it anew before."""
    query = select(JoinRequest).where(
        JoinRequest.organization_id == organization_id,
        JoinRequest.email_key == key,
        JoinRequest.state == DENIED,
        JoinRequest.decided_at > work.now - _NOT_AGAIN_FOR,
    )
    return work.tx.session.scalar(query.order_by(JoinRequest.decided_at.desc()).limit(1))


def _tell_denied(work: Work, organization: Organization, found: JoinRequest) -> None:
    """Whoever has proven the address is told why, when it is decided and when they ask again; in the words of then (T13)."""
    mailing.queue(
        work,
        found.email,
        "join-denied",
        {"organization": organization.name, "name": found.name, "answer": found.answer},
        organization_id=found.organization_id,
    )


def _good(work: Work, bound: Mapping[str, Any]) -> tuple[Joining, JoinRule]:
    organization_id, email = bound["organization_id"], bound["email"]
    key = names.email_key(email)
    organization = work.tx.session.get(Organization, organization_id)
    rule = join_rules.rule_for(work, organization_id, key)
    if organization is None or organization.suspended_at is not None or rule is None or rule.id != bound["rule_id"]:
        raise LinkOver
    if _account(work, organization_id, key) is not None or _waits(work, organization_id, key):
        raise LinkOver
    if _denied(work, organization_id, key) is not None:
        raise LinkOver
    return Joining(organization_id, organization.name, email, bound["name"]), rule


def _join(work: Work, joining: Joining, rule: JoinRule) -> Joined:
    organization = work.tx.session.get_one(Organization, joining.organization_id)
    joiner = replace(
        work,
        actor=Actor(
            "anonymous",
            name=joining.email,
            organization_id=organization.id,
            roles=(HeldRole(JOINING, organization.id),),
        ),
    )
    account = accounts.create(
        joiner,
        joining.email,
        organization=organization.slug,
        name=joining.name,
        kind=rule.kind,
        through="join-rule",
        typed_by_person=True,
    )
    for group_id in rule.groups:
        group = work.tx.session.get(Group, (organization.id, group_id))
        if group is None or not join_rules.may_be_entered(work, group):
            continue
        try:
            with work.tx.session.begin_nested():
                invitations.enter(joiner, account, [group_id], organization=organization.slug)
        except (NotFound, Forbidden, Conflict):  # the group is gone, or carries a role by now: nobody joins into that
            continue
    record(
        joiner,
        AccountJoined(organization_id=organization.id, target_id=account.id, email=account.email, domain=rule.domain),
    )
    if not invitations.takes_password(work, account):
        return Joined(account)
    return Joined(account, mail_links.issue(work, FIRST_PASSWORD, account))


def _wait(work: Work, joining: Joining, rule: JoinRule) -> JoinRequest:
    made = JoinRequest(
        organization_id=joining.organization_id,
        id=new_id(_ID),
        email=joining.email,
        email_key=names.email_key(joining.email),
        name=joining.name,
        rule_id=rule.id,
        state=PENDING,
        created_at=work.now,
    )
    work.tx.session.add(made)
    work.tx.session.flush()
    record(
        work,
        JoinRequestMade(
            organization_id=made.organization_id,
            target_id=made.id,
            email=made.email,
            name=made.name,
            domain=rule.domain,
        ),
    )
    if rule.notify:
        told = deciders.holders(work, Permission.REQUEST_DECIDE, made.organization_id)
        for one in told[: deciders.MOST_TOLD]:
            mailing.queue(
                work,
                one.email,
                "join-request",
                {
                    "organization": joining.organization,
                    "name": made.name,
                    "email": made.email,
                    "path": "/admin/joining",
                },
                organization_id=made.organization_id,
            )
    return made


def _move(work: Work, request: JoinRequest, state: str, answer: str = "") -> None:
    """Of many who decide at once one does."""
    work.tx.session.flush()
    moved = work.tx.session.execute(
        update(JoinRequest)
        .where(
            JoinRequest.organization_id == request.organization_id,
            JoinRequest.id == request.id,
            JoinRequest.state == PENDING,
        )
        .values(
            state=state,
            answer=answer,
            decided_at=work.now,
            decided_by=(work.actor.name or work.actor.kind)[:320],
        )
        .execution_options(synchronize_session=False)
    )
    if not moved.rowcount:  # type: ignore[attr-defined]
        raise Conflict("This request was decided already.", advice="Look at it again.")
    work.tx.session.refresh(request)
