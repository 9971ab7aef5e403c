"""Files that people send: told by their content, kept under their hash outside the web root, attached when read."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from flask import Response, abort, current_app, send_file
from flask_babel import gettext as _

from openmap.web.inspecting import TYPES, RefusedFile, ending_of

LARGEST: Final = 10 * 1024 * 1024
_PIECE: Final = 64 * 1024
_ASIDE: Final = "copie-"
ORPHAN_SECONDS: Final = 24 * 3600.0
SHOWN: Final = frozenset({"image/png", "image/jpeg"})
"""What a page may show by itself: pictures, in which nothing runs (SVG is none of them)."""

__all__ = [
    "ACCEPT",
    "LARGEST",
    "TYPES",
    "Kept",
    "RefusedFile",
    "content_of",
    "hand_over",
    "keep",
    "keep_own",
    "show",
    "sweep",
]

ACCEPT: Final = ",".join(f".{ending}" for ending in TYPES)


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that lies in the folder under its SHA-256."""

    digest: str
    size: int
    media_type: str
    filename: str


def keep(stream: IO[bytes], filename: str, endings: Collection[str] = tuple(TYPES)) -> Kept:
    """Keep a file: PDF, image, OpenDocument or Office, told by its content, 10 MB at most, counted as it is read.

    ``endings`` says which of ``TYPES`` are wanted here. Raises RefusedFile.
    """
    folder = _folder()
    with tempfile.NamedTemporaryFile(dir=folder, prefix=_ASIDE, delete=False) as copy:
        path = Path(copy.name)
        try:
            digest, size = _copied(stream, copy)
            copy.flush()
            ending = _wanted_ending(path, endings)
        except BaseException:
            path.unlink()
            raise
    _put(path, digest)
    return Kept(digest, size, TYPES[ending], _clean(filename, ending))


def keep_own(content: bytes, filename: str, media_type: str) -> dict[str, str]:
    """Keep a file that the program has made; return it as an attachment of a mail (``mail.models.Message``)."""
    digest = hashlib.sha256(content).hexdigest()
    with tempfile.NamedTemporaryFile(dir=_folder(), prefix=_ASIDE, delete=False) as copy:
        copy.write(content)
    _put(Path(copy.name), digest)
    return {"name": filename, "type": media_type, "digest": digest}


def content_of(digest: str) -> bytes:
    """Return what a kept file holds."""
    return path_of(digest).read_bytes()


def sweep(referred: Collection[str], *, age_seconds: float = ORPHAN_SECONDS) -> int:
    """Remove the files to which nothing refers any more, and copies that were cut short; return how many.

    Young ones stay: the row that names them may not be written yet.
    """
    swept, before = 0, time.time() - age_seconds
    for path in _folder().rglob("*"):
        if path.is_file() and path.name not in referred and path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
            swept += 1
    return swept


def _put(path: Path, digest: str) -> None:
    """Move a finished copy to where its hash says; whole or not at all, and fresh again where it lay already."""
    target = path_of(digest)
    target.parent.mkdir(exist_ok=True)
    os.replace(path, target)


def path_of(digest: str) -> Path:
    """Return where a kept file lies."""
    return _folder() / digest[:2] / digest


def hand_over(digest: str, media_type: str, filename: str) -> Response:
    """Return a kept file as an attachment that no browser runs anything of."""
    path = path_of(digest)
    if not path.is_file():
        abort(404)
    response = send_file(path, media_type, as_attachment=True, download_name=filename)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def show(digest: str, media_type: str, filename: str) -> Response:
    """Return a kept image for a page of ours to show; anything else is handed over."""
    response = hand_over(digest, media_type, filename)
    if media_type in SHOWN:
        response.headers["Content-Disposition"] = "inline"
        # What a browser needs to lay an image out that is opened alone; nothing in it can run or load.
        response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
    return response


def kept_file(digest: str) -> Path:
    """Return where the content of this hash lies."""
    return _folder() / digest[:2] / digest


def _wanted_ending(path: Path, endings: Collection[str]) -> str:
    ending = ending_of(path)
    if ending not in endings:
        raise RefusedFile(_("Ce type de fichier n’est pas accepté ici : choisissez-en un autre."))
    return ending


def _copied(stream: IO[bytes], copy: IO[bytes]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while piece := stream.read(_PIECE):
        size += len(piece)
        if size > LARGEST:
            raise RefusedFile(_("Ce fichier dépasse 10 Mo : réduisez-le, ou donnez-le en plusieurs fichiers."))
        digest.update(piece)
        copy.write(piece)
    if not size:
        raise RefusedFile(_("Ce fichier est vide : choisissez-en un autre."))
    return digest.hexdigest(), size


def _clean(filename: str, ending: str) -> str:
    """Return a name fit for a header and a disk, with the ending that the content has."""
    stem = filename.replace("\\", "/").rpartition("/")[2].rpartition(".")[0] or filename
    # Dots go too: facture.html.pdf would keep a second ending.
    stem = re.sub(r"[^\w ()’'-]+", "_", stem).strip(" _") or "document"
    return f"{stem[:120]}.{ending}"


def _folder() -> Path:
    folder: Path = current_app.config["OPENMAP"].instance / "files"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
