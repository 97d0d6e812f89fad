"""
The list of breached passwords that this process asks: one, chosen at start, read whole before it is asked.

The server reads it when it starts, and refuses to start without; a command reads it when it first needs it.
"""

from pathlib import Path
from threading import Lock

from idp.policy import blocklist
from idp.policy.blocklist import Blocklist

_lock = Lock()
_path: Path = blocklist.SHIPPED
_read: Blocklist | None = None


def choose(path: Path | None) -> None:
    """Say which file it is (None: the one that comes with Ostiary). It is read when it is first asked for."""
    global _path, _read
    with _lock:
        wanted = path or blocklist.SHIPPED
        if wanted != _path:
            _path, _read = wanted, None


def current() -> Blocklist:
    """
    Return the list.

    Raises:
        BlocklistFault: the file is missing, damaged, or no such list.
    """
    global _read
    found = _read
    if found is None:
        with _lock:
            found = _read = _read or blocklist.read(_path)
    return found


def listed(password: str) -> bool:
    """Say whether *password* (of bounded length) is on the list. Nothing of it is kept or logged."""
    return current().holds(password)
