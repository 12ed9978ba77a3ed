"""What is legal: numbers at the boundary of the library, on their way in and out."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real

import numpy as np

from llm_latency.notation import REGISTRY, unit_label
from llm_latency.suggestions import short

__all__ = ["check_shapes", "check_together", "checked", "legal_result", "scalar_or_array"]

MOST_DIMENSIONS = 32
"""Of an array that broadcasts with others in NumPy 1, too."""
MOST_NAMED = 8
"""How many values an error message tells."""


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
        If they do not; the message lists those that are not scalars. Also if one has too many dimensions.

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
    for name, shape in shapes.items():
        if len(shape) > MOST_DIMENSIONS:
            raise ValueError(f"{name} has {len(shape)} dimensions: at most {MOST_DIMENSIONS} are legal")
    try:
        np.broadcast_shapes(*shapes.values())
    except ValueError as error:
        words = ", ".join(f"{name} {short(shape)}" for name, shape in list(shapes.items())[:MOST_NAMED])
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


def legal_result(name: str, result, given: Mapping[str, np.ndarray]):
    """Return a result, or raise an error if it is negative or not finite.

    Parameters
    ----------
    name : str
        What was computed.
    result : float or numpy.ndarray
        Its value.
    given : mapping of str to numpy.ndarray
        The values that it was computed from, by name; the message tells the first ones.

    Returns
    -------
    float or numpy.ndarray
        The result.

    Raises
    ------
    ValueError
        If it is negative, infinite or not a number.

    Examples
    --------
    >>> legal_result("max_cached_tokens", np.array([5.0, -91552.0]), {"mem_size": np.array([80e9, 40e9])})
    Traceback (most recent call last):
    ...
    ValueError: max_cached_tokens would be -91552 at mem_size = 4e+10: no legal value

    References
    ----------
    Page ``notation``.
    """
    found = np.asarray(result)
    illegal = ~((found >= 0) & np.isfinite(found))  # NaN is not >= 0
    if not illegal.any():
        return result
    varying = [name for name in given if name not in REGISTRY or REGISTRY[name].constant is None][:MOST_NAMED]
    where = {each: np.broadcast_to(given[each], found.shape)[illegal].ravel()[0] for each in varying}
    setting = ", ".join(f"{each} = {value:.6g}" for each, value in where.items())
    raise ValueError(f"{name} would be {found[illegal].ravel()[0]:.6g} at {setting}: no legal value")


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
