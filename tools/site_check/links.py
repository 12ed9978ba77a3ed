"""Find links and anchors of a built site that lead nowhere, from its HTML files alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from site_check.pages import NOT_FOUND

REFERENCES = {"href", "src", "poster", "data"}


@dataclass
class Page(HTMLParser):
    """The references of a page, the anchors that others can refer to, and where it takes the site's root to be."""

    root: str = ""
    references: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)

    def __post_init__(self):
        super().__init__()

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "data-content_root":
                self.root = value
            elif name == "id" or (name == "name" and tag == "a"):
                self.anchors.add(value)
            elif name in REFERENCES:
                self.references.append(value or "")


def read_page(path: Path) -> Page:
    """Read the references and anchors of an HTML file."""
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def broken_links(site: Path) -> dict[str, list[str]]:
    """List each page's references inside the site that lead nowhere, by the address of the page."""
    pages = {path: read_page(path) for path in sorted(site.resolve().rglob("*.html"))}
    return {
        path.relative_to(site.resolve()).as_posix(): [
            reference for reference in dict.fromkeys(page.references) if not leads_somewhere(reference, path, pages)
        ]
        for path, page in pages.items()
    }


def leads_somewhere(reference: str, source: Path, pages: dict[Path, Page]) -> bool:
    """Tell whether a reference leads outside the site, to a file of it, or to an anchor of a page."""
    parts = urlsplit(reference)
    if parts.scheme or parts.netloc:
        return True
    path = unquote(parts.path)
    if source.name == NOT_FOUND:
        path = path.removeprefix(pages[source].root)
    if path.startswith("/"):
        return False  # the site need not be at the root of its host
    target = (source.parent / path).resolve() if path else source
    anchor = unquote(parts.fragment)
    return target.exists() and (not anchor or (target in pages and anchor in pages[target].anchors))
