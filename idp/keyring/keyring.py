"""
Signing keys of sites: made, found, and loaded once per process.

One set per site and purpose. A key signs while ``active``; ``next`` and ``retired`` are
published so that nobody who caches is surprised by a rotation.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)
from cryptography.x509.oid import NameOID
from sqlalchemy import bindparam, select

from idp.audit.events import KeyCreated, KeyImported
from idp.audit.log import record
from idp.base.errors import Unavailable
from idp.base.ids import new_id
from idp.base.prepared import Prepared
from idp.base.texts import phrase
from idp.base.work import Work
from idp.keyring.brought import Brought
from idp.keyring.models import SigningKey
from idp.keyring.private import Certifiable, PrivateKey

SAML_SIGNING, TOKEN_SIGNING = "saml-signing", "token-signing"
NEXT, ACTIVE, RETIRED, GONE = "next", "active", "retired", "gone"
ED25519 = "Ed25519"
KINDS = (
    (SAML_SIGNING, "RSA-3072"),
    (TOKEN_SIGNING, "RSA-2048"),
    (TOKEN_SIGNING, "P-256"),
    (TOKEN_SIGNING, ED25519),
)
"""What every site has. One that is older than a kind gets its key by rotation: published first, then active."""
ADDED_KINDS = ((TOKEN_SIGNING, ED25519),)
"""Those of `KINDS` that the sites of an earlier release have only once they were rotated."""
OPTIONAL_KINDS = ((SAML_SIGNING, "P-256"), (SAML_SIGNING, "P-384"), (SAML_SIGNING, "P-521"))
"""What a site has only where somebody asked for it."""

CERTIFICATE_LIFE = timedelta(days=3653)
_LOADED_AT_MOST = 1024
_LONGEST_ID = 64
_CURVES = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}


@dataclass(frozen=True, slots=True)
class Key:
    """A signing key, ready to sign. ``private`` was parsed once in this process."""

    id: str
    purpose: str
    algorithm: str
    state: str
    private: PrivateKey
    certificate_pem: str
    certificate_der_base64: str

    def __hash__(self) -> int:
        """As good as that of all fields, and what is made of a key is looked up with every token."""
        return hash(self.id)


@dataclass(frozen=True, slots=True)
class GoneKey:
    """What is left of a key that has gone: its public part."""

    id: str
    algorithm: str
    public_pem: str


_OF_SITE = Prepared(
    select(
        SigningKey.id,
        SigningKey.purpose,
        SigningKey.algorithm,
        SigningKey.state,
        SigningKey.private_sealed,
        SigningKey.certificate_pem,
    )
    .where(
        SigningKey.organization_id == bindparam("organization_id"),
        SigningKey.site_id == bindparam("site_id"),
        SigningKey.state != GONE,
    )
    .order_by(SigningKey.created_at, SigningKey.id)
)

_GONE = Prepared(
    select(SigningKey.id, SigningKey.algorithm, SigningKey.public_pem).where(
        SigningKey.organization_id == bindparam("organization_id"),
        SigningKey.id == bindparam("key_id"),
        SigningKey.site_id == bindparam("site_id"),
        SigningKey.purpose == bindparam("purpose"),
        SigningKey.state == GONE,
    )
)

_loaded: dict[tuple[str, str], PrivateKey] = {}
_lock = Lock()


def active(work: Work, organization_id: str, site_id: str, purpose: str, algorithm: str | None = None) -> Key:
    """
    Return the key that signs for *purpose* at the site (of *algorithm*, where several are active).

    Raises:
        Unavailable: there is none.
    """
    for key in published(work, organization_id, site_id, purpose):
        if key.state == ACTIVE and algorithm in (None, key.algorithm):
            return key
    raise Unavailable(
        "This site cannot sign at the moment.",
        code="no-active-key",
        advice="Tell your administrator.",
        cause=phrase(
            "no active %(purpose)s key %(algorithm)s: run `idp keys rotate`", purpose=purpose, algorithm=algorithm or ""
        ),
    )


def published(work: Work, organization_id: str, site_id: str, purpose: str) -> tuple[Key, ...]:
    """Return the keys that the world should know for *purpose*: next, active and retired, oldest first."""
    return _keys(work, organization_id, site_id).get(purpose, ())


def gone(work: Work, organization_id: str, site_id: str, purpose: str, key_id: str) -> GoneKey | None:
    """Return what is left of the key *key_id* of the site, None where there is none that has gone."""
    row = work.tx.row(
        _GONE, organization_id=organization_id, site_id=site_id, purpose=purpose, key_id=key_id[:_LONGEST_ID]
    )
    return None if row is None else GoneKey(*row)


def _keys(work: Work, organization_id: str, site_id: str) -> dict[str, tuple[Key, ...]]:
    def read() -> dict[str, tuple[Key, ...]]:
        rows = work.tx.rows(_OF_SITE, organization_id=organization_id, site_id=site_id)
        keys = [
            Key(
                id=row.id,
                purpose=row.purpose,
                algorithm=row.algorithm,
                state=row.state,
                private=_private(work, row.id, row.private_sealed),
                certificate_pem=row.certificate_pem,
                certificate_der_base64="".join(row.certificate_pem.splitlines()[1:-1]),
            )
            for row in rows
        ]
        return {purpose: tuple(key for key in keys if key.purpose == purpose) for purpose in {k.purpose for k in keys}}

    return work.tx.memory.recall(("keys", organization_id, site_id), read)


def _private(work: Work, key_id: str, sealed: str) -> PrivateKey:
    found = _loaded.get((key_id, sealed))
    if found is not None:
        return found
    raw = work.tx.vault.open_(sealed, _place(key_id))
    # The seal proves that we made this key: its primes need not be proven again (40 ms each).
    loaded = load_der_private_key(raw, None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(loaded, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey):
        raise Unavailable(
            "This site cannot sign at the moment.", cause=phrase("key %(key_id)s is of an unknown kind", key_id=key_id)
        )
    with _lock:
        if len(_loaded) >= _LOADED_AT_MOST:
            _loaded.clear()
        _loaded[key_id, sealed] = loaded
    return loaded


def create(
    work: Work, organization_id: str, site_id: str, *, purpose: str, algorithm: str, state: str, subject: str
) -> SigningKey:
    """
    Make a key of *algorithm* for a site, in *state* ``next`` or ``active``, and record it.

    SAML keys get a self-signed certificate, because SAML metadata carries keys in certificates;
    its dates mean nothing to a correct service provider.
    """
    private = _generated(algorithm)
    certificate = ""
    if purpose == SAML_SIGNING and not isinstance(private, ed25519.Ed25519PrivateKey):
        certificate = _certificate(private, subject, work.now)
    key = _keep(work, organization_id, site_id, purpose, algorithm, state, private, certificate)
    record(
        work,
        KeyCreated(
            organization_id=organization_id, target_id=key.id, purpose=purpose, algorithm=algorithm, state=state
        ),
    )
    return key


def _generated(algorithm: str) -> PrivateKey:
    if algorithm == ED25519:
        return ed25519.Ed25519PrivateKey.generate()
    if algorithm in _CURVES:
        return ec.generate_private_key(_CURVES[algorithm])
    return rsa.generate_private_key(public_exponent=65537, key_size=int(algorithm.removeprefix("RSA-")))


def adopt(
    work: Work, organization_id: str, site_id: str, brought: Brought, *, purpose: str, state: str, subject: str
) -> SigningKey:
    """Keep a key that an operator brought for a site, in *state*, and record it; without a certificate it gets one."""
    certificate = brought.certificate_pem or _certificate(brought.private, subject, work.now)
    key = _keep(work, organization_id, site_id, purpose, brought.algorithm, state, brought.private, certificate)
    record(
        work,
        KeyImported(
            organization_id=organization_id,
            target_id=key.id,
            purpose=purpose,
            algorithm=brought.algorithm,
            state=state,
        ),
    )
    return key


def _keep(
    work: Work,
    organization_id: str,
    site_id: str,
    purpose: str,
    algorithm: str,
    state: str,
    private: PrivateKey,
    certificate_pem: str,
) -> SigningKey:
    key_id = new_id("key")
    key = SigningKey(
        organization_id=organization_id,
        id=key_id,
        site_id=site_id,
        purpose=purpose,
        algorithm=algorithm,
        state=state,
        private_sealed=work.tx.vault.seal(
            private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()), _place(key_id)
        ),
        public_pem=public_pem(private),
        certificate_pem=certificate_pem,
        created_at=work.now,
        activated_at=work.now if state == ACTIVE else None,
    )
    work.tx.session.add(key)
    return key


def public_pem(private: PrivateKey) -> str:
    """Return the public part of *private* in the one form that the table holds it in."""
    return private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def family(algorithm: str) -> str:
    """Return what rotates together: RSA keys of any size, and the keys of one curve."""
    return "RSA" if algorithm.startswith("RSA-") else algorithm


def create_for_site(work: Work, organization_id: str, site_id: str, subject: str) -> None:
    """Make the first keys of a new site, active at once: nobody has cached anything yet."""
    for purpose, algorithm in KINDS:
        create(work, organization_id, site_id, purpose=purpose, algorithm=algorithm, state=ACTIVE, subject=subject)


def _place(key_id: str) -> str:
    return f"signing_keys:private_sealed:{key_id}"


def _certificate(private: Certifiable, subject: str, now: datetime) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Ostiary {subject}"[:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + CERTIFICATE_LIFE)
        .sign(private, hashes.SHA256())
    )
    return certificate.public_bytes(Encoding.PEM).decode("ascii")
