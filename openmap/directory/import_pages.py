"""« Imports » of the directory: the file, its columns, what it would do, the doubts, what it did."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from sqlalchemy import select
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from openmap.directory.import_models import DOUBT_DECISIONS, DirectoryImport, ImportDoubt, ImportFault
from openmap.directory.import_tasks import enqueue_import
from openmap.directory.labels import KIND_LABELS
from openmap.directory.lists import listing, running
from openmap.directory.lists.reading import LARGEST, Sheet, read_list
from openmap.directory.lists.running import RefusedImport
from openmap.directory.lists.shapes import FIELDS, FORMAT_LABELS
from openmap.extensions import db, limiter
from openmap.people.access import administrators_only, current_person, here
from openmap.people.forms import one_line, printable
from openmap.people.permissions import may_administer
from openmap.web.inspecting import RefusedFile
from openmap.web.requests import row_number
from openmap.web.tabular import CSV_TYPE, csv_bytes
from openmap.web.uploads import content_of, keep_own

blueprint = Blueprint("directory_imports", __name__, url_prefix="/annuaire/imports")

PER_PERSON: Final = "60 per hour"
_SAMPLES: Final = 3
_OVER: Final = ("done", "failed", "abandoned")


class ListForm(FlaskForm):  # type: ignore[misc]
    """A list of structures, and what it is."""

    file = FileField(
        lazy_gettext("Liste de structures (.csv, .xlsx ou .json)"),
        validators=[InputRequired(lazy_gettext("Choisissez un fichier."))],
    )
    source = StringField(
        lazy_gettext("Ce qu’est cette liste, et de quand"),
        filters=[one_line],
        validators=[
            InputRequired(lazy_gettext("Dites d’où vient la liste : c’est l’origine affichée de chaque information.")),
            Length(max=200, message=lazy_gettext("C’est trop long : 200 caractères au plus.")),
            printable,
        ],
    )


def _now() -> datetime:
    return datetime.now(UTC)


@blueprint.url_value_preprocessor
def _make_room(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let an administrator, and nobody else, send more than the usual; before anything reads the body."""
    if endpoint == "directory_imports.send" and may_administer(current_person()):
        request.max_content_length = LARGEST + 1024 * 1024


def _import_or_404(import_id: int) -> DirectoryImport:
    return db.session.get(DirectoryImport, import_id) or abort(404)


@blueprint.get("")
@administrators_only
def index() -> ResponseReturnValue:
    """List the imports."""
    return render_template(
        "directory/imports/index.html", imports=listing.imports(db.session), state_labels=listing.STATE_LABELS,
        format_labels=FORMAT_LABELS,
    )  # fmt: skip


@blueprint.get("/nouveau")
@administrators_only
def new() -> ResponseReturnValue:
    """Show the form that takes a list."""
    return render_template("directory/imports/new.html", form=ListForm())


@blueprint.post("/nouveau", endpoint="send")
@administrators_only
@limiter.limit(PER_PERSON, key_func=lambda: f"list-{here().id}")
def send() -> ResponseReturnValue:
    """Read a list, or say why it cannot be read."""
    form = ListForm()
    if not form.validate_on_submit():
        return render_template("directory/imports/new.html", form=form), 422
    name = form.file.data.filename or "liste"
    with form.file.data.stream as stream:
        content = stream.read(LARGEST + 1)
    try:
        sheet = read_list(content, name)
    except RefusedFile as refusal:
        form.file.errors = [str(refusal)]
        return render_template("directory/imports/new.html", form=form), 422
    return _to(_begun(content, sheet, name, form.source.data))


def _begun(content: bytes, sheet: Sheet, name: str, source: str) -> DirectoryImport:
    kept = keep_own(content, name, listing.media_type_of(content))
    brought = running.begin(
        db.session, sheet, digest=kept["digest"], filename=name, size=len(content), media_type=kept["type"],
        source=source, by=here(), now=_now(),
    )  # fmt: skip
    db.session.commit()
    if brought.state == "checking":
        enqueue_import(brought)
    return brought


@blueprint.get("/<int:import_id>")
@administrators_only
def show(import_id: int) -> ResponseReturnValue:
    """Show where an import stands."""
    brought = _import_or_404(import_id)
    if brought.state == "mapping":
        return _columns(brought)
    if brought.state in {"checking", "importing"}:
        return render_template("directory/imports/progress.html", brought=brought, state_labels=listing.STATE_LABELS)
    return _report(brought)


@blueprint.get("/<int:import_id>/avancement")
@administrators_only
def progress(import_id: int) -> ResponseReturnValue:
    """Give the moving part of the page; once the state is another than ``vu``, ask for the whole page."""
    brought = _import_or_404(import_id)
    fragment = render_template("directory/imports/_progress.html", brought=brought)
    return fragment, {"HX-Refresh": "true"} if brought.state != request.args.get("vu") else {}


@blueprint.get("/<int:import_id>/colonnes")
@administrators_only
def columns(import_id: int) -> ResponseReturnValue:
    """Show what each column is taken for."""
    brought = _import_or_404(import_id)
    return _columns(brought) if brought.state in {"mapping", "checked"} else _to(brought)


@blueprint.post("/<int:import_id>/colonnes", endpoint="match")
@administrators_only
def match(import_id: int) -> ResponseReturnValue:
    """Keep what each column is, and check the list."""
    brought = _import_or_404(import_id)
    typed = {key.removeprefix("colonne-"): name for key, name in request.form.items() if key.startswith("colonne-")}
    kind = request.form.get("type", "")
    try:
        running.match_columns(
            db.session, brought, {rank: name for rank, name in typed.items() if rank.isdecimal() and len(rank) < 4},
            kind=kind if kind in KIND_LABELS else "", by=here(), now=_now(),
        )  # fmt: skip
    except RefusedImport as refusal:
        db.session.rollback()
        return _columns(_import_or_404(import_id), str(refusal)), 422
    db.session.commit()
    enqueue_import(brought)
    return _to(brought)


@blueprint.get("/<int:import_id>/remarques.csv")
@administrators_only
def faults(import_id: int) -> ResponseReturnValue:
    """Hand over everything that is told of the lines."""
    brought = _import_or_404(import_id)
    asked = select(ImportFault).where(ImportFault.import_id == brought.id).order_by(ImportFault.line, ImportFault.id)
    levels = {"error": _("laissée de côté"), "warning": _("reprise")}
    rows = [(one.line, levels[one.level], one.column, one.value, one.message) for one in db.session.scalars(asked)]
    head = (_("Ligne"), _("Ce que devient la ligne"), _("Colonne"), _("Valeur"), _("Remarque"))
    response = Response(csv_bytes(head, rows), content_type=CSV_TYPE)
    response.headers["Content-Disposition"] = f"attachment; filename=remarques-import-{brought.id}.csv"
    return response


@blueprint.get("/<int:import_id>/doutes")
@administrators_only
def doubts(import_id: int) -> ResponseReturnValue:
    """Show lines that may be known structures, side by side."""
    brought = _import_or_404(import_id)
    listed = listing.doubts_of(db.session, brought, request.args.get("page", 1, type=row_number))
    return render_template("directory/imports/doubts.html", brought=brought, listed=listed)


@blueprint.post("/<int:import_id>/doutes", endpoint="decide")
@administrators_only
def decide(import_id: int) -> ResponseReturnValue:
    """Keep what was decided of the doubts of a page."""
    brought = _import_or_404(import_id)
    if brought.state != "checked":
        flash(_("Cet import n’en est plus là : les doutes ne se décident plus."))
        return _to(brought)
    asked = select(ImportDoubt).where(ImportDoubt.import_id == brought.id)
    for doubt in db.session.scalars(asked):
        answer = request.form.get(f"doute-{doubt.id}")
        if answer in DOUBT_DECISIONS:
            doubt.decision = answer
    db.session.commit()
    left = listing.undecided(db.session, brought)
    flash(_("Décisions gardées. Il en reste %(n)s à prendre.", n=left) if left else _("Tous les doutes sont levés."))
    page = request.form.get("page", 1, type=row_number)
    return redirect(
        url_for(".doubts", import_id=import_id, page=page if page > 1 else None)
        if left
        else url_for(".show", import_id=import_id),
        303,
    )


@blueprint.post("/<int:import_id>/import", endpoint="start")
@administrators_only
def start(import_id: int) -> ResponseReturnValue:
    """Let a checked list be brought in."""
    listed = bool(request.form.get("publier"))
    return _done(
        import_id,
        lambda brought: running.start(db.session, brought, listing=listed, by=here(), now=_now()),
        enqueue_import,
    )


@blueprint.post("/<int:import_id>/arret", endpoint="stop")
@administrators_only
def stop(import_id: int) -> ResponseReturnValue:
    """Stop an import for good."""
    return _done(import_id, lambda brought: running.abandon(db.session, brought, by=here(), now=_now()))


def _done(
    import_id: int, verb: Callable[[DirectoryImport], None], after: Callable[[DirectoryImport], None] | None = None
) -> ResponseReturnValue:
    """Do something to an import, or say why not."""
    brought = _import_or_404(import_id)
    try:
        verb(brought)
    except RefusedImport as refusal:
        db.session.rollback()
        flash(str(refusal))
        return _to(brought)
    db.session.commit()
    if after is not None:
        after(brought)
    return _to(brought)


def _to(brought: DirectoryImport) -> ResponseReturnValue:
    return redirect(url_for(".show", import_id=brought.id), 303)


def _columns(brought: DirectoryImport, refusal: str = "") -> str:
    try:
        sheet = read_list(content_of(brought.digest), brought.filename, brought.sheet)
    except (RefusedFile, OSError):
        abort(410)
    lines = [row for row in sheet.rows[1:500] if row]
    samples = [
        list(dict.fromkeys(row[rank] for row in lines if row[rank]))[:_SAMPLES] for rank in range(len(sheet.header))
    ]
    typed = {key.removeprefix("colonne-"): name for key, name in request.form.items() if key.startswith("colonne-")}
    return render_template(
        "directory/imports/columns.html", brought=brought, header=sheet.header, samples=samples, fields=FIELDS,
        kinds=KIND_LABELS, chosen=typed or brought.columns, refusal=refusal, first_line=sheet.first_line,
    )  # fmt: skip


def _report(brought: DirectoryImport) -> str:
    listed = listing.faults_of(db.session, brought, request.args.get("page", 1, type=row_number))
    return render_template(
        "directory/imports/report.html", brought=brought, faults=listed, fields=FIELDS, format_labels=FORMAT_LABELS,
        is_over=brought.state in _OVER, undecided=listing.undecided(db.session, brought),
        state_labels=listing.STATE_LABELS,
    )  # fmt: skip
