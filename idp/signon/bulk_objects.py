"""
One act on many things that were chosen in a list, as a run: applications, access, requests for it, rules, domains.

Each is acted on by the verb that acts on one, in a unit of its own: what may not be done, or cannot be, is left as it is
and named, and nothing is half done.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from idp.base.errors import Invalid, NotFound
from idp.base.texts import counted, phrase
from idp.base.work import Work
from idp.directory import (
    access_requests,
    application_lists,
    applications,
    domains,
    group_rule_changes,
    queries,
    runs,
)
from idp.directory.console_models import Run
from idp.directory.domain_models import Domain
from idp.directory.joining_models import AccessRequest
from idp.directory.models import Account, Application, Group, Organization
from idp.directory.rights import require_on
from idp.directory.runs import Kinds, Step
from idp.policy.permissions import Permission, reach, require
from idp.signon.guarding import guarded

KIND = "bulk-objects"
MOST_CHOSEN = 200
AT_ONCE = 10
LONGEST_ANSWER = 1024

DISABLE, ENABLE, WITHDRAW = "disable-applications", "enable-applications", "withdraw-access"
APPROVE, DENY = "approve-requests", "deny-requests"
RUN_RULES, CHECK = "run-rules", "check-domains"


@dataclass(frozen=True, slots=True)
class Act:
    """
    What can be done to many.

    Args:
        prefix: what ids of the things begin with.
        permission: what it needs of each, at least.
        do: acts on one; what it returns is a sentence on why nothing came of it, or empty.
        named: names of those things that the actor may see, by id.
    """

    prefix: str
    permission: Permission
    do: Callable[[Work, Run, str], str]
    named: Callable[[Work, str, str, Sequence[str]], dict[str, str]]


def chosen(work: Work, act: str, *, organization_id: str, ids: Sequence[str], of: str = "") -> dict[str, str]:
    """
    Return the names of those things that are meant, by id, as far as the actor may see them.

    Args:
        of: the application whose access is withdrawn.

    Raises:
        Forbidden: the actor may do this nowhere in the organization.
        NotFound: there is no such application that this actor may see.
        Invalid: there is no such act, nothing was chosen, or too much.
    """
    found = _act(act)
    _require_somewhere(work, found.permission, organization_id, of)
    wanted = [*dict.fromkeys(one for one in ids if one.startswith(f"{found.prefix}_") and len(one) <= 64)]
    if not wanted or len(wanted) != len(set(ids)):
        raise Invalid("Choose at least one of the list.", field="chosen", advice="Go back to the list and choose.")
    if len(wanted) > MOST_CHOSEN:
        raise Invalid(
            phrase("Choose at most %(most)s at once.", most=MOST_CHOSEN), field="chosen", advice="Choose fewer."
        )
    named = found.named(work, organization_id, of, wanted)
    if not named:
        raise Invalid("None of those that you chose is there any more.", field="chosen", advice="Load the list again.")
    return named


def start(work: Work, act: str, *, organization_id: str, ids: Sequence[str], of: str = "", answer: str = "") -> Run:
    """
    Begin to do *act* (one of `ACTS`) to the things that were chosen.

    Args:
        answer: what people are told whose requests are decided on.

    Raises:
        Forbidden, NotFound, Invalid: as of `chosen`; or requests are denied without an answer.
    """
    named = chosen(work, act, organization_id=organization_id, ids=ids, of=of)
    if act == DENY and not answer.strip():
        raise Invalid("Say why, for those who asked.", field="answer")
    if len(answer) > LONGEST_ANSWER:
        raise Invalid(phrase("An answer has at most %(most)s characters.", most=LONGEST_ANSWER), field="answer")
    return runs.start(
        work,
        KIND,
        organization_id=organization_id,
        title=_title(act, len(named)),
        parameters={"act": act, "ids": list(named), "of": of, "answer": answer.strip()},
        total=len(named),
    )


def _title(act: str, count: int) -> str:
    titles = {
        DISABLE: counted("Disable %(num)s application", "Disable %(num)s applications", count),
        ENABLE: counted("Enable %(num)s application", "Enable %(num)s applications", count),
        WITHDRAW: counted("Withdraw %(num)s access grant", "Withdraw %(num)s access grants", count),
        APPROVE: counted("Approve %(num)s access request", "Approve %(num)s access requests", count),
        DENY: counted("Deny %(num)s access request", "Deny %(num)s access requests", count),
        RUN_RULES: counted("Run the rules of %(num)s group", "Run the rules of %(num)s groups", count),
        CHECK: counted("Look for the proof of %(num)s domain", "Look for the proof of %(num)s domains", count),
    }
    return titles[act]


def step(work: Work, run: Run, cursor: str) -> Step:
    """Do the act to the next few."""
    act, at = ACTS[run.parameters["act"]], int(cursor or 0)
    part = run.parameters["ids"][at : at + AT_ONCE]
    named = act.named(work, run.organization_id, run.parameters["of"], part)
    findings: list[str] = []
    for one in part:
        with runs.item(work, findings, named.get(one, one)):
            if said := act.do(work, run, one):
                findings.append(runs.finding(named.get(one, one), said))
    following = at + AT_ONCE
    left = following < len(run.parameters["ids"])
    return Step(len(part) - len(findings), len(findings), findings, str(following) if left else None)


KINDS: Kinds = {KIND: step}


def _act(act: str) -> Act:
    if act not in ACTS:
        raise Invalid("There is no such act.", field="act")
    return ACTS[act]


def _require_somewhere(work: Work, permission: Permission, organization_id: str, of: str) -> None:
    if of:
        require_on(work, permission, _application(work, organization_id, of))
        return
    where = reach(work.actor, permission)
    inside = {one for one, _ in (*where.sites, *where.applications)}
    if organization_id not in inside:
        require(work, permission, organization_id)


def _disable(work: Work, run: Run, one: str) -> str:
    applications.disable(work, _application(work, run.organization_id, one).id)
    return ""


def _enable(work: Work, run: Run, one: str) -> str:
    applications.enable(work, _application(work, run.organization_id, one).id)
    return ""


def _withdraw(work: Work, run: Run, one: str) -> str:
    application = _application(work, run.organization_id, run.parameters["of"])
    applications.withdraw(work, application.id, one, reason=run.parameters["answer"])
    return ""


def _approve(work: Work, run: Run, one: str) -> str:
    with guarded(work, run.organization_id):  # the groups that open it may be in rules of access
        access_requests.approve(work, one, organization_id=run.organization_id, answer=run.parameters["answer"])
    return ""


def _deny(work: Work, run: Run, one: str) -> str:
    access_requests.deny(work, one, run.parameters["answer"], organization_id=run.organization_id)
    return ""


def _run_rule(work: Work, run: Run, one: str) -> str:
    with guarded(work, run.organization_id):
        ran = group_rule_changes.run(work, one, organization=_slug(work, run.organization_id))
    if not ran.held:
        return ""
    return phrase("The rule holds itself: more people would leave than its brake allows.")


def _check(work: Work, run: Run, one: str) -> str:
    domains.check_soon(work, _slug(work, run.organization_id), one)
    return ""


def _applications(work: Work, organization_id: str, of: str, ids: Sequence[str]) -> dict[str, str]:
    query = queries.visible(work, Application, Permission.APPLICATION_READ).where(
        Application.organization_id == organization_id, Application.id.in_(ids), Application.deleted_at.is_(None)
    )
    query = query.where(Application.protocol.in_(application_lists.PROTOCOLS))
    return {one.id: one.name for one in work.tx.session.scalars(query.order_by(Application.name, Application.id))}


def _grants(work: Work, organization_id: str, of: str, ids: Sequence[str]) -> dict[str, str]:
    found = application_lists.some(work, _application(work, organization_id, of), ids)
    return {one.id: one.name or one.kind for one in found}


def _requests(work: Work, organization_id: str, of: str, ids: Sequence[str]) -> dict[str, str]:
    seen = queries.visible(work, AccessRequest, Permission.REQUEST_READ).where(
        AccessRequest.organization_id == organization_id, AccessRequest.id.in_(ids)
    )
    query = (
        seen.with_only_columns(AccessRequest.id, Account.email, Application.name)
        .join(
            Account,
            (Account.organization_id == AccessRequest.organization_id) & (Account.id == AccessRequest.account_id),
        )
        .join(
            Application,
            (Application.organization_id == AccessRequest.organization_id)
            & (Application.id == AccessRequest.application_id),
        )
        .order_by(AccessRequest.created_at, AccessRequest.id)
    )
    return {row[0]: f"{row[1]}, {row[2]}" for row in work.tx.session.execute(query)}


def _groups(work: Work, organization_id: str, of: str, ids: Sequence[str]) -> dict[str, str]:
    query = queries.visible(work, Group, Permission.GROUP_READ).where(
        Group.organization_id == organization_id, Group.id.in_(ids), Group.deleted_at.is_(None)
    )
    return {one.id: one.name for one in work.tx.session.scalars(query.order_by(Group.name_key, Group.id))}


def _domains(work: Work, organization_id: str, of: str, ids: Sequence[str]) -> dict[str, str]:
    require(work, Permission.DOMAIN_READ, organization_id)
    query = select(Domain).where(Domain.organization_id == organization_id, Domain.id.in_(ids)).order_by(Domain.name)
    return {one.id: one.name for one in work.tx.session.scalars(query)}


def _application(work: Work, organization_id: str, application_id: str) -> Application:
    found = queries.application(work, application_id)
    if found.organization_id != organization_id:
        raise NotFound("There is no such application.", field="application")
    return found


def _slug(work: Work, organization_id: str) -> str:
    return work.tx.session.get_one(Organization, organization_id).slug


_P = Permission
ACTS: Mapping[str, Act] = {
    DISABLE: Act("app", _P.APPLICATION_EDIT, _disable, _applications),
    ENABLE: Act("app", _P.APPLICATION_EDIT, _enable, _applications),
    WITHDRAW: Act("acg", _P.APPLICATION_GRANT, _withdraw, _grants),
    APPROVE: Act("arq", _P.APPLICATION_GRANT, _approve, _requests),
    DENY: Act("arq", _P.REQUEST_DECIDE, _deny, _requests),
    RUN_RULES: Act("grp", _P.GROUP_EDIT, _run_rule, _groups),
    CHECK: Act("dom", _P.DOMAIN_EDIT, _check, _domains),
}
"""What can be done to many that were chosen in a list."""
