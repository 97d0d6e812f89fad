"""
A list of passwords that are known to attackers: a file of sorted prefixes of hashes, searched where it lies.

    8 octets   OSTBLK01
    32         SHA-256 of everything that follows
    4          length of the header, big-endian
    …          header: JSON (version, source, licence, normalisation, counts), spaces to a multiple of 8
    8 * n      sorted first 8 octets of SHA-256(NFC(casefold(NFC(password))))
    8 * m      sorted first 8 octets of SHA-1(password), out of files that know no more than that (Have I Been Pwned)

Nothing of it can be turned back into passwords. A password that is not listed is taken for one that is
with a chance of (n + m) / 2^64. NIST SP 800-63B-4 section 3.1.1.2; ASVS 6.2.4, 6.2.12.
"""

import hashlib
import json
import mmap
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from idp.base.errors import Unavailable
from idp.base.texts import phrase

MAGIC = b"OSTBLK01"
WIDTH = 8
NORMALISATION = "NFC, casefold, NFC"
SHIPPED = Path(__file__).resolve().parent / "data" / "blocklist.bin"
"""The list that comes with Ostiary."""
_DIGEST = 32
_LENGTH = 4
_LONGEST_HEADER = 16384


class BlocklistFault(Unavailable):
    """The list of breached passwords cannot be used as it is; the message says which file, the advice what to do."""

    code = "blocklist-unusable"


@dataclass(frozen=True, slots=True)
class Description:
    """What a list says of itself. ``passwords`` and ``sha1`` count the entries of the two parts."""

    version: str
    source: str
    licence: str
    normalisation: str
    passwords: int
    sha1: int
    sha256: str = ""


def normalised(password: str) -> str:
    """Return *password* as it is compared: letters large and small, composed and not, are one. Bound its length first."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", password).casefold())


def key_of(password: str) -> bytes:
    """Return under which key *password* is listed."""
    return hashlib.sha256(normalised(password).encode("utf-8", "surrogatepass")).digest()[:WIDTH]


def sha1_key_of(password: str) -> bytes:
    """Return under which key *password* is listed where only its SHA-1 was known."""
    octets = password.encode("utf-8", "surrogatepass")
    return hashlib.sha1(octets, usedforsecurity=False).digest()[:WIDTH]


@dataclass(frozen=True, slots=True)
class Blocklist:
    """A list that was read and found whole. It never changes; all threads may ask it at once."""

    path: Path
    description: Description
    _octets: mmap.mmap = field(repr=False)
    _begins: int = field(repr=False)

    def holds(self, password: str) -> bool:
        """Say whether *password* (of bounded length) is listed. Some microseconds."""
        known, hashed = self.description.passwords, self.description.sha1
        if self._found(key_of(password), self._begins, known):
            return True
        if not hashed:
            return False
        spellings = {unicodedata.normalize("NFC", password), normalised(password)}
        return any(self._found(sha1_key_of(one), self._begins + known * WIDTH, hashed) for one in spellings)

    def keys(self) -> Iterator[bytes]:
        """Yield every entry: first those of passwords, then those of hashes."""
        for at in range(self._begins, len(self._octets), WIDTH):
            yield self._octets[at : at + WIDTH]

    def _found(self, key: bytes, begins: int, count: int) -> bool:
        octets = self._octets
        low, high = 0, count
        while low < high:
            middle = (low + high) // 2
            at = begins + middle * WIDTH
            here = octets[at : at + WIDTH]
            if here == key:
                return True
            if here < key:
                low = middle + 1
            else:
                high = middle
        return False


def read(path: Path) -> Blocklist:
    """
    Return the list in the file *path*; all of it is read once, to see that it is whole.

    Raises:
        BlocklistFault: it is missing, cannot be read, is cut short, altered, or something else.
    """
    try:
        with path.open("rb") as file:
            octets = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError as error:
        raise _fault(path, "is not there") from error
    except OSError as error:
        raise _fault(path, phrase("cannot be read: %(why)s", why=error.strerror)) from error
    except ValueError as error:  # nothing can be mapped of an empty file
        raise _fault(path, "is empty") from error
    if octets[: len(MAGIC)] != MAGIC:
        raise _fault(path, "is not a list of breached passwords of this version")
    sealed_from = len(MAGIC) + _DIGEST
    stated = octets[len(MAGIC) : sealed_from]
    with memoryview(octets) as view, view[sealed_from:] as sealed:
        found = hashlib.sha256(sealed).digest()
    if found != stated:
        raise _fault(path, "is not whole: it was cut short or altered")
    described, begins = _description(path, octets, sealed_from, stated.hex())
    if begins + (described.passwords + described.sha1) * WIDTH != len(octets):
        raise _fault(path, "is not whole: it holds more or less than it says")
    return Blocklist(path, described, octets, begins)


def _description(path: Path, octets: mmap.mmap, at: int, sha256: str) -> tuple[Description, int]:
    length = int.from_bytes(octets[at : at + _LENGTH], "big")
    begins = at + _LENGTH + length
    if length > _LONGEST_HEADER or begins > len(octets):
        raise _fault(path, "has a header that cannot be read")
    try:
        stated = json.loads(octets[at + _LENGTH : begins])
        described = Description(**stated, sha256=sha256)
    except (ValueError, TypeError) as error:
        raise _fault(path, "has a header that cannot be read") from error
    counts = (described.passwords, described.sha1)
    if any(not isinstance(count, int) or isinstance(count, bool) or count < 0 for count in counts):
        raise _fault(path, "has a header that cannot be read")
    if described.normalisation != NORMALISATION:
        raise _fault(path, "was made with another normalisation than this version compares with")
    return described, begins


def is_one(path: Path) -> bool:
    """Say whether the file *path* begins like such a list."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def head(description: Description) -> bytes:
    """Return what stands between the digest and the entries."""
    stated = {
        "version": description.version,
        "source": description.source,
        "licence": description.licence,
        "normalisation": description.normalisation,
        "passwords": description.passwords,
        "sha1": description.sha1,
    }
    text = json.dumps(stated, ensure_ascii=True, separators=(",", ":")).encode("ascii")
    text += b" " * (-(len(MAGIC) + _DIGEST + _LENGTH + len(text)) % WIDTH)
    if len(text) > _LONGEST_HEADER:
        raise ValueError("the header is too long")
    return len(text).to_bytes(_LENGTH, "big") + text


def _fault(path: Path, what: str) -> BlocklistFault:
    return BlocklistFault(
        f"The list of breached passwords {path} {what}.",
        advice="Build it anew with `idp blocklist build`, put back the one that came with Ostiary, or name another "
        "file in the setting passwords.blocklist.",
    )
