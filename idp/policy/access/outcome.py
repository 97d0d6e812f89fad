"""What the rules of contextual access say of one request."""

from dataclasses import dataclass

from idp.policy.signon import Decision


@dataclass(frozen=True, slots=True)
class Allowed:
    """
    It may go on, once what is required is proven.

    Args:
        rule: the rule that decided, in words.
        requires: what must be proven beyond the authentication policy; None: nothing.
    """

    rule: str = ""
    requires: Decision | None = None


@dataclass(frozen=True, slots=True)
class Denied:
    """It may not go on. ``text`` is for the person, ``rule`` for the administrator."""

    rule: str
    text: str = ""


Outcome = Allowed | Denied

ALLOWED = Allowed()
