"""How far this machine's clock is from the database's. Codes, assertions and tokens depend on both."""

from datetime import UTC, datetime, timedelta

from idp.base import clock
from idp.base.db import Database


def skew(database: Database) -> timedelta | None:
    """Return the difference of the two clocks; None for SQLite, which has no clock of its own."""
    if database.engine.dialect.name == "sqlite":
        return None
    with database.transaction() as tx:
        theirs: datetime = tx.connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    return abs(clock.now() - theirs.astimezone(UTC))
