"""Fixtures of the tests that drive a real browser: the system's Chromium, through Playwright.

A test file has them by taking `page` (or `chromium`). Where Chromium or Playwright is missing, its
tests are skipped, and the end of the run says so in one line.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Route

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
# A browser that talks to nobody but the test and asks nothing.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pings",
)
HOST = "http://127.0.0.1:"
MISSING = "browser tests are left out: "


def chromium_path() -> str:
    """The browser's program; skips the test where there is none."""
    for name in NAMES:
        path = shutil.which(name)
        if path is not None:
            return path
    pytest.skip(MISSING + "no Chromium on the path (Debian/Ubuntu: apt install chromium)")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A headless browser; of a module, so that no event loop of it runs in the tests of others."""
    path = chromium_path()
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.skip(MISSING + "no Playwright (pip install playwright)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


class Faults(list[str]):
    """What went wrong in a page without being caught, as it came."""

    def __init__(self) -> None:
        super().__init__()
        self.console: list[str] = []  # errors and warnings told on the console


@pytest.fixture
def faults() -> Faults:
    """Uncaught errors of `page` so far; a test that means to cause some clears it."""
    return Faults()


@pytest.fixture
def page(chromium: Browser, faults: Faults) -> Iterator[Page]:
    """An empty tab with nothing remembered, 1280x800 pixels; the test fails by `faults`.

    Requests to other hosts than 127.0.0.1 are faults and get no answer.
    """
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, device_scale_factor=1)
    page = context.new_page()
    page.set_default_timeout(20_000)

    def refuse(route: Route) -> None:
        faults.append(f"request to {route.request.url}")
        route.abort()

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            faults.console.append(message.text)

    page.on("pageerror", lambda error: faults.append(f"uncaught {error}"))
    page.on("console", note)
    context.route(lambda url: not url.startswith((HOST, "blob:", "data:")), refuse)
    yield page
    context.close()
    assert not faults, faults


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line where browser tests were left out, which `-q` would not show."""
    reports = terminalreporter.stats.get("skipped", [])
    reasons = {str(report.longrepr[2]) for report in reports if isinstance(report.longrepr, tuple)}
    for reason in sorted(reason for reason in reasons if MISSING in reason):
        terminalreporter.write_line(reason.removeprefix("Skipped: "))
