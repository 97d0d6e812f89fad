"""A browser, or another device, in plain words: "Firefox on Windows". Only ever shown, never judged by."""

import re
from dataclasses import dataclass

from idp.base import user_agents


@dataclass(frozen=True, slots=True)
class Device:
    """What a browser says it is: two names (empty where it says nothing we know), and whether one carries it."""

    browser: str
    system: str
    portable: bool


def device(user_agent: str) -> Device:
    """Return the device that *user_agent* speaks of."""
    found = user_agents.read(user_agent)
    return Device(found.browser_name, found.system_name, found.portable)


_PRODUCT = re.compile(r"([A-Za-z][A-Za-z0-9._-]{0,29})(?:/|\s|$)")


def named(user_agent: str) -> str:
    """Return the name that a program gives itself, one word (RFC 9110 section 10.1.5); empty for browsers and nonsense."""
    found = _PRODUCT.match(user_agent)
    return "" if found is None or found[1] == "Mozilla" else found[1]
