"""Curves, controls and words, combined into a Vega-Lite specification, a plain dictionary.

JupyterLab draws it, the site draws it, and the tests evaluate its expressions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from llm_latency.charts.palette import PARTS, TOTAL
from llm_latency.numerals import javascript_numeral
from llm_latency.suggestions import suggestion

__all__ = ["MIME_TYPE", "Curve", "LiveChart", "chart_of", "doublings"]

MIME_TYPE = "application/vnd.vegalite.v5+json"
WIDTH = 600
"""Width in pixels. The site fits charts to its column. JupyterLab measures cells that are not in view,
so there a width that follows the container would never settle, and the page would hang."""
SAMPLES = 240
"""Points of a live curve."""
DECADES = [float(f"1e{exponent}") for exponent in range(-9, 13)]
FINER = [digit * decade for decade in DECADES for digit in (1, 2, 5)]
"""Ticks of a logarithmic axis: `DECADES` over three decades or more, else `FINER`, as in the printed charts."""
BELOW_LABELS = {"y": {"value": 18}, "y2": {"value": "height"}}
"""The extent of a vertical line, which ends below the words at the top of the chart."""
EXAMPLE, OWN_SETTINGS, OWN = "example", "own settings", "own_"
"""The menu of presets in JupyterLab, its first entry, and the beginning of a control's name that a preset overrides."""
MOST_TICKS = 7
"""How many labels of a slider's axis fit side by side on a phone."""


@dataclass(frozen=True)
class LiveChart:
    """A Vega-Lite specification that a notebook and the site draw.

    Parameters
    ----------
    spec : dict
        The specification.
    """

    spec: dict

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {MIME_TYPE: self.spec, "text/plain": self.spec["description"]}


@dataclass(frozen=True)
class Curve:
    """One curve of a live chart, as Vega expressions in the displayed unit.

    Parameters
    ----------
    along : str
        Its height where the horizontal variable is ``datum.at``.
    now : str
        Its height where the sliders stand.
    colour : str
        Its colour.
    """

    along: str
    now: str
    colour: str


# Parameters: what a chart is made of; most charts leave out all but the first five.
def chart_of(
    curves: Mapping[str, Curve],
    controls: Sequence[dict],
    headline: Sequence[str],
    description: str,
    axis: tuple[str, str],
    derived: Mapping[str, str] | None = None,
    tables: Mapping[str, Mapping] | None = None,
    position: tuple[str, str] | None = None,
    marks: Mapping[str, str] | None = None,
    limit: Mapping[str, str] | None = None,
    when: str = "true",
    samples: int = SAMPLES,
    presets: Mapping[str, Mapping[str, float]] | None = None,
) -> LiveChart:
    """Combine curves, controls and words into a chart.

    Parameters
    ----------
    curves : mapping of str to Curve
        The whole first, then its parts. In `headline`, ``value_0`` is the whole where the sliders
        stand, ``value_1`` the first part, and so on.
    controls : sequence of dict
        Parameters that the reader can set; the first slider spans the horizontal axis.
    headline : sequence of str
        Vega expressions of the lines above the chart.
    description : str
        What the chart shows, for readers who do not see it.
    axis : tuple of str
        Titles of the horizontal and the vertical axis.
    derived : mapping of str to str, optional
        Vega expressions that the other expressions may refer to by name, in order.
    tables : mapping of str to mapping, optional
        Objects that the expressions may refer to by name.
    position : tuple of str, optional
        Vega expressions of the horizontal position, along a curve and of the marker, if it is not the
        slider's value.
    marks : mapping of str to str, optional
        Vega expressions of places on the horizontal axis, by their names.
    limit : mapping of str to str, optional
        Vega expression of one level, by its name; other expressions call it ``limit``.
    when : str, optional
        Vega expression that says whether there is anything to draw.
    samples : int, optional
        Points of a curve.
    presets : mapping of str to mapping of str to float, optional
        Values of several controls that belong together, by their label. The site has a button for each, which
        moves the controls; JupyterLab has a menu, whose choice goes before the controls.

    Returns
    -------
    LiveChart
        The chart.

    Raises
    ------
    ValueError
        If a preset names something that is not a control, or a value that its control cannot take.

    References
    ----------
    Page ``decode-latency`` shows such a chart.
    """
    for preset in (presets or {}).values():
        _check_preset(preset, {control["name"]: control["bind"] for control in controls})
    first, bind = next((each["name"], each["bind"]) for each in controls if each["bind"]["input"] == "range")
    marks, limit = marks or {}, limit or {}
    controls, chosen = _with_presets(controls, presets or {})
    values = {f"value_{number}": curve.now for number, curve in enumerate(curves.values())}
    limits = dict.fromkeys(["limit"], *limit.values()) if limit else {}
    expressions = (derived or {}) | values | limits | {"headline": f"[{', '.join(headline)}]"}
    along, now = position or ("datum.at", first)
    within = "true" if position else f"datum.x >= {bind['min']} && datum.x <= {bind['max']}"
    scale = {"type": "log", "nice": False} | ({} if position else {"domain": [bind["min"], bind["max"]]})
    ticks = _ticks("x") if position else _axis(doublings(bind["min"], bind["max"]))
    x = {"field": "x", "type": "quantitative", "title": axis[0], "scale": scale, "axis": ticks}
    y = {"field": "y", "type": "quantitative", "title": axis[1], "scale": {"type": "log"}, "axis": _ticks("y")}
    seen = f"datum.y > 0 && {when}"  # one device sends no messages, and a logarithmic axis has no zero
    colour = _colour(dict(zip(curves, values, strict=True)), curves, limit)
    return LiveChart(
        {
            "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
            "description": description,
            "title": {"text": {"expr": "headline"}, "anchor": "start", "fontSize": 15, "lineHeight": 20},
            "width": WIDTH,
            "height": 300,
            "autosize": {"type": "pad", "resize": True},  # in JupyterLab, room for labels that grow
            **({"usermeta": {"presets": presets}} if presets else {}),
            "params": [
                *controls,
                *chosen,
                *({"name": name, "value": table} for name, table in (tables or {}).items()),
                *({"name": name, "expr": expression} for name, expression in expressions.items()),
            ],
            "layer": [
                _curves(curves, bind, samples, along, seen) | {"encoding": _encoding(next(iter(curves)), x, y, colour)},
                _marker(now, seen, x, y),
                *(_line(place, "x", x, f"{within} && {when}", name) for name, place in marks.items()),
                *(_line("limit", "y", y, when) for _ in limit),
            ],
        }
    )


def _with_presets(controls: Sequence[dict], presets: Mapping[str, Mapping[str, float]]) -> tuple[list, list]:
    """Return the controls, and what chooses between their values and those of a preset."""
    if not presets:
        return list(controls), []
    names = {name for values in presets.values() for name in values}
    bind = {"input": "select", "options": [OWN_SETTINGS, *presets], "name": EXAMPLE}
    own = [each | {"name": f"{OWN}{each['name']}"} if each["name"] in names else each for each in controls]
    chosen = [
        {"name": EXAMPLE, "value": OWN_SETTINGS, "bind": bind},
        {"name": "presets", "value": {OWN_SETTINGS: {}} | {label: dict(values) for label, values in presets.items()}},
    ]
    for name in (each["name"] for each in controls if each["name"] in names):
        preset = f"presets[{EXAMPLE}].{name}"
        chosen.append({"name": name, "expr": f"isValid({preset}) ? {preset} : {OWN}{name}"})
    return own, chosen


def _colour(now: Mapping[str, str], curves: Mapping[str, Curve], limit: Mapping[str, str]) -> dict:
    """Return the colours of the curves and of a limit, with a legend that says which curve is not drawn."""
    colours = {name: curve.colour for name, curve in curves.items()} | dict.fromkeys(limit, PARTS["other"])
    columns = len(colours) if len(colours) <= 4 else 3
    values = ", ".join(f"'{name}': {value}" for name, value in now.items())
    return {
        "field": "part",
        "type": "nominal",
        "title": None,
        "scale": {"domain": list(colours), "range": list(colours.values())},
        "legend": {
            "orient": "bottom",
            "symbolStrokeWidth": 3,
            "columns": {"expr": f"width > 480 ? {columns} : 2"},
            "columnPadding": {"expr": "width > 320 ? 18 : 10"},
            "labelFontSize": {"expr": "width > 320 ? 13 : 12"},
            "labelExpr": f"datum.label + ({{{values}}}[datum.label] === 0 ? ' (0)' : '')",
        },
    }


def _curves(curves: Mapping[str, Curve], bind: Mapping, samples: int, along: str, seen: str) -> dict:
    """Return the curves over the range of the first slider."""
    at = f"{bind['min']}*exp(datum.i*{math.log(bind['max'] / bind['min']) / samples!r})"
    return {
        "data": {"sequence": {"start": 0, "stop": samples + 1, "as": "i"}},
        "transform": [
            {"calculate": f"round({at})" if bind["step"] % 1 == 0 else at, "as": "at"},
            {"calculate": along, "as": "x"},
            *({"calculate": curve.along, "as": name} for name, curve in curves.items()),
            {"fold": list(curves), "as": ["part", "y"]},
            {"filter": seen},
        ],
        "mark": {"type": "line", "interpolate": "linear"},
    }


def _encoding(whole: str, x: dict, y: dict, colour: dict) -> dict:
    """Return how curves are drawn: the whole broad and pale, under its parts."""
    is_whole = f"datum.part === '{whole}'"
    return {
        "x": x,
        "y": y,
        "color": colour,
        "strokeWidth": {"condition": {"test": is_whole, "value": 5}, "value": 2},
        "opacity": {"condition": {"test": is_whole, "value": 0.6}, "value": 1},
    }


def _marker(now: str, seen: str, x: dict, y: dict) -> dict:
    """Return the point where the sliders stand, and a line through it."""
    dashed = {"type": "rule", "strokeDash": [4, 4], "color": TOTAL}
    point = {"type": "point", "filled": True, "size": 90, "color": TOTAL, "opacity": 1}
    return {
        "data": {"values": [{}]},
        "transform": [{"calculate": now, "as": "x"}, {"calculate": "value_0", "as": "y"}, {"filter": seen}],
        "layer": [{"mark": dashed, "encoding": {"x": x} | BELOW_LABELS}, {"mark": point, "encoding": {"x": x, "y": y}}],
    }


def _check_preset(values: Mapping[str, float], binds: Mapping[str, dict]) -> None:
    """Raise an error for a preset to which the controls cannot be set."""
    for name, value in values.items():
        if name not in binds:
            raise ValueError(f"preset {name!r} is not a control of the chart; {suggestion(name, binds)}")
        low, high, options = (binds[name].get(key) for key in ("min", "max", "options"))
        if not (value in options if options else low <= value <= high):
            raise ValueError(f"preset {name} = {value!r}: must be {options or f'from {low} to {high}'}")


def _ticks(axis: str) -> dict:
    """Return the ticks of a logarithmic axis whose range follows the sliders."""
    narrow = f"domain('{axis}')[1] < 1000*domain('{axis}')[0]"
    return _axis({"expr": f"{narrow} ? {FINER} : {DECADES}"})


def _axis(values: list[float] | dict) -> dict:
    """Return an axis with ticks at these values, written as plain numbers."""
    return {"values": values, "labelExpr": javascript_numeral("datum.value", "~r"), "labelFlush": False}


def doublings(low: float, high: float) -> list[float]:
    """List the ticks of a slider's axis: by powers of two from its lower end, or by decades.

    Parameters
    ----------
    low, high : float
        The ends of the slider.

    Returns
    -------
    list of float
        Powers of two in equal steps if the ratio of the ends is a power of two, else decades.

    Examples
    --------
    >>> doublings(1, 1024)
    [1, 4, 16, 64, 256, 1024]
    >>> doublings(1, 100_000)
    [1, 10, 100, 1000, 10000, 100000]

    References
    ----------
    Page ``decode-latency`` shows such an axis.
    """
    count = math.log2(high / low)
    step = 2 ** math.ceil(count / (MOST_TICKS - 1)) if count.is_integer() else 10
    return [low * step**number for number in range(int(math.log(high / low) / math.log(step) + 1e-9) + 1)]


def _line(place: str, direction: str, channel: dict, shown: str, words: str = "") -> dict:
    """Return a line across the chart at a place on one of its axes, with its label on the side with more room."""
    beyond = "scale('x', datum.x) > width/2"
    text = {
        "type": "text",
        "text": words,
        "baseline": "top",
        "align": {"expr": f"{beyond} ? 'right' : 'left'"},
        "dx": {"expr": f"{beyond} ? -5 : 5"},
    }
    around = BELOW_LABELS if direction == "x" else {}
    mark = {"type": "rule", "color": PARTS["other"], "strokeWidth": 2}
    rule = {"mark": mark, "encoding": {direction: channel} | around}
    label = {"mark": text, "encoding": {direction: channel, "y": {"value": 4}}}
    return {
        "data": {"values": [{}]},
        "transform": [{"calculate": place, "as": direction}, {"filter": f"datum.{direction} > 0 && {shown}"}],
        "layer": [rule, label] if words else [rule],
    }
