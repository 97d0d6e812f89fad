"""
How a logout stands: what its page does next, and what is said of each application. Pure.

Nothing here claims more than is known of an application.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from idp.signon.models import Logout, LogoutStep
from idp.signon.teller import ASKED, CANNOT, CONFIRMED

ANSWER_WITHIN = timedelta(seconds=10)
"""How long an application that the browser was sent to may take before the next one is offered."""
LOADED_WITHIN = timedelta(seconds=5)
"""How long applications in hidden frames have to load before the page goes on."""
CALLED_WITHIN = timedelta(seconds=7)
"""How long the page waits for those that are called from here at once."""
WAITING = "waiting"
BACK, FRONT, FRAME, NONE = "back", "front", "frame", "none"
GO, WAIT, OFFER, FRAMES, OVER = "go", "wait", "offer", "frames", "over"


@dataclass(frozen=True, slots=True)
class Stage:
    """
    What the page of steps does next with *step*.

    ``GO``: sends the browser there. ``WAIT``: it is there, or is being called. ``OFFER``: the one before
    did not answer, and the person says when to go on. ``FRAMES``: it holds the frames of those that are told
    so. ``OVER``: nothing is left to be done here.
    """

    kind: str
    step: LogoutStep | None = None


def stage(logout: Logout, every: Sequence[LogoutStep], now: datetime, *, loaded: bool = False) -> Stage:
    """
    Return what comes next, of the steps of *logout* in their order. Pure.

    Frames come first: they need nobody, and whoever is visited may keep the browser.

    Args:
        loaded: the page says that what its frames were asked to load has loaded.
    """
    if to_be_framed(logout, every, now, loaded=loaded):
        return Stage(FRAMES)
    visits = [step for step in every if step.channel == FRONT]
    away = next((s for s in visits if s.outcome == ASKED and not is_late(s, now)), None)
    if away is not None:
        return Stage(WAIT, away)
    following = next((step for step in visits if step.outcome == WAITING), None)
    if following is not None:
        last = max((s for s in visits if s.asked_at), key=lambda s: (s.asked_at, s.place), default=None)
        return Stage(OFFER if last is not None and last.outcome == ASKED else GO, following)
    called = next((step for step in every if is_being_called(logout, step, now)), None)
    return Stage(OVER) if called is None else Stage(WAIT, called)


def is_being_called(logout: Logout, step: LogoutStep, now: datetime) -> bool:
    """Say whether an application is just being called from here, so that its answer may come any moment."""
    if is_unreached(step):
        return False
    return step.channel == BACK and step.outcome in (WAITING, ASKED) and now < logout.created_at + CALLED_WITHIN


def to_be_framed(logout: Logout, every: Sequence[LogoutStep], now: datetime, *, loaded: bool) -> list[LogoutStep]:
    """
    Return the steps that frames of the page are to load now. Pure.

    One is framed again while it may still be loading, for whoever loads the page again, but not once the
    page has gone on: *loaded* says so, or an application that was visited since, or the end of the logout.
    """
    went_on = loaded or logout.finished_at is not None or any(s.channel == FRONT and s.asked_at for s in every)
    return [
        step
        for step in every
        if step.channel == FRAME
        and step.outcome in (WAITING, ASKED)
        and (step.asked_at is None or not (went_on or step.asked_at + LOADED_WITHIN <= now))
    ]


def is_late(step: LogoutStep, now: datetime) -> bool:
    """Say whether the browser was sent to an application too long ago to expect it back."""
    return step.outcome == ASKED and step.asked_at is not None and step.asked_at + ANSWER_WITHIN <= now


def is_unreached(step: LogoutStep) -> bool:
    """Say whether an application was to be called from here and could not be reached, as far as was tried."""
    return step.channel == BACK and step.outcome == WAITING and (step.tries or 0) > 0


def for_the_log(step: LogoutStep) -> dict[str, str]:
    told_ = {"application_id": step.application_id, "name": step.application_name, "outcome": _spoken(step)}
    if step.cause:
        told_["cause"] = step.cause
    if step.outcome != CONFIRMED:
        told_["may_live_until"] = step.until.isoformat() if step.until is not None else "unknown"
    return told_


def in_words(step: LogoutStep, now: datetime) -> str:
    """Return what came of *step*; unless that is a confirmation, with how long its own session may live."""
    outcome = _spoken(step)
    if outcome == CONFIRMED:
        return f"{step.application_name}: {outcome}"
    if step.channel == FRAME and outcome == ASKED:
        outcome = "asked by a frame in the browser, which confirms nothing"
    lives = "how long its session lives, only it knows"
    if step.until is not None:
        same_day = step.until.date() == now.date()
        lives = f"its session may live until {step.until.strftime('%H:%M' if same_day else '%Y-%m-%d %H:%M')} UTC"
    return f"{step.application_name}: {outcome} ({lives})"


def _spoken(step: LogoutStep) -> str:
    """A step that nobody went on to was not asked, and cannot be any more; nor was one whose address was not reached."""
    unasked = step.outcome == WAITING and (step.channel in (FRONT, FRAME) or is_unreached(step))
    return CANNOT if unasked else step.outcome
