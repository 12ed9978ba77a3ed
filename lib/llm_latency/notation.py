"""The registry of symbols: every letter of the book, once.

Each entry fixes the name used in code, the letter used in mathematics, the unit, the meaning and
the legal range of one symbol. The book's notation page is printed from this registry, formulas
may use no symbol outside it, and `unit_of` derives the unit of any expression from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp
from sympy.physics.units import Quantity, bit, byte, second

__all__ = ["FLOP", "REGISTRY", "Variable", "bit", "byte", "second", "unit_label", "unit_of"]

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
        Product of powers of `FLOP`, `bit`, `byte` and `second`; 1 for a count.
    meaning : str
        What the symbol stands for, in a few words.
    minimum : float, optional
        Smallest legal value; 0 stands for "greater than 0".
    maximum : float, optional
        Largest legal value.
    at_most : str, optional
        Name of a variable that is never smaller.
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

    @property
    def symbol(self) -> RegisteredSymbol:
        """The SymPy symbol, the same object on every call."""
        return RegisteredSymbol(self.name, positive=True)

    @property
    def domain(self) -> str:
        """The legal range in words, as it stands in error messages."""
        if self.constant is not None:
            return f"always {self.constant:g}"
        kind = "a whole number" if self.integer else "a finite number"
        bound = ">= 0" if self.zero_allowed else f">= {self.minimum:g}" if self.minimum else "> 0"
        limits = [f" and <= {limit}" for limit in (self.maximum, self.at_most) if limit is not None]
        return f"{kind} {bound}{''.join(limits)}"


def _count(name, latex, meaning, group, *, integer=True, minimum=1, maximum=None, zero_allowed=False, at_most=None):
    return Variable(name, latex, sp.S.One, meaning, group, minimum, maximum, integer, zero_allowed, at_most)


def _share(name, latex, meaning, *, zero_allowed=False):
    return _count(name, latex, meaning, "deployment", integer=False, minimum=0, maximum=1, zero_allowed=zero_allowed)


_BYTE_RATE = byte / second

# The order is the reading order: of the notation page, and of the factors in a printed formula.
_VARIABLES = (
    Variable(
        "flops_per_mac", r"\varphi", FLOP,
        "work of one multiply-add: one multiplication and one addition", "conversion", constant=2,
    ),
    Variable("bytes_per_param", "b_{w}", byte, "bytes of one stored parameter", "conversion"),
    Variable("bytes_per_expert_param", "b_{e}", byte, "bytes of one stored parameter of an expert", "conversion"),
    Variable(
        "bytes_per_vocab_param", "b_{v}", byte,
        "bytes of one stored parameter of the embedding and the unembedding", "conversion",
    ),
    Variable("bytes_per_kv", "b_{kv}", byte, "bytes of one stored key or value element", "conversion"),
    Variable("bytes_per_activation", "b_{a}", byte, "bytes of one activation element", "conversion"),
    Variable("bits_per_byte", "8", bit / byte, "bits of one byte", "conversion", constant=8),
    Variable("weight_bits", r"\beta_{w}", bit, "bits of one quantised parameter", "conversion"),
    Variable("scale_bits", r"\beta_{s}", bit, "bits of one scale", "conversion", zero_allowed=True),
    Variable("zero_point_bits", r"\beta_{z}", bit, "bits of one zero point", "conversion", zero_allowed=True),
    _count("group_size", "G", "parameters that share one scale and one zero point", "conversion"),
    _count("batch", "B", "sequences processed together", "request", integer=False),
    _count("prompt", "s", "tokens of the prompt of one sequence", "request", integer=False),
    _count(
        "context", "L", "tokens of one sequence already in the KV cache", "request",
        integer=False, minimum=0, zero_allowed=True,
    ),
    _count("output", "o", "tokens that one sequence is to generate", "request"),
    _count("tokens", "T", "tokens processed in one pass, over the whole batch", "request", integer=False),
    _count("keys", "x", "keys that one query attends to, on average over a pass", "request", integer=False),
    _count(
        "kv_length", "y", "keys of one sequence that a pass reads or writes, each with its value", "request",
        integer=False,
    ),
    _count(
        "windowed_keys", "x_{w}", "keys that one query attends to in a windowed layer, on average over a pass",
        "request", integer=False,
    ),
    _count(
        "windowed_kv_length", "y_{w}", "keys of one sequence that a pass moves in a windowed layer", "request",
        integer=False,
    ),
    _count("n_layers", "n", "decoder layers", "model"),
    _count("d_model", "h", "width of the residual stream", "model"),
    _count("mlp_width", "f", "inner width of the MLP", "model"),
    _count(
        "mlp_matrices", "m", "matrices of the MLP: 2, or 3 where one of them is a gate", "model", minimum=2, maximum=3,
    ),
    _count(
        "residual_blocks", "j", "blocks of a layer in sequence: 2, or 1 where attention and MLP run in parallel",
        "model", maximum=2,
    ),
    _count("n_heads", "a", "attention heads", "model"),
    _count("n_kv_heads", "g", "heads that have a key and a value of their own", "model", at_most="n_heads"),
    _count("head_dim", "d", "width of one attention head", "model"),
    _count("window", "w", "keys that a query of a sliding window attends to, itself included", "model"),
    _count(
        "windowed_layers", "n_{w}", "layers whose attention slides a window",
        "model", minimum=0, zero_allowed=True, at_most="n_layers",
    ),
    _count("query_rank", "r_{q}", "width of the compressed query of latent attention", "model"),
    _count("kv_rank", "r_{kv}", "width of the latent vector that stands for all keys and values of a token", "model"),
    _count("nope_dim", "d_{n}", "width of a head's key in latent attention, without its rotary part", "model"),
    _count("rope_dim", "d_{r}", "width of the rotary part of a key in latent attention", "model"),
    _count("value_dim", "d_{v}", "width of a head's value in latent attention", "model"),
    _count("n_experts", "E", "experts of a layer among which the router chooses", "model"),
    _count("experts_per_token", "k", "experts that one token is sent to", "model", at_most="n_experts"),
    _count(
        "touched_experts", "E_{T}", "different experts of a layer that a pass reads", "model",
        integer=False, at_most="n_experts",
    ),
    _count("expert_width", "f_{e}", "inner width of one expert", "model"),
    _count("shared_width", "f_{s}", "inner width of the experts that every token visits, together", "model"),
    _count(
        "dense_layers", "n_{d}", "layers with one MLP in place of experts",
        "model", minimum=0, zero_allowed=True, at_most="n_layers",
    ),
    _count("vocab", "V", "tokens in the vocabulary", "model"),
    _count(
        "vocab_matrices", "v", "matrices of the vocabulary: 2, or 1 where the unembedding is the embedding", "model",
        maximum=2,
    ),
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
    Variable(
        "network_bandwidth", "A_{n}", _BYTE_RATE,
        "rate at which one device sends to other servers, one direction", "machine",
    ),
    Variable(
        "stage_bandwidth", "A_{p}", _BYTE_RATE,
        "rate at which one device sends to the next pipeline stage", "machine",
    ),
    Variable(
        "link_latency", r"t_{\ell}", second, "latency of one message between devices", "machine", zero_allowed=True,
    ),
    _count("devices_per_node", "N_{n}", "devices of one server", "machine"),
    _count("tp", "N_{t}", "devices that share every matrix (tensor parallelism)", "deployment"),
    _count("pp", "N_{p}", "stages that share the layers (pipeline parallelism)", "deployment"),
    _count("ep", "N_{e}", "groups that share the experts (expert parallelism)", "deployment", at_most="tp"),
    _count(
        "microbatches", "u", "parts of the batch that follow one another through the stages", "deployment",
        at_most="batch",
    ),
    _count(
        "hops", "H", "messages of one phase of an all-reduce that follow one another", "deployment",
        minimum=0, zero_allowed=True,
    ),
    _share("compute_efficiency", "e_{f}", "share of the peak arithmetic rate that an operator reaches"),
    _share("bandwidth_efficiency", "e_{bm}", "share of the memory bandwidth that an operator reaches"),
    _share("link_efficiency", "e_{c}", "share of the links' bandwidth that an all-reduce reaches"),
    _share(
        "activation_traffic", r"\alpha", "share of the activations that travels through the device's memory",
        zero_allowed=True,
    ),
    _count(
        "overlap_exponent", r"\rho", "exponent of the soft maximum of reading and computing", "deployment",
        integer=False,
    ),
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
        Product of powers of `FLOP`, `bit`, `byte` and `second`; 1 for a pure number.

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
