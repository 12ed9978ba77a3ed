"""What a deployment holds in memory, and what fits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

from llm_latency.checks import checked, common_shape, legal_result, scalar_or_array
from llm_latency.evaluation import value_of
from llm_latency.notation import (
    batch,
    bytes_per_activation,
    d_model,
    dense_layers,
    mem_size,
    n_layers,
    pp,
    tokens,
    windowed_layers,
)
from llm_latency.numerals import numeral
from llm_latency.operator_model.deployment import Deployment, deployed, takes_options
from llm_latency.operator_model.operators import Architecture
from llm_latency.operator_model.passes import PREFILL, operators_of
from llm_latency.operator_model.shape import architecture_of
from llm_latency.table import markdown_table

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from llm_latency.catalogue.devices import Device
    from llm_latency.catalogue.models import Model

__all__ = ["MEMORY_RULES", "Memory", "check_fit", "held_bytes", "memory"]

GIGABYTE = 1e9

_weights, _sequence, _activations, _held = (
    sp.Symbol(part, positive=True) for part in ("weights", "sequence", "activations", "held")
)
MEMORY_RULES = {
    "held": _weights + batch * _sequence + _activations,
    "fits": _held <= mem_size,
    "largest_batch": sp.Max(0, sp.floor((mem_size - _weights) / (_sequence + _activations / batch)), evaluate=False),
}
"""What follows from the parts that `held_bytes` lists, in the library and in the browser's calculator."""


@dataclass(frozen=True)
class Memory:
    """What the fullest device holds.

    Parameters
    ----------
    weights, kv_cache, activations : float or numpy.ndarray, byte
        The parts. Activations are those of one micro-batch: the residual stream, and the input and
        output of the widest kernel. What an engine keeps for itself is not included.
    mem_size : float, byte
        Memory of the device.
    largest_batch, largest_context : float or numpy.ndarray, count
        The largest of each that fits while the other is as given; 0 if not even the weights fit. The
        largest context is at most the positions that the model has learned, and infinite if no more of
        the cache is kept however long it grows.

    Examples
    --------
    >>> found = memory("Mixtral-8x7B", "A100-80GB-SXM", tp=2, batch=32, context=8192)
    >>> found.fits, found.largest_batch
    (True, 62.0)

    References
    ----------
    Derived in operator-model, Eq. (eq-memory).
    """

    weights: float
    kv_cache: float
    activations: float
    mem_size: float
    largest_batch: float
    largest_context: float

    @property
    def total(self):
        """Sum of the parts, byte."""
        return self.weights + self.kv_cache + self.activations

    @property
    def fits(self):
        """Whether the total is no more than the device's memory: a bool, or an array of them."""
        fits = value_of(MEMORY_RULES["fits"], {"held": self.total, "mem_size": self.mem_size})
        return bool(fits) if np.ndim(fits) == 0 else fits

    def _repr_markdown_(self) -> str | None:
        if np.ndim(self.total):
            return None
        parts = {
            "weights": "weights",
            "kv_cache": "KV cache",
            "activations": "activations",
            "total": "total",
            "mem_size": "the device has",
        }
        gigabytes = [float(getattr(self, part)) / GIGABYTE for part in parts]
        verdict = "It fits" if self.fits else "It does not fit"
        return (
            f"{markdown_table({'per device': list(parts.values()), 'GB': gigabytes}, decimals=2)}\n\n"
            f"{verdict}. Largest batch {numeral(f'{self.largest_batch:.0f}')}, largest context "
            f"{numeral(f'{self.largest_context:.0f}') if np.isfinite(self.largest_context) else 'any'}."
        )


@takes_options
def memory(
    model: str | Model,
    device: str | Device,
    *,
    batch: ArrayLike = 1,
    context: ArrayLike,
    prompt: ArrayLike = 1,
    **options,
) -> Memory:
    """What the fullest device holds, and whether it fits.

    Parameters
    ----------
    model : str or Model
        Key of the catalogue, or a model of your own.
    device : str or Device
        Key of the catalogue, or a device of your own.
    batch : float or array_like, count
        Sequences.
    context : float or array_like, count
        Tokens of each sequence in the KV cache.
    prompt : float or array_like, count
        Tokens of each sequence that one pass processes: 1 for a decode step.
    **options : see `Deployment`
        How the model is split, stored and run: the parameters of `Deployment`, such as `tp`.

    Returns
    -------
    Memory
        Bytes by part, and the largest batch and context.

    Raises
    ------
    UnknownNameError, ValueError
        As for `Deployment`; also if the device's memory is not known.

    Examples
    --------
    >>> memory("Llama-3-70B", "H100-SXM", batch=1, context=4096).fits
    False

    References
    ----------
    Derived in operator-model, Eq. (eq-memory).
    """
    deployment = deployed(model, device, options)
    request = deployment.request(batch=batch, context=context, prompt=prompt)
    with np.errstate(over="ignore", invalid="ignore"):
        found = _memory(deployment, request)
    legal_result("the memory", found.total, {name: request[name] for name in ("batch", "context", "prompt")})
    return found


def check_fit(deployment: Deployment, request: dict[str, np.ndarray]) -> None:
    """Raise an error if the deployment asks for the check and the request does not fit.

    Parameters
    ----------
    deployment : Deployment
        A model on a machine.
    request : dict of str to numpy.ndarray
        What `Deployment.request` returns, with ``batch``, ``context`` and ``prompt``.

    Raises
    ------
    ValueError
        If it does not fit.

    Examples
    --------
    >>> deployment = Deployment(model="Llama-3-70B", device="H100-SXM", check_fit=True)
    >>> check_fit(deployment, deployment.request(batch=1, context=4096, prompt=1))
    Traceback (most recent call last):
    ...
    ValueError: Llama-3-70B on H100-SXM does not fit: 142.4 GB on a device of 80 GB

    References
    ----------
    Derived in operator-model, Eq. (eq-memory).
    """
    if not deployment.check_fit:
        return
    found = _memory(deployment, request)
    if not np.all(found.fits):
        total, size = np.broadcast_arrays(found.total, found.mem_size)
        worst = np.argmax(total - size)
        raise ValueError(
            f"{deployment.title} does not fit: {total.ravel()[worst] / GIGABYTE:.1f} GB on a device of "
            f"{size.ravel()[worst] / GIGABYTE:g} GB"
        )


@cache
def held_bytes(architecture: Architecture, routing: str, stages: bool = True) -> dict[str, sp.Expr]:
    """List what the fullest device holds, part by part.

    Parameters
    ----------
    architecture : Architecture
        Which operators there are.
    routing : str
        ``uniform`` or ``identical``.
    stages : bool, optional
        Whether the layers may be divided among stages, of which the fullest is meant.

    Returns
    -------
    dict of str to sympy.Expr
        Bytes of the ``weights``, of the cache of one ``sequence``, and of the ``activations`` of one pass.

    Examples
    --------
    >>> held_bytes(Architecture(), "uniform")["sequence"]
    2*bytes_per_kv*kv_length*head_dim*ceiling(n_layers/pp)*Max(1, n_kv_heads/tp)

    References
    ----------
    Derived in operator-model, Eq. (eq-memory).
    """
    embedding, *layers, unembedding = operators_of(architecture, routing)
    weights = sp.Add(*(each.count * each.held_bytes for each in layers))
    sequence = sp.Add(*(each.count * each.kv_bytes for each in layers)).subs(batch, 1)
    ends = embedding.held_bytes + unembedding.held_bytes
    if stages:
        weights, sequence = _fullest_stage(weights), _fullest_stage(sequence)
        # The first of several stages has the embedding, the last an unembedding matrix, tied or not.
        several = sp.Min(1, pp - 1)
        ends = (1 - several) * ends + several * sp.Max(embedding.held_bytes, unembedding.weight_bytes)
    widest = sp.Max(*(each.live_bytes for each in (embedding, *layers, unembedding)))
    return {
        "weights": ends + weights,
        "sequence": sequence,
        "activations": widest + bytes_per_activation * tokens * d_model,
    }


def _fullest_stage(layers: sp.Expr) -> sp.Expr:
    """Write what the fullest stage holds: no windows where possible, and the heavier of MLPs and experts."""
    most = sp.ceiling(n_layers / pp)
    windows = sp.Max(0, most - (n_layers - windowed_layers))
    few_or_many_mlps = {sp.Max(0, most - (n_layers - dense_layers)), sp.Min(dense_layers, most)}
    replacements = {n_layers: most, windowed_layers: windows}
    fillings = (layers.subs(replacements | {dense_layers: mlps}, simultaneous=True) for mlps in few_or_many_mlps)
    return sp.Max(*fillings)


def _memory(deployment: Deployment, request: dict[str, np.ndarray]) -> Memory:
    if deployment.device.mem_size is None:
        raise ValueError(f"{deployment.device.name} has no mem_size: its memory is not known")
    if ((request["prompt"] > 1) & (request["prompt"] > request["context"])).any():
        raise ValueError("prompt must be <= context: the tokens of a pass are in the cache after it")
    size = checked("mem_size", deployment.device.mem_size)
    absorbed = bool(np.all(request["prompt"] == 1))
    parts = held_bytes(architecture_of(deployment.model, absorbed), deployment.routing)
    values = PREFILL.values(request)
    longest = values.get("window", np.inf)

    def cached(length, windowed_length):
        return value_of(parts["sequence"], values | {"kv_length": length, "windowed_kv_length": windowed_length})

    held = {
        "weights": value_of(parts["weights"], values),
        "sequence": cached(request["context"], np.minimum(request["context"], longest)),
        "activations": value_of(parts["activations"], values),
        "mem_size": size,
        "batch": request["batch"],
    }
    free = (size - held["weights"] - held["activations"]) / request["batch"]
    largest_context = _longest_context(free, cached(1.0, 1.0), cached(1.0, 0.0), longest)
    learned = values["n_positions"] if np.any(values["n_positions"]) else np.inf
    found = (
        held["weights"],
        held["sequence"] * request["batch"],
        held["activations"],
        size,
        value_of(MEMORY_RULES["largest_batch"], held),
        np.clip(np.floor(largest_context), 0, learned),
    )
    common = np.zeros(common_shape(request))
    return Memory(*(scalar_or_array(part + common) for part in found))


def _longest_context(free, per_token, per_token_beyond, longest):
    """Return the context that fills the free bytes; beyond the window only layers without one grow."""
    inside = free / per_token
    with np.errstate(divide="ignore", invalid="ignore"):
        beyond = longest + (free - per_token * longest) / per_token_beyond
    return np.where(inside <= longest, inside, beyond)
