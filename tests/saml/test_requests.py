"""What a request must be before anybody is answered: each refusal is a page, and nothing leaves."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from idp.audit.models import Attempt
from idp.saml import names
from idp.saml.models import ServiceProvider as Row
from idp.signon.models import PendingSignOn, SeenMessage
from tests.support.saml_world import posted, refused
from tests.support.service_provider import NOON, ServiceProvider, consumer, encoded, pair, stamp

SIGN = names.RSA_SHA256


def test_a_good_request_is_answered_at_the_address_it_names(registered, sp, ann):
    answer = posted(ann.sso(sp.query(sp.authn_request(), "state")))

    assert (answer.action, answer.relay_state) == (sp.acs, "state")
    assert answer.statuses == ["Success"]


@pytest.mark.parametrize("binding", ["redirect", "post"])
@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize("signed", [True, False])
def test_x9_x14_p2_requests_are_signed_where_they_must_be(world, sp, ann, binding, required, signed):
    """By flag, binding and signature."""
    world.register(sp, require_signed_requests=required)
    xml = sp.authn_request()
    if binding == "redirect":
        answer = ann.sso(sp.query(xml, sign=SIGN if signed else ""))
    else:
        answer = ann.post(encoded(sp.enveloped(xml) if signed else xml))

    if required and not signed:
        refused(answer)
        assert world.last_attempt(answer).code == "saml-signature"
    else:
        assert answer.status_code == (200 if binding == "redirect" else 303)


def test_x14_required_but_no_key_left_is_refused(world, registered, sp, ann):
    """X14, X10: fail closed, also for a row that nobody could register."""
    with world.work() as work:
        row = work.tx.session.query(Row).one()
        row.require_signed_requests = True
        row.description = {**row.description, "signing_certificates": []}

    refused(ann.sso(sp.query(sp.authn_request(), sign=SIGN)))
    refused(ann.sso(sp.query(sp.authn_request())))


@pytest.mark.parametrize("by", ["other service provider", "nobody"])
def test_x10_p3_the_signature_of_another_is_refused_even_where_none_is_asked_for(world, registered, sp, ann, by):
    other = ServiceProvider(
        entity_id="https://other.example/metadata", acs="https://other.example/acs", pair=pair("other")
    )
    world.register(other)

    query = sp.query(sp.authn_request(), sign=SIGN, by=other.pair)
    if by == "nobody":
        query = query[:-40] + "A" * 40
    refused(ann.sso(query))


# X15: the assertion consumer

GOOD = "https://sp.example/acs"
OTHERS = [
    "https://sp.example/acs/",
    "https://sp.example/ACS",
    "https://SP.example/acs",
    "HTTPS://sp.example/acs",
    "http://sp.example/acs",
    "https://sp.example:443/acs",
    "https://sp.example:8443/acs",
    "https://sp.example/acs?",
    "https://sp.example/acs?x=1",
    "https://sp.example/acs#x",
    "https://sp.example/acs;x",
    "https://sp.example/acs%20",
    "https://sp.example/%61cs",
    "https://sp.example/./acs",
    "https://sp.example/x/../acs",
    "https://sp.example//acs",
    "https://sp.example/acs/evil",
    "https://sp.example/ac",
    "https://sp.example",
    "https://sp.example/",
    "https://sp.example.evil.example/acs",
    "https://evil.example/acs",
    "https://evil.example/https://sp.example/acs",
    "https://sp.example@evil.example/acs",
    "https://evil.example@sp.example/acs",
    "https://user@sp.example/acs",
    "https://sp.example\\@evil.example/acs",
    "https://sp.example%2eevil.example/acs",
    "https://sp.example./acs",
    "https://ſp.example/acs",
    "https://xn--sp-.example/acs",
    "//sp.example/acs",
    "/acs",
    "",
    " https://sp.example/acs",
    "https://sp.example/acs ",
    "javascript:alert(1)",
    "data:text/html,x",
    "https://sp.example/artifact",
    "urn:sp",
]


@pytest.mark.parametrize("signed", [True, False], ids=["signed", "unsigned"])
@pytest.mark.parametrize("location", OTHERS)
def test_x15_p12_an_address_that_is_not_registered_octet_by_octet_gets_nothing(world, sp, ann, location, signed):
    artifact = consumer(
        "https://sp.example/artifact", binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact", index=9
    )
    world.register(sp, sp.metadata(signing=sp.pair.der, consumers=consumer(GOOD) + artifact))

    xml = sp.authn_request(AssertionConsumerServiceURL=location)
    refused(ann.sso(sp.query(xml, sign=SIGN if signed else "")))
    refused(ann.post(encoded(sp.enveloped(xml) if signed else xml)))


@pytest.mark.parametrize(
    "changes",
    [
        {"AssertionConsumerServiceIndex": "0"},
        {"AssertionConsumerServiceURL": None, "AssertionConsumerServiceIndex": "5"},
        {"AssertionConsumerServiceURL": None, "AssertionConsumerServiceIndex": "9"},
        {"AssertionConsumerServiceURL": None, "AssertionConsumerServiceIndex": "-1"},
        {"AssertionConsumerServiceURL": None, "AssertionConsumerServiceIndex": "0x1"},
        {"AssertionConsumerServiceURL": None, "AssertionConsumerServiceIndex": "100000"},
        {"AssertionConsumerServiceURL": None, "AssertionConsumerServiceIndex": "0", "ProtocolBinding": names.POST},
        {"ProtocolBinding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact"},
        {"ProtocolBinding": names.REDIRECT},
        {"ProtocolBinding": ""},
    ],
    ids=str,
)
def test_x15_p12_index_and_binding_are_exact_too(world, sp, ann, changes):
    artifact = consumer(
        "https://sp.example/artifact", binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact", index=9
    )
    world.register(sp, sp.metadata(consumers=consumer(GOOD) + artifact))

    refused(ann.sso(sp.query(sp.authn_request(**changes))))


@pytest.mark.parametrize(
    ("changes", "location"),
    [
        ({}, GOOD),
        ({"ProtocolBinding": names.POST}, GOOD),
        ({"AssertionConsumerServiceURL": "https://sp.example/two"}, "https://sp.example/two"),
        ({"AssertionConsumerServiceURL": None, "AssertionConsumerServiceIndex": "3"}, "https://sp.example/two"),
        ({"AssertionConsumerServiceURL": None}, "https://sp.example/two"),
        ({"AssertionConsumerServiceURL": None, "ProtocolBinding": names.POST}, "https://sp.example/two"),
    ],
    ids=str,
)
def test_an_address_is_named_by_itself_by_its_index_or_not_at_all(world, sp, ann, changes, location):
    two = consumer("https://sp.example/two", index=3, default="true")
    world.register(sp, sp.metadata(consumers=consumer(GOOD) + two))

    assert posted(ann.sso(sp.query(sp.authn_request(**changes)))).action == location


@pytest.mark.parametrize(
    ("destination", "signed", "taken"),
    [
        ("http://localhost:8000/sites/acme/saml/sso", True, True),
        ("http://localhost:8000/sites/acme/saml/sso", False, True),
        (None, False, True),
        (None, True, False),
        ("", False, False),
        ("https://localhost:8000/sites/acme/saml/sso", True, False),
        ("http://localhost:8000/sites/acme/saml/sso/", True, False),
        ("http://localhost:8000/sites/acme/saml/slo", True, False),
        ("http://localhost:8000/sites/rival/saml/sso", True, False),
        ("http://localhost/sites/acme/saml/sso", False, False),
        ("http://evil.example/sites/acme/saml/sso", False, False),
    ],
)
def test_x18_p5_a_message_was_made_for_this_very_address(world, registered, sp, ann, destination, signed, taken):
    """Built from the settings; a Host header changes nothing. One that is signed must name it."""
    query = sp.query(sp.authn_request(Destination=destination), sign=SIGN if signed else "")

    headers = {"Host": "evil.example", "Cookie": f"ostiary_session={ann.token}"}
    answer = world.app.test_client(use_cookies=False).get(f"/sites/acme/saml/sso?{query}", headers=headers)

    if taken:
        assert posted(answer).action == sp.acs
    else:
        refused(answer)


@pytest.mark.parametrize(
    ("instant", "taken"),
    [
        (stamp(NOON), True),
        (stamp(NOON, minutes=-5), True),
        (stamp(NOON, minutes=5), True),
        ("2030-01-01T12:00:00.123Z", True),
        ("2030-01-01T12:00:00.1234567Z", True),
        (stamp(NOON, minutes=-5, seconds=-1), False),
        (stamp(NOON, minutes=5, seconds=1), False),
        (stamp(NOON, days=-1), False),
        (stamp(NOON, days=-3650), False),
        ("2030-01-01T14:00:00+02:00", False),
        ("2030-01-01", False),
        ("now", False),
        (None, False),
    ],
)
def test_x19_p4_a_message_is_fresh(registered, sp, ann, instant, taken):
    answer = ann.sso(sp.query(sp.authn_request(IssueInstant=instant)))
    if taken:
        posted(answer)
    else:
        refused(answer)


def test_x19_p6_a_message_is_taken_once(world, registered, sp, ann):
    query = sp.query(sp.authn_request())
    posted(ann.sso(query))
    before = world.count(Attempt)

    again = ann.sso(query)

    refused(again)
    assert world.last_attempt(again).code == "saml-used"
    assert "Start again at" in again.text
    assert world.count(Attempt) == before + 1


def test_x19_the_same_id_is_used_up_for_redirect_and_form_alike(registered, sp, ann):
    xml = sp.authn_request()
    posted(ann.sso(sp.query(xml)))
    refused(ann.post(encoded(xml)))
    refused(ann.sso(sp.query(xml, "another state")))


def test_x19_it_is_remembered_for_as_long_as_it_could_be_fresh(world, registered, sp, ann):
    xml = sp.authn_request(IssueInstant=stamp(NOON, minutes=5))
    posted(ann.sso(sp.query(xml)))
    with world.work() as work:
        (seen,) = work.tx.session.query(SeenMessage)
        assert (seen.expires_at - NOON).total_seconds() == 15 * 60

    world.later(minutes=10)
    refused(ann.sso(sp.query(xml)))


def test_x19_an_id_is_one_service_providers_own(world, registered, sp, ann):
    other = ServiceProvider(entity_id="https://other.example/metadata", acs="https://other.example/acs")
    world.register(other)

    posted(ann.sso(sp.query(sp.authn_request(ID="_same"))))
    posted(ann.sso(other.query(other.authn_request(ID="_same"))))


def test_x19_a_request_that_asks_the_person_is_used_up_as_well(world, registered, sp):
    query = sp.query(sp.authn_request())
    stranger = world.browser()

    assert stranger.sso(query).status_code == 303
    refused(stranger.sso(query))
    assert world.count(PendingSignOn) == 1


@pytest.mark.both_databases
def test_x19_of_twenty_at_once_one_is_taken(world, registered, sp, ann):
    query = sp.query(sp.authn_request())
    cookie = {"Cookie": f"ostiary_session={ann.token}"}

    def once(_):
        return world.app.test_client(use_cookies=False).get(f"/sites/acme/saml/sso?{query}", headers=cookie)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(once, range(20)))

    assert sum("SAMLResponse" in answer.text for answer in answers) == 1
    assert len(world.audited("application.signed-on")) == 1


# X21: whose service provider

RIVAL = "http://localhost:8000/sites/rival/saml"


def test_x21_the_same_entity_id_in_two_organizations_stays_apart(world, ann):
    """X21: keys, addresses and people come from the one site that was asked."""
    ours = ServiceProvider()
    theirs = ServiceProvider(acs="https://rival.example/acs", idp=RIVAL, pair=pair("rival"))
    world.register(ours, require_signed_requests=True)
    world.register(theirs, site="rival", require_signed_requests=True)

    assert posted(ann.sso(ours.query(ours.authn_request(), sign=SIGN))).action == ours.acs
    refused(ann.sso(ours.query(ours.authn_request(), sign=SIGN), site="rival"))
    refused(ann.sso(theirs.query(theirs.authn_request(), sign=SIGN)))
    refused(ann.sso(ours.query(ours.authn_request(AssertionConsumerServiceURL=theirs.acs), sign=SIGN)))
    crossed = theirs.query(theirs.authn_request(AssertionConsumerServiceURL=theirs.acs), sign=SIGN, by=ours.pair)
    refused(ann.sso(crossed, site="rival"))
    redirected = ann.sso(theirs.query(theirs.authn_request(), sign=SIGN), site="rival")
    assert redirected.status_code == 303  # Ann has no account there: she is asked to sign in


@pytest.mark.parametrize(
    ("what", "changes"),
    [
        ("unknown issuer", {"issuer": "https://nobody.example"}),
        ("issuer in other letters", {"issuer": "https://SP.example/metadata"}),
        ("issuer and more", {"issuer": "https://sp.example/metadata/x"}),
        ("a long issuer", {"issuer": "x" * 1025}),
        ("no ID", {"ID": None}),
        ("an ID that is no name", {"ID": "1a"}),
        ("an ID with markup", {"ID": "a&quot;&gt;"}),
        ("a long ID", {"ID": "_" + "a" * 256}),
        ("another version", {"Version": "1.1"}),
        ("no version", {"Version": None}),
        ("neither yes nor no", {"ForceAuthn": "maybe"}),
    ],
)
def test_a_malformed_or_unknown_request_is_refused_on_a_page(world, registered, sp, ann, what, changes):
    answer = ann.sso(sp.query(sp.authn_request(**changes)))

    refused(answer)
    attempt = world.last_attempt(answer)
    assert (attempt.kind, attempt.outcome) == ("saml.sign-on", "refused")
    assert attempt.cause
    assert attempt.cause not in answer.text
    assert len(world.audited("application.sign-on-refused")) == 1


@pytest.mark.parametrize(
    "content",
    [
        "<saml:Issuer>https://sp.example/metadata</saml:Issuer>",
        "<samlp:NameIDPolicy/><samlp:NameIDPolicy/>",
        "<saml:Assertion/>",
        "<samlp:RequestedAuthnContext/>",
        "<samlp:RequestedAuthnContext Comparison='most'><saml:AuthnContextClassRef>x</saml:AuthnContextClassRef></samlp:RequestedAuthnContext>",
        "<samlp:RequestedAuthnContext><saml:AuthnContextClassRef>x</saml:AuthnContextClassRef><saml:AuthnContextDeclRef>x</saml:AuthnContextDeclRef></samlp:RequestedAuthnContext>",
        "<saml:Subject><saml:NameID>a<b xmlns=''/></saml:NameID></saml:Subject>",
        "<saml:Subject><saml:NameID></saml:NameID></saml:Subject>",
    ],
    ids=range(8),
)
def test_x2_a_request_can_be_understood_in_one_way_only(registered, sp, ann, content):
    refused(ann.sso(sp.query(sp.authn_request(content))))


def test_x2_no_issuer_or_one_of_another_kind_is_refused(registered, sp, ann):
    good = sp.authn_request()
    without = good.replace(f"<saml:Issuer>{sp.entity_id}</saml:Issuer>", "")
    with_format = good.replace("<saml:Issuer>", f'<saml:Issuer Format="{names.EMAIL}">')
    for xml in (without, with_format):
        assert xml != good
        refused(ann.sso(sp.query(xml)))


def test_extensions_scoping_and_conditions_are_ignored_safely(registered, sp, ann):
    content = (
        '<samlp:Extensions><x xmlns="urn:x" ID="_other">anything</x></samlp:Extensions>'
        "<saml:Conditions><saml:OneTimeUse/></saml:Conditions>"
        "<samlp:Scoping ProxyCount='0'/>"
    )
    assert posted(ann.sso(sp.query(sp.authn_request(content)))).statuses == ["Success"]


def test_a_form_of_another_content_type_is_refused(registered, sp, ann):
    answer = ann.client.post("/sites/acme/saml/sso", json={"SAMLRequest": encoded(sp.authn_request())})
    refused(answer)


@pytest.mark.parametrize("query", ["", "RelayState=x", "SAMLResponse=" + quote(encoded("<x/>")), "SAMLRequest="])
def test_without_a_request_there_is_a_page(world, ann, query):
    refused(ann.sso(query))


def test_an_unknown_site_is_not_there(ann):
    assert ann.sso("SAMLRequest=x", site="nobody").status_code == 404


def test_x11_duplicates_are_refused_at_the_door_too(registered, sp, ann):
    query = sp.query(sp.authn_request(), "a")
    refused(ann.sso(query + "&RelayState=b"))
    refused(ann.sso(query + "&" + query))
