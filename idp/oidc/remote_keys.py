"""
Public keys that clients keep at an address of their own (``jwks_uri``), remembered by this process.

Reading never goes to the network: whoever finds keys missing says so, the door fetches them when
no transaction is open, and asks again. How often an address is called has a limit that nobody can
talk us out of with made-up key ids (O18).
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

import orjson

from idp.base import clock
from idp.base.errors import IdpError, Unavailable
from idp.base.texts import phrase, sentence, words_of
from idp.oidc import jose
from idp.oidc.jose import KnownKey, UnusableKeys

LONGEST_BYTES = 256 * 1024
_GOOD_FOR = 600.0
_AT_MOST_EVERY = 30.0
_MOST = 1024


@dataclass(frozen=True, slots=True)
class Wanted:
    """The keys at *address* are needed and not known: fetch them with `fetch`, then ask again."""

    address: str


class KeysWanted(Unavailable):
    """
    Keys are `Wanted` in the middle of something. Whoever opened the transaction lets it roll back, fetches
    the keys, and does everything anew.
    """

    def __init__(self, wanted: Wanted) -> None:
        super().__init__(
            "It cannot be answered just now.",
            cause=phrase("the keys at %(address)s are not known yet", address=wanted.address),
        )
        self.wanted = wanted


@dataclass(frozen=True, slots=True)
class _Held:
    keys: tuple[KnownKey, ...]
    fetched_at: float
    fault: str = ""


_held: OrderedDict[str, _Held] = OrderedDict()
_lock = Lock()


def known(address: str, key_id: str | None, *, algorithm: str | None = None) -> tuple[KnownKey, ...] | Wanted:
    """
    Return the keys at *address* as far as they are known, or that they must be fetched first.

    Keys are good for ten minutes. A *key_id* that is not among them, or an *algorithm* that none
    of them is for, is a reason to look again, but not more often than every half minute.
    """
    held = _held.get(address)
    if held is None:
        return Wanted(address)
    age = clock.monotonic() - held.fetched_at
    if age < _AT_MOST_EVERY:
        return held.keys
    unknown = key_id is not None and all(key.id != key_id for key in held.keys)
    unfit = algorithm is not None and all(algorithm not in key.algorithms for key in held.keys)
    if age >= _GOOD_FOR or not held.keys or unknown or unfit:
        return Wanted(address)
    return held.keys


def fault(address: str) -> str:
    """Return why the keys at *address* could not be fetched the last time; empty where they could."""
    held = _held.get(address)
    return "" if held is None else held.fault


def fetch(wanted: Wanted, get: Callable[[str], bytes]) -> str:
    """
    Fetch the keys that are *wanted*; whatever comes of it is remembered, failures for half a minute.

    Return the cause of a failure for the administrator, the empty string otherwise. Keys that
    were known stay good if the address does not answer.

    Args:
        get: the guarded way to the outside, at most `LONGEST_BYTES`; it raises an `IdpError` where it got
            no answer.
    """
    before = _held.get(wanted.address)
    keys = before.keys if before is not None else ()
    cause = ""
    try:
        parsed = orjson.loads(get(wanted.address))
        keys = jose.client_keys(parsed if isinstance(parsed, dict) else {})
    except (IdpError, UnusableKeys, ValueError) as error:
        why = sentence(error.cause) if isinstance(error, IdpError) else words_of(error)
        cause = phrase("jwks_uri %(address)s: %(why)s", address=wanted.address, why=why)
    with _lock:
        _held[wanted.address] = _Held(keys, clock.monotonic(), cause)
        _held.move_to_end(wanted.address)
        while len(_held) > _MOST:
            _held.popitem(last=False)
    return cause


def forget() -> None:
    """Forget every fetched key."""
    with _lock:
        _held.clear()
