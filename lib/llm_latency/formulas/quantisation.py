"""Fewer bits per number: what quantisation leaves to store and to read."""

from llm_latency.formula import formula
from llm_latency.notation import bits_per_byte, byte, group_size, scale_bits, weight_bits, zero_point_bits


@formula(
    r"b_{w}^{\mathrm{quantised}}",
    byte,
    page="quantisation",
    example=dict(weight_bits=4, group_size=128, scale_bits=16, zero_point_bits=4),
    result=0.5195,
)
def quantised_bytes():
    """Bytes per parameter of weights that are quantised in groups."""
    return (weight_bits + (scale_bits + zero_point_bits) / group_size) / bits_per_byte
