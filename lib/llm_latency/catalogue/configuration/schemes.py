"""Schemes that store weights in few bits, by the names that configurations give them, and their bits of a weight."""

from typing import NamedTuple

__all__ = []

HALF, SINGLE, BYTE = 16, 32, 8
"""Bits of a number in 16-bit, 32-bit and 8-bit formats."""

MXFP4 = 4 + BYTE / 32
NVFP4 = 4 + BYTE / 16
MXFP8 = 8 + BYTE / 32
EXPERT_DTYPES = {"fp4": MXFP4, "fp8": 8, "bf16": 16, "bfloat16": 16}
"""Number formats of experts beside quantised other weights, and their bits with the share of a scale."""
PRESETS = {
    **{"W8A8": 8, "INT8": 8, "FP8": 8, "FP8_DYNAMIC": 8, "W8A16": 8 + HALF / 128},
    **{"W4A16": 4 + HALF / 128, "W4A16_ASYM": 4 + (HALF + 4) / 128, "W3A16": 3 + HALF / 128},
    **{"W4A8": 8 + HALF / 128, "W4AFP8": 8 + HALF / 128},  # 4 bits in a byte each
    **{"FP8_BLOCK": 8 + HALF / 128**2, "NVFP4": NVFP4, "NVFP4A16": NVFP4, "MXFP4": MXFP4, "MXFP4A16": MXFP4},
    **{"MXFP8": MXFP8, "MXFP8A16": MXFP8, "UNQUANTIZED": None},
}
"""Schemes that compressed-tensors knows by name, and their bits of a weight."""
ALGORITHMS = {
    **{"FP8": 8, "FP8_PER_CHANNEL_PER_TOKEN": 8, "FP8_PB_WO": 8 + SINGLE / 128**2, "W8A8_SQ_PER_CHANNEL": 8, "INT8": 8},
    **{"W8A16": 8, "MXFP8": MXFP8, "W4A8_MXFP4_FP8": MXFP4, "MXFP4": MXFP4, "W4A16_MXFP4": MXFP4},
    **{"NVFP4": NVFP4, "NVFP4_AWQ": NVFP4, "W4A16_NVFP4": NVFP4, "W4A8_NVFP4_FP8": 4 + BYTE / 32},
}
"""Algorithms of ModelOpt, and their bits of a weight."""
GROUPED_ALGORITHMS = {"W4A16_AWQ": 4, "W4A16": 4, "W4A8_AWQ": 4, "INT4_AWQ": 4}


class Scheme(NamedTuple):
    """Bits of a weight in its container, the weights of a group unless a file says so, and what a group shares."""

    bits: int
    group: int | None
    shared: int


TORCHAO = {
    "4 bits, packed": Scheme(4, 128, 2 * HALF),
    "4 bits in a byte": Scheme(8, 32, SINGLE),
    "few bits in a byte": Scheme(8, None, HALF + BYTE),
    "8 bits": Scheme(8, None, SINGLE + BYTE),
    "8 bits, floating": Scheme(8, None, SINGLE),
}
"""How torchao 0.13 to 0.18 stores weights."""
TORCHAO_NAMES = {
    **dict.fromkeys(("int4_weight_only", "Int4WeightOnlyConfig"), "4 bits, packed"),
    **dict.fromkeys(
        ("int8_dynamic_activation_int4_weight", "Int8DynamicActivationInt4WeightConfig"), "4 bits in a byte"
    ),
    **dict.fromkeys(("IntxWeightOnlyConfig", "Int8DynamicActivationIntxWeightConfig"), "few bits in a byte"),
    **dict.fromkeys(("int8_weight_only", "Int8WeightOnlyConfig"), "8 bits"),
    **dict.fromkeys(("int8_dynamic_activation_int8_weight", "Int8DynamicActivationInt8WeightConfig"), "8 bits"),
    **dict.fromkeys(("float8_weight_only", "Float8WeightOnlyConfig"), "8 bits, floating"),
    "float8_dynamic_activation_float8_weight": "8 bits, floating",
    "Float8DynamicActivationFloat8WeightConfig": "8 bits, floating",
}
"""Schemes of torchao by the names that files give them."""
QUARK = {
    **{"fp8_e4m3": 8, "fp8_e5m2": 8, "int8": 8, "uint8": 8, "int4": 4, "uint4": 4, "fp4": 4, "mxfp4": 4, "mx": 4},
    **{"mx6": 6, "fp6_e2m3": 6, "fp6_e3m2": 6, "bfloat16": None, "float16": None},
}
"""Number formats of Quark, and the bits of a weight without its scale."""
SIGNS = {"quant_algo": "modelopt", "config_groups": "compressed-tensors", "bits": "mlx"}
"""Keys that tell the format where ``quant_method`` is missing."""
