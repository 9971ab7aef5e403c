"""Reads a page as a browser would and lists what no page of the house may do."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise

from werkzeug.test import TestResponse

FIELDS = {"input", "select", "textarea"}
UNLABELLED = {"hidden", "submit", "button"}


class _Reader(HTMLParser):
    """Collects what the rules below look at."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: dict[str, list[str]] = {"title": [], "h1": [], "script": [], "style": []}
        self.forms: list[list[dict[str, str]]] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.tags.append((tag, attributes))
        if tag in self.texts:
            self.texts[tag].append("")
            self._open.append(tag)
        if tag == "form":
            self.forms.append([attributes])
        elif tag == "input" and self.forms:
            self.forms[-1].append(attributes)

    def handle_endtag(self, tag: str) -> None:
        if self._open and tag == self._open[-1]:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts[self._open[-1]][-1] += data


def faults_of(response: TestResponse) -> list[str]:
    """Return what is wrong with a page and its headers; an empty list when it keeps every rule."""
    page = _Reader()
    page.feed(response.get_data(as_text=True))
    return [*_headings(page), *_labels(page), *_safety(page, response), *_order(page)]


def _headings(page: _Reader) -> list[str]:
    headings = [" ".join(text.split()) for text in page.texts["h1"]]
    if len(headings) != 1:
        return [f"a page has one h1, this one has {len(headings)}"]
    title = " ".join(" ".join(page.texts["title"]).split())
    return [] if title.startswith(headings[0]) else [f"the title « {title} » does not start with « {headings[0]} »"]


def _labels(page: _Reader) -> list[str]:
    labelled = {attributes.get("for") for tag, attributes in page.tags if tag == "label"}
    return [
        f"no label for {attributes}"
        for tag, attributes in page.tags
        if tag in FIELDS and attributes.get("type") not in UNLABELLED and attributes.get("id") not in labelled
    ]


def _safety(page: _Reader, response: TestResponse) -> list[str]:
    policy = response.headers.get("Content-Security-Policy", "")
    nonce = re.search(r"'nonce-([^']+)'", policy)
    faults = [] if nonce else ["no nonce in the policy"]
    if "unsafe" in policy:
        faults.append("the policy allows something unsafe")
    for tag, attributes in page.tags:
        if tag == "script" and (nonce is None or attributes.get("nonce") != nonce[1]):
            faults.append("a script without the nonce")
        if "style" in attributes or tag == "style":
            faults.append(f"inline style on {tag}")
        faults += [f"{name} on {tag}" for name in attributes if name.startswith("on")]
        target = attributes.get("src", "") or (attributes.get("href", "") if _is_loaded(tag, attributes) else "")
        if re.match(r"(https?:)?//", target):
            faults.append(f"{target} comes from elsewhere")
    faults += ["script written in the page" for text in page.texts["script"] if text.strip()]
    for form, *inputs in page.forms:
        names = {field.get("name") for field in inputs}
        if form.get("method", "get").lower() == "post" and "csrf_token" not in names:
            faults.append(f"the form to {form.get('action')} has no CSRF token")
    return faults


def _is_loaded(tag: str, attributes: dict[str, str]) -> bool:
    """Say whether a browser loads what a tag links to: a canonical address is only told."""
    return tag == "link" and attributes.get("rel") != "canonical"


def _order(page: _Reader) -> list[str]:
    faults = []
    if [attributes.get("lang") for tag, attributes in page.tags if tag == "html"] != ["fr"]:
        faults.append("the page does not say that it is French")
    counts = Counter(attributes["id"] for _tag, attributes in page.tags if "id" in attributes)
    faults += [f"id {name} used {count} times" for name, count in counts.items() if count > 1]
    faults += ["image without alt" for tag, attributes in page.tags if tag == "img" and "alt" not in attributes]
    levels = [int(tag[1]) for tag, _attributes in page.tags if re.fullmatch(r"h[1-6]", tag)]
    faults += [f"h{low} follows h{high}" for high, low in pairwise(levels) if low > high + 1]
    anchors = {attributes["href"][1:] for tag, attributes in page.tags if attributes.get("href", "").startswith("#")}
    faults += [f"#{name} leads nowhere" for name in anchors - set(counts)]
    return faults
