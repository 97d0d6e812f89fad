"""The neutral logout: what the page of steps does next, and what is told without a browser."""

from datetime import timedelta

import pytest

from idp.signon import logout_stage, logout_steps
from idp.signon.logout_stage import BACK, FRAME, FRAMES, FRONT, GO, NONE, OFFER, OVER, WAIT, WAITING
from idp.signon.models import Logout, LogoutStep
from idp.signon.teller import ASKED, CANNOT, CONFIRMED, FAILED
from tests.conftest import NOON


def step(channel: str, outcome: str, *, place: int = 0, asked: int | None = None) -> LogoutStep:
    """A step; *asked* is how many seconds ago."""
    return LogoutStep(
        id=f"{place}",
        place=place,
        channel=channel,
        outcome=outcome,
        asked_at=None if asked is None else NOON - timedelta(seconds=asked),
    )


def stage(*steps: LogoutStep, age: int = 60) -> tuple[str, str]:
    found = logout_stage.stage(Logout(created_at=NOON - timedelta(seconds=age)), steps, NOON)
    return found.kind, found.step.id if found.step is not None else ""


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((), (OVER, "")),
        ((step(NONE, CANNOT),), (OVER, "")),
        ((step(BACK, ASKED, asked=60),), (OVER, "")),
        ((step(FRONT, CONFIRMED, asked=1),), (OVER, "")),
        ((step(FRONT, WAITING),), (GO, "0")),
        ((step(FRONT, ASKED, asked=9),), (WAIT, "0")),
        ((step(FRONT, ASKED, asked=10),), (OVER, "")),
        ((step(FRONT, CONFIRMED, asked=3), step(FRONT, WAITING, place=1)), (GO, "1")),
        ((step(FRONT, FAILED, asked=3), step(FRONT, WAITING, place=1)), (GO, "1")),
        ((step(FRONT, ASKED, asked=3), step(FRONT, WAITING, place=1)), (WAIT, "0")),
        ((step(FRONT, ASKED, asked=12), step(FRONT, WAITING, place=1)), (OFFER, "1")),
        (
            (step(FRONT, ASKED, asked=30), step(FRONT, CONFIRMED, place=1, asked=5), step(FRONT, WAITING, place=2)),
            (GO, "2"),
        ),
        ((step(FRONT, WAITING), step(FRONT, WAITING, place=1)), (GO, "0")),
        ((step(BACK, WAITING), step(FRONT, WAITING, place=1)), (GO, "1")),
        ((step(FRAME, WAITING),), (FRAMES, "")),
        ((step(FRAME, ASKED, asked=4),), (FRAMES, "")),
        ((step(FRAME, ASKED, asked=5),), (OVER, "")),
        ((step(FRAME, CANNOT, asked=1),), (OVER, "")),
        ((step(FRONT, WAITING), step(FRAME, WAITING, place=1)), (FRAMES, "")),
        ((step(FRONT, WAITING), step(FRAME, ASKED, place=1, asked=6)), (GO, "0")),
        ((step(FRONT, ASKED, asked=1), step(FRAME, ASKED, place=1, asked=2)), (WAIT, "0")),
        ((step(FRONT, CONFIRMED, asked=1), step(FRAME, ASKED, place=1, asked=2)), (OVER, "")),
        ((step(FRONT, CONFIRMED, asked=1), step(FRAME, WAITING, place=1)), (FRAMES, "")),
    ],
)
def test_what_the_page_does_next(steps, expected):
    assert stage(*steps) == expected


def test_the_page_goes_on_once_its_frames_have_loaded():
    found = Logout(created_at=NOON - timedelta(seconds=60))

    assert logout_stage.stage(found, [step(FRAME, ASKED, asked=1)], NOON, loaded=True).kind == OVER
    assert logout_stage.stage(found, [step(FRAME, WAITING)], NOON, loaded=True).kind == FRAMES, "it was never loaded"


@pytest.mark.parametrize(
    ("of", "words"),
    [
        (step(FRAME, ASKED, asked=9), "Wiki: asked by a frame in the browser, which confirms nothing"),
        (step(FRAME, WAITING), "Wiki: cannot"),
        (step(FRONT, WAITING), "Wiki: cannot"),
        (step(BACK, ASKED), "Wiki: asked"),
    ],
)
def test_the_audit_log_claims_no_more_than_is_known(of, words):
    of.application_name = "Wiki"

    assert logout_stage.in_words(of, NOON) == f"{words} (how long its session lives, only it knows)"


@pytest.mark.parametrize("outcome", [WAITING, ASKED])
def test_who_is_being_called_is_waited_for_a_few_seconds(outcome):
    assert stage(step(BACK, outcome), age=6) == (WAIT, "0")
    assert stage(step(BACK, outcome), age=7) == (OVER, "")


def test_a_handle_is_made_from_the_id_and_is_no_id(vault):
    one = logout_steps.handle_of(vault, "out_a")
    assert one == logout_steps.handle_of(vault, "out_a") != logout_steps.handle_of(vault, "out_b")
    assert "out_a" not in one
