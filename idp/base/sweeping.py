"""Removing rows that no longer mean anything: an hourly job, in parts that hold no lock for long."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, delete, select, tuple_

from idp.base import jobs
from idp.base.jobs import Handler
from idp.base.tables import Base, table
from idp.base.work import Work

AT_ONCE = 1000


def ask(work: Work, kind: str) -> bool:
    """Ask for this hour's sweep of *kind*; False if it was asked for already."""
    return jobs.defer(work, kind, key=f"{kind}:{work.now:%Y-%m-%dT%H}")


def handler(kind: str, sweep: Callable[[Work, int], bool]) -> Handler:
    """Return what handles a job of *kind*: *sweep* once, and ask for another one where it left something."""

    def run(work: Work, payload: Mapping[str, Any]) -> None:
        if sweep(work, AT_ONCE):
            part = int(payload.get("part", 0)) + 1
            jobs.defer(work, kind, key=f"{kind}:{work.now:%Y-%m-%dT%H}:{part}", payload={"part": part})

    return run


def remove(work: Work, model: type[Base], where: ColumnElement[bool], at_once: int) -> int:
    """Remove at most *at_once* rows of *model* for which *where* holds; return how many."""
    of = table(model)
    key = tuple_(*of.primary_key.columns)
    chosen = select(*of.primary_key.columns).where(where).limit(at_once)
    result = work.tx.session.execute(delete(of).where(key.in_(chosen)))
    return int(result.rowcount)  # type: ignore[attr-defined]
