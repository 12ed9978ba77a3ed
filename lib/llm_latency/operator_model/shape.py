"""A model as the operators see it: groups of equal layers, the sizes they need, and its parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import sympy as sp

from llm_latency.catalogue.layers import LayerGroup
from llm_latency.catalogue.models import Model, models
from llm_latency.catalogue.tables import look_up
from llm_latency.checks import checked
from llm_latency.evaluation import value_of
from llm_latency.formula import arguments_of
from llm_latency.notation import REGISTRY, residual_blocks
from llm_latency.operator_model.execution import Execution, ends_time
from llm_latency.operator_model.operator import QUANTITIES
from llm_latency.operator_model.operators import LayerKind, ends, layer
from llm_latency.operator_model.passes import Pass

WITHOUT_CONVOLUTION = {"state_key_dim": 0, "conv_width": 0, "conv_taps": 1}
"""Sizes of a recurrent layer that may be left out."""

__all__ = ["EqualLayers", "layer_groups", "parameter_count", "sizes_of_ends"]


@dataclass(frozen=True)
class EqualLayers:
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
    [(58, True), (3, False)]

    References
    ----------
    Derived in operator-model.
    """

    count: int
    kind: LayerKind
    sizes: Mapping[str, np.ndarray]

    def kind_in(self, kind: Pass) -> LayerKind:
        """Which operators a layer has in a pass from nothing."""
        return replace(self.kind, absorbed=kind.absorbed or not self.kind.latent)

    def ways_in(
        self, kind: Pass, executions: Iterable[Execution], over_a_cache: bool
    ) -> tuple[tuple[LayerKind, Execution], ...]:
        """How a layer can run in a pass: over a cache, latent vectors need not be expanded."""
        usual = self.kind_in(kind)
        kinds = (usual,) if usual.absorbed or not over_a_cache else (usual, replace(usual, absorbed=True))
        return tuple((each, execution) for each in kinds for execution in executions)


def layer_groups(model: Model) -> tuple[EqualLayers, ...]:
    """List the groups of equal layers of a model.

    Parameters
    ----------
    model : Model
        A model.

    Returns
    -------
    tuple of EqualLayers
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
    model_sizes = {"d_model": model.d_model} | WITHOUT_CONVOLUTION
    groups = [(group.n_layers, _kind(group), model_sizes | group.sizes) for group in model.layers]
    missing = [name for _, kind, known in groups for name in _sizes_of_layer(kind) if name not in known]
    _refuse_incomplete(model, missing)
    return tuple(
        EqualLayers(count, kind, {name: checked(name, known[name]) for name in _sizes_of_layer(kind)})
        for count, kind, known in groups
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
    _refuse_incomplete(model)
    return {name: checked(name, model.arguments[name]) for name in ("n_layers", *_sizes_of_ends())}


def _refuse_incomplete(model: Model, missing: Iterable[str] = ()) -> None:
    """Raise an error that names what a model lacks: in its layers, and at its ends."""
    missing = dict.fromkeys([*missing, *(name for name in _sizes_of_ends() if name not in model.arguments)])
    if missing:
        raise ValueError(f"{model.name} needs {', '.join(missing)}")


def _kind(group: LayerGroup) -> LayerKind:
    """Say which operators a layer has; what is not known counts as there, so that it is asked for."""
    found = {"attention": group.n_heads != 0, "recurrent": bool(group.state_heads)}
    if found["attention"]:
        latent = bool(group.kv_rank)
        fixed = latent or bool(group.output_rank)
        found |= {
            "latent": latent,
            "compressed_query": bool(group.query_rank),
            "one_vector": bool(group.output_rank),
            "compressed": bool(group.compression),
            "unlike_values": not fixed and bool(group.value_dim) and group.value_dim != group.head_dim,
            "projections": 2 if fixed or group.kv_projections is None else group.kv_projections,
            "windowed": bool(group.window),
            "chunked": bool(group.chunk),
            "sparse": bool(group.index_topk),
            "indexer": bool(group.index_heads),
        }
    experts = bool(group.n_experts)
    found |= {"mlp": experts or group.mlp_width != 0, "experts": experts}
    if experts:
        found |= {"shared": bool(group.shared_width), "narrow_experts": bool(group.expert_input)}
    return LayerKind(**found, others=bool(group.other_params), lookups=bool(group.lookup_params))


def _of_the_model(expr) -> tuple[str, ...]:
    names = (name for name in arguments_of(expr) if REGISTRY[name].group == "model")
    return tuple(name for name in names if name != "touched_experts")


@cache
def _sizes_of_layer(kind: LayerKind) -> tuple[str, ...]:
    limits = {"window": kind.windowed, "chunk": kind.chunked, "index_topk": kind.sparse}
    kinds = (kind, replace(kind, absorbed=False)) if kind.latent else (kind,)
    quantities = [getattr(each, name) for one in kinds for each in layer(one) for name in QUANTITIES]
    used = _of_the_model(sp.Tuple(*quantities, residual_blocks))
    return tuple(dict.fromkeys((*used, *(name for name, limited in limits.items() if limited))))


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
