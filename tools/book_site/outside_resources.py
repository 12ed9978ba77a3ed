"""Keep the site self-contained: warn about each resource that a page or a style sheet would load from outside."""

import re
from pathlib import Path

from bs4 import BeautifulSoup, SoupStrainer, Tag
from sphinx.application import Sphinx
from sphinx.util import logging

from .built_site import after_html_build

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
    after_html_build(app, warn_about_outside_resources)


def warn_about_outside_resources(app: Sphinx) -> None:
    outdir = Path(app.outdir)
    for path in sorted(outdir.rglob("*.html")) + sorted(outdir.rglob("*.css")):
        text = path.read_text(encoding="utf-8")
        for url in outside_resources(text) if path.suffix == ".html" else OUTSIDE_IN_CSS.findall(text):
            logger.warning(
                "%s loads a resource from outside: %s",
                path.relative_to(outdir),
                url,
                type="book_site",
                subtype="outside",
            )


class TagsThatMayLoad(SoupStrainer):
    """Keep the tags that may load something: parsing a whole page of formulas takes three times as long."""

    def allow_tag_creation(self, nsprefix: str | None, name: str, attrs: dict[str, str] | None) -> bool:
        return name in RESOURCE_TAGS or name in ("link", "style") or "style" in (attrs or {})


def outside_resources(html: str) -> list[str]:
    """List the addresses outside the site that a browser would load with a page, in their order."""
    outside = []
    for tag in BeautifulSoup(html, "html.parser", parse_only=TagsThatMayLoad(True)).find_all(True):
        outside += OUTSIDE_IN_CSS.findall(tag.get("style", ""))
        if tag.name in RESOURCE_TAGS or (tag.name == "link" and is_resource(tag)):
            values = [tag.get(name, "") for name in RESOURCE_ATTRIBUTES]
            outside += [url for value in values if not value.startswith("data:") for url in OUTSIDE.findall(value)]
        if tag.name == "style":
            outside += OUTSIDE_IN_CSS.findall(tag.text)
        if tag.name == "script":
            outside += OUTSIDE_IMPORT.findall(tag.text)
    return outside


def is_resource(link: Tag) -> bool:
    return bool({relation.lower() for relation in link.get("rel", ())} & RESOURCE_LINKS)
