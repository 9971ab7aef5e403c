"""From a row to what a mail reader gets: a text part, the same as HTML, and attachments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from typing import Any

from flask import render_template
from markupsafe import Markup, escape
from werkzeug.http import parse_options_header

from openmap.mail.models import Message
from openmap.web.uploads import content_of

_ADDRESS = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")


def paragraphs(body: str) -> list[Markup]:
    """Return the body's paragraphs as HTML: escaped, lines kept, addresses made links."""
    return [_linked(part) for part in re.split(r"\n\s*\n", body.strip())]


def _linked(text: str) -> Markup:
    pieces: list[Markup] = []
    end = 0
    for found in _ADDRESS.finditer(text):
        pieces += [escape(text[end : found.start()]), Markup('<a href="{0}">{0}</a>').format(found[0])]
        end = found.end()
    pieces.append(escape(text[end:]))
    return Markup("").join(pieces).replace("\n", Markup("<br>"))


def one_line(text: str) -> str:
    """Return ``text`` fit for a header: without line breaks or other control characters."""
    return " ".join("".join(" " if not letter.isprintable() else letter for letter in text).split())


def as_email(message: Message, *, sender: str, body: str | None = None, reply_to: str = "") -> EmailMessage:
    """Return the mail, under a Message-ID that never changes; ``body`` instead of the row's where it holds a secret.

    ``reply_to`` is whom an answer goes to where that is not the sender.
    """
    text = message.body if body is None else body
    domain = sender.rpartition("@")[2].rstrip(">")
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = formataddr((one_line(message.recipient_name), message.recipient))
    mail["Subject"] = one_line(message.subject)
    mail["Date"] = format_datetime(message.created_at)
    mail["Message-ID"] = f"<openmap-{message.id}-{int(message.created_at.timestamp())}@{domain}>"
    if reply_to:
        mail["Reply-To"] = one_line(reply_to)
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(text)
    paragraphed = [] if message.html and body is None else paragraphs(text)
    html = render_template(
        "mail/message.html",
        subject=mail["Subject"],
        paragraphs=paragraphed,
        content=Markup(message.html),  # noqa: S704 - our own
    )
    mail.add_alternative(html, subtype="html")
    # The other forms of the body come before anything is attached: they belong to multipart/alternative.
    for attached in sorted(message.attachments, key=lambda one: one.get("as") != "alternative"):
        _attach(mail, attached)
    return mail


def _attach(mail: EmailMessage, attached: Mapping[str, Any]) -> None:
    """Add a form of the body, a part of its own, a text that the row holds, or a file that lies under its hash."""
    media_type, options = parse_options_header(attached["type"])
    maintype, _slash, subtype = media_type.partition("/")
    if "as" in attached:
        _add_part(mail, attached, maintype, subtype, options)
    elif "digest" in attached:
        content = content_of(attached["digest"])
        mail.add_attachment(content, maintype=maintype, subtype=subtype, filename=attached["name"])
    else:
        mail.add_attachment(attached["text"], subtype=subtype, filename=attached["name"], params=options)


def _add_part(
    mail: EmailMessage, attached: Mapping[str, Any], maintype: str, subtype: str, options: Mapping[str, str]
) -> None:
    """Add a text in UTF-8 whose line ends stay as they are, without which a calendar is no calendar (RFC 5545, 3.1)."""
    part = EmailMessage()
    part.set_content(attached["text"].encode(), maintype=maintype, subtype=subtype, cte="base64")
    del part["MIME-Version"]
    part.set_param("charset", "utf-8")
    for name, value in options.items():
        part.set_param(name, value)
    if attached["as"] != "alternative" and mail.get_content_subtype() != "mixed":
        mail.make_mixed()
    if attached["as"] == "file":
        part.add_header("Content-Disposition", "attachment", filename=attached["name"])
    mail.attach(part)
