"""
A version check on every edit: of two administrators at once, the second sees what has changed.

Every form of every page of the console is sent with a version that is over. What has none is named here, with why.
"""

from collections import defaultdict

import lxml.html
import pytest

from idp.directory import (
    accounts,
    applications,
    groups,
    join_rules,
    launcher_layouts,
    memberships,
    queries,
    role_assignments,
    zones,
)
from idp.directory.zones import Contents
from idp.provisioning import clients
from idp.saml import templates
from idp.saml.key_change import rotating
from tests.support import template_world, vendors
from tests.support.front import BEN
from tests.support.scim import Peer
from tests.support.visitor import values_of
from tests.web.conftest import signed_in
from tests.web.console.test_queries import FEW, World, address, pages_of

MAKES = "makes something new: nothing that was shown is changed"
ONCE = "of several at once one does it; whoever comes second is told that it was done"
LOOKS = "changes nothing"
NUMBERS = "carries the numbers that were looked at, and is refused where they are others by now"
AGAIN = "does once more what is to be done anyway; whoever comes second is told that there is nothing to do"
EACH = "is about people by name; what came of each is said"

WITHOUT = {
    "console_registration_tokens.create": MAKES,
    "console_registration_tokens.revoke": ONCE,
    "console_apis.create": MAKES,
    "console_api_scopes.add": MAKES,
    "console_api_scopes.withdraw": ONCE,
    "console_access.create": MAKES,
    "console_access_rules.create": MAKES,
    "console_application_access.give": MAKES,
    "console_application_adding.look": LOOKS,
    "console_application_adding.register": MAKES,
    "console_application_adding.register_by_hand": MAKES,
    "console_application_adding.register_template": MAKES,
    "console_application_adding_client.register": MAKES,
    "console_application_adding_client.register_template": MAKES,
    "console_application_aggregate.look": LOOKS,
    "console_application_aggregate.register": MAKES,
    "console_claim_lists.upload": MAKES,
    "console_application_test.begin": MAKES,
    "console_access_paths.give": MAKES,
    "console_bookmarks.create": MAKES,
    "console_bookmarks.give": MAKES,
    "console_domains.added": MAKES,
    "console_groups.create": MAKES,
    "console_imports.upload": MAKES,
    "console_invitations.invite": MAKES,
    "console_joining.create_rule": MAKES,
    "console_layouts.create": MAKES,
    "console_policies.create": MAKES,
    "console_provisioning.create": MAKES,
    "console_roles.create": MAKES,
    "console_roles.grant": MAKES,
    "console_sites.create": MAKES,
    "console_zones.create": MAKES,
    "console_application_access.withdraw": ONCE,
    "console_bookmarks.withdraw": ONCE,
    "console_imports.applied": ONCE,
    "console_imports.undone": ONCE,
    "console_invitations.act": ONCE,
    "console_joining.decide": ONCE,
    "console_application_provisioning.test": LOOKS,
    "console_provisioning.revoke": ONCE,
    "console_requests.decide": ONCE,
    "console_roles.withdraw": ONCE,
    "console_runs.stop": ONCE,
    "console_application_provisioning.reconcile": AGAIN,
    "console_application_provisioning.resume": AGAIN,
    "console_application_provisioning.retry": AGAIN,
    "console_tokens.revoke": ONCE,
    "console_application_checks.examine": LOOKS,
    "console_application_saml.compare": LOOKS,
    "console_application_saml.refresh": "takes what the address says now; whatever more it says waits for somebody",
    "console_domains.check": LOOKS,
    "console_group_rules.look": LOOKS,
    "console_domains.claimed": NUMBERS,
    "console_domains.unclaimed": NUMBERS,
    "console_access.assign": "takes out only of the policy that the page was of (if_policy)",
    "console_access.assign_console": "carries the policy that was shown (now_under)",
    "console_bulk.start": EACH,
    "console_bulk_objects.start": EACH,
    "console_groups.add": EACH,
    "console_groups.remove": EACH,
    "console_policies.move": EACH,
}
UNSEEN = {
    "console_access.confirm": "shown while a version is on trial",
    "console_access.restore": "shown of an older version",
    "console_access.roll_back": "shown while a version is on trial",
    "console_application_checks.fix": "shown of a finding that has a fix",
    "console_application_provisioning.enable": "shown after what it would do was looked at",
    "console_application_saml_further.choose_encryption": "shown of an application that has a certificate to encrypt for",
    "console_application_saml.decide": "shown while a change waits",
    "console_application_saml.remove_certificate": "shown of a certificate",
    "console_application_saml.roll_over": "shown while a key is changed",
    "console_application_saml.take": "shown after metadata was looked at",
    "console_applications.enable": "shown of a disabled application",
    "console_groups.delete": "shown of a group that nothing names",
    "console_provisioning.hand_over": "shown of a group that a directory may keep; refused where it is another by now",
    "console_group_rules.run": "shown of a rule that is on",
    "console_group_rules.switch_off": "shown of a rule that is on",
}
"""Forms that the walk does not meet, each tried by itself below or in the test of its page."""


TYPED = {
    "console_application_saml.add_certificates": {"certificates": vendors.OKTA.signing.der, "use": "signing"},
    "console_applications.logo": {"remove": "1"},
    "console_bookmarks.logo": {"remove": "1"},
    "console_sites.logo": {"remove": "1"},
    "console_layouts.change": {"add": "More"},
}
"""What has to be typed before the version is looked at."""


@pytest.fixture
def met(front):
    """Every form of the console that is sent by POST: fields by endpoint, and the address of each."""
    world = World(front)
    world.have(FEW)
    visitor = signed_in(front)
    found: dict[str, list[tuple[str, dict[str, object]]]] = defaultdict(list)
    for endpoint, pattern, arguments in pages_of(front):
        path = address(world, endpoint, pattern, arguments)
        answer = visitor.client.get(path)
        if answer.status_code != 200 or not answer.data:
            continue
        page = lxml.html.fromstring(answer.data, base_url=f"http://localhost{path}")
        for form in page.xpath("//main//form[@method='post']"):
            to = form.get("action") or path
            fields = dict(form.form_values()) | {"methods": form.xpath(".//input[@name='methods'][@checked]/@value")}
            for one in form.xpath(".//button[@name]")[-1:]:
                fields[one.get("name")] = one.get("value", "")
            found[_endpoint(front, to)].append((to, fields))
    return visitor, found


def _endpoint(front, path: str) -> str:
    adapter = front.app.url_map.bind("localhost")
    return adapter.match(path.split("?")[0], method="POST")[0]


def posts(front) -> set[str]:
    return {
        rule.endpoint
        for rule in front.app.url_map.iter_rules()
        if rule.rule.startswith("/admin") and "POST" in (rule.methods or ())
    }


def test_every_edit_that_was_opened_for_another_version_is_refused_with_what_has_changed(front, met):
    visitor, found = met
    wrong: dict[str, object] = {}
    for endpoint, forms in sorted(found.items()):
        with_version = [one for one in forms if "version" in one[1]]
        if endpoint in WITHOUT:
            continue
        if not with_version:
            wrong[endpoint] = "no version"
            continue
        path, fields = with_version[0]
        sent = {**fields, "version": "987654321", **TYPED.get(endpoint, {})}
        answer = visitor.client.post(path, data=sent)
        page = lxml.html.fromstring(answer.data)
        if answer.status_code != 409 or page.xpath("string(//h1)") != "Someone else was faster":
            wrong[endpoint] = (path, answer.status_code, page.xpath("string(//h1)"))
            continue
        again = page.xpath("string(//a[contains(@class, 'primary')]/@href)")
        status = visitor.client.get(again).status_code
        if status not in (200, 303):
            wrong[endpoint] = ("the page is not loaded again", again, status)

    assert not wrong, "\n".join(f"{k}: {v}" for k, v in wrong.items())
    missed = posts(front) - found.keys() - WITHOUT.keys()
    assert missed == UNSEEN.keys() - found.keys()
    assert WITHOUT.keys() <= posts(front)


def test_the_second_of_two_who_switch_an_application_sees_the_first(front, admin):
    with front.work() as work:
        okta = template_world.register(work, templates.find("grafana")).application_id
    admin.open(f"/admin/applications/{okta}/disable")
    front.later(seconds=5)
    with front.work() as work:
        applications.rename(work, okta, "Renamed meanwhile")
    admin.submit("Disable")

    assert (admin.status, "Renamed meanwhile" in admin.text) == (409, True)
    with front.work() as work:
        assert queries.application(work, okta).disabled_at is None
        applications.disable(work, okta)
    admin.open(f"/admin/applications/{okta}")
    front.later(seconds=5)
    with front.work() as work:
        applications.rename(work, okta, "Grafana")
    admin.submit("Enable Renamed meanwhile")
    assert admin.status == 409


def test_the_second_of_two_who_nest_a_group_sees_the_first(front, admin):
    with front.work() as work:
        for name in ("Inner", "Outer", "Other"):
            groups.create(work, name, organization="acme")
        inner = queries.group(work, "Inner", organization_id=front.organization_id).id
    admin.open(f"/admin/groups/{inner}/nest?parent=Outer")
    front.later(seconds=5)
    with front.work() as work:
        groups.nest(work, "Inner", "Other", organization="acme")
    admin.submit("Put it inside")

    assert admin.status == 409
    assert admin.title == "Someone else was faster"


def test_the_second_of_two_who_disable_an_account_sees_the_first(front, admin):
    path = f"/admin/accounts/{front.account_ids[BEN]}/actions/disable"
    admin.open(path)
    front.later(seconds=5)
    with front.work() as work:
        accounts.rename(work, BEN, name="Ben the Second")
    admin.submit("Disable")

    assert (admin.status, "Ben the Second" in admin.text) == (409, True)
    with front.work() as work:
        assert queries.account(work, BEN).disabled_at is None


def test_a_key_is_not_moved_two_steps_on_by_two_who_meant_one(front, admin):
    with front.work() as work:
        site = queries.site(work, "acme")
        path = f"/admin/keys/{site.id}/rotate?purpose=saml-signing"
        admin.open(path)
        rotating.rotate(work, site, purpose="saml-signing")
    admin.submit("Go one step on")

    assert admin.status == 409
    assert admin.title == "Someone else was faster"


def test_a_group_that_gives_roles_or_many_at_once_are_asked_about_before(front, admin):
    with front.work() as work:
        desk = groups.create(work, "Desk", organization="acme").id
        role_assignments.grant(work, "auditor", organization="acme", group="Desk")
    admin.open(f"/admin/groups/{desk}").submit("Add them", accounts=BEN)
    assert "1 account enters “Desk” at once" in admin.text
    assert "holds 1 role of administrators by it" in admin.text
    with front.work() as work:
        assert queries.account(work, BEN).id not in _members(work, front, "Desk")
    admin.submit("Add them")
    assert "1 added." in admin.text

    front.later(minutes=6)
    admin.open(f"/admin/groups/{desk}").submit("Take the chosen ones out", account=front.account_ids[BEN])
    assert admin.path.startswith("/signin/")
    with front.work() as work:
        assert queries.account(work, BEN).id in _members(work, front, "Desk")


def _members(work, front, name):
    found = queries.group(work, name, organization_id=front.organization_id)
    return {one.account.id for one in memberships.members(work, found)}


@pytest.mark.parametrize("tail", ["access/give?kind=everyone", "doctor/fix?kind=x"])
def test_what_is_dangerous_asks_for_a_second_step_of_the_last_five_minutes(front, admin, tail):
    with front.work() as work:
        app = template_world.register(work, templates.find("grafana")).application_id
    front.later(minutes=6)

    assert admin.open(f"/admin/applications/{app}/{tail}").path.startswith("/signin/")


def test_what_widens_or_blocks_asks_for_it_before_it_is_typed_and_again_when_it_is_sent(front, admin):
    peer = Peer(front)
    with front.work() as work:
        zone = zones.create(work, "acme", "Office", Contents(networks=("192.0.2.0/24",))).id
        rule = join_rules.create(work, "acme.example", organization="acme").id
    forms = {
        "zones/new": {"name": "Bad", "networks": "198.51.100.0/24", "usage": "blocklist"},
        f"zones/{zone}/edit": {"usage": "blocklist"},
        "joining/rules/new": {"domain": "globex.example"},
        f"joining/rules/{rule}": {"kind": "guest"},
        f"provisioning/{peer.id}/edit": {"takes_over": "domains"},
        "layouts/new": {"group": "Research"},
    }
    sent = {}
    for path, typed in forms.items():
        form = admin.open(f"/admin/{path}").page.xpath("//main//form")[0]
        sent[path] = {**values_of(form), **typed, "confirmed": "yes"}
    front.later(minutes=6)
    missing = []
    for path, values in sent.items():
        if not admin.open(f"/admin/{path}").path.startswith("/signin/"):
            missing.append(("GET", path))
        if not admin.post(f"/admin/{path}", values).path.startswith("/signin/"):
            missing.append(("POST", path))

    assert missing == []
    with front.work() as work:
        assert [(one.name, one.usage) for one in zones.zones(work, "acme")] == [("Office", "policy")]
        assert [(one.domain, one.kind) for one in join_rules.rules(work)] == [("acme.example", "member")]
        assert clients.client(work, peer.id, organization_id=front.organization_id).takes_over == clients.MANAGED
        assert launcher_layouts.layouts(work, "acme") == []
