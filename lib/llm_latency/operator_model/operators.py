"""A decoder operator by operator: what each one computes, holds and moves in one pass.

A decoder is an embedding, layers of one or several kinds, and an unembedding. A pass processes T tokens of B
sequences; a query attends to x keys on average. A decode step and a prefill are the same operators at different
T and x. Each operator is written for one layer and one device; `sharded` gives a device's share of it under tensor
and expert parallelism.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import sympy as sp

from llm_latency.notation import (
    batch,
    bytes_per_activation,
    bytes_per_expert_param,
    bytes_per_kv,
    bytes_per_param,
    bytes_per_vocab_param,
    d_model,
    ep,
    expert_width,
    experts_per_token,
    flops_per_mac,
    head_dim,
    keys,
    kv_length,
    kv_rank,
    mlp_matrices,
    mlp_width,
    n_experts,
    n_heads,
    n_kv_heads,
    n_layers,
    n_positions,
    nope_dim,
    query_rank,
    residual_blocks,
    rope_dim,
    shared_width,
    tokens,
    touched_experts,
    tp,
    value_dim,
    vocab,
    vocab_matrices,
    windowed_keys,
    windowed_kv_length,
)
from llm_latency.operator_model.operator import Operator

__all__ = ["STREAM_BYTES", "LayerKind", "decoder", "decoder_params", "ends", "layer", "sharded"]

STREAM_BYTES = bytes_per_activation * tokens * d_model
"""One vector of the model's width for every token: the residual stream, and what an all-reduce adds up."""


@dataclass(frozen=True)
class LayerKind:
    """Which operators a layer has.

    Multi-head, grouped-query and multi-query attention are one kind: they differ only in the number of
    key-value heads. Plain and gated MLPs, and blocks in parallel or in sequence, also differ only in a
    number.

    Parameters
    ----------
    latent : bool, optional
        Whether keys and values are compressed into one vector per token.
    compressed_query : bool, optional
        Whether the query is compressed too; only with `latent`.
    absorbed : bool, optional
        Whether latent attention works on the compressed vectors, as a decode step does, instead of
        expanding them, as a prefill does.
    windowed : bool, optional
        Whether a query meets the keys of a sliding window alone.
    experts : bool, optional
        Whether experts take the place of the MLP.
    shared : bool, optional
        Whether there are shared experts, which every token visits; only with `experts`.

    Examples
    --------
    >>> [operator.name for operator in layer(LayerKind(experts=True))]
    ['QKV', 'attention', 'output', 'router', 'experts', 'norms']

    References
    ----------
    Derived in operator-model, attention-variants and mixture-of-experts.
    """

    latent: bool = False
    compressed_query: bool = False
    absorbed: bool = True
    windowed: bool = False
    experts: bool = False
    shared: bool = False


def _product(
    name: str,
    weights: sp.Expr,
    elements: sp.Expr,
    *,
    rows: sp.Expr = tokens,
    live: sp.Expr | None = None,
    stored_as: sp.Symbol = bytes_per_param,
) -> Operator:
    """Return activations times weights: one multiply-add per row and weight, each weight read once.

    For each row, its kernels move `elements`; the widest of them has `live` in memory at the same time.
    """
    return Operator(
        name,
        params=weights,
        flops=flops_per_mac * rows * weights,
        weight_bytes=stored_as * weights,
        activation_bytes=bytes_per_activation * rows * elements,
        live_bytes=bytes_per_activation * rows * (elements if live is None else live),
        bytes_per_param=stored_as,
    )


def _core(score_width: sp.Expr, value_width: sp.Expr, cached: sp.Expr) -> Operator:
    """Return the attention core: the query-key and the weight-value products of every head."""
    width = n_heads * (score_width + value_width)
    in_and_out = bytes_per_activation * tokens * width
    return Operator(
        "attention",
        flops=flops_per_mac * tokens * keys * width,
        kv_bytes=bytes_per_kv * batch * kv_length * cached,
        activation_bytes=in_and_out,
        live_bytes=in_and_out,
    )


def _grouped_attention() -> tuple[Operator, Operator, Operator]:
    width = (n_heads + 2 * n_kv_heads) * head_dim
    return (
        _product("QKV", d_model * width, d_model + width),
        _core(head_dim, head_dim, 2 * n_kv_heads * head_dim),
        _product("output", n_heads * head_dim * d_model, n_heads * head_dim + d_model),
    )


def _latent_attention(compressed_query: bool, absorbed: bool) -> tuple[Operator, Operator, Operator]:
    query_width = n_heads * (nope_dim + rope_dim)
    to_query = query_rank * (d_model + query_width) if compressed_query else d_model * query_width
    latent = kv_rank + rope_dim
    expansion = kv_rank * n_heads * (nope_dim + value_dim)
    if absorbed:
        core = _core(latent, kv_rank, latent)
    else:
        core = _core(nope_dim + rope_dim, value_dim, latent)
        expanded = bytes_per_activation * batch * kv_length * n_heads * (nope_dim + value_dim)
        core = replace(
            core, activation_bytes=core.activation_bytes + 2 * expanded, live_bytes=core.live_bytes + expanded
        )
    return (
        _product("QKV", to_query + d_model * latent + expansion, d_model + query_width + latent),
        core,
        _product("output", n_heads * value_dim * d_model, n_heads * value_dim + d_model),
    )


def _widest(width: sp.Expr) -> sp.Expr:
    """Return the elements of an MLP's widest kernel: its first matrices, or its nonlinearity."""
    return sp.Max(d_model, width) + (mlp_matrices - 1) * width


def _mlp(name: str, width: sp.Expr) -> Operator:
    """Return an MLP; its matrices and its nonlinearity each read their input and write their output."""
    return _product(name, mlp_matrices * d_model * width, 2 * d_model + 2 * mlp_matrices * width, live=_widest(width))


def _experts() -> Operator:
    one = mlp_matrices * d_model * expert_width
    visits = bytes_per_activation * tokens * experts_per_token
    return Operator(
        "experts",
        params=n_experts * one,
        flops=flops_per_mac * tokens * experts_per_token * one,
        weight_bytes=bytes_per_expert_param * touched_experts * one,
        activation_bytes=visits * (3 * d_model + 2 * mlp_matrices * expert_width),
        live_bytes=visits * _widest(expert_width),
        bytes_per_param=bytes_per_expert_param,
    )


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
    qkv, core, output = _latent_attention(kind.compressed_query, kind.absorbed) if kind.latent else _grouped_attention()
    if kind.windowed:
        core = replace(core.subs({keys: windowed_keys, kv_length: windowed_kv_length}), name="windowed attention")
    mlps = [_mlp("MLP", mlp_width)]
    if kind.experts:
        mlps = [_product("router", d_model * n_experts, d_model + n_experts), _experts()]
        if kind.shared:
            mlps.append(_mlp("shared experts", shared_width))
    # A residual sum and the norm after it are one kernel: it reads the sum so far and the outputs of
    # the blocks, two a layer, and writes the new sum and the normed vector.
    norms = Operator(
        "norms",
        params=residual_blocks * d_model,
        weight_bytes=bytes_per_param * residual_blocks * d_model,
        activation_bytes=bytes_per_activation * tokens * (3 * residual_blocks + 2) * d_model,
        live_bytes=STREAM_BYTES,
    )
    return qkv, core, output, *mlps, norms


def ends() -> tuple[Operator, Operator]:
    """Return the embedding and the unembedding, on one device that holds the whole model.

    Returns
    -------
    tuple of Operator
        What comes before the layers, and what comes after them.

    Examples
    --------
    >>> ends()[1].flops
    flops_per_mac*batch*d_model*vocab

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
    unembedding = _product("unembedding", vocab * d_model, vocab + d_model, rows=batch, stored_as=bytes_per_vocab_param)
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


def sharded(operator: Operator) -> Operator:
    """Return one device's share of an operator in a tensor- and expert-parallel group.

    Heads, the inner widths of the MLPs and the vocabulary are divided by N_t. If there are fewer
    key-value heads than devices, they are copied, and what has no heads, such as the latent vector and
    the norms, is on every device. Experts are divided among N_e groups, each expert among the devices
    of its group; an average group reads its share of those that are touched, but at least one.

    Parameters
    ----------
    operator : Operator
        An operator of `decoder`.

    Returns
    -------
    Operator
        The share of one device.

    Examples
    --------
    >>> sharded(layer(LayerKind())[1]).kv_bytes
    2*bytes_per_kv*batch*kv_length*head_dim*Max(1, n_kv_heads/tp)

    References
    ----------
    Derived in operator-model, Eq. (eq-sharding).
    """
    replacements = {symbol: symbol / tp for symbol in (n_heads, mlp_width, shared_width, vocab)}
    replacements[n_kv_heads] = sp.Max(n_kv_heads / tp, 1)
    if operator.name == "experts":
        replacements |= {
            n_experts: n_experts / ep,
            experts_per_token: experts_per_token / ep,
            touched_experts: sp.Max(touched_experts / ep, 1),
            expert_width: expert_width * ep / tp,
        }
    return operator.subs(replacements)


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
