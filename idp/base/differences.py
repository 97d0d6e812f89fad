"""How two addresses differ, in words; and which registered one was most likely meant."""

from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from urllib.parse import SplitResult, urlsplit

from idp.base.texts import joined, phrase

_COMPARED = 300
_MOST_COMPARED = 10
_DEFAULT_PORTS = {"https": 443, "http": 80}


def difference(received: str, expected: str) -> str:
    """Return in which parts *received* differs from *expected*, as a phrase; empty where they are equal."""
    if received == expected:
        return ""
    if received.strip() == expected.strip():
        return phrase("blanks around it")
    try:
        ours, theirs = urlsplit(expected), urlsplit(received)
        ports = _port(theirs), _port(ours)
    except ValueError:
        return phrase("it is no address")
    if not theirs.netloc or not ours.netloc:  # a urn, or a word
        return phrase("upper and lower case") if received.lower() == expected.lower() else phrase("another name")
    found: list[str] = []
    if theirs.scheme != ours.scheme:
        found.append(phrase("%(received)s instead of %(expected)s", received=theirs.scheme, expected=ours.scheme))
    if theirs.hostname != ours.hostname:
        found.append(
            phrase("the host %(received)s instead of %(expected)s", received=theirs.hostname, expected=ours.hostname)
        )
    elif ports[0] != ports[1] and theirs.scheme == ours.scheme:
        found.append(phrase("the port %(received)s instead of %(expected)s", received=ports[0], expected=ports[1]))
    found += _path(theirs.path, ours.path)
    if theirs.query != ours.query:
        found.append(_query(theirs.query, ours.query))
    if theirs.fragment != ours.fragment:
        found.append(phrase("a fragment (#…)"))
    if not found:
        return phrase("the way it is written (upper and lower case, or a default port)")
    return joined(found, ", ")


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
        return [
            phrase("a trailing slash too many") if len(received) > len(expected) else phrase("a missing trailing slash")
        ]
    if received.casefold() == expected.casefold():
        return [
            phrase(
                "upper and lower case in the path (%(received)s instead of %(expected)s)",
                received=received,
                expected=expected,
            )
        ]
    return [phrase("the path %(received)s instead of %(expected)s", received=received or "/", expected=expected or "/")]


def _query(received: str, expected: str) -> str:
    if not received:
        return phrase("a missing query (?%(expected)s)", expected=expected)
    return (
        phrase("a query (?%(received)s)", received=received)
        if not expected
        else phrase("the query ?%(received)s instead of ?%(expected)s", received=received, expected=expected)
    )
