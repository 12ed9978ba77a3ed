"""Live Vega-Lite charts: their place on the page, and the scripts that draw them."""

import json
from pathlib import Path
from typing import ClassVar

import vl_convert
from docutils import nodes
from myst_nb.core.render import MimeData, NbElementRenderer
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

MIME_TYPE = "application/vnd.vegalite.v5+json"
BUNDLE = f"vega-{vl_convert.__version__}.js"


class LiveChart(nodes.General, nodes.Element):
    """A chart whose ``spec`` is JSON text, and whose child says it in words."""


class VegaLiteRenderer:
    """myst-nb renderer of the Vega-Lite outputs of notebook cells."""

    mime_priority_overrides: ClassVar = [("*", MIME_TYPE, 1)]

    @staticmethod
    def handle_mime(renderer: NbElementRenderer, data: MimeData, inline: bool) -> list[nodes.Element] | None:
        """Turn a Vega-Lite output into a `LiveChart`.

        Parameters
        ----------
        renderer : myst_nb.core.render.NbElementRenderer
            The renderer of the notebook.
        data : myst_nb.core.render.MimeData
            The output of the cell.
        inline : bool
            Whether the output stands inside a sentence.

        Returns
        -------
        list of docutils.nodes.Element or None
            The chart, or None to leave the output to another renderer.
        """
        if inline or data.mime_type != MIME_TYPE:
            return None
        description = data.content.get("description", "")
        if not description:
            renderer.logger.warning("Vega-Lite chart without a description", subtype="alt", line=data.line)
        sentence = f"An interactive chart, drawn by JavaScript. {description}"
        return [
            LiveChart(
                "",
                nodes.paragraph(text=sentence),
                spec=json.dumps(data.content, ensure_ascii=False),
            )
        ]


def setup(app: Sphinx) -> None:
    """Register the chart node and the scripts of the pages that have one.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    """
    app.add_node(LiveChart, html=(visit_html, depart_html))
    app.connect("builder-inited", write_bundle)
    app.connect("html-page-context", add_assets)


def visit_html(translator: HTML5Translator, node: LiveChart) -> None:
    """Open the chart: its specification, and its sentence for want of JavaScript.

    Parameters
    ----------
    translator : sphinx.writers.html5.HTML5Translator
        The writer of the page.
    node : LiveChart
        The chart.
    """
    spec = node["spec"].replace("<", "\\u003c")
    translator.body.append(f'<div class="live-chart">\n<script type="application/json">{spec}</script>\n<noscript>')


def depart_html(translator: HTML5Translator, node: LiveChart) -> None:
    """Close the chart.

    Parameters
    ----------
    translator : sphinx.writers.html5.HTML5Translator
        The writer of the page.
    node : LiveChart
        The chart.
    """
    translator.body.append("</noscript>\n</div>\n")


def write_bundle(app: Sphinx) -> None:
    """Write the Vega bundle into the site.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.

    Notes
    -----
    The function around the bundle makes it a classic script, which a browser also runs
    from ``file://``.
    """
    if app.builder.format != "html":
        return
    bundle = Path(app.outdir, "_static", BUNDLE)
    bundle.parent.mkdir(parents=True, exist_ok=True)
    bundle.write_text(f"(function () {{\n{vl_convert.javascript_bundle()}\n}})();\n", "utf-8")


def add_assets(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict,
    doctree: nodes.document,
) -> None:
    """Load the scripts and the style sheet on a page that has a chart.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    pagename, templatename : str
        The page and its template.
    context : dict
        The values of the template.
    doctree : docutils.nodes.document or None
        The page, or None for a page without a source.
    """
    if doctree and any(doctree.findall(LiveChart)):
        app.add_css_file("live-chart.css")
        app.add_js_file(BUNDLE, defer="defer")
        app.add_js_file("live-chart.js", defer="defer")
