"""
Verbs on domains: what an organization says is its own, and the proof of it.

Looking for a proof is in three parts, so that nobody is asked while a transaction is open: `ask` says what to look
for, `look` looks, `settle` does what follows. Of all rows of a name, at most one holds it (``held_name``, unique):
it has power; all others are claims, which bind nobody (threats T20).
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from idp.audit.events import (
    DomainAdded,
    DomainClaimingChanged,
    DomainFrozen,
    DomainJoiningStopped,
    DomainMethodChanged,
    DomainProofMissed,
    DomainReleased,
    DomainRemoved,
    DomainSuperseded,
    DomainVerified,
    Event,
)
from idp.audit.log import record
from idp.base import jobs, sweeping
from idp.base.errors import Conflict, Invalid, NotFound
from idp.base.ids import new_id
from idp.base.jobs import Errand
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import administrators, mailing, managed, queries, search
from idp.directory.domain_models import Domain
from idp.directory.domain_proof import Prober, Seen, Sought
from idp.directory.domain_reads import AUTOMATIC, MANUAL, editable, not_proven
from idp.directory.models import Organization
from idp.policy import domains as policy
from idp.policy.domains import Finding, Method, Standing, State, Step, Turn
from idp.policy.permissions import Permission, require

SWEEP, KIND = "domain-checks", "domain-check"
MOST = 200
"""Domains of one organization, removed ones not counted."""
_MOST_WORDS = 1024


@dataclass(frozen=True, slots=True)
class Asked:
    """What to look for: the proof of a row, and that of who holds the name, if somebody else does."""

    organization_id: str
    domain_id: str
    sought: Sought
    holder_id: str = ""
    holder: Sought | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen of both."""

    own: Seen
    holder: Seen | None = None


def add(work: Work, organization: str, name: str, *, method: str = Method.DNS) -> Domain:
    """
    Write down that an organization says a domain is its own. It has no power until that is proven.

    Args:
        method: ``dns`` or ``https``: how it will be proven.

    Raises:
        NotFound: no such organization that this actor may see.
        Forbidden: the actor may not change domains there.
        Invalid: the name is none, or that of a public suffix or of a provider of mailboxes; or no such method.
        Conflict: the organization has it already, or as many as there may be.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.DOMAIN_EDIT, owner.id)
    name, how = policy.name(name), _method(method)
    mine = select(Domain.name).where(Domain.organization_id == owner.id, Domain.state != State.REMOVED)
    there = set(work.tx.session.scalars(mine))
    if name in there:
        raise Conflict(phrase("The domain %(name)s is there already.", name=name), field="name")
    if len(there) >= MOST:
        raise Conflict(phrase("An organization has at most %(most)s domains.", most=MOST))
    added = Domain(
        organization_id=owner.id,
        id=new_id("dom"),
        name=name,
        state=State.UNVERIFIED,
        method=how,
        token=_token(),
        claiming=MANUAL,
        created_at=work.now,
        check_at=policy.next_look(State.UNVERIFIED, created_at=work.now, now=work.now),
    )
    work.tx.session.add(added)
    work.tx.session.flush()
    record(work, DomainAdded(organization_id=owner.id, target_id=added.id, name=name, method=how))
    search.put(work, added)
    return added


def set_method(work: Work, organization: str, reference: str, method: str, *, if_version: int | None = None) -> Domain:
    """
    Choose how a domain is proven. What was proven in the other way must be proven in this one at the next look.

    Raises:
        NotFound, Forbidden: as of `remove`.
        Invalid: no such method.
        Conflict: somebody else has changed it in the meantime.
    """
    found = editable(work, organization, reference, if_version)
    how, before = _method(method), found.method
    if how == before:
        return found
    found.method = how
    work.tx.session.flush()
    record(
        work,
        DomainMethodChanged(
            organization_id=found.organization_id, target_id=found.id, name=found.name, before=before, after=how
        ),
    )
    return found


def set_claiming(
    work: Work, organization: str, reference: str, claiming: str, *, if_version: int | None = None
) -> Domain:
    """
    Choose whether new accounts on a domain become managed by themselves (``automatic``) or not (``manual``).

    Raises:
        NotFound, Forbidden: as of `remove`.
        Invalid: no such way.
        Conflict: the domain is not proven, or somebody else has changed it in the meantime.
    """
    found = editable(work, organization, reference, if_version)
    if claiming not in (MANUAL, AUTOMATIC):
        raise Invalid("Accounts are claimed manually or automatically.", field="claiming")
    if claiming == found.claiming:
        return found
    if claiming == AUTOMATIC and not policy.may_claim(found.state, found.missing_since, work.now):
        raise not_proven(found)
    before, found.claiming = found.claiming, claiming
    work.tx.session.flush()
    record(
        work,
        DomainClaimingChanged(
            organization_id=found.organization_id, target_id=found.id, name=found.name, before=before, after=claiming
        ),
    )
    return found


def remove(work: Work, organization: str, reference: str, *, if_version: int | None = None) -> Domain:
    """
    Give a domain up. Its accounts stay, managed no more.

    Raises:
        NotFound: no such organization or domain that this actor may see.
        Forbidden: the actor may not change domains there.
        Conflict: somebody else has changed it in the meantime.
    """
    found = editable(work, organization, reference, if_version)
    before = found.state
    found.state, found.held_name, found.check_at, found.removed_at = State.REMOVED, None, None, work.now
    found.missing_since = None
    work.tx.session.flush()
    search.take_away(work, found)
    let_go = managed.release(work, found, cause="the domain was removed")
    record(
        work,
        DomainRemoved(
            organization_id=found.organization_id, target_id=found.id, name=found.name, before=before, accounts=let_go
        ),
    )
    _tell(work, found, "removed", accounts=let_go)
    return found


def ask(work: Work, organization: str, reference: str) -> Asked:
    """
    Return what to look for to check a domain.

    Raises:
        NotFound: no such organization or domain that this actor may see.
        Forbidden: the actor may not change domains there.
        Conflict: it was removed.
    """
    found = editable(work, organization, reference, None)
    return _asked(work, found)


def check_soon(work: Work, organization: str, reference: str) -> Domain:
    """
    Ask for a look for the proof of a domain, as the daily one: nobody waits for the network here.

    Raises:
        NotFound, Forbidden, Conflict: as of `ask`.
    """
    found = editable(work, organization, reference, None)
    jobs.defer(
        work,
        KIND,
        key=f"{KIND}:{found.id}:{work.now:%Y-%m-%dT%H:%M}",
        payload={"organization_id": found.organization_id, "domain_id": found.id},
        organization_id=found.organization_id,
    )
    return found


def look(asked: Asked, prober: Prober) -> Looked:
    """Look for what was *asked*; nothing is open meanwhile. The holder's proof is looked for after one's own is found."""
    own = prober.look(asked.sought)
    if asked.holder is None or own.finding is not Finding.FOUND:
        return Looked(own)
    return Looked(own, prober.look(asked.holder))


def settle(work: Work, asked: Asked, looked: Looked) -> Domain:
    """
    Do what follows from a look.

    Raises:
        NotFound: the domain was removed meanwhile, or this actor may not see it.
        Conflict: another organization has proven it at the same moment.
    """
    found = work.tx.session.get(Domain, (asked.organization_id, asked.domain_id))
    if found is None or found.state == State.REMOVED or found.token != asked.sought.token:
        raise NotFound("The domain was removed in the meantime.", field="domain")
    require(work, Permission.DOMAIN_EDIT, found.organization_id)
    own, words = looked.own, looked.own.words
    if found.method != asked.sought.method:
        raise Conflict("How the domain is proven was changed in the meantime. Check it again.")
    if own.finding is Finding.FOUND and found.state in policy.PROVABLE:
        holder = _holder(work, found)
        if holder is not None:
            words = _against(found, holder, asked, looked)
            if words:
                _note(work, found, Step(State(found.state), None), words)
                return found
            _supersede(work, holder)
    standing = Standing(State(found.state), found.missing_since, found.checked_at)
    _follow(work, found, policy.after(standing, own.finding, work.now), words)
    return found


def errand(prober: Prober) -> Errand:
    """Return what handles a job of this `KIND`: the daily look."""

    def prepare(work: Work, payload: Mapping[str, Any]) -> Asked | None:
        found = work.tx.session.get(Domain, (payload["organization_id"], payload["domain_id"]))
        if found is None or found.state == State.REMOVED:
            return None
        return _asked(work, found)

    def settled(work: Work, asked: Asked, looked: Looked) -> None:
        try:
            settle(work, asked, looked)
        except NotFound:
            return

    return Errand(prepare, lambda asked: look(asked, prober), settled)


def sweep(work: Work, at_once: int = sweeping.AT_ONCE) -> bool:
    """Ask for a look for the proof of each domain that is due; say whether more is left."""
    due = select(Domain).where(Domain.check_at <= work.now).order_by(Domain.check_at).limit(at_once)
    found = list(work.tx.session.scalars(due))
    for one in found:
        jobs.defer(
            work,
            KIND,
            key=f"{KIND}:{one.id}:{work.now:%Y-%m-%dT%H}",
            payload={"organization_id": one.organization_id, "domain_id": one.id},
            organization_id=one.organization_id,
        )
        _quietly(work, one, check_at=work.now + policy.DAILY)  # the look itself says when the next one is
    return len(found) == at_once


run = sweeping.handler(SWEEP, sweep)


def _asked(work: Work, found: Domain) -> Asked:
    sought = Sought(found.name, Method(found.method), found.token)
    holder = _holder(work, found) if found.state in policy.PROVABLE else None
    if holder is None:
        return Asked(found.organization_id, found.id, sought)
    return Asked(
        found.organization_id, found.id, sought, holder.id, Sought(holder.name, Method(holder.method), holder.token)
    )


def _holder(work: Work, of: Domain) -> Domain | None:
    """Return the row that holds the name of *of* in another organization."""
    found = work.tx.session.scalar(
        select(Domain).where(Domain.held_name == of.name).execution_options(populate_existing=True)
    )
    return None if found is None or found.id == of.id else found


def _against(found: Domain, holder: Domain, asked: Asked, looked: Looked) -> str:
    """Return why a proof does not take the name from its holder; empty: it does."""
    if looked.holder is None or asked.holder != Sought(holder.name, Method(holder.method), holder.token):
        return "another organization has proven this domain just now; check again"
    if policy.takes_over(Method(found.method), Method(holder.method), looked.holder.finding):
        return ""
    if looked.holder.finding is Finding.FOUND:
        return (
            "your proof is there, and so is that of another organization that holds this domain; "
            "take its record (or file) out, then check again"
        )
    return (
        "your proof is there, but that of the organization that holds this domain could not be asked for; check again"
    )


def _supersede(work: Work, holder: Domain) -> None:
    """Take the name from its holder, in whichever organization that is: the proof of another one has won."""
    changed = work.tx.session.execute(
        update(Domain)
        .where(
            Domain.organization_id == holder.organization_id,
            Domain.id == holder.id,
            Domain.held_name == holder.name,
            Domain.version == holder.version,
        )
        .values(
            state=State.SUPERSEDED,
            held_name=None,
            check_at=None,
            missing_since=None,
            claiming=MANUAL,
            finding="another organization has proven this domain",
            version=Domain.version + 1,
        )
        .execution_options(synchronize_session="fetch")
    )
    if not changed.rowcount:  # type: ignore[attr-defined]
        raise Conflict("The domain was changed at the same moment. Check it again.")
    work.tx.session.refresh(holder)
    let_go = managed.release(work, holder, cause="another organization has proven the domain")
    record(
        work,
        DomainSuperseded(
            organization_id=holder.organization_id, target_id=holder.id, name=holder.name, accounts=let_go
        ),
    )
    _tell(work, holder, "superseded", accounts=let_go)


def _follow(work: Work, found: Domain, step: Step, words: str) -> None:
    before, since = found.state, found.missing_since
    _note(work, found, step, words)
    if step.turn is None:
        return
    let_go = 0
    if step.turn in (Turn.VERIFIED, Turn.FOUND_AGAIN):
        found.verified_at = work.now
    if step.turn is Turn.RELEASED:
        found.claiming = MANUAL
        let_go = managed.release(work, found, cause="the proof of the domain was missing for too long")
    work.tx.session.flush()
    record(work, _event(found, step, before, since, let_go))
    _tell(work, found, step.turn, accounts=let_go)


def _note(work: Work, found: Domain, step: Step, words: str) -> None:
    name = found.name
    found.state, found.missing_since = step.state, step.missing_since
    found.held_name = name if policy.has_power(step.state) else None
    found.checked_at, found.finding = work.now, words[:_MOST_WORDS]
    found.check_at = policy.next_look(step.state, created_at=found.created_at, now=work.now)
    try:
        work.tx.session.flush()
    except IntegrityError as error:  # the unique name: another transaction was faster
        raise Conflict(
            phrase("Another organization has proven %(name)s at the same moment.", name=name),
            field="domain",
            advice="Check it again: the page says what to do then.",
        ) from error


def _event(found: Domain, step: Step, before: str, since: datetime | None, let_go: int) -> Event:
    missing = "" if since is None else f"{since:%Y-%m-%d}"
    whose: dict[str, Any] = {"organization_id": found.organization_id, "target_id": found.id, "name": found.name}
    if step.turn is Turn.MISSING:
        return DomainProofMissed(**whose, finding=found.finding)
    if step.turn is Turn.JOINING_STOPPED:
        return DomainJoiningStopped(**whose, missing_since=missing)
    if step.turn is Turn.FROZEN:
        return DomainFrozen(**whose, missing_since=missing)
    if step.turn is Turn.RELEASED:
        return DomainReleased(**whose, missing_since=missing, accounts=let_go)
    return DomainVerified(**whose, method=found.method, before=before)


def _tell(work: Work, found: Domain, turn: str, *, accounts: int = 0) -> None:
    """Mail what has happened to a domain to whoever administers its organization."""
    organization = work.tx.session.get_one(Organization, found.organization_id)
    values = {
        "organization": organization.name,
        "domain": policy.shown(found.name),
        "turn": str(turn),
        "finding": found.finding,
        "record": policy.names_to_ask(found.name)[0],
        "expected": policy.expected(found.token),
        "method": found.method,
        "accounts": accounts,
        "at": work.now.isoformat(),
    }
    for address in administrators.addresses(work, found.organization_id):
        mailing.queue(work, address, "domain", values, organization_id=found.organization_id)


def _quietly(work: Work, found: Domain, **values: Any) -> None:
    """Note what is no change that anybody made: the version, which changes are made for, stays."""
    work.tx.session.execute(
        update(Domain).where(Domain.organization_id == found.organization_id, Domain.id == found.id).values(**values)
    )


def _method(value: str) -> str:
    try:
        return Method(value).value
    except ValueError as error:
        raise Invalid("A domain is proven by dns or by https.", field="method") from error


def _token() -> str:
    """160 random bits: nobody guesses them; they are no secret, for whoever asks the name servers reads them."""
    return secrets.token_hex(20)
