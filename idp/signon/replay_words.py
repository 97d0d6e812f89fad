"""What a replay found, in words and in order: the command line and the console say the same."""

from idp.base.texts import joined, phrase
from idp.policy.access.evaluate import FACTS
from idp.policy.access.replay import Change, Count
from idp.signon.replaying import Replayed

WORDS = {
    Change.DENIED: "would newly be denied",
    Change.ASKED: "would newly be asked for something more",
    Change.LET_IN: "would newly get in",
    Change.SPARED: "would be asked for less",
    Change.CANNOT_TELL: "cannot be told",
}


def people(found: Replayed, change: Change) -> list[tuple[str, Count]]:
    """Return whom a change would meet, by their ids: those first whom it would meet most often."""
    of = found.tally.found.get(change, {})
    return sorted(of.items(), key=lambda one: (-one[1].count, found.people.get(one[0], one[0])))


def why(change: Change, reason: str) -> str:
    """Return in words why: the rule; where it cannot be told, the facts that were not recorded."""
    if change is not Change.CANNOT_TELL:
        return reason
    return phrase("not recorded: %(facts)s", facts=joined([FACTS.get(one, one) for one in reason.split(", ")], ", "))


def sign_ons(count: int) -> str:
    """Return so many sign-ons in words."""
    return f"{count:,} sign-on{'' if count == 1 else 's'}"
