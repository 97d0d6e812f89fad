"""The lock-out guard: whom a change would cut off. One administrator who can sign in, then one change at a time."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from idp.policy.access.context import AccountKind, Context, RequestKind
from idp.policy.access.evaluate import Compiled
from idp.policy.access.networks import CompiledZone
from idp.policy.access.rules import (
    Answer,
    Conditions,
    Devices,
    Effect,
    Mode,
    Networks,
    People,
    Rule,
    Rules,
    Sessions,
    Times,
)
from idp.policy.signon import Method, SecondStep, SignOnPolicy, Strength
from idp.signon import guard
from idp.signon.guard import Administrator, Book
from idp.signon.reach import Means
from tests.conftest import NOON

OFFICE = CompiledZone(countries=frozenset({"DE"}))
DENY = Answer(Effect.DENY)
POLICY = SignOnPolicy(1, SecondStep.REQUIRED)
USUAL = Context(
    NOON - timedelta(days=1),  # a Monday, at noon
    RequestKind.OIDC,
    "acc_olga",
    application_id="app_wiki",
    ip="192.0.2.1",
    country="DE",
    city="Berlin",
    asn="3320",
    device_known=True,
    operating_system="Windows",
    browser="Firefox",
)
OLGA = Administrator(
    account_id="acc_olga",
    email="olga@acme.example",
    kind=AccountKind.MEMBER,
    policy_id=None,
    means=Means(frozenset({Method.PASSWORD}), frozenset({Method.TOTP})),
    contexts=(USUAL,),
)
BEFORE = Book(None, {None: POLICY, "aup_1": POLICY})


def cut_off(people, before, after, now):
    return guard.cut_off([(one, one) for one in people], before, after, now)


def access(*rules: Rule, guards: tuple[Rule, ...] = (), catch_all: Answer | None = None) -> Book:
    made = Rules(guards, rules, catch_all or Answer())
    return replace(BEFORE, access=Compiled("acp_1", "Everyone", 2, made, {"zon_office": OFFICE}))


def rule(answer: Answer = DENY, **conditions) -> Rule:
    mode = conditions.pop("mode", Mode.ON)
    return Rule("rul_1", "the rule", Conditions(**conditions), answer, mode)


def why(after: Book, who: Administrator = OLGA, before: Book = BEFORE) -> str | None:
    found = cut_off([who], before, after, NOON)
    return found[0].dead_end.rule if found else None


ABROAD = Networks(except_zones=frozenset({"zon_office"}))


def test_no_change_cuts_nobody_off():
    assert cut_off([OLGA], BEFORE, BEFORE, NOON) == ()


def test_a_rule_that_denies_everybody_cuts_off():
    (found,) = cut_off([OLGA], BEFORE, access(rule()), NOON)

    assert (found.email, found.request, found.since) == ("olga@acme.example", RequestKind.BROWSER, None)
    assert found.dead_end.rule == "access-policy Everyone: the rule"


def test_a_catch_all_that_denies_cuts_off():
    assert why(access(catch_all=DENY)) == "access-policy Everyone: catch-all"


def test_a_rule_for_the_console_alone_cuts_off_there():
    (found,) = cut_off([OLGA], BEFORE, access(rule(requests=frozenset({RequestKind.CONSOLE}))), NOON)

    assert found.request is RequestKind.CONSOLE


def test_a_rule_for_applications_alone_cuts_nobody_off():
    assert why(access(rule(requests=frozenset({RequestKind.OIDC, RequestKind.SAML})))) is None


@pytest.mark.parametrize("mode", [Mode.OFF, Mode.REPORT_ONLY])
def test_a_rule_that_does_not_count_cuts_nobody_off(mode):
    assert why(access(rule(mode=mode))) is None


def test_whoever_usually_comes_from_where_the_rule_lets_in_is_not_cut_off():
    assert why(access(rule(networks=ABROAD))) is None


def test_whoever_usually_comes_from_elsewhere_is():
    away = replace(OLGA, contexts=(replace(USUAL, country="FR"),))

    assert why(access(rule(networks=ABROAD)), away) == "access-policy Everyone: the rule"


def test_one_usual_place_that_is_left_is_enough():
    both = replace(OLGA, contexts=(replace(USUAL, country="FR"), USUAL))

    assert why(access(rule(networks=ABROAD)), both) is None


def test_whoever_cannot_sign_in_now_is_not_cut_off_by_the_change():
    assert why(access(rule()), before=access(rule())) is None


def test_whoever_has_nothing_to_sign_in_with_is_not_cut_off():
    assert why(access(rule()), replace(OLGA, means=Means(frozenset(), frozenset()))) is None


def test_a_break_glass_account_is_under_no_rule():
    assert why(access(rule()), replace(OLGA, kind=AccountKind.BREAK_GLASS)) is None


def test_a_rule_for_others_cuts_nobody_off():
    assert why(access(rule(people=People(accounts=frozenset({"acc_ben"}))))) is None


def test_hours_are_those_of_the_usual_sign_in():
    nights = Times(begins=20 * 60, ends=6 * 60)
    noons = Times(begins=11 * 60, ends=13 * 60)

    assert why(access(rule(times=nights))) is None
    assert why(access(rule(times=noons))) is not None


def test_a_rule_that_begins_later_cuts_off_from_then_on():
    (found,) = cut_off([OLGA], BEFORE, access(rule(times=Times(not_before=date(2030, 6, 1)))), NOON)

    assert found.since == date(2030, 6, 2)


def test_a_rule_that_was_over_before_cuts_nobody_off():
    assert why(access(rule(times=Times(not_after=date(2029, 12, 31))))) is None


def test_where_it_cannot_be_told_who_signed_in_is_taken_to_be_cut_off():
    unknown = replace(OLGA, contexts=(replace(USUAL, country=None),))

    found = why(access(rule(networks=ABROAD)), unknown)

    assert found == "access-policy Everyone: the rule (perhaps: the country not recorded)"


def test_of_whom_nothing_was_recorded_only_what_is_certain_counts():
    never = replace(OLGA, contexts=(replace(USUAL, country=None, device_known=None),), recorded=False)

    assert why(access(rule(networks=ABROAD, devices=Devices(known=False))), never) is None
    assert why(access(rule()), never) is not None


def test_what_can_be_set_up_while_signing_in_may_be_required():
    passkey = Answer(Effect.REQUIRE, strength=Strength.PHISHING_RESISTANT)

    assert why(access(rule(passkey))) is None


def test_what_the_authentication_policy_does_not_allow_may_not():
    passkey = Answer(Effect.REQUIRE, strength=Strength.PHISHING_RESISTANT)
    apps = replace(POLICY, methods=frozenset({Method.PASSWORD, Method.TOTP}))
    before = replace(BEFORE, policies={None: apps})

    assert (
        why(replace(access(rule(passkey)), policies={None: apps}), before=before) == "access-policy Everyone: the rule"
    )


def test_a_method_that_is_taken_from_the_authentication_policy_cuts_off_who_has_no_other():
    passkeys = replace(POLICY, methods=frozenset({Method.PASSKEY}))

    (found,) = cut_off([OLGA], BEFORE, replace(BEFORE, policies={None: passkeys}), NOON)

    assert found.dead_end.lacks == {Method.PASSKEY}


def test_a_move_into_a_policy_without_a_way_in_cuts_off():
    passkeys = replace(POLICY, methods=frozenset({Method.PASSKEY}))
    policies = {None: POLICY, "aup_2": passkeys}

    book = replace(BEFORE, policies=policies)

    assert guard.cut_off([(OLGA, replace(OLGA, policy_id="aup_2"))], book, book, NOON)


def test_a_blocked_address_cuts_off_even_a_break_glass_account():
    blocked = replace(BEFORE, blocked=lambda context: context.ip == "192.0.2.1")

    assert why(blocked) == "the address is in a zone of the block list"
    assert why(blocked, replace(OLGA, kind=AccountKind.BREAK_GLASS)) is not None


def test_a_rule_that_ends_every_session_at_once_cuts_off():
    """Signing in would succeed, and the next click would be denied, again and again."""
    assert why(access(rule(sessions=Sessions(older_than=timedelta(0))))) is not None
    assert why(access(rule(sessions=Sessions(proof_older_than=timedelta(seconds=30))))) is not None


def test_a_rule_that_ends_sessions_in_the_evening_cuts_nobody_off():
    assert why(access(rule(sessions=Sessions(older_than=timedelta(hours=8))))) is None


def test_a_rule_that_asks_again_at_once_cuts_nobody_off():
    again = Answer(Effect.REQUIRE, within=timedelta(minutes=1))

    assert why(access(rule(again, sessions=Sessions(older_than=timedelta(0))))) is None


def test_one_place_that_is_left_is_looked_at_and_no_other(monkeypatch):
    """A change holds the organization's row while it is judged: no more is walked than the answer needs."""
    walked = []
    real = guard.dead_end
    monkeypatch.setattr(guard, "dead_end", lambda *of, **more: walked.append(1) or real(*of, **more))
    usual = replace(OLGA, contexts=tuple(replace(USUAL, ip=f"192.0.2.{place}") for place in range(5)))

    assert why(access(), usual) is None
    assert len(walked) == 2 * len(guard.OUR_PAGES)
