"""
The installation's wrapping keys: files in ``keys/`` that seal every secret in the database.

``keyring.yaml`` names them and says which one seals; ``<name>.key`` (0600) holds 32 bytes in
hexadecimal. Nothing is ever regenerated silently: a missing or foreign key refuses the start.
"""

import os
import secrets
import stat
from datetime import datetime
from pathlib import Path

import yaml

from idp.base.crypto import Vault
from idp.base.errors import Conflict, Unavailable
from idp.base.texts import phrase

_LIST = "keyring.yaml"
_BYTES = 32


class KeyFault(Unavailable):
    """The keys folder cannot be used as it is; the message says which file and what to do."""

    code = "keys-unusable"


def exists(folder: Path) -> bool:
    """Say whether *folder* holds a keyring."""
    return (folder / _LIST).exists()


def create(folder: Path, now: datetime) -> str:
    """
    Make the first wrapping key in *folder*; return its name.

    Raises:
        Conflict: there is a keyring already; it is never overwritten.
    """
    if exists(folder):
        raise Conflict(phrase("%(folder)s holds a keyring already.", folder=folder))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    name = f"wrap-{now:%Y%m%d}-{secrets.token_hex(3)}"
    _write(folder / f"{name}.key", secrets.token_hex(_BYTES) + "\n")
    listing = {"wrapping": {"active": name, "keys": [{"name": name, "since": now.isoformat(timespec="seconds")}]}}
    _write(folder / _LIST, yaml.safe_dump(listing, sort_keys=False))
    return name


def load(folder: Path) -> Vault:
    """
    Return the vault of the keys in *folder*.

    Raises:
        KeyFault: missing, unreadable, damaged, or open to others.
    """
    listing_file = folder / _LIST
    if not listing_file.exists():
        raise KeyFault(
            f"{listing_file} is missing.",
            advice="Restore the keys folder from your backup. Only a new installation gets new keys (`idp init`).",
        )
    _refuse_loose(folder)
    _refuse_loose(listing_file)
    try:
        listing = yaml.safe_load(listing_file.read_text(encoding="utf-8"))["wrapping"]
        names = [entry["name"] for entry in listing["keys"]]
        active = listing["active"]
    except (yaml.YAMLError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise KeyFault(f"{listing_file} is damaged.", advice="Restore it from your backup.") from error
    keys = {name: _read(folder / f"{name}.key") for name in names}
    if active not in keys:
        raise KeyFault(
            f"{listing_file} names an active key that it does not list.", advice="Restore it from your backup."
        )
    return Vault(keys=keys, active=active)


def _read(file: Path) -> bytes:
    if not file.exists():
        raise KeyFault(f"{file} is missing.", advice="Restore it from your backup.")
    _refuse_loose(file)
    try:
        key = bytes.fromhex(file.read_text(encoding="ascii").strip())
    except (ValueError, UnicodeDecodeError) as error:
        raise KeyFault(f"{file} is damaged.", advice="Restore it from your backup.") from error
    if len(key) != _BYTES:
        raise KeyFault(f"{file} is damaged: it does not hold {_BYTES} bytes.", advice="Restore it from your backup.")
    return key


def _refuse_loose(path: Path) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise KeyFault(
            f"{path} is open to others (mode {mode:o}).",
            advice=phrase("Run: chmod %(mode)s %(path)s", mode="700" if path.is_dir() else "600", path=path),
        )


def _write(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
