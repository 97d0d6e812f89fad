"""
A service provider of our own for tests: it says what it is told to say, right or wrong.

Keys are made once per process; enveloped signatures are python-xmlsec's, so not ours.
"""

import base64
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from urllib.parse import quote

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from lxml import etree

from idp.saml import names

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
_NS = (
    f'xmlns:samlp="{names.SAMLP}" xmlns:saml="{names.SAML}" xmlns:md="{names.MD}" '
    f'xmlns:ds="{names.DS}" xmlns:mdui="{names.MDUI}"'
)
_HASHES = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}


@dataclass(frozen=True)
class Pair:
    """A key and its certificate."""

    private: object
    certificate: x509.Certificate

    @property
    def der(self) -> str:
        return base64.b64encode(self.certificate.public_bytes(Encoding.DER)).decode()

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        return self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@cache
def pair(name: str = "sp", kind: str = "rsa-2048") -> Pair:
    """Return the key of that name, made at its first use; its certificate ran out long ago, as they do."""
    if kind.startswith("rsa"):
        private = rsa.generate_private_key(public_exponent=65537, key_size=int(kind[4:]))
    else:
        private = ec.generate_private_key({"p-256": ec.SECP256R1(), "p-384": ec.SECP384R1()}[kind])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2022, 1, 1, tzinfo=UTC))
        .sign(private, hashes.SHA256())
    )
    return Pair(private, certificate)


@cache
def ending(moment: datetime) -> str:
    """Return a certificate (DER, base64) that names *moment* as its end."""
    private = pair().private
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ends")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(moment)
        .sign(private, hashes.SHA256())
    )
    return Pair(private, certificate).der


@dataclass
class ServiceProvider:
    """One service provider. ``pair`` signs, ``encryption`` decrypts."""

    entity_id: str = "https://sp.example/metadata"
    acs: str = "https://sp.example/acs"
    slo: str = "https://sp.example/slo"
    idp: str = "http://localhost:8000/sites/acme/saml"
    pair: Pair = field(default_factory=pair)
    count: int = 0

    def metadata(
        self,
        *,
        signing: str = "",
        encryption: str = "",
        use_less: str = "",
        attributes: str = "",
        consumers: str = "",
        inside: str = "",
        slo: str = "",
        formats: tuple[str, ...] = (),
        entity: str = "",
        wrap: str = "{}",
    ) -> bytes:
        """Return metadata; *signing*, *encryption*, *use_less* are certificates, the rest is markup."""
        keys = "".join(
            f"<md:KeyDescriptor{use}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{der}</ds:X509Certificate>"
            f"</ds:X509Data></ds:KeyInfo>{inside}</md:KeyDescriptor>"
            for use, der in (
                (' use="signing"', signing),
                (' use="encryption"', encryption),
                ("", use_less),
            )
            if der
        )
        consumers = consumers or consumer(self.acs)
        slo = slo or f'<md:SingleLogoutService Binding="{names.REDIRECT}" Location="{self.slo}"/>'
        listed = "".join(f"<md:NameIDFormat>{name}</md:NameIDFormat>" for name in formats)
        document = (
            f'<md:EntityDescriptor {_NS} entityID="{self.entity_id}"{entity}>'
            f'<md:SPSSODescriptor protocolSupportEnumeration="{names.SAMLP}"{attributes}>'
            f"{keys}{slo}{listed}{consumers}</md:SPSSODescriptor></md:EntityDescriptor>"
        )
        return wrap.format(document).encode()

    def new_id(self) -> str:
        self.count += 1
        return f"_{self.entity_id.encode().hex()[:20]}{self.count:08d}"

    def authn_request(self, content: str = "", *, issuer: str = "", **changes: str | None) -> str:
        """Return an AuthnRequest; *changes* are its attributes (None leaves one out), *content* follows the Issuer."""
        attributes: dict[str, str | None] = {
            "ID": self.new_id(),
            "Version": "2.0",
            "IssueInstant": stamp(NOON),
            "Destination": f"{self.idp}/sso",
            "AssertionConsumerServiceURL": self.acs,
        } | changes
        return self._request("AuthnRequest", attributes, issuer, content)

    def logout_request(self, name_id: str, *indexes: str, issuer: str = "", **changes: str | None) -> str:
        """Return a LogoutRequest for the NameID element *name_id*."""
        attributes: dict[str, str | None] = {
            "ID": self.new_id(),
            "Version": "2.0",
            "IssueInstant": stamp(NOON),
            "Destination": f"{self.idp}/slo",
        } | changes
        content = name_id + "".join(f"<samlp:SessionIndex>{index}</samlp:SessionIndex>" for index in indexes)
        return self._request("LogoutRequest", attributes, issuer, content)

    def _request(self, name: str, attributes: dict[str, str | None], issuer: str, content: str) -> str:
        written = "".join(f' {key}="{value}"' for key, value in attributes.items() if value is not None)
        return (
            f'<samlp:{name} xmlns:samlp="{names.SAMLP}" xmlns:saml="{names.SAML}"{written}>'
            f"<saml:Issuer>{issuer or self.entity_id}</saml:Issuer>{content}</samlp:{name}>"
        )

    def query(
        self,
        xml: str,
        relay_state: str | None = None,
        *,
        sign: str = "",
        by: Pair | None = None,
        escape=lambda text: quote(text, safe=""),
    ) -> str:
        """Return the query of a redirect with *xml*, signed by the algorithm *sign* where one is named."""
        parts = [f"SAMLRequest={escape(deflated(xml))}"]
        if relay_state is not None:
            parts.append(f"RelayState={escape(relay_state)}")
        if sign:
            parts.append(f"SigAlg={escape(sign)}")
            value = signature("&".join(parts).encode(), sign, (by or self.pair).private)
            parts.append(f"Signature={escape(base64.b64encode(value).decode())}")
        return "&".join(parts)

    def enveloped(self, xml: str, *, by: Pair | None = None, method: str = names.RSA_SHA256, **changes: str) -> str:
        """Return *xml* with an enveloped signature behind its Issuer, made by python-xmlsec."""
        root = etree.fromstring(xml)
        key = by or self.pair
        template = etree.fromstring(signature_template(root.get("ID"), method, **changes))
        root.insert(1, template)
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(key.key_pem, xmlsec.KeyFormat.PEM)
        context.key.load_cert_from_memory(key.pem, xmlsec.KeyFormat.PEM)
        context.register_id(root, "ID")
        context.sign(template)
        return etree.tostring(root).decode()


def signature_template(
    identifier: str,
    method: str = names.RSA_SHA256,
    *,
    digest: str = names.SHA256,
    canonical: str = names.EXCLUSIVE_C14N,
    uri: str | None = None,
    transforms: str | None = None,
    more: str = "",
) -> str:
    """Return an empty ds:Signature over the element with that ID."""
    uri = f"#{identifier}" if uri is None else uri
    if transforms is None:
        transforms = f'<ds:Transform Algorithm="{names.ENVELOPED}"/><ds:Transform Algorithm="{names.EXCLUSIVE_C14N}"/>'
    return (
        f'<ds:Signature xmlns:ds="{names.DS}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{canonical}"/>'
        f'<ds:SignatureMethod Algorithm="{method}"/><ds:Reference URI="{uri}"><ds:Transforms>{transforms}'
        f'</ds:Transforms><ds:DigestMethod Algorithm="{digest}"/><ds:DigestValue/></ds:Reference></ds:SignedInfo>'
        f"<ds:SignatureValue/><ds:KeyInfo><ds:X509Data/></ds:KeyInfo>{more}</ds:Signature>"
    )


def consumer(location: str, *, binding: str = names.POST, index: int | str = 0, default: str = "") -> str:
    """Return an AssertionConsumerService."""
    more = f' isDefault="{default}"' if default else ""
    return f'<md:AssertionConsumerService Binding="{binding}" Location="{location}" index="{index}"{more}/>'


def deflated(xml: str | bytes) -> str:
    """Return *xml* as a redirect carries it."""
    octets = xml.encode() if isinstance(xml, str) else xml
    packer = zlib.compressobj(wbits=-15)
    return base64.b64encode(packer.compress(octets) + packer.flush()).decode()


def encoded(xml: str | bytes) -> str:
    """Return *xml* as a form carries it."""
    return base64.b64encode(xml.encode() if isinstance(xml, str) else xml).decode()


def stamp(moment: datetime, **later: float) -> str:
    """Return *moment*, or so much *later*, as SAML writes it."""
    return (moment + timedelta(**later)).strftime("%Y-%m-%dT%H:%M:%SZ")


def signature(octets: bytes, algorithm: str, private) -> bytes:
    """Return the signature over a query by the named algorithm, by the book or not."""
    name = algorithm.lower()
    digest = next(value for key, value in _HASHES.items() if key in name)
    if "ecdsa" in name:
        size = (private.key_size + 7) // 8
        r, s = decode_dss_signature(private.sign(octets, ec.ECDSA(digest)))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    if "mgf1" in name:
        return private.sign(octets, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
    return private.sign(octets, padding.PKCS1v15(), digest)
