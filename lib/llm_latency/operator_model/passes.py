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
from llm_latency.formulas.long_context import mean_chunked_keys
from llm_latency.notation import (
    batch,
    bytes_per_attention_param,
    bytes_per_head_param,
    bytes_per_mlp_param,
    bytes_per_param,
    bytes_per_router_param,
    bytes_per_shared_param,
    bytes_per_vocab_param,
    chunk,
    chunked_keys,
    chunked_kv_length,
    context,
    draft_tokens,
    experts_per_token,
    index_topk,
    keys,
    kv_length,
    message_bytes,
    microbatches,
    output,
    pp,
    prompt,
    residual_blocks,
    selected_keys,
    selected_kv_length,
    tokens,
    touched_experts,
    window,
    windowed_keys,
    windowed_kv_length,
)
from llm_latency.operator_model.operator import Operator
from llm_latency.operator_model.operators import STREAM_BYTES, LayerKind, ends, layer, sharded

__all__ = [
    "DECODE",
    "ORDER",
    "PREFILL",
    "TOUCHED_EXPERTS",
    "Pass",
    "ends_time",
    "layer_time",
    "message_times",
    "operators_of",
]

ORDER = (
    *("embedding", "QKV", "indexer", "index scores"),
    *("attention", "windowed attention", "chunked attention", "sparse attention"),
    *("compressed attention", "output"),
    *("state input", "recurrence", "state output"),
    *("MLP", "router", "experts", "shared experts", "other weights", "layer embedding", "norms"),
    *("unembedding", "all-reduces", "stages"),
)
"""Operators and messages, in the order in which the first token meets them."""
STORAGE = {
    **dict.fromkeys(
        ("QKV", "indexer", "output", "state input", "recurrence", "state output"), bytes_per_attention_param
    ),
    "MLP": bytes_per_mlp_param,
    "shared experts": bytes_per_shared_param,
    "router": bytes_per_router_param,
    "unembedding": bytes_per_head_param,
}
"""What stands for the bytes of a weight in an operator that can be stored in its own way."""
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
            The same for one micro-batch, with tokens and keys; those of windows need the sizes of a layer, too.
        """
        return self.reached({**request, "batch": request["batch"] / request["microbatches"]})

    def reached(self, values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Add the tokens and keys that follow from values of one micro-batch and are not among them.

        Parameters
        ----------
        values : mapping of str to numpy.ndarray
            Values by their names in the registry, such as those of `values` and the sizes of a layer.

        Returns
        -------
        dict of str to numpy.ndarray
            The values, and what was added.
        """
        follows = {
            symbol.name: value_of(expr, values)
            for symbol, expr in self.reach.items()
            if symbol.name not in values and {*arguments_of(expr)} <= values.keys()
        }
        return {**values, **follows}


_new = output + draft_tokens
# One of `output` steps in a row, each of which generates a token, at their mean number of keys; or a single step, which
# verifies drafted tokens, too.
DECODE = Pass(
    "decode step",
    absorbed=True,
    derive_reach=lambda: {
        tokens: batch * (1 + draft_tokens),
        keys: mean_keys.expr.subs(prompt, _new),
        kv_length: mean_keys.expr.subs(prompt, output) + draft_tokens,
        windowed_keys: mean_windowed_keys.expr.subs(prompt, _new),
        windowed_kv_length: mean_windowed_keys.expr.subs(prompt, output) + draft_tokens,
        chunked_keys: mean_chunked_keys.expr.subs(prompt, _new),
        chunked_kv_length: mean_chunked_keys.expr.subs(prompt, output) + draft_tokens,
        selected_keys: mean_windowed_keys.expr.subs({prompt: _new, window: index_topk}),
        selected_kv_length: mean_windowed_keys.expr.subs({prompt: output, window: index_topk}) + draft_tokens,
    },
    # A stage serves every micro-batch; a token crosses all stages.
    rounds=sp.Max(1, microbatches / pp),
)
# A pass over prompts, or over the rest of prompts whose beginning is in the cache.
PREFILL = Pass(
    "prefill",
    absorbed=False,
    derive_reach=lambda: {
        tokens: batch * prompt,
        keys: mean_keys.expr,
        kv_length: context + prompt,
        windowed_keys: mean_windowed_keys.expr,
        windowed_kv_length: windowed_kv_reach.expr,
        chunked_keys: mean_chunked_keys.expr,
        chunked_kv_length: context - chunk * sp.floor(context / chunk) + prompt,
        selected_keys: mean_windowed_keys.expr.subs(window, index_topk),
        # Of the cache at least what one query selects, and all that is new: what one leaves out, another selects.
        selected_kv_length: windowed_kv_reach.expr.subs(window, index_topk),
    },
    # The first micro-batch crosses all stages; each further one adds one stage.
    rounds=1 + (microbatches - 1) / pp,
)


@cache
def message_times() -> dict[str, sp.Expr]:
    """Return the times of what a pass sends between devices, in seconds, by kind.

    Returns
    -------
    dict of str to sympy.Expr
        The all-reduces of one layer, and the sends of all stages to the next ones.

    Examples
    --------
    >>> list(message_times())
    ['all-reduces', 'stages']

    References
    ----------
    Derived in operator-model, Eq. (eq-pass-time).
    """
    message = {message_bytes: STREAM_BYTES}
    return {
        "all-reduces": residual_blocks * all_reduce_time.expr.subs(message),
        "stages": stage_send_time.expr.subs(message),
    }


@cache
def operators_of(kind: LayerKind | None, routing: str) -> tuple[Operator, ...]:
    """List the operators of a layer, or of the model's ends, on one device, with the experts that a pass touches.

    Parameters
    ----------
    kind : LayerKind or None
        The kind of the layer; None for the embedding and the unembedding.
    routing : str
        ``uniform`` or ``identical``.

    Returns
    -------
    tuple of Operator
        Each device's share.

    Examples
    --------
    >>> len(operators_of(LayerKind(), "uniform"))
    5

    References
    ----------
    Derived in operator-model, Eq. (eq-sharding).
    """
    operators = ends() if kind is None else layer(kind)
    return tuple(_stored(sharded(each).subs({touched_experts: TOUCHED_EXPERTS[routing]})) for each in operators)


def _stored(operator: Operator) -> Operator:
    """Let an operator have its own storage, in place of that of all weights or of the vocabulary."""
    if operator.name not in STORAGE:
        return operator
    return operator.subs(dict.fromkeys((bytes_per_param, bytes_per_vocab_param), STORAGE[operator.name]))


@cache
def layer_time(kind: LayerKind, routing: str = "uniform", soft: bool = False) -> sp.Expr:
    """Add up a layer: its operators and its all-reduces.

    Parameters
    ----------
    kind : LayerKind
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
    >>> layer_time(LayerKind()).has(sp.Max)
    True

    References
    ----------
    Derived in operator-model, Eq. (eq-pass-time).
    """
    return sp.Add(*(each.time(soft) for each in operators_of(kind, routing)), message_times()["all-reduces"])


@cache
def ends_time(soft: bool = False) -> sp.Expr:
    """Add up what a pass does but once: its embedding, its unembedding and the sends from stage to stage.

    Parameters
    ----------
    soft : bool, optional
        Whether reading and computing combine by the soft maximum.

    Returns
    -------
    sympy.Expr
        Time, second.

    Examples
    --------
    >>> ends_time().has(pp)
    True

    References
    ----------
    Derived in operator-model, Eq. (eq-pass-time).
    """
    return sp.Add(*(each.time(soft) for each in operators_of(None, "uniform")), message_times()["stages"])
