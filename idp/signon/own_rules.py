"""
What the rules of access would say to somebody who is signed in and opens an application now, from here, on this device.

The same evaluator is asked that answers at the door, and nothing is written. They are told what the page that refuses
would tell them: the rule's own words for people, never its name or its conditions.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from idp.base.work import Actor, HeldRole, Work
from idp.policy.permissions import AUDITOR
from idp.signon import flow
from idp.signon.request import Refusal
from idp.signon.session import CurrentSession
from idp.signon.what_if import Supposed, WhatIf, what_if


class Said(StrEnum):
    """What the rules come to."""

    OPENS = "opens"
    DENIED = "denied"
    DENIED_HERE = "denied-here"
    NEEDS_SECOND_STEP = "needs-second-step"
    CANNOT_BE_PROVEN = "cannot-be-proven"


@dataclass(frozen=True, slots=True)
class OwnAnswer:
    """What the rules say, and the words that the rule which denies has for people (empty: it has none)."""

    said: Said
    text: str = ""


def ask(work: Work, session: CurrentSession, application_id: str) -> OwnAnswer:
    """
    Return what would come of it; the caller has made sure that the application is open to the person, and no bookmark.

    Where the address of the request is not known, no rule is asked.
    """
    if not work.origin.ip:
        return OwnAnswer(Said.OPENS)
    # The person reads no policies; we do, for them, and tell them no more than what comes of it.
    reader = Actor("account", session.account_id, session.email, session.organization_id, (_reads(session),))
    supposed = Supposed(
        at=work.now,
        account=session.account_id,
        application_id=application_id,
        ip=work.origin.ip,
        place=work.origin.locate(work.origin.ip),
        user_agent=work.origin.user_agent,
        known_device=bool(session.device_id),
        certificate=work.origin.certificate,
    )
    found = what_if(replace(work, actor=reader), supposed)
    if found.blocked_by is not None:
        return OwnAnswer(Said.DENIED_HERE)
    if found.denied is not None:
        return OwnAnswer(Said.DENIED, found.denied.text)
    return OwnAnswer(_of_road(found))


def _reads(session: CurrentSession) -> HeldRole:
    return HeldRole(AUDITOR, session.organization_id)


def _of_road(found: WhatIf) -> Said:
    for step in found.road:
        match step:
            case flow.EnrolSecondStep():
                return Said.NEEDS_SECOND_STEP
            case flow.Refuse(refusal=Refusal.CONTEXT_UNMET):
                return Said.CANNOT_BE_PROVEN
    return Said.OPENS
