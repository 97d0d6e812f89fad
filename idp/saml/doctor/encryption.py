"""Whether something can be encrypted for the application, by methods that are safe (XML Encryption 1.1; X12, X25)."""

from idp.audit.findings import Finding, Fix, Kind, Severity
from idp.base.texts import phrase
from idp.saml import legacy
from idp.saml.description import EncryptionKey
from idp.saml.doctor import old_algorithms
from idp.saml.doctor.acts import Switch
from idp.saml.doctor.commands import taking_over
from idp.saml.doctor.subjects import Attempt, Described, Findings, Registered, Registration
from idp.saml.encryption import target
from idp.saml.errors import NOT_ENCRYPTABLE

LEGACY = Kind(
    "encryption-legacy",
    Severity.WARNING,
    "only old encryption is wanted",
    "CBC without a check, and RSA 1.5, let an attacker learn the content by asking often. We encrypt with AES-GCM and "
    "RSA-OAEP, so nothing can be encrypted for this application unless AES-CBC is allowed to it until a day.",
    "allows AES-CBC to this application for 30 days, where that is what it names",
)
IMPOSSIBLE = Kind(
    "encryption-impossible",
    Severity.SERIOUS,
    "assertions or names must be encrypted, and cannot be",
    "No registered key and method will do; nothing is sent in plain instead, so nobody can sign on.",
    "sends assertions and names unencrypted",
)
POSSIBLE = Kind(
    "encryption-unused",
    Severity.NOTE,
    "assertions could be encrypted, and are not",
    "The application has published a key to encrypt for. Assertions are protected by https on their way in any case.",
    "encrypts assertions",
)
KINDS = (LEGACY, IMPOSSIBLE, POSSIBLE)

_CBC = (legacy.AES128_CBC, legacy.AES256_CBC)


def check_described(described: Described) -> Findings:
    """Does it want what is not made any more?"""
    keys = described.description.encryption_keys
    methods = [method.algorithm for key in keys for method in key.methods]
    bare = tuple(EncryptionKey(key.certificate) for key in keys)
    registered = described.registered
    allowed = registered.allowed if registered is not None else frozenset()
    if methods and target(keys, allowed) is None and target(bare) is not None:
        would = next((one for one in _CBC if target(keys, allowed | {one}) is not None), None)
        names = phrase(
            "%(whose)s names %(methods)s",
            whose=described.whose,
            methods=", ".join(dict.fromkeys(m.rpartition("#")[2] for m in methods)),
        )
        yield LEGACY.found(
            old_algorithms.with_state(names, registered),
            here=phrase("Leave encryption off for this application until then.")
            if would is None
            else old_algorithms.advice(
                registered, would, first=phrase("Leave encryption off for this application until then.")
            ),
            fix=None if would is None else old_algorithms.allow(registered, would, described.now),
            vendor="Please name aes256-gcm (or aes128-gcm) and rsa-oaep-mgf1p as EncryptionMethod, or none at all.",
        )


def check_registration(registration: Registration) -> Findings:
    """Does what is switched on work?"""
    registered = registration.registered
    usable = target(registered.description.encryption_keys, registered.allowed) is not None
    if _encrypts(registered) and not usable:
        yield _impossible(registered)
    elif usable and not registered.encrypt_assertion:
        yield POSSIBLE.found(
            "the metadata has a key for encryption; encryption is off",
            here="Switch it on where assertions hold what the browser should not show.",
            fix=Fix("encrypts assertions", Switch((("encrypt_assertion", True),))),
        )


def check_attempt(attempt: Attempt) -> Findings:
    """Could nothing be encrypted?"""
    registered = attempt.registered
    if attempt.failed.code != NOT_ENCRYPTABLE or registered is None or not _encrypts(registered):
        return
    if target(registered.description.encryption_keys, registered.allowed) is None:  # else it was mended since
        yield _impossible(registered)


def _encrypts(registered: Registered) -> bool:
    return registered.encrypt_assertion or registered.encrypt_name_id


def _impossible(registered: Registered) -> Finding:
    return IMPOSSIBLE.found(
        old_algorithms.with_state(
            phrase(
                "encryption is on; of %(number)s registered keys none can be used",
                number=len(registered.description.encryption_keys),
            ),
            registered,
        ),
        here=taking_over(registered, phrase("Take over metadata that has an RSA certificate for encryption.")),
        vendor="Please send metadata with an RSA certificate for encryption, and aes256-gcm with rsa-oaep-mgf1p.",
        fix=Fix(
            "sends assertions and names unencrypted",
            Switch((("encrypt_assertion", False), ("encrypt_name_id", False))),
            "Whoever can read what the person's browser carries can read the assertion.",
        ),
    )
