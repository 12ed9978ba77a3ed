"""A formula under the reader's hands: from a SymPy expression to a chart with sliders.

The chart is a Vega-Lite specification, a plain dictionary whose expressions are printed from the
formulas. JupyterLab draws it, the site draws it, and the tests evaluate its expressions.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp
from sympy.printing.codeprinter import PrintMethodNotImplementedError
from sympy.printing.jscode import JavascriptCodePrinter

from llm_latency.evaluation import checked
from llm_latency.formula import Formula
from llm_latency.names import suggestion
from llm_latency.notation import REGISTRY, second, unit_label
from llm_latency.palette import COLOURS, TOTAL

__all__ = ["SLIDERS", "LiveChart", "Slider", "javascript", "live_chart"]

MIME_TYPE = "application/vnd.vegalite.v5+json"
VEGA_FUNCTIONS = {"abs", "ceil", "exp", "floor", "log", "max", "min", "pow", "sqrt"}
"""Functions that SymPy prints and Vega's expression language knows."""
WIDTH = 600
"""Width in pixels. The site fits charts to its column; in JupyterLab, whose notebook measures cells
that are not in view, a width that follows the container never settles and the page hangs."""
SAMPLES = 240
"""Points of a live curve."""


@dataclass(frozen=True)
class Slider:
    """Range of one variable under the reader's hand.

    Parameters
    ----------
    label : str
        What stands beside the slider, with the displayed unit.
    low, high, step : float
        Range and step, in the displayed unit.
    scale : float, optional
        SI units per displayed unit.
    """

    label: str
    low: float
    high: float
    step: float
    scale: float = 1


SLIDERS = {
    "batch": Slider("batch B", 1, 1024, 1),
    "prompt": Slider("prompt s [tokens]", 16, 16384, 16),
    "context": Slider("context L [tokens]", 16, 131072, 16),
    "n_devices": Slider("devices N", 1, 64, 1),
    "n_params": Slider("parameters P [billion]", 1, 700, 1, 1e9),
    "mem_bandwidth": Slider("memory bandwidth [TB/s]", 0.1, 8, 0.05, 1e12),
    "peak_flops": Slider("peak [TFLOP/s]", 10, 2500, 1, 1e12),
    "link_bandwidth": Slider("link, one direction [GB/s]", 10, 900, 10, 1e9),
    "link_latency": Slider("link latency [µs]", 0.5, 30, 0.5, 1e-6),
}
"""The slider of each variable, the same on every page."""


class _Printer(JavascriptCodePrinter):
    """SymPy's JavaScript printer in the dialect of Vega expressions, with symbols replaced."""

    def __init__(self, names: Mapping[str, str]):
        super().__init__()
        self._names = names

    def _print_Symbol(self, expr):
        text = self._names[expr.name]
        return text if re.fullmatch(r"[\w.]+", text) else f"({text})"


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
    >>> javascript(ridge_point.expr, {"peak_flops": "312e12", "mem_bandwidth": "bw*1e12"})
    '312e12/(bw*1e12)'

    References
    ----------
    Vega expressions: https://vega.github.io/vega/docs/expressions/
    """
    unnamed = sorted({symbol.name for symbol in expr.free_symbols} - names.keys())
    if unnamed:
        raise ValueError(f"the live chart sets no value for {', '.join(unnamed)}")
    try:
        text = _Printer(names).doprint(expr).replace("Math.", "")
    except PrintMethodNotImplementedError as error:
        raise ValueError(f"Vega has no counterpart for a function in {expr}") from error
    foreign = set(re.findall(r"(\w+)\(", text)) - VEGA_FUNCTIONS
    if foreign:
        raise ValueError(f"Vega has no counterpart for {', '.join(sorted(foreign))} in {expr}")
    return text


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
    parts: Mapping[str, Formula],
    sliders: Mapping[str, float],
    constants: Mapping[str, float],
    description: str,
) -> LiveChart:
    """Draw a time against the first slider's variable, with every slider live.

    The chart shows the whole time and its parts, marks the sliders' current point, and says in
    words how long it takes and which part is the longest.

    Parameters
    ----------
    formula : Formula
        The whole time, second.
    parts : mapping of str to Formula
        The time that each resource takes, second, by a name of `palette.COLOURS`.
    sliders : mapping of str to float
        Variables under the reader's hand with their first value, in the unit that `SLIDERS`
        displays; the first one spans the horizontal axis.
    constants : mapping of str to float, SI units
        Values of the formulas' other variables.
    description : str
        What the chart shows, for readers who do not see it.

    Returns
    -------
    LiveChart
        The chart.

    Raises
    ------
    ValueError
        If a formula is no time, if a part has no colour, if a slider or constant is not a variable
        of the formulas, if a variable has neither or both, or if a value is outside its range.

    Examples
    --------
    >>> from llm_latency.roofline import weight_read_time
    >>> chart = live_chart(
    ...     weight_read_time, {"memory bandwidth": weight_read_time},
    ...     sliders={"n_devices": 16, "n_params": 260, "mem_bandwidth": 1.5},
    ...     constants={"bytes_per_param": 2}, description="Time to read the weights.",
    ... )
    >>> [parameter["bind"]["name"] for parameter in chart.spec["params"]]
    ['devices N', 'parameters P [billion]', 'memory bandwidth [TB/s]']

    References
    ----------
    Page ``decode-latency`` shows the first of these charts.
    """
    formulas = {"step": formula, **parts}
    _check(formulas, sliders, constants)
    expressions = {name: part.expr for name, part in formulas.items()}
    fixed = {name: str(v.constant) for name, v in REGISTRY.items() if v.constant is not None}
    fixed |= {name: repr(float(value)) for name, value in constants.items()}
    current = fixed | {name: f"{name}*{SLIDERS[name].scale!r}" for name in sliders}
    first = next(iter(sliders))
    axis = SLIDERS[first]
    along = current | {first: f"datum.x*{axis.scale!r}"}
    now = {name: f"1000*({javascript(expr, current)})" for name, expr in expressions.items()}
    ratio = math.log(axis.high / axis.low)
    position = f"{axis.low}*exp(datum.i*{ratio / SAMPLES!r})"
    curve = [
        {"calculate": f"round({position})" if REGISTRY[first].integer else position, "as": "x"},
        *({"calculate": f"1000*({javascript(expr, along)})", "as": name} for name, expr in expressions.items()),
        {"fold": list(expressions), "as": ["part", "ms"]},
        {"filter": "datum.ms > 0"},  # one device has no messages, and a logarithmic axis no zero
    ]
    bound_by = _longest({name: now[name] for name in parts})
    headline = f"[format({now['step']}, '.4~g') + ' ms', 'bound by ' + {bound_by}]"
    horizontal = {
        "field": "x", "type": "quantitative", "title": axis.label,
        "scale": {"type": "log", "domain": [axis.low, axis.high], "nice": False},
    }
    vertical = {"field": "ms", "type": "quantitative", "title": "time [ms]", "scale": {"type": "log"}}
    colour = {
        "field": "part", "type": "nominal", "title": None,
        "scale": {"domain": list(expressions), "range": [TOTAL, *(COLOURS[name] for name in parts)]},
        "legend": {"orient": "bottom", "columns": 2, "labelFontSize": 13, "symbolStrokeWidth": 3},
    }
    return LiveChart(
        {
            "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
            "description": description,
            "title": {"text": {"expr": headline}, "anchor": "start", "fontSize": 15},
            "width": WIDTH,
            "height": 300,
            "params": [
                {
                    "name": name, "value": float(value),
                    "bind": {"input": "range", "min": s.low, "max": s.high, "step": s.step, "name": s.label},
                }
                for name, value in sliders.items()
                for s in [SLIDERS[name]]
            ],
            "layer": [
                {
                    "data": {"sequence": {"start": 0, "stop": SAMPLES + 1, "as": "i"}},
                    "transform": curve,
                    "mark": {"type": "line", "interpolate": "linear"},
                    "encoding": {
                        "x": horizontal,
                        "y": vertical,
                        "color": colour,
                        "strokeWidth": {"condition": {"test": "datum.part === 'step'", "value": 5}, "value": 2},
                        "opacity": {"condition": {"test": "datum.part === 'step'", "value": 0.6}, "value": 1},
                    },
                },
                {
                    "data": {"values": [{}]},
                    "transform": [{"calculate": first, "as": "x"}, {"calculate": now["step"], "as": "step"}],
                    "layer": [
                        {"mark": {"type": "rule", "strokeDash": [4, 4], "color": TOTAL}, "encoding": {"x": horizontal}},
                        {
                            "mark": {"type": "point", "filled": True, "size": 90, "color": TOTAL, "opacity": 1},
                            "encoding": {"x": horizontal, "y": {"field": "step", "type": "quantitative"}},
                        },
                    ],
                },
            ],
        }
    )


def _check(formulas, sliders, constants) -> None:
    """Raise an error for what a live chart cannot draw."""
    for name, formula in formulas.items():
        if formula.unit != second:
            raise ValueError(f"{formula.name} is in {unit_label(formula.unit)}: must be a time in s")
        if name not in COLOURS and name != "step":
            raise ValueError(f"part {name!r} has no colour; known: {', '.join(COLOURS)}")
    if not sliders or len(formulas) == 1:
        raise ValueError("a live chart needs at least one slider and one part")
    used = {name for formula in formulas.values() for name in formula.arguments}
    for name in [*sliders, *constants]:
        if name not in used:
            raise ValueError(f"{name!r} is in no formula of the chart; {suggestion(name, used)}")
    for name, value in sliders.items():
        if name not in SLIDERS:
            raise ValueError(f"{name!r} has no slider; {suggestion(name, SLIDERS)}known: {', '.join(SLIDERS)}")
        if name in constants:
            raise ValueError(f"{name!r} is both a slider and a constant")
        slider = SLIDERS[name]
        if not slider.low <= value <= slider.high:
            raise ValueError(f"{name} = {value}: must be from {slider.low} to {slider.high}")
        checked(name, value * slider.scale)
    for name, value in constants.items():
        checked(name, value)


def _longest(times: Mapping[str, str]) -> str:
    """Vega expression for the name of the longest time; the first one wins a tie."""
    names = list(times)
    expression = f"'{names[-1]}'"
    for position in range(len(names) - 2, -1, -1):
        wins = " && ".join(f"{times[names[position]]} >= {times[other]}" for other in names[position + 1 :])
        expression = f"({wins} ? '{names[position]}' : {expression})"
    return expression
