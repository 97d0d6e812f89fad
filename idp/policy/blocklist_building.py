"""Builds a list of breached passwords (`policy.blocklist`) out of files of any size."""

import gzip
import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from idp.base.errors import Invalid
from idp.base.texts import phrase
from idp.policy import blocklist
from idp.policy.blocklist import WIDTH, Description
from idp.policy.passwords import LONGEST_BYTES, too_long

VERSION = "1"
_GZIP = b"\x1f\x8b"
_SHA1_LINE = re.compile(rb"([0-9A-Fa-f]{40}):\d+\Z")
_PILES = 256
_LONGEST_LINE = 4 * LONGEST_BYTES


@dataclass
class Taken:
    """What came of the input: how many lines were entries, and how many were none (empty, too short or too long)."""

    entries: int = 0
    skipped: int = 0


def build(
    inputs: Iterable[Path], into: Path, *, source: str = "", licence: str = "", shortest: int = 1
) -> tuple[Description, Taken]:
    """
    Build a list out of *inputs* and put it in the place of *into*; the same input makes the same file.

    Memory is bounded whatever their size: the entries are piled up in files first, in the folder of *into*.
    A list that is in use is replaced in one step, and the one before stays readable to whoever has it open.

    Args:
        inputs: lists of passwords, one a line; of Have I Been Pwned, ``SHA1:count`` a line; both plain or
            gzipped; or lists that were built before.
        shortest: passwords of fewer characters are left out (of those that are known as hashes nobody knows).

    Raises:
        Invalid: a file cannot be read, or a line of hashes is none.
    """
    taken = Taken()
    folder = into.resolve().parent
    if not folder.is_dir():
        raise Invalid(phrase("There is no folder %(folder)s.", folder=folder), field="into")
    with tempfile.TemporaryDirectory(dir=folder, prefix=".blocklist-") as aside:
        with ExitStack() as stack:
            passwords = _Piles(Path(aside), "passwords", stack)
            hashes = _Piles(Path(aside), "sha1", stack)
            for path in inputs:
                try:
                    _take(path, passwords, hashes, shortest, taken)
                except OSError as error:
                    raise Invalid(
                        phrase("%(path)s cannot be read: %(value)s.", path=path, value=error.strerror or error),
                        field="input",
                    ) from error
        sorted_ = Path(aside) / "sorted"
        with sorted_.open("wb") as body:
            counts = [_write_sorted(piles, body) for piles in (passwords, hashes)]
        described = Description(VERSION, source, licence, blocklist.NORMALISATION, counts[0], counts[1])
        digest = _put_together(described, sorted_, Path(aside) / "whole", into)
    return replace(described, sha256=digest), taken


class _Piles:
    """Entries by their first octet: each pile fits into memory when it is sorted."""

    def __init__(self, folder: Path, name: str, stack: ExitStack) -> None:
        self._folder, self._name, self._stack = folder, name, stack
        self._files: dict[int, IO[bytes]] = {}

    def add(self, key: bytes) -> None:
        file = self._files.get(key[0])
        if file is None:
            file = self._files[key[0]] = self._stack.enter_context(self.path(key[0]).open("wb", 65536))
        file.write(key)

    def path(self, first: int) -> Path:
        return self._folder / f"{self._name}-{first:02x}"


def _write_sorted(piles: _Piles, into: IO[bytes]) -> int:
    count = 0
    for first in range(_PILES):
        path = piles.path(first)
        if not path.exists():
            continue
        octets = path.read_bytes()
        keys = sorted({octets[at : at + WIDTH] for at in range(0, len(octets), WIDTH)})
        into.writelines(keys)
        count += len(keys)
        path.unlink()
    return count


def _put_together(described: Description, body: Path, whole: Path, into: Path) -> str:
    try:
        head = blocklist.head(described)
    except ValueError as error:
        raise Invalid("What is said of source and licence is too long.", field="source") from error
    digest = hashlib.sha256(head)
    with body.open("rb") as file:
        while octets := file.read(1 << 20):
            digest.update(octets)
    with whole.open("wb") as file, body.open("rb") as entries:
        file.write(blocklist.MAGIC + digest.digest() + head)
        while octets := entries.read(1 << 20):
            file.write(octets)
        file.flush()
        os.fsync(file.fileno())
    whole.chmod(0o644)  # it is no secret, and the server may run as somebody else
    whole.replace(into)
    return digest.hexdigest()


def _take(path: Path, passwords: _Piles, hashes: _Piles, shortest: int, taken: Taken) -> None:
    if blocklist.is_one(path):
        _take_built(path, passwords, hashes, taken)
        return
    with _opened(path) as file:
        lines = _lines(file)
        first = next(lines, b"")
        if _SHA1_LINE.match(first):
            _take_hashes(path, _again(first, lines), hashes, taken)
        else:
            _take_passwords(_again(first, lines), passwords, shortest, taken)


def _again(first: bytes, others: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from others


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    with path.open("rb") as file:
        zipped = file.read(len(_GZIP)) == _GZIP
        file.seek(0)
        if not zipped:
            yield file
            return
        with gzip.GzipFile(fileobj=file) as inside:
            yield inside  # type: ignore[misc]  # it reads lines like any other


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the lines, none longer than may be a password by far; the rest of such a one is left out."""
    try:
        while line := file.readline(_LONGEST_LINE):
            whole = line
            while line and not line.endswith(b"\n"):
                line = file.readline(_LONGEST_LINE)
                if line:
                    whole = b""  # longer than any password that we take
            yield whole.rstrip(b"\r\n")
    except (EOFError, gzip.BadGzipFile) as error:
        raise OSError(f"the gzip file is damaged ({error})") from error


def _take_passwords(lines: Iterator[bytes], into: _Piles, shortest: int, taken: Taken) -> None:
    for line in lines:
        password = _text(line)
        if not password or len(password) < shortest or too_long(password):
            taken.skipped += 1
            continue
        into.add(blocklist.key_of(password))
        taken.entries += 1


def _text(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")  # what old leaks were written in


def _take_hashes(path: Path, lines: Iterator[bytes], into: _Piles, taken: Taken) -> None:
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        found = _SHA1_LINE.match(line)
        if found is None:
            raise Invalid(
                phrase(
                    "%(path)s, line %(number)s: it is no SHA1:count, as the lines before are.", path=path, number=number
                ),
                field="input",
            )
        into.add(bytes.fromhex(found[1].decode("ascii"))[:WIDTH])
        taken.entries += 1


def _take_built(path: Path, passwords: _Piles, hashes: _Piles, taken: Taken) -> None:
    found = blocklist.read(path)
    for number, key in enumerate(found.keys()):
        (passwords if number < found.description.passwords else hashes).add(key)
        taken.entries += 1
