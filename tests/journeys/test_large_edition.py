"""The way of a large edition, walked by a small one: from its workbook to the mails of everyone who has a meeting."""

from __future__ import annotations

from pathlib import Path

from benchmarks.large import Size, measure, run_step, tell


def test_an_edition_goes_from_its_workbook_to_everyone_s_mail(tmp_path: Path) -> None:
    size = Size(buyers=6, structures=12, wishes=30, slots=6, limit=1.0)
    found = measure("", size, tmp_path, step=run_step)  # each step stops the run where its figures do not agree
    lines = list(tell(size, {"sqlite": found}))
    assert any("publication, the job" in line and "mails" in line for line in lines)
    assert len(list((tmp_path / "outbox").glob("*.eml"))) > 0
