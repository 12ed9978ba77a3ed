"""How long a model takes on a machine, from the operator model: the library's front door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from llm_latency.checks import common_shape, legal_result, scalar_or_array
from llm_latency.evaluation import value_of
from llm_latency.operator_model.deployment import Deployment
from llm_latency.operator_model.memory import check_fit
from llm_latency.operator_model.options import deployed, takes_options
from llm_latency.operator_model.passes import DECODE, PREFILL, Pass
from llm_latency.operator_model.ways import shortest_time

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from llm_latency.catalogue.devices import Device
    from llm_latency.catalogue.models import Model

__all__ = ["decode_step_time", "prefill_time", "request_time"]

REQUEST = ("batch", "prompt", "context", "output", "tp", "pp")
"""The values that an error about a time tells."""


def _seconds(kind: Pass, deployment: Deployment, request: Mapping[str, np.ndarray]) -> np.ndarray:
    """Time a pass; the result has the shape of all the values given, even of those without effect."""
    values = kind.values(request)
    time = shortest_time(kind, deployment, values)
    seconds = value_of(kind.rounds, values) * time + np.zeros(common_shape(request))
    return _legal(f"the time of a {kind.name}", seconds, request)


def _legal(name: str, seconds: np.ndarray, request: Mapping[str, np.ndarray]) -> np.ndarray:
    return legal_result(name, seconds, {each: request[each] for each in REQUEST if each in request})


@takes_options
def decode_step_time(
    model: str | Model,
    device: str | Device,
    *,
    batch: ArrayLike = 1,
    context: ArrayLike,
    draft_tokens: ArrayLike = 0,
    **options,
) -> float | np.ndarray:
    """Time of one decode step of the whole batch.

    Parameters
    ----------
    model : str or Model
        Key of the catalogue, or a model of your own.
    device : str or Device
        Key of the catalogue, or a device of your own.
    batch : float or array_like, count
        Sequences.
    context : float or array_like, count
        Tokens of each sequence already in the KV cache.
    draft_tokens : int or array_like, count, optional
        Drafted tokens of each sequence that the step verifies, beside the one that it would process in any case. What
        makes the drafts, and how many of them are right, is left out.
    **options : see `Deployment`
        How the model is split, stored and run: the parameters of `Deployment`, such as `tp`.

    Returns
    -------
    float or numpy.ndarray, s
        The arguments' broadcast shape.

    Raises
    ------
    UnknownNameError, ValueError
        As for `Deployment`.

    Examples
    --------
    >>> decode_step_time("Llama-3-70B", "H100-SXM", tp=8, batch=[1, 8, 64], context=4096).shape
    (3,)

    References
    ----------
    Derived in operator-model, Eq. (eq-pass-time).
    """
    deployment = deployed(model, device, options)
    request = deployment.request(batch=batch, context=context, draft_tokens=draft_tokens)
    check_fit(deployment, request | {"prompt": 1 + request["draft_tokens"]})
    return scalar_or_array(_seconds(DECODE, deployment, request | {"output": 1}))


@takes_options
def prefill_time(
    model: str | Model,
    device: str | Device,
    *,
    batch: ArrayLike = 1,
    prompt: ArrayLike,
    cached: ArrayLike = 0,
    **options,
) -> float | np.ndarray:
    """Time from the prompts of the whole batch to their first tokens.

    Parameters
    ----------
    model : str or Model
        Key of the catalogue, or a model of your own.
    device : str or Device
        Key of the catalogue, or a device of your own.
    batch : float or array_like, count
        Sequences.
    prompt : float or array_like, count
        Tokens of each prompt.
    cached : float or array_like, count, optional
        Tokens of each sequence that are in the KV cache already, as those of a common beginning or of an earlier part
        of the same prompt. `prompt` counts only what comes after them.
    **options : see `Deployment`
        How the model is split, stored and run: the parameters of `Deployment`, such as `tp`.

    Returns
    -------
    float or numpy.ndarray, s
        The arguments' broadcast shape.

    Raises
    ------
    UnknownNameError, ValueError
        As for `Deployment`.

    Examples
    --------
    >>> prefill_time("Llama-3-70B", "H100-SXM", tp=8, batch=1, prompt=[128, 1024, 8192]).shape
    (3,)

    References
    ----------
    Derived in operator-model, Eq. (eq-pass-time).
    """
    if "context" in options:
        raise TypeError("a prefill has no context: give the tokens that are in the cache already as cached")
    deployment = deployed(model, device, options)
    request = deployment.request(batch=batch, prompt=prompt, cached=cached)
    check_fit(deployment, request | {"context": request["context"] + request["prompt"]})
    return scalar_or_array(_seconds(PREFILL, deployment, request))


@takes_options
def request_time(
    model: str | Model, device: str | Device, *, batch: ArrayLike = 1, prompt: ArrayLike, output: ArrayLike, **options
) -> float | np.ndarray:
    """Time from the prompts of the whole batch to their last tokens: a prefill and the steps after it.

    Parameters
    ----------
    model : str or Model
        Key of the catalogue, or a model of your own.
    device : str or Device
        Key of the catalogue, or a device of your own.
    batch : float or array_like, count
        Sequences.
    prompt : float or array_like, count
        Tokens of each prompt.
    output : int or array_like, count
        Tokens generated for each; the prefill gives the first.
    **options : see `Deployment`
        How the model is split, stored and run: the parameters of `Deployment`, such as `tp`.

    Returns
    -------
    float or numpy.ndarray, s
        The arguments' broadcast shape. The steps are taken at their mean number of keys, which is
        exact as long as no operator switches between memory-bound and compute-bound on the way.

    Raises
    ------
    UnknownNameError, ValueError
        As for `Deployment`.

    Examples
    --------
    >>> print(f"{request_time('Llama-3-70B', 'H100-SXM', tp=8, batch=16, prompt=1024, output=256):.3g} s")
    1.88 s

    References
    ----------
    Derived in operator-model, Eq. (eq-request-time).
    """
    deployment = deployed(model, device, options)
    request = deployment.request(batch=batch, prompt=prompt, output=output)
    steps = request["output"] - 1
    check_fit(deployment, request | {"context": request["prompt"] + steps})
    step = _seconds(DECODE, deployment, request | {"context": request["prompt"], "output": np.maximum(steps, 1)})
    with np.errstate(over="ignore"):  # what comes of it is an error
        seconds = _seconds(PREFILL, deployment, request | {"context": np.zeros(())}) + steps * step
    return scalar_or_array(_legal("the time of a request", seconds, request))
