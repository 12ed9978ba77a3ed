"""Keep the site self-contained: no resource from outside."""

import re
from html.parser import HTMLParser
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)

RESOURCE_TAGS = {
    *("audio", "embed", "iframe", "image", "img", "input"),
    *("object", "script", "source", "track", "use", "video"),
}
RESOURCE_ATTRIBUTES = ("src", "srcset", "href", "xlink:href", "data", "poster")
RESOURCE_LINKS = {
    *("apple-touch-icon", "dns-prefetch", "icon", "manifest", "mask-icon"),
    *("modulepreload", "preconnect", "prefetch", "preload", "stylesheet"),
}
OUTSIDE = re.compile(r"(?:^|,)\s*((?:https?:)?//[^\s,]+)", re.IGNORECASE)
OUTSIDE_IMPORT = re.compile(r"\bimport\b[^\"'`;]*[\"'`]((?:https?:)?//[^\"'`]+)")
OUTSIDE_IN_CSS = re.compile(r"(?:url\(|@import)\s*[\"']?((?:https?:)?//[^\s\"')]+)", re.IGNORECASE)


def setup(app: Sphinx) -> None:
    """Check the site at the end of the build.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    """
    app.connect("build-finished", warn_about_outside_resources)


def warn_about_outside_resources(app: Sphinx, exception: Exception | None) -> None:
    """Warn about each resource that the finished site loads from outside.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that built the book.
    exception : Exception or None
        What ended the build early, if anything did.
    """
    if exception or app.builder.format != "html":
        return
    outdir = Path(app.outdir)
    for path in sorted(outdir.rglob("*.html")) + sorted(outdir.rglob("*.css")):
        text = path.read_text(encoding="utf-8")
        urls = outside_resources(text) if path.suffix == ".html" else OUTSIDE_IN_CSS.findall(text)
        for url in urls:
            logger.warning(
                "%s loads a resource from outside: %s",
                path.relative_to(outdir),
                url,
                type="book_site",
                subtype="outside",
            )


def outside_resources(html: str) -> list[str]:
    """List the addresses outside the site that a browser would load with a page.

    Parameters
    ----------
    html : str
        The source of the page.

    Returns
    -------
    list of str
        The addresses, in the order of the page.

    Examples
    --------
    >>> outside_resources('<a href="https://a.org">a</a><img src="//b.org/c.png">')
    ['//b.org/c.png']
    """
    parser = _ResourceParser()
    parser.feed(html)
    return parser.outside


class _ResourceParser(HTMLParser):
    """Collect the outside addresses among a page's resources."""

    def __init__(self):
        super().__init__()
        self.outside = []
        self.inside = ""

    def handle_starttag(self, tag, attrs):
        self.inside = tag
        values = {name: value or "" for name, value in attrs}
        self.outside += OUTSIDE_IN_CSS.findall(values.get("style", ""))
        relations = set(values.get("rel", "").lower().split())
        if tag in RESOURCE_TAGS or (tag == "link" and relations & RESOURCE_LINKS):
            for name in RESOURCE_ATTRIBUTES:
                if not values.get(name, "").startswith("data:"):
                    self.outside += OUTSIDE.findall(values.get(name, ""))

    def handle_data(self, data):
        if self.inside == "style":
            self.outside += OUTSIDE_IN_CSS.findall(data)
        if self.inside == "script":
            self.outside += OUTSIDE_IMPORT.findall(data)

    def handle_endtag(self, tag):
        self.inside = ""
