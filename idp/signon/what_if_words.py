"""What would come of a sign-on, in words, for whoever asked: the command line and the console say the same."""

from idp.base.texts import joined, phrase
from idp.policy.access import words
from idp.policy.access.asked import METHODS, listed
from idp.policy.access.evaluate import CATCH_ALL, GUARD, Step
from idp.policy.signon import Method
from idp.signon import flow
from idp.signon.request import Refusal
from idp.signon.what_if import WhatIf

_REFUSALS = {
    Refusal.NOT_ALLOWED: phrase("is refused: no access grant holds"),
    Refusal.CONTEXT_UNMET: phrase("is refused: what is demanded cannot be proven, nor be set up"),
}
_SET_UP = {**METHODS, Method.TOTP: phrase("an authenticator app")}
_MATCHED = {True: phrase("matches"), False: phrase("does not match"), None: phrase("cannot be told")}


def step(of: Step, *, decides: bool) -> str:
    """Return a line of the trace of an access policy: the rule, and whether it matches or why not."""
    if of.kind == CATCH_ALL:
        return (
            phrase("catch-all: decides: %(why)s", why=of.why) if decides else phrase("catch-all: %(why)s", why=of.why)
        )
    rule, comes_to = words.called(of.rule, of.mode), phrase("decides") if decides else _MATCHED[of.matched]
    if of.kind == GUARD:
        return phrase("guard rail %(rule)s: %(comes_to)s: %(why)s", rule=rule, comes_to=comes_to, why=of.why)
    return phrase("rule %(rule)s: %(comes_to)s: %(why)s", rule=rule, comes_to=comes_to, why=of.why)


def end(found: WhatIf) -> str:
    """Return in one sentence what the person would be asked for, one after the other, and what comes of it."""
    if found.blocked_by is not None:
        return phrase("no answer at all: the address is on the block list")
    if found.disabled:
        return phrase("cannot sign in: the account is disabled")
    if not found.road:
        if found.denied is None:
            return phrase("allowed")
        return phrase("denied (%(rule)s)", rule=found.denied.rule)
    steps = joined([*(_asked(one) for one in found.road[:-1]), _last(found.road[-1])], ", then ")
    return phrase("%(person)s %(steps)s", person=found.person, steps=steps)


def gets_in(found: WhatIf) -> bool:
    """Say whether it would end well."""
    if found.blocked_by is not None or found.disabled:
        return False
    return isinstance(found.road[-1], flow.Complete) if found.road else found.denied is None


def _asked(of: flow.Step) -> str:
    match of:
        case flow.AskFirstStep():
            return phrase("is asked for the first step (password, passkey or what stands in for it)")
        case flow.AskSecondStep(methods):
            return phrase("is asked for %(methods)s", methods=listed(frozenset[str](methods), METHODS))
        case flow.EnrolSecondStep(methods):
            return phrase("must set up %(methods)s", methods=listed(frozenset[str](methods), _SET_UP))
    return type(of).__name__


def _last(of: flow.Step) -> str:
    match of:
        case flow.Complete():
            return phrase("is let in")
        case flow.Refuse(Refusal.DENIED, text, rule):
            if text:
                return phrase("is denied by %(rule)s, and reads: “%(text)s”", rule=rule, text=text)
            return phrase("is denied by %(rule)s", rule=rule)
        case flow.Refuse(refusal):
            return _REFUSALS.get(refusal) or phrase("is refused (%(why)s)", why=refusal)
    return _asked(of)
