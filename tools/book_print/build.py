"""The steps from the built site to the PDF."""

from pathlib import Path

from playwright.sync_api import Browser

from book_tools.contents import read_parts

from .book_html import chapter_titles, write_book_html
from .chapter import read_chapter
from .html_to_pdf import print_document
from .metadata import read_metadata
from .pdf_checks import find_problems
from .pdf_metadata import set_bookmarks_and_metadata

COVER = "book/images/latency-against-batch.svg"


def build_pdf(root: Path, site: Path, folder: Path, browser: Browser) -> tuple[Path, list[str]]:
    """Write the PDF and the HTML document it is printed from into the folder; return the PDF's path and problems."""
    folder.mkdir(parents=True, exist_ok=True)
    metadata, parts = read_metadata(root), read_parts(root / "_toc.yml")
    pages = [page for part in parts for page in part.pages]
    chapters = [read_chapter(site, page, pages, folder) for page in pages]
    document = folder / "book.html"
    document.write_text(write_book_html(metadata, parts, chapters, root / COVER, site, folder), encoding="utf-8")
    printed = print_document(document, browser)
    pdf = set_bookmarks_and_metadata(printed.pdf, metadata, printed.headings)
    path = folder / f"{metadata.title.lower().replace(' ', '-')}.pdf"
    path.write_bytes(pdf)
    return path, [*printed.problems, *find_problems(pdf, metadata, chapter_titles(chapters), printed.page_numbers)]
