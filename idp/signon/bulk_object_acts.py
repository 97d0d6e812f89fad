"""What can be done to many things of a list at once: applications, access, requests, groups, domains, invitations."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, select

from idp.base.errors import NotFound
from idp.base.texts import counted, phrase
from idp.base.work import Work
from idp.directory import (
    access_requests,
    application_lists,
    applications,
    domain_lists,
    domains,
    group_lists,
    group_rule_changes,
    queries,
    rights,
)
from idp.directory import invitations as invitation_rows
from idp.directory.console_models import Run
from idp.directory.domain_models import Domain
from idp.directory.invitations import State
from idp.directory.joining_models import AccessRequest, Invitation
from idp.directory.models import AccessGrant, Account, Application, Group
from idp.policy.domains import State as DomainState
from idp.policy.permissions import Permission, require
from idp.signon import invitations
from idp.signon.bulk_account_acts import slug
from idp.signon.bulk_objects import Act, Chosen, application_of
from idp.signon.guarding import guarded

DISABLE, ENABLE, WITHDRAW = "disable-applications", "enable-applications", "withdraw-access"
APPROVE, DENY = "approve-requests", "deny-requests"
RUN_RULES, CHECK = "run-rules", "check-domains"
RESEND, TAKE_BACK = "resend-invitations", "take-back-invitations"
_RULE = "rule"


def _disable(work: Work, run: Run, one: str) -> str:
    applications.disable(work, application_of(work, run.organization_id, one).id)
    return ""


def _enable(work: Work, run: Run, one: str) -> str:
    applications.enable(work, application_of(work, run.organization_id, one).id)
    return ""


def _withdraw(work: Work, run: Run, one: str) -> str:
    application = application_of(work, run.organization_id, run.parameters["of"])
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
        ran = group_rule_changes.run(work, one, organization=slug(work, run.organization_id))
    if not ran.held:
        return ""
    return phrase("The rule holds itself: more people would leave than its brake allows.")


def _check(work: Work, run: Run, one: str) -> str:
    domains.check_soon(work, slug(work, run.organization_id), one)
    return ""


def _applications(work: Work, organization_id: str, of: str, ids: Sequence[str]) -> dict[str, str]:
    query = queries.visible(work, Application, Permission.APPLICATION_READ).where(
        Application.organization_id == organization_id, Application.id.in_(ids), Application.deleted_at.is_(None)
    )
    query = query.where(Application.protocol.in_(application_lists.PROTOCOLS))
    return {one.id: one.name for one in work.tx.session.scalars(query.order_by(Application.name, Application.id))}


def _grants(work: Work, organization_id: str, of: str, ids: Sequence[str]) -> dict[str, str]:
    found = application_lists.some(work, application_of(work, organization_id, of), ids)
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


def _resend(work: Work, run: Run, one: str) -> str:
    invitations.resend(work, one, organization_id=run.organization_id)
    return ""


def _take_back(work: Work, run: Run, one: str) -> str:
    invitations.revoke(work, one, organization_id=run.organization_id)
    return ""


def _invitations(work: Work, organization_id: str, of: str, ids: Sequence[str]) -> dict[str, str]:
    query = invitation_rows.matching(work, organization_id).where(Invitation.id.in_(ids))
    return {one.id: one.email for one in work.tx.session.scalars(query.order_by(Invitation.email, Invitation.id))}


_Matching = Callable[[Work, str, Chosen, bool], Select[*tuple[Any, ...]]]


def _matching_applications(state: str) -> _Matching:
    def matching(work: Work, organization_id: str, chosen: Chosen, touchable: bool) -> Select[Application]:
        filters = chosen.filters or {}
        return application_lists.matching(
            work,
            organization_id,
            starting=filters.get("q", ""),
            site_id=_site_id(work, organization_id, filters.get("site", "")),
            protocol=filters.get("protocol", ""),
            state=filters.get("state", ""),
            permission=_P.APPLICATION_EDIT if touchable else _P.APPLICATION_READ,
        ).where(application_lists.STATES[state])

    return matching


def _site_id(work: Work, organization_id: str, said: str) -> str:
    """Return the site that a filter names, by id or short name; `NotFound` where there is none."""
    known = {of: one.id for one in queries.sites(work, organization_id=organization_id) for of in (one.id, one.slug)}
    if said and said not in known:
        raise NotFound(phrase("There is no site “%(slug)s”.", slug=said[:80]), field="site")
    return known.get(said, "")


def _matching_grants(work: Work, organization_id: str, chosen: Chosen, touchable: bool) -> Select[AccessGrant]:
    application = application_of(work, organization_id, chosen.of)
    return application_lists.grants(
        work,
        application,
        kind=(chosen.filters or {}).get("kind", ""),
        permission=_P.APPLICATION_GRANT if touchable else _P.APPLICATION_READ,
    )


def _matching_requests(permission: Permission) -> _Matching:
    def matching(work: Work, organization_id: str, chosen: Chosen, touchable: bool) -> Select[AccessRequest]:
        query = access_requests.matching(work, organization_id, permission=permission if touchable else _P.REQUEST_READ)
        state = (chosen.filters or {}).get("state", "")
        return query.where(AccessRequest.state == state) if state else query

    return matching


def _matching_groups(work: Work, organization_id: str, chosen: Chosen, touchable: bool) -> Select[Group]:
    filters = chosen.filters or {}
    return group_lists.matching(
        work,
        organization_id,
        starting=filters.get("q", ""),
        kind=filters.get("kind", ""),
        permission=_P.GROUP_EDIT if touchable else _P.GROUP_READ,
    ).where(Group.kind == _RULE)


def _matching_domains(work: Work, organization_id: str, chosen: Chosen, touchable: bool) -> Select[Domain]:
    filters = chosen.filters or {}
    query = domain_lists.matching(work, organization_id, starting=filters.get("q", ""), state=filters.get("state", ""))
    return query.where(Domain.state != DomainState.REMOVED)


def _matching_invitations(work: Work, organization_id: str, chosen: Chosen, touchable: bool) -> Select[Invitation]:
    state = (chosen.filters or {}).get("state", "")
    query = invitation_rows.matching(
        work,
        organization_id,
        state=State(state) if state else None,
        permission=_P.ACCOUNT_CREATE if touchable else _P.ACCOUNT_READ,
    ).where(Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None))
    out = rights.out_of_reach(work, organization_id) if touchable else None
    if out is None:
        return query
    administering = select(Account.id).where(Account.organization_id == organization_id, out)
    return query.where(Invitation.account_id.not_in(administering))


_P = Permission
_ALL = (
    Act(
        DISABLE,
        "app",
        (_P.APPLICATION_EDIT,),
        _disable,
        _applications,
        lambda count: counted("Disable %(num)s application", "Disable %(num)s applications", count),
        _matching_applications(application_lists.ACTIVE),
        Application.id,
        Application.created_at,
    ),
    Act(
        ENABLE,
        "app",
        (_P.APPLICATION_EDIT,),
        _enable,
        _applications,
        lambda count: counted("Enable %(num)s application", "Enable %(num)s applications", count),
        _matching_applications(application_lists.DISABLED),
        Application.id,
        Application.created_at,
    ),
    Act(
        WITHDRAW,
        "acg",
        (_P.APPLICATION_GRANT,),
        _withdraw,
        _grants,
        lambda count: counted("Withdraw %(num)s access grant", "Withdraw %(num)s access grants", count),
        _matching_grants,
        AccessGrant.id,
        AccessGrant.valid_from,
    ),
    Act(
        APPROVE,
        "arq",
        (_P.APPLICATION_GRANT,),
        _approve,
        _requests,
        lambda count: counted("Approve %(num)s access request", "Approve %(num)s access requests", count),
        _matching_requests(_P.APPLICATION_GRANT),
        AccessRequest.id,
        AccessRequest.created_at,
    ),
    Act(
        DENY,
        "arq",
        (_P.REQUEST_DECIDE,),
        _deny,
        _requests,
        lambda count: counted("Deny %(num)s access request", "Deny %(num)s access requests", count),
        _matching_requests(_P.REQUEST_DECIDE),
        AccessRequest.id,
        AccessRequest.created_at,
        answers=True,
    ),
    Act(
        RUN_RULES,
        "grp",
        (_P.GROUP_EDIT,),
        _run_rule,
        _groups,
        lambda count: counted("Run the rules of %(num)s group", "Run the rules of %(num)s groups", count),
        _matching_groups,
        Group.id,
        Group.created_at,
    ),
    Act(
        CHECK,
        "dom",
        (_P.DOMAIN_EDIT,),
        _check,
        _domains,
        lambda count: counted("Look for the proof of %(num)s domain", "Look for the proof of %(num)s domains", count),
        _matching_domains,
        Domain.id,
        Domain.created_at,
    ),
    Act(
        RESEND,
        "ivt",
        (_P.ACCOUNT_CREATE,),
        _resend,
        _invitations,
        lambda count: counted("Send %(num)s invitation anew", "Send %(num)s invitations anew", count),
        _matching_invitations,
        Invitation.id,
        Invitation.sent_at,
    ),
    Act(
        TAKE_BACK,
        "ivt",
        (_P.ACCOUNT_CREATE,),
        _take_back,
        _invitations,
        lambda count: counted("Take %(num)s invitation back", "Take %(num)s invitations back", count),
        _matching_invitations,
        Invitation.id,
        Invitation.sent_at,
    ),
)
ACTS: Mapping[str, Act] = {act.name: act for act in _ALL}
"""What can be done to many things of a list, by its name; what is of floors above brings its own."""
