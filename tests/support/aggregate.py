"""Aggregates of any size, made where they are needed: each entity with certificates of its own, names, a logo, wants."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from idp.saml import names

HEAD = (
    f'<?xml version="1.0" encoding="UTF-8"?>\n<md:EntitiesDescriptor xmlns:md="{names.MD}" xmlns:ds="{names.DS}" '
    f'xmlns:mdui="{names.MDUI}" xmlns:xs="http://www.w3.org/2001/XMLSchema" ID="_aggregate"'
)
TAIL = "</md:EntitiesDescriptor>\n"


def write(path: Path, count: int, *, more: str = "", attributes: str = "") -> Path:
    """Write an aggregate of *count* service providers to *path*; *more* is markup at its end."""
    with path.open("w", encoding="utf-8") as file:
        file.write(f"{HEAD}{attributes}>\n")
        file.writelines(each(count))
        file.write(more + TAIL)
    return path


def each(count: int) -> Iterator[str]:
    """Yield *count* service providers, each with two certificates that no other has."""
    authority = ec.generate_private_key(ec.SECP256R1())
    keys = [rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key() for _ in range(4)]
    for number in range(count):
        yield entity(number, *(_certificate(authority, keys[number % 4], f"sp{number} {use}") for use in ("s", "e")))


def entity(number: int, signing: str, encryption: str) -> str:
    """Return one service provider as federations publish them."""
    host = f"sp{number}.example"
    requested = "".join(
        f'<md:RequestedAttribute Name="urn:oid:{oid}" FriendlyName="{name}" isRequired="{required}" '
        'NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri"/>\n'
        for oid, name, required in (
            ("0.9.2342.19200300.100.1.3", "mail", "true"),
            ("2.16.840.1.113730.3.1.241", "displayName", "false"),
            ("1.3.6.1.4.1.5923.1.1.1.6", "eduPersonPrincipalName", "true"),
        )
    )
    keys = "".join(
        f'<md:KeyDescriptor use="{use}"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n{der}\n</ds:X509Certificate>'
        "</ds:X509Data></ds:KeyInfo></md:KeyDescriptor>\n"
        for use, der in (("signing", signing), ("encryption", encryption))
    )
    return f"""<md:EntityDescriptor entityID="https://{host}/shibboleth">
<md:SPSSODescriptor protocolSupportEnumeration="{names.SAMLP}">
<md:Extensions><mdui:UIInfo><mdui:DisplayName xml:lang="en">Service {number}</mdui:DisplayName>
<mdui:DisplayName xml:lang="de">Dienst {number}</mdui:DisplayName>
<mdui:Description xml:lang="en">The service with the number {number} of a made federation.</mdui:Description>
<mdui:Logo height="60" width="80">https://{host}/logo.png</mdui:Logo>
<mdui:PrivacyStatementURL xml:lang="en">https://{host}/privacy</mdui:PrivacyStatementURL>
</mdui:UIInfo></md:Extensions>
{keys}<md:SingleLogoutService Binding="{names.REDIRECT}" Location="https://{host}/slo"/>
<md:NameIDFormat>{names.PERSISTENT}</md:NameIDFormat>
<md:AssertionConsumerService Binding="{names.POST}" Location="https://{host}/acs" index="1"/>
<md:AttributeConsumingService index="1"><md:ServiceName xml:lang="en">Service {number}</md:ServiceName>
{requested}</md:AttributeConsumingService>
</md:SPSSODescriptor>
<md:Organization><md:OrganizationName xml:lang="en">Org {number}</md:OrganizationName>
<md:OrganizationDisplayName xml:lang="en">Organization {number}</md:OrganizationDisplayName>
<md:OrganizationURL xml:lang="en">https://{host}/</md:OrganizationURL></md:Organization>
<md:ContactPerson contactType="technical"><md:EmailAddress>mailto:admin@{host}</md:EmailAddress></md:ContactPerson>
</md:EntityDescriptor>
"""


def _certificate(authority: ec.EllipticCurvePrivateKey, key: rsa.RSAPublicKey, name: str) -> str:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
        .sign(authority, hashes.SHA256())
    )
    return base64.encodebytes(made.public_bytes(Encoding.DER)).decode().strip()
