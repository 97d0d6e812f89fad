"""
Attempts that were really refused, one for each way to fail: what somebody does, and what the doctor finds of it.

Every one is brought about by a browser, a request or a logout of a provider at our doors;
what the doctor looks at is the trail that the refusal has left.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from idp.audit.findings import Finding
from idp.audit.models import Attempt
from idp.directory import access_policies, accounts, authentication_policy_changes, history, policies
from idp.policy.access import documents
from idp.policy.signon import Method
from idp.saml import names, providers
from idp.saml.doctor import examination
from idp.saml.switches import Switches
from tests.support import ailments
from tests.support.ailments import BASE, register
from tests.support.saml_world import ANN, BEN, World
from tests.support.service_provider import NOON, deflated, stamp
from tests.support.vendors import ADFS, PAOS, SHIBBOLETH, SIMPLESAMLPHP, SPRING, Vendor, certified, encoded, query
from tests.support.visitor import Visitor

SSO = ailments.SSO


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


def opened_by_ben(world: World):
    """Ben opens the application, and is led to a page of ours."""
    browser = world.browser(BEN)
    answer = browser.sso(query(SHIBBOLETH.request()).decode())
    browser.client.get(answer.headers["Location"])


def _start(relay_state: str = ""):
    def go(world: World):
        path = f"/sites/acme/saml/start?sp={SHIBBOLETH.entity_id}&RelayState={relay_state}"
        world.browser(ANN).client.get(path)

    return go


def _subject(value: str, format_: str = names.EMAIL) -> tuple[str, str]:
    """A change: the request is about somebody."""
    return (
        "<samlp:NameIDPolicy",
        f'<saml:Subject xmlns:saml="{names.SAML}"><saml:NameID Format="{format_}">{value}</saml:NameID>'
        "</saml:Subject><samlp:NameIDPolicy",
    )


def about(*changes: tuple[str, str]):
    """A request about somebody, while Ann is signed in: she is shown a page, where something may be shown."""

    def go(world: World):
        browser = world.browser(ANN)
        answer = browser.sso(query(SHIBBOLETH.request(*changes)).decode())
        if "Location" in answer.headers:
            browser.client.get(answer.headers["Location"])

    return go


def _denies(policy: str):
    """The organization's access policy of that name says no to every sign-on by SAML."""

    def prepare(world: World, application_id: str):
        guard = {"name": "Guard", "conditions": {"requests": ["saml"]}, "text": "Not today."}
        with world.work() as work:
            access_policies.write(work, "acme", policy, documents.rules_from_json({"guards": [guard]}))

    return prepare


def _only_passwords(world: World, application_id: str):
    """Nobody can have a second step: the authentication policy allows none."""
    with world.work() as work:
        changes = {"second_step": "off", "methods": ["pwd"]}
        authentication_policy_changes.edit(work, "acme", None, changes)


def _second_step_off(world: World, application_id: str):
    with world.work() as work:
        policies.set_second_step(work, "acme", "off")


def _more_than_a_password(*changes: tuple[str, str]):
    """Ann has proven her password alone, and the application asks for a second step."""

    def go(world: World):
        browser = world.browser(ANN, methods=(Method.PASSWORD,))
        browser.sso(query(SHIBBOLETH.request(_SECOND_STEP, *changes)).decode())

    return go


def _a_rule_asks_for_what_nobody_can_have(world: World, application_id: str):
    _only_passwords(world, application_id)
    rule = {"name": "Strong", "answer": {"effect": "require", "strength": "second-step"}}
    with world.work() as work:
        access_policies.write(work, "acme", "Applications", documents.rules_from_json({"rules": [rule]}))


def _with_a_password_alone(world: World):
    world.browser(ANN, methods=(Method.PASSWORD,)).sso(query(SHIBBOLETH.request()).decode())


def _gives_up(world: World):
    visitor = Visitor(world.app.test_client()).open("/sites/acme/saml/sso?" + query(SHIBBOLETH.request()).decode())
    visitor.client.post(visitor.path + "/cancel", data={"csrf_token": visitor.field("csrf_token").get("value")})
    visitor.open(visitor.path)


def _comes_back_too_late(world: World):
    visitor = Visitor(world.app.test_client()).open("/sites/acme/saml/sso?" + query(SHIBBOLETH.request()).decode())
    world.later(hours=2)
    visitor.open(visitor.path.replace("/signin/", "/sites/acme/saml/resume/"))


def _names_of(source: str, **attributes: str):
    """Names are made of *source*; Ann has these further attributes, and the organization releases them and ``login``."""

    def prepare(world: World, application_id: str):
        with world.work() as work:
            policies.set_organization_release(work, "acme", ["email", "name", "login"])
            accounts.set_attributes(work, ANN, {name: [value] for name, value in attributes.items()})
            providers.change(work, application_id, Switches(name_id_source=source, nameid_format=names.UNSPECIFIED))

    return prepare


def _unwritable(world: World, application_id: str):
    """A name from another release: no verb takes it today."""
    with world.work() as work:
        work.tx.session.merge(world.account()).name = "Ann\x0bExample"


def _script_as_address(world: World, application_id: str):
    consumers = [{"binding": names.POST, "location": "javascript:alert(1)", "index": 1, "is_default": None}]
    ailments._row(assertion_consumers=[{**one, "response_location": ""} for one in consumers])(world, application_id)


def _late(**span):
    return refused((stamp(NOON), stamp(NOON, **span)))


def _logout(
    world: World, to: str, *, sign: bool = False, named: str = "<saml:NameID>nobody</saml:NameID>", **changes: str
):
    sender = SPRING.sender
    xml = sender.logout_request(named, "index", **changes)
    world.browser().post(encoded(sender.enveloped(xml) if sign else xml), to=to)


_SECOND_STEP = (
    "<samlp:NameIDPolicy",
    f'<samlp:RequestedAuthnContext><saml:AuthnContextClassRef xmlns:saml="{names.SAML}">{names.REFEDS_MFA}'
    "</saml:AuthnContextClassRef></samlp:RequestedAuthnContext><samlp:NameIDPolicy",
)
_PERSISTENT = ("<samlp:NameIDPolicy ", f'<samlp:NameIDPolicy Format="{names.PERSISTENT}" ')
_ANY_ADDRESS = (f' AssertionConsumerServiceURL="{SHIBBOLETH.acs}"', "")
PASSIVE = (" Destination", ' IsPassive="true" Destination')
FORCED = (" Destination", ' IsPassive="true" ForceAuthn="true" Destination')


class Refused(NamedTuple):
    """
    What goes wrong, and what is found of it.

    Args:
        act: what somebody does.
        how: how the vendor is registered; ``prepare`` is what is done to the installation before.
        evidence: a part of it.
    """

    act: Callable[[World], object]
    vendor: Vendor
    how: dict[str, Any]
    kind: str
    evidence: str


def brought_about(world: World, case: Refused) -> str:
    """Register the vendor, prepare the installation, and let it go wrong; return the application's id."""
    how = dict(case.how)
    prepare = how.pop("prepare", None)
    application_id = register(world, case.vendor, **how)
    if prepare is not None:
        prepare(world, application_id)
    case.act(world)
    return application_id


def findings_of_last(world: World) -> tuple[Attempt, tuple[Finding, ...]]:
    """Return the last attempt that was saved, and what is found of it now."""
    attempt = world.attempts()[-1]
    with world.work() as work:
        kept = history.attempt(work, attempt.id)
        return attempt, examination.of_attempt(work, kept, base_url=BASE, http_loopback=False)


_PLAIN: dict[str, tuple] = {
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
    "another person": (about(_subject(BEN)), SHIBBOLETH, {}, "other-person", f"the Subject names {BEN}; {ANN} signed in"),
    "another person, and nothing may be shown": (about(_subject(BEN), PASSIVE), SHIBBOLETH, {}, "other-person",
                                                 f"the Subject names {BEN}; {ANN} signed in"),
    "about nobody": (about(_subject("zoe@acme.example")), SHIBBOLETH, {}, "subject-unknown",
                     f"no account is known by the name in the Subject ({names.EMAIL}); {ANN} signed in"),
    "about nobody, and nothing may be shown": (about(_subject("zoe@acme.example"), PASSIVE), SHIBBOLETH, {},
                                               "subject-unknown", f"{ANN} signed in"),
    "about another name": (about(_subject("ben", names.UNSPECIFIED)), SHIBBOLETH,
                           {"prepare": _names_of("login", login="ann")}, "subject-other-name", f"{ANN} signed in"),
    "about a name in another format": (about(_subject("ann", names.UNSPECIFIED), _PERSISTENT), SHIBBOLETH,
                                       {"prepare": _names_of("login", login="ann")}, "subject-other-format",
                                       f"another format than {names.PERSISTENT}"),
    "denied": (opened_by_ben, SHIBBOLETH, {"prepare": _denies("Applications")}, "access-rule-denied",
               f"“Applications” (version 2) denied {BEN} by the rule “Guard”"),
    "denied, and nothing may be shown": (refused(PASSIVE), SHIBBOLETH, {"prepare": _denies("Sessions")}, "access-rule-denied",
                                         f"“Sessions” (version 2) denied {ANN} by the rule “Guard”"),
    "no second step to have": (_more_than_a_password(), SHIBBOLETH, {"prepare": _only_passwords},
                               "step-not-possible", f"{ANN} has proven pwd; more is asked for by the rule “application: second step asked for”"),
    "a rule for a second step that nobody can have": (
        _with_a_password_alone, SHIBBOLETH, {"prepare": _a_rule_asks_for_what_nobody_can_have}, "step-not-possible",
        "the rule “access-policy Applications: Strong”"),
    "second step, and nothing may be shown": (_more_than_a_password(PASSIVE), SHIBBOLETH, {"prepare": _second_step_off}, "context-unmet",
                                              "asked for is second_step; IsPassive is true"),
    "gives up": (_gives_up, SHIBBOLETH, {}, "person-cancelled", "cancel button"),
    "comes back too late": (_comes_back_too_late, SHIBBOLETH, {}, "sign-on-lost", "sign-on-expired"),
    "no value to make a name of": (by_redirect, SHIBBOLETH,
                                   {"prepare": _names_of("upper(login)")}, "nameid-attribute-empty",
                                   f"the person has no login ({ANN} has no value of “login”)"),
    "no name is made": (by_redirect, SHIBBOLETH,
                        {"prepare": _names_of('after(login, "@")', login="ann")}, "nameid-not-made", "it makes no value"),
    "a value that cannot be written": (by_redirect, SHIBBOLETH, {"prepare": _unwritable}, "value-not-for-xml",
                                       f"U+000B cannot be in an XML document; of {ANN} it is in: name"),
    "an address that is none": (refused(_ANY_ADDRESS), SHIBBOLETH, {"prepare": _script_as_address},
                                "registered-address-unusable", "javascript:alert(1)"),
    "start": (_start(), SHIBBOLETH, {}, "start-not-allowed", "is off"),
    "relay state": (_start("https://evil.example/?secret=1"), SHIBBOLETH, {"idp_initiated": True}, "relay-state-not-listed",
                    "https://evil.example/"),
    "again": (_again, SHIBBOLETH, {}, "request-replayed", "_2d1c5a"),
    "access": (opened_by_ben, SHIBBOLETH, {"everyone": False, "prepare": ailments._with_an_administrator}, "access-missing", BEN),
    "disabled": (opened_by_ben, SHIBBOLETH, {"prepare": ailments._disabled}, "application-disabled", "disabled"),
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

CASES: dict[str, Refused] = {what: Refused(*case) for what, case in _PLAIN.items()}
