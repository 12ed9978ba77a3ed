"""From the built site to the PDF."""

from pathlib import Path

from playwright.sync_api import Browser

from .chapter import read_chapter
from .checks import problems_of
from .chromium import print_document
from .document import titles_of, write_document
from .facts import read_facts
from .pdf import finish

COVER = "book/images/latency-against-batch.svg"


def print_book(root: Path, site: Path, folder: Path, browser: Browser) -> tuple[Path, list[str]]:
    """Print a book, and check the print.

    Parameters
    ----------
    root : pathlib.Path
        The folder of its repository.
    site : pathlib.Path
        The folder of its built site.
    folder : pathlib.Path
        The folder to write to; the HTML document that the browser prints stays there too.
    browser : playwright.sync_api.Browser
        A running Chromium.

    Returns
    -------
    pathlib.Path
        The PDF.
    list of str
        What is wrong with it; nothing if all is well.
    """
    folder.mkdir(parents=True, exist_ok=True)
    facts = read_facts(root)
    chapters = [read_chapter(site, page, facts.pages, folder) for page in facts.pages]
    document = folder / "book.html"
    document.write_text(write_document(facts, chapters, root / COVER, site, folder), encoding="utf-8")
    printed = print_document(document, browser)
    pdf = finish(printed.pdf, facts, printed.headings)
    path = folder / f"{facts.title.lower().replace(' ', '-')}.pdf"
    path.write_bytes(pdf)
    return path, [*printed.problems, *problems_of(pdf, facts, titles_of(chapters), printed.pages)]
