"""What tensor parallelism sends: the all-reduce, in the two ways it is scheduled.

An all-reduce adds up one vector over all devices and leaves the sum on each. It has two phases, a
reduce-scatter and an all-gather. A schedule decides how many messages follow one another in a phase.
"""

import sympy as sp

from llm_latency.formula import Formula
from llm_latency.notation import (
    FLOP,
    byte,
    bytes_per_activation,
    d_model,
    devices_per_node,
    flops_per_mac,
    hops,
    link_bandwidth,
    link_efficiency,
    link_latency,
    message_bytes,
    n_devices,
    network_bandwidth,
    peak_flops,
    pp,
    second,
    stage_bandwidth,
    tp,
)
from llm_latency.transformer import layer_weights

__all__ = [
    "all_reduce_bytes",
    "all_reduce_time",
    "balanced_message_bytes",
    "balanced_width",
    "communication_intensity",
    "direct_all_reduce_time",
    "direct_phase_time",
    "link_ridge_point",
    "ring_all_reduce_time",
    "ring_phase_time",
    "stage_send_time",
]

PAGE = "decode-latency"
PHASES = 2
"""Phases of an all-reduce: reduce-scatter and all-gather."""
ALL_REDUCES_PER_LAYER = 2
"""All-reduces of a tensor-parallel layer: after the attention's output matrix, after the MLP."""

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

balanced_message_bytes = Formula(
    name="balanced_message_bytes",
    latex=r"D^{*}",
    form=link_latency * link_bandwidth * n_devices / (n_devices - 1),
    unit=byte,
    meaning="vector for which a phase of the direct exchange spends as long on latency as on bytes",
    page="communication",
    example="n_devices=16, link_bandwidth=300e9, link_latency=8e-6",
    result="2.56e+06",
)

link_ridge_point = Formula(
    name="link_ridge_point",
    latex=r"I_{\mathrm{ridge}}^{\mathrm{link}}",
    form=peak_flops / link_bandwidth,
    unit=FLOP / byte,
    meaning="work per byte sent at which computing and sending take equally long",
    page="communication",
    example="peak_flops=312e12, link_bandwidth=300e9",
    result="1040",
)

communication_intensity = Formula(
    name="communication_intensity",
    latex=r"I_{\mathrm{layer}}^{\mathrm{link}}",
    form=(
        flops_per_mac * layer_weights.term
        / (ALL_REDUCES_PER_LAYER * PHASES * bytes_per_activation * d_model * (n_devices - 1))
    ),
    unit=FLOP / byte,
    meaning="work of a layer's matrices per byte that its device sends",
    page="communication",
    example="d_model=16384, mlp_width=65536, bytes_per_activation=2, n_devices=16",
    result="3277",
    assumes=("attention and MLP in sequence",),
)

balanced_width = Formula(
    name="balanced_width",
    latex=r"h^{*}",
    form=(n_devices - 1) * bytes_per_activation / flops_per_mac * link_ridge_point.term,
    unit=sp.S.One,
    meaning="width at which the attention's output matrix computes for as long as its phase sends",
    page="communication",
    example="n_devices=16, bytes_per_activation=2, peak_flops=312e12, link_bandwidth=300e9",
    result="1.56e+04",
)

_in_node = sp.Min(tp, devices_per_node)
_nodes = sp.Max(1, tp / devices_per_node)

all_reduce_time = Formula(
    name="all_reduce_time",
    latex=r"t_{\mathrm{all\text{-}reduce}}",
    form=PHASES * (
        hops * link_latency
        + sp.Max(
            (_in_node - 1) / _in_node / link_bandwidth,
            (_nodes - 1) / _nodes / (_in_node * network_bandwidth),
        )
        * message_bytes / link_efficiency
    ),
    unit=second,
    meaning="time of an all-reduce with messages in a row in each phase, within servers and between them at once",
    page="operator-model",
    example=(
        "hops=1, link_latency=8e-6, message_bytes=32768, link_efficiency=1, tp=16, devices_per_node=8, "
        "link_bandwidth=300e9, network_bandwidth=25e9"
    ),
    result="1.619e-05",
)

stage_send_time = Formula(
    name="stage_send_time",
    latex=r"t_{\mathrm{stages}}",
    form=(pp - 1) * (link_latency + message_bytes / (tp * link_efficiency * stage_bandwidth)),
    unit=second,
    meaning="time in which the activations of a pass travel through all stages, each device sending its part",
    page="operator-model",
    example="pp=2, link_latency=8e-6, message_bytes=32768, tp=1, link_efficiency=1, stage_bandwidth=300e9",
    result="8.109e-06",
)
