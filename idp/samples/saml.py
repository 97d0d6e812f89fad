"""
A sample SAML service provider, made with pysaml2's client side: signed requests by HTTP-Redirect,
signed response and assertion by HTTP-POST, single logout in both directions by HTTP-Redirect.

    python -m idp.samples.saml --address http://localhost:8001 --folder FOLDER --print-metadata
    python -m idp.samples.saml --address http://localhost:8001 --folder FOLDER --identity-provider METADATA

FOLDER holds this application's own key and certificate (made when they are missing); METADATA is
the address of the site's metadata.
"""

import argparse
import logging
import os
import sys
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from flask import Flask, Response, make_response, redirect, request
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.client import Saml2Client
from saml2.config import SPConfig
from saml2.metadata import entity_descriptor
from saml2.s_utils import status_message_factory, success_status_factory
from saml2.saml import NAMEID_FORMAT_PERSISTENT, NameID
from saml2.samlp import STATUS_UNKNOWN_PRINCIPAL
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

from idp.samples.pages import Refused, Visit, Visits, application, front, problem, serve
from idp.samples.xmlsecurity import plug

NAME = "Sample wiki"
_SECONDS = 10
_MOST_WAITING = 1000
_CERTIFICATE_LIFE = timedelta(days=3650)


def configuration(address: str, folder: Path, identity_provider: str | None) -> SPConfig:
    """Return pysaml2's configuration of this service provider; *identity_provider* is its metadata as XML."""
    key, certificate = _own_key(folder, address)
    values: dict[str, Any] = {
        "entityid": f"{address}/metadata",
        "name": NAME,
        "crypto_backend": "XMLSecurity",
        "key_file": str(key),
        "cert_file": str(certificate),
        "delete_tmpfiles": True,
        "accepted_time_diff": 60,
        "allow_unknown_attributes": True,  # shown under the names that they come with
        "service": {
            "sp": {
                "name": NAME,
                "endpoints": {
                    "assertion_consumer_service": [(f"{address}/acs", BINDING_HTTP_POST)],
                    "single_logout_service": [(f"{address}/slo", BINDING_HTTP_REDIRECT)],
                },
                "name_id_format": [NAMEID_FORMAT_PERSISTENT],
                "authn_requests_signed": True,
                "logout_requests_signed": True,
                "want_response_signed": True,
                "want_assertions_signed": True,
                "allow_unsolicited": False,
                "allow_unknown_attributes": True,  # show whatever was released, also what pysaml2 has no name for
                "signing_algorithm": SIG_RSA_SHA256,  # pysaml2 ignores these two anywhere else
                "digest_algorithm": DIGEST_SHA256,
            }
        },
    }
    if identity_provider is not None:
        values["metadata"] = {"inline": [identity_provider]}
    return SPConfig().load(values)


def metadata(address: str, folder: Path) -> str:
    """Return the metadata that this service provider is to be registered with."""
    return str(entity_descriptor(configuration(address, folder, None)))


def build(address: str, folder: Path, identity_provider_url: str) -> Flask:
    """Return the sample at *address*, which trusts the identity provider of that metadata."""
    app = application(NAME, "SAML 2.0")
    visits = Visits("sample_saml", address)
    waiting: OrderedDict[str, str] = OrderedDict()  # ids of requests that were not answered yet

    def client() -> Saml2Client:
        answer = requests.get(identity_provider_url, timeout=_SECONDS)
        answer.raise_for_status()
        return plug(Saml2Client(configuration(address, folder, answer.text)), folder / "sample.key")

    @app.get("/")
    def index() -> str:
        return front(visits.current())

    @app.get("/metadata")
    def own_metadata() -> Response:
        response = make_response(metadata(address, folder))
        response.mimetype = "application/samlmetadata+xml"
        return response

    @app.post("/sign-in")
    @app.get("/start")
    def sign_in() -> Response:
        request_id, prepared = client().prepare_for_authenticate(
            binding=BINDING_HTTP_REDIRECT, sigalg=SIG_RSA_SHA256, relay_state="/"
        )
        waiting[request_id] = "/"
        while len(waiting) > _MOST_WAITING:
            waiting.popitem(last=False)
        return make_response(redirect(dict(prepared["headers"])["Location"], 303))

    @app.post("/acs")
    def acs() -> Response:
        asserted = client().parse_authn_request_response(
            request.form.get("SAMLResponse", ""), BINDING_HTTP_POST, outstanding=waiting
        )
        if asserted is None:
            raise Refused("The answer of the identity provider could not be read.")
        waiting.pop(asserted.in_response_to, None)
        return visits.begin(_visit(asserted))

    @app.post("/sign-out")
    def sign_out() -> Response:
        visit = visits.current()
        if visit is None:
            return make_response(redirect("/", 303))
        return visits.end(make_response(redirect(_sign_out_address(client(), visit), 303)))

    @app.get("/slo")
    def slo() -> Response:
        """The identity provider's answer to our logout, or its own logout of this browser."""
        if "SAMLRequest" not in request.args:
            return make_response(redirect("/", 303))
        leave, is_over = _signed_out_there(client(), visits.current())
        response = make_response(redirect(leave, 303))
        return visits.end(response) if is_over else response

    @app.errorhandler(requests.RequestException)
    def unreachable(_: requests.RequestException) -> Response:
        return problem("The identity provider cannot be reached.", 502)

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        logging.getLogger("sample").warning("refused: %s: %s", type(error).__name__, error)
        return problem("The answer of the identity provider was not accepted.")

    return app


def _visit(asserted: Any) -> Visit:
    subject: NameID = asserted.name_id
    attributes = {name: tuple(str(v) for v in values) for name, values in asserted.ava.items()}
    said = asserted.assertion.authn_statement[0]
    facts = {
        "Issuer": asserted.issuer(),
        "Subject": subject.text,
        "Subject's format": subject.format,
        "Authentication context": said.authn_context.authn_context_class_ref.text,
        "Signed in at": _in_words(said.authn_instant),
    }
    name = next(
        (attributes[n][0] for n in ("displayName", "name", "cn", "mail", "email") if n in attributes), subject.text
    )
    return Visit(name, facts, attributes, {"name_id": subject, "session_index": said.session_index})


def _in_words(instant: str) -> str:
    return f"{datetime.fromisoformat(instant):%Y-%m-%d %H:%M:%S} UTC"


def _sign_out_address(client: Saml2Client, visit: Visit) -> str:
    """Return where to send the browser to end its session at the identity provider."""
    provider = next(iter(client.metadata.with_descriptor("idpsso")))
    services = client.metadata.single_logout_service(provider, BINDING_HTTP_REDIRECT, "idpsso")
    if not services:
        return "/"
    destination = services[0]["location"]
    _, message = client.create_logout_request(
        destination,
        provider,
        name_id=visit.for_sign_out["name_id"],
        session_indexes=[visit.for_sign_out["session_index"]],
        sign=False,  # by HTTP-Redirect the address is signed, not the message (SAML Bindings 3.4.4.1)
    )
    prepared = client.apply_binding(
        BINDING_HTTP_REDIRECT, str(message), destination, relay_state="/", sign=True, sigalg=SIG_RSA_SHA256
    )
    return str(dict(prepared["headers"])["Location"])


def _signed_out_there(client: Saml2Client, visit: Visit | None) -> tuple[str, bool]:
    """
    Take the identity provider's logout request; return where the browser goes with the answer, and whether
    this browser's visit is over.

    Raises:
        Refused: it is not the identity provider's, or not signed (SAML Profiles 2.0 section 4.4.4.1).
    """
    if "Signature" not in request.args:
        raise Refused("The logout request is not signed.")
    asked = client.parse_logout_request(
        request.args["SAMLRequest"],
        BINDING_HTTP_REDIRECT,
        relay_state=request.args.get("RelayState"),
        sigalg=request.args.get("SigAlg"),
        signature=request.args.get("Signature"),
    )
    if asked is None:
        raise Refused("The logout request could not be read.")
    theirs = visit is None or visit.for_sign_out["name_id"].text == asked.message.name_id.text
    status = success_status_factory() if theirs else status_message_factory("Somebody else", STATUS_UNKNOWN_PRINCIPAL)
    destination = client.response_args(asked.message, [BINDING_HTTP_REDIRECT])["destination"]
    answer = client.create_logout_response(asked.message, [BINDING_HTTP_REDIRECT], status=status, sign=False)
    prepared = client.apply_binding(
        BINDING_HTTP_REDIRECT, str(answer), destination, "", response=True, sign=True, sigalg=SIG_RSA_SHA256
    )
    return str(dict(prepared["headers"])["Location"]), theirs


def _own_key(folder: Path, address: str) -> tuple[Path, Path]:
    key_file, certificate_file = folder / "sample.key", folder / "sample.crt"
    if not key_file.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        _write(key_file, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        _write(certificate_file, _certificate(key, address))
    return key_file, certificate_file


def _certificate(key: rsa.RSAPrivateKey, address: str) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address[:64])])
    now = datetime.now(UTC)  # noqa: TID251 (an application of its own)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + _CERTIFICATE_LIFE)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(Encoding.PEM)


def _write(file: Path, content: bytes) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)


def main() -> None:
    """Run the sample, or print what it is to be registered with."""
    parser = argparse.ArgumentParser(prog="python -m idp.samples.saml", description=__doc__)
    parser.add_argument("--address", default="http://localhost:8001", help="where people reach this application")
    parser.add_argument("--folder", type=Path, required=True, help="where its key and certificate are kept")
    parser.add_argument("--identity-provider", help="address of the site's metadata")
    parser.add_argument("--print-metadata", action="store_true", help="print metadata and end")
    asked = parser.parse_args()
    if asked.print_metadata:
        sys.stdout.write(metadata(asked.address, asked.folder) + "\n")
        return
    if not asked.identity_provider:
        parser.error("--identity-provider is needed")
    logging.getLogger("saml2").setLevel(logging.ERROR)
    serve(build(asked.address, asked.folder, asked.identity_provider), asked.address)


if __name__ == "__main__":
    main()
