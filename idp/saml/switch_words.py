"""
What is different between two states of a service provider's switches, in words for an administrator. Pure.

The words are of the form of those for its description (`difference`).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from idp.saml.difference import Change, one, several

_YES_OR_NO = {
    "sign_response": "response is signed",
    "sign_assertion": "assertion is signed",
    "encrypt_assertion": "assertion is encrypted",
    "encrypt_name_id": "NameID is encrypted",
    "require_signed_requests": "signed requests are required",
    "idp_initiated": "may be started from our side",
    "certificate_by_hand": "our certificate is put there by hand",
}
_ONE_VALUE = {
    "nameid_format": "NameID format that is chosen here",
    "name_id_source": "what the NameID is made of",
    "signature_algorithm": "algorithm that we sign by",
    "signing_key_id": "key that we sign with",
    "start_url": "address that the tile leads to",
}


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """
    Return every difference; none where the two say the same.

    Args:
        before, after: values of switches by name, as `switches.values` returns them.
    """
    changes = [change for name, part in _YES_OR_NO.items() for change in one(part, before[name], after[name])]
    changes += several("RelayState that it may be started with", before["relay_states"], after["relay_states"], str)
    changes += [change for name, part in _ONE_VALUE.items() for change in one(part, before[name], after[name])]
    changes += several("authentication context", _contexts(before), _contexts(after), str)
    changes += several("old algorithm that is allowed", before["legacy_algorithms"], after["legacy_algorithms"], str)
    changes += one("day on which old algorithms are off again", _day(before), _day(after))
    return tuple(changes)


def _contexts(values: Mapping[str, Any]) -> list[str]:
    says: Mapping[str, str] = values["context_map"].get("says", {})
    means: Mapping[str, str] = values["context_map"].get("means", {})
    return [
        *(f"a {strength} is called {name}" for strength, name in sorted(says.items())),
        *(f"{name} takes a {strength}" for name, strength in sorted(means.items())),
    ]


def _day(values: Mapping[str, Any]) -> str:
    until = values["legacy_until"]
    return "" if until is None else f"{datetime.fromisoformat(until):%Y-%m-%d}"
