"""A browser in plain words: "Firefox on Windows". Only ever shown, never judged by."""

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
