"""Several tabs, two browsers, two people, two applications: whatever the order, nobody gets another's answer (X20)."""

from dataclasses import dataclass

import pyotp
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from idp.signon.factors import totp
from tests.support.saml_world import ANN, BEN, PASSWORD, SECRET, World, posted
from tests.support.service_provider import ServiceProvider, encoded, stamp
from tests.support.visitor import Visitor

PEOPLE = (ANN, BEN)
WHICH = st.integers(0, 1)


@dataclass
class Tab:
    """A sign-on in one browser, and what must come of it if anything does."""

    browser: int
    visitor: Visitor
    sp: ServiceProvider
    request_id: str
    relay_state: str

    def has(self, field: str) -> bool:
        return self.visitor.status == 200 and bool(self.visitor.page.xpath(f"//input[@name='{field}']"))


def machine(world: World, sps: tuple[ServiceProvider, ServiceProvider]):
    """Return a new machine: in the first browser only Ann types, in the second only Ben."""

    class Tabs(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            world.later(minutes=2)  # codes and forms of the example before mean nothing now
            self.clients = [world.app.test_client() for _ in PEOPLE]
            self.tabs: list[Tab] = []
            self.answered: set[str] = set()

        @rule(browser=WHICH, which=WHICH, by_form=st.booleans(), force=st.booleans())
        def open(self, browser: int, which: int, by_form: bool, force: bool) -> None:
            sp = sps[which]
            changes = {"ID": f"{sp.new_id()}x{which}", "IssueInstant": stamp(world.now)}
            xml = sp.authn_request(**changes, ForceAuthn="true" if force else None)
            state = f"state of {changes['ID']}"
            visitor = Visitor(self.clients[browser])
            address = "/sites/acme/saml/sso"
            if by_form:
                bare = world.app.test_client().post(address, data={"SAMLRequest": encoded(xml), "RelayState": state})
                assert bare.status_code == 303
                visitor.open(bare.headers["Location"])
            else:
                visitor.open(f"{address}?{sp.query(xml, state)}")
            self.tabs.append(Tab(browser, visitor, sp, changes["ID"], state))
            self.look(self.tabs[-1])

        @precondition(lambda self: self.tabs)
        @rule(data=st.data())
        def password(self, data) -> None:
            tab = self.one(data)
            if tab.has("username"):
                self._type(tab, "username")

        @precondition(lambda self: self.tabs)
        @rule(data=st.data())
        def code(self, data) -> None:
            tab = self.one(data)
            if tab.has("otp"):
                self._type(tab, "otp")

        @precondition(lambda self: self.tabs)
        @rule(data=st.data())
        def finish(self, data) -> None:
            tab = self.one(data)
            for field in ("username", "otp"):
                if tab.has(field):
                    self._type(tab, field)

        @precondition(lambda self: self.tabs)
        @rule(data=st.data())
        def again(self, data) -> None:
            """The back button, a reload, a bookmark."""
            tab = self.one(data)
            step = data.draw(st.sampled_from(range(len(tab.visitor.visited))))
            tab.visitor.open(tab.visitor.visited[step].request.path)
            self.look(tab)

        @precondition(lambda self: self.tabs)
        @rule(data=st.data())
        def cancel(self, data) -> None:
            tab = self.one(data)
            if tab.has("username"):
                form = {"csrf_token": tab.visitor.field("csrf_token").get("value")}
                tab.visitor.client.post(tab.visitor.path + "/cancel", data=form)
                tab.visitor.open(tab.visitor.path)
                self.look(tab)

        @precondition(lambda self: self.tabs)
        @rule(data=st.data())
        def steal(self, data) -> None:
            """The other person opens the address of this tab, and types what they know."""
            tab = self.one(data)
            thief = Visitor(self.clients[1 - tab.browser])
            thief.open(tab.visitor.path)
            assert "SAMLResponse" not in thief.answer.text
            if "csrf_token" in thief.answer.text and thief.page.xpath("//input[@name='username']"):
                thief.submit(username=PEOPLE[1 - tab.browser], password=PASSWORD)
                assert "SAMLResponse" not in thief.answer.text

        def _type(self, tab: Tab, field: str) -> None:
            if field == "otp":
                world.later(seconds=31)  # each code once
                tab.visitor.submit(otp=pyotp.TOTP(totp.spelled(SECRET)).at(world.now))
            else:
                tab.visitor.submit(username=PEOPLE[tab.browser], password=PASSWORD)
            self.look(tab)

        def one(self, data) -> Tab:
            return data.draw(st.sampled_from(self.tabs))

        def look(self, tab: Tab) -> None:
            """Where something leaves, it is this tab's answer, for this browser's person, at this tab's application, once."""
            assert tab.visitor.status < 500
            if 'id="carry"' not in tab.visitor.answer.text:
                assert "SAMLResponse" not in tab.visitor.answer.text
                return
            answer = posted(tab.visitor.answer)
            assert (answer.action, answer.relay_state) == (tab.sp.acs, tab.relay_state)
            assert answer.one("/samlp:Response/@InResponseTo") == tab.request_id
            assert tab.request_id not in self.answered
            self.answered.add(tab.request_id)
            if answer.statuses == ["Success"]:
                assert answer.one("//saml:SubjectConfirmationData/@InResponseTo") == tab.request_id
                assert answer.one("//saml:SubjectConfirmationData/@Recipient") == tab.sp.acs
                assert answer.one("//saml:Audience") == tab.sp.entity_id
                email = answer.one("//saml:Attribute[@Name='email']/saml:AttributeValue")
                assert email == PEOPLE[tab.browser]
                world.given[email] = world.given.get(email, 0) + 1

    return Tabs


def test_x20_whatever_the_order_nobody_gets_the_answer_of_another(world):
    """X20: forms and redirects, forced or not, back and forth, and somebody who follows another's address."""
    sps = (
        ServiceProvider(),
        ServiceProvider(entity_id="https://other.example/metadata", acs="https://other.example/acs"),
    )
    for sp in sps:
        world.register(sp)
    world.given = {}

    run_state_machine_as_test(
        machine(world, sps),
        settings=settings(
            max_examples=25,
            derandomize=True,  # what is drawn is the same in every run, so that the last line holds in every run
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
        ),
    )

    assert set(world.given) == set(PEOPLE), "the tabs came to no end, so nothing was proven"
