"""Live Vega-Lite charts: a picture and controls on the page, and the scripts that bring them to life."""

import json
from html import escape
from typing import ClassVar

import vl_convert
from docutils import nodes
from myst_nb.core.render import MimeData, NbElementRenderer
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

from llm_latency.charts.specification import EXAMPLE, MIME_TYPE, OWN

from .built_site import builds_html, write_static_file
from .chart_colours import COLOUR, with_variables
from .chart_controls import control_html

logger = logging.getLogger(__name__)

VEGA_BUNDLE = f"vega-{vl_convert.__version__}.js"
RESET_LABEL = "Back to the example"
HEADLINE = "headline"
"""The parameter of a chart that holds, as lines of text, what it shows."""
HEIGHT = 210
"""Height in pixels of a chart's axes: with its words and its controls, the chart fits a small window."""

TEXT, MUTED, LINE = (f"var(--pst-color-{name})" for name in ("text-base", "text-muted", "border"))
GUIDE = {"labelColor": TEXT, "titleColor": TEXT, "labelFontSize": 13, "titleFontSize": 13}
AXIS = {"labelOverlap": "greedy", "labelSeparation": 8, "titleFontWeight": "normal"}
CONFIG = {
    "background": "transparent",
    "font": "sans-serif",
    "axis": GUIDE | AXIS | {"domainColor": MUTED, "tickColor": MUTED, "gridColor": LINE, "gridOpacity": 0.5},
    "legend": GUIDE | {"offset": 6},
    "text": {"color": TEXT, "fontSize": 13},
    "rule": {"color": TEXT},
    "view": {"stroke": None},
}
"""The style of the charts. The pictures keep the CSS variables, so they follow the theme's colours."""
FITTED = {"width": "container", "autosize": {"type": "fit-x", "contains": "padding", "resize": True}}
"""The width of a chart on the site; the stored one is JupyterLab's. The widest tick label has room."""


class LiveChart(nodes.General, nodes.Element):
    """A chart, whose ``spec`` is a Vega-Lite specification."""


class VegaLiteRenderer:
    """myst-nb's renderer of the Vega-Lite outputs of notebook cells."""

    mime_priority_overrides: ClassVar = [("*", MIME_TYPE, 1)]

    @staticmethod
    def handle_mime(renderer: NbElementRenderer, data: MimeData, inline: bool) -> list[nodes.Element] | None:
        """Turn a Vega-Lite output into a chart; return None to leave another output to another renderer."""
        if inline or data.mime_type != MIME_TYPE:
            return None
        if not data.content.get("description"):
            renderer.logger.warning("Vega-Lite chart without a description", subtype="alt", line=data.line)
        return [LiveChart("", spec=data.content)]


def setup(app: Sphinx) -> None:
    app.add_node(LiveChart, html=(visit_html, None))
    app.connect("builder-inited", write_vega_bundle)
    app.connect("html-page-context", add_assets)


def visit_html(translator: HTML5Translator, node: LiveChart) -> None:
    """Write a chart's headline, its picture, its controls, and, compiled from Vega-Lite to Vega, its specification."""
    spec = node["spec"]
    untitled = {key: value for key, value in spec.items() if key != "title"} | {"config": CONFIG, "height": HEIGHT}
    compiled = vl_convert.vegalite_to_vega(
        {key: value for key, value in (untitled | FITTED).items() if key != "$schema"}
    )
    stored = with_variables(json.dumps(compiled, ensure_ascii=False)).replace("<", "\\u003c")
    for colour in sorted(set(COLOUR.findall(stored))):
        message = "live chart: the colour %s stays light on a dark page: it is not in llm_latency.charts.palette.PARTS"
        logger.warning(message, colour, location=node, type="book_site", subtype="colours")
    words = "".join(f"<span>{escape(line)}</span>" for line in headline(spec))
    controls = "".join(map(control_html, controls_of(spec)))
    presets = presets_of(spec) | {RESET_LABEL: {each["name"]: each["value"] for each in controls_of(spec)}}
    buttons = "".join(
        f'<button type="button" data-preset="{escape(json.dumps(values))}">{escape(label)}</button>'
        for label, values in presets.items()
    )
    translator.body.append(
        f'<div class="live-chart">\n<output class="live-chart-value">{words}</output>\n'
        f'<div class="live-chart-view" role="img" aria-label="{escape(spec["description"])}">'
        f"{with_variables(vl_convert.vegalite_to_svg(untitled))}</div>\n"
        f'<div class="live-chart-controls pst-js-only">{controls}'
        f'<div class="live-chart-presets">{buttons}</div></div>\n'
        f'<script type="application/json">{stored}</script>\n</div>\n'
    )
    raise nodes.SkipNode


def controls_of(spec: dict) -> list[dict]:
    """List the parameters that have a control on the page: it has buttons in place of JupyterLab's menu of presets.

    Compiled to Vega, a specification has them among its signals.
    """
    parameters = spec["signals" if "signals" in spec else "params"]
    return [parameter for parameter in parameters if "bind" in parameter and parameter.get("name") != EXAMPLE]


def presets_of(spec: dict) -> dict[str, dict[str, float]]:
    """Return the values of each preset by the names of its controls."""
    presets = spec.get("usermeta", {}).get("presets", {})
    return {label: {f"{OWN}{name}": value for name, value in values.items()} for label, values in presets.items()}


def headline(spec: dict) -> list[str]:
    """Evaluate the lines of text that a chart shows at first, without empty ones."""
    if not any(parameter["name"] == HEADLINE for parameter in spec["params"]):
        raise ValueError(f"a live chart needs a parameter {HEADLINE!r}")
    text_mark = {
        "data": {"values": [{}]},
        "transform": [{"calculate": f"join({HEADLINE}, '\\n')", "as": "words"}],
        "mark": {"type": "text", "lineBreak": ""},
        "encoding": {"text": {"field": "words"}},
    }
    scene = vl_convert.vegalite_to_scenegraph({"params": spec["params"], **text_mark})
    return lines_in(scene)


def lines_in(scene: object) -> list[str]:
    """List the lines of the texts of a Vega scenegraph, without empty ones."""
    return [line for text in texts_in(scene) for line in text.split("\n") if line]


def texts_in(scene: object) -> list[str]:
    """List the texts of a Vega scenegraph, which consists of nested dictionaries and lists."""
    if isinstance(scene, list):
        return [text for child in scene for text in texts_in(child)]
    if not isinstance(scene, dict):
        return []
    own = [scene["text"]] if isinstance(scene.get("text"), str) else []
    return own + texts_in(list(scene.values()))


def write_vega_bundle(app: Sphinx) -> None:
    """Write Vega into the site, inside a function: a browser runs such a classic script from a file, too."""
    if builds_html(app):
        write_static_file(app, VEGA_BUNDLE, f"(function () {{\n{vl_convert.javascript_bundle()}\n}})();\n")


def add_assets(app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    """Load the style sheet and the script on a page that has a chart; the script fetches Vega."""
    if doctree and any(doctree.findall(LiveChart)):
        app.add_css_file("live-chart.css")
        app.add_js_file("live-chart.js", defer="defer", **{"data-bundle": VEGA_BUNDLE})
