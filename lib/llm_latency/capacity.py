"""What a deployment holds in memory, and what fits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import sympy as sp

from llm_latency.deployment import Deployment, architecture_of, deployed, operators_of, value
from llm_latency.evaluation import checked, scalar_or_array
from llm_latency.notation import bytes_per_activation, d_model, tokens
from llm_latency.numerals import numeral
from llm_latency.operators import Architecture
from llm_latency.table import table

__all__ = ["Memory", "check_fit", "held_bytes", "memory"]

GIGABYTE = 1e9


@dataclass(frozen=True)
class Memory:
    """What the fullest device holds.

    Parameters
    ----------
    weights, kv_cache, activations : float or numpy.ndarray, byte
        The parts: of the activations those of one micro-batch, the residual stream and the widest
        kernel's input and output. What an engine keeps for itself is not among them.
    mem_size : float, byte
        What the device has.
    largest_batch, largest_context : float or numpy.ndarray, count
        The largest of each that fits, the other as given; 0 if not even the weights fit.

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
        fits = np.less_equal(self.total, self.mem_size)
        return bool(fits) if np.ndim(fits) == 0 else fits

    def _repr_markdown_(self) -> str | None:
        if np.ndim(self.total):
            return None
        parts = {
            "weights": "weights", "kv_cache": "KV cache", "activations": "activations", "total": "total",
            "mem_size": "the device has",
        }
        gigabytes = [float(getattr(self, part)) / GIGABYTE for part in parts]
        verdict = "It fits" if self.fits else "It does not fit"
        return (
            f"{table({'per device': list(parts.values()), 'GB': gigabytes}, decimals=2).data}\n\n"
            f"{verdict}. Largest batch {numeral(f'{self.largest_batch:.0f}')}, largest context "
            f"{numeral(f'{self.largest_context:.0f}') if np.isfinite(self.largest_context) else 'any'}."
        )


def memory(model, device, *, batch=1, context, prompt=1, **options) -> Memory:
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
        As `Deployment`; also if the device's memory is not known.

    Examples
    --------
    >>> memory("Llama-3-70B", "H100-SXM", batch=1, context=4096).fits
    False

    References
    ----------
    Derived in operator-model, Eq. (eq-memory).
    """
    return _memory(deployed(model, device, options), batch, context, prompt)


def check_fit(deployment: Deployment, batch, context, prompt=1) -> None:
    """Raise an error if the deployment asks for the check and the request does not fit.

    Parameters
    ----------
    deployment : Deployment
        A model on a machine.
    batch, context, prompt : float or array_like, count
        As in `memory`.

    Raises
    ------
    ValueError
        If it does not fit.

    Examples
    --------
    >>> check_fit(Deployment(model="Llama-3-70B", device="H100-SXM", check_fit=True), 1, 4096)
    Traceback (most recent call last):
    ...
    ValueError: Llama-3-70B on H100-SXM does not fit: 142.4 GB on a device of 80 GB

    References
    ----------
    Derived in operator-model, Eq. (eq-memory).
    """
    if not deployment.check_fit:
        return
    found = _memory(deployment, batch, context, prompt)
    if not np.all(found.fits):
        total, mem_size = np.broadcast_arrays(found.total, found.mem_size)
        worst = np.argmax(total - mem_size)
        raise ValueError(
            f"{deployment.title} does not fit: {total.ravel()[worst] / GIGABYTE:.1f} GB on a device of "
            f"{mem_size.ravel()[worst] / GIGABYTE:g} GB"
        )


@cache
def held_bytes(architecture: Architecture, routing: str) -> dict[str, sp.Expr]:
    """List what a device holds, part by part.

    Parameters
    ----------
    architecture : Architecture
        Which operators there are.
    routing : str
        ``uniform`` or ``identical``.

    Returns
    -------
    dict of str to sympy.Expr
        Bytes of the ends of the model, ``first``, ``last`` and ``both``, of its ``layers``, of the
        ``kv_cache``, and of the ``activations`` of one pass.

    Examples
    --------
    >>> held_bytes(Architecture(), "uniform")["last"]
    bytes_per_vocab_param*d_model*vocab/tp

    References
    ----------
    Derived in operator-model, Eq. (eq-memory).
    """
    embedding, *layers, unembedding = operators_of(architecture, routing)
    widest = sp.Max(*(each.live_bytes for each in (embedding, *layers, unembedding)))
    return {
        "first": embedding.held_bytes,
        "last": unembedding.weight_bytes,
        "both": embedding.held_bytes + unembedding.held_bytes,
        "layers": sp.Add(*(each.count * each.held_bytes for each in layers)),
        "kv_cache": sp.Add(*(each.count * each.kv_bytes for each in layers)),
        "activations": widest + bytes_per_activation * tokens * d_model,
    }


def _memory(deployment: Deployment, batch, context, prompt) -> Memory:
    mem_size = deployment.device.mem_size
    if mem_size is None:
        raise ValueError(f"{deployment.device.name} has no mem_size: its memory is not known")
    batch, context = checked("batch", batch), checked("context", context)
    mem_size, prompt = checked("mem_size", mem_size), checked("prompt", prompt)
    if ((prompt > 1) & (prompt > context)).any():
        raise ValueError("prompt must be <= context: the tokens of a pass are in the cache after it")
    values = _fullest_stage(deployment.prefill_values(batch, prompt))
    parts = held_bytes(architecture_of(deployment.model, absorbed=(prompt == 1).all()), deployment.routing)

    # The first of several stages has the embedding, the last a matrix to unembed with, tied or not.
    first, last, both, layers = (value(parts[part], values) for part in ("first", "last", "both", "layers"))
    weights = np.where(values["pp"] == 1, both, np.maximum(first, last)) + layers

    def cached(length, windowed_length):
        lengths = {"batch": 1.0, "kv_length": length, "windowed_kv_length": windowed_length}
        return value(parts["kv_cache"], values | lengths)

    window = values.get("window", np.inf)
    sequence = cached(context, np.minimum(context, window))
    activations = value(parts["activations"], values)

    free = mem_size - weights
    largest_batch = free / (sequence + activations / batch)
    largest_context = _longest((free - activations) / batch, cached(1.0, 1.0), cached(1.0, 0.0), window)
    limits = (np.maximum(0, np.floor(limit)) for limit in (largest_batch, largest_context))
    common = np.zeros(deployment.shape(batch=batch, context=context, prompt=prompt))
    found = (weights, sequence * batch, activations, mem_size, *limits)
    return Memory(*(scalar_or_array(part + common) for part in found))


def _fullest_stage(values: dict) -> dict:
    """Return the values for the stage that holds most: experts rather than MLPs, no windows if it can."""
    layers = np.ceil(values["n_layers"] / values["pp"])
    lighter = {
        kind: np.maximum(0, layers - (values["n_layers"] - values[kind]))
        for kind in ("dense_layers", "windowed_layers")
        if kind in values
    }
    return values | lighter | {"n_layers": layers}


def _longest(free, per_token, per_token_beyond, window):
    """Return the context that fills the free bytes; beyond the window only full layers grow."""
    inside = free / per_token
    with np.errstate(divide="ignore", invalid="ignore"):
        beyond = window + (free - per_token * window) / per_token_beyond
    return np.where(inside <= window, inside, beyond)
