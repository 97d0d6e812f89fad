"""
From the attributes that a service provider asks for to what we could release to it: a proposal, never a decision.

Pure. What is asked for is recognized by `recognizing`, and would be sent under the very name that was asked for.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from idp.base.errors import Invalid
from idp.policy.rules import ATTRIBUTE, Rule
from idp.saml.description import RequestedAttribute
from idp.saml.recognizing import NONE, Own, recognized

_ASKED_FOR = ("uri", "basic")  # unspecified is also what nothing means (SAML Core 2.0 section 2.7.3.1)


@dataclass(frozen=True, slots=True)
class Supplied:
    """An attribute that is asked for, the one that it is here, and the rule that would send it."""

    requested: RequestedAttribute
    attribute: str
    rule: Rule


@dataclass(frozen=True, slots=True)
class Proposal:
    """
    What could be released: those attributes that are asked for, and no other.

    Args:
        missing: what is asked for and we have not got.
    """

    supplied: tuple[Supplied, ...]
    missing: tuple[RequestedAttribute, ...]

    @property
    def attributes(self) -> tuple[str, ...]:
        """What they are called here, each once."""
        return tuple(dict.fromkeys(one.attribute for one in self.supplied))

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that would send them."""
        return tuple(one.rule for one in self.supplied)


def propose(requested: Iterable[RequestedAttribute], own: Own = NONE) -> Proposal:
    """
    Return what could be released to a service provider that asks for *requested*; of one name the first counts.

    Args:
        own: what the organization lets applications have beside the attributes of every account.
    """
    supplied, missing = [], []
    first: dict[str, RequestedAttribute] = {}
    for one in requested:
        first.setdefault(one.name, one)
    for one in first.values():
        found = _supplied(one, own)
        if found is None:
            missing.append(one)
        else:
            supplied.append(found)
    return Proposal(tuple(supplied), tuple(missing))


def _supplied(requested: RequestedAttribute, own: Own) -> Supplied | None:
    ours = recognized(requested, own)
    if ours is None:
        return None
    values = {"name": requested.name, "friendly_name": requested.friendly_name, "source": ATTRIBUTE, "value": ours}
    format_ = requested.name_format.rpartition(":")[2]
    if format_ in _ASKED_FOR:
        values["name_format"] = format_
    try:
        return Supplied(requested, ours, Rule.from_json(values))
    except Invalid:  # asked for under a name that nothing can be sent under
        return None
