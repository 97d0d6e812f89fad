"""What the checks look at."""

from dataclasses import dataclass
from datetime import datetime

from idp.base.values import quickly_made
from idp.saml.messages import Header


@quickly_made
@dataclass(frozen=True, slots=True)
class Examined:
    """
    A request whose signature, if it has one, is good.

    Args:
        signed: whether it has one.
        must_be_signed: whether this service provider, or this kind of message, must have one.
        here: our address that it arrived at, as we publish it.
    """

    header: Header
    signed: bool
    must_be_signed: bool
    here: str
    now: datetime
