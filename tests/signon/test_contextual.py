"""What the access policies are asked with: facts looked up where a rule turns on them, recorded, judged again alike."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from idp.audit import attempts
from idp.audit.attempts import Trail
from idp.audit.models import Attempt
from idp.base.db import Transaction
from idp.base.places import Places
from idp.base.work import Origin, Work
from idp.directory import (
    access_assignments,
    access_policies,
    accounts,
    applications,
    authentication_policy_changes,
    groups,
    zones,
)
from idp.directory.models import Account
from idp.policy.access import documents, recording
from idp.policy.access.context import AccountKind, Behaviour, Context, RequestKind
from idp.policy.access.evaluate import Compiled, evaluate
from idp.policy.access.mentions import mentioned
from idp.policy.access.outcome import Allowed, Denied
from idp.policy.signon import Method, Strength
from idp.signon import behaviour, contextual, door, flow, history, pending, progress, session
from idp.signon import facts as facts_
from idp.signon.flow import OpenSession
from idp.signon.models import SignIn
from idp.signon.request import Refusal
from tests.conftest import NOON
from tests.signon.conftest import BROWSER
from tests.support import people
from tests.support.place_files import BERLIN, PARIS, SYDNEY, asn_file, city_file

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    folder = tmp_path_factory.mktemp("places")
    return Places(city_file(folder / "city.mmdb"), asn_file(folder / "asn.mmdb"))


class Desk:
    """Ann at a browser: where she is, since when, with which cookies."""

    def __init__(self, database, world, places):
        self.database, self.world, self.places = database, world, places
        self.now, self.ip, self.agent, self.cookie, self.token = NOON, BERLIN, FIREFOX, "", ""
        self.certificate, self.located = "", True

    @contextmanager
    def work(self):
        more = {"locate": self.places.locate} if self.located else {}
        origin = Origin(
            "web", self.ip, "req_test", self.agent, devices=self.cookie, certificate=self.certificate, **more
        )
        with self.database.transaction() as tx:
            yield Work(tx, people.OPERATOR_ACTOR, self.now, origin)

    def session(self, work):
        return session.find(work, self.token) if self.token else None

    def write(self, policy="Sessions", **document):
        with self.work() as work:
            access_policies.write(work, "acme", policy, documents.rules_from_json(document))

    def begin(self, **changes):
        """Begin a sign-on to the wiki; return the answer and the attempt."""
        trail = Trail(kind="saml.sign-on")
        with self.work() as work:
            answer = door.begin(
                work,
                replace(self.world.request, kind=RequestKind.SAML, **changes),
                session=self.session(work),
                browser=BROWSER,
                protocol="test",
                protocol_state={},
                trail=trail,
            )
            attempts.save(work, trail)
        return answer, self.attempt(trail.id)

    def attempt(self, attempt_id):
        with self.work() as work:
            found = work.tx.session.get_one(Attempt, attempt_id)
            work.tx.session.expunge(found)
            return found

    def sign_in(self, *methods):
        """Sign in to our own pages; return the last step and what it was judged by."""
        request = replace(self.world.request, application_id="", site_id="", kind=RequestKind.BROWSER)
        with self.work() as work:
            handle = pending.begin(
                work, request, browser=BROWSER, protocol="pages", protocol_state={}, trail=Trail(kind="sign-in")
            )
        for method in methods or (Method.PASSWORD, Method.TOTP):
            with self.work() as work:
                here = progress.look(work, handle, browser=BROWSER, session=None)
                epoch = work.tx.session.get_one(Account, (self.world.organization.id, self.world.ann.id)).epoch
                pending.prove(work, here.row, method, account_id=self.world.ann.id, epoch=epoch)
                here = progress.look(work, handle, browser=BROWSER, session=None)
                if here.step == OpenSession():
                    self.token, here = progress.open_session(work, here, held=None)
                    self.cookie = here.devices or self.cookie
        return here

    def judged(self, **changes):
        """Return how a sign-on to the wiki is judged in the session there is."""
        with self.work() as work:
            facts, _ = facts_.gather(work, replace(self.world.request, **changes), self.session(work))
            return facts


@pytest.fixture
def desk(database, world, places):
    return Desk(database, world, places)


def deny(name="No", mode="on", **conditions):
    return {"name": name, "conditions": conditions, "mode": mode}


def test_without_rules_nothing_is_asked_of_the_database_and_what_is_free_is_recorded(desk, monkeypatch):
    desk.sign_in()
    desk.certificate = "CN=laptop-17"
    asked = []
    real = Transaction.rows
    monkeypatch.setattr(
        Transaction, "rows", lambda tx, prepared, **v: asked.append(prepared) or real(tx, prepared, **v)
    )
    with desk.work() as work:
        found = desk.session(work)
        access_policies.standing(work, desk.world.organization.id)
        before = len(asked)
        person = contextual.Person(found.account_id, found.kind, found.policy_id, 0)
        access = contextual.judge(work, desk.world.request, person, found, None, found.methods)
        standing_again = before - 1  # the session's own statement is the other

    assert len(asked) - before == standing_again
    assert (access.session, access.application) == (Allowed(), Allowed())
    assert access.recorded == {
        "form": 1,
        "at": NOON.isoformat(),
        "request": "browser",
        "kind": "member",
        "session": NOON.isoformat(),
        "operating_system": "Windows",
        "browser": "Firefox",
        "certificate": "CN=laptop-17",
        "place": ["DE", "Berlin", "64500"],
    }


def test_a_denial_of_the_session_policy_stops_the_sign_in_with_its_own_text(desk):
    guard = deny("Not from France", networks={"zones": ["France"]}) | {"text": "Not from abroad."}
    with desk.work() as work:
        zones_in(work, "France", countries=("FR",))
    desk.write(guards=[guard])
    assert desk.sign_in().step == flow.Complete()
    desk.ip = PARIS

    step = desk.sign_in(Method.PASSWORD).step
    assert (step.refusal, step.text) == (Refusal.DENIED, "Not from abroad.")
    assert step.rule == "access-policy Sessions: Not from France"


def zones_in(work, name, **contents):
    return zones.create(work, "acme", name, zones.Contents(**contents))


def test_a_denial_is_recorded_with_its_rule_and_the_versions_that_were_asked(desk):
    desk.sign_in()
    desk.write(guards=[deny("Never", requests=["saml"])])
    answer, attempt = desk.begin()

    assert isinstance(answer, door.Interact)  # shown on a page of ours
    assert (attempt.decision, attempt.rule) == ("denied", "access-policy Sessions: Never")
    (policy_id, version, rule_id), (_, other_version, other_rule) = attempt.context["access"]["policies"]
    assert (version, other_version, other_rule) == (2, 1, "catch-all")
    assert policy_id.startswith("acp_")
    assert rule_id.startswith("rul_")


def test_where_nothing_may_be_shown_the_application_is_refused_at_once(desk):
    desk.sign_in()
    desk.write("Applications", guards=[deny("Never", requests=["saml"])])
    answer, attempt = desk.begin(passive=True)

    assert answer == door.Refused(Refusal.DENIED)
    assert attempt.cause == "refused: denied by access-policy Applications: Never"


def test_session_policy_and_application_policy_must_both_be_satisfied(desk):
    desk.sign_in()
    desk.write(rules=[{"name": "One", "answer": {"effect": "require", "strength": "phishing-resistant"}}])
    desk.write("Applications", rules=[{"name": "Two", "answer": {"effect": "require", "within_seconds": 60}}])
    desk.now += timedelta(minutes=5)
    facts = desk.judged()

    wanted = flow.decision(desk.world.request, facts)
    assert (wanted.required, wanted.within) == (Strength.PHISHING_RESISTANT, timedelta(minutes=1))


def test_an_application_is_judged_by_the_policy_that_it_is_under(desk):
    desk.sign_in()
    with desk.work() as work:
        access_assignments.create(work, "acme", "Strict")
        other = applications.create(work, desk.world.site, protocol="saml", name="Other")
        applications.grant(work, other.id, group="Staff")
        access_assignments.assign(work, desk.world.wiki.id, "Strict")
    desk.write("Strict", guards=[deny("Nobody")])

    assert isinstance(desk.judged().application_access, Denied)
    assert isinstance(desk.judged(application_id=other.id).application_access, Allowed)


def test_groups_count_as_they_are_now(desk):
    desk.sign_in()
    with desk.work() as work:
        groups.create(work, "Suspects", organization="acme")
    desk.write(guards=[deny("Suspects", people={"groups": ["Suspects"]})])
    assert isinstance(desk.judged().session_access, Allowed)
    with desk.work() as work:
        groups.add(work, "Suspects", desk.world.ann.id, organization="acme")
    facts = desk.judged()

    assert isinstance(facts.session_access, Denied)
    assert len(facts.access_context["groups"]) == 2


def test_break_glass_accounts_are_under_no_rules(desk):
    desk.write(guards=[deny("Nobody")])
    assert desk.sign_in(Method.PASSWORD).step.refusal is Refusal.DENIED
    with desk.work() as work:
        work.tx.session.get_one(Account, (desk.world.organization.id, desk.world.ann.id)).kind = "break-glass"

    assert desk.sign_in().step == flow.Complete()
    facts = desk.judged()
    assert facts.access_context["kind"] == "break-glass"
    assert "policies" not in facts.access_context


def test_a_report_only_rule_decides_nothing_and_is_recorded(desk):
    desk.sign_in()
    desk.write(guards=[deny("Trial", mode="report-only")])
    answer, attempt = desk.begin()

    assert isinstance(answer, door.Proceed)
    ((policy, rule, word),) = attempt.context["access"]["reported"]
    assert (policy[:4], rule[:4], word) == ("acp_", "rul_", "denied")


@pytest.mark.parametrize(("demand", "word"), [
    ({"within_seconds": 600}, "not-proven"),
    ({"within_seconds": 7200}, "proven"),
    ({"strength": "second-step"}, "proven"),
    ({"strength": "phishing-resistant"}, "not-proven"),
    ({"methods": ["recovery"]}, "not-proven"),
    ({"methods": ["recovery", "otp"]}, "proven"),
])  # fmt: skip
def test_a_report_only_rule_records_whether_all_that_it_asks_was_proven(desk, demand, word):
    desk.sign_in()
    desk.now += timedelta(minutes=30)
    desk.write(rules=[{"name": "Trial", "mode": "report-only", "answer": {"effect": "require"} | demand}])
    _, attempt = desk.begin()

    ((*_, recorded),) = attempt.context["access"]["reported"]
    assert recorded == word


# The device


def test_a_device_is_known_from_the_second_session_on(desk):
    rule = deny("Strangers", devices={"known": False})
    desk.sign_in()
    desk.write("Applications", guards=[rule])
    assert isinstance(desk.judged().application_access, Denied), "its own session has not made it known"

    desk.now += timedelta(hours=1)
    desk.sign_in()
    facts = desk.judged()
    assert isinstance(facts.application_access, Allowed)
    assert facts.access_context["device_known"] is True


def test_a12_whoever_has_stolen_a_session_has_no_known_device(desk):
    """A12: the cookie of the session alone does not make a device of it."""
    for _ in range(2):
        desk.now += timedelta(minutes=30)
        desk.sign_in()
    desk.write("Applications", guards=[deny("Strangers", devices={"known": False})])
    assert isinstance(desk.judged().application_access, Allowed)
    desk.cookie = ""

    assert isinstance(desk.judged().application_access, Denied)


@pytest.mark.parametrize(("condition", "matches"), [
    ({"operating_systems": ["Windows"]}, True),
    ({"operating_systems": ["macOS", "Linux"]}, False),
    ({"browsers": ["Firefox"]}, True),
    ({"browsers": ["Chrome"]}, False),
    ({"certificate": True}, False),
    ({"certificate": False}, True),
])  # fmt: skip
def test_families_and_certificate(desk, condition, matches):
    desk.sign_in()
    desk.write(guards=[deny("Those", devices=condition)])

    assert isinstance(desk.judged().session_access, Denied) is matches


# Behaviour


def test_behaviour_is_looked_up_only_where_a_rule_turns_on_it(desk):
    desk.sign_in()
    desk.write(guards=[deny("Old systems", devices={"operating_systems": ["Linux"]})])
    assert "behaviours" not in desk.judged().access_context
    desk.write(guards=[deny("Travel", behaviours=["impossible-travel"])])

    assert desk.judged().access_context["behaviours"] == ["new-country", "new-device", "new-network"]


def test_what_was_new_at_sign_in_stays_new_for_that_session(desk):
    """Else whoever signs in from somewhere new would be at home there a moment later."""
    desk.write("Applications", guards=[deny("New", behaviours=["new-device", "new-network", "new-country"])])
    assert desk.sign_in().step == flow.Complete()
    assert isinstance(desk.judged().application_access, Denied)
    desk.now += timedelta(minutes=30)
    assert isinstance(desk.judged().application_access, Denied)

    desk.sign_in()
    assert isinstance(desk.judged().application_access, Allowed)


def test_impossible_travel(desk):
    desk.sign_in()
    desk.now += timedelta(hours=2)
    desk.write(guards=[deny("Travel", behaviours=["impossible-travel"])])
    desk.ip = PARIS
    assert desk.sign_in().step == flow.Complete()
    desk.now += timedelta(hours=2)
    desk.ip = SYDNEY

    assert desk.sign_in(Method.PASSWORD).step.refusal is Refusal.DENIED


def test_many_failures_of_strangers_push_out_no_success(desk):
    desk.sign_in()
    desk.write(guards=[deny("Guessing", behaviours=["many-failures"]), deny("New", behaviours=["new-network"])])
    desk.now += timedelta(minutes=1)
    assert desk.sign_in().step == flow.Complete()
    with desk.work() as work:
        for _ in range(60):
            history.failed(work, desk.world.organization.id, desk.world.ann.id, method="pwd", attempt_id="att_x")
    desk.now += timedelta(minutes=1)
    step = desk.sign_in(Method.PASSWORD).step

    assert step.rule == "access-policy Sessions: Guessing"
    desk.now += timedelta(minutes=61)
    assert desk.sign_in().step == flow.Complete()


def test_the_past_of_others_is_nobody_elses(desk):
    desk.sign_in()
    with desk.work() as work:
        work.tx.connection.execute(sa.text("UPDATE sign_ins SET account_id = :other"), {"other": other_account(work)})
    desk.write(guards=[deny("New", behaviours=["new-network"])])

    assert desk.sign_in(Method.PASSWORD).step.refusal is Refusal.DENIED


def other_account(work):
    return accounts.create(work, "ben@acme.example", organization="acme", name="Ben").id


def have_many_sign_ins(work):
    """Without rows, and numbers on them, PostgreSQL takes whatever index it meets first."""
    same = ", ".join(column.name for column in SignIn.__table__.columns if column.name not in ("id", "at"))
    work.tx.connection.execute(
        sa.text(
            f"INSERT INTO sign_ins (id, at, {same}) SELECT id || n, at - n * interval '1 minute', {same}"
            " FROM sign_ins CROSS JOIN generate_series(1, 2000) AS n"
        )
    )
    work.tx.connection.execute(sa.text("ANALYZE sign_ins"))


@pytest.mark.both_databases
def test_behaviour_comes_from_one_indexed_statement(desk, database_kind):
    desk.sign_in()
    with desk.work() as work:
        sql, _, bind, _ = behaviour._PAST._prepare(work.tx._dialect)
        values = {"organization_id": "org", "account_id": "acc", "before": NOON, "since": NOON}
        explain = "EXPLAIN QUERY PLAN " if database_kind == "sqlite" else "EXPLAIN "
        if database_kind != "sqlite":
            have_many_sign_ins(work)
        work.tx._cursor.execute(explain + sql, bind(values))
        plan = "\n".join(str(row) for row in work.tx._cursor.fetchall())

    index = "ix_sign_ins_organization_id_account_id_outcome_at"
    assert plan.count(index) == 2, plan
    assert "SCAN sign_ins" not in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan


# Requests without a browser


def client(work, desk, **changes):
    where = {"organization_id": desk.world.organization.id, "application_id": desk.world.wiki.id} | changes
    return contextual.judge_client(work, RequestKind.TOKEN, **where)


@pytest.mark.parametrize(("guard", "denied"), [
    ({"requests": ["token"]}, True),
    ({"requests": ["oidc"]}, False),
    ({"networks": {"zones": ["Berlin"]}}, True),
    ({"people": {"groups": ["Staff"]}}, False),
    ({"people": {"kinds": ["member"]}}, False),
    ({"devices": {"known": False}}, False),
    ({"behaviours": ["new-device", "new-network"]}, False),
    ({"sessions": {"not_proven": ["passkey"]}}, False),
])  # fmt: skip
def test_a_token_without_a_person_is_judged_by_where_when_and_what(desk, guard, denied):
    with desk.work() as work:
        zones_in(work, "Berlin", cities=("DE/Berlin",))
    desk.write(guards=[deny("Guard", **guard)])

    with desk.work() as work:
        assert (client(work, desk).denied is not None) is denied


def test_what_must_be_proven_is_asked_of_people_only(desk):
    desk.write(catch_all={"effect": "require", "strength": "phishing-resistant"})

    with desk.work() as work:
        assert client(work, desk).denied is None


def absent(work, desk):
    return contextual.judge_absent(
        work,
        RequestKind.OIDC,
        organization_id=desk.world.organization.id,
        site_id=desk.world.site.id,
        application_id=desk.world.wiki.id,
        account_id=desk.world.ann.id,
    )


@pytest.mark.parametrize(("document", "denied"), [
    ({}, False),
    ({"guards": [deny("Staff", people={"groups": ["Staff"]})]}, True),
    ({"guards": [deny("Berlin", networks={"zones": ["Berlin"]})]}, False),
    ({"guards": [deny("Strangers", devices={"known": False})]}, False),
    ({"rules": [{"name": "Office", "answer": {"effect": "allow"}, "conditions": {"networks": {"zones": ["Berlin"]}}}],
      "catch_all": {"effect": "deny"}}, False),
    ({"catch_all": {"effect": "deny"}}, True),
    ({"rules": [{"name": "Night", "conditions": {"times": {"zone": "UTC", "begins": "22:00", "ends": "06:00"}},
                 "answer": {"effect": "deny"}}]}, False),
    ({"rules": [{"name": "Day", "conditions": {"times": {"zone": "UTC", "begins": "08:00", "ends": "18:00"}},
                 "answer": {"effect": "deny"}}]}, True),
])  # fmt: skip
def test_a_token_is_renewed_unless_a_rule_denies_whatever_the_browser_may_be(desk, document, denied):
    with desk.work() as work:
        zones_in(work, "Berlin", cities=("DE/Berlin",))
    desk.write(**document)

    with desk.work() as work:
        assert (absent(work, desk) is not None) is denied


# Recorded and read again

EVERYTHING = {
    "guards": [
        deny("Certificate", devices={"certificate": True}),
        deny("Trial", mode="report-only", behaviours=["new-network"]),
    ],
    "rules": [
        {"name": "Home", "answer": {"effect": "allow"}, "conditions": {"networks": {"zones": ["Berlin"]}, "people": {"groups": ["Staff"]}}},
        {"name": "Linux", "answer": {"effect": "allow"}, "conditions": {"devices": {"operating_systems": ["Linux"], "known": True}}},
        {"name": "New", "conditions": {"behaviours": ["new-country", "impossible-travel"]},
         "answer": {"effect": "require", "strength": "phishing-resistant"}},
        {"name": "Old", "conditions": {"sessions": {"older_than_seconds": 1800}},
         "answer": {"effect": "require", "within_seconds": 600}},
    ],
    "catch_all": {"effect": "deny", "text": "No."},
}  # fmt: skip


@pytest.mark.parametrize("ip", [BERLIN, PARIS, SYDNEY])
@pytest.mark.parametrize("agent", [FIREFOX, "Mozilla/5.0 (X11; Linux x86_64) Chrome/140"])
@pytest.mark.parametrize("certificate", ["", "CN=laptop-17"])
@pytest.mark.parametrize("minutes", [1, 50])
def test_what_was_recorded_is_judged_like_the_first_time(desk, ip, agent, certificate, minutes):
    desk.sign_in()
    desk.now += timedelta(hours=1)
    desk.sign_in()
    with desk.work() as work:
        zones_in(work, "Berlin", networks=("203.0.113.0/24",))
    desk.write(**EVERYTHING)
    desk.write("Applications", **EVERYTHING)
    desk.ip, desk.agent, desk.certificate = ip, agent, certificate
    desk.now += timedelta(minutes=minutes)
    then = desk.judged(kind=RequestKind.SAML)
    _, attempt = desk.begin()

    again = reread(attempt)
    with desk.work() as work:
        standing = access_policies.standing(work, desk.world.organization.id)
    for policy, outcome, place in ((standing.session, then.session_access, 0),
                                   (standing.of_application(None), then.application_access, 1)):  # fmt: skip
        found = evaluate(policy, again)
        assert (found.outcome, found.uncertain) == (outcome, ())
        assert attempt.context["access"]["policies"][place] == [policy.policy_id, policy.version, found.rule_id]


def reread(attempt):
    return recording.read(
        attempt.context,
        at=attempt.at,
        account_id=attempt.account_id,
        application_id=attempt.application_id,
        site_id=attempt.site_id,
        ip=attempt.ip,
        attempt=attempt.kind,
    )


def test_a_sign_on_that_moved_is_judged_by_where_it_was_in_the_end(desk):
    desk.write(guards=[deny("Unseen", behaviours=["impossible-travel"])])
    handle, attempt = desk.begin()
    desk.ip = PARIS
    with desk.work() as work:
        here = progress.look(work, handle.handle, browser=BROWSER, session=None)
        pending.prove(work, here.row, Method.PASSWORD, account_id=desk.world.ann.id, epoch=1)
        pending.prove(work, here.row, Method.TOTP, account_id=desk.world.ann.id, epoch=1)
        here = progress.look(work, handle.handle, browser=BROWSER, session=None)
        progress.open_session(work, here, held=None)

    again = reread(desk.attempt(attempt.id))
    assert (attempt.ip, again.ip, again.country) == (BERLIN, PARIS, "FR")


@pytest.mark.parametrize(("fact", "rule"), [
    ("groups", {"people": {"groups": ["Staff"]}}),
    ("device_known", {"devices": {"known": True}}),
    ("behaviours", {"behaviours": ["new-country"]}),
    ("country", {"networks": {"zones": ["Germany"]}}),
])  # fmt: skip
def test_what_was_not_looked_up_cannot_be_told(desk, fact, rule):
    """Recorded without any rule and without files of places, judged by a rule that turns on a fact of those."""
    desk.sign_in()
    desk.located = False
    _, attempt = desk.begin()
    with desk.work() as work:
        zones_in(work, "Germany", countries=("DE",))
    desk.write(guards=[deny("New rule", **rule)])
    with desk.work() as work:
        found = evaluate(access_policies.standing(work, desk.world.organization.id).session, reread(attempt))

    assert isinstance(found.outcome, Allowed)
    assert found.uncertain == (fact,)


def test_a_token_is_read_again_as_one(desk):
    desk.write(guards=[deny("Tokens", requests=["token"])])
    trail = Trail(kind="oidc.token", organization_id=desk.world.organization.id)
    with desk.work() as work:
        trail.context = {recording.KEY: client(work, desk).recorded}
        attempts.save(work, trail)
    again = reread(desk.attempt(trail.id))

    assert again == Context(
        at=NOON, request=RequestKind.TOKEN, kind=None, ip=BERLIN, country="DE", city="Berlin", asn="64500",
        device_known=None, operating_system="Windows", browser="Firefox", session_known=False,
    )  # fmt: skip


def test_an_attempt_of_before_there_were_rules_tells_what_it_can(desk):
    _, attempt = desk.begin()
    attempt.context.pop("access", None)
    attempt.account_id = desk.world.ann.id
    again = reread(attempt)

    assert (again.request, again.account_id, again.ip) == (RequestKind.SAML, desk.world.ann.id, BERLIN)
    unknown = ("kind", "groups", "country", "city", "asn", "device_known", "operating_system", "browser", "behaviours")
    assert all(getattr(again, name) is None for name in unknown)
    assert not again.session_known


def test_reading_back_knows_every_kind_and_behaviour():
    for kind in AccountKind:
        for request in RequestKind:
            first = Context(
                NOON, request, "acc_1", kind, frozenset({"grp_1"}), behaviours=frozenset(Behaviour), ip="192.0.2.1"
            )
            known = frozenset({"groups", "device_known", "behaviours"})
            kept = {recording.KEY: recording.write(first, place_known=True, known=known)}
            columns = {"account_id": "acc_1", "application_id": "", "site_id": "", "ip": "192.0.2.1"}

            assert recording.read(kept, at=NOON, **columns) == first


def test_compiled_policies_say_which_facts_cost_something():
    rules = documents.rules_from_json(EVERYTHING)
    assert mentioned(rules) == {"groups", "device_known", "behaviours"}
    assert mentioned(documents.rules_from_json({"rules": [
        {"name": "Off", "mode": "off", "answer": {"effect": "allow"}, "conditions": {"behaviours": ["new-device"]}}]})) == frozenset()  # fmt: skip
    assert Compiled("acp", "x", 1, rules)


@pytest.mark.both_databases
def test_the_longest_names_and_the_strongest_demand_fit_into_an_attempt(desk):
    desk.sign_in()
    with desk.work() as work:
        access_assignments.create(work, "acme", "P" * 120)
        access_assignments.assign(work, desk.world.wiki.id, "P" * 120)
    rule = {"name": "R" * 120, "answer": {"effect": "require", "strength": "phishing-resistant"}}
    desk.write("P" * 120, rules=[rule])
    _, attempt = desk.begin()

    assert attempt.decision == "phishing_resist"
    assert attempt.rule.startswith("access-policy PPP")


def test_what_the_authentication_policy_no_longer_takes_has_proven_nothing_to_a_rule(desk):
    desk.sign_in()
    proven = {"name": "Proven", "conditions": {"sessions": {"proven": ["otp"]}}, "answer": {"effect": "allow"}}
    desk.write(rules=[proven], catch_all={"effect": "deny"})
    assert isinstance(desk.judged().session_access, Allowed)
    with desk.work() as work:
        authentication_policy_changes.edit(work, "acme", None, {"methods": ["pwd", "passkey"]})

    assert isinstance(desk.judged().session_access, Denied)
