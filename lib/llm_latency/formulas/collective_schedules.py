"""How long one call of a collective takes: its start, its messages in a row, and its bytes.

A schedule decides how many messages follow one another and how many bytes leave a device. How the devices are
joined decides which schedules there are, and at what rate the bytes leave.
"""

import sympy as sp

from llm_latency.formula import formula
from llm_latency.formulas.collectives import PHASES
from llm_latency.notation import (
    byte,
    devices_per_node,
    devices_per_switch,
    link_bandwidth,
    link_latency,
    message_bytes,
    message_overhead,
    n_devices,
    network_bandwidth,
    network_latency,
    second,
    start_latency,
    torus_axes,
    uplink_bandwidth,
)

PAGE = "collectives"
SERVER = dict(
    start_latency=8e-6,
    link_latency=1e-6,
    message_overhead=0.1e-6,
    link_bandwidth=300e9,
    n_devices=8,
    message_bytes=1e6,
)
"""A server of eight, in round numbers."""
CLUSTER = SERVER | dict(n_devices=16, devices_per_node=8, network_bandwidth=25e9, network_latency=5e-6)
"""Two of them, with a network card for each device."""

_others = n_devices - 1
_part = message_bytes / n_devices
_nodes = n_devices / devices_per_node
_in_node = devices_per_node - 1


@formula(r"t_{\mathrm{call}}^{\mathrm{send}}", second, page=PAGE, example=SERVER, result=1.233e-05)
def point_to_point_call_time():
    """Time of a vector's way from one device to another."""
    return start_latency + link_latency + message_bytes / link_bandwidth


@formula(r"t_{\mathrm{call}}^{\mathrm{gather}}", second, page=PAGE, example=SERVER, result=1.792e-05)
def gather_call_time():
    """Time of an all-gather or a reduce-scatter on a ring."""
    return start_latency + _others * link_latency + _others * _part / link_bandwidth


@formula(r"t_{\mathrm{call}}^{\mathrm{all\text{-}to\text{-}all}}", second, page=PAGE, example=SERVER, result=1.262e-05)
def all_to_all_call_time():
    """Time of an all-to-all: each device sends every other one a part of its vector, to all of them at once."""
    return start_latency + link_latency + _others * message_overhead + _others * _part / link_bandwidth


@formula(r"t_{\mathrm{call}}^{\mathrm{ring}}", second, page=PAGE, example=SERVER, result=2.783e-05)
def ring_call_time():
    """Time of an all-reduce on a ring: a reduce-scatter, then an all-gather."""
    return start_latency + PHASES * (_others * link_latency + _others * _part / link_bandwidth)


@formula(r"t_{\mathrm{call}}^{\mathrm{tree}}", second, page=PAGE, example=SERVER, result=2.067e-05)
def tree_call_time():
    """Time of an all-reduce up and down two binary trees, each for one half of the vector."""
    return start_latency + PHASES * (sp.log(n_devices, 2) * link_latency + message_bytes / link_bandwidth)


@formula(r"t_{\mathrm{call}}^{\mathrm{one\text{-}shot}}", second, page=PAGE, example=SERVER, result=3.303e-05)
def one_shot_call_time():
    """Time of an all-reduce in which each device sends its whole vector to all others."""
    return start_latency + link_latency + _others * (message_overhead + message_bytes / link_bandwidth)


@formula(r"t_{\mathrm{call}}^{\mathrm{two\text{-}shot}}", second, page=PAGE, example=SERVER, result=1.723e-05)
def two_shot_call_time():
    """Time of an all-reduce in two steps: each device adds up its part of the vector, then sends the sum to all."""
    return start_latency + PHASES * (link_latency + _others * (message_overhead + _part / link_bandwidth))


@formula(r"t_{\mathrm{call}}^{\mathrm{multicast}}", second, page=PAGE, example=SERVER, result=1.375e-05)
def multicast_call_time():
    """Time of an all-reduce whose switch adds up what it reads and copies what it passes on."""
    return start_latency + PHASES * link_latency + (message_bytes + _part) / link_bandwidth


@formula(
    r"t_{\mathrm{call}}^{\mathrm{torus}}", second, page=PAGE, example=SERVER | dict(torus_axes=3), result=1.983e-05
)
def torus_call_time():
    """Time of an all-reduce on the rings of a torus, one axis after another, with all links in use at all times."""
    ring = n_devices ** (1 / torus_axes)
    steps = torus_axes * (ring - 1)
    return start_latency + PHASES * (steps * link_latency + _others * _part / link_bandwidth)


@formula(
    r"t_{\mathrm{call}}^{\mathrm{mesh}}", second, page=PAGE, example=SERVER | dict(devices_per_node=8), result=1.723e-05
)
def mesh_call_time():
    """Time of a two-shot all-reduce of devices that have a link of their own to each device of their server."""
    one_link = link_bandwidth / _in_node
    return start_latency + PHASES * (link_latency + _others * message_overhead + _part / one_link)


@formula(
    r"t_{\mathrm{call}}^{\mathrm{uplink}}",
    second,
    page=PAGE,
    example=SERVER | dict(link_bandwidth=25e9, uplink_bandwidth=25e9, devices_per_switch=4),
    result=0.0001714,
)
def uplink_call_time():
    """Time of a two-shot all-reduce in a tree of switches, each of which has one link to the other devices."""
    crossing = devices_per_switch * (n_devices - devices_per_switch) * _part
    sending = sp.Max(_others * _part / link_bandwidth, crossing / uplink_bandwidth)
    return start_latency + PHASES * (link_latency + _others * message_overhead + sending)


@formula(r"t_{\mathrm{call}}^{\mathrm{flat}}", second, page=PAGE, example=CLUSTER, result=6.337e-05)
def flat_ring_call_time():
    """Time of an all-reduce on rings through several servers, as many as a server has network cards."""
    steps = (_others - _nodes) * link_latency + _nodes * network_latency
    return start_latency + PHASES * (steps + _others * _part / (devices_per_node * network_bandwidth))


@formula(r"t_{\mathrm{call}}^{\mathrm{levels}}", second, page=PAGE, example=CLUSTER, result=4.283e-05)
def hierarchical_call_time():
    """Time of an all-reduce in levels: a reduce-scatter in each server, sums between servers, an all-gather in each."""
    steps = _in_node * link_latency + (_nodes - 1) * network_latency
    inside = _in_node / devices_per_node * message_bytes / link_bandwidth
    between = (_nodes - 1) / _nodes * (message_bytes / devices_per_node) / network_bandwidth
    return start_latency + PHASES * (steps + inside + between)


@formula(r"D_{\mathrm{shot}}", byte, page=PAGE, example=SERVER, result=9.714e04)
def one_shot_limit():
    """Largest vector for which one-shot is faster than two-shot, between more than two devices."""
    step = link_latency + _others * message_overhead
    return n_devices / (_others * (n_devices - 2)) * step * link_bandwidth


@formula(r"D_{\mathrm{tree}}", byte, page=PAGE, example=SERVER, result=9.6e06)
def tree_limit():
    """Largest vector for which a tree is faster than a ring, between more than two devices."""
    return n_devices * (_others - sp.log(n_devices, 2)) * link_latency * link_bandwidth


@formula(r"D_{\mathrm{levels}}", byte, page=PAGE, example=CLUSTER, result=1.509e07)
def hierarchy_limit():
    """Largest vector for which levels are faster than flat rings, where the links lose to all network cards."""
    saved = (_in_node * (_nodes - 1) - 1) * link_latency + network_latency
    lost = _in_node / devices_per_node * (1 / link_bandwidth - 1 / (n_devices * network_bandwidth))
    return saved / lost
