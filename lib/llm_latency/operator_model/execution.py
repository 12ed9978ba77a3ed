"""How a layer runs on one device of a deployment: its share of every operator, what it sends, and how long it takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import sympy as sp

from llm_latency.formulas.collectives import (
    all_reduce_time,
    dispatch_time,
    exchange_time,
    gather_time,
    stage_send_time,
)
from llm_latency.formulas.experts import distinct_experts, visited_share
from llm_latency.notation import (
    bytes_per_attention_param,
    bytes_per_head_param,
    bytes_per_mlp_param,
    bytes_per_param,
    bytes_per_router_param,
    bytes_per_shared_param,
    bytes_per_vocab_param,
    devices_per_node,
    ep,
    exchanged_bytes,
    experts_per_token,
    link_copies,
    message_bytes,
    network_copies,
    offload_bandwidth,
    offload_share,
    residual_blocks,
    touched_experts,
    tp,
)
from llm_latency.notation import sharing as sharing_devices
from llm_latency.operator_model.operator import Operator
from llm_latency.operator_model.operators import STREAM_BYTES, LayerKind, ends, layer
from llm_latency.operator_model.sharding import COPIED, READ_THE_CACHE, fewer_sequences, sharded, sharing

__all__ = [
    "OFFLOADS",
    "ORDER",
    "TOUCHED_EXPERTS",
    "Execution",
    "ends_time",
    "layer_time",
    "message_times",
    "offload_time",
    "operators_of",
]

ORDER = (
    *("embedding", "QKV", "indexer", "index scores"),
    *("attention", "windowed attention", "chunked attention", "sparse attention"),
    *("compressed attention", "output"),
    *("state input", "recurrence", "state output"),
    *("MLP", "router", "experts", "shared experts", "other weights", "layer embedding", "norms"),
    *("unembedding", "all-reduces", "exchanges", "dispatches", "stages", "second memory"),
)
"""Operators, messages and waits, in the order in which the first token meets them."""
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
EXCHANGES = {"sequences": exchange_time, "context": gather_time}
"""What devices that divide a cache send each other, by how they divide it."""
_nodes = sp.ceiling(tp / devices_per_node)
_entered = {
    "uniform": visited_share.expr.subs(ep, sp.Min(ep, _nodes)) * (_nodes - 1),
    "identical": sp.Max(_nodes / ep, 1) - 1,
}
_received = {"uniform": visited_share.expr * (tp - 1), "identical": tp / ep - 1}
COPIES = {
    routing: {link_copies: received - _entered[routing], network_copies: _entered[routing]}
    for routing, received in _received.items()
}
"""Copies of a token's vector that are sent: to the groups of its experts at random, or, at best, in its own group. Of
several receivers in another server, one has the vector from the network, and the others from that one."""
OFFLOADS = {"none": (), "weights": ("params", "weight_bytes"), "experts": ("params", "weight_bytes")}
OFFLOADS |= {"cache": ("kv_bytes", "kept_bytes")}
"""What may lie in a second memory, and the quantities of an operator that it means."""


@dataclass(frozen=True)
class Execution:
    """How operators run, as far as words say it.

    Parameters
    ----------
    routing : str, optional
        Experts that a pass reads: ``uniform`` or ``identical``.
    soft : bool, optional
        Whether reading and computing combine by the soft maximum.
    cache_split : str, optional
        How devices divide a cache: one of `CACHE_SPLITS`.
    offload : str, optional
        What lies in a second memory: one of `OFFLOADS`.

    Examples
    --------
    >>> operators_of(LayerKind(), Execution(offload="cache"))[1].kv_bytes.has(offload_share)
    True

    References
    ----------
    Derived in operator-model.
    """

    routing: str = "uniform"
    soft: bool = False
    cache_split: str = "heads"
    offload: str = "none"


USUAL = Execution()


@cache
def operators_of(kind: LayerKind | None, execution: Execution = USUAL) -> tuple[Operator, ...]:
    """List the operators of a layer, or of the model's ends, on one device.

    Parameters
    ----------
    kind : LayerKind or None
        The kind of the layer; None for the embedding and the unembedding.
    execution : Execution, optional
        How operators run.

    Returns
    -------
    tuple of Operator
        Each device's share, with the experts that a pass touches, less what lies in a second memory.

    Examples
    --------
    >>> len(operators_of(LayerKind()))
    5

    References
    ----------
    Derived in operator-model, Eq. (eq-sharding).
    """
    stays = 1 - offload_share
    return tuple(
        replace(each, **{name: stays * getattr(each, name) for name in _offloaded(each, execution.offload)})
        for each in _whole(kind, execution)
    )


def _whole(kind: LayerKind | None, execution: Execution) -> Iterator[Operator]:
    """Yield each device's share of the operators, wherever their weights and their cache lie."""
    touched = {touched_experts: TOUCHED_EXPERTS[execution.routing]}
    for each in ends() if kind is None else layer(kind):
        yield _stored(sharded(each, execution.cache_split).subs(touched))


def _stored(operator: Operator) -> Operator:
    """Let an operator have its own storage, in place of that of all weights or of the vocabulary."""
    if operator.name not in STORAGE:
        return operator
    return operator.subs(dict.fromkeys((bytes_per_param, bytes_per_vocab_param), STORAGE[operator.name]))


def _offloaded(operator: Operator, offload: str) -> tuple[str, ...]:
    """Name the quantities of an operator that lie in a second memory, in part or as a whole."""
    concerned = {"experts": operator.name == "experts", "cache": operator.name in READ_THE_CACHE}
    return OFFLOADS[offload] if concerned.get(offload, True) else ()


@cache
def offload_time(kind: LayerKind | None, execution: Execution) -> sp.Expr:
    """Return the time in which what a layer, or the model's ends, need from a second memory crosses its link.

    Parameters
    ----------
    kind : LayerKind or None
        The kind of the layer; None for the embedding and the unembedding.
    execution : Execution
        How operators run.

    Returns
    -------
    sympy.Expr
        Time, second.

    Examples
    --------
    >>> offload_time(LayerKind(), Execution())
    0

    References
    ----------
    Derived in parallelism, Eq. (eq-offload-time).
    """
    moved = (
        getattr(each, name)
        for each in _whole(kind, execution)
        for name in _offloaded(each, execution.offload)
        if name in ("weight_bytes", "kv_bytes")
    )
    return offload_share * sp.Add(*moved) / offload_bandwidth


@cache
def message_times(kind: LayerKind | None, execution: Execution = USUAL) -> dict[str, sp.Expr]:
    """Return the times of what devices send each other for a layer, or for a pass but once, by kind of message.

    Parameters
    ----------
    kind : LayerKind or None
        The kind of the layer; None for the sends of all stages to the next ones.
    execution : Execution, optional
        How operators run.

    Returns
    -------
    dict of str to sympy.Expr
        Times, second, by the names of `ORDER`.

    Examples
    --------
    >>> list(message_times(LayerKind())), list(message_times(None))
    (['all-reduces'], ['stages'])

    References
    ----------
    Derived in operator-model, Eq. (eq-pass-time).
    """
    message = {message_bytes: STREAM_BYTES}
    if kind is None:
        return {"stages": stage_send_time.expr.subs(message)}
    split = execution.cache_split
    if split == "expert-parallel" and kind.experts:
        own = message_bytes, STREAM_BYTES.xreplace(fewer_sequences(tp))
        return {"dispatches": dispatch_time.expr.subs([own, *COPIES[execution.routing].items()])}
    # Data-parallel attention has no sums to add up. An MLP after it gathers the inputs of all devices, and scatters the
    # sums, which together are as much as an all-reduce.
    reduced = sp.Integer(kind.mlp) if split in COPIED else residual_blocks
    found = {"all-reduces": reduced * all_reduce_time.expr.subs(message)}
    if split in EXCHANGES:
        cores = [each for each in layer(kind) if each.exchanged_bytes != 0]
        found["exchanges"] = sp.Add(*(_exchange(each, EXCHANGES[split].expr) for each in cores))
    return found


def _exchange(core: Operator, time: sp.Expr) -> sp.Expr:
    """Return the time of an exchange between the devices that share a head; each has the vectors of its own heads."""
    return time.xreplace({exchanged_bytes: sharded(core).exchanged_bytes, sharing_devices: sharing(core)})


@cache
def layer_time(kind: LayerKind, execution: Execution = USUAL) -> sp.Expr:
    """Add up a layer: its operators and its messages.

    Parameters
    ----------
    kind : LayerKind
        Which operators there are.
    execution : Execution, optional
        How they run.

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
    times = (each.time(execution.soft) for each in operators_of(kind, execution))
    return sp.Add(*times, *message_times(kind, execution).values())


@cache
def ends_time(execution: Execution = USUAL) -> sp.Expr:
    """Add up what a pass does but once: its embedding, its unembedding and the sends from stage to stage.

    Parameters
    ----------
    execution : Execution, optional
        How operators run.

    Returns
    -------
    sympy.Expr
        Time, second.

    Examples
    --------
    >>> ends_time().has(sp.Max)
    True

    References
    ----------
    Derived in operator-model, Eq. (eq-pass-time).
    """
    times = (each.time(execution.soft) for each in operators_of(None, execution))
    return sp.Add(*times, *message_times(None).values())
