"""
Which pages of the console are measured, of what, and by whom: every address that the application has, with an id of each
kind of thing of the large organization that `idp dev seed` makes.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import func, select

from idp.audit.models import Attempt, AuditEntry
from idp.base.work import Work
from idp.directory import access_policies
from idp.directory.authentication_policies import policies as authentication_policies
from idp.directory.console_models import Run
from idp.directory.domain_models import Domain
from idp.directory.joining_models import AccessRequest, AccountImport, Invitation, JoinRequest, JoinRule
from idp.directory.launcher_models import LauncherLayout
from idp.directory.models import (
    AccessGrant,
    Account,
    Application,
    Group,
    Membership,
    Organization,
    Role,
    RoleAssignment,
    Site,
)
from idp.directory.policies import authentication_policy
from idp.directory.provisioning_models import ProvisioningClient, ProvisioningToken
from idp.directory.told_models import ProvisioningTarget, ToldAccount
from idp.oidc.models import ApiScope, ApiScopeGrant, ApiToken, RegistrationToken
from idp.policy.models import Zone
from idp.policy.signon import Method, Proof
from idp.signon import insights, session
from tests.web.console.test_queries import ARGUMENTS, ASKED, ELSEWHERE, FILES, PARTICULAR

LARGE = "large"
QUESTIONS = ("a", "mar", "maria garcia", "olga.0@large.example", "m g", "wiki 7", "large.example a", "zzz")
LIVE = "/admin/search?live=1"
"""Where a search while one types begins."""
SHOWN = ASKED | {
    "console_search.index": "?q=extra",
    "console_bulk_objects.ask": "?act=disable-applications&chosen={some_applications}",
    "console_tokens.ask": "?{some_tokens}",
    "console_roles.confirm": "?role=help-desk&where=organization&whom=olga.0@large.example",
    "console_groups.ask_to_nest": "?parent={parent}",
    "console_groups.ask_to_unnest": "?child={plain}&parent={parent}",
    "console_access_paths.ask_to_mark": "?group={plain}",
    "console_api_scopes.ask_to_grant": "?kind=group&group={plain}&scope={scope_name}",
    "console_application_access.ask_to_give": "?kind=group&group={plain}",
    "console_bookmarks.ask_to_give": "?who=group&name={plain}",
    "console_group_rules.preview": '?condition=department is "Sales"',
}
"""What a page has to be asked, where it shows nothing without."""
OURS = {
    "console_application_client": {"application_id": "client"},
    "console_application_adding.made": {"application_id": "provider"},
    "console_application_provisioning": {"application_id": "told"},
    "console_application_vendor": {"application_id": "provider"},
    "console_group_rules": {"group_id": "ruled"},
    "console_groups.ask_to_nest": {"group_id": "plain"},
}
"""Of what else than in tests a page is shown."""
NOT_SHOWN = {
    "console_application_adding_client.made": "shows something only just after it was made",
    "console_bulk.choose": "leads on to console_bulk.ask",
    "console_group_rules.preview": "leads on where looking at everybody is a run's work",
}
"""Addresses that are no pages of an organization of this size."""
_NONE = "none"


def sessions(work: Work, many: int) -> list[str]:
    """Return that many new sessions of the large organization's administrator, each with a second step of just now."""
    db = work.tx.session
    owner = organization(work)
    held = db.query(RoleAssignment).filter_by(organization_id=owner.id, role="organization-administrator").first()
    assert held is not None
    account = db.get_one(Account, (owner.id, held.account_id))
    return [
        session.start(
            work,
            organization_id=owner.id,
            account_id=account.id,
            epoch=account.epoch,
            proofs=(Proof(Method.PASSWORD, work.now), Proof(Method.TOTP, work.now)),
            policy=authentication_policy(work, owner.id, None),
            attempt_id="",
            replaces=None,
        )[0]
        for _ in range(many)
    ]


def organization(work: Work) -> Organization:
    """Return the large organization."""
    return work.tx.session.query(Organization).filter_by(slug=LARGE).one()


def known(work: Work) -> dict[str, str]:
    """Return an id of each kind that `ARGUMENTS` names, of the large organization: where it matters, of a large one."""
    organization_id = organization(work).id

    def one(model: Any, **equal: Any) -> str:
        query = select(model.id).filter_by(organization_id=organization_id, **equal).order_by(model.id).limit(1)
        return work.tx.session.scalar(query) or _NONE

    def some(model: Any, many: int) -> list[str]:
        query = select(model.id).filter_by(organization_id=organization_id).order_by(model.id).limit(many)
        return list(work.tx.session.scalars(query))

    opened = work.tx.session.execute(
        select(AccessGrant.application_id, AccessGrant.id)
        .where(AccessGrant.organization_id == organization_id, AccessGrant.subject_kind == "everyone")
        .limit(1)
    ).one()
    bookmark = one(Application, protocol="bookmark", disabled_at=None)
    policy = access_policies.policies(work, LARGE)[0]
    site = work.tx.session.query(Site).filter_by(organization_id=organization_id).order_by(Site.id).first()
    assert site is not None
    directory = one(ProvisioningClient, failing_since=None)
    ruled = work.tx.session.scalars(
        select(Run.parameters).where(
            Run.id == one(Run, kind="group-rule-preview"), Run.organization_id == organization_id
        )
    ).one()["group_id"]
    parent = work.tx.session.scalars(
        select(Membership.group_id)
        .where(Membership.organization_id == organization_id, Membership.source.startswith("group:"))
        .limit(1)
    ).one()
    scope = _granted_scope(work, organization_id)
    return {
        "by_hand": _by_hand(work, organization_id), "api": scope.api_id, "api_scope": scope.id, "scope_name": scope.name,
        "api_grant": one(ApiScopeGrant, scope_id=scope.id, subject_kind="group"),
        "registration_token": one(RegistrationToken, site_id=site.id),
        "act": "disable", "kind": "rule", "object_kind": "group", "number": insights.WITHOUT,
        "template": "grafana", "client_template": "grafana", "version": "2",
        "account": one(Account, disabled_at=None, kind="member"), "group": parent, "parent": parent,
        "plain": _child(work, organization_id, parent), "ruled": ruled,
        "application": opened.application_id, "grant": opened.id, "site": site.slug, "site_id": site.id,
        "provider": one(Application, protocol="saml", disabled_at=None),
        "client": one(Application, protocol="oidc", disabled_at=None),
        "bookmark": bookmark, "bookmark_grant": one(AccessGrant, application_id=bookmark), "told": _told(work, organization_id),
        "run": one(Run, kind="bulk-accounts"), "run_preview": one(Run, kind="group-rule-preview"),
        "domain": one(Domain), "domain_held": one(Domain, state="verified"),
        "attempt": one(Attempt), "entry": one(AuditEntry), "zone": one(Zone), "role": one(Role),
        "assignment": one(RoleAssignment, role="help-desk"), "layout": one(LauncherLayout),
        "access_request": one(AccessRequest, state="pending"), "invitation": one(Invitation),
        "import": one(AccountImport, state="previewed"), "import_done": one(AccountImport, state="applied"),
        "join_request": one(JoinRequest), "join_rule": one(JoinRule),
        "authentication_policy": authentication_policies(work, LARGE)[0].id, "policy": policy.id,
        "access_rule": access_policies.rules_of(work, policy).rules[0].id,
        "provisioning_client": directory, "provisioning_token": one(ProvisioningToken, client_id=directory),
        "some_applications": ",".join(some(Application, 200)),
        "some_tokens": "&".join(f"chosen={token}" for token in some(ApiToken, 100)),
    }  # fmt: skip


def _granted_scope(work: Work, organization_id: str) -> ApiScope:
    """Return a scope of an API that is granted to a group."""
    query = (
        select(ApiScope)
        .join(
            ApiScopeGrant,
            (ApiScopeGrant.organization_id == ApiScope.organization_id) & (ApiScopeGrant.scope_id == ApiScope.id),
        )
        .where(ApiScope.organization_id == organization_id, ApiScopeGrant.subject_kind == "group")
        .order_by(ApiScope.api_id, ApiScope.id)
    )
    return work.tx.session.scalars(query.limit(1)).one()


def _told(work: Work, organization_id: str) -> str:
    """Return the application that is told of most accounts."""
    query = (
        select(ProvisioningTarget.application_id)
        .join(ToldAccount, ToldAccount.target_id == ProvisioningTarget.id)
        .where(ProvisioningTarget.organization_id == organization_id, ToldAccount.organization_id == organization_id)
        .group_by(ProvisioningTarget.application_id)
        .order_by(func.count().desc())
    )
    return work.tx.session.scalar(query.limit(1)) or _NONE


def _child(work: Work, organization_id: str, parent: str) -> str:
    query = (
        select(Membership.source)
        .join(Group, (Group.organization_id == Membership.organization_id) & (Group.id == parent))
        .where(Membership.group_id == parent, Membership.organization_id == organization_id)
        .where(Membership.source.startswith("group:"))
    )
    return work.tx.session.scalars(query.limit(1)).one().removeprefix("group:")


def _by_hand(work: Work, organization_id: str) -> str:
    """Return a group that is filled by hand and carries no role."""
    carrying = select(RoleAssignment.group_id).where(
        RoleAssignment.organization_id == organization_id, RoleAssignment.group_id.is_not(None)
    )
    query = select(Group.id).where(
        Group.organization_id == organization_id, Group.kind == "manual", Group.id.not_in(carrying)
    )
    return work.tx.session.scalar(query.order_by(Group.id).limit(1)) or _NONE


def paths(application: Any, things: Mapping[str, str]) -> list[str]:
    """Return the addresses to measure."""
    return sorted({*_asked(things), *(path for _, path in pages(application, things) if path)})


def pages(application: Any, things: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each page's endpoint and its address; an empty one where the seed has nothing of that kind."""
    for rule in application.url_map.iter_rules():
        if not rule.rule.startswith("/admin") or "GET" not in rule.methods or rule.endpoint in {*ELSEWHERE, *NOT_SHOWN}:
            continue
        if rule.rule.endswith(FILES):
            continue  # files of everything, streamed: no pages
        blueprint = rule.endpoint.partition(".")[0]
        told = ARGUMENTS | PARTICULAR.get(blueprint, {}) | OURS.get(blueprint, {})
        told = told | PARTICULAR.get(rule.endpoint, {}) | OURS.get(rule.endpoint, {})
        if any(things.get(told.get(name, ""), _NONE) == _NONE for name in rule.arguments):
            yield rule.endpoint, ""
            continue
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda m: things[told[m.group(1)]], rule.rule)  # noqa: B023
        yield rule.endpoint, path + SHOWN.get(rule.endpoint, "").format(**things)


def _asked(things: Mapping[str, str]) -> Iterator[str]:
    """Yield addresses with what people ask of lists and of the search."""
    yield from ("/admin/accounts?state=disabled", "/admin/accounts?q=maria", "/admin/accounts?q=zz")
    yield from (f"/admin/insights/people/{which}" for which in (insights.WITH, insights.INACTIVE, insights.GUESTS))
    yield from ("/admin/groups?kind=rule", "/admin/groups?kind=provisioned")
    yield from ("/admin/applications?q=wiki", "/admin/applications?state=disabled")
    yield from ("/admin/attempts?outcome=refused", "/admin/audit?tag=account.disabled")
    yield from (f"/admin/applications/{things['provider']}/{tab}" for tab in ("people", "access"))
    yield from (f"/admin/access/report?days={days}" for days in (1, 30))
    yield f"/admin/applications/{things['told']}"
    yield from (f"/admin/search?q={question}" for question in QUESTIONS)
    yield from (f"{LIVE}&q={question}" for question in (*QUESTIONS, things["attempt"][:8], things["attempt"]))


def shown(path: str) -> str:
    """Return an address as people read it: without ids, and not longer than a line."""
    short = re.sub(r"[a-z]{3}_[0-9a-z]{20,}", "…", path)
    return short if len(short) <= 90 else short[:89] + "…"
