"""The time of a collective within one server, with constants fitted to published measurements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from llm_latency.catalogue.dataset import Dataset
from llm_latency.catalogue.devices import Device, devices
from llm_latency.catalogue.tables import look_up
from llm_latency.checks import check_together, checked, scalar_or_array
from llm_latency.evaluation import value_of
from llm_latency.formula import Formula
from llm_latency.formulas.collective_schedules import (
    all_to_all_call_time,
    gather_call_time,
    multicast_call_time,
    one_shot_call_time,
    ring_call_time,
    two_shot_call_time,
)
from llm_latency.suggestions import short, suggestion

__all__ = [
    "HANDS_OVER",
    "SCHEDULES",
    "CollectiveConstants",
    "collective_constants",
    "collective_time",
    "fastest",
    "schedules_of",
]

SCHEDULES: dict[tuple[str, str], Formula] = {
    ("all-reduce", "ring"): ring_call_time,
    ("all-reduce", "one-shot"): one_shot_call_time,
    ("all-reduce", "two-shot"): two_shot_call_time,
    ("all-reduce", "multicast"): multicast_call_time,
    ("all-gather", "ring"): gather_call_time,
    ("reduce-scatter", "ring"): gather_call_time,
    ("all-to-all", "direct"): all_to_all_call_time,
}
"""The formula of each operation and schedule that the measurements show."""
HANDS_OVER = {"TensorRT-LLM custom": "NCCL", "vLLM custom, graph": "NCCL"}
"""Implementations that leave messages too large for them to another one."""
FEWEST, MOST = 2, 8
"""How many devices took part in what was measured."""


@dataclass(frozen=True, kw_only=True)
class CollectiveConstants:
    """What a call of a collective costs with one schedule, fitted to measured times.

    Parameters
    ----------
    device, implementation, operation : str
        As in the measurements.
    left_out : int, count
        Number of devices whose times the fit did not see; 0 if it saw all.
    schedule : str
        Key of `SCHEDULES` beside the operation.
    regime : str
        Messages for which it is the fastest: ``small``, ``medium`` or ``large``.
    start_latency, link_latency, message_overhead : float, s
        Constants of the schedule's formula; one that it lacks is 0.
    link_bandwidth : float, byte/s
        Rate at which a device sends.
    launch_latency : float, s
        Time of the host to launch the call, which no schedule can be faster than.
    determined : str
        How the constants were told apart.
    """

    device: str
    implementation: str
    operation: str
    left_out: int
    schedule: str
    regime: str
    start_latency: float
    link_latency: float
    message_overhead: float
    link_bandwidth: float
    launch_latency: float
    determined: str


collective_constants = Dataset(CollectiveConstants, "collective_constants.csv")


def fastest(schedules: Iterable[CollectiveConstants], values: Mapping[str, ArrayLike]) -> np.ndarray:
    """Return the time of the fastest of some schedules.

    Parameters
    ----------
    schedules : iterable of CollectiveConstants
        The schedules among which an implementation chooses.
    values : mapping of str to array_like
        ``n_devices`` and ``message_bytes``, checked.

    Returns
    -------
    numpy.ndarray, s
        The time.

    Examples
    --------
    >>> nccl = schedules_of("all-reduce", "H100-SXM", "NCCL")
    >>> print(f"{fastest(nccl, {'n_devices': 8.0, 'message_bytes': 16384.0}):.3g}")
    1.77e-05

    References
    ----------
    Page ``collectives``.
    """
    times = [
        np.maximum(
            each.launch_latency, value_of(SCHEDULES[each.operation, each.schedule].expr, {**vars(each), **values})
        )
        for each in schedules
    ]
    return np.minimum.reduce(times)


def schedules_of(
    operation: str, device: str | Device, implementation: str, left_out: int = 0
) -> list[CollectiveConstants]:
    """List the schedules of an implementation with their constants, those of the one it hands over to included.

    Parameters
    ----------
    operation, device, implementation : str, str or Device, str
        As in `collective_time`.
    left_out : int, count, optional
        Number of devices whose times the fit is not to have seen.

    Returns
    -------
    list of CollectiveConstants
        The schedules.

    Raises
    ------
    ValueError
        If they were not measured; the message names what was.

    Examples
    --------
    >>> [each.schedule for each in schedules_of("all-reduce", "H100-SXM", "vLLM custom, graph")]
    ['one-shot', 'two-shot', 'ring', 'ring', 'ring', 'multicast']

    References
    ----------
    Page ``collectives``.
    """
    name = look_up(device, Device, devices).name
    _check("device", name, list(collective_constants))
    _check("operation", operation, collective_constants(device=name))
    _check("implementation", implementation, collective_constants(device=name, operation=operation))
    names = [implementation, *([HANDS_OVER[implementation]] if implementation in HANDS_OVER else [])]
    wanted = dict(device=name, operation=operation, left_out=left_out)
    return [row for each in names for row in collective_constants(implementation=each, **wanted)]


def _check(field: str, value: object, rows: list[CollectiveConstants]) -> None:
    """Raise an error if no row has a value in a field."""
    known = list(dict.fromkeys(getattr(row, field) for row in rows))
    if value not in known:
        raise ValueError(
            f"{field} = {short(value)}: its collectives were not measured; {suggestion(value, known)}"
            f"measured: {'; '.join(known)}"
        )


def collective_time(
    operation: str,
    device: str | Device,
    *,
    n_devices: ArrayLike,
    message_bytes: ArrayLike,
    implementation: str = "NCCL",
) -> float | np.ndarray:
    """Return the time of one call of a collective between the devices of one server.

    ::

        time = start_latency + steps * link_latency + bytes_sent / link_bandwidth

    with the constants of the fastest schedule of the implementation. They are fitted to times published for 2, 4
    and 8 devices; for all-reduces the median error is 4 %, and 6 % for numbers of devices that the fit has not seen.

    Parameters
    ----------
    operation : str
        ``all-reduce``, ``all-gather``, ``reduce-scatter`` or ``all-to-all``.
    device : str or Device
        ``A100-80GB-SXM`` or ``H100-SXM``.
    n_devices : float or array_like, count
        Devices of the server that take part, 2 to 8.
    message_bytes : float or array_like, byte
        Size of the vector: what an all-reduce sums, an all-gather leaves on each device, and each device brings
        to a reduce-scatter or an all-to-all. Measured from 256 bytes to 268 MB.
    implementation : str, optional
        ``NCCL``; for all-reduces also ``TensorRT-LLM custom``, ``vLLM custom, graph`` and ``vLLM custom, eager``.

    Returns
    -------
    float or numpy.ndarray, s
        The time, in the arguments' broadcast shape.

    Raises
    ------
    UnknownNameError
        If the device is not in the catalogue.
    ValueError
        If the operation, the device or the implementation was not measured, or a number is outside its range.

    Examples
    --------
    >>> print(f"{collective_time('all-reduce', 'A100-80GB-SXM', n_devices=4, message_bytes=16384):.3g}")
    1.59e-05
    >>> print(f"{collective_time('all-gather', 'H100-SXM', n_devices=8, message_bytes=268e6):.3g}")
    0.00082
    >>> collective_time("all-reduce", "T4", n_devices=4, message_bytes=16384)
    Traceback (most recent call last):
    ...
    ValueError: device = 'T4': its collectives were not measured; measured: A100-80GB-SXM; H100-SXM

    References
    ----------
    Page ``collectives`` derives the schedules and compares the times with the measured ones.
    """
    schedules = schedules_of(operation, device, implementation)
    values = {
        name: checked(name, value) for name, value in (("n_devices", n_devices), ("message_bytes", message_bytes))
    }
    check_together(values)
    outside = (values["n_devices"] < FEWEST) | (values["n_devices"] > MOST)
    if outside.any():
        first = values["n_devices"][outside].ravel()[0]
        raise ValueError(f"n_devices = {first}: must be from {FEWEST} to {MOST}, as measured in one server")
    return scalar_or_array(fastest(schedules, values))
