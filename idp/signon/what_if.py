"""
What would be asked of a sign-on that has not happened: by whom, to what, from where, when, with what.

Nothing is written. The same evaluator and the same dispatcher answer that answer at the door.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import select

from idp.base import user_agents
from idp.base.errors import Invalid
from idp.base.texts import phrase
from idp.base.work import Place, Work
from idp.directory import access, access_names, access_policies, queries
from idp.directory.models import Account, Application
from idp.directory.policies import authentication_policy
from idp.policy.access.context import AccountKind, Behaviour, Context, RequestKind
from idp.policy.access.evaluate import Compiled, Evaluation, evaluate
from idp.policy.access.networks import parsed
from idp.policy.access.outcome import ALLOWED, Denied, Outcome
from idp.policy.models import AuthenticationPolicy
from idp.policy.permissions import Permission, require
from idp.policy.signon import FIRST_STEPS, Decision, Method, Proof, Strength, decide
from idp.signon import flow
from idp.signon.factors import enrolled
from idp.signon.flow import Facts, Step
from idp.signon.request import AT_CONSOLE, SignOnRequest

WITHOUT_PERSON = frozenset({RequestKind.TOKEN, RequestKind.API_TOKEN, RequestKind.PROVISIONING})
"""Requests in which no person takes part: what a rule requires to be proven is asked of nobody there."""
_MOST_STEPS = 12
_PREFERRED = (Method.PASSWORD, Method.PASSKEY, Method.SECURITY_KEY, Method.TOTP, Method.EMAIL_CODE)


@dataclass(frozen=True, slots=True)
class Supposed:
    """
    A sign-on that is supposed to happen.

    Args:
        organization: short name; empty: that of the account or of the application.
        account: e-mail address or id; empty for requests without a person.
        application_id: empty: our own pages.
        request: None: what the application speaks; our own pages without one.
        place: where the address is, as far as that is known.
        proven: what was proven before, in this browser.
        session_started_at: None: this browser has no session.
        asked: what the application itself asks to be proven.
        granted: an access grant is supposed to hold, whether one does or not.
    """

    at: datetime
    organization: str = ""
    account: str = ""
    application_id: str = ""
    request: RequestKind | None = None
    ip: str = ""
    place: Place = field(default_factory=Place)
    user_agent: str = ""
    known_device: bool = False
    certificate: str = ""
    behaviours: frozenset[Behaviour] = frozenset()
    proven: tuple[Proof, ...] = ()
    session_started_at: datetime | None = None
    asked: Strength | None = None
    granted: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """An access policy that was asked, and what it says."""

    kind: str
    name: str
    version: int
    evaluation: Evaluation


@dataclass(frozen=True, slots=True)
class WhatIf:
    """
    What would come of it.

    Args:
        blocked_by: the zone of the block list that the address is in; nothing else is asked then.
        disabled: the account is disabled: nobody signs in with it.
        may_open: an access grant holds at that time; None: it is for our own pages, or no person takes part.
        authentication_policy: its name; empty where no person takes part.
        own: what the authentication policy asks for; None where no person takes part.
        access: the policies that were asked; none for break-glass accounts, which are under no rules.
        together: what all of them demand; None where it is denied, or no person takes part.
        road: what the person would be asked for, step after step; the last step is the end.
        proofs: what would have been proven then, as far as it counts; nothing where they are not let in.
    """

    context: Context
    person: str
    groups: tuple[str, ...]
    application: str
    blocked_by: str | None
    disabled: bool
    may_open: bool | None
    authentication_policy: str
    own: Decision | None
    access: tuple[Asked, ...]
    together: Decision | None
    road: tuple[Step, ...]
    proofs: tuple[Proof, ...] = ()

    @property
    def denied(self) -> Denied | None:
        """What denies it, if anything does."""
        return next((one.evaluation.outcome for one in self.access if isinstance(one.evaluation.outcome, Denied)), None)


def what_if(work: Work, supposed: Supposed) -> WhatIf:
    """
    Return what would come of a sign-on.

    Raises:
        NotFound: no such organization, account or application that this actor may see.
        Forbidden: the actor may not see policies there.
        Invalid: what is supposed does not go together, or the address is none.
        Conflict: several organizations have an account of that address.
    """
    application = queries.application(work, supposed.application_id) if supposed.application_id else None
    organization_id, _ = _whose(work, supposed, application)
    require(work, Permission.POLICY_READ, organization_id)
    return suppose(work, supposed)


def suppose(work: Work, supposed: Supposed) -> WhatIf:
    """Return the same: a part of verbs, which say who may see what of it."""
    if parsed(supposed.ip) is None:
        raise Invalid(
            phrase("“%(ip)s” is no address.", ip=supposed.ip[:80]), field="ip", advice="Write it like 192.0.2.1."
        )
    application = queries.application(work, supposed.application_id) if supposed.application_id else None
    organization_id, account = _whose(work, supposed, application)
    then = replace(work, now=supposed.at)
    context = _context(then, organization_id, supposed, account, application)
    standing = access_policies.standing(work, organization_id)
    policies: list[tuple[str, Compiled]] = []
    if context.kind is not AccountKind.BREAK_GLASS:
        policies.append((access_policies.SESSION, standing.session))
        if application is not None:
            policies.append((access_policies.APPLICATION, standing.of_application(application.access_policy_id)))
        elif context.request is RequestKind.CONSOLE:
            policies.append((access_policies.APPLICATION, standing.console))
    called = access_names.of_rules(work, organization_id, *(policy.rules for _, policy in policies))
    if account is not None:
        called[account.id] = account.email
        called |= access_names.called(work, organization_id, "group", context.groups or ())
    asked = tuple(
        Asked(kind, policy.name, policy.version, evaluate(policy, context, explain=True, names=called))
        for kind, policy in policies
    )
    found = WhatIf(
        context=context,
        person="" if account is None else account.email,
        groups=() if account is None else access.groups_of(then, organization_id, account.id),
        application="" if application is None else application.name,
        blocked_by=standing.blocked(supposed.ip, supposed.place.country, supposed.place.city, supposed.place.asn),
        disabled=account is not None and account.disabled_at is not None,
        may_open=None,
        authentication_policy="",
        own=None,
        access=asked,
        together=None,
        road=(),
    )
    if account is None:
        return found
    return _of_person(then, found, account, application, [one for _, one in policies], supposed)


def _whose(work: Work, supposed: Supposed, application: Application | None) -> tuple[str, Account | None]:
    owner = queries.organization(work, supposed.organization).id if supposed.organization else None
    within = application.organization_id if application is not None else owner
    if owner is not None and within != owner:
        raise Invalid("The application is another organization's.", field="application")
    if application is not None and application.protocol not in set(RequestKind):
        raise Invalid(
            phrase("Nobody signs in to “%(name)s” through us: it is a bookmark.", name=application.name),
            field="application",
        )
    if supposed.request in WITHOUT_PERSON:
        if supposed.account:
            raise Invalid("No person takes part in such a request.", field="account", advice="Leave the account out.")
        if within is None:
            raise Invalid("Say whose policies: name an application or an organization.", field="organization")
        return within, None
    if not supposed.account:
        raise Invalid("Say who signs in.", field="account")
    account = queries.account(work, supposed.account, organization_id=within)
    return account.organization_id, account


def _context(
    then: Work, organization_id: str, supposed: Supposed, account: Account | None, application: Application | None
) -> Context:
    agent = user_agents.read(supposed.user_agent)
    speaks = RequestKind.BROWSER if application is None else RequestKind(application.protocol)
    place = supposed.place
    return Context(
        at=supposed.at,
        request=supposed.request or speaks,
        account_id="" if account is None else account.id,
        kind=None if account is None else AccountKind(account.kind),
        groups=frozenset() if account is None else access.group_ids_of(then, organization_id, account.id),
        application_id="" if application is None else application.id,
        site_id="" if application is None else application.site_id,
        ip=supposed.ip,
        country=place.country,
        city=place.city,
        asn=place.asn,
        device_known=None if account is None else supposed.known_device,  # as `contextual.judge_client` asks
        operating_system=agent.operating_system,
        browser=agent.browser,
        certificate=supposed.certificate,
        behaviours=supposed.behaviours,
        proofs=_taken(then, account, supposed.proven),
        session_started_at=supposed.session_started_at,
        session_known=account is not None,
    )


def _taken(then: Work, account: Account | None, proven: tuple[Proof, ...]) -> tuple[Proof, ...]:
    """Return what the authentication policy takes: the rest has proven nothing to a rule either."""
    if account is None:
        return proven
    policy = authentication_policy(then, account.organization_id, account.policy_id)
    methods = policy.deciding(then.now, account.grace_used).methods
    return tuple(proof for proof in proven if proof.method in methods)


def _of_person(
    then: Work,
    found: WhatIf,
    account: Account,
    application: Application | None,
    policies: list[Compiled],
    supposed: Supposed,
) -> WhatIf:
    facts_of = authentication_policy(then, account.organization_id, account.policy_id)
    deciding = facts_of.deciding(then.now, account.grace_used)
    second_steps = enrolled.second_steps(then, account.organization_id, account.id, deciding.methods)
    may_open = (
        None if application is None else access.may_open(then, account.organization_id, application.id, account.id)
    )
    request = SignOnRequest(
        organization_id=account.organization_id,
        site_id=found.context.site_id,
        application_id=found.context.application_id,
        application_name=found.application,
        resume_url="",
        kind=found.context.request,
        asked=AT_CONSOLE if found.context.request is RequestKind.CONSOLE else supposed.asked,
    )
    facts = Facts(
        now=then.now,
        cancelled=False,
        account_id=account.id,
        proofs=found.context.proofs,
        unsaved=False,
        policy=deciding,
        second_steps=second_steps,
        allowed=may_open is not False or supposed.granted,
        consent_missing=False,
    )
    first = _with_access(facts, policies, found.context)
    road: list[Step] = []
    if found.blocked_by is None and not found.disabled:
        road, facts = _road(request, facts, policies, found)
    let_in = bool(road) and isinstance(road[-1], flow.Complete)
    return replace(
        found,
        may_open=may_open,
        authentication_policy=_policy_name(then, account.organization_id, facts_of.id),
        own=decide(deciding, has_second_step=facts.has_second_step, asked=None),
        together=None if found.denied is not None else flow.decision(request, first),
        road=tuple(road),
        proofs=flow.usable(request, facts) if let_in else (),
    )


def _with_access(facts: Facts, policies: list[Compiled], context: Context) -> Facts:
    """Ask the policies again with what is proven by now: rules may turn on it."""
    outcomes: list[Outcome] = [evaluate(one, replace(context, proofs=facts.proofs)).outcome for one in policies]
    outcomes += [ALLOWED] * (2 - len(outcomes))
    return replace(facts, session_access=outcomes[0], application_access=outcomes[1])


def _road(request: SignOnRequest, facts: Facts, policies: list[Compiled], found: WhatIf) -> tuple[list[Step], Facts]:
    """
    Walk on as a person would who proves whatever is asked for; in the days of grace they put off setting up.

    Return the steps, and what is known at the end of them.
    """
    road: list[Step] = []
    for _ in range(_MOST_STEPS):
        facts = _with_access(facts, policies, found.context)
        step = flow.next_step(request, facts)
        match step:
            case flow.OpenSession():
                facts = replace(facts, unsaved=False)
                continue
            case flow.EnrolSecondStep(may_put_off=True):
                facts = replace(facts, put_off=True)
                continue
        road.append(step)
        match step:
            case flow.AskFirstStep():
                method = next((one for one in _PREFERRED if one in FIRST_STEPS & facts.policy.methods), Method.PASSWORD)
            case flow.AskSecondStep(methods) | flow.EnrolSecondStep(methods):
                method = next((one for one in _PREFERRED if one in methods), min(methods))
                facts = replace(facts, second_steps=facts.second_steps | {method})
            case _:
                break
        proof = Proof(method, facts.now, fresh=True)
        kept = tuple(one for one in facts.proofs if one.method is not method)
        facts = replace(facts, proofs=(proof, *kept), unsaved=True)
    return road, facts


def _policy_name(work: Work, organization_id: str, policy_id: str) -> str:
    query = select(AuthenticationPolicy.name).where(
        AuthenticationPolicy.organization_id == organization_id, AuthenticationPolicy.id == policy_id
    )
    return work.tx.session.scalars(query).one()
