"""A change is made and taken back at once: what judged sign-ons before it, and what would judge them after it."""

from collections.abc import Callable

from idp.base.work import Work
from idp.signon.replaying import Judging, judging


def rehearsed(work: Work, organization_id: str, change: Callable[[], object]) -> tuple[Judging, Judging]:
    """
    Return what judges sign-ons now, and what would if *change* were made. Nothing of it is kept.

    Raises:
        IdpError: the change itself would be refused.
    """
    before = judging(work, organization_id)
    begun = work.tx.session.begin_nested()
    try:
        change()
        work.tx.session.flush()
        after = judging(work, organization_id)
    finally:
        begun.rollback()
        work.tx.memory.forget()  # nobody may remember what never was
    return before, after
