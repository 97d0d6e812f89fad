"""The whole road of a sign-on: at once, by way of the person, or not at all."""

import re

import pyotp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import html

from idp.base import jobs
from idp.cli.jobs import handlers
from idp.directory import accounts, applications, lifetime, policies, queries
from idp.policy.permissions import OPERATOR
from idp.policy.signon import Method
from idp.saml import names, providers, registering
from idp.saml.models import SamlSubject
from idp.saml.models import ServiceProvider as Row
from idp.saml.switches import Switches
from idp.settings import Settings
from idp.signon.factors import totp
from idp.signon.models import Participant, PendingSignOn
from tests.support.saml_world import ANN, BEN, PASSWORD, SECRET, posted, refused
from tests.support.schemas import validate
from tests.support.service_provider import ServiceProvider, encoded, stamp
from tests.support.visitor import Visitor

PPT, MFA = names.PASSWORD_PROTECTED_TRANSPORT, names.REFEDS_MFA


def context(*classes: str, comparison: str = "") -> str:
    listed = "".join(f"<saml:AuthnContextClassRef>{name}</saml:AuthnContextClassRef>" for name in classes)
    how = f' Comparison="{comparison}"' if comparison else ""
    return f"<samlp:RequestedAuthnContext{how}>{listed}</samlp:RequestedAuthnContext>"


def policy(format_: str = "", **attributes: str) -> str:
    written = "".join(f' {name}="{value}"' for name, value in ({"Format": format_} | attributes).items() if value)
    return f"<samlp:NameIDPolicy{written}/>"


def code(moment) -> str:
    return pyotp.TOTP(totp.spelled(SECRET)).at(moment)


def signed_in(world, visitor: Visitor, email: str = ANN) -> Visitor:
    return visitor.submit(username=email, password=PASSWORD).submit(otp=code(world.now))


# The answer


def test_with_a_session_the_answer_comes_in_the_same_request(world, registered, sp, ann):
    answer = posted(ann.sso(sp.query(sp.authn_request(ID="_mine"), "kept")))

    assert answer.one("/samlp:Response/@InResponseTo") == "_mine"
    assert answer.one("//saml:AttributeStatement/saml:Attribute[@Name='email']/saml:AttributeValue") == ANN
    assert world.count(PendingSignOn) == 0
    (entry,) = world.audited("application.signed-on")
    assert (entry.details["protocol"], entry.details["application_id"]) == ("saml", registered)
    (attempt,) = world.attempts()
    assert (attempt.outcome, attempt.kind, attempt.decision) == ("succeeded", "saml.sign-on", "second_step")
    assert entry.details["attempt_id"] == attempt.id


def test_x24_the_assertion_says_what_the_profile_asks_and_no_more(registered, sp, ann):
    """X24: SAML Profiles 2.0 section 4.1.4.2."""
    answer = posted(ann.sso(sp.query(sp.authn_request(ID="_mine"))))
    issuer = "http://localhost:8000/sites/acme/saml/metadata"

    assert answer.find("//saml:Issuer/text()") == [issuer, issuer]
    assert answer.one("/samlp:Response/@Destination") == sp.acs
    assert answer.one("//saml:Audience") == sp.entity_id
    assert answer.one("//saml:SubjectConfirmation/@Method") == names.BEARER
    assert answer.find("//saml:SubjectConfirmationData/@*") == ["_mine", "2030-01-01T12:05:00.000Z", sp.acs]
    assert answer.one("//saml:Conditions/@NotBefore") == "2030-01-01T11:59:00.000Z"
    assert answer.one("//saml:Conditions/@NotOnOrAfter") == "2030-01-01T12:05:00.000Z"
    assert answer.one("//saml:AuthnStatement/@AuthnInstant") == "2030-01-01T12:00:00.000Z"
    assert answer.one("//saml:AuthnStatement/@SessionNotOnOrAfter") == "2030-01-02T00:00:00.000Z"
    assert answer.one("//saml:AuthnContextClassRef") == MFA
    assert sorted(answer.find("//saml:Attribute/@Name")) == ["email", "groups", "name"]
    assert set(answer.find("//saml:Attribute/@NameFormat")) == {names.BASIC}
    assert len(answer.find("//saml:Assertion")) == 1
    assert len(answer.find("//ds:Signature")) == 2
    ids = answer.find("//@ID")
    assert len(set(ids)) == 2
    assert all(re.fullmatch("_[0-9a-f]{32}", one) for one in ids)
    validate(answer.xml)


def test_x24_what_the_policy_does_not_release_does_not_leave(world, registered, sp, ann):
    with world.work() as work:
        policies.set_application_release(work, registered, ["name"])
    answer = posted(ann.sso(sp.query(sp.authn_request())))
    assert answer.find("//saml:Attribute/@Name") == ["name"]

    with world.work() as work:
        policies.set_application_release(work, registered, [])
    answer = posted(ann.sso(sp.query(sp.authn_request())))
    assert answer.find("//saml:AttributeStatement") == []
    assert ANN.encode() not in answer.xml
    validate(answer.xml)


def test_nothing_secret_is_in_the_attempt(world, registered, sp, ann):
    answer = posted(ann.sso(sp.query(sp.authn_request())))
    stored = str([(a.context, a.steps, a.cause) for a in world.attempts()])

    for secret in (answer.one("//saml:NameID"), ann.token, ANN, "SignatureValue"):
        assert secret not in stored


@pytest.mark.parametrize(
    ("switches", "signatures"),
    [
        ({}, ["samlp:Response", "saml:Assertion"]),
        ({"sign_assertion": False}, ["samlp:Response"]),
        ({"sign_response": False}, ["saml:Assertion"]),
    ],
)
def test_what_is_signed_is_the_administrators_choice(world, sp, ann, switches, signatures):
    world.register(sp, **switches)
    answer = posted(ann.sso(sp.query(sp.authn_request())))

    found = [
        f"{node.getparent().prefix}:{node.getparent().tag.rpartition('}')[2]}" for node in answer.find("//ds:Signature")
    ]
    assert found == signatures
    validate(answer.xml)


# By way of the person


def test_without_a_session_the_person_is_asked_and_comes_back(world, registered, sp):
    visitor = Visitor(world.app.test_client())
    visitor.open("/sites/acme/saml/sso?" + sp.query(sp.authn_request(ID="_mine"), "state"))
    assert visitor.status == 200
    assert "sp.example" in visitor.text

    signed_in(world, visitor)

    answer = posted(visitor.answer)
    assert (answer.action, answer.relay_state) == (sp.acs, "state")
    assert answer.one("/samlp:Response/@InResponseTo") == "_mine"
    assert visitor.path.startswith("/sites/acme/saml/resume/sgn_")
    refused(visitor.client.get(visitor.path))


def test_i3_a_form_of_another_site_is_stored_and_goes_on_with_a_get(world, registered, sp, ann):
    """I3: the session's cookie does not come with a cross-site POST, and is not needed there."""
    stored = ann.post(encoded(sp.authn_request(ID="_mine")), RelayState="state")

    assert stored.status_code == 303
    assert not stored.headers.getlist("Set-Cookie")
    visitor = Visitor(ann.client).open(stored.headers["Location"])
    answer = posted(visitor.answer)
    assert (answer.one("/samlp:Response/@InResponseTo"), answer.relay_state) == ("_mine", "state")


def test_i3_it_is_claimed_once_and_within_a_minute(world, registered, sp, ann):
    stored = ann.post(encoded(sp.authn_request()))
    posted(Visitor(ann.client).open(stored.headers["Location"]).answer)
    assert "SAMLResponse" not in Visitor(world.browser(BEN).client).open(stored.headers["Location"]).answer.text

    late = ann.post(encoded(sp.authn_request()))
    world.later(seconds=61)
    assert "SAMLResponse" not in Visitor(ann.client).open(late.headers["Location"]).answer.text


def test_i3_a_passive_form_is_answered_without_a_page(world, registered, sp, ann):
    stored = ann.post(encoded(sp.authn_request(IsPassive="true")))
    assert posted(Visitor(ann.client).open(stored.headers["Location"]).answer).statuses == ["Success"]

    stored = ann.post(encoded(sp.authn_request(IsPassive="true")))
    answer = posted(Visitor(world.app.test_client()).open(stored.headers["Location"]).answer)
    assert answer.statuses == ["Responder", "NoPassive"]


def test_an_address_that_is_withdrawn_meanwhile_gets_nothing(world, registered, sp):
    visitor = Visitor(world.app.test_client())
    visitor.open("/sites/acme/saml/sso?" + sp.query(sp.authn_request()))
    with world.work() as work:
        row = work.tx.session.query(Row).one()
        changed = [{**one, "location": "https://sp.example/new"} for one in row.description["assertion_consumers"]]
        row.description = {**row.description, "assertion_consumers": changed}

    signed_in(world, visitor)

    refused(visitor.answer)


def test_x20_in_two_tabs_each_answer_goes_where_it_was_asked_for(world, registered, sp):
    """X20."""
    other = ServiceProvider(entity_id="https://other.example/metadata", acs="https://other.example/acs")
    world.register(other)
    client = world.app.test_client()
    first, second = Visitor(client), Visitor(client)
    first.open("/sites/acme/saml/sso?" + sp.query(sp.authn_request(ID="_first"), "one"))
    second.open("/sites/acme/saml/sso?" + other.query(other.authn_request(ID="_second"), "two"))

    signed_in(world, second)
    first.open(first.path)

    for answer, who, request, state in (
        (posted(first.answer), sp, "_first", "one"),
        (posted(second.answer), other, "_second", "two"),
    ):
        assert (answer.action, answer.one("//saml:Audience")) == (who.acs, who.entity_id)
        assert (answer.one("/samlp:Response/@InResponseTo"), answer.relay_state) == (request, state)


@given(steps=st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["open", "password", "code"])), max_size=8))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_x20_however_two_tabs_take_turns(world, registered, sp, steps):
    """X20: whatever the order, an answer's InResponseTo, Audience and address agree."""
    other = ServiceProvider(entity_id="https://other.example/metadata", acs="https://other.example/acs", count=sp.count)
    with world.work() as work:
        known = providers.find_application(work, other.entity_id)
    if known is None:
        world.register(other)
    world.later(seconds=60)
    client = world.app.test_client()
    tabs = {}
    for name, who in (("a", sp), ("b", other)):
        sp.count = other.count = max(sp.count, other.count) + 1
        xml = who.authn_request(IssueInstant=stamp(world.now))
        asked = re.search(r' ID="([^"]+)"', xml)[1]
        tabs[name] = (Visitor(client).open("/sites/acme/saml/sso?" + who.query(xml, name)), who, asked)

    for name, step in steps:
        visitor, who, asked = tabs[name]
        if visitor.status == 200 and 'id="carry"' in visitor.answer.text:
            answer = posted(visitor.answer)
            assert (answer.action, answer.relay_state) == (who.acs, name)
            assert answer.one("//saml:Audience") == who.entity_id
            assert answer.one("/samlp:Response/@InResponseTo") == asked
            continue
        if step == "open":
            visitor.open(visitor.path)
        elif step == "password" and visitor.page.xpath("//input[@name='username']"):
            visitor.submit(username=ANN, password=PASSWORD)
        elif step == "code" and visitor.page.xpath("//input[@name='otp']"):
            visitor.submit(otp=code(world.now))


# Refusals at a proven address


@pytest.mark.parametrize(
    ("who", "changes", "content", "statuses"),
    [
        (None, {"IsPassive": "true"}, "", ["Responder", "NoPassive"]),
        (ANN, {"IsPassive": "true", "ForceAuthn": "true"}, "", ["Responder", "NoPassive"]),
        (ANN, {}, context("urn:other"), ["Responder", "NoAuthnContext"]),
        (ANN, {}, context(names.PHISHING_RESISTANT, comparison="better"), ["Responder", "NoAuthnContext"]),
        (
            ANN,
            {},
            "<samlp:RequestedAuthnContext><saml:AuthnContextDeclRef>x</saml:AuthnContextDeclRef></samlp:RequestedAuthnContext>",
            ["Responder", "NoAuthnContext"],
        ),
        (ANN, {}, policy("urn:oasis:names:tc:SAML:2.0:nameid-format:kerberos"), ["Requester", "InvalidNameIDPolicy"]),
        (ANN, {}, policy("urn:oasis:names:tc:SAML:2.0:nameid-format:encrypted"), ["Requester", "InvalidNameIDPolicy"]),
        (ANN, {}, policy(SPNameQualifier="https://other.example"), ["Requester", "InvalidNameIDPolicy"]),
        (ANN, {}, policy(names.PERSISTENT, AllowCreate="false"), ["Requester", "InvalidNameIDPolicy"]),
        (ANN, {}, "<saml:Subject><saml:EncryptedID/></saml:Subject>", ["Requester", "RequestUnsupported"]),
        (
            ANN,
            {},
            "<saml:Subject><saml:NameID>a</saml:NameID><saml:SubjectConfirmation Method='x'/></saml:Subject>",
            ["Requester", "RequestUnsupported"],
        ),
    ],
    ids=range(11),
)
def test_x26_what_cannot_be_is_told_at_the_proven_address_signed_and_without_detail(
    world, registered, sp, who, changes, content, statuses
):
    """X26: and nothing of the person is in it."""
    answer = posted(world.browser(who).sso(sp.query(sp.authn_request(content, **changes), "state")))

    assert (answer.action, answer.relay_state, answer.statuses) == (sp.acs, "state", statuses)
    assert answer.find("//saml:Assertion | //samlp:StatusMessage | //samlp:StatusDetail") == []
    assert len(answer.find("/samlp:Response/ds:Signature")) == 1
    assert ANN.encode() not in answer.xml
    validate(answer.xml)
    assert [a.outcome for a in world.attempts()] == ["refused"]
    assert len(world.audited("application.sign-on-refused")) == 1
    assert world.audited("application.signed-on") == []


def test_who_gives_up_is_told_to_the_application(world, registered, sp):
    visitor = Visitor(world.app.test_client())
    visitor.open("/sites/acme/saml/sso?" + sp.query(sp.authn_request()))

    visitor.client.post(visitor.path + "/cancel", data={"csrf_token": visitor.field("csrf_token").get("value")})
    answer = posted(visitor.open(visitor.path).answer)

    assert answer.statuses == ["Responder", "AuthnFailed"]


def test_without_a_grant_the_person_sees_a_page_and_nothing_leaves(world, sp):
    with world.work() as work:
        registering.register(work, "acme", sp.metadata())
    answer = Visitor(world.browser(ANN).client).open("/sites/acme/saml/sso?" + sp.query(sp.authn_request())).answer

    assert "SAMLResponse" not in answer.text
    assert world.audited("application.signed-on") == []


@pytest.mark.parametrize("event", ["application disabled", "application deleted", "account disabled", "session ended"])
def test_what_has_ended_is_answered_no_more(world, registered, sp, ann, event):
    with world.work() as work:
        if event == "application disabled":
            applications.disable(work, registered)
        elif event == "application deleted":
            applications.delete(work, registered)
        elif event == "account disabled":
            accounts.disable(work, ANN)
        else:
            from idp.signon import session

            session.end(work, world.account().organization_id, ann.session_id, because="test")

    answer = ann.sso(sp.query(sp.authn_request()))

    assert "SAMLResponse" not in answer.text


# Assurance


def test_x27_force_asks_again_and_the_moment_moves(world, registered, sp, ann):
    """X27."""
    world.later(minutes=20)
    fresh = {"IssueInstant": stamp(world.now)}
    before = posted(ann.sso(sp.query(sp.authn_request(**fresh)))).one("//@AuthnInstant")
    visitor = Visitor(ann.client).open("/sites/acme/saml/sso?" + sp.query(sp.authn_request(ForceAuthn="true", **fresh)))
    assert "SAMLResponse" not in visitor.answer.text

    after = posted(signed_in(world, visitor).answer).one("//@AuthnInstant")

    assert (before, after) == ("2030-01-01T12:00:00.000Z", "2030-01-01T12:20:00.000Z")


def test_x27_a_second_step_that_is_asked_for_is_asked_of_the_person(world, registered, sp):
    with world.work() as work:
        policies.set_second_step(work, "acme", "off")
    one_step = world.browser(ANN, methods=(Method.PASSWORD,))
    assert posted(one_step.sso(sp.query(sp.authn_request()))).one("//saml:AuthnContextClassRef") == PPT

    passive = posted(one_step.sso(sp.query(sp.authn_request(context(MFA), IsPassive="1"))))
    assert passive.statuses == ["Responder", "NoAuthnContext"]

    visitor = Visitor(one_step.client).open("/sites/acme/saml/sso?" + sp.query(sp.authn_request(context(MFA))))
    assert "SAMLResponse" not in visitor.answer.text
    answer = posted(visitor.submit(otp=code(world.now)).answer)
    assert answer.one("//saml:AuthnContextClassRef") == MFA


def test_x27_who_asks_for_a_class_that_was_reached_is_answered_with_it(registered, sp, ann):
    answer = posted(ann.sso(sp.query(sp.authn_request(context(PPT)))))
    assert answer.one("//saml:AuthnContextClassRef") == PPT


# Names


def name_of(answer) -> tuple[str, str]:
    return answer.one("//saml:NameID"), answer.one("//saml:NameID/@Format")


def test_x22_p14_persistent_names_are_random_kept_and_one_per_application(world, registered, sp, ann):
    other = ServiceProvider(entity_id="https://other.example/metadata", acs="https://other.example/acs")
    world.register(other)

    first = posted(ann.sso(sp.query(sp.authn_request())))
    again = posted(world.browser(ANN).sso(sp.query(sp.authn_request())))
    elsewhere = posted(ann.sso(other.query(other.authn_request())))
    ben = posted(world.browser(BEN).sso(sp.query(sp.authn_request())))

    values = {name_of(one)[0] for one in (first, again, elsewhere, ben)}
    assert name_of(first) == name_of(again)
    assert len(values) == 3
    assert all(re.fullmatch("_[0-9a-f]{32}", value) for value in values)
    assert first.one("//saml:NameID/@SPNameQualifier") == sp.entity_id


@pytest.mark.both_databases
def test_x22_two_first_sign_ons_at_once_get_the_same_name(world, registered, sp, ann):
    from concurrent.futures import ThreadPoolExecutor

    cookie = {"Cookie": f"ostiary_session={ann.token}"}
    queries = [sp.query(sp.authn_request()) for _ in range(8)]

    def once(query):
        return world.app.test_client(use_cookies=False).get(f"/sites/acme/saml/sso?{query}", headers=cookie)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(once, queries))

    given = {posted(answer).one("//saml:NameID") for answer in answers if answer.status_code == 200}
    assert len(given) == 1
    assert world.count(SamlSubject) == 1
    assert world.count(Participant) == 1


@pytest.mark.parametrize("format_", ["", names.UNSPECIFIED])
def test_x23_a_new_account_of_the_same_address_gets_a_new_name(world, registered, sp, ann, format_):
    world.change(registered, nameid_format=format_)
    before = name_of(posted(ann.sso(sp.query(sp.authn_request()))))
    with world.work() as work:
        lifetime.erase_now(work, ANN)
    jobs.run_due(world.database, handlers(Settings()), world.now, OPERATOR)
    with world.work() as work:
        accounts.create(work, ANN, organization="acme", name="Another Ann")

    assert ann.sso(sp.query(sp.authn_request())).status_code == 303
    assert name_of(posted(world.browser(ANN).sso(sp.query(sp.authn_request())))) != before
    assert world.count(SamlSubject) == 2


def test_x23_a_new_registration_of_a_service_provider_knows_nobody_by_an_old_name(world, registered, sp, ann):
    before = name_of(posted(ann.sso(sp.query(sp.authn_request()))))
    with world.work() as work:
        applications.delete(work, registered)
    world.register(sp)

    assert name_of(posted(ann.sso(sp.query(sp.authn_request())))) != before
    assert world.count(SamlSubject) == 2


def test_transient_names_are_new_every_time(registered, sp, ann):
    asked = policy(names.TRANSIENT)
    first = name_of(posted(ann.sso(sp.query(sp.authn_request(asked)))))
    second = name_of(posted(ann.sso(sp.query(sp.authn_request(asked)))))

    assert first[1] == second[1] == names.TRANSIENT
    assert first[0] != second[0]


@pytest.mark.parametrize(
    ("asked", "chosen", "listed", "given"),
    [
        (None, "", (), names.PERSISTENT),
        (None, "", (names.EMAIL, names.TRANSIENT), names.EMAIL),
        (None, "", ("urn:other", names.TRANSIENT), names.TRANSIENT),
        (None, names.UNSPECIFIED, (names.EMAIL,), names.UNSPECIFIED),
        (names.UNSPECIFIED, names.EMAIL, (), names.EMAIL),
        (names.PERSISTENT, names.EMAIL, (names.EMAIL,), names.PERSISTENT),
        (names.EMAIL, "", (), names.EMAIL),
    ],
)
def test_the_format_is_asked_for_chosen_or_listed(world, sp, ann, asked, chosen, listed, given):
    world.register(sp, sp.metadata(formats=listed), nameid_format=chosen or None)
    answer = posted(ann.sso(sp.query(sp.authn_request(policy(asked) if asked else ""))))

    assert name_of(answer)[1] == given
    assert (name_of(answer)[0] == ANN) is (given == names.EMAIL)


def test_an_address_that_may_not_leave_does_not_leave_as_a_name(world, registered, sp, ann):
    with world.work() as work:
        policies.set_application_release(work, registered, ["name"])
    answer = posted(ann.sso(sp.query(sp.authn_request(policy(names.EMAIL)))))

    assert answer.statuses == ["Requester", "InvalidNameIDPolicy"]
    assert ANN.encode() not in answer.xml


@pytest.mark.both_databases
def test_x19_a_request_that_was_answered_with_a_status_is_used_up(world, registered, sp, ann):
    """X19: else it would be good for an assertion once what it was refused for has changed."""
    with world.work() as work:
        policies.set_application_release(work, registered, ["name"])
    query = sp.query(sp.authn_request(policy(names.EMAIL)))
    assert posted(ann.sso(query)).statuses == ["Requester", "InvalidNameIDPolicy"]
    with world.work() as work:
        policies.set_application_release(work, registered, ["name", "email"])
    world.later(seconds=2)

    refused(ann.sso(query))

    assert [attempt.code for attempt in world.attempts()] == ["saml-invalidnameidpolicy", "saml-used"]


def test_x19_a_sign_on_that_was_answered_with_a_status_is_used_up(world, registered, sp):
    with world.work() as work:
        policies.set_application_release(work, registered, ["name"])
    visitor = Visitor(world.app.test_client())
    visitor.open("/sites/acme/saml/sso?" + sp.query(sp.authn_request(policy(names.EMAIL))))
    assert posted(signed_in(world, visitor).answer).statuses == ["Requester", "InvalidNameIDPolicy"]
    with world.work() as work:
        policies.set_application_release(work, registered, ["name", "email"])

    refused(visitor.open(visitor.path).answer)

    assert world.attempts()[-1].code == "sign-on-used"


def test_a_refusal_after_the_person_was_asked_is_told_of_the_same_attempt(world, registered, sp):
    with world.work() as work:
        policies.set_application_release(work, registered, ["name"])
    visitor = Visitor(world.app.test_client())
    visitor.open("/sites/acme/saml/sso?" + sp.query(sp.authn_request(policy(names.EMAIL))))

    answer = posted(signed_in(world, visitor).answer)

    assert answer.statuses == ["Requester", "InvalidNameIDPolicy"]
    (attempt,) = [one for one in world.attempts() if one.kind == "saml.sign-on"]
    assert (attempt.outcome, attempt.code) == ("refused", "saml-invalidnameidpolicy")


def test_allow_create_false_is_no_hindrance_once_there_is_a_name(registered, sp, ann):
    posted(ann.sso(sp.query(sp.authn_request())))
    asked = policy(names.PERSISTENT, AllowCreate="false")
    assert posted(ann.sso(sp.query(sp.authn_request(asked)))).statuses == ["Success"]


# Subject in the request


def subject(value: str, format_: str = names.PERSISTENT) -> str:
    return f'<saml:Subject><saml:NameID Format="{format_}">{value}</saml:NameID></saml:Subject>'


def test_who_is_asked_for_by_name_is_answered_by_that_name(registered, sp, ann):
    value, _ = name_of(posted(ann.sso(sp.query(sp.authn_request()))))

    assert name_of(posted(ann.sso(sp.query(sp.authn_request(subject(value)))))) == (value, names.PERSISTENT)
    by_email = posted(ann.sso(sp.query(sp.authn_request(subject(ANN, names.EMAIL)))))
    assert name_of(by_email) == (ANN, names.EMAIL)


@pytest.mark.parametrize(
    "named", [(BEN, names.EMAIL), ("nobody@acme.example", names.EMAIL), ("_unknown", names.PERSISTENT)]
)
def test_another_person_and_nobody_look_the_same(world, registered, sp, ann, named):
    passive = posted(ann.sso(sp.query(sp.authn_request(subject(*named), IsPassive="true"))))
    assert passive.statuses == ["Responder", "NoPassive"]

    visitor = Visitor(ann.client).open("/sites/acme/saml/sso?" + sp.query(sp.authn_request(subject(*named))))
    assert "SAMLResponse" not in visitor.answer.text
    assert world.audited("application.signed-on") == []


# From our side


def start(browser, **values: str):
    return browser.client.get("/sites/acme/saml/start", query_string=values)


def test_x17_from_our_side_only_what_is_switched_on_and_listed(world, sp, ann):
    """X17: D25."""
    application_id = world.register(sp)
    refused(start(ann, sp=sp.entity_id))
    with world.work() as work:
        providers.change(work, application_id, Switches(idp_initiated=True, relay_states=("https://sp.example/inbox",)))

    answer = posted(start(ann, sp=sp.entity_id))
    assert answer.action == sp.acs
    assert answer.find("//@InResponseTo") == []
    assert answer.relay_state is None
    validate(answer.xml)
    assert (
        posted(start(ann, sp=sp.entity_id, RelayState="https://sp.example/inbox")).relay_state
        == "https://sp.example/inbox"
    )
    refused(start(ann, sp=sp.entity_id, RelayState="https://evil.example"))
    refused(start(ann, sp="https://nobody.example"))
    refused(start(ann))


@pytest.mark.parametrize("address", ["", "https://sp.example/home"])
def test_who_follows_a_start_link_that_leads_nowhere_is_told_what_is_so(world, sp, ann, address):
    application_id = world.register(sp)
    with world.work() as work:
        of = queries.application(work, application_id)
        of.launch_url = address
    off = html.fromstring(start(ann, sp=sp.entity_id).text)
    world.change(application_id, idp_initiated=True, relay_states=("https://sp.example/inbox",))
    unlisted = html.fromstring(start(ann, sp=sp.entity_id, RelayState="https://sp.example/other").text)

    assert off.xpath("normalize-space(//h1)") == "Open this at its own address"
    assert "not started from here" in off.text_content()
    assert unlisted.xpath("normalize-space(//h1)") == "This link cannot be followed"
    assert "not on its list" in unlisted.text_content()
    assert "not started from here" not in unlisted.text_content()
    button = off.xpath("normalize-space(//main//a[contains(@class, 'button')])")
    assert button == (f"Open {of.name}" if address else "Go to your applications")


def test_from_our_side_the_person_may_have_to_sign_in_first(world, sp):
    world.register(sp, idp_initiated=True)
    visitor = Visitor(world.app.test_client()).open(f"/sites/acme/saml/start?sp={sp.entity_id}")

    assert posted(signed_in(world, visitor).answer).find("//@InResponseTo") == []


# The page


XSS = [
    '"><script>alert(1)</script>',
    "'-alert(1)-'",
    "javascript:alert(1)",
    "&quot;&gt;<img src=x onerror=alert(1)>",
    "{{7*7}}",
    "https://evil.example/",
    "</form><form action=https://evil.example>",
]


@pytest.mark.parametrize("value", XSS)
def test_x17_p11_relay_state_comes_back_octet_by_octet_and_is_never_markup(registered, sp, ann, value):
    """By redirect, and by form."""
    direct = ann.sso(sp.query(sp.authn_request(), value))
    stored = (
        Visitor(ann.client).open(ann.post(encoded(sp.authn_request()), RelayState=value).headers["Location"]).answer
    )

    for answer in (direct, stored):
        assert posted(answer).relay_state == value
        assert "<script>alert" not in answer.text
        assert answer.text.count("<form") == 1


def test_x16_the_page_holds_one_form_and_needs_no_script(registered, sp, ann):
    """X16, D19."""
    answer = ann.sso(sp.query(sp.authn_request()))

    rules = dict(rule.strip().partition(" ")[::2] for rule in answer.headers["Content-Security-Policy"].split(";"))
    assert rules["form-action"] == "'self' https:"
    assert rules["script-src"] == "'self'"
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|style=", answer.text)
    assert '<button type="submit"' in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "location", ["javascript:alert(1)", 'https://x/"><script>alert(1)</script>', "data:text/html,x"]
)
def test_x16_an_address_that_got_into_the_row_is_not_rendered(world, registered, sp, ann, location):
    """X16: also where nobody looked when it was stored."""
    with world.work() as work:
        row = work.tx.session.query(Row).one()
        changed = [{**one, "location": location} for one in row.description["assertion_consumers"]]
        row.description = {**row.description, "assertion_consumers": changed}

    answer = ann.sso(sp.query(sp.authn_request(AssertionConsumerServiceURL=None)))

    refused(answer)
    assert "alert(1)" not in answer.text


def test_t11_names_of_applications_and_people_are_text(world, sp, ann):
    """T11, X22: on the page, and in the assertion."""
    world.register(sp, name="<script>alert(1)</script> & Söhne")
    with world.work() as work:
        account = work.tx.session.merge(world.account())
        account.name = 'Ann <b>&amp;</b> "O\'Neil" \u202eevil\u202c'

    answer = ann.sso(sp.query(sp.authn_request()))

    assert "<script>alert" not in answer.text
    assert (
        posted(answer).one("//saml:Attribute[@Name='name']/saml:AttributeValue")
        == 'Ann <b>&amp;</b> "O\'Neil" \u202eevil\u202c'
    )


def test_x22_a_value_that_xml_cannot_hold_stops_the_answer(world, registered, sp, ann):
    with world.work() as work:
        work.tx.session.merge(world.account()).name = "Ann\x0b</saml:AttributeValue>"  # PostgreSQL holds no NUL

    answer = ann.sso(sp.query(sp.authn_request()))

    refused(answer, 422)
    assert world.last_attempt(answer).code == "xml-illegal-character"


def test_x25_without_a_way_to_encrypt_nothing_is_sent(world, sp, ann):
    """X25: the certificate has gone from the row; there is no fall-back to plain text."""
    world.register(sp, sp.metadata(encryption=sp.pair.der), encrypt_assertion=True)
    assert posted(ann.sso(sp.query(sp.authn_request()))).find("//saml:EncryptedAssertion")
    with world.work() as work:
        row = work.tx.session.query(Row).one()
        row.description = {**row.description, "encryption_keys": []}

    answer = ann.sso(sp.query(sp.authn_request()))

    refused(answer)
    assert world.last_attempt(answer).code == "saml-not-encryptable"


# What is looked at only


@pytest.mark.parametrize("road", ["sso", "resume/sgn_x", "start", "slo", "slo/done/lgo_x", "slo/visit/lgo_x/lst_x", "manage-nameid"])  # fmt: skip
def test_head_is_no_way_to_do_anything(world, registered, sp, ann, road):
    """RFC 9110 section 9.2.1: whoever looks ahead (a mail filter, a link preview) signs nobody on and uses nothing up."""
    query = sp.query(sp.authn_request(ID="_ahead"))

    answer = ann.client.head(f"/sites/acme/saml/{road}?{query}")

    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert "HEAD" not in answer.headers["Allow"]
    assert world.audited("application.signed-on") == []
    assert posted(ann.sso(query)).statuses == ["Success"]


def test_the_metadata_can_be_asked_about_by_head(world, registered, ann):
    assert ann.client.head("/sites/acme/saml/metadata").status_code == 200


@pytest.mark.parametrize("wanted", ["", policy(names.PERSISTENT)], ids=["the address", "a persistent name"])
@pytest.mark.parametrize("passive", ["true", "false"])
def test_x22_who_may_not_have_the_address_cannot_find_it_out(world, sp, ann, wanted, passive):
    """X22: to whom the e-mail address is not released, a right guess looks like a wrong one and like nobody's."""
    application_id = world.register(sp)
    with world.work() as work:
        policies.set_application_release(work, application_id, ["name"])

    answers = [
        posted(ann.sso(sp.query(sp.authn_request(subject(guess, names.EMAIL) + wanted, IsPassive=passive))))
        for guess in (ANN, BEN, "nobody@acme.example")
    ]

    assert {tuple(answer.statuses) for answer in answers} == {("Requester", "InvalidNameIDPolicy")}
    assert len({(one.code, one.cause, one.account_id) for one in world.attempts()}) == 1


# Who may answer


HERE = "http://localhost:8000/sites/acme/saml/metadata"
ELSEWHERE = (
    '<samlp:IDPEntry ProviderID="https://elsewhere.example/idp" Name="Elsewhere" Loc="https://elsewhere.example"/>'
)
US = f'<samlp:IDPEntry ProviderID="{HERE}"/>'
REQUESTER_ID = "<samlp:RequesterID>https://behind.example/sp</samlp:RequesterID>"


def scoping(content: str = "", count: str | None = None) -> str:
    said = "" if count is None else f' ProxyCount="{count}"'
    return f"<samlp:Scoping{said}>{content}</samlp:Scoping>"


def idp_list(*entries: str, more: str = "") -> str:
    return f"<samlp:IDPList>{''.join(entries)}{more}</samlp:IDPList>"


MORE = "<samlp:GetComplete>https://elsewhere.example/all</samlp:GetComplete>"


@pytest.mark.parametrize(
    "content",
    [
        scoping(),
        scoping(count="0"),
        scoping(count="1"),
        scoping(REQUESTER_ID * 2),
        scoping(idp_list(US)),
        scoping(idp_list(ELSEWHERE, US, more=MORE) + REQUESTER_ID, "0"),
    ],
)
def test_we_answer_where_we_may(registered, sp, ann, content):
    """SAML Core 2.0 section 3.4.1.2: no request is ever handed on, so every ProxyCount holds."""
    assert posted(ann.sso(sp.query(sp.authn_request(content)))).statuses == ["Success"]


@pytest.mark.parametrize("more", ["", MORE])
def test_where_others_are_to_answer_we_do_not(world, registered, sp, ann, more):
    """SAML Core 2.0 section 3.2.2.2; where a list goes on at an address, nobody is called."""
    answer = posted(ann.sso(sp.query(sp.authn_request(scoping(idp_list(ELSEWHERE, more=more))))))

    assert answer.statuses == ["Responder", "NoSupportedIDP"]
    (attempt,) = world.attempts()
    assert attempt.code == "saml-nosupportedidp"
    validate(answer.xml)


@pytest.mark.parametrize(
    "content",
    [
        scoping(count="-1"),
        scoping(count=""),
        scoping(count="1.0"),
        scoping(count="999999"),
        scoping(idp_list()),
        scoping(idp_list(more=MORE)),
        scoping(idp_list('<samlp:IDPEntry Name="x"/>')),
        scoping(idp_list(f"<samlp:IDPEntry ProviderID='x'>{US}</samlp:IDPEntry>")),
        scoping(idp_list(US) * 2),
        scoping(idp_list(US * 257)),
        scoping(REQUESTER_ID * 33),
        scoping("<samlp:RequesterID/>"),
        scoping(US),
        scoping() * 2,
    ],
)
def test_a_scoping_that_is_none_is_not_guessed_at(registered, sp, ann, content):
    refused(ann.sso(sp.query(sp.authn_request(content))))
