"""Alembic's entrance: runs in the transaction that `idp.base.schema` has begun."""

from alembic import context

from idp.base.tables import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    compare_type=True,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
