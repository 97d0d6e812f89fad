"""
The lock-out guard: what would a change of policies mean for those who administer the organization?

Whoever can sign in to our own pages now must still be able to, from where they usually come and with what
they have or can set up: the acting administrator from where they are. What would cut one of them off is refused,
or kept on trial (`directory.access_trials`). Break-glass accounts are under no access policy, so they keep a way in.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from idp.base.texts import joined, phrase
from idp.policy.access.context import AccountKind, Context, RequestKind
from idp.policy.access.evaluate import FACTS, Compiled, Evaluation, evaluate
from idp.policy.access.outcome import ALLOWED, Allowed, Denied, Outcome
from idp.policy.access.rules import Rules
from idp.policy.signon import SignOnPolicy
from idp.signon.reach import DeadEnd, Judge, Means, Tried, way_in
from idp.signon.request import AT_CONSOLE, SignOnRequest

A_MOMENT = timedelta(minutes=1)
"""Whoever gets in must not be put out again at once: a rule on the age of a session is asked when it is so old."""
OUR_PAGES = (RequestKind.BROWSER, RequestKind.CONSOLE)
_MOST_BOUNDS = 20
_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Book:
    """
    What judges a sign-on to our own pages.

    Args:
        access: the access policy for sessions; None: there is none.
        policies: the authentication policies by id (None: the organization's default): what they ask at all,
            without days of grace and remembered devices, on which nobody may count.
        blocked: says of a context whether its address is one that gets no answer at all.
        console: the access policy that the admin console is under, beside the one for sessions; None: there is none.
    """

    access: Compiled | None
    policies: Mapping[str | None, SignOnPolicy]
    blocked: Callable[[Context], bool] = lambda _: False
    console: Compiled | None = None

    @property
    def asked(self) -> tuple[Compiled | None, Compiled | None]:
        """The access policies that are asked at our own pages."""
        return self.access, self.console


@dataclass(frozen=True, slots=True)
class Administrator:
    """
    Whoever must not be cut off.

    Args:
        contexts: of their last sign-ins, or, of the acting administrator, the present one; never empty.
        recorded: whether these are known; else nothing is known of where they come from.
    """

    account_id: str
    email: str
    kind: AccountKind
    policy_id: str | None
    means: Means
    contexts: tuple[Context, ...]
    recorded: bool = True


@dataclass(frozen=True, slots=True)
class CutOff:
    """An administrator who can sign in now and could not any more, where, from when on, and why."""

    account_id: str
    email: str
    request: RequestKind
    since: date | None
    dead_end: DeadEnd


def cut_off(
    people: Iterable[tuple[Administrator, Administrator]], before: Book, after: Book, now: datetime
) -> tuple[CutOff, ...]:
    """
    Return whom *after* instead of *before* would cut off.

    Args:
        people: each administrator as they are before the change and after it.
    """
    bounds = _bounds((after.access, after.console), now)
    found = (_cut_off(was, becomes, before, after, now, bounds) for was, becomes in people)
    return tuple(one for one in found if one is not None)


def _cut_off(
    was: Administrator, becomes: Administrator, before: Book, after: Book, now: datetime, bounds: tuple[date, ...]
) -> CutOff | None:
    for kind in OUR_PAGES:
        for since in (None, *bounds):
            begins = now if since is None else max(now, datetime.combine(since, time(), now.tzinfo))
            dead = _dead(was, becomes, before, after, kind, begins)
            if dead is not None:
                return CutOff(becomes.account_id, becomes.email, kind, since, dead)
    return None


def _dead(
    was: Administrator, becomes: Administrator, before: Book, after: Book, kind: RequestKind, begins: datetime
) -> DeadEnd | None:
    """Return the first dead end if every place is one from where they get in now; one that is left is enough."""
    first: DeadEnd | None = None
    # Zipped, not compared: the groups of the two may differ.
    for now_, then in zip(was.contexts, becomes.contexts, strict=True):
        if dead_end(was, before, now_, kind, begins, hopeful=True) is not None:
            continue
        end = dead_end(becomes, after, then, kind, begins, hopeful=not becomes.recorded)
        if end is None:
            return None
        first = first or end
    return first


def dead_end(
    one: Administrator, book: Book, context: Context, kind: RequestKind, begins: datetime, *, hopeful: bool
) -> DeadEnd | None:
    """
    Return what keeps an administrator out who comes from where *context* says, at that time of the week; else None.

    Args:
        begins: from when on.
        hopeful: where a fact was not recorded, take what is best for them, and not what is worst.
    """
    at = _next(context.at, begins)
    policy = book.policies.get(one.policy_id) or book.policies[None]
    asked = AT_CONSOLE if kind is RequestKind.CONSOLE else None
    request = SignOnRequest("", "", "", "", "", kind=kind, asked=asked)
    here = replace(context, at=at, request=kind, application_id="", site_id="")
    console = book.console if kind is RequestKind.CONSOLE else None
    judging = (None, None) if one.kind is AccountKind.BREAK_GLASS else (book.access, console)
    if book.blocked(here):
        return DeadEnd("the address is in a zone of the block list")
    return way_in(request, policy, one.means, at, *(_judge(access, here, hopeful) for access in judging))


def _judge(access: Compiled | None, context: Context, hopeful: bool) -> Judge:
    def judge(tried: Tried) -> Outcome:
        if access is None:
            return ALLOWED
        proofs, started = tried.proofs, None
        if tried.saved:
            started = context.at - A_MOMENT
            proofs = tuple(replace(proof, at=proof.at - A_MOMENT) for proof in proofs)
        now = replace(context, proofs=proofs, session_started_at=started, session_known=True)
        return _settled(evaluate(access, now), hopeful)

    return judge


def _settled(said: Evaluation, hopeful: bool) -> Outcome:
    """Where it cannot be told what a policy says: the best that it can be, or the worst."""
    possible = [said.outcome, *(rule.outcome for rule in said.unsure)]
    chosen = min(possible, key=_severity) if hopeful else max(possible, key=_severity)
    if isinstance(chosen, Denied) and chosen is not said.outcome:
        facts = joined([FACTS.get(fact, fact) for fact in said.uncertain], ", ")
        return Denied(phrase("%(rule)s (perhaps: %(facts)s not recorded)", rule=chosen.rule, facts=facts), chosen.text)
    return chosen


def _severity(outcome: Outcome) -> tuple[int, int, int]:
    if isinstance(outcome, Denied):
        return 2, 0, 0
    wanted = outcome.requires if isinstance(outcome, Allowed) else None
    return (0, 0, 0) if wanted is None else (1, int(wanted.required), len(wanted.any_of))


def _next(usual: datetime, begins: datetime) -> datetime:
    """Return the first moment from *begins* on that is at the same time of the same day of the week as *usual*."""
    if usual >= begins:
        return usual
    return usual + -(-(begins - usual) // _WEEK) * _WEEK


def _bounds(asked: Iterable[Compiled | None], now: datetime) -> tuple[date, ...]:
    """Return the days to come on which a rule begins to count, or no longer does, the next ones first."""
    every: list[Rules] = [one.rules for one in asked if one is not None]
    rules = [rule for of in every for rule in (*of.guards, *of.rules)]
    times = [rule.conditions.times for rule in rules if rule.conditions.times is not None]
    days = {of.not_before for of in times if of.not_before} | {
        of.not_after + timedelta(days=1) for of in times if of.not_after and of.not_after < date.max
    }
    return tuple(sorted(day + timedelta(days=1) for day in days if day >= now.date())[:_MOST_BOUNDS])
