"""A browser, or another device, in plain words: "Firefox on Windows". Only ever shown, never judged by."""

import re
from dataclasses import dataclass

# The first sign that is found decides; browsers name those that they resemble as well.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Tizen", "Samsung TV", False),
    ("Web0S", "LG TV", False),
    ("AppleTV", "Apple TV", False),
    ("Roku", "Roku", False),
    ("PlayStation", "PlayStation", False),
    ("Xbox", "Xbox", False),
    ("iPhone", "iPhone", True),
    ("iPad", "iPad", True),
    ("Android", "Android", True),
    ("Windows", "Windows", False),
    ("CrOS", "ChromeOS", False),
    ("Mac OS X", "Mac", False),
    ("Linux", "Linux", False),
)


@dataclass(frozen=True, slots=True)
class Device:
    """What a browser says it is: two names (empty where it says nothing we know), and whether one carries it."""

    browser: str
    system: str
    portable: bool


def device(user_agent: str) -> Device:
    """Return the device that *user_agent* speaks of."""
    browser = next((name for sign, name in _BROWSERS if sign in user_agent), "")
    system, portable = next(((name, small) for sign, name, small in _SYSTEMS if sign in user_agent), ("", False))
    return Device(browser, system, portable)


_PRODUCT = re.compile(r"([A-Za-z][A-Za-z0-9._-]{0,29})(?:/|\s|$)")


def named(user_agent: str) -> str:
    """Return the name that a program gives itself, one word (RFC 9110 section 10.1.5); empty for browsers and nonsense."""
    found = _PRODUCT.match(user_agent)
    return "" if found is None or found[1] == "Mozilla" else found[1]
