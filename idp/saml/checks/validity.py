"""Check that what is known of the service provider may still be used (SAML Metadata 2.0 section 2.3.2; X30)."""

from datetime import datetime, timedelta

from idp.base.texts import phrase
from idp.saml.errors import EXPIRED, MessageRefused
from idp.saml.facts import ProviderFacts

_CLOCK = timedelta(minutes=3)


def check(known: ProviderFacts, now: datetime) -> None:
    """
    Raises:
        MessageRefused: its metadata comes from an address, and was valid until a moment that has passed: nobody
            vouches for its addresses and keys any more.
    """
    if known.valid_until is not None and known.valid_until <= now - _CLOCK:
        raise MessageRefused(
            EXPIRED,
            phrase("its metadata was valid until %(until)s UTC", until=f"{known.valid_until:%Y-%m-%d %H:%M}"),
            until=known.valid_until.isoformat(),
        )
