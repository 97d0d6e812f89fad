"""
Who may change a thing: a page for each object of the console, from the roles that are held now.

It is the same page for all of them, so that it can be asked of whatever has an address. Whoever may read no roles is
not told who holds them; of what they may not see themselves, it is not said whether it is there.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response

from idp.base.errors import NotFound
from idp.base.work import HeldRole, Work
from idp.directory import (
    access_policies,
    access_requests,
    authentication_policies,
    domain_reads,
    imports,
    join_rules,
    launcher_layouts,
    queries,
    rights,
    role_holders,
    roles,
    runs,
    zones,
)
from idp.directory.models import Application, Site
from idp.oidc import api_lists
from idp.policy.permissions import PROGRAM_ROLES, PROVISIONING_CLIENT, Permission, require
from idp.provisioning import clients
from idp.signon import joining
from idp.web.console.desk import Desk, at_desk, console_page
from idp.web.languages import gettext as _
from idp.web.languages import in_words
from idp.web.security import administrator

pages = Blueprint("console_who_may", __name__, url_prefix="/admin/who-may")

_P = Permission
_MOST = 100


@dataclass(frozen=True, slots=True)
class Subject:
    """
    What it is asked of.

    Args:
        name: what it is called.
        place, back: its entry of the navigation, and its page (an endpoint, and what its address says).
        acts: what can be done to it (a word of the template), and the permissions that this needs, all of them.
        site_id, application_id: where it is.
        carried: roles that come with being in it: whoever holds less puts nobody in.
        also: who may do something by no role: a word of the template.
    """

    name: str
    place: str
    back: tuple[str, dict[str, str]]
    acts: tuple[tuple[str, tuple[Permission, ...]], ...]
    site_id: str | None = None
    application_id: str | None = None
    carried: tuple[HeldRole, ...] = field(default=())
    also: str = ""


@pages.get("/<kind>/<reference>")
@administrator
@at_desk
def show(work: Work, desk: Desk, kind: str, reference: str) -> Response:
    """Show who may do what to one thing, and by which role."""
    find = KINDS.get(kind)
    if find is None:
        raise NotFound("There is no page at this address.")
    subject = find(work, desk, reference)
    if not desk.may_anywhere(Permission.ROLE_READ):
        require(work, Permission.ROLE_READ, desk.organization.id)
    every, more = role_holders.holders(
        work,
        {one for _word, wanted in subject.acts for one in wanted},
        organization_id=desk.organization.id,
        site_id=subject.site_id,
        application_id=subject.application_id,
        limit=_MOST,
    )
    at = {"site_id": subject.site_id, "application_id": subject.application_id}
    found = [
        (
            word,
            [
                one
                for one in every
                if role_holders.holds_all(one, wanted, **at)
                and not (word == "members" and role_holders.lacks(one, subject.carried))
            ],
        )
        for word, wanted in subject.acts
    ]
    return console_page(
        work, desk, "console/who_may.html", place=subject.place, subject=subject, found=found, cut_off=more, most=_MOST
    )


def _group(work: Work, desk: Desk, reference: str) -> Subject:
    group = queries.group(work, reference, organization_id=desk.organization.id)
    return Subject(
        group.name,
        "groups",
        ("console_groups.show", {"group_id": group.id}),
        (("edit", (_P.GROUP_EDIT,)), ("members", (_P.GROUP_MEMBERS,))),
        carried=rights.roles_of_group(work, group),
    )


def _domain(work: Work, desk: Desk, reference: str) -> Subject:
    domain = domain_reads.domain(work, desk.organization.slug, reference)
    return Subject(
        domain.name, "domains", ("console_domains.show", {"domain_id": domain.id}), (("edit", (_P.DOMAIN_EDIT,)),)
    )


def _site(work: Work, desk: Desk, reference: str) -> Subject:
    site = _site_by_id(work, desk, reference)
    acts = (("edit", (_P.SITE_EDIT,)), ("add", (_P.APPLICATION_CREATE,)), ("rotate", (_P.KEY_ROTATE,)))
    return Subject(site.name, "sites", ("console_sites.show", {"slug": site.slug}), acts, site_id=site.id)


def _keys(work: Work, desk: Desk, reference: str) -> Subject:
    site = _site_by_id(work, desk, reference)
    require(work, _P.KEY_READ, site.organization_id, site_id=site.id)
    back = ("console_keys.show", {"site_id": site.id})
    return Subject(
        _("Keys of %(name)s", name=site.name), "keys", back, (("rotate", (_P.KEY_ROTATE,)),), site_id=site.id
    )


_APPLICATION = (
    ("edit", (_P.APPLICATION_EDIT,)),
    ("grant", (_P.APPLICATION_GRANT,)),
    ("delete", (_P.APPLICATION_DELETE,)),
)


def _application(work: Work, desk: Desk, reference: str) -> Subject:
    found = _application_by_id(work, desk, reference, ("saml", "oidc"))
    back = ("console_applications.show", {"application_id": found.id})
    return Subject(found.name, "applications", back, _APPLICATION, found.site_id, found.id)


def _api(work: Work, desk: Desk, reference: str) -> Subject:
    found = api_lists.found(work, desk.organization.id, reference)
    acts = (("edit", (_P.API_EDIT,)), ("grant", (_P.API_GRANT,)), ("delete", (_P.API_DELETE,)))
    return Subject(found.name, "apis", ("console_apis.show", {"api_id": found.id}), acts, found.site_id)


def _bookmark(work: Work, desk: Desk, reference: str) -> Subject:
    found = _application_by_id(work, desk, reference, ("bookmark",))
    back = ("console_bookmarks.show", {"bookmark_id": found.id})
    return Subject(found.name, "bookmarks", back, _APPLICATION, found.site_id, found.id)


def _policy(work: Work, desk: Desk, reference: str) -> Subject:
    policy = authentication_policies.policy(work, desk.organization.slug, reference)
    return Subject(
        policy.name, "policies", ("console_policies.show", {"policy_id": policy.id}), (("edit", (_P.POLICY_EDIT,)),)
    )


def _access(work: Work, desk: Desk, reference: str) -> Subject:
    policy = access_policies.policy(work, desk.organization.slug, reference)
    return Subject(
        policy.name, "access", ("console_access.show", {"policy_id": policy.id}), (("edit", (_P.POLICY_EDIT,)),)
    )


def _zone(work: Work, desk: Desk, reference: str) -> Subject:
    zone = zones.zone(work, desk.organization.slug, reference)
    return Subject(zone.name, "zones", ("console_zones.show", {"zone_id": zone.id}), (("edit", (_P.POLICY_EDIT,)),))


def _provisioning_client(work: Work, desk: Desk, reference: str) -> Subject:
    found = clients.client(work, reference, organization_id=desk.organization.id)
    held = sorted({_P.PROVISIONING_MANAGE, *PROGRAM_ROLES[PROVISIONING_CLIENT]})  # nobody lets it do what they may not
    back = ("console_provisioning.show", {"client_id": found.id})
    return Subject(found.name, "provisioning", back, (("edit", tuple(held)), ("stop", (_P.PROVISIONING_MANAGE,))))


def _layout(work: Work, desk: Desk, reference: str) -> Subject:
    layout = launcher_layouts.layout(work, desk.organization.slug, reference)
    called = launcher_layouts.named(work, [layout])[layout.id] if layout.group_id else _("everyone")
    return Subject(
        _("Launcher of %(group)s", group=called),
        "layouts",
        ("console_layouts.show", {"layout_id": layout.id}),
        (("edit", (_P.ORGANIZATION_EDIT,)),),
    )


def _join_rule(work: Work, desk: Desk, reference: str) -> Subject:
    rule = join_rules.rule(work, reference, organization=desk.organization.slug)
    back = ("console_joining.rule", {"rule_id": rule.id})
    return Subject(rule.domain, "joining", back, (("edit", (_P.DOMAIN_EDIT, _P.ACCOUNT_CREATE)),))


def _join_request(work: Work, desk: Desk, reference: str) -> Subject:
    found = joining.get(work, reference, organization_id=desk.organization.id)
    acts = (("approve", (_P.REQUEST_DECIDE, _P.ACCOUNT_CREATE)), ("deny", (_P.REQUEST_DECIDE,)))
    return Subject(found.email, "joining", ("console_joining.show", {"request_id": found.id}), acts)


def _request(work: Work, desk: Desk, reference: str) -> Subject:
    found = access_requests.get(work, reference, organization_id=desk.organization.id)
    application = found.application
    return Subject(
        _("%(name)s asks for %(application)s", name=found.account.name, application=application.name),
        "requests",
        ("console_requests.show", {"request_id": found.request.id}),
        (("approve", (_P.REQUEST_DECIDE, _P.APPLICATION_GRANT)), ("deny", (_P.REQUEST_DECIDE,))),
        application.site_id,
        application.id,
        also="not-own",
    )


def _import(work: Work, desk: Desk, reference: str) -> Subject:
    found = imports.get(work, reference, organization_id=desk.organization.id)
    name = found.file_name or found.id
    back = ("console_imports.show", {"import_id": found.id})
    return Subject(name, "imports", back, (("apply", (_P.ACCOUNT_CREATE,)),), also="each-row")


def _invitations(work: Work, desk: Desk, reference: str) -> Subject:
    if reference != "all":
        raise NotFound("There is no page at this address.")
    require(work, _P.ACCOUNT_CREATE, desk.organization.id)
    return Subject(
        _("Invitations"), "invitations", ("console_invitations.index", {}), (("invite", (_P.ACCOUNT_CREATE,)),)
    )


def _role(work: Work, desk: Desk, reference: str) -> Subject:
    role = roles.role(work, reference, organization_id=desk.organization.id)
    acts: tuple[tuple[str, tuple[Permission, ...]], ...] = (("give", (_P.ROLE_GRANT,)),)
    if role.own is not None:
        acts = (("edit", (_P.ROLE_EDIT,)), *acts)
    return Subject(role.name, "roles", ("console_roles.show", {"role_key": role.key}), acts, also="holds-as-much")


def _run(work: Work, desk: Desk, reference: str) -> Subject:
    run = runs.get(work, desk.organization.id, reference)
    acts = (("stop", (_P.ORGANIZATION_EDIT,)),)
    return Subject(in_words(runs.title(run)), "runs", ("console_runs.show", {"run_id": run.id}), acts, also="asked-for")


def _organization(work: Work, desk: Desk, reference: str) -> Subject:
    if reference != desk.organization.id:
        raise NotFound("There is no page at this address.")
    acts = (("edit", (_P.ORGANIZATION_EDIT,)),)
    return Subject(desk.organization.name, "organization", ("console_organization.index", {}), acts)


def _site_by_id(work: Work, desk: Desk, site_id: str) -> Site:
    sites = queries.sites(work, organization_id=desk.organization.id)
    found = next((one for one in sites if one.id == site_id), None)
    if found is None:
        raise NotFound("There is no such site.", field="site")
    return found


def _application_by_id(work: Work, desk: Desk, application_id: str, protocols: tuple[str, ...]) -> Application:
    found = queries.application(work, application_id)
    if found.organization_id != desk.organization.id or found.protocol not in protocols:
        raise NotFound("There is no such application.", field="application")
    return found


KINDS: dict[str, Callable[[Work, Desk, str], Any]] = {
    "group": _group,
    "domain": _domain,
    "site": _site,
    "keys": _keys,
    "application": _application,
    "api": _api,
    "bookmark": _bookmark,
    "policy": _policy,
    "access": _access,
    "zone": _zone,
    "provisioning-client": _provisioning_client,
    "layout": _layout,
    "join-rule": _join_rule,
    "join-request": _join_request,
    "request": _request,
    "import": _import,
    "invitations": _invitations,
    "role": _role,
    "run": _run,
    "organization": _organization,
}
"""By the word in the address: each finds the thing as its own page does, so that nobody learns more here than there."""
