"""Files that leave together: one row a file for a spreadsheet, one folder a file in an archive."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import RawIOBase
from pathlib import Path
from typing import Any, Final

from flask_babel import gettext as _

from openmap.applications.completeness import answers_of
from openmap.applications.labels import kind_label, standing_label, state_label
from openmap.applications.models import Application, Question
from openmap.applications.presenting import answer_told, label_of
from openmap.applications.printing import file_pdf
from openmap.directory.labels import legal_form_label
from openmap.extensions import AnySession
from openmap.web.french import clock
from openmap.web.naming import safe_name, unused
from openmap.web.tabular import Cell
from openmap.web.uploads import kept_file

_PIECE: Final = 256 * 1024
_TEXTS: Final = ("presentation", "offers", "clients")
_PITCH: Final = ("pitch_title", "pitch_summary", "pitch_novelty", "pitch_impact")


def head(questions: Sequence[Question]) -> list[str]:
    """Return the titles of the columns; questions of one label are told apart by their number."""
    titles = [
        _("Dossier"), _("État"), _("Recevabilité"), _("Motif"), _("Déposée le"), _("En retard"),
        *(label_of(name) for name in (
            "name", "siret", "kind", "legal_form", "labels", "address", "commune_code", "website", "presentation",
            "activities", "offers", "clients", "workforce", "supported_share", "areas", "radius_km",
        )),
        _("Contact"), _("Adresse électronique"), _("Téléphone"), _("Fonction"), _("Autres personnes présentes"),
        *(label_of(name) for name in ("absent_slots", "wants_pitch", *_PITCH, "wants_meetings", "meeting_wishes")),
        label_of("attachments"),
    ]  # fmt: skip
    seen: dict[str, int] = {}
    for question in questions:
        seen[question.label] = seen.get(question.label, 0) + 1
        number = seen[question.label]
        titles.append(question.label if number == 1 else f"{question.label} ({number})")
    return titles


def row_of(one: Application, questions: Sequence[Question]) -> list[Cell]:
    """Return a file as a row: what can be counted as numbers, the rest as it is read."""
    zone = one.edition.zone
    first, others = (one.attendees[0], one.attendees[1:]) if one.attendees else (None, [])
    answers = answers_of(one)
    files = [attachment for attachment in one.attachments if attachment.replaced_at is None]
    return [
        one.id, state_label(one.state), standing_label(one.standing), one.standing_reason,
        one.submitted_at.astimezone(zone).strftime("%d/%m/%Y %H:%M") if one.submitted_at else "",
        _("oui") if one.is_late else "",
        one.name, one.siret, kind_label(one.kind), legal_form_label(one.legal_form),
        _joined(label.name for label in one.labels),
        one.address, one.commune.name if one.commune else "", one.website, one.presentation,
        _joined(activity.name for activity in one.activities), one.offers, one.clients, one.workforce,
        one.supported_share, _joined(area.name for area in one.areas), one.radius_km,
        first.name if first else "", first.email if first else "", first.phone if first else "",
        first.position if first else "",
        _joined(" ".join(part for part in (other.name, other.email) if part) for other in others),
        _joined(f"{clock(slot.start, zone)} – {clock(slot.end, zone)}" for slot in one.absent_slots),
        _yes_no(one.wants_pitch), *(getattr(one, name) for name in _PITCH),
        _yes_no(one.wants_meetings), one.meeting_wishes,
        _joined(attachment.filename for attachment in files),
        *(_answer(question, answers, files) for question in questions),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Folder:
    """What an archive holds of a file: its PDF, its attachments by the name that each gets, those that are lost."""

    name: str
    pdf: bytes
    attachments: list[tuple[str, Path]]
    lost: list[str]


def folder_of(session: AnySession, one: Application, *, now: datetime) -> Folder:
    """Return the folder of a file; only its PDF is in memory."""
    taken, found, lost = {"candidature.pdf", "a lire.txt"}, [], []
    for attachment in one.attachments:
        if attachment.replaced_at is not None:
            continue
        stem, _dot, ending = attachment.filename.rpartition(".")
        name = unused(f"{safe_name(stem or ending)}.{safe_name(ending, 'bin')}", taken)
        taken.add(name.casefold())
        path = kept_file(attachment.digest)
        if path.is_file():
            found.append((name, path))
        else:
            lost.append(attachment.filename)
    name = safe_name(f"{one.id:04d} {one.name}".strip())
    return Folder(name, file_pdf(session, one, now=now), found, lost)


def archive_of(folders: Iterable[Folder], *, now: datetime) -> Iterator[bytes]:
    """Yield an archive piece by piece; what cannot be read on the disk is told in a note beside what can."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        for folder in folders:
            _put(archive, f"{folder.name}/candidature.pdf", [folder.pdf], now)
            yield sink.taken()
            for name, path in folder.attachments:
                with path.open("rb") as content, archive.open(_entry(f"{folder.name}/{name}", now), "w") as target:
                    while piece := content.read(_PIECE):
                        target.write(piece)
                        yield sink.taken()
            if folder.lost:
                told = f"Ces pièces jointes manquent sur le serveur : {', '.join(folder.lost)}"
                _put(archive, f"{folder.name}/A lire.txt", [told.encode()], now)
    yield sink.taken()


def _put(archive: zipfile.ZipFile, name: str, pieces: Iterable[bytes], now: datetime) -> None:
    with archive.open(_entry(name, now), "w") as target:
        for piece in pieces:
            target.write(piece)


def _entry(name: str, now: datetime) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, now.timetuple()[:6])
    entry.compress_type = zipfile.ZIP_STORED if name.endswith((".jpg", ".png", "x")) else zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry


class _Sink(RawIOBase):
    """What an archive is written to: gives back what has come in since it was last asked."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        """Say that it can be written, but not sought in: the archive then describes each entry after it."""
        return True

    def write(self, piece: Any) -> int:
        """Take a piece."""
        content = bytes(piece)
        self._pieces.append(content)
        return len(content)

    def taken(self) -> bytes:
        """Return what has been written since."""
        content = b"".join(self._pieces)
        self._pieces.clear()
        return content


def _answer(question: Question, answers: dict[int, Any], files: Iterable[Any]) -> Cell:
    if question.kind == "file":
        return _joined(one.filename for one in files if one.question_id == question.id)
    value = answers.get(question.id)
    if question.kind == "number" and isinstance(value, int | float) and not isinstance(value, bool):
        return value
    told = answer_told(question.kind, value) if value is not None else ""
    return told if isinstance(told, str) else _joined(told)


def _joined(values: Iterable[str]) -> str:
    return " ; ".join(value for value in values if value)


def _yes_no(value: bool | None) -> str:
    return "" if value is None else str(_("oui") if value else _("non"))
