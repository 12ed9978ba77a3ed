"""From a formula to numbers: compiled once, and broadcast over arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock

import numpy as np
import sympy as sp

from llm_latency.catalogue.tables import Spec
from llm_latency.checks import check_together, checked, legal_result, scalar_or_array
from llm_latency.formula import Formula, arguments_of
from llm_latency.notation import REGISTRY, unit_label
from llm_latency.suggestions import short, suggestion

__all__ = ["compiled", "evaluate", "value_of"]

_COMPILED: dict[tuple, Callable] = {}
_LOCKS: dict[tuple, Lock] = {}


def compiled(expr: sp.Expr, arguments: tuple[str, ...]) -> Callable:
    """Compile an expression to a NumPy function, once, however many threads ask for it.

    Parameters
    ----------
    expr : sympy.Expr
        The expression.
    arguments : tuple of str
        Names of its symbols, in the order of the function's arguments.

    Returns
    -------
    callable
        Function of positional floats or arrays; shares common subexpressions, checks nothing.

    Examples
    --------
    >>> from llm_latency.formulas.roofline import ridge_point
    >>> compiled(ridge_point.expr, ridge_point.arguments)(312e12, 1.5e12)
    208.0

    References
    ----------
    Page ``notation``.
    """
    key = expr, arguments
    if key not in _COMPILED:
        with _LOCKS.setdefault(key, Lock()):
            if key not in _COMPILED:  # another thread may have been faster
                _COMPILED[key] = _compile(expr, arguments)
    return _COMPILED[key]


def _compile(expr: sp.Expr, arguments: tuple[str, ...]) -> Callable:
    from llm_latency.numpy_printer import BroadcastingPrinter, opaque  # slow to import, and not everybody computes

    symbols = {symbol.name: symbol for symbol in expr.free_symbols}
    printer = BroadcastingPrinter({"fully_qualified_modules": False, "inline": True})
    ordered = [symbols.get(name, name) for name in arguments]
    return sp.lambdify(ordered, opaque(expr), modules="numpy", printer=printer, cse=True)


def evaluate(formula: Formula, *specs: Spec, **values):
    """Evaluate a formula on numbers.

    Parameters
    ----------
    formula : Formula
        What to evaluate.
    *specs : Model or Device
        Objects that supply arguments by name; what the formula does not use is ignored.
    **values : float or array_like, SI units
        Arguments by their names in the registry. They take precedence over the specs'; arrays
        broadcast.

    Returns
    -------
    float or numpy.ndarray
        The result in the formula's unit, in the arguments' broadcast shape.

    Raises
    ------
    TypeError
        If the first argument is not a formula, or another positional one is not a model or device.
    ValueError
        If an argument is unknown, missing, given by two specs, not a number, outside its legal
        range, or of a shape that does not broadcast with the others; also if the result is negative
        or not finite.

    Examples
    --------
    >>> from llm_latency.formulas.roofline import compute_time, ridge_point
    >>> evaluate(ridge_point, peak_flops=312e12, mem_bandwidth=1.5e12)
    208.0
    >>> evaluate(compute_time, tokens=[1, 2], n_params=13e9, n_devices=1, peak_flops=312e12)
    array([8.33333333e-05, 1.66666667e-04])
    >>> evaluate(ridge_point, peak_flops=312e12, mem_bandwidth=0)
    Traceback (most recent call last):
    ...
    ValueError: mem_bandwidth = 0.0 byte/s: must be a finite number > 0
    >>> evaluate(ridge_point, peak_flop=312e12, mem_bandwidth=1.5e12)
    Traceback (most recent call last):
    ...
    ValueError: ridge_point has no argument 'peak_flop'; did you mean 'peak_flops'? ...

    References
    ----------
    Page ``notation``, section *Reading a formula*.
    """
    if not isinstance(formula, Formula):
        raise TypeError(f"{short(formula)} is not a formula")
    for name in values:
        if name not in formula.arguments:
            raise ValueError(
                f"{formula.name} has no argument {short(name)}; {suggestion(name, formula.arguments)}"
                f"it takes {', '.join(formula.arguments)}"
            )
    known = {name: REGISTRY[name].constant for name in formula.arguments}
    known |= _supplied(specs, known) | values
    for spec in specs:
        for assumption in formula.assumes:
            if assumption in spec.departures:
                raise ValueError(
                    f"{formula.name} assumes {assumption}, but {spec.name} has {spec.departures[assumption]}: "
                    "use the operator model, as in ll.decode_step_time"
                )
    missing = [name for name, value in known.items() if value is None]
    if missing:
        wanted = ", ".join(f"{name} [{unit_label(REGISTRY[name].unit)}]" for name in missing)
        raise ValueError(f"{formula.name} needs {wanted}")
    arrays = {name: checked(name, value) for name, value in known.items()}
    check_together(arrays)
    return scalar_or_array(legal_result(formula.name, value_of(formula.expr, arrays), arrays))


def value_of(expr: sp.Basic, values: Mapping[str, np.ndarray]):
    """Evaluate an expression on values that have been checked.

    Parameters
    ----------
    expr : sympy.Basic
        Expression, or condition, in registered symbols.
    values : mapping of str to numpy.ndarray
        Values by their names in the registry; those that the expression does not use are ignored.

    Returns
    -------
    float or numpy.ndarray
        The value. It may be infinite or not a number; `legal_result` turns that into an error.

    Examples
    --------
    >>> from llm_latency.notation import n_layers
    >>> value_of(2 * n_layers, {"n_layers": 3.0, "d_model": 5.0})
    6.0

    References
    ----------
    Page ``notation``.
    """
    arguments = arguments_of(expr)
    with np.errstate(all="ignore"):
        return compiled(expr, arguments)(*(values[name] for name in arguments))


def _supplied(specs: tuple[Spec, ...], wanted: dict) -> dict:
    """Collect what the specs supply; two specs may not supply the same argument."""
    supplied: dict[str, float] = {}
    for spec in specs:
        if not isinstance(spec, Spec):
            raise TypeError(f"{short(spec)} is not a model or device: look it up in ll.models or ll.devices")
        new = {name: value for name, value in spec.arguments.items() if name in wanted}
        twice = sorted(new.keys() & supplied.keys())
        if twice:
            raise ValueError(f"{', '.join(twice)} given twice, the second time by {spec.name}")
        supplied |= new
    return supplied
