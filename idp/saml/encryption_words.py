"""Encryption methods as administrators write and read them: ``aes256-gcm``, ``rsa-oaep,digest=sha256,mgf=sha256``. Pure."""

from idp.base.errors import Invalid
from idp.base.texts import phrase
from idp.saml import names
from idp.saml.description import EncryptionMethod

_ALGORITHMS = {
    "aes256-gcm": names.AES256_GCM,
    "aes192-gcm": names.AES192_GCM,
    "aes128-gcm": names.AES128_GCM,
    "aes256-cbc": names.AES256_CBC,
    "aes128-cbc": names.AES128_CBC,
    "rsa-oaep": names.RSA_OAEP,
    "rsa-oaep-mgf1p": names.RSA_OAEP_MGF1P,
}
_DIGESTS = {"sha1": names.SHA1, "sha256": names.SHA256, "sha384": names.SHA384, "sha512": names.SHA512}
_MASKS = {
    "sha1": names.MGF1_SHA1,
    "sha256": names.MGF1_SHA256,
    "sha384": names.MGF1_SHA384,
    "sha512": names.MGF1_SHA512,
}
_WORDS = {uri: word for table in (_ALGORITHMS, _DIGESTS, _MASKS) for word, uri in table.items()}


def read(text: str) -> EncryptionMethod:
    """
    Return the method that ``ALGORITHM[,digest=DIGEST][,mgf=DIGEST]`` says.

    Raises:
        Invalid: it is none that is used here.
    """
    word, *more = text.split(",")
    parts = dict(one.partition("=")[::2] for one in more)
    if word not in _ALGORITHMS or len(parts) != len(more):
        raise _fault(text)
    digest, mask = parts.pop("digest", None), parts.pop("mgf", None)
    # XML Encryption 1.1 section 5.5: data has neither, and rsa-oaep-mgf1p has one mask function, by SHA-1.
    if parts or (digest and word.startswith("aes")) or (mask and word != "rsa-oaep"):
        raise _fault(text)
    if digest not in {None, *_DIGESTS} or mask not in {None, *_MASKS}:
        raise _fault(text)
    return EncryptionMethod(_ALGORITHMS[word], _DIGESTS[digest] if digest else "", _MASKS[mask] if mask else "")


def words(method: EncryptionMethod) -> str:
    """Return a method as `read` takes it; algorithms that are not used here by the end of their name."""
    parts = [_word(method.algorithm)]
    parts += [f"digest={_word(method.digest)}"] if method.digest else []
    parts += [f"mgf={_word(method.mask)}"] if method.mask else []
    return ",".join(parts)


def _word(uri: str) -> str:
    return _WORDS.get(uri) or uri.rpartition("#")[2]


def _fault(text: str) -> Invalid:
    return Invalid(
        phrase("“%(text)s” is no encryption method that is used here.", text=text[:80]),
        field="encryption_method",
        advice="For the assertion: aes256-gcm, aes192-gcm, aes128-gcm (aes256-cbc, aes128-cbc: with --legacy). "
        "For its key: rsa-oaep-mgf1p[,digest=sha256], or rsa-oaep[,digest=sha256][,mgf=sha256].",
    )
