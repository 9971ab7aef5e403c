"""The guides say what the program does."""

from __future__ import annotations

import re
from pathlib import Path

from openmap.cli import main
from openmap.meetings.workbook.layout import SHEETS

ROOT = Path(__file__).resolve().parents[2]


def test_import_guide_lists_every_sheet_and_column() -> None:
    guide = (ROOT / "docs" / "guide" / "importer.md").read_text(encoding="utf-8")
    for sheet in SHEETS:
        assert f"### {sheet.title}" in guide
        for column in sheet.columns:
            assert f"| {column.title}{' *' if column.required else ''} | {column.help} |" in guide


def test_every_command_and_verb_that_is_documented_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        text = page.read_text(encoding="utf-8")
        for verb in re.findall(r"^make ([a-z-]+)", text, re.MULTILINE):
            assert re.search(rf"^{verb}:", makefile, re.MULTILINE), (page.name, verb)
        for command in re.findall(r"(?:^|/)openmap ([a-z]+)", text, re.MULTILINE):
            assert command in main.commands, (page.name, command)


def test_links_between_pages_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for link in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            assert "://" in link or (page.parent / link).exists(), (page.name, link)
