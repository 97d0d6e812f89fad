"""Encryption for the client (OpenID Connect Core section 10.2, Dynamic Client Registration 1.0 section 2)."""

from idp.audit.findings import Kind, Severity
from idp.base.texts import phrase
from idp.oidc.checking.commands import change
from idp.oidc.checking.keys import listed
from idp.oidc.checking.subjects import Findings, Registration

WITHOUT_KEY = Kind(
    "encryption-without-key",
    Severity.SERIOUS,
    "encryption is asked for, and there is no key to encrypt for",
    "Nothing is sent in plain instead, so nobody can sign on.",
    clause="OpenID Connect Core section 10.2",
)
KINDS = (WITHOUT_KEY,)


def check_registration(registration: Registration) -> Findings:
    """Is there a key of the kind that the algorithm takes? Those at an address are not looked at here."""
    registered = registration.registered
    if "jwks" not in registered.registration:
        return
    have = {key.get("kty") for key in listed(registered) if key.get("use", "enc") == "enc"}
    for what in ("id_token", "userinfo"):
        algorithm = registered.text(f"{what}_encrypted_response_alg")
        if algorithm and not have & ({"RSA"} if algorithm.startswith("RSA") else {"EC", "OKP"}):
            yield WITHOUT_KEY.found(
                phrase(
                    "%(what)s_encrypted_response_alg is %(algorithm)s; no key of its set is for that",
                    what=what,
                    algorithm=algorithm,
                ),
                here=change(
                    registered,
                    phrase(
                        "add its key for %(algorithm)s, or leave %(what)s_encrypted_response_alg out",
                        algorithm=algorithm,
                        what=what,
                    ),
                ),
                vendor=f"Please send us your public key for {algorithm}, with “use”: “enc”.",
            )
