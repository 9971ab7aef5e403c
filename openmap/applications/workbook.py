"""The workbook of applications: its columns, the edition's questions included, and what its rows mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from sqlalchemy import or_, select
from stdnum.fr import siret as siret_number

from openmap.applications.fields import QUESTION
from openmap.applications.models import LONGEST_SUMMARY, Question
from openmap.applications.presenting import questions_of
from openmap.directory.labels import LEGAL_FORM_LABELS
from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.reference import queries as reference
from openmap.reference.models import Area, Commune
from openmap.reference.words import folded
from openmap.web.workbook.layout import Column, Sheet, normal
from openmap.web.workbook.parsing import Cells, rows_of
from openmap.web.workbook.reading import Fault, Limits, WorkbookUnusable, read
from openmap.web.workbook.template import write_book

LIMITS: Final = Limits(packed=5_000_000, unpacked=60_000_000, rows=500)
KEY: Final = "candidatures"
_TEXTS: Final = 3000
_READ_ME: Final = (
    "Candidatures à importer",
    "Une ligne par structure. Enregistrez ce classeur, puis importez-le depuis la liste des candidatures.",
    "Les colonnes dont le titre porte un astérisque sont obligatoires. Les autres peuvent rester vides.",
    "Cliquez sur un titre de colonne ou dans une cellule : l'aide apparaît.",
    "Activités et territoires : plusieurs dans une cellule, séparés par un point-virgule.",
    "Collez des valeurs, pas des formules. Rien n'est enregistré tant qu'il reste une erreur ; toutes sont signalées.",
    "Une structure dont le SIRET a déjà une candidature n'est pas touchée : l'import la signale.",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that can come in: its line, whose file it becomes, and what the file holds; activities by their codes."""

    line: int
    siret: str
    name: str
    contact: Mapping[str, str]
    values: Mapping[str, Any]


def write_template(session: AnySession, edition: Edition, target: IO[bytes]) -> None:
    """Write the empty workbook of an edition."""
    write_book(target, [sheet_of(session, edition)], _READ_ME)


def entries_of(session: AnySession, edition: Edition, source: Path) -> list[Entry]:
    """Return what a workbook asks to bring in.

    Raises WorkbookUnusable with every fault, each with its line and its column.
    """
    faults: list[Fault] = []
    sheet = sheet_of(session, edition)
    raws = read(source, [sheet], faults, LIMITS)
    of_form = len(faults)  # what is wrong with the sheet comes first
    rows = list(rows_of(raws.get(KEY), faults))
    communes = _communes(session, rows)
    questions = questions_of(session, edition.id)
    entries = [_entry(cells, communes, questions) for cells in rows]
    seen: dict[str, int] = {}
    for entry, cells in zip(entries, rows, strict=True):
        if entry.siret in seen:
            cells.refuse("siret", f"ce SIRET figure déjà à la ligne {seen[entry.siret]} : gardez une seule ligne.")
        elif entry.siret:
            seen[entry.siret] = entry.line
    if not entries and not faults:
        faults.append(Fault(sheet.title, None, "", "aucune structure sous les titres."))
    if faults:
        raise WorkbookUnusable(faults[:of_form] + sorted(faults[of_form:], key=lambda one: one.line or 0))
    return entries


def sheet_of(session: AnySession, edition: Edition) -> Sheet:
    """Return the sheet of an edition, one column for each of its questions but those for a file."""
    kinds = dict(reference.choices(session, "types"))
    activities = dict(reference.choices(session, "activites"))
    areas = {str(row[0]): row[1] for row in session.execute(select(Area.id, Area.name).order_by(Area.id))}
    forms = {code: str(label) for code, label in LEGAL_FORM_LABELS.items()}
    columns = (
        Column("siret", "SIRET", "text", "14 chiffres.", required=True, longest=20, width=18),
        Column("name", "Nom", "text", "Le nom de la structure.", required=True, width=36, aliases=("Structure",)),
        Column("kind", "Type de structure", "choice", "Choisissez dans la liste.", width=28, words=kinds,
               aliases=("Type",)),
        Column("legal_form", "Forme juridique", "choice", "Choisissez dans la liste.", width=18, words=forms),
        Column("address", "Adresse", "text", "Numéro et voie.", longest=300, width=30),
        Column("commune", "Commune", "text", "Son nom ou son code INSEE.", longest=120, width=20, aliases=("Ville",)),
        Column("website", "Site internet", "text", "L’adresse entière, https://…", longest=300, width=24),
        Column("presentation", "Présentation", "text", "Quelques phrases.", longest=_TEXTS, width=40),
        Column("activities", "Activités", "text", "Celles du référentiel, séparées par un point-virgule.",
               longest=_TEXTS, width=30, words=activities),
        Column("offers", "Offres", "text", "Ce que la structure propose aux acheteurs.", longest=_TEXTS, width=40),
        Column("clients", "Références", "text", "Clients, marchés.", longest=_TEXTS, width=30),
        Column("workforce", "Effectif", "integer", "Nombre de personnes au travail.", width=10),
        Column("supported_share", "Part en insertion ou handicap", "integer", "Pour cent, de 0 à 100.", width=12,
               aliases=("Part",)),
        Column("areas", "Territoires", "text", "Ceux du référentiel, séparés par un point-virgule.", longest=_TEXTS,
               width=30, words=areas),
        Column("radius_km", "Rayon", "integer", "En km autour de la commune.", width=8),
        Column("contact_name", "Contact", "text", "Prénom et nom de la première personne.", required=True, longest=120,
               width=24),
        Column("contact_email", "Courriel", "text", "La candidature appartient à cette adresse.", required=True,
               longest=254, width=28, aliases=("Adresse électronique", "E-mail", "Mail")),
        Column("contact_phone", "Téléphone", "text", "Par exemple 01 23 45 67 89.", longest=30, width=16),
        Column("contact_position", "Fonction", "text", "Sa fonction.", longest=120, width=18),
        Column("wants_pitch", "Souhaite un pitch", "flag", "Oui ou non.", width=10, aliases=("Pitch",)),
        Column("pitch_title", "Titre du pitch", "text", "120 caractères au plus.", longest=120, width=24),
        Column("pitch_summary", "Résumé du pitch", "text", "600 caractères au plus.", longest=LONGEST_SUMMARY,
               width=40, aliases=("Résumé",)),
        Column("pitch_novelty", "Ce qui est nouveau", "text", "En quelques phrases.", longest=_TEXTS, width=30),
        Column("pitch_impact", "Impact social", "text", "En quelques phrases.", longest=_TEXTS, width=30),
        Column("wants_meetings", "Souhaite des rendez-vous", "flag", "Oui ou non.", width=12),
        Column("meeting_wishes", "Souhaits de rendez-vous", "text", "Quels acheteurs, et pourquoi.", longest=_TEXTS,
               width=30),
    )  # fmt: skip
    asked = _asked(questions_of(session, edition.id), {name for column in columns for name in column.names()})
    told = "Les structures qui candidatent, une par ligne."
    return Sheet(KEY, "Candidatures", told, (*columns, *asked), aliases=("Candidature",))


def _asked(questions: Iterable[Question], taken: set[str]) -> list[Column]:
    """Return a column for each question; one whose title is taken already is told apart by a number."""
    columns: list[Column] = []
    for one in questions:
        if one.kind == "file":
            continue
        title, number = one.label, 2
        while normal(title) in taken or not normal(title):
            title, number = f"{one.label} (question {number})", number + 1
        taken.add(normal(title))
        kind: Any = {"choice": "choice", "number": "number", "date": "date", "boolean": "flag"}.get(one.kind, "text")
        told = " ; ".join(one.options) if one.kind == "choices" else one.help or "Question de cette édition."
        words = {option: option for option in one.options} or None
        columns.append(Column(f"{QUESTION}{one.id}", title, kind, told, longest=_TEXTS, width=24, words=words))
    return columns


def _entry(cells: Cells, communes: Mapping[str, list[Commune]], questions: Sequence[Question]) -> Entry:
    contact = {
        "name": cells.text("contact_name"), "email": _email(cells), "phone": _phone(cells),
        "position": cells.text("contact_position"),
    }  # fmt: skip
    texts = (
        "address", "presentation", "offers", "clients", "pitch_title", "pitch_summary", "pitch_novelty",
        "pitch_impact", "meeting_wishes",
    )  # fmt: skip
    values: dict[str, Any] = {name: cells.text(name) for name in texts}
    values |= {
        "name": cells.text("name"),
        "kind": cells.choice("kind", "", "un type connu"),
        "legal_form": cells.choice("legal_form", "", "une forme juridique connue"),
        "website": _website(cells),
        "commune_code": _commune(cells, communes),
        "activities": cells.choices("activities", "une activité du référentiel"),
        "areas": [int(one) for one in cells.choices("areas", "un territoire du référentiel")],
        "workforce": _bounded(cells, "workforce", 100_000),
        "supported_share": _bounded(cells, "supported_share", 100),
        "radius_km": _bounded(cells, "radius_km", 1000),
        "wants_pitch": _flag(cells, "wants_pitch"),
        "wants_meetings": _flag(cells, "wants_meetings"),
        **{f"{QUESTION}{one.id}": _answer(cells, one) for one in questions if one.kind != "file"},
        "attendees": [contact],
    }
    return Entry(cells.line, _siret(cells), values["name"], contact, values)


def _answer(cells: Cells, question: Question) -> Any:
    key = f"{QUESTION}{question.id}"
    match question.kind:
        case "boolean":
            return _flag(cells, key)
        case "number":
            return cells.number(key)
        case "date":
            day = cells.day(key)
            return day.isoformat() if day else None
        case "choice":
            return cells.choice(key, "", "une réponse proposée") or None
        case "choices":
            return cells.choices(key, "une réponse proposée") or None
    return cells.text(key) or None


def _flag(cells: Cells, key: str) -> bool | None:
    return cells.flag(key) if cells.has(key) else None


def _bounded(cells: Cells, key: str, most: int) -> int | None:
    value = cells.integer(key, 0, None)
    if value is not None and value > most:
        cells.refuse(key, f"un nombre entre 0 et {most} est attendu, et non {value}.")
        return None
    return value


def _siret(cells: Cells) -> str:
    typed = cells.text("siret").replace(" ", "").replace("\u00a0", "")
    if typed and not siret_number.is_valid(typed):
        cells.refuse("siret", f"« {typed} » n'est pas un SIRET valide (14 chiffres) : corrigez-le.")
        return ""
    return str(siret_number.compact(typed)) if typed else ""


def _email(cells: Cells) -> str:
    typed = cells.text("contact_email")
    if not typed:
        return ""
    try:
        return validate_email(typed, check_deliverability=False, allow_smtputf8=False).normalized
    except EmailNotValidError:
        cells.refuse("contact_email", f"« {typed} » n'est pas une adresse de courriel.")
        return ""


def _phone(cells: Cells) -> str:
    typed = cells.text("contact_phone")
    if not typed:
        return ""
    try:
        number = phonenumbers.parse(typed if typed.startswith(("+", "0")) else f"0{typed}", "FR")
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        cells.refuse("contact_phone", f"« {typed} » n'est pas un numéro de téléphone : donnez-le en entier.")
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _website(cells: Cells) -> str:
    typed = cells.text("website")
    address = typed if not typed or "://" in typed else f"https://{typed}"
    if address and (not address.startswith(("https://", "http://")) or " " in address or "." not in address):
        cells.refuse("website", f"« {typed} » n'est pas l'adresse d'un site, comme https://www.exemple.fr.")
        return ""
    return address


def _communes(session: AnySession, rows: Iterable[Cells]) -> dict[str, list[Commune]]:
    """Return today's communes by folded name and by code, for all that the sheet names, in one statement."""
    typed = {cells.peek("commune") for cells in rows} - {""}
    if not typed:
        return {}
    asked = select(Commune).where(
        Commune.current_code.is_(None),
        or_(Commune.folded.in_({folded(one) for one in typed}), Commune.code.in_({one.upper() for one in typed})),
    )
    found: dict[str, list[Commune]] = {}
    for one in session.scalars(asked):
        found.setdefault(one.folded, []).append(one)
        found[one.code] = [one]
    return found


def _commune(cells: Cells, communes: Mapping[str, list[Commune]]) -> str | None:
    typed = cells.text("commune")
    if not typed:
        return None
    found = communes.get(typed.upper()) or communes.get(folded(typed)) or []
    if len(found) != 1:
        why = "n'est pas une commune connue ici" if not found else "désigne plusieurs communes"
        cells.refuse("commune", f"« {typed} » {why} : donnez son code INSEE, par exemple 94081.")
        return None
    return found[0].code
