"""What a name identifier of each format looks like (SAML Core 2.0 sections 8.3.1 to 8.3.4). Pure."""

import re

from cryptography import x509
from cryptography.x509.oid import NameOID

from idp.base.errors import Invalid
from idp.base.texts import is_plain
from idp.directory import names as directory_names
from idp.saml.names import EMAIL, WINDOWS, X509_SUBJECT

LONGEST = 1024
# What Windows takes in names: neither of these signs, and no control characters.
_WINDOWS = re.compile(r'[^\\/"\[\]:;|=,+*?<>\x00-\x1f]{1,64}\\[^\\/"\[\]:;|=,+*?<>@\x00-\x1f]{1,256}')
_MORE_ATTRIBUTE_TYPES = {
    "E": NameOID.EMAIL_ADDRESS,
    "EMAILADDRESS": NameOID.EMAIL_ADDRESS,
    "emailAddress": NameOID.EMAIL_ADDRESS,
    "GN": NameOID.GIVEN_NAME,
    "SERIALNUMBER": NameOID.SERIAL_NUMBER,
    "SN": NameOID.SURNAME,
    "T": NameOID.TITLE,
}


def fault(format_: str, value: str) -> str:
    """Return in words why *value* is no name of that format; empty where it is one."""
    if not value or len(value) > LONGEST or value != value.strip() or not is_plain(value):
        return f"a NameID has 1 to {LONGEST} characters, no control characters and no space around it"
    if format_ == EMAIL and not _is_email(value):
        return "it is no e-mail address"
    if format_ == WINDOWS and not _WINDOWS.fullmatch(value):
        return "it is not of the form DOMAIN\\user"
    if format_ == X509_SUBJECT and not _is_distinguished_name(value):
        return "it is no distinguished name, like CN=Ada Lovelace,O=Example,C=GB"
    return ""


def _is_email(value: str) -> bool:
    try:
        directory_names.email(value)
    except Invalid:
        return False
    return True


def _is_distinguished_name(value: str) -> bool:
    """RFC 4514, as XML Signature writes the name of a certificate's subject (section 4.5.4.1)."""
    try:
        return bool(list(x509.Name.from_rfc4514_string(value, _MORE_ATTRIBUTE_TYPES)))
    except ValueError:
        return False
