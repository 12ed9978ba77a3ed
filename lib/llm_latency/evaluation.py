"""From a formula to numbers: compiled once, broadcast over arrays, checked at the boundary."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from numbers import Real
from reprlib import repr as short

import numpy as np
import sympy as sp

from llm_latency.catalogue.tables import Spec
from llm_latency.formula import Formula, arguments_of
from llm_latency.notation import REGISTRY, unit_label
from llm_latency.suggestions import suggestion

__all__ = ["check_shapes", "check_together", "checked", "compiled", "evaluate", "scalar_or_array", "value_of"]


@cache
def compiled(expr: sp.Expr, arguments: tuple[str, ...]) -> Callable:
    """Compile an expression to a NumPy function, once.

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
    from llm_latency.numpy_printer import BroadcastingPrinter  # slow to import, and not everybody computes

    symbols = {symbol.name: symbol for symbol in expr.free_symbols}
    printer = BroadcastingPrinter({"fully_qualified_modules": False, "inline": True})
    ordered = [symbols.get(name, name) for name in arguments]
    return sp.lambdify(ordered, expr, modules="numpy", printer=printer, cse=True)


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
        range, or of a shape that does not broadcast with the others.

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
                f"{formula.name} has no argument {name!r}; {suggestion(name, formula.arguments)}"
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
    return scalar_or_array(compiled(formula.expr, formula.arguments)(*arrays.values()))


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
        The value.

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
    return compiled(expr, arguments)(*(values[name] for name in arguments))


def scalar_or_array(result):
    """Return a single number as a Python float, and an array as it is.

    Parameters
    ----------
    result : numpy.ndarray or numpy.generic
        What a compiled expression returns.

    Returns
    -------
    float or numpy.ndarray
        The same value.

    Examples
    --------
    >>> scalar_or_array(np.array(2.0))
    2.0

    References
    ----------
    Page ``notation``.
    """
    return float(result) if isinstance(result, (np.ndarray, np.generic)) and result.ndim == 0 else result


def checked(name: str, value, called: str | None = None):
    """Return a value as floats, or raise an error that says what is wrong with it.

    Parameters
    ----------
    name : str
        Variable of the registry.
    value : float or array_like, SI units
        Its value. An array of another library that follows NumPy's protocols keeps its type.
    called : str, optional
        What the caller calls it, if not `name`.

    Returns
    -------
    numpy.ndarray
        The value as floats.

    Raises
    ------
    ValueError
        If the value is not a number, or outside the variable's legal range.

    Examples
    --------
    >>> checked("n_devices", 2.5)
    Traceback (most recent call last):
    ...
    ValueError: n_devices = 2.5: must be a whole number >= 1

    References
    ----------
    Page ``notation`` lists the legal ranges.
    """
    variable = REGISTRY[name]
    called = called or name
    array = _as_floats(value)
    if array is None:
        raise ValueError(f"{called} = {short(value)}: must be {variable.domain}, or an array of such numbers")
    legal = np.isfinite(array)
    legal &= array >= variable.minimum if variable.minimum or variable.zero_allowed else array > 0
    if variable.maximum is not None:
        legal &= array <= variable.maximum
    if variable.integer:
        legal &= array == np.floor(array)
    if variable.constant is not None:
        legal &= array == variable.constant
    if not legal.all():
        first = np.asarray(array)[~np.asarray(legal)].ravel()[0]
        unit = "" if variable.unit == 1 else f" {unit_label(variable.unit)}"
        raise ValueError(f"{called} = {first}{unit}: must be {variable.domain}")
    return array


def _as_floats(value):
    """Return real numbers as a float array, and None for anything else."""
    if isinstance(value, np.ma.MaskedArray):
        return None
    if isinstance(value, np.ndarray) or not hasattr(value, "__array_ufunc__"):
        try:
            value = np.asarray(value)
        except ValueError:  # ragged
            return None
    if not hasattr(value, "dtype"):
        return None
    if value.dtype.kind == "O":
        reals = all(isinstance(item, Real) and not isinstance(item, bool) for item in value.flat)
        try:
            return value.astype(float) if reals else None
        except OverflowError:
            return None
    return value.astype(float) if value.dtype.kind in "iuf" else None


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


def common_shape(values: Mapping[str, np.ndarray]) -> tuple[int, ...]:
    """Return the shape that checked values broadcast to, also those that have no effect on a result."""
    return np.broadcast_shapes(*(np.shape(value) for value in values.values()))


def check_shapes(arrays: Mapping[str, np.ndarray]) -> None:
    """Raise an error if the shapes of values do not broadcast.

    Parameters
    ----------
    arrays : mapping of str to numpy.ndarray
        Values by the names under which the caller gave them.

    Raises
    ------
    ValueError
        If they do not; the message lists all that are not scalars.

    Examples
    --------
    >>> check_shapes({"tp": np.ones(2), "batch": np.ones(3), "context": np.ones(())})
    Traceback (most recent call last):
    ...
    ValueError: shapes do not broadcast: tp (2,), batch (3,)

    References
    ----------
    NumPy's broadcasting rules.
    """
    shapes = {name: np.shape(array) for name, array in arrays.items() if np.ndim(array)}
    try:
        np.broadcast_shapes(*shapes.values())
    except ValueError as error:
        words = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ValueError(f"shapes do not broadcast: {words}") from error


def check_together(arrays: Mapping[str, np.ndarray]) -> None:
    """Raise an error if values that are legal one by one do not fit together.

    Parameters
    ----------
    arrays : mapping of str to numpy.ndarray
        Values by their names in the registry, as `checked` returns them.

    Raises
    ------
    ValueError
        If their shapes do not broadcast, or one exceeds a variable that it may not exceed.

    Examples
    --------
    >>> check_together({"n_experts": np.array(8.0), "experts_per_token": np.array([2.0, 9.0])})
    Traceback (most recent call last):
    ...
    ValueError: experts_per_token = 9.0: must be a whole number >= 1 and <= n_experts, which is 8.0

    References
    ----------
    Page ``notation`` lists the legal ranges.
    """
    check_shapes(arrays)
    for name, array in arrays.items():
        limit = REGISTRY[name].at_most
        if limit in arrays and (array > arrays[limit]).any():
            values = np.broadcast_arrays(array, arrays[limit])
            first, largest = (value[values[0] > values[1]].ravel()[0] for value in values)
            raise ValueError(f"{name} = {first}: must be {REGISTRY[name].domain}, which is {largest}")
