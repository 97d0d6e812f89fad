"""
A walk in random order over random policies: no path ends in a session with less than the policy asked.

Two people play in two browsers: they sign in, fail, enrol, recover, step up, skip steps, go back, let time pass, while
an administrator changes policies. After every act an oracle of its own (it reads rows, and uses none of the functions
that decide) looks at each session and each answer that came to be by it. ``WALKS`` makes it walk longer.
"""

import os
import re
import shutil
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from idp.base.crypto import Vault
from idp.base.db import Database
from idp.directory import access_policies
from idp.directory.models import Account
from idp.policy.access.rules import Answer, Effect, Rule, Rules
from idp.policy.models import AuthenticationPolicy
from idp.policy.signon import Strength
from idp.signon import administered_password
from idp.signon.factors import temporary_pass
from idp.signon.models import Authenticator, Password, SignOnSession, TotpFactor
from tests.support.authenticator import UP, UV, SoftAuthenticator
from tests.support.front import ANN, BEN, CLEO, DORA, PASSWORD, Front
from tests.support.visitor import Visitor

PEOPLE = (ANN, BEN, DORA, CLEO)
FIRST, STRONG, WEAK = (
    {"pwd", "passkey", "temporary-pass"},
    {"otp", "recovery", "passkey", "security-key", "temporary-pass"},
    {"email-code", "known-device"},
)
RESISTANT = {"passkey", "security-key"}
PLACES = (
    "password",
    "code",
    "recovery",
    "enrol",
    "consent",
    "recovery-codes",
    "new-password",
    "pass",
    "passkey",
    "email",
)
WORDS = ("Use a recovery code", "Use your authenticator app", "Use a passkey or security key")
STRENGTHS = {"second-step": Strength.SECOND_STEP, "phishing-resistant": Strength.PHISHING_RESISTANT}
who = st.sampled_from(PEOPLE)
browser = st.sampled_from((0, 1))


class Walk(RuleBasedStateMachine):
    """The people, their browsers, and what the oracle knows."""

    template: Path
    vault: Vault
    reached: Counter[str] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "front.db"
        shutil.copyfile(self.template, path)
        self.front = Front(Database(f"sqlite:///{path}", self.vault, memory_seconds=0))
        self.visitors = [Visitor(self.front.app.test_client()) for _ in range(2)]
        self.passwords = dict.fromkeys(PEOPLE, PASSWORD)
        self.typed: list[str] = [ANN, ANN]  # whose e-mail address was typed last, by browser
        self.proven: list[set[str]] = [set(), set()]  # whose password was ever typed right, by browser
        self.secrets: dict[str, list[str]] = {ANN: [""], DORA: [""], BEN: [], CLEO: []}
        self.codes: dict[str, list[str]] = {one: [] for one in PEOPLE}
        self.seen: dict[str, object] = {}
        self.asked: list[Strength | None] = [None, None]
        self.demand = "nothing"  # of the rules of access, for every application
        self.mailed: dict[str, str] = {}  # the last code that each was mailed
        self.told_at: list[int] = [0, 0]  # how many pages a browser had seen when its last answer was looked at
        self.old_code = ""
        self.remembering: set[tuple[int, str]] = set()  # who wanted which browser to be remembered
        self.devices = {one: SoftAuthenticator() for one in PEOPLE}
        self.holders: dict[bytes, str] = {}  # whose account each user handle is
        self.links: list[tuple[str, str]] = []  # whose mail, and the path in it

    def teardown(self) -> None:
        self.front.database.dispose()
        self.folder.cleanup()

    # what an administrator does

    @rule(
        second_step=st.sampled_from(["off", "optional", "required"]),
        without=st.sets(st.sampled_from(["otp", "recovery", "temporary-pass"]), max_size=2),
        grace=st.sampled_from([0, 0, 0, 1]),
        days=st.sampled_from([0, 30]),
        weak=st.booleans(),
    )
    def the_policy_changes(self, second_step, without, grace, days, weak):
        with self.front.work() as work:
            policy = work.tx.session.query(AuthenticationPolicy).filter_by(is_default=True).one()
            policy.second_step, policy.grace_sign_ins, policy.known_device_days = second_step, grace, days
            policy.methods = [
                name
                for name in ["pwd", "otp", "recovery", "passkey", "security-key", "temporary-pass"]
                if name not in without
            ] + (["email-code"] if weak else [])

    @rule(at=browser, person=st.sampled_from([ANN, BEN, DORA]), instead=st.booleans())
    def a_pass_is_given_and_used(self, at, person, instead):
        """In place of the password; or beside it, where it is offered."""
        with self.front.work() as work:
            policy = work.tx.session.query(AuthenticationPolicy).filter_by(is_default=True).one()
            if "temporary-pass" not in policy.methods:
                return
            given = temporary_pass.make(work, person)[1]
        visitor = self.visitors[at]
        self.a_sign_on_begins(at, "Wiki", None, force=True)
        if not instead:
            self.the_page_is_answered(at, person, right=True, remember=False)
        if not visitor.page.xpath("//a[contains(normalize-space(), 'Use a temporary access pass')]"):
            return
        visitor.follow("Use a temporary access pass")
        self.typed[at] = person
        self.proven[at].add(person)
        visitor.submit(**({"username": person} if instead else {}), **{"pass": given})
        self._learn(visitor, person)

    @rule(at=browser, person=st.sampled_from([ANN, BEN]), sign_out=st.booleans(), pages=st.integers(0, 4))
    def a_new_password_is_demanded(self, at, person, sign_out, pages):
        with self.front.work() as work:
            administered_password.require_new_password(work, person, sign_out=sign_out)
        if pages:
            self.somebody_signs_in_and_comes_so_far(at, person, "Wiki", None, force=True, pages=pages)

    @rule(demand=st.sampled_from(["nothing", "nothing", "second-step", "phishing-resistant", "deny"]))
    def the_rules_of_access_change(self, demand):
        """For every sign-on to an application; our own pages stay as they are, so that people come on."""
        answer = (
            Answer(Effect.DENY)
            if demand == "deny"
            else Answer(Effect.REQUIRE, STRENGTHS.get(demand, Strength.PASSWORD))
        )
        rules = Rules() if demand == "nothing" else Rules(rules=(Rule("rul_all", "all", answer=answer),))
        with self.front.work() as work:
            access_policies.write(work, "acme", "Applications", rules)
        self.demand = demand

    @rule(minutes=st.sampled_from([0.6, 2, 6, 11, 65]))
    def time_passes(self, minutes):
        self.front.later(minutes=minutes)

    # what people do

    @rule(
        at=browser,
        application=st.sampled_from(["Wiki", "Payroll"]),
        asked=st.sampled_from([None, None, Strength.SECOND_STEP, Strength.PHISHING_RESISTANT]),
        force=st.booleans(),
    )
    def a_sign_on_begins(self, at, application, asked, force):
        self.asked[at] = asked
        self.visitors[at].open(self.front.ask(application, asked=asked, force=force))

    @rule(
        at=browser,
        person=st.sampled_from([ANN, ANN, BEN, BEN, DORA]),
        application=st.sampled_from(["Wiki", "Payroll"]),
        asked=st.sampled_from([None, None, Strength.SECOND_STEP, Strength.PHISHING_RESISTANT]),
        force=st.booleans(),
        pages=st.integers(1, 6),
    )
    def somebody_signs_in_and_comes_so_far(self, at, person, application, asked, force, pages):
        self.front.later(seconds=31)  # the next code of an authenticator
        self.a_sign_on_begins(at, application, asked, force)
        for _ in range(pages):
            self.the_page_is_answered(at, person, right=True, remember=pages % 2 == 0)

    @rule(
        at=browser,
        path=st.sampled_from(
            ["/", "/account", "/account/password", "/account/authenticators/new", "/account/passkeys/new"]
        ),
    )
    def a_page_of_ours_is_opened(self, at, path):
        self.asked[at] = None
        self.visitors[at].open(path)

    @rule(at=browser, person=who, right=st.sampled_from([True, True, True, False]), remember=st.booleans())
    def the_page_is_answered(self, at, person, right, remember):
        visitor = self.visitors[at]
        if not visitor.visited or not visitor.answer.content_type.startswith("text/html"):
            return
        names = set(visitor.page.xpath("//main//form[1]//input/@name"))
        typed = {}
        if "new_password" in names:
            self._choose_a_new_password(visitor, right)
            return
        if "username" in names:
            self.typed[at] = person
            typed = {"username": person, "password": self.passwords[person] if right else "wrong"}
            if right:
                self.proven[at].add(person)
        elif "otp" in names:
            typed = {"otp": self._code(visitor, self.typed[at]) if right else self.old_code or "000000"}
        elif "email_code" in names:
            self._look_into_the_mail()
            typed = {"email_code": self.mailed.get(self.typed[at], "") if right else "000000"}
        elif "recovery_code" in names:
            known = self.codes[self.typed[at]]
            typed = {"recovery_code": known.pop() if known and right else "0" * 24}
        elif not visitor.page.xpath("//main//form"):
            return
        if remember and "remember_device" in names:
            typed["remember_device"] = "yes"
            if right:
                self.remembering.add((at, self.typed[at]))
        visitor.submit(**typed)
        self._learn(visitor, self.typed[at])

    @rule(at=browser, place=st.sampled_from(PLACES), person=who, kind=st.sampled_from(["get", "post", "resume"]))
    def a_step_is_skipped(self, at, place, person, kind):
        visitor = self.visitors[at]
        handle = next(
            (one.request.path.split("/")[2] for one in reversed(visitor.visited) if "/sgn_" in one.request.path), ""
        )
        token = (
            "".join(visitor.page.xpath("(//input[@name='csrf_token'])[1]/@value"))
            if visitor.visited and visitor.answer.content_type.startswith("text/html")
            else ""
        )
        if not handle:
            return
        if kind == "resume":
            visitor.open(f"/asked/resume/{handle}")
        elif kind == "get":
            visitor.open(f"/signin/{handle}/{place}")
        else:
            form = {
                "csrf_token": token,
                "username": person,
                "password": "wrong",
                "otp": "000000",
                "recovery_code": "0" * 24,
            }
            visitor._followed(visitor.client.post(f"/signin/{handle}/{place}", data=form))
        self._learn(visitor, self.typed[at])

    @rule(at=browser, words=st.sampled_from([*WORDS, "Not you?", "Later"]))
    def another_way_is_chosen(self, at, words):
        visitor = self.visitors[at]
        if not visitor.visited or not visitor.answer.content_type.startswith("text/html"):
            return
        if visitor.page.xpath(f"//a[contains(normalize-space(), '{words}')]"):
            visitor.follow(words)
        elif visitor.page.xpath(f"//button[contains(normalize-space(), '{words}')]"):
            visitor.submit(words)
        self._learn(visitor, self.typed[at])

    @rule(at=browser, person=who, verified=st.sampled_from([True, True, False]))
    def a_passkey_is_used(self, at, person, verified):
        visitor = self.visitors[at]
        if not visitor.visited or not visitor.answer.content_type.startswith("text/html"):
            return
        forms = visitor.page.xpath("//form[@data-passkey]")
        if not forms:
            return
        values = {one.get("name"): one.get("value", "") for one in forms[0].xpath(".//input[@name]")}
        asked = visitor.client.post(forms[0].get("data-options"), data={"csrf_token": values["csrf_token"]})
        device, flags = self.devices[person], UP | UV if verified else UP
        if asked.status_code != 200:
            return
        if forms[0].get("data-passkey") == "create":
            values["credential"] = device.make(asked.json, flags=flags)
            self.holders[device.credentials[-1].user_handle] = asked.json["user"]["name"]
        elif device.credentials:
            values["credential"] = device.answer(asked.json, flags=flags)
            if verified and "data-suggest" in forms[0].attrib:  # in place of the password, by whoever holds it
                self.proven[at].add(self.holders[device.credentials[-1].user_handle])
        else:
            return
        visitor._followed(visitor.client.post(forms[0].get("action"), data=values))
        self._learn(visitor, self.typed[at])

    @rule(at=browser, person=who)
    def a_password_is_forgotten(self, at, person):
        self.asked[at] = None
        visitor = self.visitors[at].open("/recover")
        if visitor.path == "/recover":
            visitor.submit(username=person)
        self._look_into_the_mail()

    @rule(at=browser, which=st.integers(0, 9), again=st.booleans())
    def a_mailed_link_is_opened(self, at, which, again):
        """One that sets a password, or one that says "this was not me"; in whichever browser, and sometimes twice."""
        if not self.links:
            return
        person, path = self.links[which % len(self.links)]
        if not again:
            self.links.remove((person, path))
        self.asked[at] = None
        with self.front.work() as work:
            before = {row.id for row in work.tx.session.query(SignOnSession)}
        visitor, password = self.visitors[at].open(path), f"a windmill of {len(self.links)} sails and more"
        if visitor.status == 200 and path.startswith("/recover/"):
            visitor.submit(new_password=password)
            if visitor.title == "Your password is set":
                self.passwords[person] = password
                self.reached["password set by mail"] += 1
        elif visitor.status == 200 and path.startswith("/not-me/"):
            visitor.submit("end everything")
            self.reached["said not to be me"] += 1
        with self.front.work() as work:
            assert {row.id for row in work.tx.session.query(SignOnSession)} == before, "a link signed somebody in"
        self._look_into_the_mail()

    # roads that chance alone seldom takes to their ends

    @rule(at=browser, again=st.booleans())
    def somebody_signs_in_by_a_mailed_code(self, at, again):
        self.the_policy_changes("required", {"otp", "recovery"}, 0, 0, weak=True)
        self.a_sign_on_begins(at, "Wiki", None, force=again)
        for _ in range(4):
            self.the_page_is_answered(at, DORA, right=True, remember=False)

    @rule(at=browser)
    def somebody_comes_back_on_a_device_that_remembers_them(self, at):
        self.the_policy_changes("required", set(), 0, 30, weak=False)
        self.front.later(seconds=31)
        for _ in range(2):
            self.a_sign_on_begins(at, "Wiki", None, force=True)
            for _ in range(3):
                self.the_page_is_answered(at, ANN, right=True, remember=True)

    @rule(at=browser, application_asks=st.sampled_from([None, Strength.PHISHING_RESISTANT]))
    def somebody_sets_up_a_passkey_and_signs_in_with_it(self, at, application_asks):
        self.the_policy_changes("required", {"otp"}, 0, 0, weak=False)
        for _ in range(2):
            self.a_sign_on_begins(at, "Wiki", application_asks, force=True)
            self.the_page_is_answered(at, BEN, right=True, remember=False)
            self.a_passkey_is_used(at, BEN, verified=True)
            self.the_page_is_answered(at, BEN, right=True, remember=False)

    # the oracle

    @invariant()
    def no_session_has_less_than_the_policy_asks(self):
        with self.front.work() as work:
            policy = work.tx.session.query(AuthenticationPolicy).filter_by(is_default=True).one()
            for row in work.tx.session.query(SignOnSession).filter(SignOnSession.ended_at.is_(None)):
                methods = {one["method"] for one in row.methods}
                state = sorted((one["method"], one["at"]) for one in row.methods)
                before, self.seen[row.id] = self.seen.get(row.id), state
                if before == state:
                    continue
                self.reached["+".join(sorted(methods))] += 1
                account = work.tx.session.get_one(Account, (row.organization_id, row.account_id))
                own = self._own(work, account.id, set(policy.methods))
                counting = (
                    methods & {*policy.methods, "known-device"}
                    if policy.known_device_days
                    else methods & set(policy.methods)
                )
                assert account.disabled_at is None, "a disabled account signed in"
                assert any(account.email in proven for proven in self.proven), (
                    "nobody proved the password of this account"
                )
                assert counting & FIRST, (methods, policy.methods)
                if "known-device" in methods:
                    assert any((at, account.email) in self.remembering for at in (0, 1)), (
                        "nobody asked to be remembered"
                    )
                if "temporary-pass" in methods - {one for one, _ in before or ()} and not policy.grace_sign_ins:
                    enrollable = {"otp", "passkey", "security-key"} & set(policy.methods)
                    assert policy.second_step != "required" or own or not enrollable, "a pass became a lasting factor"
                due = work.tx.session.get_one(Password, (row.organization_id, row.account_id)).must_change
                typed_now = [one for one in state if one[0] == "pwd" and one not in (before or ())]
                assert not (due and typed_now), "the password was to be changed first"
                asks = policy.second_step == "required" or (policy.second_step == "optional" and own)
                put_off = policy.second_step == "required" and not own and policy.grace_sign_ins
                if asks and not put_off:
                    assert counting & (STRONG | WEAK), (methods, policy.second_step)

    @invariant()
    def no_answer_says_more_than_was_proven(self):
        for at, visitor in enumerate(self.visitors):
            if not visitor.visited or not visitor.answer.is_json or "methods" not in visitor.answer.json:
                continue
            if self.told_at[at] == len(visitor.visited):  # judged when it came to be, by the rules of then
                continue
            self.told_at[at] = len(visitor.visited)
            told = visitor.answer.json
            assert self.demand != "deny", "a rule denies it"
            if self.demand == "second-step":
                assert set(told["methods"]) & STRONG
            if self.demand == "phishing-resistant":
                assert set(told["methods"]) & RESISTANT
            self.reached[f"answered, asked {self.asked[at]}"] += 1
            emails = {self.front.account_ids[email]: email for email in PEOPLE}
            assert emails[told["account"]] in self.proven[at], "this browser never proved to be this person"
            assert emails[told["account"]] in (ANN, BEN), "nobody else may open it"
            if self.asked[at] is Strength.SECOND_STEP:
                assert set(told["methods"]) & STRONG
            if self.asked[at] is Strength.PHISHING_RESISTANT:
                assert set(told["methods"]) & RESISTANT

    def _choose_a_new_password(self, visitor: Visitor, right: bool) -> None:
        if "/account" in visitor.path:
            return
        person = visitor.field("username").get("value")
        new = f"velvet anchor rope {len(self.seen)} {self.front.now:%d%H%M%S}" if right else self.passwords[person]
        visitor.submit(new_password=new)
        if visitor.status != 422:
            assert right, "the password that was to be changed was taken again"
            self.passwords[person] = new
            self.reached["new password"] += 1

    def _own(self, work, account_id: str, allowed: set[str]) -> int:
        """How many second steps the account has set up, of those that the policy takes."""
        apps = work.tx.session.query(TotpFactor).filter_by(account_id=account_id).count() if "otp" in allowed else 0
        keys = work.tx.session.query(Authenticator).filter_by(account_id=account_id)
        return apps + sum("security-key" in allowed or ("passkey" in allowed and one.verifies) for one in keys)

    def _look_into_the_mail(self) -> None:
        for mail in sorted(self.front.mails(), key=_without_chance):
            self.mailed.update((mail.to, code) for code in re.findall(r"^ +(\d{6})$", mail.text, re.M))
            self.links += [(mail.to, mail.path)] if mail.links else []

    def _code(self, visitor: Visitor, person: str) -> str:
        offered = visitor.page.xpath("//@data-copy")
        if offered:
            self.offered = offered[0]
            return self.front.code(offered[0])
        known = self.secrets[person]
        self.old_code = self.front.code(known[-1]) if known else "000000"
        return self.old_code

    def _learn(self, visitor: Visitor, person: str) -> None:
        """The person keeps what the page shows once: an authenticator that was confirmed, recovery codes."""
        if not visitor.answer.content_type.startswith("text/html"):
            return
        shown = [" ".join(code.split()) for code in visitor.page.xpath("//*[contains(@class, 'codes')]//li//text()")]
        if shown:
            self.codes[person] = [code for code in shown if len(code) > 20]
            if getattr(self, "offered", ""):
                self.secrets[person].append(self.offered)


def _without_chance(mail) -> tuple[str, str, str]:
    """What is sent at one moment goes out in the order of random ids; a walk is to be repeated step by step."""
    return mail.to, mail.subject, re.sub(r"https?://\S+|\b\d{6}\b", "", mail.text)


def test_no_path_ends_in_a_session_with_less_than_the_policy_asked(request, vault, monkeypatch):
    monkeypatch.setattr(Walk, "template", request.getfixturevalue("_front_template"), raising=False)
    monkeypatch.setattr(Walk, "vault", vault, raising=False)
    walks = int(os.environ.get("WALKS", "25"))
    run_state_machine_as_test(
        Walk,
        settings=settings(
            max_examples=walks,
            stateful_step_count=30,
            deadline=None,
            derandomize="WALKS" not in os.environ,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_oracle_looks_at_every_road(request, vault, monkeypatch):
    """What chance may leave out: each road is taken once, to its end, and judged like the others."""
    monkeypatch.setattr(Walk, "template", request.getfixturevalue("_front_template"), raising=False)
    monkeypatch.setattr(Walk, "vault", vault, raising=False)
    monkeypatch.setattr(Walk, "reached", Counter())
    walk = Walk()
    acts = (
        lambda: walk.somebody_signs_in_and_comes_so_far(0, ANN, "Wiki", None, False, 4),
        lambda: walk.somebody_comes_back_on_a_device_that_remembers_them(0),
        lambda: walk.somebody_sets_up_a_passkey_and_signs_in_with_it(1, Strength.PHISHING_RESISTANT),
        lambda: walk.the_policy_changes("required", set(), 0, 30, weak=False),
        lambda: walk.a_pass_is_given_and_used(1, BEN, True),
        lambda: walk.somebody_signs_in_by_a_mailed_code(1, True),
        lambda: walk.a_password_is_forgotten(0, ANN),
        lambda: walk.a_mailed_link_is_opened(0, len(walk.links) - 1, False),
        lambda: walk.a_mailed_link_is_opened(1, len(walk.links) - 1, False),
        lambda: walk.the_rules_of_access_change("deny"),
        lambda: walk.somebody_signs_in_and_comes_so_far(0, BEN, "Wiki", None, True, 4),
    )
    for act in acts:
        act()
        walk.no_session_has_less_than_the_policy_asks()
        walk.no_answer_says_more_than_was_proven()
    walk.teardown()
    parts = Counter(part for kind in Walk.reached for part in kind.split("+"))
    for part in ("pwd", "otp", "passkey", "known-device", "temporary-pass", "email-code"):
        assert parts[part], Walk.reached
    for kind in ("answered, asked None", "answered, asked 3", "password set by mail", "said not to be me"):
        assert Walk.reached[kind], Walk.reached
