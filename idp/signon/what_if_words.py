"""What would come of a sign-on, in words, for whoever asked: the command line and the console say the same."""

from idp.policy.access.asked import METHODS, listed
from idp.policy.access.evaluate import CATCH_ALL, GUARD, Step
from idp.policy.access.rules import Mode
from idp.policy.signon import Method
from idp.signon import flow
from idp.signon.request import Refusal
from idp.signon.what_if import WhatIf

_REFUSALS = {
    Refusal.NOT_ALLOWED: "is refused: no access grant holds",
    Refusal.CONTEXT_UNMET: "is refused: what is demanded cannot be proven, nor be set up",
}
_SET_UP = {**METHODS, Method.TOTP: "an authenticator app"}
_MATCHED = {True: "matches", False: "does not match", None: "cannot be told"}


def step(of: Step, *, decides: bool) -> str:
    """Return a line of the trace of an access policy: the rule, and whether it matches or why not."""
    if of.kind == CATCH_ALL:
        return f"catch-all: {'decides: ' if decides else ''}{of.why}"
    mode = "" if of.mode == Mode.ON else f" [{of.mode}]"
    said = "decides" if decides else _MATCHED[of.matched]
    return f"{'guard rail' if of.kind == GUARD else 'rule'} “{of.rule}”{mode}: {said}: {of.why}"


def end(found: WhatIf) -> str:
    """Return in one sentence what the person would be asked for, one after the other, and what comes of it."""
    if found.blocked_by is not None:
        return "no answer at all: the address is on the block list"
    if found.disabled:
        return "cannot sign in: the account is disabled"
    if not found.road:
        return f"denied ({found.denied.rule})" if found.denied is not None else "allowed"
    asked = [_asked(one) for one in found.road[:-1]]
    return f"{found.person} {', then '.join([*asked, _last(found.road[-1])])}"


def gets_in(found: WhatIf) -> bool:
    """Say whether it would end well."""
    if found.blocked_by is not None or found.disabled:
        return False
    return isinstance(found.road[-1], flow.Complete) if found.road else found.denied is None


def _asked(of: flow.Step) -> str:
    match of:
        case flow.AskFirstStep():
            return "is asked for the first step (password, passkey or what stands in for it)"
        case flow.AskSecondStep(methods):
            return f"is asked for {listed(frozenset[str](methods), METHODS)}"
        case flow.EnrolSecondStep(methods):
            return f"must set up {listed(frozenset[str](methods), _SET_UP)}"
    return type(of).__name__


def _last(of: flow.Step) -> str:
    match of:
        case flow.Complete():
            return "is let in"
        case flow.Refuse(Refusal.DENIED, text, rule):
            return f"is denied by {rule}" + (f", and reads: “{text}”" if text else "")
        case flow.Refuse(refusal):
            return _REFUSALS.get(refusal, f"is refused ({refusal})")
    return _asked(of)
