"""Devices: datasheet figures, each with its source."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, replace
from functools import cached_property
from numbers import Real

import numpy as np

from llm_latency.catalogue.frozen import ReadOnlyDict
from llm_latency.catalogue.tables import Catalogue, Spec
from llm_latency.suggestions import short, suggestion

__all__ = ["COMPUTE_DTYPES", "Device", "check_plausible", "devices"]

LINK_KINDS = ("switched", "mesh", "ring", "torus", "bridge", "pcie", "none")
"""How devices are joined: by a switch, each with each other, around a ring, in a torus, in pairs, over PCIe, not."""
COMPUTE_DTYPES = {
    "fp16": "peak_flops",
    "bf16": "peak_flops",
    "fp8": "peak_flops_fp8",
    "int8": "peak_flops_int8",
    "fp4": "peak_flops_fp4",
}
"""The peak rate that applies to each number format of the arithmetic."""

SHORT_SUMS = {"fp16": "peak_flops_fp16_accumulate", "fp8": "peak_flops_fp8_fp16_accumulate"}
"""The peak rate with sums in 16 bits, where a device has one that is higher."""

MOST_DEVICES = 1e6
PEAKS = (*dict.fromkeys(COMPUTE_DTYPES.values()), *SHORT_SUMS.values())
PLAUSIBLE = dict.fromkeys(PEAKS, ("FLOP/s", 1e9, 1e18, (12, 15))) | {
    "mem_bandwidth": ("byte/s", 1e8, 1e15, (9, 12)),
    "mem_size": ("byte", 1e8, 1e14, (9, 12)),
    "printed_mem_size": ("byte", 1e8, 1e14, (9, 12)),
    "link_bandwidth": ("byte/s", 1e7, 1e14, (9, 12)),
    "network_bandwidth": ("byte/s", 1e6, 1e14, (9, 12)),
    "link_latency": ("s", 0, 0.1, (-6, -9)),
    "network_latency": ("s", 0, 0.1, (-6, -9)),
    "offload_bandwidth": ("byte/s", 1e7, 1e14, (9, 12)),
}
"""Unit of each quantity, what a machine may have, and the powers of ten of other units that people use for it."""


def _is_count_of_devices(value) -> bool:
    try:
        number = float(value) if isinstance(value, Real) and not isinstance(value, bool) else math.nan
    except OverflowError:
        return False
    return 1 <= number < MOST_DEVICES and number.is_integer()


def check_plausible(name: str, value, owner: str = "") -> None:
    """Raise an error if a quantity of a machine is not a number, or so large or small that its unit must be another.

    Parameters
    ----------
    name : str
        A quantity of `Device`.
    value : float or array_like, SI units
        Its value.
    owner : str, optional
        The device, for the message.

    Raises
    ------
    ValueError
        If it is not a number, or not plausible.

    Examples
    --------
    >>> check_plausible("mem_bandwidth", 273)
    Traceback (most recent call last):
    ...
    ValueError: mem_bandwidth = 273 byte/s: must be from 1e8 to 1e15; did you mean 273e9?
    """
    unit, low, high, powers = PLAUSIBLE[name]
    called = f"{owner}: {name}" if owner else name
    try:
        array = np.asarray(value)
    except ValueError:  # ragged
        array = np.asarray(None)
    if array.dtype.kind not in "iuf":
        raise ValueError(f"{called} = {short(value)}: must be a number in {unit}, such as {_power(1e3 * low or 1e-6)}")
    array = array.astype(float)
    outside = ~((array >= low) & (array <= high))  # NaN is outside
    if outside.any():
        first = float(array[outside].flat[0])
        meant = [f"; did you mean {first:g}e{power}?" for power in powers if low < first * 10.0**power <= high]
        hint = meant[0] if meant else ""
        raise ValueError(f"{called} = {first:g} {unit}: must be from {_power(low)} to {_power(high)}{hint}")


def _power(value: float) -> str:
    return f"{value:g}".replace("e+", "e").replace("e0", "e")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Device(Spec):
    """An accelerator as its datasheet describes it.

    Parameters
    ----------
    name : str
        Key in the catalogue.
    peak_flops : float, FLOP/s
        Dense 16-bit peak of the matrix units, with sums in 32 bits.
    peak_flops_fp16_accumulate, peak_flops_fp8_fp16_accumulate : float, FLOP/s, optional
        Dense peak of numbers in 16 bits, and in 8, with sums in 16 bits, where that is faster.
    peak_flops_fp8, peak_flops_int8, peak_flops_fp4 : float, FLOP/s, optional
        Dense peak in other number formats, where there is one; sums in 32 bits.
    mem_bandwidth : float, byte/s
        Peak memory bandwidth.
    mem_size : float, byte, optional
        Memory that the device reports, or the printed size where no report was found; not set for Apple's chips,
        which are sold with several sizes.
    printed_mem_size : float, byte, optional
        Size that the datasheet prints, in gigabytes that often mean gibibytes; a name, in no formula.
    link_bandwidth : float, byte/s, optional
        Peak rate to other devices of the server, one direction, all links together.
    network_bandwidth : float, byte/s, optional
        Peak rate to what lies beyond the links, one direction, in the vendor's own server.
    link_latency, network_latency : float, s, optional
        Latency of one message over links, and to other servers; no datasheet states it.
    link_domain : int, count, optional
        How many devices the links connect with each other.
    link_kind : str, optional
        How: ``switched``, ``mesh`` (each with each other), ``ring``, ``torus``, ``bridge`` (in pairs), ``pcie`` or
        ``none``.
    sources : mapping, optional
        Source of each value.
    remark : str, optional
        What a reader of the catalogue should know about the entry.

    Examples
    --------
    >>> devices["A100-40GB-SXM"].mem_bandwidth
    1555000000000.0
    >>> devices["A100-40GB-SXM"].sources["mem_bandwidth"].unit
    'byte/s'
    >>> devices["A10-40GB-SXM"]
    Traceback (most recent call last):
    ...
    llm_latency.suggestions.UnknownNameError: unknown device 'A10-40GB-SXM'; did you mean 'A100-40GB-SXM' or ...

    References
    ----------
    ``lib/llm_latency/data/devices.csv`` names the source of every value.
    """

    peak_flops: float
    peak_flops_fp16_accumulate: float | None = None
    peak_flops_fp8: float | None = None
    peak_flops_int8: float | None = None
    peak_flops_fp4: float | None = None
    peak_flops_fp8_fp16_accumulate: float | None = None
    mem_bandwidth: float
    mem_size: float | None = None
    printed_mem_size: float | None = None
    link_bandwidth: float | None = None
    network_bandwidth: float | None = None
    link_latency: float | None = None
    network_latency: float | None = None
    link_domain: int | None = None
    link_kind: str | None = None

    words = ReadOnlyDict({"link_kind": LINK_KINDS})

    def __post_init__(self):
        super().__post_init__()
        for name, (unit, *_) in PLAUSIBLE.items():
            if name not in self.__dataclass_fields__:
                continue
            value = getattr(self, name)
            if value is not None or self.__dataclass_fields__[name].default is MISSING:
                check_plausible(name, value, self.name)
            if name in self.sources and self.sources[name].unit != unit:
                raise ValueError(f"{self.name}: {name} is in {short(self.sources[name].unit)}: give it in {unit}")
        if self.link_kind not in (None, *LINK_KINDS):
            raise ValueError(
                f"{self.name}: link_kind = {short(self.link_kind)}: must be one of {', '.join(LINK_KINDS)}"
            )
        if self.link_domain is not None and not _is_count_of_devices(self.link_domain):
            raise ValueError(f"{self.name}: link_domain = {short(self.link_domain)}: must be a whole number >= 1")

    @cached_property
    def arguments(self) -> Mapping[str, float]:
        """The values by their names in the registry, where `peak_flops` is the only peak: see `computing_in`."""
        others = {*PEAKS, "printed_mem_size", "link_domain"} - {"peak_flops"}
        return ReadOnlyDict({name: value for name, value in super().arguments.items() if name not in others})

    @property
    def compute_dtypes(self) -> tuple[str, ...]:
        """The number formats that the device computes in."""
        return tuple(name for name, peak in COMPUTE_DTYPES.items() if getattr(self, peak) is not None)

    def peak_in(self, dtype: str) -> float:
        """Return the peak of a number format: with sums in 16 bits where that is faster, which some engines use.

        Parameters
        ----------
        dtype : str
            ``fp16``, ``bf16``, ``fp8``, ``int8`` or ``fp4``.

        Returns
        -------
        float, FLOP/s
            Dense peak of the matrix units.

        Raises
        ------
        ValueError
            If the format is unknown, or the device does not compute in it.

        Examples
        --------
        >>> devices["H100-SXM"].peak_in("fp8")
        1979000000000000.0
        >>> devices["RTX-4090"].peak_in("bf16"), devices["RTX-4090"].peak_in("fp16")
        (165200000000000.0, 330300000000000.0)
        """
        if not isinstance(dtype, str):
            raise ValueError(f"compute_dtype = {short(dtype)}: must be one of {', '.join(COMPUTE_DTYPES)}")
        available = self.compute_dtypes
        if dtype not in available:
            hint = "" if dtype in COMPUTE_DTYPES else suggestion(dtype, available)
            raise ValueError(f"compute_dtype = {short(dtype)}: {hint}{self.name} computes in {', '.join(available)}")
        return getattr(self, self._peak_of(dtype))

    def _peak_of(self, dtype: str) -> str:
        """Name the peak that applies to a number format."""
        usual, short_sums = COMPUTE_DTYPES[dtype], SHORT_SUMS.get(dtype, COMPUTE_DTYPES[dtype])
        return short_sums if (getattr(self, short_sums) or 0) > getattr(self, usual) else usual

    def computing_in(self, dtype: str) -> Device:
        """Return the device with the peak of another number format.

        Parameters
        ----------
        dtype : str
            ``fp16``, ``bf16``, ``fp8``, ``int8`` or ``fp4``.

        Returns
        -------
        Device
            The same device, with that peak as its `peak_flops` and no other.

        Raises
        ------
        ValueError
            If the format is unknown, or the device does not compute in it.

        Examples
        --------
        >>> devices["H100-SXM"].computing_in("fp8").peak_flops
        1979000000000000.0
        >>> devices["A100-80GB-SXM"].computing_in("fp8")
        Traceback (most recent call last):
        ...
        ValueError: compute_dtype = 'fp8': A100-80GB-SXM computes in fp16, bf16, int8
        """
        rate, peak = self.peak_in(dtype), self._peak_of(dtype)
        others = dict.fromkeys({*PEAKS} - {"peak_flops"})
        sources = {**self.sources, "peak_flops": self.sources[peak]} if peak in self.sources else self.sources
        return replace(self, peak_flops=rate, sources=sources, **others)


devices: Catalogue[Device] = Catalogue(Device, "devices.csv")
