"""
The one way to change who is in a group: the rows, the groups around it, the rules that turn on it.

Whoever calls these has checked rights and says what happened; sources are those of `memberships`.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from idp.audit.events import MemberRemoved
from idp.audit.log import record
from idp.base.errors import Conflict
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import group_exceptions, group_rights, group_rules, memberships, nesting
from idp.directory.memberships import BY_HAND, INSIDE, RULE
from idp.directory.models import Account, Group


@dataclass(frozen=True, slots=True)
class Removed:
    """
    What came of taking an account out of a group.

    Args:
        ended: sources that say no more that it is in.
        excepted: it is an exception to the group's rule from now on.
        stays: sources that still say that it is in: a group inside of this one, or a directory.
    """

    account: Account
    ended: tuple[str, ...]
    excepted: bool
    stays: tuple[str, ...]


def enter(work: Work, group: Group, account_ids: Iterable[str], source: str) -> list[str]:
    """Put accounts into *group* from now on, by *source*; return those that were not there by it yet."""
    nesting.hold(work, group.organization_id)
    entered = memberships.enter(work, group.organization_id, group.id, account_ids, source)
    follow(work, group, entered)
    return entered


def leave(work: Work, group: Group, account_ids: Collection[str] | None, source: str) -> list[str]:
    """End from now on what *source* says of accounts (None: of all) in *group*; return whom it had said it of."""
    nesting.hold(work, group.organization_id)
    left = memberships.leave(work, group.organization_id, group.id, account_ids, source)
    follow(work, group, left)
    return left


def nest(work: Work, child: Group, parent: Group) -> None:
    """
    Put *child* inside of *parent*: its members enter, and so do those who become members later.

    Raises:
        Conflict: it is there already, it would make a circle, or there are too many.
    """
    nesting.hold(work, child.organization_id)
    follow(work, child, nesting.insert(work, child.organization_id, child, parent))


def unnest(work: Work, child: Group, parent: Group) -> None:
    """
    Take *child* out of *parent*: who was in it only by that leaves.

    Raises:
        Conflict: it is not inside of it.
    """
    nesting.hold(work, child.organization_id)
    follow(work, parent, nesting.remove(work, child.organization_id, child, parent))


def follow(work: Work, group: Group, account_ids: Collection[str]) -> None:
    """Settle what turns on *group*, after *account_ids* entered it or left it. The caller holds."""
    if account_ids:
        above = nesting.settle(work, group.organization_id, group.id, account_ids)
        group_rules.settle_changed(work, group.organization_id, {group.id: account_ids, **above})


def take_out(work: Work, group: Group, account: Account) -> Removed:
    """
    Take an account out of a group; the caller holds, and has checked rights.

    Raises:
        Conflict: it is not in the group, or only through another group or a directory.
    """
    sources = memberships.sources_of(work, group.organization_id, group.id, account.id)
    if not sources:
        raise Conflict(phrase("“%(email)s” is not in “%(name)s”.", email=account.email, name=group.name))
    ours = [one for one in sources if one in BY_HAND or one.startswith(RULE)]
    others = tuple(one for one in sources if one not in ours)
    if not ours:
        raise Conflict(
            phrase(
                "“%(email)s” is in “%(name)s” only %(value)s.",
                email=account.email,
                name=group.name,
                value=_through(work, group, others[0]),
            ),
            code="not-by-hand",
            advice="Take them out there.",
        )
    excepted = any(one.startswith(RULE) for one in ours)
    if excepted:
        group_exceptions.note(work, group, account.id)
    for source in ours:
        leave(work, group, [account.id], source)
        record(
            work,
            MemberRemoved(
                organization_id=group.organization_id,
                target_id=group.id,
                group=group.name,
                account_id=account.id,
                source=source,
            ),
        )
    return Removed(account, tuple(ours), excepted, others)


def _through(work: Work, group: Group, source: str) -> str:
    if not source.startswith(INSIDE):
        return "through a directory"
    inner = group_rights.groups_by_id(work, group.organization_id, [source.removeprefix(INSIDE)])
    return f"through the group “{inner[0].name}”" if inner else "through another group"
