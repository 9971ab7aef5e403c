"""Why agendas cannot be written, each reason with the sentence that its reader gets."""

from __future__ import annotations

from pathlib import Path


class AgendasError(Exception):
    """Agendas cannot be written. ``str()`` is a French sentence that says what to do next."""


class NoPlanError(AgendasError):
    """The edition has no plan yet."""

    def __init__(self, slug: str) -> None:
        super().__init__(
            f"L’édition « {slug} » n’a pas encore de planning : "
            f"calculez-le avec « openmap plan {slug} », puis recommencez."
        )


class ForeignPlanError(AgendasError):
    """The plan belongs to another edition."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"Ce planning n’est pas celui de l’édition « {slug} » : choisissez l’un des siens.")


class NotAFolderError(AgendasError):
    """The place to write to is a file, or passes through one."""

    def __init__(self, out: Path) -> None:
        super().__init__(f"« {out} » n’est pas un dossier : indiquez un dossier, existant ou à créer.")


class NotWritableError(AgendasError):
    """The folder refuses to be written."""

    def __init__(self, out: Path, reason: str) -> None:
        super().__init__(
            f"Impossible d’écrire dans « {out} » ({reason}) : vérifiez vos droits et la place libre, "
            "ou choisissez un autre dossier."
        )


class OtherEditionError(AgendasError):
    """The folder holds the agendas of another edition."""

    def __init__(self, out: Path, slug: str) -> None:
        super().__init__(
            f"« {out} » contient déjà les agendas de l’édition « {slug} » : choisissez un dossier par édition."
        )


class ForeignFileError(AgendasError):
    """A file that OpenMap did not write has the name of one to be written."""

    def __init__(self, file: Path) -> None:
        super().__init__(
            f"« {file} » existe déjà et n’a pas été écrit par OpenMap : déplacez-le, ou choisissez un autre dossier."
        )


class PrintError(AgendasError):
    """The printer of PDF documents refused a document."""

    def __init__(self, document: str, reason: str) -> None:
        super().__init__(
            f"Le document « {document} » n’a pas pu être mis en page ({reason}). "
            "Signalez-le à la personne qui tient l’application."
        )
