"""A real Chromium on a real server, over the furnished database of ``tests.house.world``."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask_migrate import upgrade
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from openmap import create_app
from openmap.extensions import db
from tests.conftest import config_for
from tests.house.world import Numbers, furnish, numbers
from tests.signing import cookie_of

CHROMIUM = Path(os.environ.get("OPENMAP_CHROMIUM", "/usr/bin/chromium"))
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder, so that it runs only when asked for."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@dataclass(slots=True)
class Site:
    """A running server: its address, the folder that it keeps its files in, and its visitors' session cookies."""

    url: str
    instance: Path
    environ: dict[str, str]
    cookies: dict[str, str]
    numbers: Numbers


@dataclass(slots=True)
class Visit:
    """An open page with everything that its browser complained about."""

    page: Page
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Start gunicorn on a furnished database."""
    instance = tmp_path_factory.mktemp("site")
    url = f"sqlite:///{instance / 'openmap.db'}"
    config = config_for(instance, url)
    app = create_app(config)
    with app.app_context():
        upgrade()
        cookies = {name: cookie_of(app, person) for name, person in furnish().items()}
        known = numbers()
        db.session.remove()
        db.engine.dispose()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = {
        **os.environ,
        "OPENMAP_INSTANCE": str(instance),
        "DATABASE_URL": url,
        "REDIS_URL": "",
        "OPENMAP_ENV": "development",
        "SECRET_KEY": config.secret_key,
    }
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--threads", "4", "wsgi:app"]
    with running(command, environ, instance / "server.log") as server:
        _wait_for(port, server, instance / "server.log")
        yield Site(f"http://localhost:{port}", instance, environ, cookies, known)


@contextmanager
def running(command: list[str], environ: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program of the project for as long as the block lasts."""
    with (
        log.open("wb") as output,
        subprocess.Popen(command, cwd=ROOT, env=environ, stdout=output, stderr=subprocess.STDOUT) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail(f"the server did not start:\n{log.read_text()}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start the browser once for all tests."""
    if not CHROMIUM.exists():
        pytest.fail(f"{CHROMIUM} is missing: install the chromium package, or name another in OPENMAP_CHROMIUM.")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


Visitor = Callable[..., Visit]


def sign_in(context: BrowserContext, site: Site, who: str) -> None:
    """Give a browser the session cookie of one of the site's visitors; who is not among them has none."""
    if who in site.cookies:
        context.add_cookies([{"name": "session", "value": site.cookies[who], "url": site.url}])


def watched(context: BrowserContext, site: Site) -> Visit:
    """Open a page of which every complaint, and every request to elsewhere, is noted."""
    seen = Visit(context.new_page())
    seen.page.on("console", lambda m: seen.complaints.append(m.text) if m.type in {"error", "warning"} else None)
    seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    seen.page.on(
        "request",
        lambda request: (
            seen.complaints.append(f"asks {request.url}") if not request.url.startswith((site.url, "data:")) else None
        ),
    )
    return seen


@pytest.fixture(scope="session")
def tabs(browser: Browser, site: Site) -> Iterator[dict[bool, Visit]]:
    """Return two tabs that stay open from page to page, with JavaScript and without: to start one takes longest."""
    opened = {
        scripts: browser.new_context(java_script_enabled=scripts, locale="fr-FR", color_scheme="dark")
        for scripts in (True, False)
    }
    yield {scripts: watched(context, site) for scripts, context in opened.items()}
    for context in opened.values():
        context.close()


@pytest.fixture
def turn(tabs: dict[bool, Visit], site: Site) -> Visitor:
    """Return a function that opens a path in one of the tabs, as a visitor whose session begins there."""

    def open_page(path: str, *, who: str, width: int, scheme: str, scripts: bool = True, status: int = 200) -> Visit:
        seen = tabs[scripts]
        seen.page.goto("about:blank")
        seen.complaints.clear()
        seen.page.context.clear_cookies()
        sign_in(seen.page.context, site, who)
        resize(seen.page, width, scheme)
        response = seen.page.goto(site.url + path.format_map(site.numbers))
        assert response is not None
        assert response.status == status
        return seen

    return open_page


def resize(page: Page, width: int, scheme: str) -> None:
    """Give a page another screen, and let its colours arrive there."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.evaluate("document.getAnimations().forEach(one => one instanceof CSSTransition && one.finish())")


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Visitor]:
    """Return a function that opens a path as a visitor, at a width, in a colour scheme, with or without JavaScript."""
    contexts: list[BrowserContext] = []

    def open_page(
        path: str,
        *,
        who: str = "anonymous",
        width: int = 1280,
        scheme: str = "light",
        scripts: bool = True,
        status: int = 200,
    ) -> Visit:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,  # type: ignore[arg-type]
            java_script_enabled=scripts,
            locale="fr-FR",
        )
        contexts.append(context)
        sign_in(context, site, who)
        seen = watched(context, site)
        response = seen.page.goto(site.url + path.format_map(site.numbers))
        assert response is not None
        assert response.status == status
        return seen

    yield open_page
    for context in contexts:
        context.close()
