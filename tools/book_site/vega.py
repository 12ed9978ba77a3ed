"""Live Vega-Lite charts: a picture and controls on the page, and the scripts that bring them to life."""

import json
import math
import re
from collections import Counter
from html import escape
from pathlib import Path
from typing import ClassVar

import vl_convert
from docutils import nodes
from myst_nb.core.render import MimeData, NbElementRenderer
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

from llm_latency.chart import MIME_TYPE

from .chart_colours import with_variables

BUNDLE = f"vega-{vl_convert.__version__}.js"
BACK = "Back to the example"
HEADLINE = "headline"
"""The parameter of a chart that says in lines of text what it shows."""

WIDE = 50
"""From this ratio of its ends on, a slider stops at values of about the same ratio."""
RUNGS = 120
HEIGHT = 220
"""Height in pixels of a chart's axes: with its words and its controls, the chart fits a small window."""
LONG = 20
"""From so many options on, a choice shows them in groups."""
FAMILY = re.compile(r"[A-Za-z]*")

TEXT, MUTED, LINE = (f"var(--pst-color-{name})" for name in ("text-base", "text-muted", "border"))
GUIDE = {"labelColor": TEXT, "titleColor": TEXT, "labelFontSize": 13, "titleFontSize": 13}
SPARSE = {"labelOverlap": "greedy", "labelSeparation": 8, "titleFontWeight": "normal"}
CONFIG = {
    "background": "transparent",
    "font": "sans-serif",
    "axis": GUIDE | SPARSE | {"domainColor": MUTED, "tickColor": MUTED, "gridColor": LINE, "gridOpacity": 0.5},
    "legend": GUIDE | {"offset": 6},
    "text": {"color": TEXT, "fontSize": 13},
    "rule": {"color": TEXT},
    "view": {"stroke": None},
}
"""The style of the charts. The pictures keep the CSS variables, so they follow the theme's colours."""


class LiveChart(nodes.General, nodes.Element):
    """A chart, whose ``spec`` is a Vega-Lite specification."""


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
        return [LiveChart("", spec=data.content)]


def setup(app: Sphinx) -> None:
    """Register the chart node and the scripts of the pages that have one.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    """
    app.add_node(LiveChart, html=(visit_html, None))
    app.connect("builder-inited", write_bundle)
    app.connect("html-page-context", add_assets)


def visit_html(translator: HTML5Translator, node: LiveChart) -> None:
    """Write the chart: its words, its picture, its controls, and its specification.

    Parameters
    ----------
    translator : sphinx.writers.html5.HTML5Translator
        The writer of the page.
    node : LiveChart
        The chart.
    """
    spec = node["spec"]
    untitled = {key: value for key, value in spec.items() if key != "title"} | {"config": CONFIG, "height": HEIGHT}
    stored = with_variables(json.dumps(untitled, ensure_ascii=False)).replace("<", "\\u003c")
    words = "".join(f"<span>{escape(line)}</span>" for line in headline(spec))
    controls = "".join(control(parameter) for parameter in spec["params"] if "bind" in parameter)
    buttons = "".join(
        f'<button type="button" data-preset="{escape(json.dumps(values))}">{escape(words)}</button>'
        for words, values in (spec.get("usermeta", {}).get("presets", {}) | {BACK: first_values(spec)}).items()
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


def first_values(spec: dict) -> dict[str, float | str]:
    """Return the values at which the controls of a chart stand at first.

    Parameters
    ----------
    spec : dict
        The specification.

    Returns
    -------
    dict
        The value of each control, by its name.
    """
    return {parameter["name"]: parameter["value"] for parameter in spec["params"] if "bind" in parameter}


def headline(spec: dict) -> list[str]:
    """Evaluate what a chart says at first.

    Parameters
    ----------
    spec : dict
        Its specification.

    Returns
    -------
    list of str
        The lines that are not empty.

    Raises
    ------
    ValueError
        If the specification says nothing.
    """
    mark = {
        "data": {"values": [{}]},
        "transform": [{"calculate": f"join({HEADLINE}, '\\n')", "as": "words"}],
        "mark": {"type": "text", "lineBreak": ""},
        "encoding": {"text": {"field": "words"}},
    }
    if not any(parameter["name"] == HEADLINE for parameter in spec["params"]):
        raise ValueError(f"a live chart needs a parameter {HEADLINE!r}")
    scene = vl_convert.vegalite_to_scenegraph({"params": spec["params"], **mark})
    return [line for text in _texts(scene) for line in text.split("\n") if line]


def _texts(node) -> list[str]:
    """List the texts of a scenegraph."""
    if isinstance(node, list):
        return [text for child in node for text in _texts(child)]
    if not isinstance(node, dict):
        return []
    own = [node["text"]] if isinstance(node.get("text"), str) else []
    return own + _texts(list(node.values()))


def control(parameter: dict) -> str:
    """Write the control of one parameter.

    Parameters
    ----------
    parameter : dict
        A parameter of a specification, with its ``bind``: a range or a choice.

    Returns
    -------
    str
        The control with its label, in HTML.

    Raises
    ------
    ValueError
        If the control is of another kind.
    """
    bind, name, value = parameter["bind"], escape(parameter["name"]), parameter["value"]
    label = escape(bind["name"])
    if bind["input"] == "range":
        values = rungs(bind, value)
        return (
            f'<div class="live-chart-control"><label><span>{label}</span>'
            f'<input type="range" data-name="{name}" data-values="{values}" '
            f'min="0" max="{len(values) - 1}" value="{values.index(value)}" aria-valuetext="{value:.10g}"></label>'
            f'<input type="number" aria-label="{label}, as a number" data-name="{name}" '
            f'min="{bind["min"]:.10g}" max="{bind["max"]:.10g}" step="{1 if bind["step"] % 1 == 0 else "any"}" '
            f'value="{value:.10g}"></div>'
        )
    if bind["input"] == "select":
        texts = list(map(str, bind.get("labels", bind["options"])))
        options = {
            text: f'<option value="{escape(json.dumps(option))}"{" selected" * (option == value)}>'
            f"{escape(text)}</option>"
            for option, text in zip(bind["options"], texts, strict=True)
        }
        if len(options) < LONG:
            content = "".join(options.values())
        else:
            content = "".join(
                f'<optgroup label="{escape(family)}">{"".join(options[text] for text in members)}</optgroup>'
                for family, members in families(texts).items()
            )
        return (
            f'<div class="live-chart-control"><label><span>{label}</span>'
            f'<select data-name="{name}">{content}</select></label></div>'
        )
    raise ValueError(f"a live chart has no control of the kind {bind['input']!r}")


def families(names: list[str]) -> dict[str, list[str]]:
    """Gather names by the letters that they begin with.

    Parameters
    ----------
    names : list of str
        The names.

    Returns
    -------
    dict of str to list of str
        The names of each family, in their order; at the end, those that have no family.

    Examples
    --------
    >>> families(["LLaMA-7B", "T4", "Llama-3-8B", "RTX-3090", "RTX-4090"])
    {'LLaMA …': ['LLaMA-7B', 'Llama-3-8B'], 'RTX …': ['RTX-3090', 'RTX-4090'], 'Other': ['T4']}
    """
    letters = {name: FAMILY.match(name)[0] for name in names}
    sizes = Counter(family.casefold() for family in letters.values())
    labels, groups, others = {}, {}, []
    for name, family in letters.items():
        if not family or sizes[family.casefold()] == 1:
            others.append(name)
        else:
            label = labels.setdefault(family.casefold(), f"{family} …")
            groups.setdefault(label, []).append(name)
    return groups | ({"Other": others} if others else {})


def rungs(bind: dict, value: float) -> list[float]:
    """List the values at which a slider stops.

    Parameters
    ----------
    bind : dict
        Its ``min``, ``max`` and ``step``.
    value : float
        A value at which it must stop too.

    Returns
    -------
    list of float
        Every step of a narrow range; of one over a factor of 50 some 120 with about the same ratio
        between neighbours, so that small values are within reach.

    Examples
    --------
    >>> rungs({"min": 1, "max": 4, "step": 1}, 2)
    [1, 2, 3, 4]
    >>> rungs({"min": 1, "max": 1024, "step": 1}, 512)[:12]
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    """
    low, high, step = bind["min"], bind["max"], bind["step"]
    steps = round((high - low) / step)
    if low <= 0 or high / low < WIDE:
        stops = range(steps + 1)
    else:
        places = (math.log(high / low) * i / RUNGS for i in range(RUNGS + 1))
        stops = {round(low * (math.exp(place) - 1) / step) for place in places}
    values = {float(f"{low + stop * step:.10g}") for stop in stops} | {value}
    return [int(stop) if stop == int(stop) else stop for stop in sorted(values)]


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
    """Load the script and the style sheet on a page that has a chart; the script fetches the bundle.

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
        app.add_js_file("live-chart.js", defer="defer", **{"data-bundle": BUNDLE})
