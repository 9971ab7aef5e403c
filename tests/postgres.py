"""A PostgreSQL database of a test worker's own: created once, emptied or put back in milliseconds."""

from __future__ import annotations

from sqlalchemy import Engine, create_engine, make_url, text

from openmap.extensions import db

_UNCHECKED = "SET LOCAL session_replication_role = replica"
"""Rows leave and come back in any order: what was consistent is so again at the end."""


def created(url: str, name: str) -> str:
    """Create an empty database on the server of ``url``, in place of what had its name; return its address."""
    admin = create_engine(make_url(url), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{name}"'))
        # Nothing here outlives a crash of the server itself: no commit has to wait for its disk.
        connection.execute(text(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))
    admin.dispose()
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def dropped(url: str, name: str) -> None:
    """Remove a database, whoever is still connected to it."""
    admin = create_engine(make_url(url), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
    admin.dispose()


def keep(url: str) -> dict[str, int]:
    """Copy every table aside; return how far each sequence has counted (0: not begun)."""
    counting = "SELECT sequencename, coalesce(last_value, 0) FROM pg_sequences WHERE schemaname = 'public'"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA kept"))
        for name in _tables():
            connection.execute(text(f"CREATE TABLE kept.{name} AS TABLE public.{name}"))
        reached = {row[0]: row[1] for row in connection.execute(text(counting))}
    engine.dispose()
    return reached


def put_back(url: str, reached: dict[str, int]) -> None:
    """Make the database again what it was when it was kept."""
    engine = create_engine(url)
    copies = [f"INSERT INTO public.{name} SELECT * FROM kept.{name}" for name in _tables()]
    _run(engine, [*_emptying(), *copies, *(_counted(name, last) for name, last in reached.items())])


def empty(url: str) -> None:
    """Delete every row, and let sequences begin anew. TRUNCATE does the same forty times slower on small tables."""
    engine = create_engine(url)
    with engine.connect() as connection:
        names = connection.scalars(text("SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'")).all()
    _run(engine, [*_emptying(), *(_counted(name, 0) for name in names)])


def _run(engine: Engine, statements: list[str]) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("; ".join((_UNCHECKED, *statements)))
    engine.dispose()


def _tables() -> list[str]:
    return [f'"{table.name}"' for table in db.metadata.sorted_tables]


def _emptying() -> list[str]:
    return [f"DELETE FROM public.{name}" for name in _tables()]


def _counted(sequence: str, last: int) -> str:
    return f"SELECT setval('public.\"{sequence}\"', {max(1, last)}, {str(last > 0).lower()})"
