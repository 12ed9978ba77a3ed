"""The registry of symbols: every letter of the book, once.

Each entry fixes the name used in code, the letter used in mathematics, the unit, the meaning and
the legal range of one symbol. The book's notation page is printed from this registry, formulas
may use no symbol outside it, and `unit_of` derives the unit of any expression from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp
from sympy.physics.units import Quantity, byte, second

__all__ = ["FLOP", "REGISTRY", "Variable", "byte", "second", "unit_label", "unit_of"]

FLOP = Quantity("FLOP", abbrev="FLOP")
"""One floating-point operation, the unit of work."""


class RegisteredSymbol(sp.Symbol):
    """A positive SymPy symbol that prints as its registered letter.

    Its name is the name in code, so ``str`` of an expression is readable Python; its LaTeX is the
    registered letter, so SymPy does not read a meaning into the name.
    """

    __slots__ = ()

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
        Product of powers of `FLOP`, `byte` and `second`; 1 for a count.
    meaning : str
        What the symbol stands for, in a few words.
    minimum : float, optional
        Smallest legal value; 0 stands for "greater than 0".
    integer : bool, optional
        Whether only whole numbers are legal.
    zero_allowed : bool, optional
        Whether 0 itself is legal.
    constant : float, optional
        The value of a symbol that is fixed by its definition.
    group : str
        What the symbol describes: conversion, request, model, operator or machine.
    """

    name: str
    latex: str
    unit: sp.Expr
    meaning: str
    group: str
    minimum: float = 0
    integer: bool = False
    zero_allowed: bool = False
    constant: float | None = None

    @property
    def symbol(self) -> RegisteredSymbol:
        """The SymPy symbol, the same object on every call."""
        return RegisteredSymbol(self.name, positive=True)

    @property
    def domain(self) -> str:
        """The legal range in words, as it stands in error messages and on the notation page."""
        if self.constant is not None:
            return f"always {self.constant:g}"
        kind = "a whole number" if self.integer else "a finite number"
        bound = ">= 0" if self.zero_allowed else f">= {self.minimum:g}" if self.minimum else "> 0"
        return f"{kind} {bound}"


def _count(name, latex, meaning, group, *, integer=True, minimum=1, zero_allowed=False):
    return Variable(name, latex, sp.S.One, meaning, group, minimum, integer, zero_allowed)


_BYTE_RATE = byte / second

# The order is the reading order: of the notation page, and of the factors in a printed formula.
_VARIABLES = (
    Variable(
        "flops_per_mac", r"\varphi", FLOP,
        "work of one multiply-add: one multiplication and one addition", "conversion", constant=2,
    ),
    Variable("bytes_per_param", "b_{w}", byte, "bytes of one stored parameter", "conversion"),
    Variable("bytes_per_kv", "b_{kv}", byte, "bytes of one stored key or value element", "conversion"),
    Variable("bytes_per_activation", "b_{a}", byte, "bytes of one activation element", "conversion"),
    _count("batch", "B", "sequences processed together", "request", integer=False),
    _count("prompt", "s", "tokens of the prompt of one sequence", "request", integer=False),
    _count(
        "context", "L", "tokens of one sequence already in the KV cache", "request",
        integer=False, minimum=0, zero_allowed=True,
    ),
    _count("tokens", "T", "tokens processed in one pass, over the whole batch", "request", integer=False),
    _count("n_layers", "n", "decoder layers", "model"),
    _count("d_model", "h", "width of the residual stream", "model"),
    _count("mlp_width", "f", "inner width of the MLP", "model"),
    _count("n_heads", "a", "attention heads", "model"),
    _count("vocab", "V", "tokens in the vocabulary", "model"),
    _count("n_positions", "S", "learned position vectors", "model", minimum=0, zero_allowed=True),
    _count("n_params", "P", "parameters of the model", "model", integer=False),
    _count("rows", "p", "rows of the left matrix of a product", "operator"),
    _count("inner", "q", "columns of the left and rows of the right matrix", "operator"),
    _count("cols", "r", "columns of the right matrix", "operator"),
    Variable("message_bytes", "D", byte, "bytes of the vector that one all-reduce adds up", "operator"),
    _count("n_devices", "N", "devices that share the model by tensor parallelism", "machine"),
    Variable("peak_flops", "A_{f}", FLOP / second, "peak arithmetic rate of one device", "machine"),
    Variable("mem_bandwidth", "A_{bm}", _BYTE_RATE, "memory bandwidth of one device", "machine"),
    Variable("mem_size", "C", byte, "memory of one device", "machine"),
    Variable(
        "link_bandwidth", "A_{c}", _BYTE_RATE,
        "rate at which one device sends to its peers, one direction", "machine",
    ),
    Variable("link_latency", r"t_{\ell}", second, "latency of one message between devices", "machine"),
)

REGISTRY: dict[str, Variable] = {variable.name: variable for variable in _VARIABLES}
"""Every variable by its name in code."""

_POSITIONS = {name: position for position, name in enumerate(REGISTRY)}

# Each symbol is an attribute of this module under its name in code: `notation.batch` and so on.
globals().update({name: variable.symbol for name, variable in REGISTRY.items()})


def unit_of(expr: sp.Expr) -> sp.Expr:
    r"""Derive the unit of an expression from the units of its symbols.

    Parameters
    ----------
    expr : sympy.Expr
        Expression in registered symbols.

    Returns
    -------
    sympy.Expr
        Product of powers of `FLOP`, `byte` and `second`; 1 for a pure number.

    Raises
    ------
    ValueError
        If a symbol is not registered, if terms of different units are added or compared, or if a
        function or an exponent takes an argument that has a unit.

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
    expr = sp.sympify(expr)
    if not isinstance(expr, sp.Expr):
        raise ValueError(f"{expr} is no expression")
    if expr.is_Symbol:
        if expr.name not in REGISTRY:
            raise ValueError(f"symbol {expr.name!r} is not in the registry")
        if expr != REGISTRY[expr.name].symbol:
            raise ValueError(f"symbol {expr.name!r} is not the registry's: take it from llm_latency.notation")
        return REGISTRY[expr.name].unit
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
    """Write a unit as it stands in tables, on axes and in data files.

    Parameters
    ----------
    unit : sympy.Expr
        Product of powers of `FLOP`, `byte` and `second`.

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
