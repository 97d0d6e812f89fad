"""
What a browser answers to a WebAuthn ceremony, checked (level 3, sections 7.1 and 7.2; A28).

The `webauthn` library reads the structures and verifies signatures. What it leaves open is checked here: frames of other
sites, the length of ids, the form of keys, and whether the answer is for this credential. Nothing is read or written.
"""

from dataclasses import dataclass
from typing import Any

import orjson
import webauthn
from cryptography import x509
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    decode_credential_public_key,
    decoded_public_key_to_cryptography,
    parse_attestation_object,
    parse_cbor,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AttestationFormat,
    AttestationStatement,
    AuthenticatorTransport,
    CredentialDeviceType,
)

from idp.audit.log import plain
from idp.base.texts import phrase
from idp.signon.factors.webauthn_party import RelyingParty

ALGORITHMS = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
LONGEST_ID = 1023
LONGEST_ANSWER = 32768
SELF = "packed-self"
"""The credential vouches for itself: that says nothing of its model."""
NO_MODEL = frozenset({AttestationFormat.NONE.value, SELF})
_MODEL_OF = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")  # id-fido-gen-ce-aaguid, section 8.2.1
_OCTETS_16 = b"\x04\x10"
_EC2, _OKP, _RSA = 2, 1, 3
_P256, _ED25519 = 1, 6
_LEAST_MODULUS, _LARGEST_MODULUS = 256, 512


@dataclass(frozen=True, slots=True)
class Rejected:
    """The answer proves nothing; ``cause`` is for the administrator."""

    cause: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser sent, read but not yet believed: the credential's id (base64url), the challenge it names, the rest."""

    credential_id: str
    challenge: str
    sent: dict[str, Any]

    @property
    def user_handle(self) -> bytes | None:
        """Whom the authenticator holds the credential for, as it says; None where it does not say."""
        said = self.sent["response"].get("userHandle")
        return base64url_to_bytes(said) if isinstance(said, str) and said else None


@dataclass(frozen=True, slots=True)
class NewCredential:
    """A credential that was just made, verified. Ids and keys are base64url."""

    credential_id: str
    public_key: str
    sign_count: int
    transports: tuple[str, ...]
    aaguid: str
    attestation: str
    user_verified: bool
    discoverable: bool
    backup_eligible: bool
    backed_up: bool


@dataclass(frozen=True, slots=True)
class Proven:
    """The holder of a credential has signed our challenge. ``sign_count`` is still to be compared."""

    user_verified: bool
    sign_count: int
    backup_eligible: bool
    backed_up: bool


def read(text: str) -> Answer | Rejected:
    """Read what `passkeys.js` sends: a credential as ``toJSON()`` writes it."""
    if len(text) > LONGEST_ANSWER:
        return Rejected("what the browser sent is too long")
    try:
        sent = orjson.loads(text)
        client = orjson.loads(base64url_to_bytes(sent["response"]["clientDataJSON"]))
        raw_id = base64url_to_bytes(sent["rawId"])
        challenge, id_ = client["challenge"], sent["id"]
    except (ValueError, KeyError, TypeError) as error:
        return Rejected(phrase("what the browser sent cannot be read (%(name)s)", name=type(error).__name__))
    if not isinstance(challenge, str) or not isinstance(id_, str) or id_ != bytes_to_base64url(raw_id):
        return Rejected("what the browser sent is not of the form that it must have")
    if not 0 < len(raw_id) <= LONGEST_ID:
        return Rejected("the id of the credential is too long")
    if client.get("crossOrigin", False) is not False or "topOrigin" in client:
        return Rejected("it was made in a frame of another site")
    return Answer(id_, challenge, sent)


def check_new(
    answer: Answer,
    party: RelyingParty,
    challenge: bytes,
    *,
    user_verification: bool,
    roots: tuple[bytes, ...] = (),
) -> NewCredential | Rejected:
    """
    Verify a credential that was just made (section 7.1).

    Args:
        challenge: the one that was issued, consumed by now.
        user_verification: the person must have been verified by it.
        roots: certificates (PEM) that a statement about its model must lead to; none: it is not followed so far.
    """
    try:
        made = webauthn.verify_registration_response(
            credential=answer.sent,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=[party.origin],
            require_user_verification=user_verification,
            supported_pub_key_algs=ALGORITHMS,
            pem_root_certs_bytes_by_fmt={kind: list(roots) for kind in AttestationFormat} if roots else None,
        )
        if bytes_to_base64url(made.credential_id) != answer.credential_id:
            return Rejected("the browser and the authenticator name different credentials")
        if not 0 < len(made.credential_id) <= LONGEST_ID:
            return Rejected("the id of the credential is too long")
        if not _is_good_key(made.credential_public_key):
            return Rejected("its key is of no kind that is taken (ES256, EdDSA, RS256)")
        statement = parse_attestation_object(made.attestation_object).att_stmt
        if not _states_this_model(statement, made.aaguid):
            return Rejected("the certificate of its maker is for another model")
    except Exception as error:  # whatever the parsers trip over, nothing is proven
        return Rejected(_cause(error))
    return NewCredential(
        credential_id=answer.credential_id,
        public_key=bytes_to_base64url(made.credential_public_key),
        sign_count=made.sign_count,
        transports=_transports(answer.sent["response"]),
        aaguid=made.aaguid,
        attestation=_kind(made.fmt, statement),
        user_verified=made.user_verified,
        discoverable=_is_discoverable(answer.sent),
        backup_eligible=made.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
        backed_up=made.credential_backed_up,
    )


def check_use(
    answer: Answer, party: RelyingParty, challenge: bytes, public_key: str, *, user_verification: bool
) -> Proven | Rejected:
    """
    Verify that the holder of the credential with *public_key* (COSE, base64url) answered *challenge* (section 7.2).

    The signature counter is left to the caller, who compares it once the signature is known to be good.
    """
    try:
        used = webauthn.verify_authentication_response(
            credential=answer.sent,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=[party.origin],
            credential_public_key=base64url_to_bytes(public_key),
            credential_current_sign_count=0,
            require_user_verification=user_verification,
        )
    except Exception as error:  # whatever the parsers trip over, nothing is proven
        return Rejected(_cause(error))
    return Proven(
        user_verified=used.user_verified,
        sign_count=used.new_sign_count,
        backup_eligible=used.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
        backed_up=used.credential_backed_up,
    )


def _is_good_key(key: bytes) -> bool:
    """Say whether a COSE key is one of the kinds that were asked for, whole and of a sound size (RFC 9053, RFC 8230)."""
    parts = parse_cbor(key)
    if not isinstance(parts, dict) or any(type(parts.get(name)) is not int for name in (1, 3)):
        return False
    kind, algorithm, first, second, third = (parts.get(name) for name in (1, 3, -1, -2, -3))
    good: dict[Any, bool] = {  # plain numbers: the library's enumerations hash by their names
        (_EC2, -7): first == _P256 and _is_octets(second, 32) and _is_octets(third, 32),
        (_OKP, -8): first == _ED25519 and _is_octets(second, 32),
        (_RSA, -257): second == b"\x01\x00\x01" and _is_modulus(first),
    }
    if (kind, algorithm) not in good or not good[kind, algorithm]:
        return False
    decoded_public_key_to_cryptography(decode_credential_public_key(key))  # a point that is on no curve raises
    return True


def _is_octets(value: Any, length: int) -> bool:
    return isinstance(value, bytes) and len(value) == length


def _is_modulus(value: Any) -> bool:
    return isinstance(value, bytes) and _LEAST_MODULUS <= len(value.lstrip(b"\x00")) <= _LARGEST_MODULUS


def _states_this_model(statement: AttestationStatement, aaguid: str) -> bool:
    """Where the maker's certificate names a model, it is the one that the authenticator names (section 8.2.1)."""
    if not statement.x5c:
        return True
    extensions = x509.load_der_x509_certificate(statement.x5c[0]).extensions
    try:
        stated = extensions.get_extension_for_oid(_MODEL_OF).value
    except x509.ExtensionNotFound:
        return True
    wanted = _OCTETS_16 + bytes.fromhex(aaguid.replace("-", ""))
    return isinstance(stated, x509.UnrecognizedExtension) and stated.value == wanted


def _kind(format_: str, statement: AttestationStatement) -> str:
    if format_ == AttestationFormat.PACKED and not statement.x5c:
        return SELF
    return AttestationFormat(format_).value


def _transports(response: dict[str, Any]) -> tuple[str, ...]:
    """Return how it is reached, as the browser says: only a help for the next time, never a decision."""
    known = {one.value for one in AuthenticatorTransport}
    said = response.get("transports")
    return tuple(sorted({one for one in said if isinstance(one, str)} & known)) if isinstance(said, list) else ()


def _is_discoverable(sent: dict[str, Any]) -> bool:
    extensions = sent.get("clientExtensionResults")
    properties = extensions.get("credProps") if isinstance(extensions, dict) else None
    return isinstance(properties, dict) and properties.get("rk") is True


def _cause(error: Exception) -> str:
    """The library's words quote what was sent."""
    words: str = plain(f"{type(error).__name__}: {error}")
    return words[:300]
