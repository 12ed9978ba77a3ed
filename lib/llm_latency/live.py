"""A formula under the reader's hands: from SymPy expressions to a chart with sliders.

The chart is a Vega-Lite specification, a plain dictionary whose expressions are printed from the
formulas. JupyterLab draws it, the site draws it, and the tests evaluate its expressions.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sympy as sp
from sympy.printing.codeprinter import PrintMethodNotImplementedError
from sympy.printing.jscode import JavascriptCodePrinter

from llm_latency.catalogue import Spec
from llm_latency.evaluation import checked
from llm_latency.formula import Formula
from llm_latency.names import suggestion
from llm_latency.notation import FLOP, REGISTRY, bit, byte, second, unit_label, unit_of
from llm_latency.numerals import javascript_numeral
from llm_latency.palette import PARTS, TOTAL

__all__ = [
    "SLIDERS", "Curve", "Display", "LiveChart", "Slider", "chart_of", "doublings", "javascript", "live_chart",
    "longest",
]

MIME_TYPE = "application/vnd.vegalite.v5+json"
VEGA_FUNCTIONS = {"abs", "ceil", "exp", "floor", "log", "max", "min", "pow", "sqrt"}
"""Functions that SymPy prints and Vega's expression language knows."""
WIDTH = 600
"""Width in pixels. The site fits charts to its column; in JupyterLab, whose notebook measures cells
that are not in view, a width that follows the container never settles and the page hangs."""
SAMPLES = 240
"""Points of a live curve."""
DECADES = [float(f"1e{exponent}") for exponent in range(-9, 13)]
FINER = [digit * decade for decade in DECADES for digit in (1, 2, 5)]
"""Ticks of a logarithmic axis over three decades or more, and over fewer, as in the printed charts."""
BELOW_LABELS = {"y": {"value": 18}, "y2": {"value": "height"}}
"""The reach of a vertical line, under the words at the top of the chart."""
MOST_TICKS = 7
"""As many labels of a slider's axis fit side by side on a telephone."""


@dataclass(frozen=True)
class Display:
    """How a quantity is shown to a reader.

    Parameters
    ----------
    name : str
        What the quantity is.
    unit : str
        The displayed unit.
    per_si : float, optional
        How many of it are one SI unit.
    digits : int, optional
        Significant digits.
    """

    name: str
    unit: str
    per_si: float = 1
    digits: int = 4

    @property
    def title(self) -> str:
        """The name with its unit, for an axis."""
        return f"{self.name} [{self.unit}]"

    def scaled(self, expression: str) -> str:
        """Turn a Vega expression in SI units into one in the displayed unit.

        Parameters
        ----------
        expression : str
            The expression, SI units.

        Returns
        -------
        str
            The expression in the displayed unit.
        """
        return expression if self.per_si == 1 else f"{self.per_si!r}*({expression})"

    def text(self, expression: str) -> str:
        """Write the Vega expression that says a value in words, a long one to the last whole.

        Parameters
        ----------
        expression : str
            Vega expression of the value in the displayed unit.

        Returns
        -------
        str
            Vega expression of a text.
        """
        number = javascript_numeral(expression, f".{self.digits}~r", ".0f")
        return f"{number} + ' {self.unit}'" if self.unit else number


DISPLAY = {
    second: Display("time", "ms", 1e3),
    byte: Display("memory", "GB", 1e-9),
    bit: Display("storage", "bit"),
    FLOP: Display("work", "GFLOP", 1e-9),
    FLOP / second: Display("rate", "TFLOP/s", 1e-12),
    FLOP / byte: Display("arithmetic intensity", "FLOP/byte"),
    sp.S.One: Display("number", ""),
}
"""How a quantity of each unit is displayed."""


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

    def si(self, name: str) -> str:
        """Write the Vega expression of a value in SI units.

        Parameters
        ----------
        name : str
            Vega expression of the value in the displayed unit.

        Returns
        -------
        str
            The expression.
        """
        return name if self.scale == 1 else f"{name}*{self.scale!r}"

    def control(self, name: str, value: float) -> dict:
        """Return the slider as a parameter of the specification.

        Parameters
        ----------
        name : str
            What expressions call it.
        value : float
            Where it stands at first, in the displayed unit.

        Returns
        -------
        dict
            The parameter.

        Raises
        ------
        ValueError
            If the value is outside the range.
        """
        if not self.low <= value <= self.high:
            raise ValueError(f"{name} = {value}: must be from {self.low} to {self.high}")
        bind = {"input": "range", "min": self.low, "max": self.high, "step": self.step, "name": self.label}
        return {"name": name, "value": float(value), "bind": bind}


SLIDERS = {
    "batch": Slider("batch B", 1, 1024, 1),
    "prompt": Slider("prompt s [tokens]", 16, 131072, 16),
    "context": Slider("context L [tokens]", 16, 131072, 16),
    "n_devices": Slider("devices N", 1, 64, 1),
    "tp": Slider("devices N", 1, 64, 1),
    "n_layers": Slider("layers n", 1, 128, 1),
    "d_model": Slider("width h", 256, 20480, 256),
    "n_heads": Slider("heads a", 1, 128, 1),
    "n_kv_heads": Slider("key-value heads g", 1, 128, 1),
    "n_experts": Slider("experts E", 8, 512, 1),
    "experts_per_token": Slider("experts k of a token", 1, 8, 1),
    "n_params": Slider("parameters P [billion]", 1, 700, 1, 1e9),
    "bytes_per_param": Slider("bytes per weight", 0.5, 4, 0.5),
    "weight_bits": Slider("bits of a weight", 2, 16, 1),
    "group_size": Slider("weights of one scale", 16, 1024, 16),
    "message_bytes": Slider("message [kB]", 1, 100000, 1, 1e3),
    "bytes_per_kv": Slider("bytes per cached element", 0.5, 4, 0.5),
    "mem_bandwidth": Slider("memory bandwidth [TB/s]", 0.1, 8, 0.05, 1e12),
    "mem_size": Slider("memory of a device [GB]", 8, 288, 8, 1e9),
    "peak_flops": Slider("peak [TFLOP/s]", 10, 2500, 1, 1e12),
    "link_bandwidth": Slider("link, one direction [GB/s]", 10, 900, 10, 1e9),
    "network_bandwidth": Slider("network, one direction [GB/s]", 5, 400, 5, 1e9),
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


def live_chart(
    curves: Mapping[str, Formula | sp.Expr],
    sliders: Mapping[str, float],
    *specs: Spec,
    description: str,
    constants: Mapping[str, float] | None = None,
    against: Formula | None = None,
    limit: Mapping[str, sp.Expr] | None = None,
    marks: Mapping[str, Formula | sp.Expr] | None = None,
    readings: Mapping[str, Formula | sp.Expr] | None = None,
    presets: Mapping[str, Mapping[str, float]] | None = None,
    display: Display | None = None,
) -> LiveChart:
    """Draw a quantity and its parts against the first slider's variable, with every slider live.

    The chart marks the point where the sliders stand, and says in words what the quantity is there: of
    a time or a rate also which part binds it, of a sum its largest part, of bytes whether they fit
    below the limit.

    Parameters
    ----------
    curves : mapping of str to Formula or sympy.Expr
        The whole first, then its parts, each by a name of `palette.PARTS`; all in one unit.
    sliders : mapping of str to float
        Variables under the reader's hand with their first value, in the unit that `SLIDERS`
        displays; the first one spans the horizontal axis.
    *specs : Model or Device
        Objects that supply the variables without a slider; what the formulas do not use is ignored.
    description : str
        What the chart shows, for readers who do not see it.
    constants : mapping of str to float, SI units, optional
        Values of further variables; they take precedence over the specs'.
    against : Formula, optional
        What the horizontal axis displays, in place of the first slider's variable.
    limit : mapping of str to sympy.Expr, optional
        One level that the whole may not exceed, by its name, in the unit of the curves.
    marks : mapping of str to Formula or sympy.Expr, optional
        Places on the horizontal axis that are marked by a line, and said in words, by their names.
    readings : mapping of str to Formula or sympy.Expr, optional
        What else is said in words, by its name.
    presets : mapping of str to mapping of str to float, optional
        Positions of some sliders that one button sets together, by the words on it.
    display : Display, optional
        How the curves are displayed, in place of the usual `DISPLAY` of their unit.

    Returns
    -------
    LiveChart
        The chart.

    Raises
    ------
    ValueError
        If the curves differ in unit or have one that no chart displays, if a part has no colour, if a
        slider or constant is not a variable of the chart, if a variable has neither, or if a value is
        outside its range; also in a preset.

    Examples
    --------
    >>> from llm_latency.roofline import weight_read_time
    >>> chart = live_chart(
    ...     {"weights read": weight_read_time, "memory bandwidth": weight_read_time},
    ...     sliders={"n_devices": 16, "n_params": 260, "mem_bandwidth": 1.5},
    ...     constants={"bytes_per_param": 2}, description="Time to read the weights.",
    ... )
    >>> [parameter["bind"]["name"] for parameter in chart.spec["params"] if "bind" in parameter]
    ['devices N', 'parameters P [billion]', 'memory bandwidth [TB/s]']

    References
    ----------
    Page ``decode-latency`` shows the first of these charts.
    """
    limit, marks, readings, constants = limit or {}, marks or {}, readings or {}, constants or {}
    drawn = {name: _expression(curve) for name, curve in (*curves.items(), *limit.items())}
    said = {name: _expression(reading) for name, reading in (*marks.items(), *readings.items())}
    if against:
        said[DISPLAY[against.unit].name] = against.expr
    unit = _common_unit(drawn)
    whole, *parts = curves
    used = {symbol.name for expr in (*drawn.values(), *said.values()) for symbol in expr.free_symbols}
    fixed = _constants(used, sliders, specs, constants)
    _check(parts, sliders, used, constants)
    controls = [_checked_control(name, value) for name, value in sliders.items()]
    current = fixed | {name: SLIDERS[name].si(name) for name in sliders}
    first = next(iter(sliders))
    along = current | {first: SLIDERS[first].si("datum.at")}
    shown = display or DISPLAY[unit]
    lines = {
        name: Curve(
            shown.scaled(javascript(drawn[name], along)),
            shown.scaled(javascript(drawn[name], current)),
            TOTAL if name == whole else PARTS[name],
        )
        for name in curves
    }
    values = {name: f"value_{number}" for number, name in enumerate(lines)}
    headline = f"'{whole} ' + {shown.text(values[whole])}"
    if limit:
        headline += f" + ' of ' + {shown.text('limit')} + ({values[whole]} <= limit ? ': fits' : ': does not fit')"
    else:
        word = "bound by" if unit in (second, FLOP / second) else "mostly"
        main = longest({name: values[name] for name in parts}, largest=unit != FLOP / second)
        headline += f" + ({values[whole]} > 0 ? ', {word} ' + {main} : '')"
    read = {name: DISPLAY[unit_of(expr)] for name, expr in said.items()}
    return chart_of(
        lines,
        controls=controls,
        headline=[
            headline,
            *(f"'{name} ' + {read[name].text(read[name].scaled(javascript(said[name], current)))}" for name in said),
        ],
        description=description,
        axis=(DISPLAY[against.unit].title if against else SLIDERS[first].label, shown.title),
        position=(javascript(against.expr, along), javascript(against.expr, current)) if against else None,
        marks={name: javascript(said[name], current) for name in marks},
        limit={name: shown.scaled(javascript(drawn[name], current)) for name in limit},
        presets=presets,
    )


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
    """Put curves, controls and words together to a chart.

    Parameters
    ----------
    curves : mapping of str to Curve
        The whole first, then its parts. In `headline`, ``value_0`` is the whole where the sliders
        stand, ``value_1`` the first part, and so on.
    controls : sequence of dict
        Parameters under the reader's hand; the first slider is that of the horizontal axis.
    headline : sequence of str
        Vega expressions of the lines above the chart.
    description : str
        What the chart shows, for readers who do not see it.
    axis : tuple of str
        Titles of the horizontal and the vertical axis.
    derived : mapping of str to str, optional
        Vega expressions that the others may name, in their order.
    tables : mapping of str to mapping, optional
        Objects that the expressions may name.
    position : tuple of str, optional
        Vega expressions of the horizontal place along a curve and now, where that is not the slider's.
    marks : mapping of str to str, optional
        Vega expressions of places on the horizontal axis, by their names.
    limit : mapping of str to str, optional
        Vega expression of one level, by its name; others call it ``limit``.
    when : str, optional
        Vega expression that says whether there is anything to draw.
    samples : int, optional
        Points of a curve.
    presets : mapping of str to mapping of str to float, optional
        Values of some controls that one button sets together, by the words on it.

    Returns
    -------
    LiveChart
        The chart.

    Raises
    ------
    ValueError
        If a preset names no control, or has a value that the control cannot have.

    References
    ----------
    Page ``decode-latency`` shows such a chart.
    """
    for values in (presets or {}).values():
        _check_preset(values, {control["name"]: control["bind"] for control in controls})
    first, bind = next((each["name"], each["bind"]) for each in controls if each["bind"]["input"] == "range")
    ratio = math.log(bind["max"] / bind["min"])
    at = f"{bind['min']}*exp(datum.i*{ratio / samples!r})"
    whole = next(iter(curves))
    marks, limit = marks or {}, limit or {}
    values = {f"value_{number}": curve.now for number, curve in enumerate(curves.values())}
    limits = dict.fromkeys(["limit"], *limit.values()) if limit else {}
    expressions = (derived or {}) | values | limits | {"headline": f"[{', '.join(headline)}]"}
    within = "true" if position else f"datum.x <= {bind['max']}"
    scale = {"type": "log", "nice": False} | ({} if position else {"domain": [bind["min"], bind["max"]]})
    ticks = _ticks("x") if position else _axis(doublings(bind["min"], bind["max"]))
    horizontal = {"field": "x", "type": "quantitative", "title": axis[0], "scale": scale, "axis": ticks}
    vertical = {
        "field": "y", "type": "quantitative", "title": axis[1], "scale": {"type": "log"}, "axis": _ticks("y"),
    }
    colours = {name: curve.colour for name, curve in curves.items()} | dict.fromkeys(limit, PARTS["other"])
    wide = len(colours) if len(colours) <= 4 else 3  # columns of the legend
    now = ", ".join(f"'{name}': {value}" for name, value in zip(curves, values, strict=True))
    colour = {
        "field": "part", "type": "nominal", "title": None,
        "scale": {"domain": list(colours), "range": list(colours.values())},
        "legend": {
            "orient": "bottom", "symbolStrokeWidth": 3,
            "columns": {"expr": f"width > 480 ? {wide} : 2"},
            "columnPadding": {"expr": "width > 320 ? 18 : 10"},
            "labelFontSize": {"expr": "width > 320 ? 13 : 12"},
            "labelExpr": f"datum.label + ({{{now}}}[datum.label] === 0 ? ' (0)' : '')",
        },
    }
    is_whole = f"datum.part === '{whole}'"
    sequence = {"data": {"sequence": {"start": 0, "stop": samples + 1, "as": "i"}}}
    lines = sequence | {
        "transform": [
            {"calculate": f"round({at})" if bind["step"] % 1 == 0 else at, "as": "at"},
            {"calculate": position[0] if position else "datum.at", "as": "x"},
            *({"calculate": curve.along, "as": name} for name, curve in curves.items()),
            {"fold": list(curves), "as": ["part", "y"]},
            {"filter": f"datum.y > 0 && {when}"},  # one device has no messages, and a logarithmic axis no zero
        ],
        "mark": {"type": "line", "interpolate": "linear"},
        "encoding": {
            "x": horizontal, "y": vertical, "color": colour,
            "strokeWidth": {"condition": {"test": is_whole, "value": 5}, "value": 2},
            "opacity": {"condition": {"test": is_whole, "value": 0.6}, "value": 1},
        },
    }
    dashed = {"type": "rule", "strokeDash": [4, 4], "color": TOTAL}
    here = {
        "data": {"values": [{}]},
        "transform": [
            {"calculate": position[1] if position else first, "as": "x"},
            {"calculate": "value_0", "as": "y"},
            {"filter": f"datum.y > 0 && {when}"},
        ],
        "layer": [
            {"mark": dashed, "encoding": {"x": horizontal} | BELOW_LABELS},
            {
                "mark": {"type": "point", "filled": True, "size": 90, "color": TOTAL, "opacity": 1},
                "encoding": {"x": horizontal, "y": vertical},
            },
        ],
    }
    return LiveChart(
        {
            "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
            "description": description,
            "title": {"text": {"expr": "headline"}, "anchor": "start", "fontSize": 15, "lineHeight": 20},
            "width": WIDTH,
            "height": 300,
            **({"usermeta": {"presets": presets}} if presets else {}),
            "params": [
                *controls,
                *({"name": name, "value": table} for name, table in (tables or {}).items()),
                *({"name": name, "expr": expression} for name, expression in expressions.items()),
            ],
            "layer": [
                lines,
                here,
                *(_line(place, "x", horizontal, f"{within} && {when}", name) for name, place in marks.items()),
                *(_line("limit", "y", vertical, when) for _ in limit),
            ],
        }
    )


def _check_preset(values: Mapping[str, float], binds: Mapping[str, dict]) -> None:
    """Raise an error for a preset that the controls cannot take on."""
    for name, value in values.items():
        if name not in binds:
            raise ValueError(f"preset {name!r} is no control of the chart; {suggestion(name, binds)}")
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
        Powers of two in equal steps if the slider has ends of that kind, else decades.

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
    """Return a line across the chart at a place on one of its axes, with words on its roomier side."""
    beyond = "scale('x', datum.x) > width/2"
    text = {
        "type": "text", "text": words, "baseline": "top",
        "align": {"expr": f"{beyond} ? 'right' : 'left'"}, "dx": {"expr": f"{beyond} ? -5 : 5"},
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


def _expression(curve: Formula | sp.Expr) -> sp.Expr:
    return curve.expr if isinstance(curve, Formula) else curve


def _common_unit(drawn: Mapping[str, sp.Expr]):
    """Return the unit that all curves have, or raise an error."""
    units = {name: unit_of(expr) for name, expr in drawn.items()}
    if len(units) < 2:
        raise ValueError("a live chart needs a whole and at least one part")
    unit = next(iter(units.values()))
    for name, other in units.items():
        if other != unit:
            raise ValueError(f"{name!r} is in {unit_label(other)}, and {next(iter(units))!r} in {unit_label(unit)}")
    if unit not in DISPLAY:
        known = ", ".join(unit_label(known) for known in DISPLAY)
        raise ValueError(f"{next(iter(units))!r} is in {unit_label(unit)}: a live chart displays {known}")
    return unit


def _constants(used, sliders, specs, constants) -> dict[str, str]:
    """Return what stands for each variable without a slider."""
    known = {name: variable.constant for name, variable in REGISTRY.items() if variable.constant is not None}
    for spec in specs:
        known |= spec.arguments
    known |= constants
    return {
        name: repr(float(checked(name, value))) for name, value in known.items() if name in used and name not in sliders
    }


def _check(parts, sliders, used, constants) -> None:
    """Raise an error for what a live chart cannot draw."""
    for name in parts:
        if name not in PARTS:
            raise ValueError(f"part {name!r} has no colour; known: {', '.join(PARTS)}")
    if not sliders:
        raise ValueError("a live chart needs at least one slider")
    for name in [*sliders, *constants]:
        if name not in used:
            raise ValueError(f"{name!r} is in no formula of the chart; {suggestion(name, used)}")
    for name in sliders:
        if name in constants:
            raise ValueError(f"{name!r} is both a slider and a constant")


def _checked_control(name: str, value: float) -> dict:
    if name not in SLIDERS:
        raise ValueError(f"{name!r} has no slider; {suggestion(name, SLIDERS)}known: {', '.join(SLIDERS)}")
    control = SLIDERS[name].control(name, value)
    checked(name, value * SLIDERS[name].scale)
    return control


def longest(values: Mapping[str, str], largest: bool = True) -> str:
    """Write the Vega expression that names the largest of several values; the first one wins a tie.

    Parameters
    ----------
    values : mapping of str to str
        Vega expressions by the names they have in words.
    largest : bool, optional
        Whether the largest is meant, and not the smallest.

    Returns
    -------
    str
        The expression.

    Examples
    --------
    >>> longest({"arithmetic": "a", "memory bandwidth": "b"})
    "(a >= b ? 'arithmetic' : 'memory bandwidth')"

    References
    ----------
    Page ``roofline``.
    """
    names = list(values)
    expression = f"'{names[-1]}'"
    for position in range(len(names) - 2, -1, -1):
        sign = ">=" if largest else "<="
        wins = " && ".join(f"{values[names[position]]} {sign} {values[other]}" for other in names[position + 1 :])
        expression = f"({wins} ? '{names[position]}' : {expression})"
    return expression
