"""
The one door of signing on: a protocol hands in a request and gets an answer, a refusal, or a handle.

Where a session is good enough the answer comes at once; else the person is asked under
``/signin/<handle>`` and the protocol resumes with the same handle.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.base.moments import iso
from idp.base.texts import phrase
from idp.base.values import quickly_made
from idp.base.work import Work
from idp.directory.attributes import attributes_of
from idp.directory.policies import release_levels
from idp.policy.access import recording
from idp.policy.access.context import RequestKind
from idp.policy.release import may_leave, released, statements_of
from idp.policy.signon import Decision, Strength, strength
from idp.signon import contextual, flow, pending
from idp.signon import facts as facts_
from idp.signon.flow import Complete, Facts, Refuse
from idp.signon.request import Refusal, SignOnRequest, SignOnResult
from idp.signon.session import CurrentSession

_DECISIONS = {  # an attempt has sixteen characters for it
    Strength.PASSWORD: "password",
    Strength.SECOND_STEP: "second_step",
    Strength.PHISHING_RESISTANT: "phishing_resist",
}


@quickly_made
@dataclass(frozen=True, slots=True)
class Proceed:
    """Signed on: build the answer, then join the application to the session."""

    result: SignOnResult


@dataclass(frozen=True, slots=True)
class Refused:
    """Not signed on; the application may be told in its own words."""

    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Interact:
    """The person must be asked: send the browser to ``/signin/<handle>``."""

    handle: str


@dataclass(frozen=True, slots=True)
class Resumed:
    """A sign-on that has come to its end, with everything its protocol left with it."""

    answer: Proceed | Refused
    request: SignOnRequest
    protocol_state: dict[str, Any]
    trail: Trail


def begin(
    work: Work,
    request: SignOnRequest,
    *,
    session: CurrentSession | None,
    browser: str | None,
    protocol: str,
    protocol_state: dict[str, Any],
    trail: Trail,
) -> Proceed | Refused | Interact:
    """
    Sign a person on to an application, at once if that is possible.

    A refusal for lack of access is shown to the person on a page of ours (so `Interact`),
    unless the application asked that nothing be shown.
    """
    facts, _ = facts_.gather(work, request, session)
    step, made = flow.judged(request, facts)
    note(trail, request, facts, made)
    if isinstance(step, Complete) and session is not None:
        return Proceed(result(work, request, facts, session))
    if isinstance(step, Refuse) and not _needs_page(request, step):
        trail.failed("sign-on", step.refusal.value, cause_of(step))
        return Refused(step.refusal)
    return Interact(
        pending.begin(work, request, browser=browser, protocol=protocol, protocol_state=protocol_state, trail=trail)
    )


def resume(
    work: Work, handle: str, *, session: CurrentSession | None, browser: str, protocol: str, site_id: str
) -> Resumed:
    """
    Use up a sign-on that the pages have brought to its end; everything is judged anew.

    Args:
        site_id: the site whose address was called; empty for our own pages. A sign-on that was
            begun at one site is never answered by another: its people, its access and its
            assertions are those of the site it was begun at (X20, X21).

    Raises:
        SignOnLost: unknown, expired, used, of another browser, protocol or site, or not at its end.
    """
    row = pending.find(work, handle, browser)
    if (row.site_id or "") != site_id:
        raise pending.SignOnLost(
            "sign-on-unknown",
            "This sign-in is not known here.",
            cause="it was begun at another site than the one that was called",
            row=row,
        )
    if row.protocol != protocol:
        raise pending.SignOnLost("sign-on-unknown", "This sign-in is not known here.", cause="wrong protocol", row=row)
    request = SignOnRequest.from_json(row.request)
    facts, _ = facts_.gather(work, request, session, row)
    step, made = flow.judged(request, facts)
    trail = attempts.load(work, row.attempt_id) or Trail(kind=f"{protocol}.sign-on")
    note(trail, request, facts, made)
    answer: Proceed | Refused
    if isinstance(step, Complete) and session is not None:
        answer = Proceed(result(work, request, facts, session))
    elif isinstance(step, Refuse):
        trail.failed("sign-on", step.refusal.value, cause_of(step))
        answer = Refused(step.refusal)
    else:
        raise pending.SignOnLost(
            "sign-on-unfinished",
            "This sign-in is not finished yet.",
            cause=phrase("next: %(name)s", name=type(step).__name__),
            row=row,
        )
    pending.take(work, row)
    return Resumed(answer, request, dict(row.protocol_state), trail)


def stands(
    work: Work,
    session: CurrentSession,
    *,
    kind: RequestKind = RequestKind.BROWSER,
    asked: Strength | None = None,
    max_age: timedelta | None = None,
) -> bool:
    """
    Say whether *session* is good enough for our own pages now: policies may have been tightened since it began.

    Args:
        kind: of which of our pages, for the rules of contextual access.
        asked, max_age: the least that must be proven, and how long ago at most.
    """
    own_pages = SignOnRequest(
        organization_id=session.organization_id,
        site_id="",
        application_id="",
        application_name="",
        resume_url="",
        kind=kind,
        asked=asked,
        max_age=max_age,
    )
    facts, _ = facts_.gather(work, own_pages, session)
    return isinstance(flow.next_step(own_pages, facts), Complete)


def result(work: Work, request: SignOnRequest, facts: Facts, session: CurrentSession) -> SignOnResult:
    """Return what the application may know of this sign-on: proofs, and attributes that policy releases."""
    proofs = flow.usable(request, facts)
    methods = [proof.method for proof in proofs]
    proven = frozenset(methods)
    have = strength(proven)
    assert have is not None  # the dispatcher said Complete
    levels = release_levels(work, request.organization_id, request.site_id, request.application_id)
    known = attributes_of(work, request.organization_id, session.account_id, groups="groups" in may_leave(levels))
    leaving = released(known, levels)
    return SignOnResult(
        organization_id=request.organization_id,
        site_id=request.site_id,
        application_id=request.application_id,
        account_id=session.account_id,
        account_epoch=session.account_epoch,
        session_id=session.id,
        authenticated_at=session.authenticated_at,
        expires_at=session.expires_at,
        strength=have,
        satisfied=strength(proven, weak=True) or have,
        methods=tuple(methods),
        attributes=leaving,
        statements=statements_of(leaving, levels),
    )


def note(trail: Trail, request: SignOnRequest, facts: Facts, made: Decision) -> None:
    """Record in the attempt what was judged, by which policy, and *made*, what was decided."""
    trail.organization_id = request.organization_id or None
    trail.site_id, trail.application_id = request.site_id or None, request.application_id or None
    trail.account_id = facts.account_id
    trail.policy_version, trail.decision, trail.rule = facts.policy.version, _DECISIONS[made.required], made.rule
    trail.context = {
        "passive": request.passive,
        "force": request.force,
        "asked": None if request.asked is None else request.asked.name.lower(),
        "proofs": [[proof.method._value_, iso(proof.at), proof.fresh] for proof in facts.proofs],
        "second_step": facts.policy.second_step._value_,  # `value` is two calls of functions
        "has_second_step": facts.has_second_step,
        "allowed": facts.allowed,
    }
    if facts.access_context:
        trail.context[recording.KEY] = dict(facts.access_context)
    denied = flow.denial(facts)
    if denied is not None:
        trail.decision, trail.rule = contextual.DENIED, denied.rule


def cause_of(step: Refuse) -> str:
    """Return why a sign-on was refused, for the administrator."""
    if step.rule:
        return phrase("refused: %(refusal)s by %(rule)s", refusal=step.refusal.value, rule=step.rule)
    return phrase("refused: %(refusal)s", refusal=step.refusal.value)


def _needs_page(request: SignOnRequest, step: Refuse) -> bool:
    return not request.passive and step.refusal in (Refusal.NOT_ALLOWED, Refusal.WRONG_ACCOUNT, Refusal.DENIED)
