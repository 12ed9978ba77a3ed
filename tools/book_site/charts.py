"""Show every chart in the colours of the page, light or dark."""

import re
from pathlib import Path
from posixpath import join
from urllib.parse import quote

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

from .colours import recoloured

logger = logging.getLogger(__name__)

POINT = 4 / 3
"""Pixels of a point, the unit in which matplotlib writes a chart's size."""
VIEW_BOX = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')


class Chart(nodes.image):
    """A chart, with its ``dark`` twin's file name, its ``size`` and whether it is the ``first`` of its page."""


def setup(app: Sphinx) -> None:
    """Register the node, and find the charts once it is known which outputs a page shows.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    """
    app.add_node(Chart, html=(visit_html, depart_html))
    app.connect("config-inited", link_no_images)
    app.connect("doctree-resolved", draw_dark_twins)


def link_no_images(app: Sphinx, config: Config) -> None:
    """Keep Sphinx from wrapping a chart in a link to its file.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    config : sphinx.config.Config
        Its configuration, changed in place.
    """
    config.html_scaled_image_link = False


def draw_dark_twins(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Make each SVG of a page a chart with a twin for a dark page.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    doctree : docutils.nodes.document
        The page, changed in place.
    docname : str
        The name of the page.

    Notes
    -----
    A chart with a colour that has no dark counterpart stays as it is, and is warned about.
    """
    if app.builder.format != "html":
        return
    first = True
    for image in list(doctree.findall(nodes.image)):
        if not image["uri"].endswith(".svg"):
            continue
        path = Path(app.srcdir, image["uri"])
        svg = path.read_text(encoding="utf-8")
        try:
            dark = recoloured(svg)
        except ValueError as error:
            logger.warning("%s: %s", image["uri"], error, location=docname, type="book_site", subtype="colours")
            continue
        twin = Path(app.outdir, app.builder.imagedir, f"{path.stem}-dark.svg")
        twin.parent.mkdir(parents=True, exist_ok=True)
        twin.write_text(dark, encoding="utf-8")
        image.replace_self(Chart("", **image.attributes, dark=twin.name, size=size_of(svg), first=first))
        first = False


def size_of(svg: str) -> tuple[int, int]:
    """Read the size of a chart.

    Parameters
    ----------
    svg : str
        The chart, as matplotlib writes it.

    Returns
    -------
    (int, int)
        Width and height in pixels.

    Raises
    ------
    ValueError
        If it does not tell.

    Examples
    --------
    >>> size_of('<svg viewBox="0 0 460.8 302.4">')
    (614, 403)
    """
    found = VIEW_BOX.search(svg)
    if not found:
        raise ValueError('an SVG without a viewBox="0 0 WIDTH HEIGHT" has no size')
    width, height = (round(float(number) * POINT) for number in found.groups())
    return width, height


def visit_html(translator: HTML5Translator, node: Chart) -> None:
    """Write both twins, of which the style sheet hides one.

    Parameters
    ----------
    translator : sphinx.writers.html5.HTML5Translator
        The writer of the page.
    node : Chart
        The chart.

    Notes
    -----
    A browser does not fetch a hidden picture that is to load lazily. By the class ``dark-light`` the
    theme knows that a picture needs no dimming on a dark page.
    """
    builder = translator.builder
    width, height = node["size"]
    for name, mode in ((builder.images[node["uri"]], "in-light"), (node["dark"], "in-dark")):
        attributes = {"src": join(builder.imgpath, quote(name)), "alt": node.get("alt", "")}
        attributes |= {"width": str(width), "height": str(height)}
        if not (node["first"] and mode == "in-light"):
            attributes["loading"] = "lazy"
        translator.body.append(translator.emptytag(node, "img", "\n", CLASS=f"chart dark-light {mode}", **attributes))


def depart_html(translator: HTML5Translator, node: Chart) -> None:
    """Leave a chart, which is written in full when it is visited.

    Parameters
    ----------
    translator : sphinx.writers.html5.HTML5Translator
        The writer of the page.
    node : Chart
        The chart.
    """
