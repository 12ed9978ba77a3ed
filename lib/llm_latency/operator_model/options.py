"""The options of a deployment, as the functions that take them by name pass them on."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields
from typing import TypeVar

from llm_latency.catalogue.devices import Device
from llm_latency.catalogue.models import Model
from llm_latency.operator_model.deployment import Deployment
from llm_latency.suggestions import short, suggestion

__all__ = ["deployed", "takes_options"]


def deployed(model: str | Model, device: str | Device, options: dict) -> Deployment:
    """Make a deployment from options by name.

    Parameters
    ----------
    model, device : str or Model, str or Device
        As in `Deployment`.
    options : dict
        The other parameters of `Deployment`.

    Returns
    -------
    Deployment
        The deployment.

    Raises
    ------
    TypeError
        If there is no such option.

    Examples
    --------
    >>> deployed("GPT-13B", "A100-40GB-SXM", {"tpp": 2})
    Traceback (most recent call last):
    ...
    TypeError: unknown option 'tpp'; did you mean 'tp' or 'pp'? the options are the parameters of ll.Deployment

    References
    ----------
    Page ``operator-model``.
    """
    known = [item.name for item in fields(Deployment) if item.name not in ("model", "device")]
    for name in options:
        if name not in known:
            hint = suggestion(name, known)
            raise TypeError(f"unknown option {short(name)}; {hint}the options are the parameters of ll.Deployment")
    return Deployment(model=model, device=device, **options)


Function = TypeVar("Function", bound=Callable)


def takes_options(function: Function) -> Function:
    """Show the options of `Deployment` in the signature of a function that passes them on.

    Parameters
    ----------
    function : callable
        A function with ``**options``.

    Returns
    -------
    callable
        The same function.

    Examples
    --------
    >>> @takes_options
    ... def time(model, device, **options): ...
    >>> list(inspect.signature(time).parameters)[:4]
    ['model', 'device', 'tp', 'pp']
    """
    signature = inspect.signature(function)
    own = [each for each in signature.parameters.values() if each.kind is not each.VAR_KEYWORD]
    every = inspect.signature(Deployment).parameters.values()
    options = [each for each in every if each.name not in signature.parameters]
    function.__signature__ = signature.replace(parameters=[*own, *options])
    return function
