"""A model as the operators see it: groups of equal layers, the sizes they need, and its parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from llm_latency.catalogue.models import Model, models
from llm_latency.catalogue.tables import look_up
from llm_latency.checks import checked
from llm_latency.evaluation import value_of
from llm_latency.formula import arguments_of
from llm_latency.notation import REGISTRY
from llm_latency.operator_model.operators import LayerKind, ends, layer
from llm_latency.operator_model.passes import Pass, ends_time, layer_time

__all__ = ["LayerGroup", "layer_groups", "parameter_count", "sizes_of_ends"]


@dataclass(frozen=True)
class LayerGroup:
    """Layers of a model that are all alike.

    Parameters
    ----------
    count : int
        How many there are.
    kind : LayerKind
        Which operators one of them has in a decode step.
    sizes : mapping of str to numpy.ndarray
        What these operators need to know of the model's shape, by names of the registry.

    Examples
    --------
    >>> [(group.count, group.kind.experts) for group in layer_groups(models["DeepSeek-V3-671B"])]
    [(3, False), (58, True)]

    References
    ----------
    Derived in operator-model.
    """

    count: int
    kind: LayerKind
    sizes: Mapping[str, np.ndarray]

    def kind_in(self, kind: Pass) -> LayerKind:
        """Which operators a layer has in a pass."""
        return replace(self.kind, absorbed=kind.absorbed or not self.kind.latent)


def layer_groups(model: Model) -> tuple[LayerGroup, ...]:
    """List the groups of equal layers of a model.

    Parameters
    ----------
    model : Model
        A model.

    Returns
    -------
    tuple of LayerGroup
        The groups; their order does not count.

    Raises
    ------
    ValueError
        If the shape is incomplete.

    Examples
    --------
    >>> [group] = layer_groups(models["Llama-3-70B"])
    >>> group.count, group.sizes["n_kv_heads"]
    (80, array(8.))

    References
    ----------
    Derived in operator-model.
    """
    attention = dict(latent=model.kv_rank is not None, compressed_query=model.query_rank is not None)
    shared = model.shared_width is not None
    kinds = {
        LayerKind(**attention, windowed=windowed, experts=experts, shared=experts and shared): count
        for count, windowed, experts in _counts(model)
    }
    sizes = _sizes(model, (*(name for kind in kinds for name in _sizes_of_layer(kind)), *_sizes_of_ends()))
    return tuple(
        LayerGroup(count, kind, {name: sizes[name] for name in _sizes_of_layer(kind)}) for kind, count in kinds.items()
    )


def sizes_of_ends(model: Model) -> dict[str, np.ndarray]:
    """Return what the embedding and the unembedding need of a model's shape, checked, and its number of layers.

    Parameters
    ----------
    model : Model
        A model.

    Returns
    -------
    dict of str to numpy.ndarray
        Values by their names in the registry.

    Raises
    ------
    ValueError
        If the shape is incomplete.

    Examples
    --------
    >>> sizes_of_ends(models["Llama-3-70B"])["vocab"]
    array(128256.)
    """
    return _sizes(model, ("n_layers", *_sizes_of_ends()))


def _counts(model: Model) -> Iterator[tuple[int, bool, bool]]:
    """Yield how many layers have, or have not, a window, and experts."""
    windowed = model.windowed_layers or 0
    dense = (model.dense_layers or 0) if model.n_experts is not None else model.n_layers
    # Which of the windowed layers are dense does not matter: what they take and hold adds up.
    both = min(windowed, dense)
    counts = {
        (True, False): both,
        (True, True): windowed - both,
        (False, False): dense - both,
        (False, True): model.n_layers - windowed - dense + both,
    }
    yield from ((count, *which) for which, count in counts.items() if count)


def _sizes(model: Model, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    known = model.arguments
    missing = [name for name in dict.fromkeys(names) if name not in known]
    if missing:
        raise ValueError(f"{model.name} needs {', '.join(missing)}")
    return {name: checked(name, known[name]) for name in names}


def _of_the_model(expr) -> tuple[str, ...]:
    names = (name for name in arguments_of(expr) if REGISTRY[name].group == "model")
    return tuple(name for name in names if name != "touched_experts")


@cache
def _sizes_of_layer(kind: LayerKind) -> tuple[str, ...]:
    window = ("window",) if kind.windowed else ()
    kinds = (kind, replace(kind, absorbed=False)) if kind.latent else (kind,)
    return tuple(dict.fromkeys((*(name for each in kinds for name in _of_the_model(layer_time(each))), *window)))


@cache
def _sizes_of_ends() -> tuple[str, ...]:
    return _of_the_model(ends_time() + sum(each.params for each in ends()))


def parameter_count(model: str | Model) -> float:
    """Count a model's parameters from its shape.

    Parameters
    ----------
    model : str or Model
        Key of the catalogue, or a model of your own.

    Returns
    -------
    float
        Parameters without biases.

    Raises
    ------
    ValueError
        If the shape is incomplete.

    Examples
    --------
    >>> print(f"{parameter_count('Llama-3-70B'):.4g}")
    7.055e+10

    References
    ----------
    Derived in operator-model, Eq. (eq-decoder-params).
    """
    model = look_up(model, Model, models)
    sizes = sizes_of_ends(model)
    total = sum(value_of(each.params, sizes) for each in ends())
    for group in layer_groups(model):
        total += group.count * sum(value_of(each.params, group.sizes) for each in layer(group.kind))
    return float(total)
