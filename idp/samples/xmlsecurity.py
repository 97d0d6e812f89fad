"""
XML signatures for pysaml2's client side, in process: signxml verifies, no ``xmlsec1`` program.

pysaml2 looks for that program unless it is told of another backend, and the one it knows is not
maintained. So a client is built with that one and then given this.
"""

from pathlib import Path
from typing import Any

from lxml import etree
from saml2.client import Saml2Client
from saml2.cryptography.asymmetric import load_pem_private_key
from saml2.sigver import CryptoBackend, RSACrypto, SignatureError
from signxml import SignatureConfiguration, XMLVerifier  # type: ignore[attr-defined]
from signxml.exceptions import InvalidInput, SignXMLException


class Backend(CryptoBackend):  # type: ignore[misc]
    """Verifies what the identity provider signed. Encrypts and decrypts nothing: the sample has no such key."""

    version = "1.3.0"

    def validate_signature(self, signed: Any, cert_file: str, cert_type: str, node_name: str, node_id: str) -> bool:
        """
        Say whether the element *node_id* is signed with the certificate in *cert_file*.

        Raises:
            SignatureError: it is not.
        """
        raw = signed if isinstance(signed, bytes) else str(signed).encode("utf-8")
        root = etree.fromstring(raw, etree.XMLParser(resolve_entities=False, no_network=True))
        found = [element for element in root.iter() if element.get("ID") == node_id]
        if len(found) != 1:
            raise SignatureError("the signed element is not there exactly once")
        expected = SignatureConfiguration(require_x509=False, expect_references=1, location="./")
        try:
            XMLVerifier().verify(
                found[0], x509_cert=Path(cert_file).read_text("ascii"), id_attribute="ID", expect_config=expected
            )
        except (SignXMLException, InvalidInput) as error:
            raise SignatureError("the signature does not verify") from error
        return True


def plug(client: Saml2Client, key_file: Path) -> Saml2Client:
    """Give *client* the backend, and the key that signs what it sends by HTTP-Redirect."""
    client.sec.crypto = Backend()
    client.sec.sec_backend = RSACrypto(load_pem_private_key(key_file.read_bytes()))
    return client
