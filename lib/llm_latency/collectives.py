"""What tensor parallelism sends: the all-reduce, in the two ways it is scheduled.

An all-reduce adds up one vector over all devices and leaves the sum on each. It has two phases, a
reduce-scatter and an all-gather. A schedule decides how many messages follow one another in a phase.
"""

import sympy as sp

from llm_latency.formula import Formula
from llm_latency.notation import byte, link_bandwidth, link_latency, message_bytes, n_devices, second

__all__ = [
    "all_reduce_bytes",
    "direct_all_reduce_time",
    "direct_phase_time",
    "ring_all_reduce_time",
    "ring_phase_time",
]

PAGE = "decode-latency"
PHASES = 2
"""Phases of an all-reduce: reduce-scatter and all-gather."""

_phase_share = (n_devices - 1) / n_devices
_transfer_time = _phase_share * message_bytes / link_bandwidth

all_reduce_bytes = Formula(
    name="all_reduce_bytes",
    latex=r"D_{\mathrm{sent}}",
    form=_phase_share * message_bytes * PHASES,
    unit=byte,
    meaning="bytes that each device sends in one all-reduce",
    page=PAGE,
    example="n_devices=16, message_bytes=32768",
    result="6.144e+04",
)

direct_phase_time = Formula(
    name="direct_phase_time",
    latex=r"t_{\mathrm{phase}}^{\mathrm{direct}}",
    form=sp.Min(1, n_devices - 1) * link_latency + _transfer_time,
    unit=second,
    meaning="time of one phase of an all-reduce whose devices exchange with all peers at once",
    page=PAGE,
    example="n_devices=16, message_bytes=32768, link_bandwidth=300e9, link_latency=8e-6",
    result="8.102e-06",
)

ring_phase_time = Formula(
    name="ring_phase_time",
    latex=r"t_{\mathrm{phase}}^{\mathrm{ring}}",
    form=(n_devices - 1) * link_latency + _transfer_time,
    unit=second,
    meaning="time of one phase of an all-reduce whose devices pass pieces around a ring",
    page=PAGE,
    example="n_devices=16, message_bytes=32768, link_bandwidth=300e9, link_latency=8e-6",
    result="0.0001201",
)

direct_all_reduce_time = Formula(
    name="direct_all_reduce_time",
    latex=r"t_{\mathrm{direct}}",
    form=PHASES * direct_phase_time.term,
    unit=second,
    meaning="time of an all-reduce whose devices exchange directly with all peers at once",
    page=PAGE,
    example="n_devices=16, message_bytes=32768, link_bandwidth=300e9, link_latency=8e-6",
    result="1.62e-05",
)

ring_all_reduce_time = Formula(
    name="ring_all_reduce_time",
    latex=r"t_{\mathrm{ring}}",
    form=PHASES * ring_phase_time.term,
    unit=second,
    meaning="time of an all-reduce whose devices pass pieces around a ring",
    page=PAGE,
    example="n_devices=16, message_bytes=32768, link_bandwidth=300e9, link_latency=8e-6",
    result="0.0002402",
)
