"""The house's own rules: style, types, directions of import, size of modules, templates, the lock file."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_MODULE = 400
CODE = ("scheduler", "openmap", "benchmarks", "tests", "wsgi.py")


def run(*command: str) -> str:
    """Run one of the environment's tools at the root; fail with what it says."""
    tool = str(Path(sys.executable).with_name(command[0]))
    result = subprocess.run([tool, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-4000:]
    return result.stdout


def test_code_is_clean() -> None:
    run("ruff", "check", "--no-cache", ".")


def test_code_is_formatted() -> None:
    run("ruff", "format", "--no-cache", "--check", ".")


def test_types_are_strict() -> None:
    run("mypy")


def test_rooms_import_in_one_direction() -> None:
    run("lint-imports", "--no-cache")


def test_templates_are_well_formed() -> None:
    run("djlint", "--lint", "templates", "--quiet")


@pytest.mark.parametrize(
    "path", [path for name in ("scheduler", "openmap") for path in sorted((ROOT / name).rglob("*.py"))], ids=str
)
def test_module_is_not_two_modules(path: Path) -> None:
    if "versions" not in path.parts:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE


def test_lock_file_pins_every_package_with_hashes_and_no_address() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in text
    entries = re.split(r"\n(?=\S)", text.strip())
    assert len(entries) > 50
    for entry in entries:
        assert "==" in entry
        assert "--hash=sha256:" in entry


def test_every_declared_dependency_is_locked() -> None:
    declared = re.findall(
        r'^    "([A-Za-z0-9_.-]+)', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE
    )
    locked = set(
        re.findall(r"^([a-z0-9.-]+)==", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE)
    )
    names = {name.lower().replace("_", "-") for name in declared if ">=" in _line_of(name)}
    assert names
    assert names <= locked


def _line_of(name: str) -> str:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    return next((line for line in lines if line.startswith(f'    "{name}')), "")


def test_no_file_is_called_utils() -> None:
    named = [path for name in CODE[:4] for path in (ROOT / name).rglob("*.py")]
    assert not [path for path in named if re.search(r"utils|helpers|misc", path.stem)]
