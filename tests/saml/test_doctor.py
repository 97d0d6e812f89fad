"""The doctor of a provider: one change to a good document of a vendor's shape, and what is found and said of it."""

import base64
import re
from datetime import timedelta
from random import Random
from time import process_time

import pytest

from idp.audit.findings import Severity
from idp.base import differences
from idp.base.errors import Conflict, Forbidden, Invalid, NotFound
from idp.directory import applications, queries
from idp.policy.permissions import AUDITOR
from idp.saml import doctor, names, providers
from idp.saml.certificates import known_keys, thumbprint
from idp.saml.doctor import examination, gathering, reading, remedies
from idp.saml.doctor.examination import Given
from idp.saml.doctor.subjects import Described, Here, Metadata, Request
from idp.saml.switches import Switches
from tests.support import ailments, people, refused_attempts
from tests.support.ailments import BASE, FORMS, METADATA, REGISTRATION, REQUEST, Case, examine, examined, register
from tests.support.cures import CURES, OF_ATTEMPTS, Cure, cure_of, is_cured_by
from tests.support.service_provider import NOON, deflated
from tests.support.spoken import unknown_of
from tests.support.vendors import ADFS, OKTA, SALESFORCE, SHIBBOLETH, SIMPLESAMLPHP, SPRING, VENDORS, query

CASES = {**METADATA, **REGISTRATION, **REQUEST}


def of_kind(findings, kind: str):
    found = [finding for finding in findings if finding.kind == kind]
    assert found, [(finding.kind, finding.evidence) for finding in findings]
    return found[0]


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
def test_of_what_is_well_nothing_serious_is_found(world, vendor):
    """Metadata, registration, and a signed request of each vendor's shape; and none of what its cases must show."""
    application_id = register(world, vendor)
    given = Given(metadata=vendor.metadata(), request=vendor.signed())

    found = examined(world, application_id, given)

    assert [(f.kind, f.evidence) for f in found.findings if f.severity is Severity.SERIOUS] == []
    assert not found.serious
    assert len(found.looked_at) == 3
    must_show = {kind for kind, case in CASES.items() if case.vendor is vendor and (case.metadata or case.request)}
    assert must_show
    assert not must_show & {finding.kind for finding in found.findings}


@pytest.mark.parametrize("kind", CASES)
def test_one_change_is_found_and_explained(world, kind):
    """X30, X12, X15: the evidence, what it means, and every word of what somebody can do about it."""
    case = CASES[kind]
    _, found = examine(world, case)

    finding = of_kind(found.findings, kind)
    assert case.evidence in finding.evidence
    assert finding.meaning.endswith(".")
    assert is_cured_by(finding, CURES[kind]), cure_of(finding)
    assert (finding.fix is not None) is case.fix
    assert unknown_of(found.findings) == []
    assert [one for one in found.findings if not (one.here or one.vendor)] == []
    assert finding.fix is None or next(one for one in doctor.KINDS if one.slug == kind).fixes
    assert found.serious is any(f.severity is Severity.SERIOUS for f in found.findings)


def test_every_kind_has_its_case_and_no_case_is_left_over():
    """Those that nothing but an attempt can show have theirs in test_doctor_attempts.py."""
    of_attempts = {case.kind for case in refused_attempts.CASES.values()}
    assert {kind.slug for kind in doctor.KINDS} == set(CASES) | of_attempts
    assert len(doctor.KINDS) == len({kind.slug for kind in doctor.KINDS})


def test_every_kind_says_what_to_change_here_or_what_to_ask_of_the_vendor():
    """The cases of every kind are held against this table, in this file and in test_doctor_attempts.py."""
    assert list(CURES) == [kind.slug for kind in doctor.KINDS]
    assert [slug for slug, cure in CURES.items() if not (cure.here or cure.vendor)] == []
    assert [what for what, cure in OF_ATTEMPTS.items() if not (cure.here or cure.vendor)] == []


def test_no_kind_would_be_cured_by_what_is_said_of_another():
    taken_for_another = [
        (one, other)
        for one, cure in CURES.items()
        for other, said in CURES.items()
        if one != other and all(bool(a) == bool(b) and a in b for a, b in zip(cure, said, strict=True))
    ]
    assert taken_for_another == []


def test_every_kind_is_a_slug_and_plain_words():
    for kind in doctor.KINDS:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", kind.slug)
        assert kind.meaning.endswith(".")
        assert not kind.says.endswith(".")


# What is given


@pytest.mark.parametrize("given", FORMS)
def test_a_request_is_recognised_in_whatever_form_it_comes(given):
    recognised = reading.recognise(FORMS[given])

    assert recognised.given == given
    assert recognised.incoming.message == SHIBBOLETH.request().encode()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (deflated(SHIBBOLETH.request()), "deflated base64"),
        (query(SHIBBOLETH.request()).decode().removeprefix("SAMLRequest="), "deflated base64"),
        ("GET /sites/acme/saml/sso?" + query(SHIBBOLETH.request()).decode() + " HTTP/1.1", "an address"),
        (SHIBBOLETH.url().decode() + "#top", "an address"),
        ("\ufeff" + SHIBBOLETH.request() + "\n", "XML"),
    ],
    ids=["deflated", "escaped", "a line of a log", "with a fragment", "with blanks around"],
)
def test_what_stands_around_a_request_does_not_matter(given, expected):
    recognised = reading.recognise(given.encode())

    assert recognised.given == expected
    assert recognised.incoming.message == SHIBBOLETH.request().encode()


def test_the_relay_state_and_the_address_come_with_it():
    assert reading.recognise(FORMS["the HTML of a form"]).incoming.relay_state == "a&b"
    assert reading.recognise(FORMS["an address"]).sent_to == ailments.SSO


@pytest.mark.parametrize(
    "given",
    [
        b"",
        b"<",
        b"\x00\xff" * 50,
        b"SAMLRequest=",
        b"SAMLResponse=abc",
        b"SAMLRequest=a&SAMLRequest=b",
        b"https://",
        b"<input name='SAMLRequest' value='%%%'>",
        b"<input " * 70_000,
        b"<html>" + b"x" * 100_000,
        b"A" * (reading.MOST_GIVEN + 1),
        b"%" * 1000,
        b"eNo" + b"A" * 400_000,
    ],
    ids=range(13),
)
def test_x6_x7_anything_at_all_is_a_finding_and_never_a_crash(world, given):
    """X5, X6, X7: what strangers send is pasted here by people."""
    found = examined(world, register(world, SHIBBOLETH), Given(metadata=given, request=given))

    kinds = {finding.kind for finding in found.findings}
    assert any(kind.startswith("message-") for kind in kinds), kinds
    assert any(kind.startswith("metadata-") for kind in kinds), kinds


def test_x8_nothing_mutated_makes_the_doctor_stumble():
    """X8, X2: 3,000 documents and requests with a few octets changed, cut, doubled or moved; a fixed seed."""
    chance = Random(20300101)
    keys = known_keys((SPRING.signing.der,))
    here = Here("acme", ailments.OURS, f"{BASE}/sites/acme/saml", formats=(names.EMAIL,), attributes=("email",))
    documents = [vendor.metadata() for vendor in VENDORS]
    requests = [*FORMS.values(), SPRING.signed(), ADFS.url(sign=names.RSA_SHA256)]

    for _ in range(1500):
        document = reading.read_document(mutated(chance, chance.choice(documents)))
        for check in doctor.METADATA:
            list(check(Metadata(document, here, NOON)))
        if document.description is not None:
            for look in doctor.DESCRIBED:
                list(look(Described(document.description, "the metadata", here, NOON)))
        received = reading.received(reading.recognise(mutated(chance, chance.choice(requests))), keys)
        for ask in doctor.REQUEST:
            list(ask(Request(received, here, NOON)))


def mutated(chance: Random, octets: bytes) -> bytes:
    made = bytearray(octets)
    for _ in range(chance.choice((1, 1, 2, 5))):
        at, length = chance.randrange(len(made)), chance.choice((1, 1, 3, 20))
        match chance.randrange(4):
            case 0:
                made[at : at + length] = chance.randbytes(length)
            case 1:
                del made[at : at + length]
            case 2:
                made[at:at] = made[at : at + length]
            case 3:
                made[at:at] = chance.choice((b"<", b'"', b"&#10;", b"%00", b"=", b"&", b"urn:", b"\xff", b"</", b"/>"))
        if not made:
            made = bytearray(b"<")
    return bytes(made)


def test_x5_an_inflation_bomb_is_a_finding(world):
    bomb = deflated(SHIBBOLETH.request(("<saml:Issuer", " " * 10_000_000 + "<saml:Issuer")))

    found = examined(world, register(world, SHIBBOLETH), Given(request=bomb.encode()))

    assert "inflates" in of_kind(found.findings, "message-too-large").evidence


def test_t17_what_others_have_written_is_shown_without_control_characters(world):
    document = SPRING.metadata((f'"{SPRING.entity_id}"', f'"{SPRING.entity_id}\u202e&#10;"'))

    found = examined(world, register(world, SPRING), Given(metadata=document))

    assert not {"\u202e", "\n"} & set("".join(finding.evidence for finding in found.findings))


def test_several_faults_are_found_at_once(world):
    message = SHIBBOLETH.request(
        (ailments.SSO, "https://old.example/sso"), ("12:00:00Z", "09:00:00Z"), (SHIBBOLETH.acs, "https://x.example/")
    )

    kinds = {f.kind for f in examined(world, register(world, SHIBBOLETH), Given(request=message.encode())).findings}

    assert {"destination-wrong", "clock-behind", "acs-not-registered"} <= kinds


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (("https://", "http://"), "http instead of https"),
        (("library.example", "www.library.example"), "the host www.library.example instead of library.example"),
        (("library.example", "library.example:8443"), "the port 8443 instead of 443"),
        (("/SAML2/POST", "/SAML2/POST/"), "a trailing slash too many"),
        (("Shibboleth.sso", "shibboleth.sso"), "upper and lower case in the path"),
        (("/SAML2/POST", "/SAML2/Artifact"), "the path /Shibboleth.sso/SAML2/Artifact instead of"),
        (("/SAML2/POST", "/SAML2/POST?target=x"), "a query (?target=x)"),
        (("library.example", "LIBRARY.example"), "upper and lower case, or a default port"),
    ],
    ids=lambda change: change[1] if isinstance(change, tuple) else "",
)
def test_x15_how_an_address_differs_is_said_exactly(world, change, difference):
    wanted = SHIBBOLETH.acs.replace(*change)
    message = SHIBBOLETH.request((SHIBBOLETH.acs, wanted))

    found = examined(world, register(world, SHIBBOLETH), Given(request=message.encode()))

    finding = of_kind(found.findings, "acs-not-registered")
    assert f"AssertionConsumerServiceURL is {wanted}" in finding.evidence
    assert f"the nearest registered one is {SHIBBOLETH.acs}" in finding.evidence
    assert difference in finding.evidence


@pytest.mark.parametrize(
    ("received", "expected", "difference"),
    [
        ("urn:sp:wiki", "urn:sp:wiki", ""),
        ("urn:sp:Wiki", "urn:sp:wiki", "upper and lower case"),
        ("wiki", "https://sp.example/wiki", "another name"),
        (" https://sp.example/", "https://sp.example/", "blanks around it"),
        ("https://[sp.example/", "https://sp.example/", "it is no address"),
        ("https://sp.example:x/", "https://sp.example/", "it is no address"),
        ("https://sp.example/#x", "https://sp.example/", "a fragment (#…)"),
        ("https://sp.example/acs", "https://sp.example/acs?a=1", "a missing query (?a=1)"),
        ("https://sp.example/acs?b=1", "https://sp.example/acs?a=1", "the query ?b=1 instead of ?a=1"),
        ("https://sp.example", "https://sp.example/", "a missing trailing slash"),
    ],
)
def test_how_two_names_differ(received, expected, difference):
    assert differences.difference(received, expected) == difference


def test_x7_the_nearest_of_many_long_addresses_is_found_quickly():
    registered = [f"https://sp{number}.example/{'x' * 2000}" for number in range(500)]
    began = process_time()

    assert differences.nearest(f"https://sp77.example/{'x' * 100_000}", registered) == registered[77]
    assert process_time() - began < 2
    assert differences.nearest("https://sp.example/", []) == ""


# Further shapes of the same kinds

_DECLARATION = (
    "<samlp:NameIDPolicy",
    f'<samlp:RequestedAuthnContext><saml:AuthnContextDeclRef xmlns:saml="{names.SAML}">urn:x</saml:AuthnContextDeclRef>'
    "</samlp:RequestedAuthnContext><samlp:NameIDPolicy",
)
_SUBJECT = (
    "<samlp:NameIDPolicy",
    f'<saml:Subject xmlns:saml="{names.SAML}"><saml:NameID Format="urn:kerberos">ann</saml:NameID></saml:Subject>'
    "<samlp:NameIDPolicy",
)
MORE = [
    (
        "address-unusable",
        Case(SPRING, "is no address", metadata=SPRING.metadata((SPRING.acs, "https://[billing.example/"))),
        CURES["address-unusable"]._replace(
            vendor="Please correct an address in your metadata. “https://[billing.example/”"
        ),
    ),
    (
        "certificate-different",
        Case(ADFS, "(damaged)", metadata=ADFS.metadata((ADFS.signing.der[:8], "%%%"))),
        CURES["certificate-different"]._replace(vendor="the certificate (damaged) for signing"),
    ),
    ("nameid-not-given", Case(SHIBBOLETH, "urn:kerberos", request=query(SHIBBOLETH.request(_SUBJECT))), None),
    ("context-unattainable", Case(SHIBBOLETH, "a declaration", request=query(SHIBBOLETH.request(_DECLARATION))), None),
    (
        "relay-state-long",
        Case(SPRING, "90 bytes", switches={"relay_states": ("x" * 90,)}),
        Cure(here="List a shorter one."),
    ),
    (
        "message-other",
        Case(SPRING, "a response", request=query(SPRING.request()).replace(b"Request", b"Response")),
        None,
    ),
    (
        "message-missing",
        Case(SPRING, "no SAMLRequest", request=b"<html><input name='RelayState' value='x'></html>"),
        None,
    ),
    ("message-not-deflated", Case(SPRING, "cut off", request=deflated(SPRING.request())[:-8].encode()), None),
    ("metadata-aggregate", Case(SPRING, "1 entities", metadata=ailments.aggregate(SPRING.metadata())), None),
    (
        "key-weak",
        Case(SALESFORCE, "secp192r1", metadata=SALESFORCE.metadata(ailments.curve_too_short(SALESFORCE))),
        None,
    ),
    (
        "destination-missing",
        Case(ADFS, "no Destination", request=ADFS.url((f' Destination="{ailments.SSO}"', ""), sign=names.RSA_SHA256)),
        None,
    ),
]


@pytest.mark.parametrize(("kind", "case", "cure"), MORE, ids=[kind for kind, *_ in MORE])
def test_another_shape_of_the_same_kind(world, kind, case, cure):
    finding = of_kind(examine(world, case)[1].findings, kind)

    assert case.evidence in finding.evidence
    assert is_cured_by(finding, cure or CURES[kind]), cure_of(finding)


@pytest.mark.both_databases
def test_who_may_open_it_is_named(world):
    application_id = register(world, SHIBBOLETH, everyone=False)
    with world.work() as work:
        applications.grant(work, application_id, group="Staff")
        applications.grant(work, application_id, account="ben@acme.example")
        application = queries.application(work, application_id)
        found = gathering.registered(work, application, providers.of_application(work, application))

    assert sorted(found.open_to) == ["ben@acme.example", "the group Staff"]


def test_x13_a_certificate_in_the_request_is_shown_and_not_trusted(world):
    """X13: whoever signs with another key learns its thumbprint here, and is refused all the same."""
    application_id = register(world, SPRING)
    stranger = ailments.certified("stranger")

    found = examined(world, application_id, Given(request=SPRING.signed(by=stranger)))

    assert thumbprint(base64.b64decode(stranger.der)) in of_kind(found.findings, "signature-unknown-key").evidence


LOGOUT = "<saml:NameID>x</saml:NameID>"


@pytest.mark.parametrize(
    ("named", "sign", "changes", "kinds"),
    [
        (LOGOUT, True, {}, set()),
        (LOGOUT, False, {}, {"logout-not-signed"}),
        ("<saml:EncryptedID/>", True, {}, {"logout-name-encrypted"}),
        (LOGOUT, True, {"Destination": ailments.SSO}, {"destination-wrong"}),
        (LOGOUT, True, {"IssueInstant": "2030-01-01T12:10:00Z"}, {"clock-ahead"}),
        (LOGOUT, True, {"Version": "1.1"}, {"message-version"}),
    ],
    ids=["good", "unsigned", "encrypted", "to the sign-on address", "fast clock", "another version"],
)
def test_x28_a_logout_request_can_be_looked_at_too(world, named, sign, changes, kinds):
    """X28: one that was copied from a log, in the form that it has there."""
    application_id = register(world, SPRING)
    xml = SPRING.sender.logout_request(named, "index", **changes)
    given = Given(request=(SPRING.sender.enveloped(xml) if sign else xml).encode())

    found = {finding.kind for finding in examined(world, application_id, given).findings}

    assert found - {finding.kind for finding in examined(world, application_id).findings} == kinds


# What is not registered


def test_metadata_is_looked_at_before_anything_is_registered(world):
    found = examined(world, None, Given(metadata=OKTA.metadata((OKTA.acs, "http://acme.okta.example/sso"))))

    assert of_kind(found.findings, "address-http")
    assert found.looked_at == (f"the given metadata ({len(OKTA.metadata()) - len(OKTA.acs) + 28} bytes)",)


@pytest.mark.both_databases
def test_metadata_finds_its_registration_and_that_of_other_sites_by_itself(world):
    register(world, ADFS)
    ailments._at_rival(ADFS)(world, "")

    changed = ADFS.metadata(ailments._certificate(ADFS, "rolled over"))
    kinds = {finding.kind for finding in examined(world, None, Given(metadata=changed)).findings}

    assert {"certificate-different", "entity-id-duplicate"} <= kinds


def test_a_request_of_nobody_says_how_to_register_it(world):
    found = examined(world, None, Given(request=query(SHIBBOLETH.request())))

    finding = of_kind(found.findings, "issuer-unknown")
    assert SHIBBOLETH.entity_id in finding.evidence
    assert "--site acme" in finding.here


def test_a_request_finds_its_registration_by_itself(world):
    register(world, SPRING)

    found = examined(world, None, Given(request=query(SPRING.request())))

    assert {"signature-missing"} == {finding.kind for finding in found.findings}


# What the parts of a registration say together


def test_a_rule_under_the_name_or_friendly_name_meets_what_is_asked_for(world):
    application_id = register(world, SHIBBOLETH)
    asked = "urn:oid:0.9.2342.19200300.100.1.3"
    mail = {"source": "attribute", "value": "email"}
    assert "is sent as email" in of_kind(examined(world, application_id).findings, "attribute-other-name").evidence
    for rule, met in (
        ({"name": asked, **mail}, True),
        ({"name": "E-Mail", "friendly_name": "mail", **mail}, True),
        ({"name": "E-Mail", **mail}, False),
        ({"name": asked, "source": "nothing"}, False),
    ):
        ailments._rules(rule)(world, application_id)
        found = [one.evidence for one in examined(world, application_id).findings if one.kind == "attribute-other-name"]
        assert any("mail" in one for one in found) is not met, rule


def test_x12_what_is_allowed_until_a_day_is_taken_by_the_doctor_too_and_refused_after_it(world):
    """X12: what the sign-on takes is what the doctor takes."""
    request = ADFS.url(sign=ailments.RSA_SHA1)
    application_id = register(world, ADFS, legacy_algorithms=("rsa-sha1",), legacy_until=NOON + timedelta(days=10))
    kinds = {finding.kind for finding in examined(world, application_id, Given(request=request)).findings}
    assert not {"signature-algorithm", "signature-unverified"} & kinds

    world.later(days=11)

    finding = of_kind(examined(world, application_id, Given(request=request)).findings, "signature-algorithm")
    assert "are off since then" in finding.evidence
    assert "until 2030-02-11" in finding.fix.does


def test_x27_a_class_that_is_mapped_is_not_called_unattainable(world):
    asked = query(SHIBBOLETH.request(tuple(part.replace("classes:X509", "classes:Corp") for part in ailments._CONTEXT)))
    application_id = register(world, SHIBBOLETH)
    assert of_kind(examined(world, application_id, Given(request=asked)).findings, "context-unattainable")
    with world.work() as work:
        means = {"urn:oasis:names:tc:SAML:2.0:ac:classes:Corp": "second-step"}
        providers.change(work, application_id, Switches(context_map={"means": means}))

    kinds = {finding.kind for finding in examined(world, application_id, Given(request=asked)).findings}

    assert "context-unattainable" not in kinds


def test_a_format_that_is_made_of_something_is_given_and_needs_what_it_is_made_of(world):
    document = SIMPLESAMLPHP.metadata((names.TRANSIENT, names.WINDOWS))
    bare = register(world, SIMPLESAMLPHP, document)
    assert of_kind(examined(world, bare).findings, "nameid-format-unknown")
    with world.work() as work:
        providers.change(work, bare, Switches(name_id_source=r'"CORP\\" + login'))

    findings = examined(world, bare).findings

    assert "nameid-format-unknown" not in {finding.kind for finding in findings}
    assert "needs “login”" in of_kind(findings, "nameid-attribute-withheld").evidence


# Fixes


HARMLESS = {"assertion-not-signed", "signed-requests-not-required", "encryption-unused"}


@pytest.mark.parametrize("kind", [kind for kind, case in CASES.items() if case.fix])
def test_a_fix_mends_what_it_says_and_is_audited_with_its_risk(world, kind):
    case: Case = CASES[kind]
    application_id, found = examine(world, case)
    assert bool(of_kind(found.findings, kind).fix.risk) is (kind not in HARMLESS)
    with world.work() as work:
        done = remedies.apply(work, application_id, kind, found.findings)

    given = Given(metadata=case.metadata, request=case.request)
    assert kind not in [finding.kind for finding in examined(world, application_id, given).findings]
    (entry,) = world.audited("service-provider.fix-applied")
    assert (entry.target_id, entry.details["kind"]) == (application_id, kind)
    assert (entry.details["does"], entry.details["risk"]) == (done[0].does, done[0].risk or "none")
    verbs = {"service-provider.changed", "application.enabled", "release-policy.changed"}
    assert any(world.audited(tag)[-1:] for tag in verbs)


def test_what_was_not_found_or_has_no_fix_is_not_fixed(world):
    application_id = register(world, SIMPLESAMLPHP)
    found = examined(world, application_id).findings
    for kind in ("signature-missing", "logout-address-missing", "nothing"):
        with world.work() as work, pytest.raises(Invalid):
            remedies.apply(work, application_id, kind, found)
    assert world.audited("service-provider.fix-applied") == []


def test_a_fix_that_was_applied_meanwhile_is_a_conflict(world):
    application_id, found = examine(world, CASES["application-disabled"])
    with world.work() as work:
        remedies.apply(work, application_id, "application-disabled", found.findings)
    with world.work() as work, pytest.raises(Conflict):
        remedies.apply(work, application_id, "application-disabled", found.findings)


def auditor(work):
    """Return *work* done by an auditor of Acme, who may read and change nothing."""
    return people.as_account(work, queries.account(work, "ann@acme.example"), AUDITOR)


def test_t1_a_stranger_finds_nothing_and_fixes_nothing(world):
    application_id, found = examine(world, CASES["assertion-not-signed"])

    with world.work() as work:
        mallory = people.stranger(work)
        with pytest.raises(NotFound):
            remedies.apply(mallory, application_id, "assertion-not-signed", found.findings)
        with pytest.raises(NotFound):
            examination.of_site(mallory, "acme", Given(metadata=b"x"), base_url=BASE, http_loopback=False)


def test_an_auditor_may_look_and_not_fix(world):
    application_id, found = examine(world, CASES["assertion-not-signed"])

    with world.work() as work:
        reader = auditor(work)
        application = queries.application(reader, application_id)
        assert examination.of_application(reader, application, Given(), base_url=BASE, http_loopback=False).findings
        with pytest.raises(Forbidden):
            remedies.apply(reader, application_id, "assertion-not-signed", found.findings)


def test_t1_another_organization_is_never_named_to_whom_it_is_hidden(world):
    """T1, X21: that a rival has registered the same entity ID is not for Acme's eyes."""
    application_id, _ = examine(world, CASES["entity-id-duplicate"])

    with world.work() as work:
        reader = auditor(work)
        application = queries.application(reader, application_id)
        found = examination.of_application(reader, application, Given(), base_url=BASE, http_loopback=False)

    assert "rival" not in "".join(finding.evidence for finding in found.findings)


def test_a_withheld_attribute_of_the_organization_is_not_released_by_a_fix(world):
    application_id = register(world, ADFS)
    ailments._withheld_by_acme(world, application_id)

    finding = of_kind(examined(world, application_id).findings, "nameid-attribute-withheld")

    assert finding.fix is None
    assert "organization" in finding.here
    assert names.EMAIL.rpartition(":")[2] in finding.evidence


@pytest.mark.parametrize(
    "page",
    [
        b"<html><body><p>Sign in</p></body></html>",
        b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head/><body/></html>',
        b"<!-- up --><HTML><body/></HTML>",
        b"<html><body><p>Sign in</body></html>",
    ],
)
def test_a_page_is_a_page_however_well_it_is_formed(world, page):
    application_id = register(world, SHIBBOLETH)

    found = examined(world, application_id, Given(metadata=page)).findings

    assert [one.kind for one in found if one.kind.startswith("metadata-")] == ["metadata-html"]
