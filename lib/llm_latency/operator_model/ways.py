"""In which of several ways the layers of a pass run: the fastest, with what comes from a second memory meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

import numpy as np

from llm_latency.evaluation import value_of
from llm_latency.operator_model.deployment import Deployment
from llm_latency.operator_model.execution import Execution, ends_time, layer_time, offload_time
from llm_latency.operator_model.operators import LayerKind
from llm_latency.operator_model.passes import Pass
from llm_latency.operator_model.shape import EqualLayers

__all__ = ["fastest_ways", "shortest_time"]


def shortest_time(kind: Pass, deployment: Deployment, values: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the time of one micro-batch, every layer in its fastest way.

    Parameters
    ----------
    kind : Pass
        The pass.
    deployment : Deployment
        A model on a machine.
    values : mapping of str to numpy.ndarray
        What `Pass.values` returns.

    Returns
    -------
    numpy.ndarray, s
        The longer time of running its operators and of fetching what they need from a second memory.

    Examples
    --------
    >>> from llm_latency.operator_model.passes import DECODE
    >>> deployment = Deployment(model="Llama-3-8B", device="H100-SXM")
    >>> values = DECODE.values(deployment.request(batch=1, context=4096) | {"output": 1})
    >>> print(f"{1e3 * shortest_time(DECODE, deployment, values):.2f} ms")
    4.64 ms

    References
    ----------
    Derived in parallelism, Eq. (eq-offload-time).
    """
    ends = _times_of_ends(deployment, values)
    groups = [_times(group, kind, deployment, values) for group in deployment.groups]
    running, fetching = (
        sum((reduce(np.minimum, (way[which] for way in group)) for group in groups), start=ends[which])
        for which in (0, 1)
    )
    if deployment.offload == "none":
        return running
    time = np.array(np.maximum(running, fetching))
    # Seldom is no way of a layer both the fastest and the one that fetches least; only then they must be weighed up.
    torn = reduce(np.logical_or, (~_one_is_least_in_both(group) for group in groups))
    for place in map(tuple, np.argwhere(np.broadcast_to(torn, time.shape))):
        at_place = [[_at(place, time.shape, way) for way in group] for group in groups]
        time[place], _ = _weighed_up(at_place, _at(place, time.shape, ends))
    return time


def fastest_ways(
    kind: Pass, deployment: Deployment, values: Mapping[str, np.ndarray]
) -> list[tuple[LayerKind, Execution]]:
    """Choose the way in which each group of layers runs, for a single configuration.

    Parameters
    ----------
    kind : Pass
        The pass.
    deployment : Deployment
        A model on a machine.
    values : mapping of str to numpy.ndarray
        What `Pass.values` returns, without arrays.

    Returns
    -------
    list of tuple of LayerKind and Execution
        One for each of the deployment's groups.

    Examples
    --------
    >>> from llm_latency.operator_model.passes import DECODE
    >>> deployment = Deployment(model="Llama-3-8B", device="H100-SXM", tp=16, cache_split="best")
    >>> values = DECODE.values(deployment.request(batch=64, context=4096) | {"output": 1})
    >>> [way.cache_split for _, way in fastest_ways(DECODE, deployment, values)]
    ['sequences']

    References
    ----------
    Derived in parallelism, Eq. (eq-offload-time).
    """
    ways = [_ways(group, kind, deployment, values) for group in deployment.groups]
    if all(len(each) == 1 for each in ways):
        return [each for [each] in ways]
    groups = [_times(group, kind, deployment, values) for group in deployment.groups]
    _, chosen = _weighed_up(groups, _times_of_ends(deployment, values))
    return [each[number] for each, number in zip(ways, chosen, strict=True)]


def _ways(
    group: EqualLayers, kind: Pass, deployment: Deployment, values: Mapping[str, np.ndarray]
) -> tuple[tuple[LayerKind, Execution], ...]:
    return group.ways_in(kind, deployment.executions, bool(np.any(values["context"] > 0)))


def _times(
    group: EqualLayers, kind: Pass, deployment: Deployment, values: Mapping[str, np.ndarray]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return, for each way, how long the layers of a group run, and how long they fetch.

    A way that only a cache allows takes forever where there is none.
    """
    own = kind.reached(values | group.sizes)
    always = group.ways_in(kind, deployment.executions, over_a_cache=False)
    found = []
    for way in _ways(group, kind, deployment, values):
        running = group.count * value_of(layer_time(*way), own)
        running = running if way in always else np.where(values["context"] > 0, running, np.inf)
        found.append((running, group.count * value_of(offload_time(*way), own)))
    return found


def _times_of_ends(deployment: Deployment, values: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the same of what a pass does but once."""
    first = deployment.executions[0]
    return value_of(ends_time(first), values), value_of(offload_time(None, first), values)


def _one_is_least_in_both(ways: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Say where one of several ways both runs and fetches no longer than any other."""
    running, fetching = (reduce(np.minimum, (way[which] for way in ways)) for which in (0, 1))
    return reduce(np.logical_or, ((way[0] == running) & (way[1] == fetching) for way in ways))


def _at(place: tuple[int, ...], shape: tuple[int, ...], times: tuple[np.ndarray, np.ndarray]) -> tuple[float, ...]:
    return tuple(float(np.broadcast_to(time, shape)[place]) for time in times)


def _weighed_up(
    groups: Sequence[Sequence[tuple[float, float]]], ends: tuple[float, float]
) -> tuple[float, tuple[int, ...]]:
    """Choose a way for each group so that the longer of two sums is the shortest; return it, and the choices.

    Of all that the first groups can choose, only what no other choice beats in both sums is carried on.
    """
    carried = [(*ends, ())]
    for ways in groups:
        sums = sorted(
            (running + way[0], fetching + way[1], (*chosen, number))
            for running, fetching, chosen in carried
            for number, way in enumerate(ways)
        )
        carried = sums[:1]
        for each in sums[1:]:
            if each[1] < carried[-1][1]:
                carried.append(each)
    running, fetching, chosen = min(carried, key=lambda each: max(each[:2]))
    return max(running, fetching), chosen
