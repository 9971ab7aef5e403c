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


def as_email(message: Message, *, sender: str, body: str | None = None) -> EmailMessage:
    """Return the mail, under a Message-ID that never changes; ``body`` instead of the row's where it holds a secret."""
    text = message.body if body is None else body
    domain = sender.rpartition("@")[2].rstrip(">")
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = formataddr((one_line(message.recipient_name), message.recipient))
    mail["Subject"] = one_line(message.subject)
    mail["Date"] = format_datetime(message.created_at)
    mail["Message-ID"] = f"<openmap-{message.id}-{int(message.created_at.timestamp())}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(text)
    html = render_template("mail/message.html", subject=mail["Subject"], paragraphs=paragraphs(text))
    mail.add_alternative(html, subtype="html")
    for attached in message.attachments:
        _attach(mail, attached)
    return mail


def _attach(mail: EmailMessage, attached: Mapping[str, Any]) -> None:
    """Attach a text that the row holds, or a file that lies under its hash."""
    media_type, options = parse_options_header(attached["type"])
    maintype, _slash, subtype = media_type.partition("/")
    if "digest" in attached:
        content = content_of(attached["digest"])
        mail.add_attachment(content, maintype=maintype, subtype=subtype, filename=attached["name"])
    else:
        mail.add_attachment(attached["text"], subtype=subtype, filename=attached["name"], params=options)
