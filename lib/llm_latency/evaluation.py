"""From a formula to numbers: compiled once, broadcast over arrays, checked at the boundary."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import sympy as sp
from sympy.printing.numpy import NumPyPrinter

from llm_latency.formula import Formula
from llm_latency.names import suggestion
from llm_latency.notation import REGISTRY, Variable, unit_label

__all__ = ["compiled", "evaluate"]


class BroadcastingPrinter(NumPyPrinter):
    """SymPy's NumPy printer with an elementwise maximum and minimum.

    SymPy prints ``Max(a, b)`` as ``amax((a, b))``, which cannot broadcast a scalar with an array.
    """

    def _nested(self, function, args):
        name = self._module_format(f"numpy.{function}")
        text = self._print(args[0])
        for arg in args[1:]:
            text = f"{name}({text}, {self._print(arg)})"
        return text

    def _print_Max(self, expr):
        return self._nested("maximum", expr.args)

    def _print_Min(self, expr):
        return self._nested("minimum", expr.args)


@cache
def compiled(expr: sp.Expr, arguments: tuple[str, ...]) -> Callable:
    """Compile an expression to a NumPy function, once.

    Parameters
    ----------
    expr : sympy.Expr
        Expression in registered symbols.
    arguments : tuple of str
        Names of the symbols, in the order of the function's arguments.

    Returns
    -------
    callable
        Function of positional floats or arrays; shares common subexpressions, checks nothing.

    Examples
    --------
    >>> from llm_latency.roofline import ridge_point
    >>> compiled(ridge_point.expr, ridge_point.arguments)(312e12, 1.5e12)
    208.0

    References
    ----------
    Page ``notation``.
    """
    symbols = [REGISTRY[name].symbol for name in arguments]
    printer = BroadcastingPrinter({"fully_qualified_modules": False, "inline": True})
    return sp.lambdify(symbols, expr, modules="numpy", printer=printer, cse=True)


def evaluate(formula: Formula, *specs, **values):
    """Evaluate a formula on numbers.

    Parameters
    ----------
    formula : Formula
        What to evaluate.
    *specs : Model or Device
        Objects whose ``values`` supply arguments by name; what the formula does not use is ignored.
    **values : float or array_like, SI units
        Arguments by their names in the registry. They take precedence over the specs'; arrays
        broadcast.

    Returns
    -------
    float or numpy.ndarray
        The result in the formula's unit, in the arguments' broadcast shape.

    Raises
    ------
    ValueError
        If an argument is unknown, missing, not a number, or outside its legal range.

    Examples
    --------
    >>> from llm_latency.roofline import compute_time, ridge_point
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
    ValueError: ridge_point has no argument 'peak_flop'; did you mean 'peak_flops'? It takes peak_flops, mem_bandwidth

    References
    ----------
    Page ``notation``, section *Reading a formula*.
    """
    for name in values:
        if name not in formula.arguments:
            raise ValueError(
                f"{formula.name} has no argument {name!r}; {suggestion(name, formula.arguments)}"
                f"It takes {', '.join(formula.arguments)}"
            )
    known = {name: REGISTRY[name].constant for name in formula.arguments}
    for spec in specs:
        known |= {name: value for name, value in spec.values.items() if name in known}
    known |= values
    missing = [name for name, value in known.items() if value is None]
    if missing:
        wanted = ", ".join(f"{name} [{unit_label(REGISTRY[name].unit)}]" for name in missing)
        raise ValueError(f"{formula.name} needs {wanted}")
    checked = [_checked(REGISTRY[name], value) for name, value in known.items()]
    result = compiled(formula.expr, formula.arguments)(*checked)
    return float(result) if np.ndim(result) == 0 else result


def _checked(variable: Variable, value):
    """Return the value as a float array, or raise an error that names what is wrong with it."""
    if not hasattr(value, "__array_ufunc__"):
        try:
            value = np.asarray(value)
        except ValueError as error:
            raise ValueError(f"{variable.name} = {value!r}: must be a rectangular array") from error
    if value.dtype.kind not in "iuf":
        raise ValueError(f"{variable.name} = {value.tolist()!r}: must be {variable.domain}, not {value.dtype}")
    value = value.astype(float)
    legal = np.isfinite(value)
    legal &= value >= variable.minimum if variable.minimum or variable.zero_allowed else value > 0
    if variable.integer:
        legal &= value == np.floor(value)
    if variable.constant is not None:
        legal &= value == variable.constant
    if not legal.all():
        unit = "" if variable.unit == 1 else f" {unit_label(variable.unit)}"
        raise ValueError(f"{variable.name} = {value[~legal].flat[0]}{unit}: must be {variable.domain}")
    return value
