"""Check that a message was made for the address where it arrived (SAML Bindings 2.0 sections 3.4.5.2, 3.5.5.2; X18)."""

from idp.base.texts import phrase
from idp.saml.checks.examined import Examined
from idp.saml.errors import DESTINATION, MessageRefused


def check(examined: Examined) -> None:
    """
    Raises:
        MessageRefused: it was made for another address, or is signed and says none.
    """
    destination = examined.header.destination
    if destination is None and examined.signed:
        raise MessageRefused(DESTINATION, "the message is signed but has no Destination", expected=examined.here)
    if destination is not None and destination != examined.here:
        raise MessageRefused(
            DESTINATION,
            phrase(
                "Destination is %(destination)s, not %(here)s",
                destination=repr(destination[:300]),
                here=repr(examined.here),
            ),
            received=destination[:300],
            expected=examined.here,
        )


def check_if_there(examined: Examined) -> None:
    """
    Check a message that came by SOAP: no browser carried it, so it need not say where it goes
    (SAML Bindings 2.0 section 3.2 asks for nothing; Core 2.0 section 3.2.1 for what is there to be right).

    Raises:
        MessageRefused: it was made for another address.
    """
    if examined.header.destination is not None:
        check(examined)
