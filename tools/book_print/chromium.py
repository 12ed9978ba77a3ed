"""Print the document with Chromium, and again until the page numbers in it are right."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from playwright.sync_api import Browser, Page, TimeoutError

from .pdf import Heading, pages_of_places

TEXT_WIDTH, TEXT_HEIGHT = 172, 262
"""The text's area on a page in mm, as `print.css` sets it."""
CSS_PIXELS = 96 / 25.4
"""CSS pixels per mm."""
MOST_PRINTS = 6
PATIENCE = 120_000
"""How long the browser may take to load fonts and pictures and to set mathematics, in milliseconds."""
IS_READY = """() => document.fonts.status === "loaded"
  && [...document.images].every((image) => image.complete)
  && [...document.querySelectorAll(".math")].every((math) => math.querySelector("mjx-math"))"""
FILL_IN = """(pages) => {
  for (const number of document.querySelectorAll("[data-page]")) {
    number.textContent = pages[number.dataset.page];
  }
}"""


@dataclass(frozen=True)
class Print:
    """What the browser made of the document.

    Parameters
    ----------
    pdf : bytes
        The file.
    pages : mapping of str to int
        The page of each place that a link leads to, as the document prints it.
    headings : tuple of Heading
        All headings, in order.
    problems : tuple of str
        What is not set, not found, or does not fit on its page.
    """

    pdf: bytes
    pages: Mapping[str, int]
    headings: tuple[Heading, ...]
    problems: tuple[str, ...]


def print_document(document: Path, browser: Browser) -> Print:
    """Print a document, with the page numbers that its ``data-page`` attributes ask for.

    Parameters
    ----------
    document : pathlib.Path
        The HTML file.
    browser : playwright.sync_api.Browser
        A running Chromium.

    Returns
    -------
    Print
        The PDF, and what the browser knows of it.

    Raises
    ------
    RuntimeError
        If the page numbers do not come to rest.
    """
    script = (files(__package__) / "static" / "paper.js").read_text(encoding="utf-8")
    width, height = TEXT_WIDTH * CSS_PIXELS, TEXT_HEIGHT * CSS_PIXELS
    page = browser.new_page(viewport={"width": int(width), "height": int(height)})
    page.emulate_media(media="print")
    page.goto(document.resolve().as_uri())
    with contextlib.suppress(TimeoutError):  # the script lists what is missing
        page.wait_for_function(IS_READY, timeout=PATIENCE)
    found = page.evaluate(script, [width, height])
    pdf, pages = print_until_at_rest(page)
    page.close()
    return Print(pdf, pages, tuple(Heading(*heading) for heading in found["headings"]), tuple(found["problems"]))


def print_until_at_rest(page: Page) -> tuple[bytes, Mapping[str, int]]:
    """Print, read the page of each place, fill it in, until a print has the numbers of the one before.

    Parameters
    ----------
    page : playwright.sync_api.Page
        The document in the browser.

    Returns
    -------
    bytes
        The last print.
    mapping of str to int
        The page of each place in it.

    Raises
    ------
    RuntimeError
        If the page numbers do not come to rest.
    """
    filled: Mapping[str, int] = {}
    for _ in range(MOST_PRINTS):
        pdf = page.pdf(prefer_css_page_size=True, print_background=True, tagged=True, outline=True)
        pages = pages_of_places(pdf)
        if pages == filled:
            return pdf, pages
        page.evaluate(FILL_IN, pages)
        filled = pages
    raise RuntimeError(f"the page numbers still change after {MOST_PRINTS} prints")
