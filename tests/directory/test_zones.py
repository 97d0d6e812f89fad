"""Zones: what can be in them, who may change them, and that no rule is left without the zone it names."""

from contextlib import suppress
from threading import Barrier, Thread

import pytest

from idp.audit.models import AuditEntry
from idp.base.errors import Conflict, IdpError, Invalid, NotFound
from idp.base.memory import ContentMemory
from idp.base.work import Place
from idp.directory import access_assignments, access_policies, zones
from idp.directory.zones import Contents
from idp.policy.access import documents

NOWHERE = Place()


@pytest.fixture
def acme(an_organization):
    return an_organization()


def audited(work):
    found = work.tx.session.query(AuditEntry).order_by(AuditEntry.id)
    return [(entry.tag, entry.details) for entry in found if entry.tag.startswith("zone.")]


def named_by(work, *, conditions, policy="Sessions", mode="on"):
    document = {"guards": [{"name": "Not there", "mode": mode, "conditions": {"networks": conditions}}]}
    access_policies.write(work, "acme", policy, documents.rules_from_json(document))


def inside(work, ip, place=NOWHERE) -> list[str]:
    return [one.name for one in zones.test(work, "acme", ip, place) if one.inside]


@pytest.mark.both_databases
def test_contents_are_kept_in_one_way_of_writing(work, acme):
    made = zones.create(
        work,
        "acme",
        " Office ",
        Contents(
            networks=("2001:DB8::/32", "198.51.100.7", "192.0.2.0/24", "192.0.2.0/24"),
            asns=("AS64500", "64499", "as64500"),
            countries=("de", "AT", "DE"),
            cities=("de/Berlin", "AT/Wien"),
        ),
    )
    work.tx.session.refresh(made)

    assert (made.name, zones.contents_of(made)) == (
        "Office",
        Contents(
            networks=("192.0.2.0/24", "198.51.100.7/32", "2001:db8::/32"),
            asns=("64499", "64500"),
            countries=("AT", "DE"),
            cities=("AT/Wien", "DE/Berlin"),
        ),
    )


@pytest.mark.parametrize(
    ("contents", "field"),
    [
        (Contents(networks=("192.0.2.1/24",)), "networks"),
        (Contents(networks=("192.0.2.0/33",)), "networks"),
        (Contents(networks=("office",)), "networks"),
        (Contents(networks=("",)), "networks"),
        (Contents(networks=tuple(f"10.{n >> 8}.{n & 255}.0/24" for n in range(10_001))), "networks"),
        (Contents(asns=("AS",)), "asns"),
        (Contents(asns=("0",)), "asns"),
        (Contents(asns=("4294967296",)), "asns"),
        (Contents(asns=("٣",)), "asns"),
        (Contents(countries=("Germany",)), "countries"),
        (Contents(countries=("D1",)), "countries"),
        (Contents(countries=("DE",) * 501), "countries"),
        (Contents(cities=("Berlin",)), "cities"),
        (Contents(cities=("DE/",)), "cities"),
        (Contents(cities=("XYZ/Berlin",)), "countries"),
        (Contents(cities=("DE/a\nb",)), "cities"),
    ],
)
def test_what_is_no_place_is_refused(work, acme, contents, field):
    with pytest.raises(Invalid) as refused:
        zones.create(work, "acme", "Office", contents)

    assert refused.value.field == field


def test_bits_behind_the_prefix_are_refused_with_what_was_meant(work, acme):
    with pytest.raises(Invalid) as refused:
        zones.create(work, "acme", "Office", Contents(networks=("192.0.2.77/24",)))

    assert refused.value.advice == "Write 192.0.2.0/24."


def test_ten_thousand_networks_can_be_kept_and_found(work, acme):
    many = tuple(f"10.{n >> 8}.{n & 255}.0/24" for n in range(10_000))
    zones.create(work, "acme", "Many", Contents(networks=many))

    assert inside(work, "10.39.15.255") == ["Many"]
    assert inside(work, "10.39.16.0") == []


def test_an_address_is_tested_against_every_zone(work, acme):
    zones.create(work, "acme", "Office", Contents(networks=("192.0.2.0/24",)))
    zones.create(work, "acme", "Germany", Contents(countries=("DE",)))
    zones.create(work, "acme", "Bad", Contents(asns=("64500",)), usage="blocklist")

    assert inside(work, "192.0.2.1", Place(country="DE")) == ["Germany", "Office"]
    assert inside(work, "::ffff:192.0.2.1", Place(asn="64500")) == ["Bad", "Office"]
    assert inside(work, "198.51.100.1") == []
    with pytest.raises(Invalid):
        inside(work, "somewhere")


def test_the_block_list_is_of_the_zones_that_are_used_so(work, acme):
    zones.create(work, "acme", "Office", Contents(networks=("192.0.2.0/24",)))
    zones.create(work, "acme", "Bad", Contents(networks=("203.0.113.0/24",)), usage="blocklist")
    standing = access_policies.standing(work, acme.id)

    assert standing.blocked("203.0.113.9", "", "", "") == "Bad"
    assert standing.blocked("192.0.2.9", "", "", "") is None
    assert not standing.trivial

    zones.change(work, "acme", "Bad", usage="policy")
    assert access_policies.standing(work, acme.id).trivial


def test_rules_count_with_the_new_contents_of_a_zone(work, acme):
    zones.create(work, "acme", "Office", Contents(networks=("192.0.2.0/24",)))
    named_by(work, conditions={"zones": ["Office"]})

    zones.change(work, "acme", "Office", contents=Contents(networks=("198.51.100.0/24",)))

    (zone,) = access_policies.standing(work, acme.id).session.zones.values()
    assert zone.contains("198.51.100.1", "", "", "") is True
    assert zone.contains("192.0.2.1", "", "", "") is False


@pytest.mark.parametrize("conditions", [{"zones": ["Office"]}, {"except_zones": ["Office"]}])
@pytest.mark.parametrize("policy", ["Sessions", "Applications"])
@pytest.mark.parametrize("mode", ["on", "off", "report-only"])
def test_a_zone_that_a_rule_names_cannot_be_deleted(work, acme, conditions, policy, mode):
    zones.create(work, "acme", "Office", Contents(networks=("192.0.2.0/24",)))
    named_by(work, conditions=conditions, policy=policy, mode=mode)

    with pytest.raises(Conflict, match=f"the rule “Not there” of the access policy “{policy}” names it"):
        zones.delete(work, "acme", "Office")


def test_a_zone_that_counts_again_when_a_trial_ends_cannot_be_deleted(work, acme):
    zones.create(work, "acme", "Office", Contents(networks=("192.0.2.0/24",)))
    named_by(work, conditions={"zones": ["Office"]})
    access_policies.write(work, "acme", "Sessions", documents.rules_from_json({}))
    access_policies.policy(work, "acme", "Sessions").confirmed = 2
    work.tx.session.flush()

    with pytest.raises(Conflict):
        zones.delete(work, "acme", "Office")


def test_a_zone_that_only_an_older_version_names_can_go_and_that_version_does_not_come_back(work, acme):
    zones.create(work, "acme", "Office", Contents(networks=("192.0.2.0/24",)))
    named_by(work, conditions={"zones": ["Office"]})
    access_policies.write(work, "acme", "Sessions", documents.rules_from_json({}))

    zones.delete(work, "acme", "Office")

    assert zones.zones(work, "acme") == []
    with pytest.raises(Invalid, match="there is no zone"):
        access_policies.restore(work, "acme", "Sessions", 2)


def test_the_audit_log_says_what_has_changed(work, acme):
    many = tuple(f"10.0.{n}.0/24" for n in range(7))
    zones.create(work, "acme", "Office", Contents(networks=("192.0.2.0/24",)))
    zones.change(work, "acme", "Office", name="HQ", usage="blocklist", contents=Contents(many, countries=("DE",)))
    zones.change(work, "acme", "HQ", contents=Contents(many, countries=("DE",)))
    zones.delete(work, "acme", "HQ")

    assert audited(work) == [
        ("zone.created", {"name": "Office", "usage": "policy", "contents": ["1 network: 192.0.2.0/24"]}),
        (
            "zone.changed",
            {
                "name": "Office",
                "changes": [
                    "usage: policy → blocklist",
                    "name: Office → HQ",
                    "added 7 networks: 10.0.0.0/24, 10.0.1.0/24, 10.0.2.0/24, 10.0.3.0/24, 10.0.4.0/24 and 2 more",
                    "removed 1 network: 192.0.2.0/24",
                    "added 1 country: DE",
                ],
            },
        ),
        (
            "zone.deleted",
            {
                "name": "HQ",
                "contents": [
                    "7 networks: 10.0.0.0/24, 10.0.1.0/24, 10.0.2.0/24, 10.0.3.0/24, 10.0.4.0/24 and 2 more",
                    "1 country: DE",
                ],
            },
        ),
    ]


def test_a_block_list_is_judged_before_it_is_kept(work, acme):
    seen = []

    def judge(_, change):
        seen.append(change)
        raise Conflict("That would cut you off.")

    everything = Contents(networks=("0.0.0.0/0",))
    zones.create(work, "acme", "All", everything)
    named_by(work, conditions={"zones": ["All"]})
    with pytest.raises(Conflict):
        zones.create(work, "acme", "New", everything, usage="blocklist", judge=judge)
    with pytest.raises(Conflict):
        zones.change(work, "acme", "All", usage="blocklist", judge=judge)
    with pytest.raises(Conflict):
        zones.change(work, "acme", "All", contents=Contents(), judge=judge)

    assert [change.now.blocked("192.0.2.1", "", "", "") for change in seen] == [None] * 3
    assert [change.then.blocked("192.0.2.1", "", "", "") for change in seen] == ["New", "All", None]
    (emptied,) = seen[2].then.session.zones.values()
    assert emptied.contains("192.0.2.1", "", "", "") is False
    assert [(one.name, one.usage) for one in zones.zones(work, "acme")] == [("All", "policy")]
    assert inside(work, "192.0.2.1") == ["All"]


@pytest.mark.both_databases
def test_of_deleting_a_zone_and_naming_it_in_a_rule_one_wins(open_work, work, acme):
    """Else a rule would name what is not there, and nobody could say whom it lets in."""
    for number in range(5):
        zones.create(work, "acme", f"Zone {number}", Contents(networks=("192.0.2.0/24",)))
        access_assignments.create(work, "acme", f"Policy {number}")
    work.tx.commit()
    for number in range(5):
        ready, outcomes = Barrier(20), []

        def name(number=number, ready=ready, outcomes=outcomes):
            ready.wait()
            with open_work() as mine:
                named_by(mine, conditions={"zones": [f"Zone {number}"]}, policy=f"Policy {number}")
            outcomes.append("named")

        def delete(number=number, ready=ready, outcomes=outcomes):
            ready.wait()
            with open_work() as mine:
                zones.delete(mine, "acme", f"Zone {number}")
            outcomes.append("deleted")

        def tried(act):
            with suppress(IdpError):
                act()

        threads = [Thread(target=tried, args=(act,)) for act in (name, delete) * 10]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert outcomes == ["deleted"] or set(outcomes) == {"named"}


def test_two_zones_cannot_have_one_name(work, acme):
    zones.create(work, "acme", "Office", Contents())
    zones.create(work, "acme", "Other", Contents())

    with pytest.raises(Conflict):
        zones.create(work, "acme", "OFFICE", Contents())
    with pytest.raises(Conflict):
        zones.change(work, "acme", "Other", name="office")
    assert zones.change(work, "acme", "Other", name="OTHER").name == "OTHER"


def test_a_change_of_what_somebody_else_has_changed_is_refused(work, acme):
    zones.create(work, "acme", "Office", Contents())
    zones.change(work, "acme", "Office", contents=Contents(countries=("DE",)), if_version=1)

    with pytest.raises(Conflict):
        zones.change(work, "acme", "Office", contents=Contents(), if_version=1)


def test_a_zone_that_is_not_there_is_not_found(work, acme):
    with pytest.raises(NotFound):
        zones.zone(work, "acme", "Office")


def test_zones_of_an_organization_are_no_more_than_a_process_can_hold(work, acme, monkeypatch):
    monkeypatch.setattr(zones, "MOST_NETWORKS_TOGETHER", 3)
    first = zones.create(work, "acme", "First", Contents(networks=("192.0.2.0/28", "192.0.2.32/28")))
    second = zones.create(work, "acme", "Second", Contents(networks=("198.51.100.1",)))

    for refused in (
        lambda: zones.create(work, "acme", "Third", Contents(networks=("203.0.113.1",))),
        lambda: zones.change(
            work, "acme", second.id, contents=Contents(networks=("198.51.100.1", "198.51.100.3")), if_version=None
        ),
    ):
        with pytest.raises(Conflict, match="at most 3 networks together"):
            refused()
    zones.change(work, "acme", first.id, contents=Contents(networks=("192.0.2.0/28", "192.0.2.64/28")))


def test_a_process_compiles_every_zone_once_however_many_there_are(work, acme, monkeypatch):
    """As many as there may be, again and again: what a second's end costs must not grow with the networks."""
    compiled = []
    real = access_policies.compile_zone
    most = access_policies._MOST_REMEMBERED
    monkeypatch.setattr(access_policies, "_compiled", ContentMemory(most, lambda made: made.weight))
    monkeypatch.setattr(access_policies, "compile_zone", lambda *of: compiled.append(1) or real(*of))
    for number in range(zones._MOST_ZONES):
        zones.create(work, "acme", f"Zone {number}", Contents(networks=(f"10.{number}.0.0/16",)))
    for number in range(80):
        access_assignments.create(work, "acme", f"Policy {number}")
    for _ in range(3):
        access_policies.as_it_is(work, acme.id)

    assert len(compiled) == zones._MOST_ZONES
