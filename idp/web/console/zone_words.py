"""What a changed zone does, and to how many: the sentences that are said before it is kept."""

from dataclasses import dataclass, fields

from idp.base.work import Work
from idp.directory import reaching, zones
from idp.directory.access_policies import BLOCKLIST
from idp.directory.zones import Contents
from idp.policy.models import Zone
from idp.policy.permissions import Permission
from idp.signon.zone_reach import Moved, moved
from idp.web.console import replays
from idp.web.console.desk import Desk
from idp.web.languages import ngettext

_NOTHING = Contents()


@dataclass(frozen=True, slots=True)
class Standing:
    """A zone as it stood before a change."""

    name: str
    usage: str
    contents: Contents


def standing(of: Zone) -> Standing:
    """Return how a zone stands now."""
    return Standing(of.name, of.usage, zones.contents_of(of))


def said(work: Work, desk: Desk, before: Standing | None, after: Zone) -> list[str]:
    """
    Return what a change does, in sentences; none: it meets nobody.

    Args:
        before: None: the zone was not there.
        after: as it is now, within the same transaction.
    """
    is_now = standing(after)
    was, becomes = _blocked(before), _blocked(is_now)
    says: list[str] = []
    if was != becomes:
        met = _moved(work, desk, was, becomes)
        if _adds(was, becomes):
            says.append(_shut_out(work, desk, met))
        if _adds(becomes, was):
            says.append(_let_in(work, desk))
    rules = zones.named_by(work, after) if before is not None and before.contents != is_now.contents else []
    if before is not None and rules:
        says.append(_ruled(work, desk, len(rules), _moved(work, desk, before.contents, is_now.contents)))
    return says


def _blocked(of: Standing | None) -> Contents:
    return of.contents if of is not None and of.usage == BLOCKLIST else _NOTHING


def _adds(before: Contents, after: Contents) -> bool:
    return any(set(getattr(after, one.name)) - set(getattr(before, one.name)) for one in fields(Contents))


def _moved(work: Work, desk: Desk, before: Contents, after: Contents) -> Moved | None:
    """Return whom a change meets by the latest sign-ons; None: whoever asks may not read these."""
    if not desk.may(Permission.AUDIT_READ):
        return None
    return moved(work, desk.organization.id, before, after, days=replays.DAYS, most=replays.MOST)


def _shut_out(work: Work, desk: Desk, met: Moved | None) -> str:
    if met is None:
        count = reaching.everyone(work, desk.organization.id)
        words = ngettext(
            "Whatever comes from the addresses that this puts onto the block list gets no answer at all; that counts for %(num)s person of the organization.",
            "Whatever comes from the addresses that this puts onto the block list gets no answer at all; that counts for all %(num)s people of the organization.",
            count,
        )
        return words % {"num": count}
    words = ngettext(
        "Whatever comes from the addresses that this puts onto the block list gets no answer at all; %(num)s person has signed on from there in the last %(days)s days.",
        "Whatever comes from the addresses that this puts onto the block list gets no answer at all; %(num)s people have signed on from there in the last %(days)s days.",
        met.entering,
    )
    return words % {"num": met.entering, "days": replays.DAYS}


def _let_in(work: Work, desk: Desk) -> str:
    count = reaching.everyone(work, desk.organization.id)
    words = ngettext(
        "Whatever comes from the addresses that this takes off the block list gets answers again at once; the %(num)s person of the organization can sign in from there.",
        "Whatever comes from the addresses that this takes off the block list gets answers again at once; the %(num)s people of the organization can sign in from there.",
        count,
    )
    return words % {"num": count}


def _ruled(work: Work, desk: Desk, rules: int, met: Moved | None) -> str:
    if met is None:
        count = reaching.everyone(work, desk.organization.id)
        words = ngettext(
            "Rules that name the zone (%(rules)s) count with its new contents at once, for %(num)s person of the organization.",
            "Rules that name the zone (%(rules)s) count with its new contents at once, for all %(num)s people of the organization.",
            count,
        )
        return words % {"num": count, "rules": rules}
    count = met.entering + met.leaving
    words = ngettext(
        "Rules that name the zone (%(rules)s) count with its new contents at once; %(num)s person has signed on in the last %(days)s days from an address that this puts in or takes out.",
        "Rules that name the zone (%(rules)s) count with its new contents at once; %(num)s people have signed on in the last %(days)s days from an address that this puts in or takes out.",
        count,
    )
    return words % {"num": count, "rules": rules, "days": replays.DAYS}
