"""The roads of `bench.saml`, driven as `bench.load` drives its own: ``python -m bench.saml_load`` reads a plan on stdin."""

import base64
import secrets
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bench import load
from bench.load import Call, Caller, expect
from idp.keyring.keyring import Key
from idp.saml.signing import signed, signer
from idp.saml.writer import Element, element, write


def _request(data: dict[str, Any]) -> Element:
    return element(
        "samlp:AuthnRequest",
        {
            "AssertionConsumerServiceURL": data["acs"],
            "Destination": data["destination"],
            "ID": f"_{secrets.token_hex(16)}",
            "IssueInstant": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "Version": "2.0",
        },
        element("saml:Issuer", None, data["entity_id"]),
    )


def posted(call: Caller, data: dict[str, Any]) -> Call:
    """An AuthnRequest by HTTP-POST, signed where the plan has a key: it is checked and stored."""
    by = None
    if data["key"]:
        private: Any = load_pem_private_key(data["key"].encode(), None)
        by = signer(Key("key_bench", "saml-signing", "RSA-2048", "active", private, "", data["certificate"]))

    def one() -> None:
        made = _request(data)
        xml = (write(made) if by is None else signed(made, by)).xml
        form = {"SAMLRequest": base64.b64encode(xml.encode()).decode(), "RelayState": "bench"}
        status, headers, body = call("POST", data["path"], form=form)
        expect(status == 303 and headers["Location"].startswith("/signin/"), (status, body[:600]))

    return one


load.ROADS["posted"] = posted

if __name__ == "__main__":
    load.main()
