"""Zones in the console: made, changed, tried; what would lock somebody out is refused and nothing typed is lost."""

import pytest

from idp.directory import access_policies, organizations, role_assignments, roles, zones
from idp.directory.zones import Contents
from idp.policy.access import documents
from tests.support.front import ANN, DORA, PASSWORD
from tests.support.visitor import Visitor
from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator


@pytest.fixture
def office(front):
    with front.work() as work:
        return zones.create(work, "acme", "Office", Contents(networks=("192.0.2.0/24",))).id


def test_without_zones_the_page_says_what_they_are_for_and_how_one_is_seen(admin):
    admin.open("/admin/zones")

    assert "There is no zone yet" in admin.text
    assert "127.0.0.1" in admin.text


def test_a_zone_is_made_of_lines(front, admin):
    admin.open("/admin/zones/new").submit(
        name="Office", networks="192.0.2.0/24 # Berlin\n\n2001:db8::/32", countries="de", usage="policy"
    )

    assert admin.title == "Office"
    with front.work() as work:
        made = zones.zone(work, "acme", "Office")
        assert (made.networks, made.countries) == (["192.0.2.0/24", "2001:db8::/32"], ["DE"])


def test_what_is_no_network_is_told_beside_its_field_and_nothing_typed_is_lost(admin):
    admin.open("/admin/zones/new").submit(name="Office", networks="192.0.2.7/24")

    assert admin.status == 422
    assert "Write 192.0.2.0/24" in admin.text
    assert "192.0.2.7/24" in admin.page.xpath("string(//textarea[@name='networks'])")


def test_the_block_list_does_not_take_the_address_of_whoever_makes_it(front, admin):
    admin.open("/admin/zones/new").submit(name="Bad", networks="127.0.0.0/8", usage="blocklist")

    assert admin.status == 409
    assert "This would lock administrators out" in admin.text
    assert "(you)" in admin.text
    assert admin.field("name").get("value") == "Bad"
    with front.work() as work:
        assert zones.zones(work, "acme") == []


@pytest.fixture
def dora(front):
    """Dora has signed in from an address of the office, twice."""
    for _ in range(2):
        one = Visitor(front.app.test_client())
        one.client.environ_base["REMOTE_ADDR"] = "192.0.2.9"
        one.open("/").submit(username=DORA, password=PASSWORD).submit(otp=front.code())
        assert one.path == "/"
        front.later(minutes=1)


def test_before_a_zone_shuts_addresses_out_the_page_says_how_many_people_come_from_there(front, admin, dora):
    typed = {"networks": "192.0.2.0/24 # Berlin\n2001:db8::/32", "countries": "kp"}
    admin.open("/admin/zones/new").submit(name="Bad", usage="blocklist", **typed)

    assert admin.title == "Create the zone “Bad”?"
    assert (
        "onto the block list gets no answer at all; 1 person has signed on from there in the last 7 days." in admin.text
    )
    with front.work() as work:
        assert zones.zones(work, "acme") == []
    admin.submit("Create the zone")
    with front.work() as work:
        [made] = zones.zones(work, "acme")
        assert (made.networks, made.countries, made.usage) == (["192.0.2.0/24", "2001:db8::/32"], ["KP"], "blocklist")

    admin.open(f"/admin/zones/{made.id}/edit").submit(name="Worse")
    assert admin.title == "Worse", "a name meets nobody"
    admin.open(f"/admin/zones/{made.id}/edit").submit(usage="policy")
    assert "takes off the block list gets answers again at once; the 3 people of the organization" in admin.text
    admin.submit("Save")
    with front.work() as work:
        assert zones.zone(work, "acme", "Worse").usage == "policy"


def test_what_is_refused_is_refused_before_anybody_is_asked(front, admin, office):
    admin.open("/admin/zones/new").submit(name="office", networks="198.51.100.0/24", usage="blocklist")

    assert (admin.status, "There is a zone" in admin.text) == (409, True)
    assert admin.field("name").get("value") == "office"


def test_of_two_who_shut_addresses_out_the_second_sees_what_has_changed_while_being_asked(front, admin, office):
    admin.open(f"/admin/zones/{office}/edit").submit(usage="blocklist")
    with front.work() as work:
        zones.change(work, "acme", office, contents=Contents(networks=("198.51.100.0/24",)))
    admin.submit("Save")

    assert admin.status == 409
    assert "192.0.2.0/24" in admin.text, "what was sent"
    with front.work() as work:
        assert zones.zone(work, "acme", office).usage == "policy"


def test_whoever_may_not_read_the_log_is_told_of_all_people_there_are(front, office):
    with front.work() as work:
        roles.create(work, "Zones", organization="acme", permissions=["policy:read", "policy:edit"])
        role_assignments.grant(work, "Zones", organization="acme", account=ANN)
    admin = signed_in(front)
    admin.open(f"/admin/zones/{office}/edit").submit(usage="blocklist")

    assert "that counts for all 3 people of the organization." in admin.text


def test_a_zone_that_rules_name_says_how_many_it_meets_before_its_contents_change(front, admin, office, dora):
    with front.work() as work:
        named = {"networks": {"zones": [office]}}
        rules = {"rules": [{"name": "Here", "conditions": named, "answer": {"effect": "allow"}}]}
        access_policies.write(work, "acme", "Sessions", documents.rules_from_json(rules))
    admin.open(f"/admin/zones/{office}/edit").submit(networks="198.51.100.0/24")

    assert "Rules that name the zone (1) count with its new contents at once; 1 person has signed on" in admin.text
    admin.submit("Save")
    with front.work() as work:
        assert zones.zone(work, "acme", office).networks == ["198.51.100.0/24"]


def test_an_address_is_tried(admin, office):
    assert "in Office" in admin.open("/admin/zones?ip=192.0.2.9").text
    assert "in no zone" in admin.open("/admin/zones?ip=198.51.100.1").text
    assert "This is no address" in admin.open("/admin/zones?ip=nonsense").text


def test_of_two_administrators_the_second_sees_what_has_changed(front, admin, office):
    path = f"/admin/zones/{office}/edit"
    admin.open(path)
    front.later(seconds=30)
    other = signed_in(front)
    other.open(path).submit(networks="198.51.100.0/24")

    admin.submit(name="Headquarters")

    assert admin.status == 409
    assert "198.51.100.0/24" in admin.text
    with front.work() as work:
        assert zones.zone(work, "acme", "Office").networks == ["198.51.100.0/24"]


def test_a_zone_that_a_rule_names_cannot_be_deleted_and_the_page_says_by_which(front, admin, office):
    with front.work() as work:
        rules = {
            "rules": [{"name": "Here", "conditions": {"networks": {"zones": [office]}}, "answer": {"effect": "allow"}}]
        }
        access_policies.write(work, "acme", "Sessions", documents.rules_from_json(rules))

    admin.open(f"/admin/zones/{office}/delete")

    assert "Sessions: Here" in admin.text
    assert not admin.page.xpath("//main//button")


def test_a_zone_is_deleted_with_a_fresh_second_step(front, admin, office):
    admin.open(f"/admin/zones/{office}/delete").submit("Delete the zone")

    assert (admin.path, "was deleted" in admin.text) == ("/admin/zones", True)
    with front.work() as work:
        assert zones.zones(work, "acme") == []


def test_d17_after_five_minutes_the_second_step_is_asked_again_before_a_zone_is_deleted(front, admin, office):
    front.later(minutes=6)

    admin.open(f"/admin/zones/{office}/delete")

    assert admin.path.startswith("/signin/")


def test_an_auditor_sees_zones_and_is_offered_no_change(front, office):
    make_administrator(front, "auditor")
    auditor = signed_in(front)

    assert "Create a zone" not in auditor.open("/admin/zones").text
    assert "Delete" not in auditor.open(f"/admin/zones/{office}").text
    auditor.open(f"/admin/zones/{office}/edit").submit(name="Mine")
    assert auditor.status == 403


def test_t1_a_zone_of_another_organization_is_not_there(front, admin):
    with front.work() as work:
        organizations.create(work, "globex", name="Globex")
        theirs = zones.create(work, "globex", "Their office", Contents(networks=("192.0.2.0/24",))).id

    assert "Their office" not in admin.open("/admin/zones?ip=192.0.2.1").text
    for tail in ("", "/edit", "/delete"):
        assert admin.open(f"/admin/zones/{theirs}{tail}").status == 404
