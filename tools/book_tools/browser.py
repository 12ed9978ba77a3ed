"""Chromium, which Playwright drives: where it is, and how it is started."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, TimeoutError, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium() -> str | None:
    """Return the path of Chromium, or None if it is not installed."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def why_no_browser() -> str | None:
    """Say what is missing if there is no Chromium, or return None."""
    path = chromium()
    if path is None:
        return "no Chromium found: install it (on Debian: apt install chromium) or name the program in CHROMIUM"
    if not shutil.which(path):
        return f"CHROMIUM names {path}, which is not a program"
    return None


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Run Chromium while the context lasts."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def wait_until(page: Page, condition: str, timeout: float = 30_000) -> None:
    """Wait at most some milliseconds for an expression; Playwright's own waiting breaks a content security policy."""
    end = time.monotonic() + timeout / 1000
    while not page.evaluate(condition):
        if time.monotonic() > end:
            raise TimeoutError(f"not true within {timeout:g} ms: {condition}")
        page.wait_for_timeout(50)
