"""Metadata and certificates as they are given to commands: a file, an address, or standard input."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from idp.base import egress
from idp.base.errors import Invalid
from idp.cli.context import settings
from idp.saml import certificates
from idp.saml.description import Endpoint
from idp.saml.gate import MOST_METADATA_BYTES
from idp.saml.names import POST, REDIRECT, SOAP

_BINDINGS = {"redirect": REDIRECT, "post": POST, "soap": SOAP}
_LONGEST_CERTIFICATE = 256 * 1024


def is_address(source: str) -> bool:
    """Say whether *source* is an address, and not a file."""
    return source.startswith(("https://", "http://"))


def read(source: str) -> tuple[bytes, str]:
    """
    Return metadata from a file, an address or standard input (``-``), and the address if it came from one.

    Raises:
        Invalid: the file cannot be read.
        Unavailable: the address cannot.
    """
    if source == "-":
        return sys.stdin.buffer.read(MOST_METADATA_BYTES + 1), ""
    if is_address(source):
        of = settings()
        loopback = of.development.allow_http_loopback_applications
        return egress.fetch(
            source, allowed=of.egress.allow_addresses, most_bytes=MOST_METADATA_BYTES, http_loopback=loopback
        ), source
    with opened(source) as file:
        return file.read(MOST_METADATA_BYTES + 1), ""


@contextmanager
def opened(path: str) -> Iterator[IO[bytes]]:
    """
    Open a file for reading.

    Raises:
        Invalid: it cannot be read.
    """
    try:
        file = Path(path).open("rb")  # noqa: SIM115 (closed below; only opening it is translated)
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}.", field="metadata") from error
    with file:
        yield file


def certificates_in(paths: tuple[str, ...]) -> tuple[str, ...]:
    """
    Return the certificates (DER, base64) in files.

    Raises:
        Invalid: a file cannot be read, or has no certificate that can be used.
    """
    found: list[str] = []
    for path in paths:
        with opened(path) as file:
            found += certificates.read_file(file.read(_LONGEST_CERTIFICATE))
    return tuple(dict.fromkeys(found))


def one_certificate(path: str) -> str:
    """
    Return the one certificate (DER, base64) in a file.

    Raises:
        Invalid: the file cannot be read, or has not exactly one that can be used.
    """
    found = certificates_in((path,))
    if len(found) != 1:
        raise Invalid(f"{path} has {len(found)} certificates.", field="certificate", advice="Give the one that signs.")
    return found[0]


def logout_endpoint(text: str) -> Endpoint:
    """
    Return the logout address that ``[redirect=|post=|soap=]URL`` says; by redirect where no binding is named.

    Raises:
        Invalid: there is no such binding.
    """
    name, equals, location = text.partition("=")
    if not equals or "://" in name:
        return Endpoint(REDIRECT, text)
    if name not in _BINDINGS:
        raise Invalid(f"“{name[:40]}” is no binding.", field="slo", advice=f"Choose one of: {', '.join(_BINDINGS)}.")
    return Endpoint(_BINDINGS[name], location)
