"""
Authentication contexts as SAML names them (SAML Core 2.0 section 3.3.2.2.1; REFEDS MFA Profile; X27).

What was proven has a strength (policy); here a strength gets the name of a class, and what a request
asks for becomes the least strength that satisfies it. Where a service provider has names of its own,
an administrator maps them, but never so that more is claimed than was proven.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from idp.base.errors import Invalid
from idp.base.texts import phrase
from idp.policy.signon import Strength
from idp.saml import names
from idp.saml.messages import RequestedContext

STRENGTHS: dict[str, Strength] = {
    names.CONTEXT_UNSPECIFIED: Strength.PASSWORD,
    names.PASSWORD: Strength.PASSWORD,
    names.PASSWORD_PROTECTED_TRANSPORT: Strength.PASSWORD,
    names.REFEDS_MFA: Strength.SECOND_STEP,
    names.PHISHING_RESISTANT: Strength.PHISHING_RESISTANT,
}
"""The classes that we can attest, and what each takes."""

_NAMES = {
    Strength.PASSWORD: names.PASSWORD_PROTECTED_TRANSPORT,
    Strength.SECOND_STEP: names.REFEDS_MFA,
    Strength.PHISHING_RESISTANT: names.REFEDS_MFA,  # the strongest name that service providers know
}

# Names whose meaning others have laid down; a map may use them for this or for more, never for less.
_TAKES: dict[str, Strength] = STRENGTHS | {
    "https://refeds.org/profile/sfa": Strength.PASSWORD,
    "http://schemas.microsoft.com/claims/multipleauthn": Strength.SECOND_STEP,
    "http://idmanagement.gov/ns/assurance/aal/2": Strength.SECOND_STEP,
    "http://eidas.europa.eu/LoA/substantial": Strength.SECOND_STEP,
}
# SAML Authentication Context 2.0 section 3.4: what speaks of means that nobody here signs in with.
_BEYOND_US = frozenset(
    names.CONTEXT_CLASSES + name
    for name in (
        "InternetProtocol",
        "InternetProtocolPassword",
        "Kerberos",
        "MobileOneFactorUnregistered",
        "MobileTwoFactorUnregistered",
        "MobileOneFactorContract",
        "MobileTwoFactorContract",
        "PreviousSession",
        "X509",
        "PGP",
        "SPKI",
        "XMLDSig",
        "Smartcard",
        "SmartcardPKI",
        "SoftwarePKI",
        "Telephony",
        "NomadTelephony",
        "PersonalTelephony",
        "AuthenticatedTelephony",
        "SecureRemotePassword",
        "TLSClient",
        "TimeSyncToken",  # a recovery code is a second step, too, and no token
    )
) | {"http://idmanagement.gov/ns/assurance/aal/3", "http://eidas.europa.eu/LoA/high"}
_MOST_NAMES = 64
_LONGEST_NAME = 1024

WORDS: dict[str, Strength] = {one.name.lower().replace("_", "-"): one for one in Strength}
"""Strengths by the words that administrators use: ``password``, ``second-step``, ``phishing-resistant``."""
_WORD_OF = {strength: word for word, strength in WORDS.items()}


@dataclass(frozen=True, slots=True)
class ContextMap:
    """
    What classes mean between us and one service provider.

    Args:
        says: the class that we attest a strength by.
        means: the strength that a requested class takes. What is in neither is as the standard has it.
    """

    says: Mapping[Strength, str] = field(default_factory=dict)
    means: Mapping[str, Strength] = field(default_factory=dict)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """
        Return the map in its stored form: ``{"says": {strength: class}, "means": {class: strength}}``.

        Raises:
            Invalid: a strength is none.
        """
        if not values:
            return cls()
        return cls(
            {_strength(word): str(name) for word, name in values.get("says", {}).items()},
            {str(name): _strength(word) for name, word in values.get("means", {}).items()},
        )

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads; nothing for a map without entries."""
        if not self.says and not self.means:
            return {}
        return {
            "says": {_WORD_OF[strength]: name for strength, name in self.says.items()},
            "means": {name: _WORD_OF[strength] for name, strength in self.means.items()},
        }

    def strength_of(self, class_: str) -> Strength | None:
        """Return the strength that *class_* takes, None where it is not known."""
        found = self.means.get(class_)
        if found is None:
            found = STRENGTHS.get(class_)
        if found is None:  # a name that we use is one that we understand
            found = min((strength for strength, name in self.says.items() if name == class_), default=None)
        return found

    def name_of(self, strength: Strength) -> str:
        """Return the class that attests *strength*; where a map has none for the strongest, its next weaker one does."""
        said = self.says.get(strength)
        if said is None and strength is Strength.PHISHING_RESISTANT:
            said = self.says.get(Strength.SECOND_STEP)
        return said or _NAMES[strength]


STANDARD_MAP = ContextMap()


def judge(chosen: ContextMap) -> None:
    """
    Say whether *chosen* is truthful: no class stands for less than it takes (X27).

    Raises:
        Invalid: an entry claims more than was proven, or is no name.
    """
    entries = [*((name, strength) for strength, name in chosen.says.items()), *chosen.means.items()]
    if len(entries) > _MOST_NAMES:
        raise _fault(f"A map has at most {_MOST_NAMES} names.", "Leave out those that are not used.")
    for name, strength in entries:
        if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable() or " " in name:
            raise _fault("The name of a class is empty, too long, or has blanks in it.", "Write it as the vendor does.")
        if name in _BEYOND_US:
            raise _fault(
                f"“{name}” would claim a way of signing in that nobody here uses.",
                "Ask the application's vendor which class it takes for a password or a second step.",
            )
        if strength < _TAKES.get(name, strength):
            raise _fault(
                f"“{name}” takes a {_WORD_OF[_TAKES[name]]} and cannot stand for a {_WORD_OF[strength]}.",
                "Choose another class for it.",
            )
    for strength in Strength:
        name = chosen.name_of(strength)
        taken = chosen.strength_of(name)
        if taken is not None and taken > strength:
            raise _fault(
                f"“{name}” is to mean {_WORD_OF[taken]}, and is also what a {_WORD_OF[strength]} is attested by.",
                phrase("Say another class for %(strength)s.", strength=_WORD_OF[strength]),
            )


def least(asked: RequestedContext | None, by: ContextMap = STANDARD_MAP) -> tuple[Strength | None, bool]:
    """Return the least strength that satisfies *asked* (None: any), and whether nothing of ours does."""
    if asked is None:
        return None, False
    known = [strength for strength in map(by.strength_of, asked.classes) if strength is not None]
    if asked.by_declaration or not known:
        return None, True
    if asked.comparison == "better":  # than any of those named; one that we do not know cannot be surpassed
        wanted = max(known) + 1
        attainable = len(known) == len(asked.classes) and wanted <= max(Strength)
        return (Strength(wanted), False) if attainable else (None, True)
    if asked.comparison == "maximum":  # not stronger than one of those named: the name that we answer with is not
        return Strength.PASSWORD, False
    return min(known), False


def attested(strength: Strength, comparison: str, classes: tuple[str, ...], by: ContextMap = STANDARD_MAP) -> str:
    """
    Return the class that tells the truth about *strength* in the way the request can take it.

    Asked for exact classes, it is the first of them (they come in order of preference) that was
    reached; asked for a maximum, the strongest name that does not exceed it; else the strongest at all.
    """
    if comparison == "exact":
        for name in classes:
            taken = by.strength_of(name)
            if taken is not None and taken <= strength:
                return name
    elif comparison == "maximum":
        known = [taken for taken in map(by.strength_of, classes) if taken is not None]
        return by.name_of(min(strength, max(known, default=strength)))
    name = by.name_of(strength)
    wanted, _ = least(RequestedContext(comparison, classes), by) if classes else (None, False)
    if wanted is not None and (by.strength_of(name) or strength) < wanted <= strength:
        return _strong_enough(classes, wanted, strength, by) or name
    return name


def _strong_enough(classes: tuple[str, ...], wanted: Strength, strength: Strength, by: ContextMap) -> str | None:
    """Return a class that takes *wanted* and was reached: one that was named, else one that others have laid down."""
    for name in (*classes, names.REFEDS_MFA, names.PHISHING_RESISTANT):
        taken = by.strength_of(name)
        if taken is not None and wanted <= taken <= strength:
            return name
    return None


def _strength(word: str) -> Strength:
    if word not in WORDS:
        raise _fault(
            phrase("“%(word)s” is no strength.", word=word[:80]),
            phrase("Say one of: %(words)s.", words=", ".join(WORDS)),
        )
    return WORDS[word]


def _fault(message: str, advice: str) -> Invalid:
    return Invalid(message, field="context_map", advice=advice)
