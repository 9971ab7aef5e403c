"""The database's history: from nothing to today and back, on the engine under test."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import CheckConstraint, MetaData, Table, func, inspect, select, text
from sqlalchemy.exc import IntegrityError

from openmap.cli import main
from openmap.extensions import db
from openmap.meetings.models import Plan
from openmap.reference.fulltext import of_the_engine
from tests.factories import make_edition, make_plan, make_solve
from tests.signing import administrator_client

MIGRATIONS = Path(__file__).resolve().parents[2] / "openmap" / "migrations"

REPLACES_A_TABLE = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "test", "{head}"


def upgrade():
    with op.batch_alter_table("editions", recreate="{recreate}") as batch:
        batch.add_column(sa.Column("motto", sa.String(80), nullable=False, server_default=""))


def downgrade():
    with op.batch_alter_table("editions", recreate="{recreate}") as batch:
        batch.drop_column("motto")
"""


def counts() -> dict[str, int]:
    """Return how many rows each table holds."""
    rows = {name: db.session.scalar(select(func.count()).select_from(t)) or 0 for name, t in db.metadata.tables.items()}
    db.session.remove()
    return rows


def now() -> datetime:
    return datetime.now(UTC)


def newest_revision() -> str:
    with db.engine.connect() as connection:
        return str(MigrationContext.configure(connection).get_current_revision())


@pytest.mark.usefixtures("app")
def test_migrations_lead_to_the_models() -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": of_the_engine})
        assert compare_metadata(context, db.metadata) == []


@pytest.mark.usefixtures("app")
def test_database_holds_every_rule_that_the_models_state() -> None:
    inspector = inspect(db.engine)
    for name, table in db.metadata.tables.items():
        stated = {rule.name for rule in table.constraints if isinstance(rule, CheckConstraint)}
        assert {rule["name"] for rule in inspector.get_check_constraints(name)} == stated, name


@pytest.mark.usefixtures("app")
def test_down_to_nothing_and_up_again() -> None:
    downgrade(revision="base")
    assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
    upgrade()
    assert set(db.metadata.tables) <= set(inspect(db.engine).get_table_names())


@pytest.mark.usefixtures("app")
def test_failed_migration_leaves_nothing_behind() -> None:
    downgrade(revision="base")
    with db.engine.begin() as connection:
        connection.execute(text("CREATE TABLE wishes (id INTEGER)"))
    with pytest.raises(Exception, match="wishes"):
        upgrade()
    db.engine.dispose()
    assert set(inspect(db.engine).get_table_names()) <= {"alembic_version", "wishes"}
    with db.engine.begin() as connection:
        connection.execute(text("DROP TABLE wishes"))
    upgrade()
    assert "plans" in inspect(db.engine).get_table_names()


@pytest.mark.usefixtures("app")
def test_last_step_down_and_up_keeps_every_row() -> None:
    edition = make_edition()
    make_solve(edition, "running", plan=make_plan(edition))
    before = counts()
    assert before["meetings"] > 0
    downgrade()
    kept = set(inspect(db.engine).get_table_names())
    upgrade()
    assert {name: count for name, count in counts().items() if name in kept} == {
        name: count for name, count in before.items() if name in kept
    }


@pytest.mark.usefixtures("app")
def test_replacing_a_table_keeps_what_hangs_on_it(tmp_path: Path) -> None:
    edition = make_edition()
    make_plan(edition)
    before = counts()
    assert before["meetings"] > 0
    copy = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, copy)
    recreate = "always" if db.engine.dialect.name == "sqlite" else "auto"
    step = REPLACES_A_TABLE.format(head=newest_revision(), recreate=recreate)
    (copy / "versions" / "test.py").write_text(step, encoding="utf-8")
    upgrade(directory=str(copy))
    assert counts() == before
    downgrade(directory=str(copy))
    assert counts() == before


@pytest.mark.usefixtures("app")
def test_references_hold_again_after_a_migration() -> None:
    upgrade()
    db.session.add(Plan(edition_id=404, version=1, status="optimal", seed=1, problem_digest="", created_at=now()))
    with pytest.raises(IntegrityError):
        db.session.commit()
    db.session.rollback()


@pytest.mark.usefixtures("app")
def test_of_two_calculations_under_way_an_upgrade_keeps_the_newest() -> None:
    edition_id = make_edition().id
    db.session.commit()  # an open reading would keep the tables locked on PostgreSQL
    downgrade(revision="0001")
    with db.engine.begin() as connection:
        solves = Table("solves", MetaData(), autoload_with=connection)
        common = {"edition_id": edition_id, "time_limit": 10, "seed": 1, "progress": [], "message": ""}
        common |= {"requested_at": now(), "stop_requested": False}
        for state, started, ended in (
            ("running", now(), None), ("running", now(), None), ("queued", None, None), ("finished", now(), now()),
        ):  # fmt: skip
            row = common | {"state": state, "started_at": started, "ended_at": ended}
            connection.execute(solves.insert().values(**row))
    upgrade()
    with db.engine.connect() as connection:
        states = connection.execute(text("SELECT state FROM solves ORDER BY id"))
        assert list(states.scalars()) == ["lost", "lost", "queued", "finished"]


def test_a_morning_of_the_first_release_is_there_after_the_upgrade(app: Flask) -> None:
    edition = make_edition()
    make_solve(edition, "finished", plan=make_plan(edition))
    before = counts()
    downgrade(revision="0002")
    with db.engine.connect() as connection:
        assert "people" not in inspect(connection).get_table_names()
        assert "published_at" not in {column["name"] for column in inspect(connection).get_columns("editions")}
        kept = set(inspect(connection).get_table_names())
    upgrade()
    after = counts()
    assert {name: after[name] for name in before if name in kept} == {
        name: before[name] for name in before if name in kept
    }
    assert app.test_client().get("/editions/essai").status_code == 200
    assert administrator_client(app).get("/editions/essai/planning").status_code == 200


def test_init_can_be_run_twice(app: Flask) -> None:
    for _ in range(2):
        result = app.test_cli_runner().invoke(main, ["init"])
        assert result.exit_code == 0, result.output
        assert "à jour" in result.output


def test_migrations_import_nothing_of_the_application() -> None:
    for file in (MIGRATIONS / "versions").glob("*.py"):
        assert "openmap" not in file.read_text(encoding="utf-8")
