"""Work that is refused at its end if it would lock administrators out."""

from collections.abc import Iterator
from contextlib import contextmanager

from idp.base.work import Work
from idp.cli.context import open_work
from idp.directory import queries
from idp.signon.guarding import guarded


@contextmanager
def guarded_work(organization: str, *, on_trial: bool = False) -> Iterator[Work]:
    """
    Open the unit of work of a command that changes who gets in at *organization* (its short name).

    Args:
        on_trial: the command puts an access policy on trial.

    Raises:
        NotFound: there is no such organization.
        Conflict: an administrator who can sign in now could not any more.
    """
    with open_work() as work, guarded(work, queries.organization(work, organization).id, on_trial=on_trial):
        yield work
