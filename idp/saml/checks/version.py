"""Check the version (SAML Core 2.0 section 4.1.3.1)."""

from idp.base.texts import phrase
from idp.saml.checks.examined import Examined
from idp.saml.errors import VERSION, MessageRefused


def check(examined: Examined) -> None:
    """
    Raises:
        MessageRefused: it is not 2.0.
    """
    if examined.header.version != "2.0":
        raise MessageRefused(
            VERSION,
            phrase("Version is %(version)s", version=repr(examined.header.version[:20])),
            received=examined.header.version[:20],
        )
