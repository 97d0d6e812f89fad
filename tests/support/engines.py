"""What the many databases of a test run share: statements that SQLAlchemy has compiled."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.util import LRUCache

from idp.base import db

_STATEMENTS = 2000


@contextmanager
def alike() -> Iterator[None]:
    """
    Let every engine that is made meanwhile take what the first one of its kind has compiled.

    SQLAlchemy keeps compiled statements by dialect, and makes a dialect for each engine: with a database for each test
    every statement would be compiled in every test.
    """
    make, first = db.make_engine, {}

    def make_engine(url: str) -> Engine:
        engine: Any = make(url)
        model: Any = first.get(engine.dialect.name)
        if model is None or not _has_met_its_database(model):
            engine._compiled_cache = LRUCache(_STATEMENTS)
            first[engine.dialect.name] = engine
        else:
            engine.dialect = engine.pool._dialect = model.dialect
            engine._compiled_cache = model._compiled_cache
        return engine

    db.make_engine = make_engine
    try:
        yield
    finally:
        db.make_engine = make


def _has_met_its_database(engine: Engine) -> bool:
    """Whether its dialect knows the server's version, as it does from the first connection on."""
    return getattr(engine.dialect, "server_version_info", None) is not None
