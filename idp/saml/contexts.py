"""
Authentication contexts as SAML names them (SAML Core 2.0 section 3.3.2.2.1; REFEDS MFA Profile; X27).

What was proven has a strength (policy); here a strength gets the name of a class, and what a request
asks for becomes the least strength that satisfies it.
"""

from idp.policy.signon import Strength
from idp.saml import names
from idp.saml.messages import RequestedContext

STRENGTHS: dict[str, Strength] = {
    names.CONTEXT_UNSPECIFIED: Strength.PASSWORD,
    names.PASSWORD: Strength.PASSWORD,
    names.PASSWORD_PROTECTED_TRANSPORT: Strength.PASSWORD,
    names.REFEDS_MFA: Strength.SECOND_STEP,
}
"""The classes that we can attest, and what each takes."""

_NAMES = {Strength.PASSWORD: names.PASSWORD_PROTECTED_TRANSPORT, Strength.SECOND_STEP: names.REFEDS_MFA}


def least(asked: RequestedContext | None) -> tuple[Strength | None, bool]:
    """Return the least strength that satisfies *asked* (None: any), and whether nothing of ours does."""
    if asked is None:
        return None, False
    known = [STRENGTHS[name] for name in asked.classes if name in STRENGTHS]
    if asked.by_declaration or not known:
        return None, True
    if asked.comparison == "better":  # than any of those named; one that we do not know cannot be surpassed
        wanted = max(known) + 1
        attainable = len(known) == len(asked.classes) and wanted <= max(Strength)
        return (Strength(wanted), False) if attainable else (None, True)
    if asked.comparison == "maximum":  # not stronger than one of those named: the name that we answer with is not
        return Strength.PASSWORD, False
    return min(known), False


def attested(strength: Strength, comparison: str, classes: tuple[str, ...]) -> str:
    """
    Return the class that tells the truth about *strength* in the way the request can take it.

    Asked for exact classes, it is the first of them (they come in order of preference) that was
    reached; asked for a maximum, the strongest name that does not exceed it; else the strongest at all.
    """
    if comparison == "exact":
        reached = (name for name in classes if name in STRENGTHS and STRENGTHS[name] <= strength)
        return next(reached, _NAMES[strength])
    if comparison == "maximum":
        highest = max((STRENGTHS[name] for name in classes if name in STRENGTHS), default=strength)
        return _NAMES[min(strength, highest)]
    return _NAMES[strength]
