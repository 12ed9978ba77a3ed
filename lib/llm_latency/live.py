"""A formula under the reader's hands: from a SymPy expression to a chart with sliders.

The chart is a Vega-Lite specification, a plain dictionary whose expressions are printed from the
formulas. JupyterLab draws it, the site draws it, and the tests evaluate its expressions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sympy as sp
from sympy.printing.jscode import JavascriptCodePrinter

from llm_latency.formula import Formula
from llm_latency.names import suggestion
from llm_latency.notation import REGISTRY, unit_label
from llm_latency.palette import COLOURS, TOTAL

__all__ = ["LiveChart", "Slider", "javascript", "live_chart"]

MIME_TYPE = "application/vnd.vegalite.v5+json"
SAMPLES = 240
"""Points of a live curve."""


@dataclass(frozen=True)
class Slider:
    """One variable under the reader's hand.

    Parameters
    ----------
    name : str
        Variable of the registry.
    low, high, step, value : float
        Range, step and initial value, in the displayed unit.
    label : str
        What stands beside the slider, with the displayed unit.
    scale : float, optional
        SI units per displayed unit.
    """

    name: str
    low: float
    high: float
    step: float
    value: float
    label: str
    scale: float = 1


class _Printer(JavascriptCodePrinter):
    """SymPy's JavaScript printer in the dialect of Vega expressions, with symbols replaced."""

    def __init__(self, names: Mapping[str, str]):
        super().__init__()
        self._names = names

    def _print_Symbol(self, expr):
        return self._names[expr.name]


def javascript(expr: sp.Expr, names: Mapping[str, str]) -> str:
    """Print an expression in Vega's expression language.

    Parameters
    ----------
    expr : sympy.Expr
        Expression in registered symbols.
    names : mapping of str to str
        What stands for each symbol: the name of a signal, a field, a number.

    Returns
    -------
    str
        The expression.

    Raises
    ------
    ValueError
        If a symbol has no entry in `names`, or a function has no counterpart in Vega.

    Examples
    --------
    >>> from llm_latency.roofline import ridge_point
    >>> javascript(ridge_point.expr, {"peak_flops": "312e12", "mem_bandwidth": "(bw*1e12)"})
    '312e12/(bw*1e12)'

    References
    ----------
    Vega expressions: https://vega.github.io/vega/docs/expressions/
    """
    unnamed = sorted({symbol.name for symbol in expr.free_symbols} - names.keys())
    if unnamed:
        raise ValueError(f"the live chart sets no value for {', '.join(unnamed)}")
    text = _Printer(names).doprint(expr)
    if "Not supported" in text:
        raise ValueError(f"Vega has no counterpart for a function in {expr}")
    return text.replace("Math.", "")


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


def live_chart(
    formula: Formula,
    parts: Mapping[str, sp.Expr],
    sliders: Sequence[Slider],
    constants: Mapping[str, float],
    x_label: str,
    description: str,
) -> LiveChart:
    """Draw a time against the first slider's variable, with every slider live.

    The chart shows the whole time and its parts, marks the sliders' current point, and says in
    words how long it takes and which part is the longest.

    Parameters
    ----------
    formula : Formula
        The whole time, second.
    parts : mapping of str to sympy.Expr
        The time that each resource takes, second.
    sliders : sequence of Slider
        Variables under the reader's hand; the first one spans the horizontal axis.
    constants : mapping of str to float, SI units
        Values of the formulas' other variables.
    x_label : str
        Title of the horizontal axis, with unit.
    description : str
        What the chart shows, for readers who do not see it.

    Returns
    -------
    LiveChart
        The chart.

    Raises
    ------
    ValueError
        If a slider or constant is not a variable of the formulas, or one has neither.

    References
    ----------
    Page ``decode-latency`` shows the first of these charts.
    """
    if formula.unit != REGISTRY["link_latency"].unit:
        raise ValueError(f"{formula.name} is in {unit_label(formula.unit)}: must be a time in s")
    expressions = {"total": formula.expr, **parts}
    used = {symbol.name for expr in expressions.values() for symbol in expr.free_symbols}
    for name in [slider.name for slider in sliders] + list(constants):
        if name not in used:
            raise ValueError(f"{name!r} is in no formula of the chart; {suggestion(name, used)}")
    fixed = {name: str(v.constant) for name, v in REGISTRY.items() if v.constant is not None}
    fixed |= {name: repr(value) for name, value in constants.items()}
    current = fixed | {s.name: f"({s.name}*{s.scale!r})" for s in sliders}
    along = current | {sliders[0].name: f"(datum.x*{sliders[0].scale!r})"}
    axis = sliders[0]
    fields = list(expressions)
    ratio = math.log(axis.high / axis.low)
    curve = [
        {"calculate": f"{axis.low}*exp(datum.i*{ratio / SAMPLES!r})", "as": "x"},
        *({"calculate": f"1000*({javascript(expr, along)})", "as": name} for name, expr in expressions.items()),
        {"fold": fields, "as": ["part", "ms"]},
    ]
    now = [
        {"calculate": axis.name, "as": "x"},
        *({"calculate": f"1000*({javascript(expr, current)})", "as": name} for name, expr in expressions.items()),
        {"calculate": _longest([f"datum['{name}']" for name in parts], list(parts)), "as": "binding"},
        {"calculate": "format(datum.total, '.4~g') + ' ms'", "as": "label"},
    ]
    parts_now = {name: f"({javascript(expr, current)})" for name, expr in parts.items()}
    headline = (
        f"[format(1000*({javascript(formula.expr, current)}), '.4~g') + ' ms', 'longest part: ' + "
        + _longest(list(parts_now.values()), list(parts_now))
        + "]"
    )
    horizontal = {
        "field": "x", "type": "quantitative", "title": x_label,
        "scale": {"type": "log", "domain": [axis.low, axis.high], "nice": False},
    }
    vertical = {"field": "ms", "type": "quantitative", "title": "time [ms]", "scale": {"type": "log"}}
    return LiveChart(
        {
            "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
            "description": description,
            "title": {"text": {"expr": headline}, "anchor": "start", "fontSize": 15},
            "width": "container",
            "height": 300,
            "params": [
                {
                    "name": s.name, "value": s.value,
                    "bind": {"input": "range", "min": s.low, "max": s.high, "step": s.step, "name": s.label},
                }
                for s in sliders
            ],
            "layer": [
                {
                    "data": {"sequence": {"start": 0, "stop": SAMPLES + 1, "as": "i"}},
                    "transform": curve,
                    "mark": {"type": "line", "interpolate": "linear"},
                    "encoding": {
                        "x": horizontal,
                        "y": vertical,
                        "color": {
                            "field": "part", "type": "nominal", "title": None,
                            "scale": {"domain": fields, "range": [TOTAL, *(COLOURS[name] for name in parts)]},
                            "legend": {"orient": "bottom", "columns": 2, "labelFontSize": 13, "symbolStrokeWidth": 3},
                        },
                        "strokeWidth": {"condition": {"test": "datum.part === 'total'", "value": 5}, "value": 2},
                        "opacity": {"condition": {"test": "datum.part === 'total'", "value": 0.6}, "value": 1},
                    },
                },
                {
                    "data": {"values": [{}]},
                    "transform": now,
                    "layer": [
                        {"mark": {"type": "rule", "strokeDash": [4, 4], "color": TOTAL}, "encoding": {"x": horizontal}},
                        {
                            "mark": {"type": "point", "filled": True, "size": 90, "color": TOTAL, "opacity": 1},
                            "encoding": {"x": horizontal, "y": {"field": "total", "type": "quantitative"}},
                        },
                        {
                            "mark": {"type": "text", "dy": -14, "fontSize": 13, "fontWeight": "bold"},
                            "encoding": {
                                "x": horizontal,
                                "y": {"field": "total", "type": "quantitative"},
                                "text": {"field": "label"},
                            },
                        },
                    ],
                },
            ],
        }
    )


def _longest(times: list[str], names: list[str]) -> str:
    """Vega expression for the name of the longest time; the first one wins a tie."""
    expression = f"'{names[-1]}'"
    for position in range(len(names) - 2, -1, -1):
        wins = " && ".join(f"{times[position]} >= {other}" for other in times[position + 1 :])
        expression = f"({wins} ? '{names[position]}' : {expression})"
    return expression
