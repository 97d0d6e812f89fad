"""
Metadata and requests in the shapes that vendors' software writes, all of them good.

Each was written for these tests after what the software is known to write; names, keys and addresses are made up.
A test makes one change to one of them.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from urllib.parse import quote, quote_plus

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from idp.saml import names
from tests.support.service_provider import NOON, Pair, ServiceProvider, deflated, stamp

SSO = "http://localhost:8000/sites/acme/saml/sso"
ARTIFACT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact"
PAOS = "urn:oasis:names:tc:SAML:2.0:bindings:PAOS"
SIMPLE_SIGN = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST-SimpleSign"
SOAP = "urn:oasis:names:tc:SAML:2.0:bindings:SOAP"
_POST, _REDIRECT = names.POST, names.REDIRECT
_YEAR = datetime(2020, 6, 1, tzinfo=UTC)
_LATER = datetime(2033, 6, 1, tzinfo=UTC)


@cache
def certified(name: str, kind: str = "rsa-2048", starts: datetime = _YEAR, ends: datetime = _LATER) -> Pair:
    """Return a key of that name and its certificate; valid at noon unless said otherwise."""
    private = (
        ec.generate_private_key({"p-192": ec.SECP192R1(), "p-256": ec.SECP256R1()}[kind])
        if kind.startswith("p-")
        else rsa.generate_private_key(public_exponent=65537, key_size=int(kind[4:]))
    )
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(starts)
        .not_valid_after(ends)
        .sign(private, hashes.SHA256())
    )
    return Pair(private, certificate)


@dataclass(frozen=True)
class Vendor:
    """One vendor's software: how its metadata and its requests look."""

    name: str
    entity_id: str
    acs: str
    document: Callable[["Vendor"], str]
    message: Callable[["Vendor"], str]

    @property
    def signing(self) -> Pair:
        return certified(f"{self.name} signing")

    @property
    def encryption(self) -> Pair:
        return certified(f"{self.name} encryption")

    def metadata(self, *changes: tuple[str, str]) -> bytes:
        """Return its metadata with *changes*, each of which must change something."""
        return changed(self.document(self), changes).encode()

    def request(self, *changes: tuple[str, str]) -> str:
        """Return an AuthnRequest of its, made at noon, with *changes*."""
        return changed(self.message(self), changes)

    def url(self, *changes: tuple[str, str], sign: str = "", by: Pair | None = None, relay_state=None, **more) -> bytes:
        """Return the whole address of a redirect that carries its request."""
        query = self.sender.query(self.request(*changes), relay_state, sign=sign, by=by or self.signing, **more)
        return f"{SSO}?{query}".encode()

    def signed(self, *changes: tuple[str, str], by: Pair | None = None, **more) -> bytes:
        """Return its request with an enveloped signature."""
        bare = self.request(*changes).partition("?>")
        return self.sender.enveloped(bare[2] or bare[0], by=by or self.signing, **more).encode()

    @property
    def sender(self) -> ServiceProvider:
        return ServiceProvider(entity_id=self.entity_id, acs=self.acs, pair=self.signing)


def changed(text: str, changes: tuple[tuple[str, str], ...]) -> str:
    """Return *text* with each change made once; a change that changes nothing is a mistake of the test."""
    for old, new in changes:
        assert old in text, f"{old!r} is not there"
        text = text.replace(old, new, 1)
    return text


def form(xml: str) -> bytes:
    """Return the body of a form that carries *xml*."""
    return f"SAMLRequest={quote_plus(encoded(xml))}&RelayState=state".encode()


def page(xml: str) -> bytes:
    """Return the page that posts *xml*, as an application shows it and people save it."""
    return (
        '<html><body onload="document.forms[0].submit()"><form method="post" action="https://idp.example/sso">\n'
        f'<input type="hidden" name="SAMLRequest" value="{encoded(xml)}"/>\n'
        '<input type="hidden" name="RelayState" value="a&amp;b"/></form></body></html>'
    ).encode()


def encoded(xml: str) -> str:
    return base64.b64encode(xml.encode()).decode()


def query(xml: str) -> bytes:
    """Return the query of an unsigned redirect."""
    return f"SAMLRequest={quote(deflated(xml), safe='')}".encode()


def key(use: str, pair: Pair, methods: str = "") -> str:
    """Return the KeyDescriptor of *pair*, its certificate in lines as most software writes it."""
    wrapped = "\n".join(pair.der[at : at + 64] for at in range(0, len(pair.der), 64))
    use = f' use="{use}"' if use else ""
    return (
        f'<md:KeyDescriptor{use}><ds:KeyInfo xmlns:ds="{names.DS}"><ds:X509Data><ds:X509Certificate>\n{wrapped}\n'
        f"</ds:X509Certificate></ds:X509Data></ds:KeyInfo>{methods}</md:KeyDescriptor>"
    )


def _adfs(of: Vendor) -> str:
    return f"""\ufeff<?xml version="1.0" encoding="utf-8"?>
<md:EntityDescriptor ID="_7e2d" entityID="{of.entity_id}" xmlns:md="{names.MD}">
<md:SPSSODescriptor AuthnRequestsSigned="true" WantAssertionsSigned="true" protocolSupportEnumeration="{names.SAMLP}">
{key("encryption", of.encryption)}{key("signing", of.signing)}
<md:SingleLogoutService Binding="{_REDIRECT}" Location="https://adfs.vendor.example/adfs/ls/"/>
<md:SingleLogoutService Binding="{_POST}" Location="https://adfs.vendor.example/adfs/ls/"/>
<md:NameIDFormat>{names.EMAIL}</md:NameIDFormat>
<md:NameIDFormat>{names.PERSISTENT}</md:NameIDFormat>
<md:NameIDFormat>{names.TRANSIENT}</md:NameIDFormat>
<md:AssertionConsumerService Binding="{_POST}" Location="{of.acs}" index="0" isDefault="true"/>
<md:AssertionConsumerService Binding="{ARTIFACT}" Location="{of.acs}" index="1"/>
<md:AssertionConsumerService Binding="{_REDIRECT}" Location="{of.acs}" index="2"/>
</md:SPSSODescriptor>
<md:ContactPerson contactType="support"><md:GivenName>Help</md:GivenName></md:ContactPerson>
</md:EntityDescriptor>"""


def _adfs_request(of: Vendor) -> str:
    return (
        f'<samlp:AuthnRequest ID="id-6b0f7c9e" Version="2.0" IssueInstant="2030-01-01T12:00:00.000Z" Destination="{SSO}"'
        f' Consent="urn:oasis:names:tc:SAML:2.0:consent:unspecified" xmlns:samlp="{names.SAMLP}">'
        f'<Issuer xmlns="{names.SAML}">{of.entity_id}</Issuer>'
        f'<samlp:NameIDPolicy Format="{names.EMAIL}" AllowCreate="true"/></samlp:AuthnRequest>'
    )


def _shibboleth(of: Vendor) -> str:
    methods = "".join(
        f'<md:EncryptionMethod Algorithm="{name}"/>' for name in (names.AES128_GCM, names.AES256_GCM, names.RSA_OAEP)
    )
    base = of.acs.removesuffix("/SAML2/POST")
    return f"""<md:EntityDescriptor xmlns:md="{names.MD}" ID="_9c1f" entityID="{of.entity_id}">
<md:SPSSODescriptor protocolSupportEnumeration="{names.SAMLP} urn:oasis:names:tc:SAML:1.1:protocol">
<md:Extensions><mdui:UIInfo xmlns:mdui="{names.MDUI}"><mdui:DisplayName xml:lang="en">Library</mdui:DisplayName>
</mdui:UIInfo></md:Extensions>
{key("", of.signing, methods)}
<md:SingleLogoutService Binding="{SOAP}" Location="{base}/SLO/SOAP"/>
<md:SingleLogoutService Binding="{_REDIRECT}" Location="{base}/SLO/Redirect"/>
<md:NameIDFormat>{names.PERSISTENT}</md:NameIDFormat>
<md:AssertionConsumerService Binding="{_POST}" Location="{base}/SAML2/POST" index="1"/>
<md:AssertionConsumerService Binding="{SIMPLE_SIGN}" Location="{base}/SAML2/POST-SimpleSign" index="2"/>
<md:AssertionConsumerService Binding="{ARTIFACT}" Location="{base}/SAML2/Artifact" index="3"/>
<md:AssertionConsumerService Binding="{PAOS}" Location="{base}/SAML2/ECP" index="4"/>
<md:AttributeConsumingService index="1"><md:ServiceName xml:lang="en">Library</md:ServiceName>
<md:RequestedAttribute FriendlyName="mail" Name="urn:oid:0.9.2342.19200300.100.1.3"
 NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri" isRequired="true"/>
</md:AttributeConsumingService>
</md:SPSSODescriptor>
<md:Organization><md:OrganizationName xml:lang="en">Library</md:OrganizationName>
<md:OrganizationDisplayName xml:lang="en">Library</md:OrganizationDisplayName>
<md:OrganizationURL xml:lang="en">https://library.example/</md:OrganizationURL></md:Organization>
</md:EntityDescriptor>"""


def _shibboleth_request(of: Vendor) -> str:
    return (
        f'<samlp:AuthnRequest xmlns:samlp="{names.SAMLP}" AssertionConsumerServiceURL="{of.acs}" Destination="{SSO}"'
        f' ID="_2d1c5a" IssueInstant="{stamp(NOON)}" ProtocolBinding="{_POST}" Version="2.0">'
        f'<saml:Issuer xmlns:saml="{names.SAML}">{of.entity_id}</saml:Issuer>'
        '<samlp:NameIDPolicy AllowCreate="1"/></samlp:AuthnRequest>'
    )


def _simplesamlphp(of: Vendor) -> str:
    base = of.acs.partition("/saml2-acs")[0]
    return f"""<?xml version="1.0"?>
<md:EntityDescriptor xmlns:md="{names.MD}" xmlns:ds="{names.DS}" entityID="{of.entity_id}">
  <md:SPSSODescriptor protocolSupportEnumeration="{names.SAMLP}">
    {key("signing", of.signing)}
    {key("encryption", of.signing)}
    <md:SingleLogoutService Binding="{_REDIRECT}" Location="{base}/saml2-logout.php/default-sp"/>
    <md:NameIDFormat>{names.TRANSIENT}</md:NameIDFormat>
    <md:AssertionConsumerService Binding="{_POST}" Location="{of.acs}" index="0"/>
    <md:AssertionConsumerService Binding="{ARTIFACT}" Location="{of.acs}" index="1"/>
  </md:SPSSODescriptor>
  <md:ContactPerson contactType="technical">
    <md:GivenName>Administrator</md:GivenName>
    <md:EmailAddress>mailto:admin@wiki.example</md:EmailAddress>
  </md:ContactPerson>
</md:EntityDescriptor>
"""


def _simplesamlphp_request(of: Vendor) -> str:
    return (
        f'<samlp:AuthnRequest xmlns:samlp="{names.SAMLP}" xmlns:saml="{names.SAML}" ID="_f3e8" Version="2.0"'
        f' IssueInstant="{stamp(NOON)}" Destination="{SSO}" AssertionConsumerServiceURL="{of.acs}"'
        f' ProtocolBinding="{_POST}"><saml:Issuer>{of.entity_id}</saml:Issuer>'
        f'<samlp:NameIDPolicy Format="{names.TRANSIENT}" AllowCreate="true"/></samlp:AuthnRequest>'
    )


def _spring(of: Vendor) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="{names.MD}" entityID="{of.entity_id}">
<md:SPSSODescriptor AuthnRequestsSigned="true" protocolSupportEnumeration="{names.SAMLP}">
{key("signing", of.signing)}{key("encryption", of.encryption)}
<md:SingleLogoutService Binding="{_POST}" Location="https://billing.example/logout/saml2/slo"/>
<md:NameIDFormat>{names.PERSISTENT}</md:NameIDFormat>
<md:AssertionConsumerService Binding="{_POST}" Location="{of.acs}" index="1"/>
</md:SPSSODescriptor></md:EntityDescriptor>"""


def _spring_request(of: Vendor) -> str:
    return (
        f'<saml2p:AuthnRequest xmlns:saml2p="{names.SAMLP}" AssertionConsumerServiceURL="{of.acs}" Destination="{SSO}"'
        f' ForceAuthn="false" ID="ARQ8a41" IsPassive="false" IssueInstant="2030-01-01T12:00:00.123Z"'
        f' ProtocolBinding="{_POST}" Version="2.0"><saml2:Issuer xmlns:saml2="{names.SAML}">{of.entity_id}</saml2:Issuer>'
        "</saml2p:AuthnRequest>"
    )


def _salesforce(of: Vendor) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?><md:EntityDescriptor xmlns:md="{names.MD}"
 entityID="{of.entity_id}" validUntil="2039-01-01T12:00:00.000Z" xmlns:ds="{names.DS}">
<md:SPSSODescriptor AuthnRequestsSigned="true" WantAssertionsSigned="true" protocolSupportEnumeration="{names.SAMLP}">
{key("signing", of.signing)}
<md:SingleLogoutService Binding="{_POST}" Location="https://acme.my.salesforce.example/services/auth/sp/saml2/logout"/>
<md:NameIDFormat>{names.UNSPECIFIED}</md:NameIDFormat>
<md:AssertionConsumerService Binding="{_POST}" Location="{of.acs}" index="0" isDefault="true"/>
</md:SPSSODescriptor></md:EntityDescriptor>"""


def _salesforce_request(of: Vendor) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><samlp:AuthnRequest xmlns:samlp="{names.SAMLP}"'
        f' AssertionConsumerServiceURL="{of.acs}" Destination="{SSO}" ID="_2CAAAAXzj" IssueInstant="2030-01-01T12:00:00.456Z"'
        f' ProtocolBinding="{_POST}" Version="2.0"><saml:Issuer xmlns:saml="{names.SAML}">{of.entity_id}</saml:Issuer>'
        "</samlp:AuthnRequest>"
    )


def _okta(of: Vendor) -> str:
    formats = (names.UNSPECIFIED, names.EMAIL, names.PERSISTENT, names.TRANSIENT)
    listed = "".join(f"<md:NameIDFormat>{one}</md:NameIDFormat>" for one in formats)
    return f"""<?xml version="1.0" encoding="UTF-8"?><md:EntityDescriptor entityID="{of.entity_id}" xmlns:md="{names.MD}">
<md:SPSSODescriptor AuthnRequestsSigned="true" WantAssertionsSigned="true" protocolSupportEnumeration="{names.SAMLP}">
{key("encryption", of.encryption)}{key("signing", of.signing)}
<md:SingleLogoutService Binding="{_POST}" Location="https://acme.okta.example/slo/saml2/0oa1"/>{listed}
<md:AssertionConsumerService Binding="{_POST}" Location="{of.acs}" index="0" isDefault="true"/>
<md:AttributeConsumingService index="0"><md:ServiceName xml:lang="en">Acme</md:ServiceName>
<md:RequestedAttribute Name="firstName" isRequired="true"/><md:RequestedAttribute Name="lastName" isRequired="true"/>
<md:RequestedAttribute Name="email" isRequired="true"/></md:AttributeConsumingService>
</md:SPSSODescriptor></md:EntityDescriptor>"""


def _okta_request(of: Vendor) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><saml2p:AuthnRequest AssertionConsumerServiceURL="{of.acs}"'
        f' Destination="{SSO}" ForceAuthn="false" ID="id5829" IssueInstant="2030-01-01T12:00:00.789Z"'
        f' ProtocolBinding="{_POST}" Version="2.0" xmlns:saml2p="{names.SAMLP}">'
        f'<saml2:Issuer xmlns:saml2="{names.SAML}">{of.entity_id}</saml2:Issuer>'
        f'<saml2p:NameIDPolicy AllowCreate="true" Format="{names.UNSPECIFIED}"/></saml2p:AuthnRequest>'
    )


ADFS = Vendor(
    "ADFS",
    "http://adfs.vendor.example/adfs/services/trust",
    "https://adfs.vendor.example/adfs/ls/",
    _adfs,
    _adfs_request,
)
SHIBBOLETH = Vendor(
    "Shibboleth",
    "https://library.example/shibboleth",
    "https://library.example/Shibboleth.sso/SAML2/POST",
    _shibboleth,
    _shibboleth_request,
)
SIMPLESAMLPHP = Vendor(
    "SimpleSAMLphp",
    "https://wiki.example/simplesaml/module.php/saml/sp/metadata.php/default-sp",
    "https://wiki.example/simplesaml/module.php/saml/sp/saml2-acs.php/default-sp",
    _simplesamlphp,
    _simplesamlphp_request,
)
SPRING = Vendor(
    "Spring",
    "https://billing.example/saml2/service-provider-metadata/acme",
    "https://billing.example/login/saml2/sso/acme",
    _spring,
    _spring_request,
)
SALESFORCE = Vendor(
    "Salesforce",
    "https://saml.salesforce.example",
    "https://acme.my.salesforce.example/?so=00D1",
    _salesforce,
    _salesforce_request,
)
OKTA = Vendor(
    "Okta",
    "https://www.okta.example/saml2/service-provider/spabc",
    "https://acme.okta.example/sso/saml2/0oa1",
    _okta,
    _okta_request,
)
VENDORS = (ADFS, SHIBBOLETH, SIMPLESAMLPHP, SPRING, SALESFORCE, OKTA)
