"""What tables are made of: their common base, the types of their columns, and statements that every table has."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, cast

from sqlalchemy import BigInteger, DateTime, MetaData, String, Table, TextClause, bindparam, text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import JSON, TypeDecorator, TypeEngine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def microseconds(value: datetime | None) -> int | None:
    """Return a moment as SQLite keeps it."""
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return (value - _EPOCH) // _MICROSECOND


def instant(value: int | None) -> datetime | None:
    """Return the moment that SQLite kept."""
    return None if value is None else _EPOCH + timedelta(microseconds=value)


class Instant(TypeDecorator[datetime]):
    """A moment in UTC: ``timestamptz`` on PostgreSQL, microseconds since 1970 on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(BigInteger() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        kept = microseconds(value)
        return kept if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if dialect.name == "sqlite":
            return instant(value)
        return None if value is None else value.astimezone(UTC)


Id = Annotated[str, mapped_column(String(64))]


class Base(DeclarativeBase):
    """Every table of the product."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: Instant,
        dict[str, Any]: JSON,
        list[str]: JSON,
        list[dict[str, Any]]: JSON,
    }


def sorted_text(length: int) -> TypeEngine[str]:
    """
    Return the type of a text that is looked up by its beginning and listed in order: by code points, whatever the
    language of the database. Else PostgreSQL's index would not serve it, and two databases would list differently.
    """
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def table(model: type[Base]) -> Table:
    """Return the table of *model*, for statements that are to run without the ORM."""
    return cast(Table, model.__table__)


def insert_if_absent(model: type[Base]) -> TextClause:
    """Return an INSERT into *model*'s table that touches no row where its key is taken already."""
    columns = list(table(model).columns)
    names = ", ".join(column.name for column in columns)
    values = ", ".join(f":{column.name}" for column in columns)
    sql = f"INSERT INTO {table(model).name} ({names}) VALUES ({values}) ON CONFLICT DO NOTHING"  # noqa: S608 (our own names)
    return text(sql).bindparams(*(bindparam(column.name, type_=column.type) for column in columns))
