"""Taking turns: of what is due, no organization's many delay another's few."""

from typing import Any

from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import InstrumentedAttribute


def turn(
    organization_id: InstrumentedAttribute[str | None],
    due: InstrumentedAttribute[Any],
    row_id: InstrumentedAttribute[str],
) -> ColumnElement[int]:
    """
    Return the place of a row among those of its organization, by when they are due: 1, 2, …

    Who orders by it first takes one of every organization, then the second of each; what belongs to no
    organization counts as one.
    """
    return func.row_number().over(partition_by=organization_id, order_by=(due, row_id))
