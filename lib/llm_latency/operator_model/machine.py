"""The machine of a deployment: the memory and the rates of its devices, of their links and of the network beyond."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from llm_latency.catalogue.devices import Device, check_plausible
from llm_latency.checks import checked
from llm_latency.notation import REGISTRY
from llm_latency.suggestions import short

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["memory_of", "rates_of"]

LEAST_RESERVE = 1e6
"""Fewer bytes than these are not meant as bytes."""


def rates_of(
    device: Device,
    values: Mapping[str, np.ndarray],
    *,
    compute_dtype: str,
    network_bandwidth: ArrayLike | None,
    link_latency: ArrayLike | None,
    network_latency: ArrayLike | None,
    all_reduce: str,
) -> dict[str, np.ndarray]:
    """Return the rates of a device, its links and its network.

    Parameters
    ----------
    device : Device
        The device.
    values : mapping of str to numpy.ndarray
        How the model is split, by names of the registry.
    compute_dtype, network_bandwidth, link_latency, network_latency, all_reduce : str or array_like
        As in `Deployment`.

    Returns
    -------
    dict of str to numpy.ndarray
        Values by their names in the registry.

    Raises
    ------
    ValueError
        If the device does not compute in the number format.

    Examples
    --------
    >>> from llm_latency.catalogue.devices import devices
    >>> split = {"tp": np.array(8), "pp": np.array(1), "devices_per_node": np.array(8)}
    >>> options = dict(compute_dtype="fp16", network_bandwidth=None, link_latency=None, network_latency=None)
    >>> int(rates_of(devices["H100-SXM"], split, all_reduce="ring", **options)["hops"])
    7

    References
    ----------
    Derived in operator-model, Eq. (eq-pass-time).
    """
    # A single device sends nothing, and a single server sends nothing to others: any rate will do there.
    link = 1 if device.link_bandwidth is None else device.link_bandwidth
    networks = (network_bandwidth, device.network_bandwidth, link)
    latencies = (link_latency, device.link_latency, 0)
    beyond = (network_latency, device.network_latency, *latencies)
    rates = {
        "flops_per_mac": REGISTRY["flops_per_mac"].constant,
        "peak_flops": checked("peak_flops", device.peak_in(compute_dtype)),
        "mem_bandwidth": checked("mem_bandwidth", device.mem_bandwidth),
        "link_bandwidth": checked("link_bandwidth", link),
        "network_bandwidth": checked("network_bandwidth", next(rate for rate in networks if rate is not None)),
        "link_latency": checked("link_latency", next(each for each in latencies if each is not None)),
        "network_latency": checked("network_latency", next(each for each in beyond if each is not None)),
    }
    peers = values["tp"] - 1
    rates["hops"] = peers if all_reduce == "ring" else np.minimum(peers, 1)
    return rates | _between_stages(values, rates)


def _between_stages(values: Mapping[str, np.ndarray], rates: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the mean rate and latency from stage to stage: between servers of the network, else of the links."""
    steps, per_node = values["pp"] - 1, values["devices_per_node"]
    servers = np.ceil(values["tp"] * values["pp"] / per_node)
    outside = np.where(values["tp"] >= per_node, steps, servers - 1)
    inverse = outside / rates["network_bandwidth"] + (steps - outside) / rates["link_bandwidth"]
    mean = np.maximum(steps, 1) / np.where(steps > 0, inverse, 1)
    share = outside / np.maximum(steps, 1)
    return {
        "stage_bandwidth": np.where(steps > 0, mean, rates["link_bandwidth"]),
        "stage_latency": share * rates["network_latency"] + (1 - share) * rates["link_latency"],
    }


def memory_of(
    device: Device,
    *,
    mem_size: ArrayLike | None,
    memory_reserve: ArrayLike,
    gpu_memory_utilization: ArrayLike | None,
) -> dict[str, np.ndarray]:
    """Return the memory of a device, and what of it an engine keeps for itself.

    Parameters
    ----------
    device : Device
        The device.
    mem_size, memory_reserve, gpu_memory_utilization : array_like
        As in `Deployment`.

    Returns
    -------
    dict of str to numpy.ndarray, byte
        ``mem_size`` and ``reserved``.

    Raises
    ------
    ValueError
        If the memory is not known, or what is kept is not part of it.

    Examples
    --------
    >>> from llm_latency.catalogue.devices import devices
    >>> options = dict(mem_size=64e9, memory_reserve=0, gpu_memory_utilization=0.75)
    >>> memory_of(devices["Apple-M3-Max-40GPU"], **options)["reserved"]
    array(1.6e+10)

    References
    ----------
    Page ``operator-model``.
    """
    if mem_size is not None:
        check_plausible("mem_size", mem_size)
    elif device.mem_size is None:
        raise ValueError(f"{device.name} has no mem_size: its memory is not known; give it as mem_size, in bytes")
    size = checked("mem_size", device.mem_size if mem_size is None else mem_size)
    if gpu_memory_utilization is None:
        given = checked("memory_reserve", memory_reserve)
        reserved = np.where(given < 1, np.minimum(given, 1) * size, given)
        illegal = ((given >= 1) & (given < LEAST_RESERVE)) | (reserved >= size)
        if illegal.any():
            first = short(float(np.broadcast_to(given, illegal.shape)[illegal].flat[0]))
            raise ValueError(f"memory_reserve = {first}: must be a share below 1, or bytes from 1e6 to the memory")
    elif np.any(np.asarray(memory_reserve) != 0):
        raise ValueError("memory_reserve and gpu_memory_utilization say the same: give one of them")
    else:
        reserved = (1 - checked("gpu_memory_utilization", gpu_memory_utilization)) * size
    return {"mem_size": size, "reserved": np.asarray(reserved)}
