"""What tensor parallelism sends: the all-reduce, in the two ways it is scheduled.

An all-reduce adds up one vector over all devices and leaves the sum on each. It has two phases, a
reduce-scatter and an all-gather. A schedule decides how many messages follow one another in a phase.
"""

import sympy as sp

from llm_latency.formula import formula
from llm_latency.formulas.examples import A100, GPT_260B
from llm_latency.formulas.roofline import overlapped
from llm_latency.formulas.transformer import layer_weights
from llm_latency.notation import (
    FLOP,
    byte,
    bytes_per_activation,
    d_model,
    devices_per_node,
    exchanged_bytes,
    flops_per_mac,
    hops,
    link_bandwidth,
    link_copies,
    link_efficiency,
    link_latency,
    message_bytes,
    n_devices,
    network_bandwidth,
    network_copies,
    network_latency,
    peak_flops,
    pp,
    second,
    sharing,
    stage_bandwidth,
    stage_latency,
    tp,
)

PAGE = "decode-latency"
PHASES = 2
"""Phases of an all-reduce: reduce-scatter and all-gather."""
ALL_REDUCES_PER_LAYER = 2
"""All-reduces of a tensor-parallel layer: after the attention's output matrix, after the MLP."""

_phase_share = (n_devices - 1) / n_devices
_transfer_time = _phase_share * message_bytes / link_bandwidth


@formula(r"D_{\mathrm{sent}}", byte, page=PAGE, example=dict(n_devices=16, message_bytes=32768), result=6.144e04)
def all_reduce_bytes():
    """Bytes that each device sends in one all-reduce."""
    return _phase_share * message_bytes * PHASES


@formula(
    r"t_{\mathrm{phase}}^{\mathrm{direct}}",
    second,
    page=PAGE,
    example=GPT_260B | dict(message_bytes=32768),
    result=8.102e-06,
)
def direct_phase_time():
    """Time of one phase of an all-reduce whose devices exchange with all peers at once."""
    return sp.Min(1, n_devices - 1) * link_latency + _transfer_time


@formula(
    r"t_{\mathrm{phase}}^{\mathrm{ring}}",
    second,
    page=PAGE,
    example=GPT_260B | dict(message_bytes=32768),
    result=0.0001201,
)
def ring_phase_time():
    """Time of one phase of an all-reduce whose devices pass pieces around a ring."""
    return (n_devices - 1) * link_latency + _transfer_time


@formula(r"t_{\mathrm{direct}}", second, page=PAGE, example=GPT_260B | dict(message_bytes=32768), result=1.62e-05)
def direct_all_reduce_time():
    """Time of an all-reduce whose devices exchange directly with all peers at once."""
    return PHASES * direct_phase_time.term


@formula(r"t_{\mathrm{ring}}", second, page=PAGE, example=GPT_260B | dict(message_bytes=32768), result=0.0002402)
def ring_all_reduce_time():
    """Time of an all-reduce whose devices pass pieces around a ring."""
    return PHASES * ring_phase_time.term


@formula(r"D^{*}", byte, page="communication", example=GPT_260B, result=2.56e06)
def balanced_message_bytes():
    """Vector for which a phase of the direct exchange spends as long on latency as on bytes."""
    return link_latency * link_bandwidth * n_devices / (n_devices - 1)


@formula(r"I_{\mathrm{ridge}}^{\mathrm{link}}", FLOP / byte, page="communication", example=A100, result=1040)
def link_ridge_point():
    """Work per byte sent at which computing and sending take equally long."""
    return peak_flops / link_bandwidth


@formula(
    r"I_{\mathrm{layer}}^{\mathrm{link}}",
    FLOP / byte,
    page="communication",
    example=GPT_260B,
    result=3277,
    assumes=("attention and MLP in sequence",),
)
def communication_intensity():
    """Work of a layer's matrices per byte that its device sends."""
    return (
        flops_per_mac
        * layer_weights.term
        / (ALL_REDUCES_PER_LAYER * PHASES * bytes_per_activation * d_model * (n_devices - 1))
    )


@formula(r"h^{*}", sp.S.One, page="communication", example=GPT_260B, result=1.56e04)
def balanced_width():
    """Width at which the attention's output matrix computes for as long as its phase sends."""
    return (n_devices - 1) * bytes_per_activation / flops_per_mac * link_ridge_point.term


_nodes = sp.ceiling(tp / devices_per_node)
_in_node = tp / _nodes
_beyond = dict(network_bandwidth=25e9, network_latency=8e-6)
_beyond_hops = sp.Min(hops, _nodes - 1)


@formula(
    r"t_{\mathrm{all\text{-}reduce}}",
    second,
    page="operator-model",
    example=A100 | _beyond | dict(hops=1, message_bytes=32768, link_efficiency=1, tp=16, devices_per_node=8),
    result=1.619e-05,
)
def all_reduce_time():
    """Time of an all-reduce with messages in a row in each phase, within servers and between them at once."""
    return PHASES * (
        (hops - _beyond_hops) * link_latency
        + _beyond_hops * network_latency
        + overlapped(
            (_in_node - 1) / _in_node / link_bandwidth,
            (_nodes - 1) / _nodes / (_in_node * network_bandwidth),
        )
        * message_bytes
        / link_efficiency
    )


_sharing_nodes = sp.ceiling(sharing / devices_per_node)
_sharing_in_node = sharing / _sharing_nodes
_sharing_hops = sp.Min(hops, sharing - 1)
_sharing_beyond = sp.Min(_sharing_hops, _sharing_nodes - 1)
_sharing_example = A100 | _beyond | dict(hops=1, sharing=8, devices_per_node=8)
_exchange_example = _sharing_example | dict(exchanged_bytes=32768, link_efficiency=1)


@formula(r"t_{x}", second, page="parallelism", example=_sharing_example, result=8e-06)
def exchange_latency():
    """Latency of a phase in which devices that divide a cache send to each other, some of them over the network."""
    return (_sharing_hops - _sharing_beyond) * link_latency + _sharing_beyond * network_latency


@formula(
    r"t_{\mathrm{exchange}}",
    second,
    page="parallelism",
    example=_exchange_example,
    result=1.61e-05,
)
def exchange_time():
    """Time in which devices that divide the sequences of a cache send each other queries and results."""
    elsewhere = (sharing - _sharing_in_node) / sharing / network_bandwidth
    at_once = overlapped((_sharing_in_node - 1) / sharing / link_bandwidth, elsewhere)
    return PHASES * exchange_latency.term + at_once * exchanged_bytes / link_efficiency


@formula(
    r"t_{\mathrm{gather}}",
    second,
    page="parallelism",
    example=_exchange_example,
    result=1.676e-05,
)
def gather_time():
    """Time in which devices that divide the context of a cache send queries to all of them, and add up results."""
    elsewhere = (_sharing_nodes - 1) / network_bandwidth
    # Links pass on what one device of a server has received from the others, as in an all-reduce.
    at_once = overlapped((sharing - _sharing_nodes) / link_bandwidth, elsewhere)
    return PHASES * exchange_latency.term + at_once * exchanged_bytes / link_efficiency


_dispatch_hops = sp.Min(hops, sp.ceiling(link_copies + network_copies))
_dispatch_beyond = sp.Min(_dispatch_hops, sp.ceiling(network_copies))


@formula(
    r"t_{v}",
    second,
    page="parallelism",
    example=A100 | _beyond | dict(hops=1, link_copies=4.5, network_copies=0),
    result=8e-06,
)
def dispatch_latency():
    """Latency of a phase in which vectors travel to the devices of their experts, some of them over the network."""
    return (_dispatch_hops - _dispatch_beyond) * link_latency + _dispatch_beyond * network_latency


@formula(
    r"t_{\mathrm{dispatch}}",
    second,
    page="parallelism",
    example=A100 | _beyond | dict(hops=1, message_bytes=32768, link_efficiency=1, link_copies=4.5, network_copies=0),
    result=1.698e-05,
)
def dispatch_time():
    """Time in which the vectors of a device's tokens travel to the devices of their experts, and results back."""
    at_once = overlapped(link_copies / link_bandwidth, network_copies / network_bandwidth)
    return PHASES * (dispatch_latency.term + at_once * message_bytes / link_efficiency)


@formula(
    r"t_{\mathrm{stages}}",
    second,
    page="operator-model",
    example=dict(pp=2, stage_latency=8e-6, message_bytes=32768, tp=1, link_efficiency=1, stage_bandwidth=300e9),
    result=8.109e-06,
)
def stage_send_time():
    """Time in which the activations of a pass travel through all stages, each device sending its part."""
    return (pp - 1) * (stage_latency + message_bytes / (tp * link_efficiency * stage_bandwidth))
