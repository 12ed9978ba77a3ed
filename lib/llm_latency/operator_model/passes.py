"""The two passes over a model, a decode step and a prefill: what each means for the operators, and its time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import sympy as sp

from llm_latency.evaluation import value_of
from llm_latency.formula import arguments_of
from llm_latency.formulas.attention import mean_keys, mean_windowed_keys, windowed_kv_reach
from llm_latency.formulas.collectives import all_reduce_time, stage_send_time
from llm_latency.formulas.experts import distinct_experts
from llm_latency.notation import (
    batch,
    bytes_per_activation,
    context,
    d_model,
    experts_per_token,
    keys,
    kv_length,
    message_bytes,
    microbatches,
    n_layers,
    output,
    pp,
    prompt,
    residual_blocks,
    tokens,
    touched_experts,
    windowed_keys,
    windowed_kv_length,
)
from llm_latency.operator_model.operators import Architecture, Operator, decoder, sharded

__all__ = ["DECODE", "PREFILL", "TOUCHED_EXPERTS", "Pass", "communication_times", "operators_of", "pass_time"]

TOUCHED_EXPERTS = {"uniform": distinct_experts.expr, "identical": experts_per_token}
"""Experts that a pass reads: on average with random routing, or as few as possible."""


@dataclass(frozen=True, eq=False)
class Pass:
    """A kind of pass: what a request means for its operators.

    Parameters
    ----------
    name : str
        What it is called.
    absorbed : bool
        Whether latent attention works on compressed vectors.
    derive_reach : callable
        Returns `reach`; it is called once, when first needed.
    rounds : sympy.Expr
        How often a stage runs it, on one micro-batch at a time.

    Examples
    --------
    >>> PREFILL.reach[tokens]
    batch*prompt

    References
    ----------
    Derived in operator-model.
    """

    name: str
    absorbed: bool
    derive_reach: Callable[[], Mapping[sp.Symbol, sp.Expr]]
    rounds: sp.Expr

    @cached_property
    def reach(self) -> Mapping[sp.Symbol, sp.Expr]:
        """Tokens, and keys of a query and of the cache, in the symbols of the request."""
        return self.derive_reach()

    def values(self, request: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return all values that a pass over one micro-batch needs.

        Parameters
        ----------
        request : mapping of str to numpy.ndarray
            Values of a deployment and of a request, by their names in the registry.

        Returns
        -------
        dict of str to numpy.ndarray
            The same for one micro-batch, with tokens and keys; those of windows only for a model with windows.
        """
        values = {**request, "batch": request["batch"] / request["microbatches"]}
        known = {symbol: expr for symbol, expr in self.reach.items() if {*arguments_of(expr)} <= values.keys()}
        return values | {symbol.name: value_of(expr, values) for symbol, expr in known.items()}


# One of `output` steps in a row, each of which generates a token, at their mean number of keys.
DECODE = Pass(
    "decode step",
    absorbed=True,
    derive_reach=lambda: {
        tokens: batch,
        keys: mean_keys.expr.subs(prompt, output),
        kv_length: mean_keys.expr.subs(prompt, output),
        windowed_keys: mean_windowed_keys.expr.subs(prompt, output),
        windowed_kv_length: mean_windowed_keys.expr.subs(prompt, output),
    },
    # A stage serves every micro-batch; a token crosses all stages.
    rounds=sp.Max(1, microbatches / pp),
)
PREFILL = Pass(
    "prefill",
    absorbed=False,
    derive_reach=lambda: {
        tokens: batch * prompt,
        keys: mean_keys.expr.subs(context, 0),
        kv_length: prompt,
        windowed_keys: mean_windowed_keys.expr.subs(context, 0),
        windowed_kv_length: windowed_kv_reach.expr.subs(context, 0),
    },
    # The first micro-batch crosses all stages; each further one adds one stage.
    rounds=1 + (microbatches - 1) / pp,
)


@cache
def communication_times() -> dict[str, sp.Expr]:
    """Return the times of what a pass sends between devices, in seconds, by kind.

    Returns
    -------
    dict of str to sympy.Expr
        The all-reduces of all layers, and the sends from stage to stage.

    Examples
    --------
    >>> list(communication_times())
    ['all-reduces', 'stages']

    References
    ----------
    Derived in operator-model, Eq. (eq-pass-time).
    """
    message = {message_bytes: bytes_per_activation * tokens * d_model}
    return {
        "all-reduces": residual_blocks * n_layers * all_reduce_time.expr.subs(message),
        "stages": stage_send_time.expr.subs(message),
    }


@cache
def operators_of(architecture: Architecture, routing: str) -> tuple[Operator, ...]:
    """List the operators on one device, with the experts that a pass touches.

    Parameters
    ----------
    architecture : Architecture
        Which operators there are.
    routing : str
        ``uniform`` or ``identical``.

    Returns
    -------
    tuple of Operator
        Each device's share.

    Examples
    --------
    >>> len(operators_of(Architecture(), "uniform"))
    7

    References
    ----------
    Derived in operator-model, Eq. (eq-sharding).
    """
    return tuple(
        sharded(operator).subs({touched_experts: TOUCHED_EXPERTS[routing]}) for operator in decoder(architecture)
    )


@cache
def pass_time(architecture: Architecture, routing: str = "uniform", soft: bool = False) -> sp.Expr:
    """Add up a pass: its operators, its all-reduces, and the sends from stage to stage.

    Parameters
    ----------
    architecture : Architecture
        Which operators there are.
    routing : str, optional
        ``uniform`` or ``identical``.
    soft : bool, optional
        Whether reading and computing combine by the soft maximum.

    Returns
    -------
    sympy.Expr
        Time, one operator after the other, second.

    Examples
    --------
    >>> pass_time(Architecture()).has(sp.Max)
    True

    References
    ----------
    Derived in operator-model, Eq. (eq-pass-time).
    """
    operators = sp.Add(*(each.count * each.time(soft) for each in operators_of(architecture, routing)))
    return operators + sp.Add(*communication_times().values())
