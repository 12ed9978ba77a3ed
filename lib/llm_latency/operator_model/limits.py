"""How a model may be split over devices, and how long its sequences may be: one table, also for the browser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import sympy as sp

from llm_latency.evaluation import value_of
from llm_latency.formula import arguments_of
from llm_latency.notation import (
    devices_per_node,
    ep,
    expert_width,
    kv_length,
    mlp_width,
    n_experts,
    n_heads,
    n_kv_heads,
    n_layers,
    n_positions,
    pp,
    shared_width,
    tp,
)

__all__ = ["LIMITS", "Limit", "check_limits"]


@dataclass(frozen=True)
class Limit:
    """A condition under which a model cannot run.

    Parameters
    ----------
    broken : sympy.Basic
        The condition, in registered symbols. The rule is skipped for a model that lacks one of them.
    message : str
        What is wrong, with values in braces; the text of the library's error.
    words : str, optional
        The same for the readers of the calculator, if they can break the rule.
    unless : tuple of str, optional
        Names of values each of which lifts the rule if the model, the device or the options have it.
    """

    broken: sp.Basic
    message: str
    words: str | None = None
    unless: tuple[str, ...] = ()


def _indivisible(size: sp.Expr, parts: sp.Expr) -> sp.Basic:
    return sp.Ne(sp.Mod(size, parts, evaluate=False), 0, evaluate=False)


LIMITS = (
    Limit(
        tp * pp > 1,
        "{device} has no link_bandwidth: tp and pp must be 1, unless network_bandwidth says what joins such devices",
        "{device} has no links: choose one device",
        unless=("link_bandwidth", "network_bandwidth"),
    ),
    Limit(
        sp.Min(tp * pp, devices_per_node, evaluate=False) > 1,
        "{device} has no link_bandwidth: devices_per_node must be 1, and network_bandwidth given",
        unless=("link_bandwidth",),
    ),
    Limit(
        tp * pp > devices_per_node,
        "network_bandwidth is needed: tp * pp > devices_per_node = {devices_per_node}, and {device} has none",
        "the network of {device} is not known: choose up to {devices_per_node} devices",
        unless=("network_bandwidth",),
    ),
    Limit(
        _indivisible(n_heads, tp),
        "tp = {tp} must divide the {n_heads} heads of {model}",
        "{tp} devices cannot share the {n_heads} heads of {model}",
    ),
    Limit(
        _indivisible(n_kv_heads, tp) & _indivisible(tp, n_kv_heads),
        "tp = {tp} must divide the {n_kv_heads} key-value heads of {model}, or be a multiple",
        "{tp} devices cannot share the {n_kv_heads} key-value heads of {model}",
    ),
    Limit(
        _indivisible(mlp_width, tp),
        "tp = {tp} must divide mlp_width = {mlp_width} of {model}",
        "{tp} devices cannot share the inner width of the MLP of {model}",
    ),
    Limit(
        _indivisible(shared_width, tp),
        "tp = {tp} must divide shared_width = {shared_width} of {model}",
        "{tp} devices cannot share the inner width of the shared experts of {model}",
    ),
    Limit(_indivisible(tp, ep), "ep = {ep} must divide tp = {tp}"),
    Limit(ep > 1, "ep = {ep}: {model} has no experts to divide", unless=("n_experts",)),
    Limit(_indivisible(n_experts, ep), "ep = {ep} must divide the {n_experts} experts of {model}"),
    Limit(
        _indivisible(expert_width, tp / ep),
        "tp / ep = {tp} / {ep} must divide expert_width = {expert_width} of {model}",
        "{tp} devices cannot share the inner width of one expert of {model}",
    ),
    Limit(pp > n_layers, "pp = {pp} must be at most the {n_layers} layers of {model}"),
    Limit(
        _indivisible(tp, sp.ceiling(tp / devices_per_node)),
        "tp = {tp} must be divided evenly among servers of devices_per_node = {devices_per_node}",
    ),
    Limit(
        sp.Min(1, n_positions) * kv_length > n_positions,  # a model without learned positions has 0
        "a sequence of {kv_length} tokens is longer than the {n_positions} positions that {model} has learned",
        "{model} has learned only {n_positions} positions: choose a shorter prompt or answer",
    ),
)
"""Every limit; the library checks those whose symbols it knows."""


def check_limits(values: Mapping[str, np.ndarray], known: set[str], **names: str) -> None:
    """Raise an error if a model cannot run this way.

    Parameters
    ----------
    values : mapping of str to numpy.ndarray
        Sizes of the model, numbers of devices, length of a sequence, by their names in the registry.
    known : set of str
        Names of the other known values of the model and the device.
    **names : str
        What the messages call the ``model`` and the ``device``.

    Raises
    ------
    ValueError
        If it cannot; the message names the first combination that breaks a rule.

    Examples
    --------
    >>> check_limits({"n_heads": np.array(64), "tp": np.array([8, 6])}, set(), model="mine", device="H100-SXM")
    Traceback (most recent call last):
    ...
    ValueError: tp = 6 must divide the 64 heads of mine

    References
    ----------
    Derived in operator-model, Eq. (eq-sharding).
    """
    for rule, arguments in _applicable(values.keys(), known):
        broken = np.asarray(value_of(rule.broken, values))
        if broken.any():
            first = {name: int(np.broadcast_to(values[name], broken.shape)[broken].ravel()[0]) for name in arguments}
            raise ValueError(rule.message.format(**first, **names))


def _applicable(sizes, known: set[str]) -> Iterator[tuple[Limit, tuple[str, ...]]]:
    for rule in LIMITS:
        arguments = arguments_of(rule.broken)
        if {*arguments} <= sizes and known.isdisjoint(rule.unless):
            yield rule, arguments
