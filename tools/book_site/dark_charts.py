"""Show every stored chart in the colours of the page: a light one, and a dark twin drawn from it."""

import re
from pathlib import Path
from posixpath import join
from urllib.parse import quote

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

from .chart_colours import darkened

logger = logging.getLogger(__name__)

PIXELS_PER_POINT = 4 / 3
"""Matplotlib writes a chart's size in points."""
VIEW_BOX = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')


class ChartPair(nodes.image):
    """A chart with the file name of its ``dark`` twin, its ``size``, and whether it is the ``first`` of its page."""


class DrawDarkTwins(SphinxPostTransform):
    """Make a pair of each SVG on a page, and write the dark twin."""

    formats = ("html",)
    default_priority = 900  # once it is known which of a cell's outputs the page shows

    def run(self, **kwargs) -> None:
        first = True
        for image in list(self.document.findall(nodes.image)):
            if not image["uri"].endswith(".svg"):
                continue
            path = Path(self.app.srcdir, image["uri"])
            svg = path.read_text(encoding="utf-8")
            try:
                dark = darkened(svg)
            except ValueError as error:
                logger.warning(
                    "%s: %s", image["uri"], error, location=self.env.docname, type="book_site", subtype="colours"
                )
                continue
            twin = Path(self.app.outdir, self.app.builder.imagedir, f"{path.stem}-dark.svg")
            twin.parent.mkdir(parents=True, exist_ok=True)
            twin.write_text(dark, encoding="utf-8")
            image.replace_self(ChartPair("", **image.attributes, dark=twin.name, size=size_in_pixels(svg), first=first))
            first = False


def size_in_pixels(svg: str) -> tuple[int, int]:
    """Read the size of a chart as Matplotlib writes it.

    >>> size_in_pixels('<svg viewBox="0 0 460.8 302.4">')
    (614, 403)
    """
    found = VIEW_BOX.search(svg)
    if not found:
        raise ValueError('an SVG without a viewBox="0 0 WIDTH HEIGHT" has no size')
    width, height = (round(float(number) * PIXELS_PER_POINT) for number in found.groups())
    return width, height


def visit_html(translator: HTML5Translator, node: ChartPair) -> None:
    """Write both twins, of which the style sheet hides one.

    A browser does not fetch a hidden picture that loads lazily. The class ``dark-light`` tells the theme that
    a picture needs no dimming on a dark page.
    """
    builder = translator.builder
    width, height = map(str, node["size"])
    for name, mode in ((builder.images[node["uri"]], "in-light"), (node["dark"], "in-dark")):
        attributes = {"src": join(builder.imgpath, quote(name)), "alt": node.get("alt", "")}
        attributes |= {"width": width, "height": height}
        if not (node["first"] and mode == "in-light"):
            attributes["loading"] = "lazy"
        translator.body.append(translator.emptytag(node, "img", "\n", CLASS=f"chart dark-light {mode}", **attributes))


def depart_html(translator: HTML5Translator, node: ChartPair) -> None:
    pass


def stop_links_to_images(app: Sphinx, config: Config) -> None:
    """Keep Sphinx from wrapping each chart in a link to its file."""
    config.html_scaled_image_link = False


def setup(app: Sphinx) -> None:
    app.add_node(ChartPair, html=(visit_html, depart_html))
    app.add_post_transform(DrawDarkTwins)
    app.connect("config-inited", stop_links_to_images)
