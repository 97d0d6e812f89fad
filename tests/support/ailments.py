"""
One case for every kind of finding: a good document of a vendor's shape and one change to it, or one broken registration.

Each case is what an administrator would have in hand. `examined` lets the doctor look at it with real verbs and a
real database; the tests say what it must find.
"""

import base64
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from idp.audit.findings import Examination
from idp.directory import accounts, applications, policies, queries
from idp.keyring import keyring
from idp.policy.rules import Rule
from idp.saml import names, registering
from idp.saml.doctor import examination
from idp.saml.doctor.examination import Given
from idp.saml.key_change import rollover, rotating
from idp.saml.models import ServiceProvider as Row
from tests.support.saml_world import ANN, World, posted
from tests.support.service_provider import NOON, deflated, signature_template, stamp
from tests.support.vendors import (
    ADFS,
    ARTIFACT,
    OKTA,
    PAOS,
    SALESFORCE,
    SHIBBOLETH,
    SIMPLESAMLPHP,
    SPRING,
    SSO,
    Vendor,
    certified,
    encoded,
    form,
    key,
    page,
    query,
)

BASE = "http://localhost:8000"
OURS = f"{BASE}/sites/acme/saml/metadata"
RSA_SHA1 = names.DS + "rsa-sha1"
CBC = names.XENC + "aes256-cbc"


@dataclass(frozen=True)
class Case:
    """
    What is looked at, and a part of the evidence that must be shown.

    Args:
        registered: the metadata that is registered; the vendor's good one unless given.
        metadata, request: what is given to the doctor.
        switches: how it is registered.
        prepare: what is done to the installation before.
        fix: whether a fix is offered.
    """

    vendor: Vendor
    evidence: str
    registered: bytes | None = None
    metadata: bytes | None = None
    request: bytes | None = None
    switches: dict = field(default_factory=dict)
    prepare: Callable[[World, str], None] | None = None
    unreachable: str = ""
    fix: bool = False


def register(world: World, vendor: Vendor, document: bytes | None = None, *, everyone: bool = True, **switches) -> str:
    """Register *vendor* at Acme; return its application's id."""
    with world.work() as work:
        made = registering.register(
            work, "acme", vendor.metadata() if document is None else document, everyone=everyone, **switches
        )
        return made.application_id


def examined(world: World, application_id: str | None, given: Given = Given()) -> Examination:  # noqa: B008 (frozen)
    """Let the doctor look at it."""
    with world.work() as work:
        if application_id is None:
            return examination.of_site(work, "acme", given, base_url=BASE, http_loopback=False)
        application = queries.application(work, application_id)
        return examination.of_application(work, application, given, base_url=BASE, http_loopback=False)


def examine(world: World, case: Case) -> tuple[str, Examination]:
    """Bring about what *case* says; return the application's id and what was found."""
    everyone = case.switches.get("everyone", True)
    switches = {name: value for name, value in case.switches.items() if name != "everyone"}
    application_id = register(world, case.vendor, case.registered, everyone=everyone, **switches)
    if case.prepare is not None:
        case.prepare(world, application_id)
    given = Given(metadata=case.metadata, request=case.request, unreachable=case.unreachable)
    return application_id, examined(world, application_id, given)


# What is done to an installation


def _row(**values: object) -> Callable[[World, str], None]:
    """Put into the row what no verb would: it was good once, or another release took it."""

    def prepare(world: World, application_id: str) -> None:
        with world.work() as work:
            row = work.tx.session.query(Row).filter_by(application_id=application_id).one()
            description = {key: value for key, value in values.items() if key in row.description}
            row.description = {**row.description, **description}
            for key, value in values.items():
                if key not in description:
                    setattr(row, key, value)

    return prepare


def _released(*attributes: str) -> Callable[[World, str], None]:
    def prepare(world: World, application_id: str) -> None:
        with world.work() as work:
            policies.set_application_release(work, application_id, attributes)

    return prepare


def _withheld_by_acme(world: World, application_id: str) -> None:
    with world.work() as work:
        policies.set_organization_release(work, "acme", ["name"])


def _disabled(world: World, application_id: str) -> None:
    with world.work() as work:
        applications.disable(work, application_id)


def _with_an_administrator(world: World, application_id: str) -> None:
    with world.work() as work:
        ann = queries.account(work, "ann@acme.example")
        accounts.grant_role(work, ann.id, "organization-administrator", organization_id=ann.organization_id)


def _at_rival(vendor: Vendor) -> Callable[[World, str], None]:
    def prepare(world: World, application_id: str) -> None:
        with world.work() as work:
            registering.register(work, "rival", vendor.metadata())

    return prepare


def _taken(world: World, application_id: str) -> None:
    """The request was answered a minute ago."""
    posted(world.browser(ANN).sso(query(SHIBBOLETH.request()).decode()))
    world.later(seconds=60)


def _later(**span: float) -> Callable[[World, str], None]:
    return lambda world, application_id: world.later(**span)


def _stated(text: str, **later: float) -> tuple[str, str]:
    return (stamp(NOON), stamp(NOON, **later)) if not text else (text, stamp(NOON, **later))


def _valid(until: datetime) -> tuple[str, str]:
    return ("2039-01-01T12:00:00.000Z", until.strftime("%Y-%m-%dT%H:%M:%SZ"))


def _certificate(vendor: Vendor, name: str, **dates: object) -> tuple[str, str]:
    """Change the wrapped signing certificate of *vendor* for another."""
    return (_wrapped(vendor.signing.der), _wrapped(certified(name, **dates).der))


def _wrapped(der: str) -> str:
    return "\n".join(der[at : at + 64] for at in range(0, len(der), 64))


def curve_too_short(vendor: Vendor) -> tuple[str, str]:
    """Change the certificate for one with a key on a curve that is not taken any more."""
    return (_wrapped(vendor.signing.der), _wrapped(certified("short curve", "p-192").der))


def aggregate(*documents: bytes) -> bytes:
    """Return one document with those entities in it."""
    inside = b"".join(re.sub(rb"<\?xml[^>]*\?>", b"", document) for document in documents)
    return f'<md:EntitiesDescriptor xmlns:md="{names.MD}">'.encode() + inside + b"</md:EntitiesDescriptor>"


def _slo(vendor: Vendor) -> tuple[str, str]:
    document = vendor.metadata().decode()
    found = document[document.index("<md:SingleLogoutService") :]
    return (found[: found.index("/>") + 2], "")


def _deflated_form(xml: str) -> bytes:
    inside = f'<input type="hidden" name="SAMLRequest" value="{deflated(xml)}">'
    return f'<html><form method="post">{inside}</form></html>'.encode()


def _zlib(xml: str) -> bytes:
    return base64.b64encode(zlib.compress(xml.encode()))


def _case_of_escapes(url: bytes) -> bytes:
    """The address as a proxy passes it on that writes every escape anew."""
    return re.sub(rb"%..", lambda found: found[0].lower(), url)


def _rules(*rules: dict[str, str], released: tuple[str, ...] = ("email", "name")) -> Callable[[World, str], None]:
    def prepare(world: World, application_id: str) -> None:
        _released(*released)(world, application_id)
        with world.work() as work:
            policies.set_application_rules(work, application_id, [Rule.from_json(rule) for rule in rules])

    return prepare


def _next_key(world: World, application_id: str) -> None:
    with world.work() as work:
        rotating.rotate(work, queries.site(work, "acme"), purpose=keyring.SAML_SIGNING)


def _held_to_the_former_key(world: World, application_id: str) -> None:
    """Taken back to the former key, which has been retired since."""
    _next_key(world, application_id)
    with world.work() as work:
        rollover.switch(work, application_id, anyway=True)
    world.later(days=30)
    _next_key(world, application_id)
    with world.work() as work:
        rollover.back(work, application_id)


_STRANGE = "https://strange.example/acs"
_IDP = (
    f'<md:EntityDescriptor xmlns:md="{names.MD}" entityID="https://login.other.example/idp"><md:IDPSSODescriptor'
    f' protocolSupportEnumeration="{names.SAMLP}"><md:SingleSignOnService Binding="{names.REDIRECT}"'
    ' Location="https://login.other.example/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>'
).encode()
_HTML = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><form></form></body></html>"
_CONTEXT = (
    "<samlp:NameIDPolicy",
    f'<samlp:RequestedAuthnContext Comparison="exact"><saml:AuthnContextClassRef xmlns:saml="{names.SAML}">'
    "urn:oasis:names:tc:SAML:2.0:ac:classes:X509</saml:AuthnContextClassRef></samlp:RequestedAuthnContext>"
    "<samlp:NameIDPolicy",
)
_SCOPED = ('AllowCreate="1"', 'AllowCreate="1" SPNameQualifier="https://affiliation.example"')
_FOR_OTHERS = (
    "</samlp:AuthnRequest>",
    '<samlp:Scoping><samlp:IDPList><samlp:IDPEntry ProviderID="https://other.example/idp"/></samlp:IDPList>'
    "</samlp:Scoping></samlp:AuthnRequest>",
)
_NAMELESS = ("<samlp:NameIDPolicy", f'<saml:Subject xmlns:saml="{names.SAML}"/><samlp:NameIDPolicy')

SHIBBOLETH_METADATA = "https://library.example/Shibboleth.sso/Metadata"

METADATA: dict[str, Case] = {
    "metadata-html": Case(SHIBBOLETH, "<!DOCTYPE html>", metadata=_HTML),
    "metadata-doctype": Case(
        SIMPLESAMLPHP,
        "DOCTYPE",
        metadata=SIMPLESAMLPHP.metadata(("<md:EntityDescriptor", '<!DOCTYPE x SYSTEM "x.dtd"><md:EntityDescriptor')),
    ),
    "metadata-unreadable": Case(SHIBBOLETH, "well-formed", metadata=SHIBBOLETH.metadata()[:-200]),
    "metadata-of-idp": Case(OKTA, "IDPSSODescriptor", metadata=_IDP),
    "metadata-ours": Case(
        SPRING, OURS, metadata=SPRING.metadata((SPRING.entity_id, OURS))
    ),
    "metadata-aggregate": Case(
        SHIBBOLETH,
        "2 entities",
        metadata=aggregate(SHIBBOLETH.metadata(), _IDP),
    ),
    "metadata-wrong-document": Case(SPRING, "AuthnRequest (SAML protocol)", metadata=SPRING.request().encode()),
    "metadata-other-protocol": Case(
        SHIBBOLETH, "SAML:1.1", metadata=SHIBBOLETH.metadata((f'"{names.SAMLP} urn', '"urn'))
    ),
    "metadata-not-understood": Case(
        SALESFORCE, "date", metadata=SALESFORCE.metadata(("2039-01-01T12:00:00.000Z", "1/1/2039"))
    ),
    "metadata-expired": Case(
        SALESFORCE, "2029-12-31 12:00", metadata=SALESFORCE.metadata(_valid(NOON - timedelta(days=1)))
    ),
    "metadata-expires-soon": Case(
        SALESFORCE, "10 days are left", metadata=SALESFORCE.metadata(_valid(NOON + timedelta(days=10, hours=1)))
    ),
    "metadata-unreachable": Case(
        SHIBBOLETH,
        "the certificate has expired",
        switches={"metadata_url": "https://library.example/Shibboleth.sso/Metadata"},
        unreachable="the certificate has expired",
    ),
    "entity-id-unusable": Case(
        SPRING, "'https://billing.example/saml2/service-provider-metadata/acme '",
        metadata=SPRING.metadata((f'"{SPRING.entity_id}"', f'"{SPRING.entity_id} "')),
    ),
    "entity-id-almost": Case(
        SHIBBOLETH,
        "a trailing slash too many",
        metadata=SHIBBOLETH.metadata((SHIBBOLETH.entity_id, SHIBBOLETH.entity_id + "/")),
    ),
    "entity-id-other": Case(SHIBBOLETH, SIMPLESAMLPHP.entity_id, metadata=SIMPLESAMLPHP.metadata()),
    "acs-none-by-post": Case(
        SPRING, "HTTP-Artifact",
        metadata=SPRING.metadata((f'Service Binding="{names.POST}" Location="{SPRING.acs}"',
                                  f'Service Binding="{ARTIFACT}" Location="{SPRING.acs}"')),
    ),
    "acs-index-repeated": Case(
        SHIBBOLETH, "index 1", metadata=SHIBBOLETH.metadata(('POST-SimpleSign" index="2"', 'POST-SimpleSign" index="1"'))
    ),
    "acs-changed": Case(
        SIMPLESAMLPHP,
        "new https://wiki.example/module.php/saml/sp/saml2-acs.php/default-sp",
        metadata=SIMPLESAMLPHP.metadata((SIMPLESAMLPHP.acs, SIMPLESAMLPHP.acs.replace("/simplesaml/", "/"))),
    ),
    "address-http": Case(
        OKTA, "http://acme.okta.example", metadata=OKTA.metadata((OKTA.acs, OKTA.acs.replace("https", "http")))
    ),
    "address-unusable": Case(
        SPRING, "no https address", metadata=SPRING.metadata((SPRING.acs, "javascript:alert(1)"))
    ),
    "certificate-unreadable": Case(
        ADFS, "signing", metadata=ADFS.metadata((_wrapped(ADFS.signing.der)[:64], "AAAA"))
    ),
    "key-weak": Case(
        SALESFORCE, "1024 bits", metadata=SALESFORCE.metadata(_certificate(SALESFORCE, "short", kind="rsa-1024"))
    ),
    "certificate-expired": Case(
        SPRING, "valid until 2029-12-22, 10 days ago",
        metadata=SPRING.metadata(_certificate(SPRING, "old", ends=datetime(2029, 12, 22, 12, tzinfo=UTC))),
    ),
    "certificate-expires-soon": Case(
        SPRING, "6 days more",
        metadata=SPRING.metadata(_certificate(SPRING, "ending", ends=datetime(2030, 1, 8, tzinfo=UTC))),
    ),
    "certificate-not-yet-valid": Case(
        SPRING, "from 2030-02-01 on",
        metadata=SPRING.metadata(_certificate(SPRING, "next", starts=datetime(2030, 2, 1, tzinfo=UTC))),
    ),
    "certificate-different": Case(
        ADFS, "for signing: new SHA-256", metadata=ADFS.metadata(_certificate(ADFS, "rolled over"))
    ),
    "certificate-added": Case(
        SPRING, "for signing: new SHA-256",
        metadata=SPRING.metadata(("<md:KeyDescriptor", key("signing", certified("next to come")) + "<md:KeyDescriptor")),
    ),
    "encryption-legacy": Case(
        SHIBBOLETH, "aes256-cbc",
        metadata=SHIBBOLETH.metadata((f'"{names.AES128_GCM}"', f'"{CBC}"'), (f'"{names.AES256_GCM}"', f'"{CBC}"')),
        fix=True,
    ),
    "metadata-unproven": Case(
        SHIBBOLETH, "is not signed",
        metadata=SHIBBOLETH.metadata(),
        switches={"metadata_url": SHIBBOLETH_METADATA, "metadata_key": certified("federation").der},
    ),
    "nameid-format-missing": Case(
        SHIBBOLETH, "no NameIDFormat",
        metadata=SHIBBOLETH.metadata((f"<md:NameIDFormat>{names.PERSISTENT}</md:NameIDFormat>", "")),
    ),
    "nameid-format-unknown": Case(
        SIMPLESAMLPHP, "kerberos",
        metadata=SIMPLESAMLPHP.metadata((names.TRANSIENT, "urn:oasis:names:tc:SAML:2.0:nameid-format:kerberos")),
    ),
    "attribute-unknown": Case(
        OKTA, "employeeNumber", metadata=OKTA.metadata(('Name="firstName"', 'Name="employeeNumber"'))
    ),
    "logout-address-missing": Case(OKTA, "no SingleLogoutService", metadata=OKTA.metadata(_slo(OKTA))),
    "logout-binding-unsupported": Case(
        SPRING, "HTTP-Artifact",
        metadata=SPRING.metadata((f'LogoutService Binding="{names.POST}"', f'LogoutService Binding="{ARTIFACT}"')),
    ),
}  # fmt: skip

REGISTRATION: dict[str, Case] = {
    "registration-expired": Case(
        SALESFORCE, "0 days ago", registered=SALESFORCE.metadata(_valid(NOON + timedelta(hours=1))),
        switches={"metadata_url": "https://crm.example/metadata"}, prepare=_later(hours=2),
    ),
    "metadata-stale": Case(SHIBBOLETH, "200 days ago", prepare=_later(days=200)),
    "entity-id-duplicate": Case(SHIBBOLETH, "registered at rival", prepare=_at_rival(SHIBBOLETH)),
    "signing-certificate-missing": Case(
        SIMPLESAMLPHP, "no usable certificate", switches={"require_signed_requests": True},
        prepare=_row(signing_certificates=[]), fix=True,
    ),
    "assertion-not-signed": Case(OKTA, "WantAssertionsSigned", switches={"sign_assertion": False}, fix=True),
    "signed-requests-not-required": Case(
        SPRING, "unsigned requests are taken", switches={"require_signed_requests": False}, fix=True
    ),
    "signed-requests-required": Case(
        SIMPLESAMLPHP, "does not say AuthnRequestsSigned", switches={"require_signed_requests": True}
    ),
    "encryption-impossible": Case(
        SPRING, "1 registered keys none", switches={"encrypt_assertion": True},
        prepare=_row(encryption_keys=[{"certificate": certified("curve", "p-256").der, "methods": []}]),
        fix=True,
    ),
    "encryption-unused": Case(
        SIMPLESAMLPHP, "encryption is off", registered=SIMPLESAMLPHP.metadata(("<?xml", "<?xml")), fix=True
    ),
    "nameid-not-in-metadata": Case(
        SIMPLESAMLPHP, f"configured is {names.EMAIL}", switches={"nameid_format": names.EMAIL}, fix=True
    ),
    "attribute-withheld": Case(
        SHIBBOLETH, "this application", prepare=_released("name"), fix=True
    ),
    "attribute-other-name": Case(
        SHIBBOLETH, "“email” is sent as eMail",
        prepare=_rules({"name": "eMail", "source": "attribute", "value": "email"}),
    ),
    "rule-sends-nothing": Case(
        SIMPLESAMLPHP, "the rule of the application for “who”: the attribute email may not leave",
        prepare=_rules({"name": "who", "source": "expression", "value": "lower(email)"}, released=("name",)),
        fix=True,
    ),
    "legacy-allowed": Case(
        SPRING, "rsa-sha1) are allowed until 2030-01-11 12:00 UTC",
        switches={"legacy_algorithms": ("rsa-sha1",), "legacy_until": NOON + timedelta(days=10)},
    ),
    "legacy-ended": Case(
        SPRING, "are off since then",
        switches={"legacy_algorithms": ("rsa-sha1",), "legacy_until": NOON + timedelta(days=10)},
        prepare=_later(days=11),
    ),
    "metadata-change-waits": Case(
        SHIBBOLETH, "a new address", switches={"metadata_url": SHIBBOLETH_METADATA},
        prepare=_row(offered={"description": {}, "changes": ["a new address"]}),
    ),
    "metadata-refresh-failed": Case(
        SHIBBOLETH, "status 503; it was taken last on 2030-01-01", switches={"metadata_url": SHIBBOLETH_METADATA},
        prepare=_row(refresh_error="status 503"),
    ),
    "metadata-refresh-overdue": Case(
        SHIBBOLETH, "asked last on 2030-01-01", switches={"metadata_url": SHIBBOLETH_METADATA},
        prepare=_later(days=8),
    ),
    "metadata-key-missing": Case(
        SHIBBOLETH, "without a pinned certificate", switches={"metadata_url": SHIBBOLETH_METADATA},
    ),
    "our-key-change-waits": Case(
        SPRING, "put the new one there, then confirm", switches={"certificate_by_hand": True}, prepare=_next_key,
    ),
    "our-key-pinned": Case(
        SPRING, "which is retired", prepare=_held_to_the_former_key,
    ),
    "our-certificate-by-hand": Case(
        SPRING, "put in by hand", switches={"certificate_by_hand": True}
    ),
    "logout-certificate-missing": Case(
        SIMPLESAMLPHP, "no SingleLogoutService by SOAP", prepare=_row(signing_certificates=[])
    ),
    "application-disabled": Case(SPRING, "is disabled", prepare=_disabled, fix=True),
    "access-nobody": Case(
        SPRING, "no access grant", switches={"everyone": False}, prepare=_with_an_administrator,
    ),
    "relay-state-none-listed": Case(SPRING, "is empty", switches={"idp_initiated": True}),
}  # fmt: skip

REQUEST: dict[str, Case] = {
    "message-not-base64": Case(
        SIMPLESAMLPHP, "not base64", request=encoded(SIMPLESAMLPHP.request()).replace("A", " ").encode()
    ),
    "message-not-deflated": Case(SIMPLESAMLPHP, "zlib head", request=_zlib(SIMPLESAMLPHP.request())),
    "message-deflated-post": Case(SHIBBOLETH, "deflated", request=_deflated_form(SHIBBOLETH.request())),
    "message-doctype": Case(
        SIMPLESAMLPHP, "DOCTYPE",
        request=SIMPLESAMLPHP.request(("<samlp:Authn", "<!DOCTYPE x><samlp:Authn")).encode(),
    ),
    "message-comment": Case(
        SIMPLESAMLPHP, "comment", request=SIMPLESAMLPHP.request(("<saml:Issuer>", "<!-- our name --><saml:Issuer>")).encode()
    ),
    "message-not-utf-8": Case(
        SALESFORCE, "UTF-8",
        request=encoded(SALESFORCE.request(('encoding="UTF-8"', 'encoding="ISO-8859-1"'))).encode(),
    ),
    "message-too-large": Case(
        SIMPLESAMLPHP, "longer than",
        request=SIMPLESAMLPHP.request(
            ("<saml:Issuer>", f"<samlp:Extensions>{'x' * 140_000}</samlp:Extensions><saml:Issuer>")
        ).encode(),
    ),
    "message-other": Case(
        SIMPLESAMLPHP, "LogoutRequest",
        request=f"{SSO}?".encode() + query(SIMPLESAMLPHP.request(("samlp:AuthnRequest", "samlp:LogoutRequest"),
                                      ("</samlp:AuthnRequest", "</samlp:LogoutRequest"))),
    ),
    "message-missing": Case(SPRING, "no SAMLRequest", request=f"{SSO}?RelayState=x".encode()),
    "message-malformed": Case(
        SHIBBOLETH, "ID", request=query(SHIBBOLETH.request(('ID="_2d1c5a"', 'ID="2d1c5a"')))
    ),
    "message-version": Case(SHIBBOLETH, "1.1", request=query(SHIBBOLETH.request(('Version="2.0"', 'Version="1.1"')))),
    "issuer-almost": Case(
        SHIBBOLETH, "http instead of https",
        request=query(SHIBBOLETH.request((SHIBBOLETH.entity_id, SHIBBOLETH.entity_id.replace("https", "http")))),
    ),
    "issuer-other": Case(SHIBBOLETH, SIMPLESAMLPHP.entity_id, request=query(SIMPLESAMLPHP.request())),
    "issuer-ours": Case(SHIBBOLETH, OURS, request=query(SHIBBOLETH.request((SHIBBOLETH.entity_id, OURS)))),
    "issuer-of-other-site": Case(
        SHIBBOLETH, "registered at rival", request=query(SIMPLESAMLPHP.request()), prepare=_at_rival(SIMPLESAMLPHP)
    ),
    "signature-missing": Case(SPRING, "no signature", request=query(SPRING.request()), fix=True),
    "signature-unexpected": Case(
        SIMPLESAMLPHP, "no usable certificate", request=SIMPLESAMLPHP.signed(), prepare=_row(signing_certificates=[])
    ),
    "signature-unknown-key": Case(
        SPRING, "signed with SHA-256", request=SPRING.signed(by=certified("rolled over"))
    ),
    "signature-broken": Case(
        SPRING, "made with a registered key",
        request=SPRING.signed().replace(b"</saml2:Issuer>", b"</saml2:Issuer>\n  "),
    ),
    "signature-encoding": Case(
        ADFS, "escaped with capital letters (%2F)",
        request=_case_of_escapes(ADFS.url(sign=names.RSA_SHA256)),
    ),
    "signature-unverified": Case(
        ADFS, "no registered certificate fits", request=ADFS.url(sign=names.RSA_SHA256, by=certified("rolled over"))
    ),
    "signature-algorithm": Case(ADFS, "rsa-sha1", request=ADFS.url(sign=RSA_SHA1), fix=True),
    "signature-shape": Case(
        SPRING, "reference",
        request=SPRING.request(("</saml2:Issuer>", f"</saml2:Issuer>{signature_template('another')}")).encode(),
    ),
    "destination-wrong": Case(
        SHIBBOLETH, "the host login.old.example instead of localhost",
        request=query(SHIBBOLETH.request((SSO, SSO.replace("localhost:8000", "login.old.example")))),
    ),
    "destination-of-other-site": Case(
        SHIBBOLETH, "of the site rival", request=query(SHIBBOLETH.request((SSO, SSO.replace("/acme/", "/rival/"))))
    ),
    "destination-missing": Case(SPRING, "no Destination", request=SPRING.signed((f' Destination="{SSO}"', ""))),
    "sent-to-other-address": Case(
        SHIBBOLETH, "the path /sites/acme/saml/login instead of /sites/acme/saml/sso",
        request=SHIBBOLETH.url().replace(b"/saml/sso?", b"/saml/login?"),
    ),
    "clock-behind": Case(
        SHIBBOLETH, "2 h 0 min old", request=query(SHIBBOLETH.request(_stated("", hours=-2)))
    ),
    "clock-ahead": Case(
        SHIBBOLETH, "7 min 30 s ahead", request=query(SHIBBOLETH.request(_stated("", minutes=7, seconds=30))),
    ),
    "clock-drift": Case(
        SHIBBOLETH, "3 min 0 s ahead", request=query(SHIBBOLETH.request(_stated("", minutes=3)))
    ),
    "acs-not-registered": Case(
        SHIBBOLETH, "http instead of https",
        request=query(SHIBBOLETH.request((SHIBBOLETH.acs, SHIBBOLETH.acs.replace("https", "http")))),
    ),
    "acs-index-unknown": Case(
        SHIBBOLETH, "Index is 9; registered are 1",
        request=query(SHIBBOLETH.request((f'AssertionConsumerServiceURL="{SHIBBOLETH.acs}"', 'AssertionConsumerServiceIndex="9"'),
                                         (f' ProtocolBinding="{names.POST}"', ""))),
    ),
    "acs-index-and-address": Case(
        SHIBBOLETH, "beside", request=query(SHIBBOLETH.request((" Destination", ' AssertionConsumerServiceIndex="1" Destination')))
    ),
    "binding-unsupported": Case(
        SHIBBOLETH, "PAOS", request=query(SHIBBOLETH.request((f'"{names.POST}"', f'"{PAOS}"')))
    ),
    "nameid-not-given": Case(
        SIMPLESAMLPHP, "kerberos",
        request=query(SIMPLESAMLPHP.request((names.TRANSIENT, "urn:oasis:names:tc:SAML:2.0:nameid-format:kerberos"))),
    ),
    "nameid-contradicts": Case(
        SIMPLESAMLPHP, f"asks for {names.TRANSIENT}", request=query(SIMPLESAMLPHP.request()),
        switches={"nameid_format": names.PERSISTENT}, fix=True,
    ),
    "nameid-attribute-withheld": Case(
        ADFS, "needs “email”", request=ADFS.url(sign=names.RSA_SHA256), prepare=_released("name"), fix=True
    ),
    "nameid-of-another": Case(SHIBBOLETH, "affiliation", request=query(SHIBBOLETH.request(_SCOPED))),
    "subject-unsupported": Case(SHIBBOLETH, "Subject", request=query(SHIBBOLETH.request(_NAMELESS))),
    "context-unattainable": Case(
        SHIBBOLETH, "classes:X509", request=query(SHIBBOLETH.request(_CONTEXT))
    ),
    "force-and-passive": Case(
        SPRING, "both true",
        request=SPRING.signed(('ForceAuthn="false"', 'ForceAuthn="true"'), ('IsPassive="false"', 'IsPassive="true"')),
    ),
    "relay-state-long": Case(
        SHIBBOLETH, "120 bytes", request=SHIBBOLETH.url(relay_state="https://library.example/deep/" + "x" * 91)
    ),
    "request-replayed": Case(SHIBBOLETH, "_2d1c5a was taken at 2030-01-01 12:00:00", request=query(SHIBBOLETH.request()), prepare=_taken),
}  # fmt: skip

FORMS: dict[str, bytes] = {
    "XML": SHIBBOLETH.request().encode(),
    "base64": encoded(SHIBBOLETH.request()).encode(),
    "an address": SHIBBOLETH.url(),
    "a query": query(SHIBBOLETH.request()),
    "a form's body": form(SHIBBOLETH.request()),
    "the HTML of a form": page(SHIBBOLETH.request()),
}
"""One good request in every form that people have it in."""
