"""
What a change of our signing key is at the moment, and where one service provider stands in it. Pure.

A rollover of a kind of key (RSA, EC) goes on while there is a ``next`` key: from the active one to it;
and afterwards, as long as the one that was retired last is still published, so that there is a way back.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from idp.base.texts import phrase
from idp.keyring.keyring import ACTIVE, NEXT, RETIRED, Key
from idp.saml import signing

NEW, FORMER, OLDER = "new", "former", "older"


@dataclass(frozen=True, slots=True)
class Campaign:
    """A rollover that is going on: the key that everybody knows, and the one that they are to get used to."""

    on_curve: bool
    former: Key
    new: Key

    @property
    def kind(self) -> str:
        """What people call this kind of key."""
        return "EC" if self.on_curve else "RSA"

    def is_for(self, signature_algorithm: str) -> bool:
        """Say whether a service provider that is answered by that algorithm is part of it."""
        return signing.by_curve(signature_algorithm) == self.on_curve

    def signs_with(self, signing_key_id: str) -> str:
        """
        Return which key a service provider is answered with that has that one named (empty: none).

        One that was taken back in the rollover before this one may still have an older key.
        """
        if signing_key_id == "":
            return NEW if self.new.state == ACTIVE else FORMER
        return {self.new.id: NEW, self.former.id: FORMER}.get(signing_key_id, OLDER)

    def name_of(self, key: Key) -> str:
        """Return how *key* is named for a service provider: not at all, where it is the active one."""
        return "" if key.state == ACTIVE else key.id


def campaigns(keys: tuple[Key, ...]) -> tuple[Campaign, ...]:
    """Return the rollovers that *keys*, the published ones of a site with the oldest first, are in."""
    found = []
    for on_curve in (False, True):
        mine = [key for key in keys if signing.is_on_curve(key) == on_curve]
        active = _last(mine, ACTIVE)
        following, former = _last(mine, NEXT), _last(mine, RETIRED)
        if active is None:
            continue
        if following is not None:
            found.append(Campaign(on_curve, active, following))
        elif former is not None:
            found.append(Campaign(on_curve, former, active))
    return tuple(found)


def _last(keys: Iterable[Key], state: str) -> Key | None:
    return next((key for key in reversed(list(keys)) if key.state == state), None)


class Standing(StrEnum):
    """Where a service provider stands; each says what is known, and no more."""

    UNKNOWN = "unknown"
    BY_HAND = "by-hand"
    BACK = "back"
    READY = "ready"
    SWITCHED = "switched"
    ANSWERED = "answered"
    CONFIRMED = "confirmed"
    PROVEN = "proven"


HOLDS = frozenset({Standing.BY_HAND, Standing.BACK})
"""Where nobody may be switched without being asked: the former key stays for them."""

WORDS: dict[Standing, str] = {
    Standing.UNKNOWN: phrase("nothing shows that it knows the new certificate"),
    Standing.BY_HAND: phrase("its copy of our certificate is kept by hand: put the new one there, then confirm"),
    Standing.BACK: phrase("it was taken back to the former key: find out why, then confirm"),
    Standing.READY: phrase("it can be switched"),
    Standing.SWITCHED: phrase("switched; nobody has signed on since"),
    Standing.ANSWERED: phrase("answered with the new key; nothing shows yet that it was taken"),
    Standing.CONFIRMED: phrase("an administrator has seen that it takes the new key"),
    Standing.PROVEN: phrase("it has shown that it takes the new key"),
}


def standing(
    *,
    on_new: bool,
    by_hand: bool,
    fetched_at: datetime | None,
    confirmed_at: datetime | None,
    switched_at: datetime | None,
    answered_at: datetime | None,
    proven_at: datetime | None,
    closed_at: datetime | None,
) -> Standing:
    """
    Return where a service provider stands, by what is known of it and this key.

    Who confirms before the switch says that it has the certificate; who does so after it, that it works.
    """
    if on_new:
        if proven_at is not None:
            return Standing.PROVEN
        if confirmed_at is not None and switched_at is not None and confirmed_at >= switched_at:
            return Standing.CONFIRMED
        return Standing.SWITCHED if answered_at is None else Standing.ANSWERED
    if proven_at is not None or confirmed_at is not None:
        return Standing.READY
    if switched_at is not None and closed_at is not None:
        return Standing.BACK
    if by_hand:  # whoever read our metadata, it was not what its certificate comes from
        return Standing.BY_HAND
    return Standing.UNKNOWN if fetched_at is None else Standing.READY
