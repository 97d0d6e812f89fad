"""Changes from the console that the lock-out guard judges, and the words in which it refuses."""

from collections.abc import Iterator
from contextlib import contextmanager

from idp.base.errors import Conflict
from idp.base.work import Work
from idp.signon import guarding
from idp.web.console.desk import Desk

_BY_COMMAND = (
    "or try it with --try 15: unless an administrator signs in within 15 minutes, what was there before counts again."
)
_BY_PAGE = "or try it: unless an administrator signs in within the minutes that you choose, what was there before counts again."


@contextmanager
def guarded(work: Work, desk: Desk, *, on_trial: bool = False) -> Iterator[None]:
    """
    Make a change inside of this block; it is refused at its end if it would lock administrators out.

    Raises:
        Conflict: it would; in the words of these pages.
    """
    try:
        with guarding.guarded(work, desk.organization.id, on_trial=on_trial):
            yield
    except Conflict as error:
        if error.code == guarding.LOCK_OUT:
            error.advice = error.advice.replace(_BY_COMMAND, _BY_PAGE)
        raise
