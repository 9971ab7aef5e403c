"""How Alembic reaches the database: through the application, on either engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from alembic import context
from flask import current_app
from sqlalchemy import Connection

from openmap.extensions import UTCDateTime, db
from openmap.reference.fulltext import of_the_engine


class BrokenReferences(Exception):
    """A migration lost rows that others refer to; nothing of it is kept."""


def _plain_type(kind: str, value: Any, _context: Any) -> str | Literal[False]:
    """Write our types as the plain ones they are stored in: a migration depends on no code that may change."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(value, UTCDateTime) else False


def _migrate() -> None:
    """Run the migrations, all or none; SQLite copies a table to change it (batch mode)."""
    ours = {
        "render_as_batch": True,
        "compare_type": True,
        "render_item": _plain_type,
        "include_name": of_the_engine,
        "transactional_ddl": True,
    }
    with db.engine.connect() as connection, _kept_rows(connection):
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            **current_app.extensions["migrate"].configure_args | ours,
        )
        with context.begin_transaction():
            context.run_migrations()


@contextmanager
def _kept_rows(connection: Connection) -> Iterator[None]:
    """Hold a transaction in which SQLite may replace a table without losing the rows that refer to it.

    Dropping the old copy of a table deletes its rows, and with foreign keys on, all that hangs on them. They can
    only be switched off outside a transaction, and are verified before the commit instead.
    """
    if connection.dialect.name != "sqlite":
        yield
        connection.commit()
        return
    connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
    try:
        # Python's sqlite3 opens no transaction for a CREATE TABLE by itself.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if broken:
            raise BrokenReferences(f"this migration would leave rows that refer to nothing: {broken[:5]}")
        connection.commit()
    finally:
        connection.rollback()
        connection.exec_driver_sql("PRAGMA foreign_keys=ON")


def _print_sql() -> None:
    """Write the SQL of the migrations instead of running it."""
    context.configure(url=str(db.engine.url), target_metadata=db.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


(_print_sql if context.is_offline_mode() else _migrate)()
