"""One operator of a pass: what it computes, holds and moves, and how long that takes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import sympy as sp

from llm_latency.catalogue.frozen import set_frozen
from llm_latency.formulas.roofline import overlapped
from llm_latency.notation import (
    FLOP,
    activation_traffic,
    bandwidth_efficiency,
    byte,
    bytes_per_param,
    compute_efficiency,
    mem_bandwidth,
    overlap_exponent,
    peak_flops,
    unit_label,
    unit_of,
)

__all__ = ["Operator", "soft_maximum"]

_BYTES = ("weight_bytes", "kv_bytes", "activation_bytes", "live_bytes", "exchanged_bytes", "kept_bytes")
QUANTITIES = ("params", "flops", *_BYTES)
"""What an operator says about one run."""


@dataclass(frozen=True)
class Operator:
    """One operator of a pass, on one device.

    Its units are checked when it is made.

    Parameters
    ----------
    name : str
        What it is called in tables and charts.
    count : sympy.Expr, optional
        How often a pass runs it: once unless given.
    params : sympy.Expr
        Parameters that the device holds for it, each time it runs.
    flops : sympy.Expr, FLOP
        Work, each time it runs.
    weight_bytes, kv_bytes, activation_bytes : sympy.Expr, byte
        What it moves between memory and chip, each time it runs: weights, keys and values of the
        cache, and the inputs and outputs of its kernels.
    live_bytes : sympy.Expr, byte
        Input and output of its widest kernel, which are in memory at the same time.
    exchanged_bytes : sympy.Expr, byte
        Its vectors that devices which divide a cache send to each other: queries, and what comes of them.
    kept_bytes : sympy.Expr, byte, optional
        What it keeps in memory for later passes; as much as `kv_bytes` unless given.
    bytes_per_param : sympy.Symbol, byte
        Storage of one of its weights.

    Raises
    ------
    ValueError
        If an expression does not have its unit.

    Examples
    --------
    >>> from llm_latency.notation import d_model, vocab
    >>> Operator("unembedding", params=vocab * d_model).held_bytes
    bytes_per_param*d_model*vocab

    References
    ----------
    Derived in operator-model, Eq. (eq-operators).
    """

    name: str
    count: sp.Expr = sp.S.One
    params: sp.Expr = sp.S.Zero
    flops: sp.Expr = sp.S.Zero
    weight_bytes: sp.Expr = sp.S.Zero
    kv_bytes: sp.Expr = sp.S.Zero
    activation_bytes: sp.Expr = sp.S.Zero
    live_bytes: sp.Expr = sp.S.Zero
    exchanged_bytes: sp.Expr = sp.S.Zero
    kept_bytes: sp.Expr | None = None
    bytes_per_param: sp.Symbol = bytes_per_param

    def __post_init__(self):
        if self.kept_bytes is None:
            set_frozen(self, kept_bytes=self.kv_bytes)
        units = {"count": 1, "params": 1, "flops": FLOP}
        units |= dict.fromkeys((*_BYTES, "bytes_per_param"), byte)
        for quantity, unit in units.items():
            expr = getattr(self, quantity)
            if expr != 0 and unit_of(expr) != unit:
                raise ValueError(
                    f"{self.name}: {quantity} has the unit {unit_label(unit_of(expr))}, not {unit_label(unit)}"
                )

    def subs(self, replacements: dict) -> Operator:
        """Replace symbols in every quantity.

        Parameters
        ----------
        replacements : dict of sympy.Symbol to sympy.Expr
            What replaces each symbol; all are replaced at once.

        Returns
        -------
        Operator
            The operator with the symbols replaced.
        """
        quantities = ("count", *QUANTITIES, "bytes_per_param")
        return replace(self, **{name: getattr(self, name).xreplace(replacements) for name in quantities})

    @property
    def held_bytes(self) -> sp.Expr:
        """Bytes of its parameters on the device, each time it occurs."""
        return self.bytes_per_param * self.params

    @property
    def moved_bytes(self) -> sp.Expr:
        """Bytes it moves, each time it runs; of its activations only those that leave the chip."""
        return self.weight_bytes + self.kv_bytes + activation_traffic * self.activation_bytes

    @property
    def compute_time(self) -> sp.Expr:
        """Time of its arithmetic, each time it runs, second."""
        return self.flops / (compute_efficiency * peak_flops)

    @property
    def memory_time(self) -> sp.Expr:
        """Time of its bytes, each time it runs, second."""
        return self.moved_bytes / (bandwidth_efficiency * mem_bandwidth)

    def time(self, soft: bool = False) -> sp.Expr:
        """Time of the operator, each time it runs.

        Parameters
        ----------
        soft : bool, optional
            Whether to take the soft maximum of arithmetic and bytes, in place of the maximum.

        Returns
        -------
        sympy.Expr
            Time, second.
        """
        combine = soft_maximum if soft else overlapped
        return combine(self.compute_time, self.memory_time)


def soft_maximum(first: sp.Expr, second: sp.Expr) -> sp.Expr:
    """Combine two times that overlap in part: the rho-norm, between the longer one and the sum.

    Parameters
    ----------
    first, second : sympy.Expr
        Times, second; the first is positive or written as 0, the second may be 0 in any case.

    Returns
    -------
    sympy.Expr
        ``(first**rho + second**rho)**(1/rho)``, second, written so that no power overflows.

    Examples
    --------
    >>> soft_maximum(sp.Integer(3), sp.Integer(4)).subs(overlap_exponent, 2)
    5
    >>> soft_maximum(sp.Integer(3), sp.Integer(4)).subs(overlap_exponent, 1)
    7
    >>> soft_maximum(sp.Integer(0), sp.Integer(4))
    4

    References
    ----------
    Derived in operator-model, Eq. (eq-soft-maximum).
    """
    longest = overlapped(first, second)
    if 0 in (first, second):
        return longest
    shortest = sp.Min(first, second, evaluate=first.is_number)
    return longest * (1 + (shortest / longest) ** overlap_exponent) ** (1 / overlap_exponent)
