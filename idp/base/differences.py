"""How two addresses differ, in words; and which registered one was most likely meant."""

from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from urllib.parse import SplitResult, urlsplit

_COMPARED = 300
_MOST_COMPARED = 10
_DEFAULT_PORTS = {"https": 443, "http": 80}


def difference(received: str, expected: str) -> str:
    """Return in which parts *received* differs from *expected*, as a phrase; empty where they are equal."""
    if received == expected:
        return ""
    if received.strip() == expected.strip():
        return "blanks around it"
    try:
        ours, theirs = urlsplit(expected), urlsplit(received)
        ports = _port(theirs), _port(ours)
    except ValueError:
        return "it is no address"
    if not theirs.netloc or not ours.netloc:  # a urn, or a word
        return "upper and lower case" if received.lower() == expected.lower() else "another name"
    found: list[str] = []
    if theirs.scheme != ours.scheme:
        found.append(f"{theirs.scheme} instead of {ours.scheme}")
    if theirs.hostname != ours.hostname:
        found.append(f"the host {theirs.hostname} instead of {ours.hostname}")
    elif ports[0] != ports[1] and theirs.scheme == ours.scheme:
        found.append(f"the port {ports[0]} instead of {ports[1]}")
    found += _path(theirs.path, ours.path)
    if theirs.query != ours.query:
        found.append(_query(theirs.query, ours.query))
    if theirs.fragment != ours.fragment:
        found.append("a fragment (#…)")
    return ", ".join(found) or "the way it is written (upper and lower case, or a default port)"


def nearest(received: str, registered: Sequence[str]) -> str:
    """Return the one of *registered* that is most like *received*, empty where there is none."""
    folded = received[:_COMPARED].casefold()

    def likeness(one: str) -> float:
        return SequenceMatcher(None, one[:_COMPARED].casefold(), folded, autojunk=False).ratio()

    # To compare exactly takes long, and there may be hundreds: those that share the most letters are compared.
    letters = Counter(folded)
    likely = sorted(registered, key=lambda one: _apart(letters, Counter(one[:_COMPARED].casefold())))[:_MOST_COMPARED]
    return max(likely, key=likeness, default="")


def alike(one: str, other: str) -> bool:
    """Say whether two names differ in nothing but case, blanks, a trailing slash, or http for https."""
    return one != other and _folded(one) == _folded(other)


def _folded(name: str) -> str:
    return name.strip().casefold().removeprefix("https://").removeprefix("http://").rstrip("/")


def _apart(some: Counter[str], others: Counter[str]) -> int:
    return ((some - others) + (others - some)).total()


def _port(of: SplitResult) -> int | None:
    return of.port or _DEFAULT_PORTS.get(of.scheme)


def _path(received: str, expected: str) -> list[str]:
    if received == expected:
        return []
    if received.rstrip("/") == expected.rstrip("/"):
        return ["a trailing slash too many" if len(received) > len(expected) else "a missing trailing slash"]
    if received.casefold() == expected.casefold():
        return [f"upper and lower case in the path ({received} instead of {expected})"]
    return [f"the path {received or '/'} instead of {expected or '/'}"]


def _query(received: str, expected: str) -> str:
    if not received:
        return f"a missing query (?{expected})"
    return f"a query (?{received})" if not expected else f"the query ?{received} instead of ?{expected}"
