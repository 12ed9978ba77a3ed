"""What a deployment holds in memory, and what fits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, reduce
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

from llm_latency.checks import check_shapes, checked, common_shape, legal_result, scalar_or_array
from llm_latency.evaluation import value_of
from llm_latency.notation import (
    batch,
    mem_size,
)
from llm_latency.numerals import numeral
from llm_latency.operator_model.deployment import Deployment
from llm_latency.operator_model.execution import Execution, operators_of
from llm_latency.operator_model.operators import STREAM_BYTES, LayerKind
from llm_latency.operator_model.options import deployed, takes_options
from llm_latency.operator_model.passes import DECODE, PREFILL
from llm_latency.operator_model.search import by_bisection, by_newton, largest_between
from llm_latency.suggestions import short
from llm_latency.table import markdown_table

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from llm_latency.catalogue.devices import Device
    from llm_latency.catalogue.models import Model

__all__ = ["MEMORY_RULES", "Memory", "check_fit", "held_bytes", "memory"]

GIGABYTE = 1e9

_weights, _sequence, _own, _prefill, _held, _reserved = (
    sp.Symbol(part, positive=True)
    for part in ("weights", "sequence", "own_activations", "prefill_activations", "held", "reserved")
)
_free = mem_size - _reserved - _weights
_activations_of_a_pass = sp.Max(batch * _own, _prefill, evaluate=False)
KEEP_AT_MOST = {"window": "windowed_kv_length", "chunk": "chunked_kv_length"}
"""What limits the keys that a layer keeps, and the symbol that stands for their number."""
MEMORY_RULES = {
    "activations": _activations_of_a_pass,
    "held": _weights + batch * _sequence + _activations_of_a_pass,
    "fits": _held <= mem_size - _reserved,
    "largest_batch": sp.Max(
        0,
        sp.Min(sp.floor(_free / (_sequence + _own)), sp.floor((_free - _prefill) / _sequence), evaluate=False),
        evaluate=False,
    ),
}
"""What follows from the bytes of weights, of a sequence's cache and activations, and of the activations of prompts, in
the library and in the browser's calculator. A pass works on the whole batch, or on some prompts."""


@dataclass(frozen=True)
class Memory:
    """What the fullest device holds.

    Parameters
    ----------
    weights, kv_cache, activations : float or numpy.ndarray, byte
        The parts. Activations are those of one micro-batch: the residual stream, and the input and
        output of the widest kernel. What an engine keeps for itself is not included.
    mem_size, reserved : float, byte
        Memory of the device, and what of it the engine keeps.
    offloaded : float or numpy.ndarray, byte
        What lies in a second memory beside these parts.
    largest_batch, largest_context : float or numpy.ndarray, count
        The largest of each that fits while the other is as given; 0 if not even the weights fit. The
        largest context is at most the positions that the model has learned, and infinite if no more of
        the cache is kept however long it grows.

    Examples
    --------
    >>> found = memory("Mixtral-8x7B", "A100-80GB-SXM", tp=2, batch=32, context=8192)
    >>> found.fits, found.largest_batch
    (True, 71.0)

    References
    ----------
    Derived in operator-model, Eq. (eq-memory).
    """

    weights: float
    kv_cache: float
    activations: float
    mem_size: float
    reserved: float
    offloaded: float
    largest_batch: float
    largest_context: float

    @property
    def total(self):
        """Sum of the parts, byte."""
        return self.weights + self.kv_cache + self.activations

    @property
    def fits(self):
        """Whether the total is no more than what the device's memory leaves: a bool, or an array of them."""
        parts = {"held": self.total, "mem_size": self.mem_size, "reserved": self.reserved}
        fits = value_of(MEMORY_RULES["fits"], parts)
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
        } | {
            name: words
            for name, words in {"reserved": "of it the engine keeps", "offloaded": "in a second memory"}.items()
            if getattr(self, name)
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
    prefill_batch: ArrayLike | None = None,
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
    prefill_batch : float or array_like, count, optional
        Sequences whose prompts one pass processes at once, beside the steps of the whole batch; all of them unless
        given, as if their prefills were simultaneous.
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
    if prefill_batch is not None:
        request["prefill_batch"] = _checked_prefill_batch(prefill_batch, request)
    with np.errstate(over="ignore", invalid="ignore"):
        parts = _parts(deployment, request)
        held = value_of(MEMORY_RULES["held"], parts)
        legal_result("the memory", held, {name: request[name] for name in ("batch", "context", "prompt")})
        found = (
            parts["weights"],
            parts["sequence"] * parts["batch"],
            value_of(MEMORY_RULES["activations"], parts),
            parts["mem_size"],
            parts["reserved"],
            parts["offloaded"],
            _largest_batch(deployment, request, parts),
            _largest_context(deployment, parts),
        )
    common = np.zeros(common_shape(request))
    return Memory(*(scalar_or_array(part + common) for part in found))


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
    ValueError: Llama-3-70B on H100-SXM does not fit: 142.4 GB on a device of 85.0 GB

    References
    ----------
    Derived in operator-model, Eq. (eq-memory).
    """
    if not deployment.check_fit:
        return
    parts = _parts(deployment, request)
    held = value_of(MEMORY_RULES["held"], parts)
    total, size, kept = np.broadcast_arrays(held, parts["mem_size"], parts["reserved"])
    if not np.all(value_of(MEMORY_RULES["fits"], {"held": total, "mem_size": size, "reserved": kept})):
        worst = np.argmax(total + kept - size)
        reserve = kept.ravel()[worst]
        raise ValueError(
            f"{deployment.title} does not fit: {total.ravel()[worst] / GIGABYTE:.1f} GB on a device of "
            f"{size.ravel()[worst] / GIGABYTE:.1f} GB"
            + (f", of which the engine keeps {reserve / GIGABYTE:.1f}" if reserve else "")
        )


def _checked_prefill_batch(prefill_batch: ArrayLike, request: dict[str, np.ndarray]) -> np.ndarray:
    given = checked("batch", prefill_batch, "prefill_batch")
    check_shapes({**request, "prefill_batch": given})
    if np.any(given > request["batch"]):
        raise ValueError(f"prefill_batch = {short(prefill_batch)}: must be at most the batch")
    return given


@cache
def held_bytes(kind: LayerKind, execution: Execution) -> dict[str, sp.Expr]:
    """List what a device holds of one layer.

    Parameters
    ----------
    kind : LayerKind
        The kind of the layer.
    execution : Execution
        How its operators run.

    Returns
    -------
    dict of str to sympy.Expr
        Bytes of the ``weights``, of the cache of one ``sequence``, and of the widest kernel's ``live`` activations.

    Examples
    --------
    >>> held_bytes(LayerKind(), Execution())["sequence"]
    2*bytes_per_kv*kv_length*head_dim*Max(1, n_kv_heads/tp)

    References
    ----------
    Derived in operator-model, Eq. (eq-memory).
    """
    operators = operators_of(kind, execution)
    return {
        "weights": sp.Add(*(each.held_bytes for each in operators)),
        "sequence": sp.Add(*(each.kept_bytes / batch for each in operators)),
        "live": sp.Max(*(each.live_bytes for each in operators), evaluate=False),
    }


def _parts(deployment: Deployment, request: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the parts of `MEMORY_RULES` for a request."""
    available = deployment.memory
    if ((request["prompt"] > 1) & (request["prompt"] > request["context"])).any():
        raise ValueError("prompt must be <= context: the tokens of a pass are in the cache after it")
    parts = {"batch": request["batch"], **_held(deployment, request, deployment.storage), **available}
    parts["offloaded"] = np.zeros(())
    if deployment.offload != "none":
        everywhere = _held(deployment, request, replace(deployment.storage, offload="none"))
        elsewhere = {part: everywhere[part] - parts[part] for part in everywhere}
        parts["offloaded"] = elsewhere["weights"] + request["batch"] * elsewhere["sequence"]
    if "prefill_batch" not in request:
        own = _activations(deployment, request) / request["batch"]
        return parts | {"own_activations": own, "prefill_activations": np.zeros(())}
    own = _activations(deployment, request | {"prompt": np.ones(())}) / request["batch"]
    at_once = request | {"batch": request["prefill_batch"] * deployment.values["microbatches"]}
    return parts | {"own_activations": own, "prefill_activations": _activations(deployment, at_once)}


def _held(deployment: Deployment, request: dict[str, np.ndarray], execution: Execution) -> dict[str, np.ndarray]:
    """Return the bytes of weights and of the cache of a sequence."""
    values = deployment.values
    ends = operators_of(None, execution)
    first, last = (value_of(each.held_bytes, values) for each in ends)
    # The first of several stages has the embedding, the last an unembedding matrix, tied or not.
    either = np.maximum(first, value_of(ends[-1].weight_bytes, values))
    layers = [
        value_of(held_bytes(group.kind, execution)["weights"], values | group.sizes) for group in deployment.groups
    ]
    weights = np.where(values["pp"] > 1, either, first + last) + _fullest_stage(deployment, layers)
    return {"weights": weights, "sequence": _cached(deployment, request["context"], request["batch"], execution)}


def _activations(deployment: Deployment, request: dict[str, np.ndarray]) -> np.ndarray:
    """Return the bytes of the activations of a pass: the residual stream, and those of the widest kernel."""
    kind = DECODE if np.all(request["prompt"] == 1) else PREFILL
    values = PREFILL.values(request | {"context": np.zeros(())})  # what an engine holds at least
    live = [value_of(each.live_bytes, values) for each in operators_of(None, deployment.storage)]
    for group in deployment.groups:
        held = held_bytes(group.kind_in(kind), deployment.storage)
        live.append(value_of(held["live"], PREFILL.reached(values | group.sizes)))
    return value_of(STREAM_BYTES, values) + reduce(np.maximum, live)


def _cached(
    deployment: Deployment, length: np.ndarray, sequences: np.ndarray, execution: Execution | None = None
) -> np.ndarray:
    """Return the bytes of the cache of one sequence of several; a window keeps no more keys than its own."""
    execution = execution or deployment.storage
    found = []
    for group in deployment.groups:
        own = deployment.values | group.sizes | {"batch": sequences}
        kept = {"kv_length": length}
        kept |= {kv: np.minimum(length, own.get(limit, np.inf)) for limit, kv in KEEP_AT_MOST.items()}
        found.append(value_of(held_bytes(group.kind, execution)["sequence"], own | kept))
    return _fullest_stage(deployment, found)


def _fullest_stage(deployment: Deployment, bytes_of_layers: list[np.ndarray]) -> np.ndarray:
    """Add up the heaviest layers of the groups, as many as the largest stage has."""
    counts = [group.count for group in deployment.groups]
    left, *sizes = np.broadcast_arrays(np.ceil(sum(counts) / deployment.values["pp"]), *bytes_of_layers)
    order = np.argsort(-np.array(sizes), axis=0, kind="stable")
    total = np.zeros(left.shape)
    for count, size in zip(np.take(counts, order), np.take_along_axis(np.array(sizes), order, axis=0), strict=True):
        taken = np.minimum(left, count)
        total, left = total + taken * size, left - taken
    return total


def _largest_context(deployment: Deployment, parts: dict[str, np.ndarray]) -> np.ndarray:
    """Return the largest context whose cache fits beside the rest."""
    activations = value_of(MEMORY_RULES["activations"], parts)
    free = (parts["mem_size"] - parts["reserved"] - parts["weights"] - activations) / parts["batch"]
    several_stages = np.any(deployment.values["pp"] > 1) and len(deployment.groups) > 1
    find = by_bisection if several_stages else by_newton
    length = find(lambda length: _cached(deployment, length, parts["batch"]), free, len(deployment.groups))
    learned = deployment.values["n_positions"]
    return np.minimum(length, np.where(learned > 0, learned, np.inf))


def _largest_batch(deployment: Deployment, request: dict[str, np.ndarray], parts: dict[str, np.ndarray]) -> np.ndarray:
    """Return the largest batch that fits; where devices divide sequences, one of them may have one more than others."""
    if deployment.storage.cache_split in ("heads", "context"):
        return value_of(MEMORY_RULES["largest_batch"], parts)
    step = request | ({"prompt": np.ones(())} if "prefill_batch" in request else {})

    def held(batch: np.ndarray) -> dict[str, np.ndarray]:
        own = _activations(deployment, step | {"batch": batch}) / batch
        sequence = _cached(deployment, request["context"], batch)
        return parts | {"batch": batch, "sequence": sequence, "own_activations": own}

    def fits(batch: np.ndarray) -> np.ndarray:
        some = held(np.maximum(batch, 1))
        return value_of(MEMORY_RULES["fits"], some | {"held": value_of(MEMORY_RULES["held"], some)})

    # In whole rounds, which bring each device a sequence in each micro-batch, no device has more than others. A batch
    # between two rounds holds at least its part of the next one.
    one_round = deployment.values["tp"] * deployment.values["microbatches"]
    most = value_of(MEMORY_RULES["largest_batch"], held(one_round))
    return largest_between(fits, np.maximum(0, most - one_round), most)
