"""What an application asks for, as the pages show it on which a person agrees."""

from typing import Any
from urllib.parse import urlsplit

from idp.base.work import Work
from idp.signon import consent, proving
from idp.signon.progress import Progress

_SIGNS = {"email": "mail", "groups": "group", "offline_access": "clock", "phone": "phone"}
_VALUES_OF = {  # the attributes that are shown of what an application may ask for
    "profile": (
        *("name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website"),
        *("gender", "birthdate", "zoneinfo", "locale"),
    ),
    "phone": ("phone_number",),
    "address": (
        *("address_formatted", "address_street", "address_locality", "address_region"),
        *("address_postal_code", "address_country"),
    ),
}


def in_words(work: Work, progress: Progress, asks: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return what a page shows of *asks* of an application: each with its sign, and the values that would leave."""
    receives = proving.would_receive(work, progress)
    return [
        {
            "name": ask.name,
            "of": ask.of,
            "sentence": ask.sentence,
            "does": bool(ask.sentence),
            "sign": "key" if ask.sentence else _SIGNS.get(ask.name, "person"),
            "values": [value for name in _VALUES_OF.get(ask.name, (ask.name,)) for value in receives.get(name, ())],
        }
        for ask in map(consent.read, asks)
    ]


def link(address: str) -> dict[str, str] | None:
    """Return an address of an application's and whose it is; None for anything but a web address."""
    parts = urlsplit(address)
    return {"url": address, "host": parts.hostname} if parts.scheme in ("https", "http") and parts.hostname else None
