"""The description of the API holds against the API: a fuzzer made from it finds nothing that it does not say."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.serving import make_server

from openmap.api.operations import OPERATIONS
from openmap.directory.models import Buyer
from openmap.extensions import db, limiter
from openmap.reference.models import Area
from tests.api.test_reading import coming_need, make_structure
from tests.facilitators import make_facilitator
from tests.needs.conftest import words
from tests.signing import now


@pytest.fixture
def served(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve the API with some data on this machine, without its limits: a fuzzer asks more than they allow."""
    words()
    area = db.session.scalars(select(Area).where(Area.code == "93")).one()
    buyer = Buyer(name="Ville d’essai")
    db.session.add_all([buyer, make_facilitator("Maison", areas=[area], published_at=now())])
    for rank in range(3):
        make_structure(rank)
        coming_need(buyer, f"Besoin {rank}")
    db.session.commit()
    monkeypatch.setattr(limiter, "enabled", False)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_every_address_is_described(app: Flask) -> None:
    told = app.test_client().get("/api/v1/openapi.json").json
    assert told["openapi"] == "3.1.0"
    assert len(told["paths"]) == len(OPERATIONS)
    assert {one["get"]["operationId"] for one in told["paths"].values()} == {one.name for one in OPERATIONS}


def test_a_fuzzer_finds_nothing_that_the_description_does_not_say(served: str, tmp_path: Path) -> None:
    """It runs on its own: as a plugin of pytest it would load in every test. Seed and examples bound its time."""
    (tmp_path / "schemathesis.toml").write_text(
        "[checks]\npositive_data_acceptance.expected-statuses = [200, 304, 404, 422]\n"
    )
    tool = Path(sys.executable).with_name("schemathesis")
    run = subprocess.run(
        [
            tool, "run", f"{served}/api/v1/openapi.json", "--url", f"{served}/api/v1", "--seed", "1",
            "--max-examples", "6", "--phases", "examples,coverage,fuzzing", "--no-color", "--workers", "1",
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-6_000:] + run.stderr[-2_000:]
