"""The blocks of a layer: the operators of attention, of recurrent layers, and of MLPs and experts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import sympy as sp

from llm_latency.notation import (
    batch,
    bytes_per_activation,
    bytes_per_expert_param,
    bytes_per_index,
    bytes_per_kv,
    bytes_per_param,
    bytes_per_state,
    chunked_keys,
    chunked_kv_length,
    compression,
    conv_taps,
    conv_width,
    d_model,
    expert_input,
    expert_width,
    experts_per_token,
    flops_per_mac,
    head_dim,
    index_dim,
    index_heads,
    keys,
    kv_length,
    kv_rank,
    mlp_matrices,
    mlp_width,
    n_experts,
    n_heads,
    n_kv_heads,
    nope_dim,
    output_groups,
    output_rank,
    query_rank,
    rope_dim,
    selected_keys,
    selected_kv_length,
    shared_width,
    state_heads,
    state_inputs,
    state_key_dim,
    state_products,
    state_value_dim,
    tokens,
    touched_experts,
    value_dim,
    windowed_keys,
    windowed_kv_length,
)
from llm_latency.operator_model.operator import Operator

__all__ = ["LayerKind"]


@dataclass(frozen=True)
class LayerKind:
    """Which operators a layer has.

    Multi-head, grouped-query and multi-query attention are one kind: they differ only in the number of
    key-value heads. Plain and gated MLPs, and blocks in parallel or in sequence, also differ only in a
    number.

    Parameters
    ----------
    attention : bool, optional
        Whether the layer has attention.
    latent : bool, optional
        Whether keys and values are compressed into one vector per token.
    compressed_query : bool, optional
        Whether the query is compressed too; only with `latent`.
    absorbed : bool, optional
        Whether latent attention works on the compressed vectors, as a decode step does, instead of
        expanding them, as a prefill does.
    one_vector : bool, optional
        Whether one vector is the key and the value of all heads, and query and output are factored.
    compressed : bool, optional
        Whether a query meets compressed entries, each of which stands for several tokens, beside those of its window;
        only with `one_vector` and `windowed`.
    unlike_values : bool, optional
        Whether a head's value has another width than its key; not with `latent`.
    projections : int, optional
        Matrices that make keys and values: 2; 1 where both come from the same one; 0 where a layer reads the
        cache of an earlier one. Not with `latent`.
    windowed, chunked, sparse : bool, optional
        Whether a query meets only the keys of a sliding window, of its own chunk, or those that an indexer
        selects; at most one of them.
    indexer : bool, optional
        Whether the layer selects keys itself, instead of using the selection of an earlier layer; only with `sparse`.
    recurrent : bool, optional
        Whether the layer has a state of fixed size, in place of attention or beside it.
    mlp : bool, optional
        Whether the layer has an MLP or experts.
    experts : bool, optional
        Whether experts take the place of the MLP.
    shared : bool, optional
        Whether there are shared experts, which every token visits; only with `experts`.
    narrow_experts : bool, optional
        Whether experts read and write vectors of another width than the residual stream; only with `experts`.
    others : bool, optional
        Whether there are weights that belong to none of the other operators, such as gates.
    lookups : bool, optional
        Whether the layer has an embedding of its own, in which tokens look up vectors.

    Examples
    --------
    >>> from llm_latency.operator_model.operators import layer
    >>> [operator.name for operator in layer(LayerKind(experts=True))]
    ['QKV', 'attention', 'output', 'router', 'experts', 'norms']
    >>> [operator.name for operator in layer(LayerKind(attention=False, recurrent=True, mlp=False))]
    ['state input', 'recurrence', 'state output', 'norms']

    References
    ----------
    Derived in operator-model, attention-variants and mixture-of-experts.
    """

    attention: bool = True
    latent: bool = False
    compressed_query: bool = False
    absorbed: bool = True
    one_vector: bool = False
    compressed: bool = False
    unlike_values: bool = False
    projections: int = 2
    windowed: bool = False
    chunked: bool = False
    sparse: bool = False
    indexer: bool = False
    recurrent: bool = False
    mlp: bool = True
    experts: bool = False
    shared: bool = False
    narrow_experts: bool = False
    others: bool = False
    lookups: bool = False


def product(
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
        exchanged_bytes=in_and_out,
    )


def _grouped_attention(kind: LayerKind) -> tuple[Operator, Operator, Operator]:
    value_width = value_dim if kind.unlike_values else head_dim
    key_and_value = n_kv_heads * (head_dim + value_width)
    width = (n_heads + kind.projections * n_kv_heads) * head_dim
    if kind.unlike_values:
        width = n_heads * head_dim + {2: key_and_value, 1: n_kv_heads * head_dim, 0: 0}[kind.projections]
    core = _core(head_dim, value_width, key_and_value)
    return (
        product("QKV", d_model * width, d_model + width),
        core if kind.projections else replace(core, kept_bytes=sp.S.Zero),
        product("output", n_heads * value_width * d_model, n_heads * value_width + d_model),
    )


def _latent_attention(compressed_query: bool, absorbed: bool) -> tuple[Operator, Operator, Operator]:
    query_width = n_heads * (nope_dim + rope_dim)
    to_query = query_rank * (d_model + query_width) if compressed_query else d_model * query_width
    latent = kv_rank + rope_dim
    expansion = kv_rank * n_heads * (nope_dim + value_dim)
    qkv = product("QKV", to_query + d_model * latent + expansion, d_model + query_width + latent)
    if absorbed:
        core = _core(latent, kv_rank, latent)
    else:
        core = _core(nope_dim + rope_dim, value_dim, latent)
        expanded = bytes_per_activation * batch * kv_length * n_heads * (nope_dim + value_dim)
        core = replace(
            core, activation_bytes=core.activation_bytes + 2 * expanded, live_bytes=core.live_bytes + expanded
        )
        # Every vector that a query meets is expanded, those of a cache too.
        rows = tokens * (to_query + d_model * latent) + batch * kv_length * expansion
        qkv = replace(qkv, flops=flops_per_mac * rows)
    return (
        qkv,
        core,
        product("output", n_heads * value_dim * d_model, n_heads * value_dim + d_model),
    )


def _one_vector_attention() -> tuple[Operator, Operator, Operator]:
    """Return attention in which one vector is the key and the value of all heads, with factored projections."""
    width = n_heads * head_dim
    return (
        product("QKV", query_rank * (d_model + width) + d_model * head_dim, d_model + width + head_dim),
        _core(head_dim, head_dim, head_dim),
        product("output", output_rank * (width / output_groups + d_model), width + d_model),
    )


def _widest(width: sp.Expr, outer: sp.Expr = d_model) -> sp.Expr:
    """Return the elements of an MLP's widest kernel: its first matrices, or its nonlinearity."""
    return sp.Max(outer, width) + (mlp_matrices - 1) * width


def _mlp(name: str, width: sp.Expr) -> Operator:
    """Return an MLP; its matrices and its nonlinearity each read their input and write their output."""
    return product(name, mlp_matrices * d_model * width, 2 * d_model + 2 * mlp_matrices * width, live=_widest(width))


def _experts(width: sp.Expr) -> Operator:
    """Return the experts, which read and write vectors of a width."""
    one = mlp_matrices * width * expert_width
    visits = bytes_per_activation * tokens * experts_per_token
    return Operator(
        "experts",
        params=n_experts * one,
        flops=flops_per_mac * tokens * experts_per_token * one,
        weight_bytes=bytes_per_expert_param * touched_experts * one,
        activation_bytes=visits * (3 * width + 2 * mlp_matrices * expert_width),
        live_bytes=visits * _widest(expert_width, width),
        bytes_per_param=bytes_per_expert_param,
    )


def attention(kind: LayerKind) -> list[Operator]:
    """Return the operators of attention, and those that select its keys."""
    if not kind.attention:
        return []
    if kind.one_vector:
        qkv, core, output = _one_vector_attention()
    elif kind.latent:
        qkv, core, output = _latent_attention(kind.compressed_query, kind.absorbed)
    else:
        qkv, core, output = _grouped_attention(kind)
    if kind.compressed:
        return [qkv, _within(core, "windowed", windowed_keys, windowed_kv_length), *_compressed(kind, core), output]
    if kind.windowed:
        core = _within(core, "windowed", windowed_keys, windowed_kv_length)
    if kind.chunked:
        core = _within(core, "chunked", chunked_keys, chunked_kv_length)
    if kind.sparse:
        selected = core.subs({keys: selected_keys, kv_length: selected_kv_length})
        core = replace(selected, name="sparse attention", kept_bytes=core.kept_bytes)
    return [qkv, *(_indexer(kind) if kind.indexer else ()), core, output]


def _within(core: Operator, limit: str, met: sp.Symbol, moved: sp.Symbol) -> Operator:
    """Return an attention core whose queries meet fewer keys, and whose layer keeps no others."""
    return replace(core.subs({keys: met, kv_length: moved}), name=f"{limit} attention")


def _compressed(kind: LayerKind, core: Operator) -> list[Operator]:
    """Return attention to compressed entries, all of them or those that an indexer selects."""
    core = replace(core, exchanged_bytes=sp.S.Zero)  # a query, and what comes of it, goes with those of the window
    fewer = {keys: keys / compression, kv_length: kv_length / compression}
    far = replace(core.subs(fewer), name="compressed attention")
    if not kind.sparse:
        return [far]
    indexer, scores = _indexer(kind)
    chosen = core.subs({keys: selected_keys / compression, kv_length: selected_kv_length / compression})
    return [indexer, scores.subs(fewer), replace(chosen, name=far.name, kept_bytes=far.kept_bytes)]


def _indexer(kind: LayerKind) -> tuple[Operator, Operator]:
    """Return what scores all keys with short vectors, to select some of them."""
    width, source = index_heads * index_dim, query_rank if kind.compressed_query else d_model
    made = width + index_dim + index_heads
    scores = bytes_per_activation * tokens * (width + index_heads)
    return (
        product("indexer", source * width + d_model * (index_dim + index_heads), source + d_model + made),
        Operator(
            "index scores",
            flops=flops_per_mac * tokens * keys * width,
            kv_bytes=bytes_per_index * batch * kv_length * index_dim,
            activation_bytes=scores,
            live_bytes=scores,
        ),
    )


def recurrence() -> tuple[Operator, Operator, Operator]:
    """Return the operators of a layer with a state, which every token updates and reads, and a short convolution."""
    width, state = state_heads * state_value_dim, state_heads * state_key_dim * state_value_dim
    convolution, history = conv_width * conv_taps, conv_width * (conv_taps - 1)
    kept = batch * (bytes_per_state * state + bytes_per_activation * history)
    in_and_out = bytes_per_activation * tokens * (state_inputs + width)
    return (
        product("state input", d_model * state_inputs, d_model + state_inputs),
        Operator(
            "recurrence",
            params=convolution,
            flops=flops_per_mac * tokens * (state_products * state + convolution),
            weight_bytes=bytes_per_param * convolution,
            kv_bytes=2 * kept,  # a pass reads the state and writes the new one
            activation_bytes=in_and_out,
            live_bytes=in_and_out,
            kept_bytes=kept,
        ),
        product("state output", width * d_model, width + d_model),
    )


def mlps(kind: LayerKind) -> list[Operator]:
    if not kind.mlp:
        return []
    if not kind.experts:
        return [_mlp("MLP", mlp_width)]
    shared = [_mlp("shared experts", shared_width)] if kind.shared else []
    router = product("router", d_model * n_experts, d_model + n_experts)
    return [router, _experts(expert_input if kind.narrow_experts else d_model), *shared]
