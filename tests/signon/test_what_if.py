"""What would come of a sign-on: the same answers as at the door, at any time, and nothing is written."""

from dataclasses import replace
from datetime import timedelta

import pytest

from idp.base.errors import Forbidden, Invalid, NotFound
from idp.base.work import Place
from idp.directory import access_policies, accounts, applications, groups, policies, zones
from idp.directory.models import Account, Membership
from idp.directory.zones import Contents
from idp.policy.access import documents
from idp.policy.access.context import Behaviour, RequestKind
from idp.policy.access.outcome import Denied
from idp.policy.permissions import AUDITOR
from idp.policy.signon import Method, Proof, Strength
from idp.signon import contextual, flow
from idp.signon.request import Refusal
from idp.signon.what_if import Supposed, what_if

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
DAY = timedelta(days=1)


@pytest.fixture
def supposed(world, noon) -> Supposed:
    return Supposed(at=noon, account=world.ann.email, application_id=world.wiki.id, ip="192.0.2.7")


def write(work, policy="Sessions", **document):
    access_policies.write(work, "acme", policy, documents.rules_from_json(document))


def guard(name="No", text="Not now.", **conditions):
    return {"name": name, "conditions": conditions, "text": text}


def test_without_rules_the_authentication_policy_asks_alone(work, world, supposed):
    found = what_if(work, supposed)

    assert (found.person, found.groups, found.application) == ("ann@acme.example", ("Staff",), "Wiki")
    assert [(one.kind, one.evaluation.rule_id) for one in found.access] == [
        ("session", "catch-all"),
        ("application", "catch-all"),
    ]
    assert (found.may_open, found.authentication_policy, found.blocked_by) == (True, "Default", None)
    assert found.together == found.own
    assert [type(step) for step in found.road] == [flow.AskFirstStep, flow.AskSecondStep, flow.Complete]


def test_both_policies_must_be_satisfied(work, world, supposed):
    write(work, catch_all={"effect": "require", "strength": "second-step"})
    write(
        work,
        "Applications",
        rules=[{"name": "Fresh", "answer": {"effect": "require", "strength": "second-step", "within_seconds": 300}}],
    )

    found = what_if(work, supposed)

    assert found.together.required is Strength.SECOND_STEP
    assert found.together.within == timedelta(minutes=5)
    assert found.together.rule == "access-policy Applications: Fresh"


def test_what_was_proven_is_not_asked_for_again(work, world, supposed):
    proven = tuple(Proof(method, supposed.at) for method in (Method.PASSWORD, Method.TOTP))

    found = what_if(work, replace(supposed, proven=proven, session_started_at=supposed.at))

    assert found.road == (flow.Complete(),)


def test_a_session_that_is_too_old_is_asked_again(work, world, supposed):
    write(work, "Applications", catch_all={"effect": "require", "strength": "second-step", "within_seconds": 300})
    then = supposed.at - timedelta(minutes=6)
    proven = tuple(Proof(method, then) for method in (Method.PASSWORD, Method.TOTP))

    found = what_if(work, replace(supposed, proven=proven, session_started_at=then))

    assert [type(step) for step in found.road] == [flow.AskFirstStep, flow.AskSecondStep, flow.Complete]


def test_what_cannot_be_proven_is_set_up(work, world, supposed):
    write(work, "Applications", catch_all={"effect": "require", "strength": "phishing-resistant"})

    *_, before, last = what_if(work, supposed).road

    assert before == flow.EnrolSecondStep(frozenset({Method.PASSKEY, Method.SECURITY_KEY}))
    assert last == flow.Complete()


def test_a_denial_says_which_rule_and_what_the_person_reads(work, world, supposed):
    write(work, guards=[guard("Night", times={"zone": "UTC", "begins": "22:00", "ends": "06:00"})])

    night = what_if(work, replace(supposed, at=supposed.at.replace(hour=23)))

    assert isinstance(night.denied, Denied)
    assert night.together is None
    assert night.road[-1] == flow.Refuse(Refusal.DENIED, "Not now.", "access-policy Sessions: Night")
    assert what_if(work, supposed).denied is None


FACTS = [
    ({"requests": ["oidc"]}, {"request": RequestKind.OIDC}),
    ({"devices": {"known": True}}, {"known_device": True}),
    ({"devices": {"browsers": ["Firefox"]}}, {"user_agent": FIREFOX}),
    ({"devices": {"operating_systems": ["Windows"]}}, {"user_agent": FIREFOX}),
    ({"devices": {"certificate": True}}, {"certificate": "CN=laptop"}),
    ({"behaviours": ["new-country"]}, {"behaviours": frozenset({Behaviour.NEW_COUNTRY})}),
    ({"networks": {"zones": ["Germany"]}}, {"place": Place(country="DE")}),
    ({"networks": {"zones": ["Berlin"]}}, {"place": Place(country="DE", city="Berlin")}),
    ({"networks": {"zones": ["Provider"]}}, {"place": Place(asn="64500")}),
    ({"networks": {"zones": ["Office"]}}, {"ip": "198.51.100.7"}),
    ({"people": {"groups": ["Later"]}}, {"at": 2 * DAY}),
    ({"sessions": {"proven": ["otp"]}}, {"proven": Method.TOTP}),
]


@pytest.mark.parametrize(("conditions", "fact"), FACTS)
def test_every_fact_can_be_supposed(work, world, supposed, conditions, fact):
    for name, contents in (
        ("Germany", Contents(countries=("DE",))),
        ("Berlin", Contents(cities=("DE/Berlin",))),
        ("Provider", Contents(asns=("64500",))),
        ("Office", Contents(networks=("198.51.100.0/24",))),
    ):
        zones.create(work, "acme", name, contents)
    later = groups.create(work, "Later", organization="acme")
    work.tx.session.add(
        Membership(
            organization_id=world.organization.id,
            id="mem_later",
            group_id=later.id,
            account_id=world.ann.id,
            source="manual",
            valid_from=supposed.at + DAY,
        )
    )
    work.tx.session.flush()
    write(work, guards=[guard(**conditions)])
    if isinstance(fact.get("at"), timedelta):
        fact = {"at": supposed.at + fact["at"]}
    if isinstance(fact.get("proven"), Method):
        fact = {"proven": (Proof(fact["proven"], supposed.at),), "session_started_at": supposed.at}

    assert what_if(work, supposed).denied is None
    assert what_if(work, replace(supposed, **fact)).denied is not None


def test_rules_that_turn_on_what_is_proven_are_asked_again_on_the_road(work, world, supposed):
    """At first nothing is proven; once the password is, the guard rail denies."""
    write(work, guards=[guard("After the password", sessions={"proven": ["pwd"]})])

    found = what_if(work, supposed)

    assert found.denied is None
    assert found.road == (
        flow.AskFirstStep(),
        flow.Refuse(Refusal.DENIED, "Not now.", "access-policy Sessions: After the password"),
    )


def test_an_address_on_the_block_list_gets_no_answer(work, world, supposed):
    zones.create(work, "acme", "Bad", Contents(networks=("192.0.2.0/24",)), usage="blocklist")

    found = what_if(work, supposed)

    assert (found.blocked_by, found.road) == ("Bad", ())


def test_without_an_access_grant_nobody_opens_it(work, world, supposed):
    closed = applications.create(work, world.site, protocol="oidc", name="Closed")
    work.tx.session.flush()

    found = what_if(work, replace(supposed, application_id=closed.id))

    assert (found.may_open, found.context.request) == (False, RequestKind.OIDC)
    assert found.road[-1] == flow.Refuse(Refusal.NOT_ALLOWED)


def test_a_break_glass_account_is_asked_by_no_rules(work, world, supposed):
    write(work, guards=[guard()])
    assert what_if(work, supposed).denied is not None
    work.tx.session.get_one(Account, (world.organization.id, world.ann.id)).kind = "break-glass"
    work.tx.session.flush()

    found = what_if(work, supposed)

    assert (found.access, found.denied) == ((), None)


def test_a_request_without_a_person_is_only_allowed_or_denied(work, world, supposed):
    write(work, guards=[guard("No tokens from there", requests=["token"])])
    token = replace(supposed, account="", request=RequestKind.TOKEN)

    found = what_if(work, token)

    assert (found.person, found.own, found.road) == ("", None, ())
    assert found.denied.rule == "access-policy Sessions: No tokens from there"
    assert what_if(work, replace(token, request=RequestKind.PROVISIONING)).denied is None


def test_a_disabled_account_does_not_sign_in(work, world, supposed):
    accounts.disable(work, world.ann.id)
    work.tx.session.flush()

    assert (what_if(work, supposed).disabled, what_if(work, supposed).road) == (True, ())


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"ip": ""}, "ip"),
        ({"ip": "here"}, "ip"),
        ({"account": ""}, "account"),
        ({"request": RequestKind.TOKEN}, "account"),
        ({"account": "", "application_id": "", "request": RequestKind.TOKEN}, "organization"),
    ],
)
def test_what_does_not_go_together_is_refused(work, world, supposed, change, field):
    with pytest.raises(Invalid) as refused:
        what_if(work, replace(supposed, **change))

    assert refused.value.field == field


def test_nothing_is_written(open_work, world, supposed, database):
    with open_work() as work:
        write(work, guards=[guard()])
    with database.engine.connect() as connection:
        before = list(connection.exec_driver_sql("SELECT count(*) FROM audit_entries"))
    with open_work() as work:
        what_if(work, supposed)
        assert not work.tx.session.new
        assert not work.tx.session.dirty
    with database.engine.connect() as connection:
        assert list(connection.exec_driver_sql("SELECT count(*) FROM audit_entries")) == before


def test_t1_what_is_another_organizations_is_not_found(work, world, supposed, stranger):
    with pytest.raises(NotFound):
        what_if(stranger(work), supposed)
    with pytest.raises(NotFound):
        what_if(stranger(work), replace(supposed, application_id=""))


def test_whoever_may_not_see_policies_may_not_ask(work, world, supposed, as_account):
    assert what_if(as_account(work, world.ann, AUDITOR), supposed).person
    with pytest.raises((Forbidden, NotFound)):
        what_if(as_account(work, world.ann), supposed)


def test_what_is_asked_is_what_the_policy_says_at_that_time(work, world, supposed):
    policies.set_second_step(work, "acme", "off")

    assert [type(step) for step in what_if(work, supposed).road] == [flow.AskFirstStep, flow.Complete]


def test_what_the_authentication_policy_does_not_take_has_proven_nothing_to_a_rule(work, world, supposed):
    proven = {"name": "Proven", "conditions": {"sessions": {"proven": ["email-code"]}}, "answer": {"effect": "allow"}}
    write(work, rules=[proven], catch_all={"effect": "deny"})
    mailed = replace(supposed, proven=(Proof(Method.PASSWORD, supposed.at), Proof(Method.EMAIL_CODE, supposed.at)))

    assert what_if(work, mailed).denied is not None


@pytest.mark.parametrize("conditions", [
    {"devices": {"known": False}}, {"sessions": {"not_proven": ["passkey"]}}, {"behaviours": ["new-device"]},
])  # fmt: skip
def test_a_request_without_a_person_is_asked_of_devices_and_sessions_as_at_the_door(work, world, supposed, conditions):
    write(work, guards=[guard(**conditions)])
    told = what_if(work, replace(supposed, account="", request=RequestKind.TOKEN))
    met = contextual.judge_client(
        work, RequestKind.TOKEN, organization_id=world.organization.id, application_id=world.wiki.id
    )

    assert told.denied is None
    assert met.denied is None
