"""A decoder operator by operator: what each one computes, holds and moves in one pass.

A decoder is an embedding, layers of one or several kinds, and an unembedding. A pass processes T tokens of B
sequences; a query attends to x keys on average. A decode step and a prefill are the same operators at different
T and x. Each operator is written for one layer and one device; `sharding.sharded` gives a device's share of it under
tensor and expert parallelism.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import sympy as sp

from llm_latency.notation import (
    batch,
    bytes_per_activation,
    bytes_per_param,
    bytes_per_vocab_param,
    d_model,
    draft_tokens,
    lookup_params,
    n_layers,
    n_positions,
    other_params,
    residual_blocks,
    tokens,
    vocab,
    vocab_matrices,
)
from llm_latency.operator_model.blocks import LayerKind, attention, mlps, product, recurrence
from llm_latency.operator_model.operator import Operator

__all__ = ["STREAM_BYTES", "LayerKind", "decoder", "decoder_params", "ends", "layer"]

STREAM_BYTES = bytes_per_activation * tokens * d_model
"""One vector of the model's width for every token: the residual stream, and what an all-reduce adds up."""


@cache
def layer(kind: LayerKind) -> tuple[Operator, ...]:
    """List the operators of a layer, on one device that holds the whole model.

    Parameters
    ----------
    kind : LayerKind
        Which operators there are.

    Returns
    -------
    tuple of Operator
        In the order in which a token meets them.

    Examples
    --------
    >>> [operator.name for operator in layer(LayerKind())]
    ['QKV', 'attention', 'output', 'MLP', 'norms']
    >>> layer(LayerKind())[1].flops
    2*flops_per_mac*tokens*keys*n_heads*head_dim

    References
    ----------
    Derived in operator-model, Eq. (eq-operators).
    """
    blocks = [*attention(kind), *(recurrence() if kind.recurrent else ()), *mlps(kind)]
    if kind.others:
        blocks.append(product("other weights", other_params, sp.S.Zero))
    if kind.lookups:
        blocks.append(Operator("layer embedding", params=lookup_params, bytes_per_param=bytes_per_vocab_param))
    # A residual sum and the norm after it are one kernel: it reads the sum so far and the outputs of
    # the blocks, two in most layers, and writes the new sum and the normed vector.
    outputs = kind.attention + kind.recurrent + kind.mlp
    norms = Operator(
        "norms",
        params=residual_blocks * d_model,
        weight_bytes=bytes_per_param * residual_blocks * d_model,
        activation_bytes=bytes_per_activation * tokens * (3 * residual_blocks + outputs) * d_model,
        live_bytes=STREAM_BYTES,
    )
    return *blocks, norms


@cache
def ends() -> tuple[Operator, Operator]:
    """Return the embedding and the unembedding, on one device that holds the whole model.

    Returns
    -------
    tuple of Operator
        What comes before the layers, and what comes after them.

    Examples
    --------
    >>> ends()[1].flops
    flops_per_mac*batch*d_model*vocab*(draft_tokens + 1)

    References
    ----------
    Derived in operator-model, Eq. (eq-operators).
    """
    embedding = Operator(
        "embedding",
        params=(vocab + n_positions) * d_model,
        activation_bytes=2 * STREAM_BYTES,
        bytes_per_param=bytes_per_vocab_param,
        live_bytes=STREAM_BYTES,
    )
    rows = batch * (1 + draft_tokens)  # a prefill needs the next token of each prompt's last one alone
    unembedding = product("unembedding", vocab * d_model, vocab + d_model, rows=rows, stored_as=bytes_per_vocab_param)
    return embedding, replace(unembedding, params=(vocab_matrices - 1) * vocab * d_model)


def decoder(kind: LayerKind) -> tuple[Operator, ...]:
    """List the operators of a decoder whose layers are all alike.

    Parameters
    ----------
    kind : LayerKind
        The kind of its layers.

    Returns
    -------
    tuple of Operator
        In the order in which the first token meets them.

    Examples
    --------
    >>> [f"{operator.count} {operator.name}" for operator in decoder(LayerKind())][:3]
    ['1 embedding', 'n_layers QKV', 'n_layers attention']

    References
    ----------
    Derived in operator-model, Eq. (eq-operators).
    """
    embedding, unembedding = ends()
    return embedding, *(replace(each, count=n_layers) for each in layer(kind)), unembedding


def decoder_params(kind: LayerKind) -> sp.Expr:
    """Count the parameters of a decoder whose layers are all alike.

    Parameters
    ----------
    kind : LayerKind
        The kind of its layers.

    Returns
    -------
    sympy.Expr
        Parameters without biases, which are less than a thousandth of them.

    Examples
    --------
    >>> decoder_params(LayerKind())
    n_layers*... + ...

    References
    ----------
    Derived in operator-model, Eq. (eq-decoder-params).
    """
    return sp.Add(*(operator.count * operator.params for operator in decoder(kind)))
