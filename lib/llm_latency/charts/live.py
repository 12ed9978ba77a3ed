"""Formulas that a reader can play with: from SymPy expressions to a chart with sliders."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from llm_latency.catalogue.tables import Spec
from llm_latency.charts.controls import DISPLAY, SLIDERS, Display
from llm_latency.charts.palette import PARTS, TOTAL
from llm_latency.charts.specification import Curve, LiveChart, chart_of
from llm_latency.charts.vega_expressions import javascript, longest
from llm_latency.checks import checked
from llm_latency.formula import Formula
from llm_latency.notation import FLOP, REGISTRY, second, unit_label, unit_of
from llm_latency.suggestions import suggestion

__all__ = ["live_chart"]


# Parameters: what a page can choose; most pages leave out all but the first few.
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
    """Draw a quantity and its parts against the first slider's variable; the chart follows every slider.

    The chart marks the point where the sliders stand, and says in words what the quantity is there. For
    a time or a rate it also names the part that binds it, for a sum the largest part, and for bytes it
    says whether they fit below the limit.

    Parameters
    ----------
    curves : mapping of str to Formula or sympy.Expr
        The whole first, then its parts, named as in `palette.PARTS`; all in the same unit.
    sliders : mapping of str to float
        Variables that the reader can set, with their initial values in the units that `SLIDERS`
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
        Places on the horizontal axis to mark by a line and to say in words, by their names.
    readings : mapping of str to Formula or sympy.Expr, optional
        Further values to say in words, by their names.
    presets : mapping of str to mapping of str to float, optional
        Positions of several sliders that one button sets together, by the button's label.
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
        slider or constant is not a variable of the chart, if a variable has neither, or if a value, in a
        preset too, is outside its range.

    Examples
    --------
    >>> from llm_latency.formulas.roofline import weight_read_time
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
        marks={name: SLIDERS[first].displayed(javascript(said[name], current)) for name in marks},
        limit={name: shown.scaled(javascript(drawn[name], current)) for name in limit},
        presets=presets,
    )


def _expression(curve: Formula | sp.Expr) -> sp.Expr:
    return curve.expr if isinstance(curve, Formula) else curve


def _common_unit(drawn: Mapping[str, sp.Expr]):
    """Return the unit that all curves share, or raise an error."""
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
    """Return the value, as text, of each variable without a slider."""
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
            raise ValueError(f"{name!r} is not in any formula of the chart; {suggestion(name, used)}")
    for name in sliders:
        if name in constants:
            raise ValueError(f"{name!r} is both a slider and a constant")


def _checked_control(name: str, value: float) -> dict:
    if name not in SLIDERS:
        raise ValueError(f"{name!r} has no slider; {suggestion(name, SLIDERS)}known: {', '.join(SLIDERS)}")
    control = SLIDERS[name].control(name, value)
    checked(name, value * SLIDERS[name].scale)
    return control
