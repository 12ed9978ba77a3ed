"""Devices: datasheet figures, each with its source."""

from dataclasses import dataclass

from llm_latency.catalogue import Catalogue, Spec

__all__ = ["Device", "devices"]


@dataclass(frozen=True, kw_only=True)
class Device(Spec):
    """An accelerator as its datasheet describes it.

    Parameters
    ----------
    name : str
        Key in the catalogue.
    peak_flops : float, FLOP/s
        Dense 16-bit peak of the matrix units.
    mem_bandwidth : float, byte/s
        Peak memory bandwidth.
    mem_size : float, byte
        Memory.
    link_bandwidth : float, byte/s
        Peak rate to other devices, one direction, all links together.
    link_latency : float, s, optional
        Latency of one message; no datasheet states it.
    sources : mapping, optional
        Source of each value.

    Examples
    --------
    >>> devices["A100-40GB-SXM"].mem_bandwidth
    1555000000000.0
    >>> devices["A100-40GB-SXM"].sources["mem_bandwidth"].unit
    'byte/s'
    >>> devices["A10-40GB-SXM"]
    Traceback (most recent call last):
    ...
    llm_latency.names.UnknownNameError: unknown device 'A10-40GB-SXM'; did you mean 'A100-40GB-SXM' or ...

    References
    ----------
    ``lib/llm_latency/data/devices.csv`` names the source of every value.
    """

    peak_flops: float
    mem_bandwidth: float
    mem_size: float
    link_bandwidth: float
    link_latency: float | None = None


devices = Catalogue(Device, "devices.csv")
