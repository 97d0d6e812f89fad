"""
Asks the organization's access policies: about a sign-on, and about requests in which no browser takes part.

A fact that costs a query is looked up only where a rule turns on it. What was looked up is recorded with the
attempt, so that it can be judged again by other rules. Break-glass accounts are under no rules (ADR 41).
"""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, select

from idp.base import user_agents
from idp.base.prepared import Prepared
from idp.base.values import quickly_made
from idp.base.work import Work, nowhere
from idp.directory import access, access_policies
from idp.directory.access_policies import Standing
from idp.directory.models import Account, Application
from idp.policy.access import recording
from idp.policy.access.context import AccountKind, Context, RequestKind
from idp.policy.access.evaluate import Compiled, evaluate
from idp.policy.access.mentions import BEHAVIOURS, DEVICE, GROUPS, mentioned
from idp.policy.access.outcome import ALLOWED, Allowed, Denied, Outcome
from idp.policy.signon import Proof, meets
from idp.signon import behaviour, devices
from idp.signon.models import KnownDevice
from idp.signon.pending import Pending
from idp.signon.request import SignOnRequest
from idp.signon.session import CurrentSession

DENIED = "denied"
"""The decision of an attempt that a rule denied."""
PASSED, PROVEN, NOT_PROVEN = "allowed", "proven", "not-proven"
"""What else a rule in report-only would have come to."""

_APPLICATION = Prepared(
    select(Application.access_policy_id).where(
        Application.organization_id == bindparam("organization_id"), Application.id == bindparam("application_id")
    )
)
_KIND = Prepared(
    select(Account.kind).where(
        Account.organization_id == bindparam("organization_id"), Account.id == bindparam("account_id")
    )
)
_DEVICE = Prepared(
    select(KnownDevice.first_seen_at).where(
        KnownDevice.organization_id == bindparam("organization_id"), KnownDevice.id == bindparam("device_id")
    )
)


@quickly_made
@dataclass(frozen=True, slots=True)
class Person:
    """Whose sign-on is judged."""

    account_id: str
    kind: AccountKind
    policy_id: str | None
    grace_used: int


_NONE: frozenset[str] = frozenset()


@quickly_made
@dataclass(frozen=True, slots=True)
class Access:
    """
    What the access policies say, and the context that they were asked with (for the attempt).

    Break-glass accounts are under no rules.
    """

    session: Outcome = ALLOWED
    application: Outcome = ALLOWED
    recorded: dict[str, Any] = field(default_factory=dict)

    @property
    def requires_something(self) -> bool:
        return _requires(self.session) or _requires(self.application)

    @property
    def denied(self) -> Denied | None:
        """The denial, if either policy denies."""
        return next((one for one in (self.session, self.application) if isinstance(one, Denied)), None)


def _requires(outcome: Outcome) -> bool:
    return isinstance(outcome, Allowed) and outcome.requires is not None


def judge(
    work: Work,
    request: SignOnRequest,
    person: Person,
    session: CurrentSession | None,
    row: Pending | None,
    proofs: tuple[Proof, ...],
) -> Access:
    """Return what the access policies of the organization say of this sign-on now."""
    organization_id = request.organization_id
    standing = access_policies.standing(work, organization_id)
    if session is not None and (session.account_id, session.organization_id) != (person.account_id, organization_id):
        session = None
    asked = (
        ()
        if person.kind is AccountKind.BREAK_GLASS
        else _asked(work, standing, organization_id, request.kind, request.application_id)
    )
    wanted = _NONE.union(*[_mentioned(work, organization_id, policy) for policy in asked])
    device = _device(work, organization_id, person.account_id, session, look=bool(wanted & {DEVICE, BEHAVIOURS}))
    place = work.origin.locate(work.origin.ip)
    unusual = (
        behaviour.unusual(
            work,
            organization_id,
            person.account_id,
            place=place,
            device_id=device.id,
            began=None if session is None else session.started_at,
        )
        if BEHAVIOURS in wanted
        else frozenset()
    )
    groups = access.group_ids_of(work, organization_id, person.account_id) if GROUPS in wanted else _NONE
    agent = user_agents.read(work.origin.user_agent)
    context = Context(
        at=work.now,
        request=request.kind,
        account_id=person.account_id,
        kind=person.kind,
        groups=groups,
        application_id=request.application_id,
        site_id=request.site_id,
        ip=work.origin.ip,
        country=place.country,
        city=place.city,
        asn=place.asn,
        device_known=bool(device.known),
        operating_system=agent.operating_system,
        browser=agent.browser,
        certificate=work.origin.certificate,
        behaviours=unusual,
        proofs=proofs,
        session_started_at=None if session is None else session.started_at,
    )
    known = wanted if device.known is None else wanted | {DEVICE}
    written = recording.write(context, place_known=work.origin.locate is not nowhere, known=known)
    if row is not None:  # the attempt has the address that the sign-on was begun from
        written["ip"] = work.origin.ip
    return _answered(asked, context, written)


def judge_client(
    work: Work, kind: RequestKind, *, organization_id: str, site_id: str = "", application_id: str = ""
) -> Access:
    """
    Return what the access policies say of a request in which no person takes part: a client's own token, provisioning.

    Conditions on people, devices, behaviour and sessions match none of them. What a rule requires to be proven
    is asked of people only, so that a denial is all that counts.

    Args:
        kind: which of these it is.
        application_id: for which application; empty: for the organization itself.
    """
    asked = _asked(work, access_policies.standing(work, organization_id), organization_id, kind, application_id)
    place, agent = work.origin.locate(work.origin.ip), user_agents.read(work.origin.user_agent)
    context = Context(
        at=work.now,
        request=kind,
        kind=None,
        application_id=application_id,
        site_id=site_id,
        ip=work.origin.ip,
        country=place.country,
        city=place.city,
        asn=place.asn,
        device_known=None,
        operating_system=agent.operating_system,
        browser=agent.browser,
        certificate=work.origin.certificate,
        session_known=False,
    )
    written = recording.write(context, place_known=work.origin.locate is not nowhere, known=frozenset())
    return _answered(asked, context, written)


def judge_absent(
    work: Work,
    kind: RequestKind,
    *,
    organization_id: str,
    site_id: str,
    application_id: str,
    account_id: str,
) -> Denied | None:
    """
    Return the denial of a request that is made for a person who is not there: a token that is renewed.

    It comes from the application's address and tells nothing of the person's browser. A rule that turns on what
    cannot be told from it was judged when the person signed on: only what denies whatever the rest may be, counts.
    """
    standing = access_policies.standing(work, organization_id)
    if standing.trivial:
        return None
    found = work.tx.row(_KIND, organization_id=organization_id, account_id=account_id)
    if found is None or found.kind == AccountKind.BREAK_GLASS:
        return None
    asked = _asked(work, standing, organization_id, kind, application_id)
    wanted = frozenset[str]().union(*(_mentioned(work, organization_id, policy) for policy in asked))
    groups = access.group_ids_of(work, organization_id, account_id) if GROUPS in wanted else frozenset[str]()
    context = _absent(
        work, kind, account_id, AccountKind(found.kind), groups, application_id=application_id, site_id=site_id
    )
    for policy in asked:
        answer = evaluate(policy, context)
        if isinstance(answer.outcome, Denied) and not answer.uncertain:
            return answer.outcome
    return None


_PLACE = frozenset({"ip", "country", "city", "asn", "zone", "certificate"})
"""Facts that say from where something is used."""


def judge_api_token(
    work: Work, *, organization_id: str, site_id: str, account_id: str, kind: AccountKind
) -> Denied | None:
    """
    Return the denial of a call that a program makes with an API token of a person; None: the rules let it be.

    It is the API that asks, and it does not say from where the call came. So what denies by the place, denies: an
    address that nobody knows is in no zone that is let in, and may be in each that is kept out. What turns on the
    person's browser, device or session was judged when the token was made.
    """
    standing = access_policies.standing(work, organization_id)
    asked = _asked(work, standing, organization_id, RequestKind.API_TOKEN, "")
    if not asked:
        return None
    wanted = frozenset[str]().union(*(_mentioned(work, organization_id, policy) for policy in asked))
    groups = access.group_ids_of(work, organization_id, account_id) if GROUPS in wanted else frozenset[str]()
    context = _absent(work, RequestKind.API_TOKEN, account_id, kind, groups, application_id="", site_id=site_id)
    for policy in asked:
        answer = evaluate(policy, context)
        if isinstance(answer.outcome, Denied):
            return answer.outcome
        for unsure in answer.unsure:
            if isinstance(unsure.outcome, Denied) and not _PLACE.isdisjoint(unsure.facts):
                return unsure.outcome
    return None


def _absent(
    work: Work,
    request: RequestKind,
    account_id: str,
    kind: AccountKind,
    groups: frozenset[str],
    *,
    application_id: str,
    site_id: str,
) -> Context:
    """What is known of a request that is made for a person who is not there: of their browser, nothing."""
    return Context(
        at=work.now,
        request=request,
        account_id=account_id,
        kind=kind,
        groups=groups,
        application_id=application_id,
        site_id=site_id,
        ip=None,
        country=None,
        city=None,
        asn=None,
        device_known=None,
        operating_system=None,
        browser=None,
        certificate=None,
        behaviours=None,
        session_known=False,
    )


def device_known(work: Work, session: CurrentSession) -> bool:
    """Say whether the session's account signed in on this device before the session began."""
    return bool(_device(work, session.organization_id, session.account_id, session, look=True).known)


def _asked(
    work: Work, standing: Standing, organization_id: str, kind: RequestKind, application_id: str
) -> tuple[Compiled, ...]:
    """
    Return the policies to be asked: that for sessions, and that of the application where there is one.

    The admin console is an application, too: it is under a policy of its own, or the default.
    """
    if standing.trivial:
        return ()
    if kind is RequestKind.CONSOLE:
        return standing.session, standing.console
    if not application_id:
        return (standing.session,)

    def read() -> str | None:
        row = work.tx.row(_APPLICATION, organization_id=organization_id, application_id=application_id)
        return None if row is None else row.access_policy_id

    policy_id = work.tx.memory.recall(("access-policy-of", organization_id, application_id), read)
    return standing.session, standing.of_application(policy_id)


def _mentioned(work: Work, organization_id: str, policy: Compiled) -> frozenset[str]:
    key = ("access-policy-mentions", organization_id, policy.policy_id, policy.version)
    return work.tx.memory.recall(key, lambda: mentioned(policy.rules))


def _answered(asked: tuple[Compiled, ...], context: Context, written: dict[str, Any]) -> Access:
    answers = [evaluate(policy, context) for policy in asked]
    if not answers:
        return Access(recorded=written)
    written["policies"] = [
        [policy.policy_id, policy.version, answer.rule_id] for policy, answer in zip(asked, answers, strict=True)
    ]
    reported = [
        [policy.policy_id, one.rule_id, in_a_word(one.outcome, context)]
        for policy, answer in zip(asked, answers, strict=True)
        for one in answer.report
    ]
    if reported:
        written["reported"] = reported
    outcomes: list[Outcome] = [answer.outcome for answer in answers]
    return Access(outcomes[0], outcomes[1] if len(outcomes) > 1 else ALLOWED, written)


def in_a_word(outcome: Outcome, context: Context) -> str:
    """Return what an outcome comes to: denied, allowed, or required and, by now, proven or not."""
    if isinstance(outcome, Denied):
        return DENIED
    if outcome.requires is None:
        return PASSED
    return PROVEN if meets(outcome.requires, context.proofs, context.at) else NOT_PROVEN


@quickly_made
@dataclass(frozen=True, slots=True)
class _Device:
    """
    The device of this request: its id (empty: none), and whether it was known before; None: not looked up.

    A device that this very session made known is not known in it: else whoever signs in on a new one
    would have a known one a moment later.
    """

    id: str
    known: bool | None


def _device(
    work: Work, organization_id: str, account_id: str, session: CurrentSession | None, *, look: bool
) -> _Device:
    """In a session, too, the device must show its own cookie: whoever has stolen the session's alone has none."""
    if not work.origin.devices:
        return _Device("", False)
    if session is not None and not look:
        return _Device(session.device_id, None)
    found = devices.find(work, organization_id, account_id)
    if found is None:
        return _Device("", False)
    if session is None:
        return _Device(found.id, True)
    row = work.tx.row(_DEVICE, organization_id=organization_id, device_id=found.id)
    return _Device(found.id, row is not None and row.first_seen_at < session.started_at)
