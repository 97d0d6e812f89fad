"""The doctor of a provider on failed attempts: what a refusal leaves behind is enough to explain it."""

import pytest

from idp.directory import applications, history
from idp.saml import names
from idp.saml.doctor import examination, remedies
from idp.signon.request import Refusal
from tests.support import ailments
from tests.support.ailments import BASE, register
from tests.support.saml_world import ANN, BEN, World
from tests.support.service_provider import NOON, deflated, stamp
from tests.support.spoken import unknown_of
from tests.support.vendors import ADFS, PAOS, SHIBBOLETH, SIMPLESAMLPHP, SPRING, certified, encoded, query

SSO = ailments.SSO


def findings_of_last(world: World):
    attempt = world.attempts()[-1]
    with world.work() as work:
        kept = history.attempt(work, attempt.id)
        return attempt, examination.of_attempt(work, kept, base_url=BASE, http_loopback=False)


def by_redirect(world: World, *, vendor=SHIBBOLETH, request: str = "", whom: str = ANN, raw: bytes = b""):
    browser = world.browser(whom)
    return browser.sso((raw or query(request or vendor.request())).decode().removeprefix(f"{SSO}?"))


def refused(*changes: tuple[str, str], vendor=SHIBBOLETH, **how):
    """A request with changes that comes by redirect."""
    return lambda world: by_redirect(world, vendor=vendor, request=vendor.request(*changes), **how)


def _signed(sign: str, **by):
    """A request with an ID of its own at each act: one is answered once."""

    def act(world: World):
        raw = ADFS.url(("id-6b0f7c9e", f"id-{len(world.attempts())}"), sign=sign, **by)
        return by_redirect(world, raw=raw)

    return act


def _posted(message: bytes):
    return lambda world: world.browser().post(encoded(message.decode()))


def _raw(text: str):
    return lambda world: world.browser().sso(text)


def _again(world: World):
    browser = world.browser(ANN)
    for _ in range(2):
        browser.sso(query(SHIBBOLETH.request()).decode())


def _without_access(world: World):
    browser = world.browser(BEN)
    answer = browser.sso(query(SHIBBOLETH.request()).decode())
    browser.client.get(answer.headers["Location"])


def _start(relay_state: str = ""):
    def go(world: World):
        path = f"/sites/acme/saml/start?sp={SHIBBOLETH.entity_id}&RelayState={relay_state}"
        world.browser(ANN).client.get(path)

    return go


def _of_another(world: World):
    """The request is about Ben, and Ann is signed in; nothing may be shown."""
    subject = (
        "<samlp:NameIDPolicy",
        f'<saml:Subject xmlns:saml="{names.SAML}"><saml:NameID Format="{names.EMAIL}">{BEN}</saml:NameID>'
        "</saml:Subject><samlp:NameIDPolicy",
    )
    browser = world.browser(ANN)
    answer = browser.sso(query(SHIBBOLETH.request(subject)).decode())
    browser.client.get(answer.headers["Location"])


def _late(**span):
    return refused((stamp(NOON), stamp(NOON, **span)))


def _logout(
    world: World, to: str, *, sign: bool = False, named: str = "<saml:NameID>nobody</saml:NameID>", **changes: str
):
    sender = SPRING.sender
    xml = sender.logout_request(named, "index", **changes)
    world.browser().post(encoded(sender.enveloped(xml) if sign else xml), to=to)


PASSIVE = (" Destination", ' IsPassive="true" Destination')
FORCED = (" Destination", ' IsPassive="true" ForceAuthn="true" Destination')

# What goes wrong, which vendor it is, how it is registered, the kind, and a part of the evidence.
CASES = {
    "no base64": (_raw("SAMLRequest=abc"), SHIBBOLETH, {}, "message-not-base64", "not base64"),
    "zlib": (_raw("SAMLRequest=" + ailments._zlib("<x/>").decode().replace("+", "%2B")), SHIBBOLETH, {},
             "message-not-deflated", "DEFLATE"),
    "deflated form": (lambda world: world.browser().post(deflated(SHIBBOLETH.request())), SHIBBOLETH, {},
                      "message-deflated-post", "deflated"),
    "DOCTYPE": (refused(("<samlp:Authn", "<!DOCTYPE x><samlp:Authn")), SHIBBOLETH, {}, "message-doctype", "DOCTYPE"),
    "comment": (refused(("<saml:Issuer", "<!-- c --><saml:Issuer")), SHIBBOLETH, {}, "message-comment", "comment"),
    "latin": (_posted(b'<?xml version="1.0" encoding="ISO-8859-1"?><x/>'), SHIBBOLETH, {}, "message-not-utf-8", "UTF-8"),
    "large": (_raw("SAMLRequest=" + "A" * 70_000), SHIBBOLETH, {}, "message-too-large", "70012 bytes"),
    "logout": (refused(("samlp:AuthnRequest", "samlp:LogoutRequest"), ("</samlp:AuthnRequest", "</samlp:LogoutRequest")),
               SHIBBOLETH, {}, "message-other", "LogoutRequest"),
    "nothing": (_raw("RelayState=x"), SHIBBOLETH, {}, "message-missing", "no SAML message"),
    "no ID": (refused((' ID="_2d1c5a"', "")), SHIBBOLETH, {}, "message-malformed", "ID"),
    "version": (refused(('Version="2.0"', 'Version="1.1"')), SHIBBOLETH, {}, "message-version", "1.1"),
    "unknown": (refused(vendor=SIMPLESAMLPHP), SHIBBOLETH, {}, "issuer-unknown", SIMPLESAMLPHP.entity_id),
    "almost": (refused((SHIBBOLETH.entity_id, SHIBBOLETH.entity_id.upper().replace("HTTPS", "https"))), SHIBBOLETH, {},
               "issuer-almost", "upper and lower case"),
    "ours": (refused((SHIBBOLETH.entity_id, ailments.OURS)), SHIBBOLETH, {}, "issuer-ours", ailments.OURS),
    "of another site": (refused(vendor=SIMPLESAMLPHP), SHIBBOLETH, {"prepare": ailments._at_rival(SIMPLESAMLPHP)},
                        "issuer-of-other-site", "registered at rival"),
    "unsigned": (refused(vendor=SPRING), SPRING, {}, "signature-missing", "AuthnRequestsSigned=true"),
    "no certificate": (_signed(names.RSA_SHA256), ADFS, {"prepare": ailments._row(signing_certificates=[])},
                       "signature-unexpected", "no usable certificate"),
    "another key": (_posted(SPRING.signed(by=certified("rolled over"))), SPRING, {}, "signature-unknown-key", "registered: SHA-256"),
    "changed": (_posted(SPRING.signed().replace(b"</saml2:Issuer>", b"</saml2:Issuer> ")), SPRING, {}, "signature-broken",
                "registered key"),
    "another key by redirect": (_signed(names.RSA_SHA256, by=certified("rolled over")), ADFS, {}, "signature-unverified",
                                "registered: SHA-256"),
    "SHA-1": (_signed(ailments.RSA_SHA1), ADFS, {}, "signature-algorithm", "rsa-sha1"),
    "digest": (_posted(SPRING.signed(digest=names.SHA1)), SPRING, {}, "signature-algorithm", "#sha1"),
    "two references": (_posted(ailments.REQUEST["signature-shape"].request), SPRING, {}, "signature-shape", "reference"),
    "old address": (refused((SSO, "https://login.old.example/sso")), SHIBBOLETH, {}, "destination-wrong", "login.old.example"),
    "address of another site": (refused((SSO, SSO.replace("acme", "rival"))), SHIBBOLETH, {}, "destination-of-other-site",
                                "the site rival"),
    "no destination": (_posted(SPRING.signed((f' Destination="{SSO}"', ""))), SPRING, {}, "destination-missing", "Destination"),
    "late": (_late(minutes=-20), SHIBBOLETH, {}, "clock-behind", "20 min 0 s old"),
    "early": (_late(minutes=20), SHIBBOLETH, {}, "clock-ahead", "20 min 0 s ahead"),
    "consumer": (refused((SHIBBOLETH.acs, SHIBBOLETH.acs + "/")), SHIBBOLETH, {}, "acs-not-registered", "a trailing slash too many"),
    "index": (refused((f'AssertionConsumerServiceURL="{SHIBBOLETH.acs}"', 'AssertionConsumerServiceIndex="9"'),
                      (f' ProtocolBinding="{names.POST}"', "")), SHIBBOLETH, {}, "acs-index-unknown", "is 9; registered are 1"),
    "both": (refused((" Destination", ' AssertionConsumerServiceIndex="1" Destination')), SHIBBOLETH, {},
             "acs-index-and-address", "beside"),
    "PAOS": (refused((f'"{names.POST}"', f'"{PAOS}"')), SHIBBOLETH, {}, "binding-unsupported", "PAOS"),
    "kerberos": (refused((names.TRANSIENT, "urn:kerberos"), vendor=SIMPLESAMLPHP), SIMPLESAMLPHP, {}, "nameid-not-given", "kerberos"),
    "withheld": (_signed(names.RSA_SHA256), ADFS, {"prepare": ailments._released("name")}, "nameid-attribute-withheld", "email"),
    "qualifier": (refused(ailments._SCOPED), SHIBBOLETH, {}, "nameid-of-another", "affiliation"),
    "no create": (refused(('AllowCreate="1"', 'AllowCreate="0"')), SHIBBOLETH, {}, "nameid-create-forbidden", ANN),
    "subject": (refused(ailments._NAMELESS), SHIBBOLETH, {}, "subject-unsupported", "Subject"),
    "context": (refused(ailments._CONTEXT), SHIBBOLETH, {}, "context-unattainable", "classes:X509"),
    "for others": (refused(ailments._FOR_OTHERS), SHIBBOLETH, {}, "idp-not-named", "https://other.example/idp"),
    "passive": (refused(PASSIVE, whom=None), SHIBBOLETH, {}, "passive-no-session", "IsPassive"),
    "force and passive": (refused(FORCED), SHIBBOLETH, {}, "force-and-passive", "ForceAuthn"),
    "another person": (_of_another, SHIBBOLETH, {}, "other-person", ANN),
    "start": (_start(), SHIBBOLETH, {}, "start-not-allowed", "is off"),
    "relay state": (_start("https://evil.example/?secret=1"), SHIBBOLETH, {"idp_initiated": True}, "relay-state-not-listed",
                    "https://evil.example/"),
    "again": (_again, SHIBBOLETH, {}, "request-replayed", "_2d1c5a"),
    "access": (_without_access, SHIBBOLETH, {"everyone": False, "prepare": ailments._with_an_administrator}, "access-missing", BEN),
    "disabled": (_without_access, SHIBBOLETH, {"prepare": ailments._disabled}, "application-disabled", "disabled"),
    "logout at the sign-on address": (lambda world: _logout(world, "sso"), SPRING, {}, "message-other", "LogoutRequest"),
    "unsigned logout": (lambda world: _logout(world, "slo"), SPRING, {}, "logout-not-signed", "not signed"),
    "encrypted logout": (lambda world: _logout(world, "slo", sign=True, named="<saml:EncryptedID/>"), SPRING, {},
                         "logout-name-encrypted", "is encrypted"),
    "logout of nobody": (lambda world: _logout(world, "slo", sign=True), SPRING, {}, "logout-unknown-session", "no session"),
    "old logout address": (lambda world: _logout(world, "slo", sign=True, Destination="https://old.example/slo"), SPRING, {},
                           "destination-wrong", "ours is http://localhost:8000/sites/acme/saml/slo"),
    "late logout": (lambda world: _logout(world, "slo", sign=True, NotOnOrAfter=stamp(NOON, hours=-1)), SPRING, {},
                    "clock-behind", "NotOnOrAfter"),
    "encryption": (lambda world: by_redirect(world), SHIBBOLETH, {"prepare": ailments._row(encrypt_assertion=True, encryption_keys=[])},
                   "encryption-impossible", "0 registered keys"),
}  # fmt: skip


@pytest.mark.parametrize("what", CASES)
def test_a_refused_attempt_is_explained_and_keeps_no_message(world, what):
    """X15, X18, X19, X10, X9: expected and received are shown. T18: digests and structure only, bounded."""
    act, vendor, how, kind, evidence = CASES[what]
    how = dict(how)
    prepare = how.pop("prepare", None)
    application_id = register(world, vendor, **how)
    if prepare is not None:
        prepare(world, application_id)

    act(world)

    attempt, found = findings_of_last(world)
    assert attempt.outcome == "refused", attempt.steps
    assert [finding.kind for finding in found] == [kind], (attempt.code, attempt.cause, attempt.steps)
    assert evidence in found[0].evidence
    assert unknown_of(found) == []
    kept = str([(one.steps, one.cause) for one in world.attempts()])
    assert len(kept) < 6000
    for never in ("AuthnRequest xmlns", "<saml", "SAMLRequest=", "secret=1", "MII", vendor.signing.der[:40]):
        assert never not in kept


def test_an_attempt_that_went_well_has_no_findings(world):
    register(world, SHIBBOLETH)
    by_redirect(world)

    attempt, found = findings_of_last(world)
    assert (attempt.outcome, found) == ("succeeded", ())


@pytest.mark.both_databases
def test_access_says_who_can_give_it(world):
    application_id = register(world, SHIBBOLETH, everyone=False)
    ailments._with_an_administrator(world, application_id)
    _without_access(world)

    (finding,) = findings_of_last(world)[1]
    assert "open to nobody" in finding.evidence
    assert f"idp application grant {application_id} --account {BEN}" in finding.here
    assert f"Ask one of these to give access: {ANN}" in finding.here


def _consumer(world: World, application_id: str):
    wanted = [{"binding": names.POST, "location": SHIBBOLETH.acs + "/", "index": 1, "is_default": None}]
    ailments._row(assertion_consumers=[{**one, "response_location": ""} for one in wanted])(world, application_id)


def _grant(world: World, application_id: str):
    with world.work() as work:
        applications.grant(work, application_id, account=BEN)


def _add_key(world: World, application_id: str):
    ailments._row(signing_certificates=[certified("rolled over").der])(world, application_id)


MENDED = {
    "consumer": _consumer,
    "access": _grant,
    "disabled": lambda world, application_id: _enable(world, application_id),
    "another key": _add_key,
    "unsigned": ailments._row(require_signed_requests=False),
    "withheld": ailments._released("name", "email"),
    "start": ailments._row(idp_initiated=True),
    "unknown": lambda world, application_id: register(world, SIMPLESAMLPHP),
    "encryption": ailments._row(encrypt_assertion=False),
}


def _enable(world: World, application_id: str):
    with world.work() as work:
        applications.enable(work, application_id)


@pytest.mark.parametrize("what", MENDED)
def test_what_was_mended_since_is_not_found_any_more(world, what):
    """The registration of today counts: an administrator looks again after the change."""
    act, vendor, how, _, _ = CASES[what]
    how = dict(how)
    prepare = how.pop("prepare", None)
    application_id = register(world, vendor, **how)
    if prepare is not None:
        prepare(world, application_id)
    act(world)
    assert findings_of_last(world)[1]

    MENDED[what](world, application_id)

    assert findings_of_last(world)[1] == ()


@pytest.mark.parametrize("what", ["unsigned", "withheld", "start", "encryption"])
def test_a_fix_of_an_attempt_lets_the_next_one_through(world, what):
    act, vendor, how, kind, _ = CASES[what]
    how = dict(how)
    prepare = how.pop("prepare", None)
    application_id = register(world, vendor, **how)
    if prepare is not None:
        prepare(world, application_id)
    act(world)
    found = findings_of_last(world)[1]
    with world.work() as work:
        remedies.apply(work, application_id, kind, found)
    world.later(seconds=2)

    act(world)

    assert [attempt.outcome for attempt in world.attempts() if attempt.at == world.now] == ["succeeded"]


def test_an_attempt_of_another_protocol_is_none_of_its_business(world):
    register(world, SHIBBOLETH)
    by_redirect(world, request=SHIBBOLETH.request((SSO, "https://old.example/")))
    attempt = world.attempts()[-1]
    with world.work() as work:
        kept = history.attempt(work, attempt.id)
        kept.kind = "oidc.authorize"
        assert examination.of_attempt(work, kept, base_url=BASE, http_loopback=False) == ()
        work.tx.session.expunge(kept)


@pytest.mark.parametrize(
    ("code", "context", "kind"),
    [
        (Refusal.CANCELLED.value, {}, "person-cancelled"),
        ("sign-on-expired", {}, "sign-on-lost"),
        (Refusal.CONTEXT_UNMET.value, {"passive": True, "asked": "second_step"}, "context-unmet"),
        ("saml-invalidnameidpolicy", {}, "nameid-attribute-empty"),
        ("saml-invalidnameidpolicy", {}, "nameid-not-made"),
    ],
)
def test_what_a_recorded_step_says(world, code, context, kind):
    """One step each, as it is recorded."""
    from idp.audit import attempts
    from idp.audit.attempts import Trail
    from idp.directory import queries

    application_id = register(world, SHIBBOLETH)
    with world.work() as work:
        application = queries.application(work, application_id)
        trail = Trail(
            kind="saml.sign-on",
            organization_id=application.organization_id,
            site_id=application.site_id,
            application_id=application.id,
            context=context,
        )
        trail.failed(
            "sign-on",
            code,
            "refused",
            reason="made" if kind == "nameid-not-made" else "attribute",
            attribute="email",
            wanted=names.EMAIL,
        )
        attempts.save(work, trail)

    assert [finding.kind for finding in findings_of_last(world)[1]] == [kind]
