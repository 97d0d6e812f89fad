"""
What a browser says it is (RFC 9110 section 10.1.5): families that rules speak of, and the words that people know.

It is said by the browser itself and proves nothing: whoever wants to be taken for another one is.
"""

from dataclasses import dataclass
from functools import lru_cache

# Sign, family, and the word that people know. The first sign that is found decides; browsers name those that
# they resemble as well.
_BROWSERS = (
    ("Edg", "Edge", "Edge"),
    ("OPR/", "Opera", "Opera"),
    ("SamsungBrowser/", "Samsung Internet", "Samsung Internet"),
    ("Firefox/", "Firefox", "Firefox"),
    ("FxiOS/", "Firefox", "Firefox"),
    ("CriOS/", "Chrome", "Chrome"),
    ("Chromium/", "Chrome", "Chromium"),
    ("Chrome/", "Chrome", "Chrome"),
    ("Safari/", "Safari", "Safari"),
)
# … and whether one carries it.
_SYSTEMS = (
    ("Tizen", "Tizen", "Samsung TV", False),
    ("Web0S", "webOS", "LG TV", False),
    ("AppleTV", "tvOS", "Apple TV", False),
    ("Roku", "Roku", "Roku", False),
    ("PlayStation", "PlayStation", "PlayStation", False),
    ("Xbox", "Xbox", "Xbox", False),
    ("iPhone", "iOS", "iPhone", True),
    ("iPad", "iOS", "iPad", True),
    ("Android", "Android", "Android", True),
    ("Windows", "Windows", "Windows", False),
    ("CrOS", "ChromeOS", "ChromeOS", False),
    ("Mac OS X", "macOS", "Mac", False),
    ("Linux", "Linux", "Linux", False),
)


@dataclass(frozen=True, slots=True)
class UserAgent:
    """
    What a browser says it is; empty where it says nothing that we know.

    Args:
        browser, operating_system: families, as rules name them: "Chrome", "macOS".
        browser_name, system_name: the words that people know: "Chromium", "Mac".
        portable: one carries it.
    """

    browser: str = ""
    browser_name: str = ""
    operating_system: str = ""
    system_name: str = ""
    portable: bool = False


_NOTHING = ("", "", "")


@lru_cache(maxsize=1024)
def read(user_agent: str) -> UserAgent:
    """Return what the header *user_agent* speaks of."""
    _, browser, called = next((one for one in _BROWSERS if one[0] in user_agent), _NOTHING)
    _, system, known_as, portable = next((one for one in _SYSTEMS if one[0] in user_agent), (*_NOTHING, False))
    return UserAgent(browser, called, system, known_as, portable)
