"""Find links and anchors of a built site that lead nowhere, from its HTML files alone."""

from collections import defaultdict
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from site_check.pages import NOT_FOUND

REFERENCES = ("href", "src", "poster", "data")
NEXT = "right-next"
PREVIOUS = "left-prev"


class PageLinks(HTMLParser):
    """What a page refers to, and what others can refer to in it."""

    # Beautiful Soup takes three times as long, because it keeps every element of the formulas.

    def __init__(self, path: Path):
        super().__init__()
        self.root = ""
        """Where the page takes the root of the site to be."""
        self.references: list[str] = []
        self.anchors: set[str | None] = set()
        self.neighbours: dict[str, str | None] = {}
        """The links to the next and the previous page."""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.root = attributes.get("data-content_root") or self.root
        self.anchors |= {attributes.get("id"), attributes.get("name") if tag == "a" else None}
        self.references += [attributes[name] or "" for name in REFERENCES if name in attributes]
        for kind in {NEXT, PREVIOUS}.intersection((attributes.get("class") or "").split()):
            self.neighbours[kind] = attributes["href"]


class SiteLinks:
    """The links of all pages of a built site."""

    def __init__(self, site: Path):
        self.site = site.resolve()
        self.pages = {path: PageLinks(path) for path in sorted(self.site.rglob("*.html"))}

    def broken(self) -> dict[str, list[str]]:
        """List the references of each page that lead to no file or anchor of the site, by the page's address."""
        return {
            path.relative_to(self.site).as_posix(): [
                reference for reference in dict.fromkeys(page.references) if not self.leads_somewhere(reference, path)
            ]
            for path, page in self.pages.items()
        }

    def leads_somewhere(self, reference: str, source: Path) -> bool:
        """Tell whether a reference of a page leads outside the site, to a file of it, or to an anchor of a page."""
        parts = urlsplit(reference)
        if parts.scheme or parts.netloc:
            return True
        path = unquote(parts.path)
        if source.name == NOT_FOUND:
            path = path.removeprefix(self.pages[source].root)
        if path.startswith("/"):
            return False  # the site need not be at the root of its host
        target = (source.parent / path).resolve() if path else source
        anchor = unquote(parts.fragment)
        return target.exists() and (not anchor or (target in self.pages and anchor in self.pages[target].anchors))

    def wrong_neighbours(self, book: list[str]) -> dict[str, list[str]]:
        """List the links to the next and the previous page of a book that lead elsewhere, by their page's address."""
        wrong = defaultdict(list)
        for before, address, after in zip([None, *book[:-1]], book, [*book[1:], None], strict=True):
            path = self.site / address
            for kind, neighbour in ((NEXT, after), (PREVIOUS, before)):
                link = self.pages[path].neighbours.get(kind)
                reached = (path.parent / link).resolve() if link else None
                if reached != (self.site / neighbour if neighbour else None):
                    wrong[address].append(f"the link {kind} leads to {link} and not to {neighbour}")
        return wrong
