"""Print an HTML document with Chromium, again and again until the page numbers in it are right."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, TimeoutError

from .pdf_metadata import Heading, page_numbers_of_places

FIT_TO_PAPER = Path(__file__).parent / "static" / "fit_to_paper.js"
TEXT_WIDTH, TEXT_HEIGHT = 172, 262
"""The text's area on a page in mm, as `print.css` sets it."""
CSS_PIXELS = 96 / 25.4
"""CSS pixels per mm."""
MOST_PRINTS = 6
LOADING_TIMEOUT = 120_000
"""How long the browser may take to load fonts and pictures and to set mathematics, in milliseconds."""
IS_LOADED = """() => document.fonts.status === "loaded"
  && [...document.images].every((image) => image.complete)
  && [...document.querySelectorAll(".math")].every((math) => math.querySelector("mjx-math"))"""
FILL_IN_PAGE_NUMBERS = """(pages) => {
  for (const number of document.querySelectorAll("[data-page]")) {
    number.textContent = pages[number.dataset.page];
  }
}"""


@dataclass(frozen=True)
class PrintedDocument:
    """A printed document, and what the browser knows about it."""

    pdf: bytes
    page_numbers: Mapping[str, int]
    """The page of each id that a link leads to, as the document prints it."""
    headings: tuple[Heading, ...]
    problems: tuple[str, ...]
    """What is not set, not found, or does not fit on its page."""


def print_document(document: Path, browser: Browser) -> PrintedDocument:
    """Print a document with the page numbers that its ``data-page`` attributes ask for."""
    width, height = TEXT_WIDTH * CSS_PIXELS, TEXT_HEIGHT * CSS_PIXELS
    page = browser.new_page(viewport={"width": int(width), "height": int(height)})
    page.emulate_media(media="print")
    page.goto(document.resolve().as_uri())
    with contextlib.suppress(TimeoutError):  # the script lists what is missing
        page.wait_for_function(IS_LOADED, timeout=LOADING_TIMEOUT)
    found = page.evaluate(FIT_TO_PAPER.read_text(encoding="utf-8"), [width, height])
    pdf, page_numbers = print_with_page_numbers(page)
    page.close()
    headings = tuple(Heading(*heading) for heading in found["headings"])
    return PrintedDocument(pdf, page_numbers, headings, tuple(found["problems"]))


def print_with_page_numbers(page: Page) -> tuple[bytes, Mapping[str, int]]:
    """Print and fill in the page numbers of the print until they no longer change."""
    filled_in: Mapping[str, int] = {}
    for _ in range(MOST_PRINTS):
        pdf = page.pdf(prefer_css_page_size=True, print_background=True, tagged=True, outline=True)
        page_numbers = page_numbers_of_places(pdf)
        if page_numbers == filled_in:
            return pdf, page_numbers
        page.evaluate(FILL_IN_PAGE_NUMBERS, page_numbers)
        filled_in = page_numbers
    raise RuntimeError(f"the page numbers still change after {MOST_PRINTS} prints")
