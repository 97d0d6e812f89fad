"""
Old algorithms, for one service provider, until a day (threats X12): what is allowed, and for how long.

Whoever allows one says until when. After that it is off by itself: nobody has to remember it.
RSA with PKCS #1 v1.5 for keys, MD5, DSA and 3DES are allowed to nobody.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from idp.base.errors import Invalid
from idp.base.texts import joined, phrase

RSA_SHA1, AES128_CBC, AES256_CBC = "rsa-sha1", "aes128-cbc", "aes256-cbc"
LONGEST = timedelta(days=180)

_CBC = phrase("whoever can watch how the application fails can read what is encrypted with AES-CBC")
RISKS: dict[str, str] = {
    RSA_SHA1: phrase("signatures with SHA-1 can be forged by whoever can pay for a collision"),
    AES128_CBC: _CBC,
    AES256_CBC: _CBC,
}
"""The old algorithms that can be allowed, each with what it risks."""
_CBC_READ = phrase("Whoever can watch how the application fails can read what is encrypted with AES-CBC.")
RISKS_AS_SENTENCES: dict[str, str] = {
    RSA_SHA1: phrase("Signatures with SHA-1 can be forged by whoever can pay for a collision."),
    AES128_CBC: _CBC_READ,
    AES256_CBC: _CBC_READ,
}


def live(algorithms: Iterable[str], until: datetime | None, now: datetime) -> frozenset[str]:
    """Return those of *algorithms* that hold at *now*: all until that moment, none after it."""
    if until is None or now >= until:
        return frozenset()
    return frozenset(name for name in algorithms if name in RISKS)


def judge(algorithms: Iterable[str], until: datetime | None, now: datetime) -> None:
    """
    Raises:
        Invalid: an algorithm is never allowed, or the day is missing, past, or too far away.
    """
    chosen = list(algorithms)
    for name in chosen:
        if name not in RISKS:
            raise Invalid(
                phrase("The algorithm “%(name)s” is allowed to nobody.", name=name[:80]),
                field="legacy_algorithms",
                advice=phrase("What can be allowed until a day: %(value)s.", value=", ".join(RISKS)),
            )
    if not chosen:
        if until is not None:
            raise Invalid("A day without an old algorithm allows nothing.", field="legacy_until")
        return
    if until is None:
        raise Invalid(
            "An old algorithm is allowed until a day only.",
            field="legacy_until",
            advice=phrase(
                "Say the day by which the application will be mended, at most %(days)s days from now.",
                days=LONGEST.days,
            ),
        )
    if not now < until <= now + LONGEST:
        raise Invalid(
            phrase("Old algorithms are allowed for 1 to %(days)s days from now.", days=LONGEST.days),
            field="legacy_until",
            advice=phrase(
                "Choose a day up to %(day)s. It can be prolonged when it comes.", day=f"{now + LONGEST:%Y-%m-%d}"
            ),
        )


def warning(algorithms: Iterable[str], until: datetime | None, now: datetime) -> str:
    """Return what is to be said loudly about them; empty where none is allowed."""
    chosen = sorted(algorithms)
    if not chosen or until is None:
        return ""
    names = ", ".join(chosen)
    if now >= until:
        return phrase(
            "old algorithms (%(names)s) were allowed until %(until)s UTC and are off since then",
            names=names,
            until=f"{until:%Y-%m-%d %H:%M}",
        )
    risks = joined(list(dict.fromkeys(RISKS[name] for name in chosen if name in RISKS)), "; ")
    return phrase(
        "old algorithms (%(names)s) are allowed until %(until)s UTC: %(risks)s",
        names=names,
        until=f"{until:%Y-%m-%d %H:%M}",
        risks=risks,
    )
