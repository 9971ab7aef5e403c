"""Writes a set of files into a folder so that a reader finds the former set or the new one, whole."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Final, Self

from openmap.agendas.errors import ForeignFileError, NotAFolderError, NotWritableError, OtherEditionError

MANIFEST: Final = ".openmap-agendas.json"
"""Lists what OpenMap wrote in the folder, so that it removes its own stale files and no other."""

_STAGING = ".openmap-agendas-"


@dataclass(frozen=True, slots=True)
class Changes:
    """What a publication did to its folder, by relative names."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]


class Publication:
    """One set of files for one folder: ``stage`` writes them beside, ``swap`` puts them in place.

    Leaving the block without ``swap`` leaves the folder as it was. The folder is locked meanwhile.
    Raises NotAFolderError, NotWritableError, OtherEditionError or ForeignFileError.
    """

    def __init__(self, out: Path, edition: str) -> None:
        self._out = out
        self._edition = edition
        self._lock = -1
        self._staging = out
        self._known: frozenset[str] = frozenset()
        self._names: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        """Make, lock and read the folder."""
        try:
            self._out.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self._out, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            self._known = self._read_manifest()
            for leftover in self._out.glob(f"{_STAGING}*"):
                shutil.rmtree(leftover, ignore_errors=True)
            self._staging = Path(tempfile.mkdtemp(prefix=_STAGING, dir=self._out))
        except (FileExistsError, NotADirectoryError) as error:
            self._release()
            raise NotAFolderError(self._out) from error
        except OSError as error:
            self._release()
            raise NotWritableError(self._out, _reason(error)) from error
        except BaseException:
            self._release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove what was staged and unlock the folder."""
        shutil.rmtree(self._staging, ignore_errors=True)
        self._release()

    def stage(self, files: Mapping[str, bytes]) -> None:
        """Write ``files`` (relative name with ``/`` → content) beside their places."""
        for name, content in files.items():
            target = self._out / name
            if target.exists() and name not in self._known and not _holds(target, content):
                raise ForeignFileError(target)
        try:
            for name, content in files.items():
                staged = self._staging / "new" / name
                staged.parent.mkdir(parents=True, exist_ok=True)
                staged.write_bytes(content)
        except OSError as error:
            raise NotWritableError(self._out, _reason(error)) from error
        self._names = tuple(files)

    def swap(self) -> Changes:
        """Put the staged files in place and remove the stale ones; undo everything when one step fails."""
        written, unchanged, removed = [], [], []
        touched: list[str] = []
        try:
            for name in self._names:
                staged, target = self._staging / "new" / name, self._out / name
                if _holds(target, staged.read_bytes()):
                    unchanged.append(name)
                    continue
                self._keep(name, touched)
                target.parent.mkdir(parents=True, exist_ok=True)
                staged.replace(target)
                written.append(name)
            for name in sorted(self._known.difference(self._names)):
                if (self._out / name).is_file():
                    self._keep(name, touched)
                    (self._out / name).unlink()
                    removed.append(name)
            self._write_manifest()
        except BaseException as error:
            self._undo(touched)
            if isinstance(error, OSError):
                raise NotWritableError(self._out, _reason(error)) from error
            raise
        return Changes(tuple(written), tuple(unchanged), tuple(removed))

    def _keep(self, name: str, touched: list[str]) -> None:
        """Copy the former file aside before it is touched."""
        target, kept = self._out / name, self._staging / "old" / name
        if target.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(target, kept)
        touched.append(name)

    def _undo(self, touched: list[str]) -> None:
        for name in reversed(touched):
            target, kept = self._out / name, self._staging / "old" / name
            if kept.exists():
                kept.replace(target)
            else:
                target.unlink(missing_ok=True)

    def _read_manifest(self) -> frozenset[str]:
        """Return the names that OpenMap wrote here; a manifest that cannot be read claims none."""
        try:
            told = json.loads((self._out / MANIFEST).read_bytes())
            edition, names = str(told["edition"]), [str(name) for name in told["files"]]
        except (FileNotFoundError, ValueError, TypeError, KeyError):
            return frozenset()
        if edition != self._edition:
            raise OtherEditionError(self._out, edition)
        return frozenset(name for name in names if _stays_inside(name))

    def _write_manifest(self) -> None:
        told = json.dumps({"edition": self._edition, "files": sorted(self._names)}, indent=1, ensure_ascii=False)
        target = self._out / MANIFEST
        if not _holds(target, told.encode()):
            staged = self._staging / MANIFEST
            staged.write_text(told, encoding="utf-8")
            staged.replace(target)

    def _release(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def _holds(file: Path, content: bytes) -> bool:
    return file.is_file() and file.stat().st_size == len(content) and file.read_bytes() == content


def _stays_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and name not in {"", "."}


def _reason(error: OSError) -> str:
    """Return the reason in French where it is a usual one."""
    usual = {13: "accès refusé", 28: "disque plein", 30: "support en lecture seule", 36: "nom trop long"}
    return usual.get(error.errno or 0, error.strerror or "erreur d’écriture")
