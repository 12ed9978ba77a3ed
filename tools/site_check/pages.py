"""The pages of the site, by their addresses in it."""

from book_tools.built_site import ENTRY, SITE
from book_tools.contents import read_pages
from book_tools.repository import ROOT

NOT_FOUND = "404.html"
"""What a host serves for addresses that do not exist: its links start at the root of the site."""


def book_pages() -> list[str]:
    """List the pages of the book, in its order."""
    return [f"{page}.html" for page in read_pages(ROOT / "_toc.yml")]


def all_pages() -> list[str]:
    """List the pages of the book, then those that Sphinx adds, without the entry page, a redirect to the first."""
    book = book_pages()
    added = {path.relative_to(SITE).as_posix() for path in [*SITE.glob("*.html"), *SITE.glob("book/*.html")]}
    return [*book, *sorted(added - {*book, ENTRY})]


def page_name(address: str) -> str:
    """Return the name of a page's source."""
    return address.removeprefix("book/").removesuffix(".html")
