"""What Alembic runs: the migrations, inside the transaction of the connection that `migrate` hands over."""

from __future__ import annotations

from alembic import context

from serving.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,  # the caller's transaction is the one: all revisions, or none
)
context.run_migrations()
