"""Each condition of contextual access: what it matches, where it ends, and what cannot be told."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from idp.base.errors import Unavailable
from idp.policy.access.context import AccountKind, Behaviour, Context, RequestKind
from idp.policy.access.evaluate import Compiled, evaluate
from idp.policy.access.networks import CompiledZone, compile_zone
from idp.policy.access.outcome import Denied
from idp.policy.access.rules import (
    Answer,
    Conditions,
    Devices,
    Effect,
    Networks,
    People,
    Rule,
    Rules,
    Sessions,
    Targets,
    Times,
)
from idp.policy.signon import Method, Proof

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)  # a Tuesday
BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)
CONTEXT = Context(
    at=NOON,
    request=RequestKind.SAML,
    account_id="ann",
    groups=frozenset({"staff"}),
    application_id="wiki",
    site_id="acme",
    ip="192.0.2.7",
    country="DE",
    city="Berlin",
    asn="64500",
    operating_system="Windows",
    browser="Firefox",
    proofs=(Proof(Method.PASSWORD, NOON - HOUR),),
    session_started_at=NOON - HOUR,
)
ZONES = {
    "office": compile_zone(["192.0.2.0/24", "2001:db8::/32"], [], [], []),
    "germany": compile_zone([], [], ["de"], []),
    "berlin": compile_zone([], [], [], ["DE/Berlin"]),
    "provider": compile_zone([], ["AS64500"], [], []),
    "empty": CompiledZone(),
}


def matches(conditions: Conditions, context: Context = CONTEXT) -> bool | None:
    """Whether a rule with these conditions matches, as the trace says; the outcome must say the same."""
    rules = Rules(rules=(Rule("r", "R", conditions, Answer(Effect.DENY)),))
    found = evaluate(Compiled("p", "P", 1, rules, ZONES), context, explain=True)
    matched = found.trace[0].matched
    assert isinstance(found.outcome, Denied) is (matched is True)
    assert bool(found.uncertain) is (matched is None)
    return matched


def people(**values):
    return Conditions(people=People(**{name: frozenset(value) for name, value in values.items()}))


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (people(), True),
        (people(accounts={"ann"}), True),
        (people(accounts={"bob"}), False),
        (people(groups={"staff", "other"}), True),
        (people(groups={"other"}), False),
        (people(kinds={AccountKind.MEMBER}), True),
        (people(kinds={AccountKind.GUEST}), False),
        (people(accounts={"bob"}, groups={"staff"}), True),
        (people(accounts={"bob"}, kinds={AccountKind.MEMBER}), True),
        (people(except_accounts={"ann"}), False),
        (people(except_groups={"staff"}), False),
        (people(except_groups={"other"}), True),
        (people(accounts={"ann"}, except_accounts={"ann"}), False),
        (people(groups={"staff"}, except_groups={"staff"}), False),
        (people(accounts={"ann"}, except_groups={"staff"}), False),
    ],
)
def test_people_are_any_of_those_named_and_none_of_those_excepted(conditions, expected):
    assert matches(conditions) is expected


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (people(), True),
        (people(kinds={AccountKind.MEMBER}), False),
        (people(groups={"staff"}), False),
        (people(accounts={""}), False),
        (people(except_accounts={"ann"}), True),
    ],
)
def test_a_request_without_a_person_is_of_nobody_who_is_named(conditions, expected):
    machine = replace(CONTEXT, account_id="", kind=None, groups=None, request=RequestKind.TOKEN)

    assert matches(conditions, machine) is expected


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (people(groups={"staff"}), None),
        (people(accounts={"ann"}, groups={"staff"}), True),
        (people(except_groups={"staff"}), None),
        (people(accounts={"ann"}, except_groups={"staff"}), None),
        (people(accounts={"bob"}, except_groups={"staff"}), False),
        (people(except_accounts={"ann"}, except_groups={"staff"}), False),
        (people(accounts={"bob"}), False),
    ],
)
def test_groups_that_were_not_recorded_matter_only_where_they_are_asked_for(conditions, expected):
    assert matches(conditions, replace(CONTEXT, groups=None)) is expected


def test_a_kind_that_was_not_recorded_cannot_be_told():
    assert matches(people(kinds={AccountKind.MEMBER}), replace(CONTEXT, kind=None)) is None
    assert matches(people(kinds={AccountKind.MEMBER}, groups={"staff"}), replace(CONTEXT, kind=None)) is True


def targets(**values):
    return Conditions(targets=Targets(**{name: frozenset(value) for name, value in values.items()}))


@pytest.mark.parametrize(
    ("conditions", "to_wiki", "to_our_own_pages"),
    [
        (targets(), True, True),
        (targets(applications={"wiki"}), True, False),
        (targets(applications={"crm"}), False, False),
        (targets(sites={"acme"}), True, False),
        (targets(applications={"crm"}, sites={"acme"}), True, False),
        (targets(sites={"acme"}, except_applications={"wiki"}), False, False),
        (targets(except_applications={"wiki"}), False, True),
        (targets(except_applications={"crm"}), True, True),
    ],
)
def test_a_target_is_an_application_or_all_of_a_site(conditions, to_wiki, to_our_own_pages):
    assert matches(conditions) is to_wiki
    assert matches(conditions, replace(CONTEXT, application_id="", site_id="")) is to_our_own_pages


def networks(*zones, outside=()):
    return Conditions(networks=Networks(frozenset(zones), frozenset(outside)))


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (networks("office"), True),
        (networks("germany"), True),
        (networks("berlin"), True),
        (networks("provider"), True),
        (networks("empty"), False),
        (networks("empty", "office"), True),
        (networks(outside=["office"]), False),
        (networks(outside=["empty"]), True),
        (networks("germany", outside=["office"]), False),
        (networks("germany", outside=["empty"]), True),
    ],
)
def test_an_address_is_in_one_of_the_zones_and_in_none_of_those_excepted(conditions, expected):
    assert matches(conditions) is expected


NOWHERE = replace(CONTEXT, ip=None, country=None, city=None, asn=None)


@pytest.mark.parametrize(
    ("conditions", "context", "expected"),
    [
        (networks("office"), replace(CONTEXT, ip=None), None),
        (networks("office", "germany"), replace(CONTEXT, ip=None), True),
        (networks("germany", outside=["office"]), replace(CONTEXT, ip=None), None),
        (networks("empty", outside=["office"]), replace(CONTEXT, ip=None), False),
        (networks("germany"), replace(CONTEXT, country=None), None),
        (networks("berlin"), replace(CONTEXT, city=None), None),
        (networks("berlin"), replace(CONTEXT, country=None), None),
        (networks("berlin"), replace(CONTEXT, country="FR", city=None), False),
        (networks("berlin"), replace(CONTEXT, country=None, city="Paris"), False),
        (networks("provider"), replace(CONTEXT, asn=None), None),
        (networks("empty"), NOWHERE, False),
        (networks("gone"), CONTEXT, None),
        (networks("office", "gone"), CONTEXT, True),
        (networks(outside=["gone"]), CONTEXT, None),
        (networks("office"), replace(CONTEXT, ip=""), False),
        (networks("germany"), replace(CONTEXT, country=""), False),
        (networks("berlin"), replace(CONTEXT, country="", city=""), False),
    ],
)
def test_a_place_that_was_not_recorded_cannot_be_told_and_one_that_is_not_known_is_nowhere(
    conditions, context, expected
):
    assert matches(conditions, context) is expected


@pytest.mark.parametrize(
    ("devices", "fact", "fits", "does_not"),
    [
        (Devices(known=True), "device_known", True, False),
        (Devices(known=False), "device_known", False, True),
        (Devices(certificate=True), "certificate", "CN=laptop", ""),
        (Devices(certificate=False), "certificate", "", "CN=laptop"),
        (Devices(operating_systems=frozenset({"Windows", "macOS"})), "operating_system", "macOS", "Linux"),
        (Devices(operating_systems=frozenset({"Windows"})), "operating_system", "Windows", ""),
        (Devices(browsers=frozenset({"Firefox"})), "browser", "Firefox", "Chrome"),
    ],
)
def test_a_device_is_what_each_condition_says(devices, fact, fits, does_not):
    conditions = Conditions(devices=devices)

    assert matches(conditions, replace(CONTEXT, **{fact: fits})) is True
    assert matches(conditions, replace(CONTEXT, **{fact: does_not})) is False
    assert matches(conditions, replace(CONTEXT, **{fact: None})) is None


@pytest.mark.parametrize("kind", list(RequestKind))
def test_every_kind_of_request_can_be_named(kind):
    conditions = Conditions(requests=frozenset({kind}))

    assert [one for one in RequestKind if matches(conditions, replace(CONTEXT, request=one))] == [kind]


@pytest.mark.parametrize("kind", list(Behaviour))
def test_every_behaviour_can_be_named(kind):
    conditions = Conditions(behaviours=frozenset({kind}))

    assert matches(conditions) is False
    assert matches(conditions, replace(CONTEXT, behaviours=frozenset(Behaviour) - {kind})) is False
    assert matches(conditions, replace(CONTEXT, behaviours=frozenset({kind}))) is True
    assert matches(conditions, replace(CONTEXT, behaviours=None)) is None


@pytest.mark.parametrize(
    ("sessions", "expected"),
    [
        (Sessions(older_than=HOUR), False),
        (Sessions(older_than=HOUR - timedelta(seconds=1)), True),
        (Sessions(proven=frozenset({Method.PASSWORD, Method.TOTP})), True),
        (Sessions(proven=frozenset({Method.TOTP})), False),
        (Sessions(not_proven=frozenset({Method.TOTP})), True),
        (Sessions(not_proven=frozenset({Method.PASSWORD, Method.TOTP})), False),
        (Sessions(proof_older_than=HOUR), False),
        (Sessions(proof_older_than=HOUR - timedelta(seconds=1)), True),
    ],
)
def test_a_session_is_judged_by_its_age_and_what_was_proven_in_it(sessions, expected):
    conditions = Conditions(sessions=sessions)

    assert matches(conditions) is expected
    assert matches(conditions, replace(CONTEXT, session_known=False, session_started_at=None, proofs=())) is None


def test_without_a_session_nothing_is_old_and_nothing_was_proven():
    without = replace(CONTEXT, session_started_at=None, proofs=())

    assert matches(Conditions(sessions=Sessions(older_than=timedelta(0))), without) is False
    assert matches(Conditions(sessions=Sessions(proof_older_than=timedelta(0))), without) is False
    assert matches(Conditions(sessions=Sessions(proven=frozenset({Method.PASSWORD}))), without) is False
    assert matches(Conditions(sessions=Sessions(not_proven=frozenset({Method.PASSWORD}))), without) is True


def test_the_youngest_proof_says_how_fresh_a_session_is():
    proofs = (Proof(Method.PASSWORD, NOON - 5 * HOUR), Proof(Method.TOTP, NOON - HOUR))

    assert matches(Conditions(sessions=Sessions(proof_older_than=2 * HOUR)), replace(CONTEXT, proofs=proofs)) is False


def at(moment: datetime) -> Context:
    return replace(CONTEXT, at=moment.astimezone(UTC))


def berlin(*values, fold=0) -> datetime:
    return datetime(*values, tzinfo=BERLIN, fold=fold)


def times(begins=None, ends=None, **values):
    def minutes(clock):
        return None if clock is None else int(clock[:2]) * 60 + int(clock[3:])

    return Conditions(times=Times(zone="Europe/Berlin", begins=minutes(begins), ends=minutes(ends), **values))


WORKING_DAYS = frozenset(range(5))


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (berlin(2030, 1, 1, 7, 59, 59), False),
        (berlin(2030, 1, 1, 8), True),
        (berlin(2030, 1, 1, 17, 59, 59), True),
        (berlin(2030, 1, 1, 18), False),
        (berlin(2030, 1, 5, 12), False),  # a Saturday
    ],
)
def test_hours_begin_with_their_first_minute_and_end_before_their_last(moment, expected):
    assert matches(times("08:00", "18:00", days=WORKING_DAYS), at(moment)) is expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (berlin(2030, 1, 4, 21, 59, 59), False),  # Friday
        (berlin(2030, 1, 4, 22), True),
        (berlin(2030, 1, 5, 0), True),  # Saturday, in the hours that began on Friday
        (berlin(2030, 1, 5, 5, 59, 59), True),
        (berlin(2030, 1, 5, 6), False),
        (berlin(2030, 1, 5, 22), False),  # these would begin on Saturday
        (berlin(2030, 1, 6, 1), False),
    ],
)
def test_hours_over_midnight_belong_to_the_day_they_began_on(moment, expected):
    assert matches(times("22:00", "06:00", days=frozenset({4})), at(moment)) is expected


def test_hours_that_end_when_they_begin_are_a_whole_day_from_there_on():
    conditions = times("06:00", "06:00", days=frozenset({4}))

    assert matches(conditions, at(berlin(2030, 1, 4, 5, 59))) is False
    assert matches(conditions, at(berlin(2030, 1, 4, 6))) is True
    assert matches(conditions, at(berlin(2030, 1, 5, 5, 59))) is True
    assert matches(conditions, at(berlin(2030, 1, 5, 6))) is False


def test_hours_can_end_at_midnight():
    conditions = times("18:00", "24:00")

    assert matches(conditions, at(berlin(2030, 1, 1, 23, 59, 59))) is True
    assert matches(conditions, at(berlin(2030, 1, 2, 0))) is False
    assert matches(conditions, at(berlin(2030, 1, 1, 17, 59))) is False


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2030, 3, 31, 0, 59, tzinfo=UTC), False),  # 01:59 in winter time
        (datetime(2030, 3, 31, 1, 0, tzinfo=UTC), True),  # 03:00 in summer time: 02:00 is left out
        (datetime(2030, 3, 31, 1, 59, tzinfo=UTC), True),
        (datetime(2030, 3, 31, 2, 0, tzinfo=UTC), False),  # 04:00
        (datetime(2030, 10, 26, 23, 59, tzinfo=UTC), False),  # 01:59 in summer time
        (datetime(2030, 10, 27, 0, 0, tzinfo=UTC), True),  # 02:00 in summer time
        (datetime(2030, 10, 27, 1, 0, tzinfo=UTC), True),  # 02:00 in winter time: again
        (datetime(2030, 10, 27, 2, 59, tzinfo=UTC), True),
        (datetime(2030, 10, 27, 3, 0, tzinfo=UTC), False),
    ],
)
def test_hours_are_those_of_the_clocks_there_on_the_days_they_are_changed(moment, expected):
    assert matches(times("02:00", "04:00"), at(moment)) is expected


def test_days_are_those_of_the_zone_and_not_of_utc():
    tuesday = times(days=frozenset({1}))

    assert matches(tuesday, at(datetime(2029, 12, 31, 23, 0, tzinfo=UTC))) is True  # 00:00 on Tuesday in Berlin
    assert matches(tuesday, at(datetime(2029, 12, 31, 22, 59, tzinfo=UTC))) is False
    assert matches(tuesday, at(datetime(2030, 1, 1, 23, 0, tzinfo=UTC))) is False


def test_the_first_and_the_last_day_are_within():
    conditions = times(not_before=date(2030, 1, 2), not_after=date(2030, 1, 3))

    assert matches(conditions, at(berlin(2030, 1, 1, 23, 59, 59))) is False
    assert matches(conditions, at(berlin(2030, 1, 2, 0))) is True
    assert matches(conditions, at(berlin(2030, 1, 3, 23, 59, 59))) is True
    assert matches(conditions, at(berlin(2030, 1, 4, 0))) is False


def test_a_night_that_began_on_the_last_day_counts_to_its_end():
    conditions = times("22:00", "06:00", not_after=date(2030, 1, 3))

    assert matches(conditions, at(berlin(2030, 1, 4, 5, 59))) is True
    assert matches(conditions, at(berlin(2030, 1, 4, 22))) is False


def test_a_zone_of_time_that_the_machine_does_not_know_stops_everything():
    """To leave such a rule out would open what it closes."""
    rules = Rules(rules=(Rule("r", "R", Conditions(times=Times(zone="Mars/Olympus"))),))

    with pytest.raises(Unavailable):
        Compiled("p", "P", 1, rules)


def test_all_conditions_must_hold_and_one_that_fails_decides_whatever_is_unknown():
    both = Conditions(people=People(groups=frozenset({"staff"})), devices=Devices(known=True))

    assert matches(both, replace(CONTEXT, device_known=True)) is True
    assert matches(both, replace(CONTEXT, device_known=False)) is False
    assert matches(both, replace(CONTEXT, device_known=None)) is None
    assert matches(both, replace(CONTEXT, groups=None, device_known=False)) is False
    assert matches(both, replace(CONTEXT, groups=frozenset(), device_known=None)) is False
