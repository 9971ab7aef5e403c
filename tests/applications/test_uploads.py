"""Files that would harm are refused by what they hold, before anything of them is kept."""

from __future__ import annotations

import os
import struct
import time
import zipfile
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask

from openmap.extensions import db
from openmap.mail.models import Message
from openmap.web import inspecting
from openmap.web.keeping import referred
from openmap.web.uploads import LARGEST, RefusedFile, keep, keep_own, sweep
from tests.pictures import jpeg, png, segment
from tests.signing import now


def kept_files(app: Flask) -> list[Path]:
    return [path for path in (app.config["OPENMAP"].instance / "files").rglob("*") if path.is_file()]


def office(**members: bytes) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<w:document/>")
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_DOT_", "."), content)
    return buffer.getvalue()


def lying(content: bytes, real: int, told: int) -> bytes:
    """Return an archive that declares another size than a member has, at its head and in its list."""
    return content.replace(struct.pack("<L", real), struct.pack("<L", told))


def zipped_zip() -> bytes:
    inner = BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"\0" * 5_000_000)
    return office(word__media__inner_DOT_bin=inner.getvalue())


def pdf(inside: bytes) -> bytes:
    return b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog " + inside + b" >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF"


def packed_pdf(inside: bytes) -> bytes:
    packed = zlib.compress(inside)
    head = b"%PDF-1.7\n3 0 obj\n<< /Type /ObjStm /Filter /FlateDecode /Length " + str(len(packed)).encode()
    return head + b" >>\nstream\n" + packed + b"\nendstream\nendobj\n%%EOF"


ATTACKS = {
    "html": lambda: b"<!doctype html><script>alert(1)</script>",
    "html behind a PDF's name": lambda: b"\n%PDF-1.7 <script>alert(1)</script>",
    "svg": lambda: b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "program": lambda: b"MZ\x90\x00",
    "wrong type": lambda: b"Ceci n'est qu'un texte.",
    "gif": lambda: b"GIF89a\x01\x00\x01\x00",
    "empty": lambda: b"",
    "eleven megabytes": lambda: b"%PDF-1.7" + b"x" * (11 * 1024 * 1024),
    "pdf with a script": lambda: pdf(b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >>"),
    "pdf with an escaped script": lambda: pdf(b"/OpenAction << /S /J#61vaScript /#4AS (app.alert(1)) >>"),
    "pdf with a packed script": lambda: packed_pdf(b"<< /S /JavaScript /JS (app.alert(1)) >>"),
    "pdf that starts a program": lambda: pdf(b"/OpenAction << /S /Launch /F (cmd.exe) >>"),
    "pdf with a hidden file": lambda: pdf(b"/Names << /EmbeddedFiles 4 0 R >>"),
    "pdf under a password": lambda: pdf(b"") + b"\ntrailer << /Encrypt 5 0 R >>",
    "pdf bomb": lambda: packed_pdf(b"\0" * (60 * 1024 * 1024)),
    "bomb by its ratio": lambda: office(word__media__zeros_DOT_bin=b"\0" * (50 * 1024 * 1024)),
    "bomb by its size": lambda: office(
        **{f"word__media__{n}_DOT_bin": os.urandom(1024) * 40_000 for n in range(6)}
    ),
    "bomb that lies": lambda: lying(office(word__media__zeros_DOT_bin=b"\0" * 40_000_000), 40_000_000, 900_000),
    "bomb in a document": zipped_zip,
    "many members": lambda: office(**{f"word__{n}_DOT_xml": b"" for n in range(3_100)}),
    "macros": lambda: office(word__vbaProject_DOT_bin=b"x"),
    "activex": lambda: office(word__activeX__activeX1_DOT_xml=b"x"),
    "ole": lambda: office(word__embeddings__oleObject1_DOT_bin=b"x"),
    "a program in a document": lambda: office(word__media__virus_DOT_exe=b"MZ"),
    "a page in an archive": lambda: office().replace(b"word/document.xml", b"page/document.htm"),
    "a huge picture": lambda: png(100_000, 100_000),
    "a picture of no size": lambda: png(0, 100),
    "a picture without a head": lambda: b"\x89PNG\r\n\x1a\n\0\0\0\rtEXt" + b"x" * 40,
    "a huge photograph": lambda: jpeg(60_000, 60_000),
    "a huge photograph that is progressive": lambda: jpeg(60_000, 60_000, frame=0xC2),
    "a huge photograph behind a small preview": lambda: jpeg(60_000, 60_000, before=segment(0xE1, jpeg(160, 120))),
    "a huge photograph behind stray bytes": lambda: jpeg(60_000, 60_000, before=b"\0stray\xff\0\xff\xff"),
    "a photograph of no height": lambda: jpeg(4000, 0),
    "a photograph cut short": lambda: jpeg(4000, 3000)[:-12],
    "a photograph without a frame": lambda: b"\xff\xd8\xff\xda\0\x0c" + b"\0" * 40 + jpeg(40, 30)[2:],
    "a photograph of endless segments": lambda: b"\xff\xd8" + segment(0xFE, b"") * 300_000,
    "a photograph whose segment has no length": lambda: b"\xff\xd8\xff\xe0\0\0" + jpeg(40, 30)[2:],
    "a photograph of nothing but filling": lambda: b"\xff\xd8" + b"\xff" * 5_000_000,
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS, ids=str)
def test_an_attack_is_refused_in_french_and_leaves_nothing(app: Flask, attack: str) -> None:
    began = time.monotonic()
    with pytest.raises(RefusedFile) as refusal:
        keep(BytesIO(ATTACKS[attack]()), "document.pdf")
    assert str(refusal.value).endswith((".", "recommencez."))
    assert kept_files(app) == []
    assert time.monotonic() - began < 20


HONEST = {
    "pdf": pdf(b"/OpenAction [ 2 0 R /Fit ]"),
    "pdf with pictures": pdf(b"") + b"\n4 0 obj << /Length 20 >>\nstream\n/JS /Launch by chance\nendstream endobj",
    "picture": png(4000, 3000),
    "photograph": jpeg(6000, 4000),
    "progressive photograph": jpeg(6000, 4000, frame=0xC2),
    "photograph with its preview": jpeg(6000, 4000, before=segment(0xE1, jpeg(60_000, 60_000))),
    "photograph with stray bytes": jpeg(6000, 4000, before=b"\0stray\xff\0\xff\xff"),
    "document": office(word__media__photo_DOT_jpg=os.urandom(300_000)),
    "a document with an empty sheet": office(word__embeddings__sheet1_DOT_xlsx=office()),
}


@pytest.mark.parametrize("honest", HONEST, ids=str)
@pytest.mark.usefixtures("app")
def test_what_people_really_send_is_kept(honest: str) -> None:
    assert keep(BytesIO(HONEST[honest]), "plaquette.pdf").size == len(HONEST[honest])


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("facture.html.pdf", "facture_html.pdf"),
        ("..\\..\\page.svg.pdf", "page_svg.pdf"),
        ("evil.php\0.pdf", "evil_php.pdf"),
        ('"><script>.pdf', "script.pdf"),
        ("x" * 400, "x" * 120 + ".pdf"),
        (".pdf", "pdf.pdf"),
    ],
)
@pytest.mark.usefixtures("app")
def test_a_name_has_one_ending_and_nothing_that_runs(told: str, kept: str) -> None:
    assert keep(BytesIO(pdf(b"")), told).filename == kept


def test_reading_stops_at_the_bound(app: Flask) -> None:
    class Endless:
        given = 0

        def read(self, size: int) -> bytes:
            self.given += size
            return b"%PDF-" + b"x" * (size - 5)

    endless = Endless()
    with pytest.raises(RefusedFile):
        keep(endless, "sans-fin.pdf")  # type: ignore[arg-type]
    assert endless.given <= LARGEST + 2 * 64 * 1024
    assert kept_files(app) == []


def test_what_nothing_refers_to_is_swept_once_it_is_old(app: Flask) -> None:
    receipt = keep_own(pdf(b"receipt"), "recu.pdf", "application/pdf")
    db.session.add(
        Message(
            key="k", purpose="p", recipient="a@essai.example", subject="s", body="b", state="queued",
            attachments=[receipt], created_at=now(), due_at=now(),
        )
    )  # fmt: skip
    db.session.commit()
    orphan = keep(BytesIO(pdf(b"orphan")), "orpheline.pdf")
    cut = app.config["OPENMAP"].instance / "files" / "copie-coupee"
    cut.write_bytes(b"%PDF-")
    assert sweep(referred(db.session)) == 0  # all are young: their rows may be on their way
    for path in kept_files(app):
        os.utime(path, (time.time() - 100_000,) * 2)
    assert sweep(referred(db.session)) == 2
    assert [path.name for path in kept_files(app)] == [receipt["digest"]]
    assert orphan.digest != receipt["digest"]


def test_the_bounds_leave_room_for_a_real_document() -> None:
    assert inspecting.LARGEST_INFLATED >= 20 * LARGEST
