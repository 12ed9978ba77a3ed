"""A model as the operators see it: which of them it has, the sizes they need, and its parameters."""

from __future__ import annotations

from functools import cache

import numpy as np

from llm_latency.catalogue.models import Model, models
from llm_latency.catalogue.tables import look_up
from llm_latency.checks import checked
from llm_latency.evaluation import value_of
from llm_latency.formula import arguments_of
from llm_latency.notation import REGISTRY
from llm_latency.operator_model.operators import Architecture, decoder_params
from llm_latency.operator_model.passes import pass_time

__all__ = ["architecture_of", "parameter_count", "shape_values"]


def architecture_of(model: Model, absorbed: bool = True) -> Architecture:
    """Say which operators a model has.

    Parameters
    ----------
    model : Model
        A model.
    absorbed : bool, optional
        Whether latent attention works on compressed vectors, as in a decode step.

    Returns
    -------
    Architecture
        What `decoder` takes.

    Examples
    --------
    >>> architecture_of(models["Mixtral-8x7B"]).experts
    True

    References
    ----------
    Derived in operator-model.
    """
    return Architecture(
        latent=model.kv_rank is not None,
        compressed_query=model.query_rank is not None,
        absorbed=absorbed,
        windowed=bool(model.windowed_layers),
        dense=model.n_experts is None or bool(model.dense_layers),
        experts=model.n_experts is not None,
        shared=model.shared_width is not None,
    )


@cache
def _shape_arguments(architecture: Architecture) -> tuple[str, ...]:
    """List what a model's shape must give: the symbols of its operators in the group ``model``."""
    expr = pass_time(architecture) + decoder_params(architecture)
    windows = ("window",) if architecture.windowed else ()
    derived = ("touched_experts",)
    return (*(name for name in arguments_of(expr) if REGISTRY[name].group == "model" and name not in derived), *windows)


def shape_values(model: Model) -> dict[str, np.ndarray]:
    """Return what the operators need of a model's shape, checked.

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
    >>> shape_values(models["Llama-3-70B"])["n_kv_heads"]
    array(8.)
    """
    known = model.arguments
    wanted = dict.fromkeys(
        name for absorbed in (True, False) for name in _shape_arguments(architecture_of(model, absorbed))
    )
    missing = [name for name in wanted if name not in known]
    if missing:
        raise ValueError(f"{model.name} needs {', '.join(missing)}")
    return {name: checked(name, known[name]) for name in wanted}


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
    return float(value_of(decoder_params(architecture_of(model)), shape_values(model)))
