"""What a symbol of the book knows about itself, and the unit of any expression in such symbols."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import sympy as sp

from llm_latency.suggestions import short

__all__ = ["FLOP", "REGISTRY", "Variable", "bit", "byte", "second", "unit_label", "unit_of"]

# The units; FLOP is one floating-point operation, the unit of work.
FLOP = sp.Symbol("FLOP", positive=True)
bit = sp.Symbol("bit", positive=True)
byte = sp.Symbol("byte", positive=True)
second = sp.Symbol("second", positive=True)

REGISTRY: dict[str, Variable] = {}
"""Every variable by its name in code, in the reading order of the notation page and of factors in a formula."""

_POSITIONS: dict[str, int] = {}


class RegisteredSymbol(sp.Symbol):
    """A positive SymPy symbol that prints as its registered letter.

    Its name is the name in code, so ``str`` of an expression is readable Python; its LaTeX is the
    registered letter, so SymPy does not read a meaning into the name.
    """

    __slots__ = ()

    @property
    def unit(self) -> sp.Expr:
        return REGISTRY[self.name].unit

    def _latex(self, printer):
        return REGISTRY[self.name].latex

    def sort_key(self, order=None):
        """Sort by the position in the registry, so that products print in reading order."""
        position = f"{_POSITIONS[self.name]:03d}"
        return self.class_key(), (1, (position,)), sp.S.One.sort_key(), sp.S.One


@dataclass(frozen=True)
class Variable:
    """One entry of the registry.

    Parameters
    ----------
    name : str
        Name in code, and of the SymPy symbol.
    latex : str
        Letter in mathematics.
    unit : sympy.Expr
        Product of powers of `FLOP`, `bit`, `byte` and `second`; 1 for a count.
    meaning : str
        What the symbol stands for, in a few words.
    minimum : float, optional
        Smallest legal value; 0 stands for "greater than 0".
    maximum : float, optional
        Largest legal value.
    at_most : str, optional
        Name of a variable that this one may not exceed.
    integer : bool, optional
        Whether only whole numbers are legal.
    zero_allowed : bool, optional
        Whether 0 itself is legal.
    constant : float, optional
        The value of a symbol that is fixed by its definition.
    group : str
        What the symbol describes: conversion, request, model, operator, machine or deployment.
    """

    name: str
    latex: str
    unit: sp.Expr
    meaning: str
    group: str
    minimum: float = 0
    maximum: float | None = None
    integer: bool = False
    zero_allowed: bool = False
    at_most: str | None = None
    constant: float | None = None

    @cached_property
    def symbol(self) -> RegisteredSymbol:
        """The SymPy symbol, the same object on every call."""
        return RegisteredSymbol(self.name, positive=True)

    @property
    def domain(self) -> str:
        """The legal range in words, as error messages give it."""
        if self.constant is not None:
            return f"always {self.constant:g}"
        kind = "a whole number" if self.integer else "a finite number"
        bound = ">= 0" if self.zero_allowed else f">= {self.minimum:g}" if self.minimum else "> 0"
        limits = [f" and <= {limit}" for limit in (self.maximum, self.at_most) if limit is not None]
        return f"{kind} {bound}{''.join(limits)}"


# Parameters: those of a `Variable` that a count can have.
def count(
    name: str,
    latex: str,
    meaning: str,
    group: str,
    *,
    integer: bool = True,
    minimum: float = 1,
    maximum: float | None = None,
    at_most: str | None = None,
) -> RegisteredSymbol:
    """Register a number of things, or an average of such numbers."""
    return _registered(
        Variable(name, latex, sp.S.One, meaning, group, minimum, maximum, integer, minimum == 0, at_most)
    )


def share(name: str, latex: str, meaning: str, group: str, *, zero_allowed: bool = False) -> RegisteredSymbol:
    """Register a share between 0 and 1."""
    return _registered(Variable(name, latex, sp.S.One, meaning, group, maximum=1, zero_allowed=zero_allowed))


def quantity(
    name: str,
    latex: str,
    unit: sp.Expr,
    meaning: str,
    group: str,
    *,
    zero_allowed: bool = False,
    constant: float | None = None,
) -> RegisteredSymbol:
    """Register a quantity with a unit."""
    return _registered(Variable(name, latex, unit, meaning, group, zero_allowed=zero_allowed, constant=constant))


def _registered(variable: Variable) -> RegisteredSymbol:
    REGISTRY[variable.name] = variable
    _POSITIONS[variable.name] = len(_POSITIONS)
    return variable.symbol


def unit_of(expr: sp.Expr) -> sp.Expr:
    r"""Derive the unit of an expression from the units of its symbols.

    Parameters
    ----------
    expr : sympy.Expr
        Expression in registered symbols.

    Returns
    -------
    sympy.Expr
        Product of powers of `FLOP`, `bit`, `byte` and `second`; 1 for a pure number.

    Raises
    ------
    ValueError
        If it is not an expression, if a symbol is not registered, if terms of different units are added or
        compared, or if a function or an exponent takes an argument that has a unit.

    Examples
    --------
    >>> from llm_latency.notation import n_params, bytes_per_param, mem_bandwidth, peak_flops
    >>> unit_of(bytes_per_param * n_params / mem_bandwidth)
    second
    >>> unit_of(bytes_per_param * n_params / peak_flops + n_params / mem_bandwidth)
    Traceback (most recent call last):
    ...
    ValueError: terms of different units: byte*second/FLOP, second/byte

    References
    ----------
    Page ``notation``: the check that keeps the two different 2's apart.
    """
    expr = sp.sympify(expr, strict=True) if isinstance(expr, (sp.Basic, int, float)) else expr
    if not isinstance(expr, sp.Expr):
        raise ValueError(f"{short(expr)} is not an expression")
    if expr.is_Symbol:
        if hasattr(expr, "unit"):
            return expr.unit
        if expr.name in REGISTRY:
            raise ValueError(f"symbol {expr.name!r} is not the registry's: take it from llm_latency.notation")
        raise ValueError(f"symbol {short(expr.name)} is not in the registry")
    if expr.is_number:
        return sp.S.One
    if expr.is_Mul:
        return sp.Mul(*(unit_of(factor) for factor in expr.args))
    if expr.is_Pow:
        base, exponent = expr.args
        if unit_of(exponent) != 1:
            raise ValueError(f"exponent with a unit: {exponent}")
        unit = unit_of(base)
        if unit != 1 and not exponent.is_number:
            raise ValueError(f"a quantity with a unit to a variable power: {expr}")
        return unit**exponent
    units = {unit_of(term) for term in expr.args if not term.is_zero}
    if expr.is_Add or isinstance(expr, (sp.Max, sp.Min)):
        if len(units) > 1:
            raise ValueError("terms of different units: " + ", ".join(sorted(map(str, units))))
        return units.pop()
    if units != {sp.S.One}:
        raise ValueError(f"{expr.func.__name__} of a quantity with a unit: {expr}")
    return sp.S.One


def unit_label(unit: sp.Expr) -> str:
    """Write a unit as it appears in tables, on axes and in data files.

    Parameters
    ----------
    unit : sympy.Expr
        Product of powers of `FLOP`, `bit`, `byte` and `second`.

    Returns
    -------
    str
        Such as ``byte/s``; ``1`` for a count.

    Examples
    --------
    >>> unit_label(FLOP / second)
    'FLOP/s'
    >>> unit_label(sp.S.One)
    '1'

    References
    ----------
    Page ``notation``.
    """
    return str(unit).replace("second", "s")
