"""
Refuses what would lock administrators out, whatever it changes: policies, zones, who is in which policy or group, who
has which role, whose account is disabled.

A change is made inside of `guarded`; before it is kept, what stood and what would stand are compared (see `guard`).
Nothing need be known of the change itself, so that none can be forgotten.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import bindparam, select, update

from idp.base.errors import Conflict
from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import access_policies, authentication_policies
from idp.directory.access_policies import Standing
from idp.directory.models import Account, Organization
from idp.policy.access.context import AccountKind, Context, RequestKind
from idp.policy.signon import SignOnPolicy
from idp.signon.administrators import administrators, present
from idp.signon.guard import Administrator, Book, CutOff, cut_off, dead_end

LOCK_OUT = "lock-out"
"""The code of the refusal."""
_MOST_NAMED = 3

_BREAK_GLASS = Prepared(
    select(Account.id).where(
        Account.organization_id == bindparam("organization_id"),
        Account.kind == AccountKind.BREAK_GLASS.value,
        Account.disabled_at.is_(None),
    )
)
_TABLE = table(Organization)
_HOLD = Prepared(
    update(_TABLE).where(_TABLE.c.id == bindparam("of_organization")).values(suspended_at=_TABLE.c.suspended_at)
)
_WHERE = {RequestKind.BROWSER: "our own pages", RequestKind.CONSOLE: "the admin console"}


@dataclass(frozen=True, slots=True)
class _Picture:
    """
    What judges administrators at one moment of a transaction, and who they are.

    ``falls_back`` is what counts again if what is on trial is not confirmed: it is judged as well.
    """

    people: dict[str, Administrator]
    counts: Book
    falls_back: Book

    @property
    def on_trial(self) -> bool:
        """Whether what counts is not what is fallen back to."""
        return self.counts.asked != self.falls_back.asked


@contextmanager
def guarded(work: Work, organization_id: str, *, on_trial: bool = False) -> Iterator[None]:
    """
    Make a change inside of this block; at its end it is refused if it would lock administrators out.

    Args:
        on_trial: the block puts an access policy on trial: what counts until the trial is over is not judged.

    Raises:
        Conflict: somebody who can sign in now could not any more, or the last one who administers would be none any
            more (``lock-out``); the transaction must not be committed.
    """
    work.tx.run(_HOLD, of_organization=organization_id)  # of two changes at once the second is judged after the first
    before = _picture(work, organization_id)
    yield
    after = _picture(work, organization_id)
    found = _cut_off(work, before, after, before.falls_back, after.falls_back)
    if not on_trial and (before.on_trial or after.on_trial):  # else what counts is what would be fallen back to
        found = _cut_off(work, before, after, before.counts, after.counts) or found
    if found:
        raise _refusal(work, organization_id, found, may_try=not on_trial and before.counts.asked != after.counts.asked)
    if before.people.keys() - after.people.keys() and _any_gets_in(before, work) and not _any_gets_in(after, work):
        raise Conflict(
            "Nobody would be left who can administer the organization.",
            code=LOCK_OUT,
            advice="Give somebody else the role of an organization administrator first, and let them sign in.",
        )


def gets_in(work: Work, organization_id: str, account_id: str) -> bool:
    """Say whether an administrator gets in to all of our pages from where this work comes from, as things stand now."""
    here = present(work, organization_id, account_id)
    picture = _picture(work, organization_id, here)
    one = picture.people.get(account_id)
    if one is None or one.kind is AccountKind.BREAK_GLASS:
        return False
    return all(
        dead_end(one, picture.counts, here, kind, work.now, hopeful=False) is None
        for kind in (RequestKind.BROWSER, RequestKind.CONSOLE)
    )


def _picture(work: Work, organization_id: str, here: Context | None = None) -> _Picture:
    work.tx.session.flush()
    if here is None and work.actor.kind == "account" and work.actor.organization_id == organization_id:
        here = present(work, organization_id, work.actor.id)
    people = {one.account_id: one for one in administrators(work, organization_id, here=here)}
    counts = access_policies.as_it_is(work, organization_id)
    falls_back = access_policies.as_it_is(work, organization_id, falls_back=True)
    policies = {
        policy_id: SignOnPolicy(facts.version, facts.second_step, facts.methods)
        for policy_id, facts in authentication_policies.as_it_is(work, organization_id).items()
    }
    return _Picture(people, _book(counts, policies), _book(falls_back, policies))


def _book(standing: Standing, policies: dict[str | None, SignOnPolicy]) -> Book:
    def blocked(context: Context) -> bool:
        return (
            standing.blocked(context.ip or "", context.country or "", context.city or "", context.asn or "") is not None
        )

    return Book(standing.session, policies, blocked, standing.console)


def _cut_off(work: Work, before: _Picture, after: _Picture, stood: Book, stands: Book) -> tuple[CutOff, ...]:
    pairs = [(was, after.people[one]) for one, was in before.people.items() if one in after.people]
    return cut_off(pairs, stood, stands, work.now)


def _any_gets_in(picture: _Picture, work: Work) -> bool:
    """Whether there is an administrator who gets in to the console from somewhere they usually come from."""
    return any(
        dead_end(one, picture.falls_back, context, RequestKind.CONSOLE, work.now, hopeful=not one.recorded) is None
        for one in picture.people.values()
        for context in one.contexts
    )


def _refusal(work: Work, organization_id: str, found: tuple[CutOff, ...], *, may_try: bool) -> Conflict:
    """Return the refusal that names whom a change would cut off, by which rule, and what to do."""
    named = "; ".join(_words(work, one) for one in found[:_MOST_NAMED])
    more = f"; and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
    return Conflict(
        phrase("This would lock administrators out: %(named)s%(more)s.", named=named, more=more),
        code=LOCK_OUT,
        advice=" ".join(_advice(work, organization_id, may_try)),
    )


def _words(work: Work, one: CutOff) -> str:
    who = f"{one.email} (you)" if one.account_id == work.actor.id else one.email
    since = f" from {one.since}" if one.since is not None else ""
    return f"{who}{since} could no longer sign in to {_WHERE[one.request]} ({_why(one)})"


def _why(one: CutOff) -> str:
    if one.dead_end.rule:
        return one.dead_end.rule
    return f"has none of: {', '.join(sorted(one.dead_end.lacks))}" if one.dead_end.lacks else "nothing would be left"


def _advice(work: Work, organization_id: str, may_try: bool) -> list[str]:
    advice = ["Leave them a way in first."]
    if may_try:
        advice = [
            "Leave them a way in, or try it with --try 15: unless an administrator signs in within 15 minutes, what was "
            "there before counts again."
        ]
    if not work.tx.rows(_BREAK_GLASS, organization_id=organization_id):
        advice.append("There is no break-glass account here to fall back on.")
    return advice
