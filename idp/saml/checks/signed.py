"""Check that what must be signed is (SAML Metadata 2.0 section 2.4.4; X9, X14; for logout X28)."""

from idp.saml.checks.examined import Examined
from idp.saml.errors import SIGNATURE, MessageRefused


def check(examined: Examined) -> None:
    """
    Raises:
        MessageRefused: it is not signed, although it must be.
    """
    if examined.must_be_signed and not examined.signed:
        raise MessageRefused(
            SIGNATURE, "the request is not signed, and this service provider's must be", reason="missing"
        )
