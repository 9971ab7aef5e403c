"""Printed documents, typeset by Typst from data: PDF/UA-1, with the fonts that the typesetter brings.

What people typed reaches Typst as JSON values, never as markup.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from functools import cache, lru_cache
from threading import Lock
from typing import Any, Final

import typst

from openmap.config import TEMPLATES

PRINT_TEMPLATES: Final = TEMPLATES / "print"

_LONG_WORD = re.compile(r"\S{25,}")
_PROBE = b'#set document(title: "-")\n#set text(font: ("Libertinus Serif", "DejaVu Sans Mono"))\n#sys.inputs.data'
_turn = Lock()


class TypesettingFailed(Exception):
    """The typesetter refused a document; ``reason`` is for whoever looks after the application."""

    def __init__(self, document: str, reason: str) -> None:
        super().__init__(
            f"Le document « {document} » n’a pas pu être mis en page ({reason}). "
            "Signalez-le à la personne qui tient l’application."
        )
        self.reason = reason


def typeset(document: str, data: dict[str, Any], made: datetime) -> bytes:
    """Return ``data`` typeset with the template called ``document``; ``made`` is the only date in its metadata.

    Raises TypesettingFailed.
    """
    told = json.dumps(_printable(data), ensure_ascii=False)
    try:
        with _turn:
            pdf = _compiler().compile(
                PRINT_TEMPLATES / f"{document}.typ",
                sys_inputs={"data": told},
                pdf_standards="ua-1",
                timestamp=int(made.timestamp()),
            )
    except RuntimeError as error:  # typst's own errors are of this kind, and so is a template that is not there
        raise TypesettingFailed(document, str(error)) from error
    if not isinstance(pdf, bytes):
        raise TypesettingFailed(document, "aucun fichier produit")
    return pdf


@cache
def _compiler() -> typst.Compiler:
    """Return the one compiler of this process, blind to the fonts of the machine."""
    return typst.Compiler(root=PRINT_TEMPLATES, font_paths=typst.Fonts(include_system_fonts=False))


def _printable(value: Any) -> Any:
    """Return ``value`` with every text made of characters that the fonts hold."""
    if isinstance(value, str):
        return _printable_text(value)
    if isinstance(value, dict):
        return {key: _printable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_printable(inner) for inner in value]
    return value


@lru_cache(maxsize=4096)
def _printable_text(text: str) -> str:
    """Leave out pictograms, show □ for letters that no font holds, let endless words break."""
    kept = "".join(_glyph(character) for character in text)
    kept = re.sub(r" {2,}", " ", kept).strip() or ("□" if text.strip() else "")
    return _LONG_WORD.sub(lambda word: "\u200b".join(_pieces(word.group())), kept)


def _pieces(word: str) -> Iterable[str]:
    return (word[at : at + 12] for at in range(0, len(word), 12))


@lru_cache(maxsize=4096)
def _glyph(character: str) -> str:
    """Return ``character`` if the fonts hold it, else its substitute. Typst itself is asked, once a process."""
    if unicodedata.category(character) == "Cc":
        return character if character == "\n" else " "
    if character <= "\u00ff":
        return character
    with _turn:
        try:
            _compiler().compile(_PROBE, sys_inputs={"data": character}, pdf_standards="ua-1", timestamp=0)
        except typst.TypstError:
            return "□" if unicodedata.category(character)[0] in "LN" else ""
    return character
