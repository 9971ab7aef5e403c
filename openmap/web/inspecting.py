"""What a file is by its content, and what no file of ours may hold: scripts, macros, programs, bombs.

Nothing is unpacked to disk. Archives are judged by what they declare, then by what they really inflate to, counted in
small pieces and given up at a bound; PDFs by their names, object streams included.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path
from typing import IO, Final

from flask_babel import gettext as _

TYPES: Final = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_MAGIC: Final = {"pdf": b"%PDF-", "png": b"\x89PNG\r\n\x1a\n", "jpg": b"\xff\xd8\xff"}
_OFFICE_FOLDERS: Final = {"docx": "word/", "xlsx": "xl/", "pptx": "ppt/"}

MOST_MEMBERS: Final = 3_000
LARGEST_INFLATED: Final = 200 * 1024 * 1024
"""A document of 10 MB that holds more than that is a bomb, or no document."""
LARGEST_RATIO: Final = 200
"""Text in XML shrinks twenty times, an empty sheet a hundred; a bomb a thousand."""
RATIO_COUNTS_FROM: Final = 1024 * 1024
MOST_PIXELS: Final = 100_000_000
_PIECE: Final = 64 * 1024
_JPEG_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""The heads of frames; the three others define tables (ITU-T T.81, table B.1)."""
_JPEG_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_JPEG_DATA: Final = frozenset({0xD8, 0xD9, 0xDA})
"""What never comes before the frame's head: another picture, its end, its data."""
_MOST_SEGMENTS: Final = 2_000
_MOST_STRAYS: Final = 10_000

_RUNS: Final = re.compile(
    r"(^|/)(vbaProject\.bin|vbaData\.xml|activeX/|Basic/|Scripts/|oleObject\d*\.bin)|\.(exe|dll|js|vbs|scr|bat|cmd|jar)$",
    re.IGNORECASE,
)
_ARCHIVE: Final = (b"PK\x03\x04", b"7z\xbc\xaf", b"Rar!", b"\x1f\x8b", b"BZh", b"\xfd7zXZ")
_PDF_RUNS: Final = re.compile(
    rb"/(JavaScript|JS|Launch|EmbeddedFiles?|RichMedia|XFA|ImportData|SubmitForm|Movie|Sound)(?=[\s/<\[(]|$)"
)
_PDF_STREAM: Final = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_PDF_ESCAPE: Final = re.compile(rb"#([0-9A-Fa-f]{2})")


class RefusedFile(Exception):
    """The file is not one that we keep; the sentence says what to do."""


def ending_of(path: Path) -> str:
    """Return the ending that fits what a file is, whatever it is called.

    Raises RefusedFile for anything but a PDF, an image or an office document, and for those that could harm.
    """
    with path.open("rb") as file:
        start = file.read(64)
    for ending, magic in _MAGIC.items():
        if start.startswith(magic):
            if ending == "pdf":
                _require_quiet_pdf(path.read_bytes())
            elif ending == "png":
                _require_sane_picture(_png_size(start))
            else:
                _require_sane_picture(_jpeg_size(path))
            return ending
    told = _archive_ending(path) if zipfile.is_zipfile(path) and start.startswith(b"PK") else None
    if told is None:
        raise RefusedFile(
            _("Ce type de fichier n’est pas accepté : donnez un PDF, une image (PNG, JPEG) ou un document bureautique.")
        )
    return told


def _archive_ending(path: Path) -> str | None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            told = _office_ending(archive, [member.filename for member in members])
            if told is not None:
                _require_no_bomb(archive, members, path.stat().st_size)
            return told
    except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, ValueError):
        return None


def _office_ending(archive: zipfile.ZipFile, names: list[str]) -> str | None:
    if any(_RUNS.search(name) for name in names):
        return None  # macros and programs are refused with what cannot be told
    if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
        media_type = archive.read("mimetype").decode("ascii", "replace").strip()
        return next((ending for ending, known in TYPES.items() if known == media_type), None)
    if "[Content_Types].xml" not in names:
        return None
    return next((end for end, part in _OFFICE_FOLDERS.items() if any(name.startswith(part) for name in names)), None)


def _require_no_bomb(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], size: int) -> None:
    """Refuse an archive that inflates to far more than it weighs, by what it declares and by what it does."""
    bomb = RefusedFile(
        _("Ce document se déplie en un volume anormal : enregistrez-le de nouveau, ou exportez-le en PDF.")
    )
    declared, packed = sum(one.file_size for one in members), sum(one.compress_size for one in members)
    if len(members) > MOST_MEMBERS or declared > LARGEST_INFLATED or packed > size:
        raise bomb  # members that overlap declare more than the archive weighs
    if any(one.file_size > RATIO_COUNTS_FROM and one.file_size > LARGEST_RATIO * one.compress_size for one in members):
        raise bomb
    inflated = 0
    for one in members:
        if one.flag_bits & 1:
            raise RefusedFile(_("Ce document est protégé par un mot de passe : enregistrez-le sans protection."))
        head, real = _really_inflated(archive, one, LARGEST_INFLATED - inflated)
        inflated += real
        if inflated > LARGEST_INFLATED or real > one.file_size:
            raise bomb
        if head.startswith(_ARCHIVE) and not one.filename.startswith(("word/embeddings/", "ppt/embeddings/")):
            raise bomb  # an archive inside: only the workbooks behind charts lie there


def _really_inflated(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> tuple[bytes, int]:
    """Return how a member begins and how much it really holds, given up beyond ``most``.

    The reader of the standard library stops at the declared size: the raw stream is inflated here instead.
    """
    file = archive.fp
    if file is None or member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise zipfile.BadZipFile("compressed in a way that is not read here")
    file.seek(member.header_offset + 26)
    lengths = file.read(4)
    file.seek(int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little"), 1)
    if member.compress_type == zipfile.ZIP_STORED:
        return file.read(8), member.compress_size
    inflating, left, total, head = zlib.decompressobj(-15), member.compress_size, 0, b""
    while left > 0 and not inflating.eof and total <= most:
        piece = file.read(min(_PIECE, left))
        if not piece:
            break
        left -= len(piece)
        while piece and total <= most:
            out = inflating.decompress(piece, _PIECE)
            head = head or out[:8]
            total += len(out)
            piece = inflating.unconsumed_tail
    return head, total


def _require_quiet_pdf(content: bytes) -> None:
    """Refuse a PDF that would run or send something or carry other files, and one that cannot be looked into."""
    outside = _PDF_STREAM.sub(b"stream endstream", content)
    if b"/Encrypt" in _plain_names(outside):
        raise RefusedFile(_("Ce PDF est protégé : enregistrez-le sans mot de passe ni restriction, puis recommencez."))
    if _PDF_RUNS.search(_plain_names(outside)):
        raise _harmful()
    budget = LARGEST_INFLATED // 4
    for stream in _PDF_STREAM.finditer(content):
        before = _plain_names(content[max(0, stream.start() - 400) : stream.start()].rpartition(b"obj")[2])
        if b"/ObjStm" not in before:
            continue
        inflating = zlib.decompressobj()
        try:
            objects = inflating.decompress(stream[1], budget) if b"/FlateDecode" in before else stream[1]
        except zlib.error:
            raise _harmful() from None
        budget -= len(objects)
        if budget <= 0 or _PDF_RUNS.search(_plain_names(objects)):
            raise _harmful()


def _harmful() -> RefusedFile:
    return RefusedFile(
        _("Ce PDF contient un script, un formulaire actif ou un fichier caché : exportez-le de nouveau en PDF simple.")
    )


def _plain_names(part: bytes) -> bytes:
    """Return PDF names as they are meant: ``/J#61vaScript`` is ``/JavaScript`` (ISO 32000-1, 7.3.5)."""
    return _PDF_ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), part)


def _require_sane_picture(size: tuple[int, int] | None) -> None:
    """Refuse a picture whose head declares more pixels than any screen shows, or does not say how many."""
    if size is None or 0 in size:
        raise RefusedFile(_("Cette image est illisible : enregistrez-la de nouveau, puis recommencez."))
    if size[0] * size[1] > MOST_PIXELS:
        raise RefusedFile(_("Cette image est trop grande : réduisez-la, puis recommencez."))


def _png_size(start: bytes) -> tuple[int, int] | None:
    """Return width and height in pixels; ``None`` where the head is not the first chunk (PNG 3rd ed., 5.6)."""
    if len(start) < 24 or start[12:16] != b"IHDR":
        return None
    return int.from_bytes(start[16:20], "big"), int.from_bytes(start[20:24], "big")


def _jpeg_size(path: Path) -> tuple[int, int] | None:
    """Return width and height in pixels, told by the frame's head (ITU-T T.81, B.2.2); ``None`` where none is found.

    Segments are passed over by their length, so that a preview kept inside one is not taken for the picture.
    """
    with path.open("rb") as file:
        file.seek(2)
        for _segment in range(_MOST_SEGMENTS):
            marker = _next_marker(file)
            if marker in _JPEG_ALONE:
                continue
            length = int.from_bytes(file.read(2), "big")
            if marker in _JPEG_FRAMES:
                head = file.read(5)
                told = length >= 8 and len(head) == 5
                return (int.from_bytes(head[3:5], "big"), int.from_bytes(head[1:3], "big")) if told else None
            if marker is None or marker in _JPEG_DATA or length < 2:
                return None
            file.seek(length - 2, 1)
    return None


def _next_marker(file: IO[bytes]) -> int | None:
    """Return the next marker's code; ``None`` where none follows. Stray bytes are passed over, as decoders do."""
    marked = False
    for _byte in range(_MOST_STRAYS):
        code = file.read(1)
        if not code:
            return None
        if marked and code not in {b"\x00", b"\xff"}:
            return code[0]
        marked = code == b"\xff"
    return None
