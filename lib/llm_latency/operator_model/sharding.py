"""What each device of a tensor-parallel group does: its share of every operator, and of the cache.

Matrices are divided by heads, by inner widths and by the vocabulary. The cache may be divided in other ways, because
there are often fewer key-value heads than devices: then several devices share a head, and each of them keeps a copy
of its keys, or they divide the sequences, or the tokens of each sequence.
"""

from __future__ import annotations

import sympy as sp

from llm_latency.notation import (
    batch,
    chunked_keys,
    chunked_kv_length,
    conv_width,
    ep,
    expert_width,
    experts_per_token,
    keys,
    kv_length,
    lookup_params,
    mlp_width,
    n_experts,
    n_heads,
    n_kv_heads,
    other_params,
    selected_keys,
    selected_kv_length,
    shared_width,
    state_heads,
    state_inputs,
    tokens,
    touched_experts,
    tp,
    vocab,
    windowed_keys,
    windowed_kv_length,
)
from llm_latency.operator_model.operator import Operator

__all__ = ["CACHE_SPLITS", "fewer_sequences", "sharded", "sharing"]

CACHE_SPLITS = ("heads", "sequences", "context", "data-parallel", "expert-parallel")
"""How the devices of a group divide a cache; the last two divide whole layers of attention by sequences."""
ATTENTION_CORES = ("attention", "windowed attention", "chunked attention", "sparse attention", "compressed attention")
READ_THE_CACHE = (*ATTENTION_CORES, "index scores")
MIXERS = (*READ_THE_CACHE, "QKV", "indexer", "output", "state input", "recurrence", "state output")
COPIED = {"data-parallel": MIXERS, "expert-parallel": (*MIXERS, "router", "shared experts")}
"""Operators that are copied, and work on other sequences on every device."""
REACH = (keys, windowed_keys, chunked_keys, selected_keys)
REACH += (kv_length, windowed_kv_length, chunked_kv_length, selected_kv_length)
"""What is divided along the context: the keys that a query meets, and those that a pass moves."""
DIVIDED = (n_heads, mlp_width, shared_width, vocab, state_heads, state_inputs, conv_width, other_params, lookup_params)


def sharing(operator: Operator) -> sp.Expr:
    """Return how many devices read the same keys, if each computes its share of the heads.

    Parameters
    ----------
    operator : Operator
        An operator that reads the cache, on one device that holds the whole model.

    Returns
    -------
    sympy.Expr
        Those that share a key-value head; all of them where one vector stands for all heads.

    Examples
    --------
    >>> from llm_latency.operator_model.operators import LayerKind, layer
    >>> sharing(layer(LayerKind())[1])
    Max(1, tp/n_kv_heads)

    References
    ----------
    Derived in operator-model, Eq. (eq-sharding).
    """
    return sp.Max(tp / n_kv_heads, 1) if operator.kv_bytes.has(n_kv_heads) else tp


def sharded(operator: Operator, cache_split: str = "heads") -> Operator:
    """Return one device's share of an operator in a tensor- and expert-parallel group.

    Heads, states, the inner widths of the MLPs and the vocabulary are divided by N_t. If there are fewer
    key-value heads than devices, they are copied, and what has no heads, such as the latent vector and
    the norms, is on every device. Experts are divided among N_e groups, each expert among the devices
    of its group; an average group reads its share of those that are touched, but at least one.

    Devices that would read the same keys can divide them instead: each computes the heads of all of them, for its
    share of the sequences, or for its share of the tokens of each.

    Parameters
    ----------
    operator : Operator
        An operator of `decoder`.
    cache_split : str, optional
        ``heads``, ``sequences``, ``context``, or ``data-parallel``: all of attention by sequences, with a copy of its
        matrices on every device; ``expert-parallel``: with a copy of the shared experts, too.

    Returns
    -------
    Operator
        The share of the busiest device.

    Examples
    --------
    >>> from llm_latency.operator_model.operators import LayerKind, layer
    >>> core = layer(LayerKind())[1]
    >>> sharded(core).kv_bytes
    2*bytes_per_kv*batch*kv_length*head_dim*Max(1, n_kv_heads/tp)
    >>> sharded(core, "data-parallel").kv_bytes
    2*bytes_per_kv*kv_length*n_kv_heads*head_dim*Min(batch, ceiling(batch/tp))

    References
    ----------
    Derived in operator-model, Eq. (eq-sharding).
    """
    if operator.name in COPIED.get(cache_split, ()):
        return operator.subs(fewer_sequences(tp))
    replacements = {symbol: symbol / tp for symbol in DIVIDED}
    replacements[n_kv_heads] = sp.Max(n_kv_heads / tp, 1)
    if operator.name == "experts":
        replacements |= {
            n_experts: n_experts / ep,
            experts_per_token: experts_per_token / ep,
            touched_experts: sp.Max(touched_experts / ep, 1),
            expert_width: expert_width * ep / tp,
        }
    if cache_split in ("sequences", "context") and operator.name in READ_THE_CACHE:
        number = sharing(operator)
        replacements[n_heads] = n_heads * number / tp
        fewer = {each: each / number for each in REACH} if cache_split == "context" else fewer_sequences(number)
        replacements |= fewer
    return operator.subs(replacements)


def fewer_sequences(number: sp.Expr) -> dict[sp.Symbol, sp.Expr]:
    """Replace the batch by the sequences of the busiest of several devices.

    Parameters
    ----------
    number : sympy.Expr
        How many devices divide the sequences.

    Returns
    -------
    dict of sympy.Symbol to sympy.Expr
        What stands for the batch, and for the tokens of a pass.

    Examples
    --------
    >>> fewer_sequences(tp)[batch]
    Min(batch, ceiling(batch/tp))

    References
    ----------
    Derived in parallelism.
    """
    own = sp.Min(batch, sp.ceiling(batch / number))  # a mean batch need not be whole on a single device
    return {batch: own, tokens: tokens * own / batch}
