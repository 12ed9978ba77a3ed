"""Figures that others measured, each with its source."""

from __future__ import annotations

from dataclasses import dataclass

from llm_latency.catalogue import read_rows
from llm_latency.hardware import devices
from llm_latency.model import models

__all__ = ["LatencyMeasurement", "MatmulMeasurement", "latencies", "matmuls"]


@dataclass(frozen=True)
class LatencyMeasurement:
    """A published latency of a whole batch.

    Parameters
    ----------
    model, device : str
        Keys of the catalogues.
    n_devices : int, count
        Devices, all used for tensor parallelism.
    batch, prompt, output : int, count
        Sequences, tokens of a prompt, tokens generated per sequence.
    quantity : str
        ``prefill``, ``decode_step`` or ``request``.
    time : float, s
        The latency.
    source, read_on, notes : str
        Where and when it was read, and what is not known about it.
    """

    model: str
    device: str
    n_devices: int
    batch: int
    prompt: int
    output: int
    quantity: str
    time: float
    source: str
    read_on: str
    notes: str


@dataclass(frozen=True)
class MatmulMeasurement:
    """A published time of one matrix product.

    Parameters
    ----------
    device : str
        Key of the catalogue.
    rows, inner, cols : int, count
        Shape of the product.
    time : float, s
        The latency.
    source, read_on, notes : str
        Where and when it was read, and what is not known about it.
    """

    device: str
    rows: int
    inner: int
    cols: int
    time: float
    source: str
    read_on: str
    notes: str


def latencies(**wanted) -> list[LatencyMeasurement]:
    """List the published latencies that match.

    Parameters
    ----------
    **wanted : str or int
        Fields of `LatencyMeasurement` and the values they must have.

    Returns
    -------
    list of LatencyMeasurement
        In the order of the data file.

    Raises
    ------
    ValueError
        If a field is unknown.
    UnknownNameError
        If a model or device is not in the catalogue.

    Examples
    --------
    >>> [row.time for row in latencies(model="GPT-13B", quantity="decode_step")]
    [0.022, 0.0135]

    References
    ----------
    ``lib/llm_latency/data/latencies.csv``.
    """
    return _matching(LatencyMeasurement, "latencies.csv", wanted)


def matmuls(**wanted) -> list[MatmulMeasurement]:
    """List the published times of matrix products that match.

    Parameters
    ----------
    **wanted : str or int
        Fields of `MatmulMeasurement` and the values they must have.

    Returns
    -------
    list of MatmulMeasurement
        In the order of the data file.

    Examples
    --------
    >>> [row.time for row in matmuls(rows=64)]
    [0.00019]

    References
    ----------
    ``lib/llm_latency/data/matmuls.csv``.
    """
    return _matching(MatmulMeasurement, "matmuls.csv", wanted)


def _matching(kind, file, wanted):
    converters = {"str": str, "int": int, "float": float}
    types = {name: converters[annotation] for name, annotation in kind.__annotations__.items()}
    unknown = wanted.keys() - types.keys()
    if unknown:
        raise ValueError(f"no field {', '.join(sorted(unknown))}; fields: {', '.join(types)}")
    for name, catalogue in (("model", models), ("device", devices)):
        if name in wanted:
            catalogue[wanted[name]]  # raises the catalogue's error for an unknown name
    rows = (kind(**{name: types[name](row[name]) for name in types}) for row in read_rows(file))
    return [row for row in rows if all(getattr(row, name) == value for name, value in wanted.items())]
