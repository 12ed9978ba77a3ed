"""The number format that a quantised model multiplies in: where its activations are quantised as its weights are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from llm_latency.catalogue.configuration.keys import Keys
from llm_latency.catalogue.configuration.schemes import HALF

__all__ = []

NARROWEST = ("fp4", "fp8", "int8")
"""Where the schemes of a file differ, the first of these that one of them has is that of the model."""
METHODS = {"fp8": "fp8", "fbgemm_fp8": "fp8"}
"""Formats whose activations are always quantised."""
NAMES = {
    **{"FP8": "fp8", "FP8_DYNAMIC": "fp8", "FP8_BLOCK": "fp8", "MXFP8": "fp8", "W4AFP8": "fp8"},
    **{"W8A8": "int8", "INT8": "int8", "W4A8": "int8", "NVFP4": "fp4", "MXFP4": "fp4"},
    **{"FP8_PER_CHANNEL_PER_TOKEN": "fp8", "W4A8_MXFP4_FP8": "fp8", "W4A8_NVFP4_FP8": "fp8", "W4A8_AWQ": "fp8"},
    **{"W8A8_SQ_PER_CHANNEL": "int8", "NVFP4_AWQ": "fp4"},
    **dict.fromkeys(("float8_dynamic_activation_float8_weight", "Float8DynamicActivationFloat8WeightConfig"), "fp8"),
    **dict.fromkeys(("int8_dynamic_activation_int8_weight", "Int8DynamicActivationInt8WeightConfig"), "int8"),
    **dict.fromkeys(("int8_dynamic_activation_int4_weight", "Int8DynamicActivationInt4WeightConfig"), "int8"),
    "Int8DynamicActivationIntxWeightConfig": "int8",
    **dict.fromkeys(("fp8_e4m3", "fp8_e5m2"), "fp8"),
    **dict.fromkeys(("int8", "uint8"), "int8"),
    **dict.fromkeys(("fp4", "mxfp4", "mx"), "fp4"),
}
"""Schemes of compressed-tensors, ModelOpt and torchao that quantise activations too, and formats of Quark."""
NAMED_BY = ("quant_algo", "quant_type", "_type")
ACTIVATIONS = ("input_activations", "input_tensors")


def read_compute_dtype(keys: Keys | None) -> str | None:
    """Read the number format that a model multiplies in; None where activations keep 16 bits.

    Parameters
    ----------
    keys : Keys or None
        The part of the configuration that says how weights are stored; None if there is none.

    Returns
    -------
    str or None
        ``fp8``, ``int8``, ``fp4`` or None.
    """
    if keys is None:
        return None
    method = keys.get("quant_method")
    found = {METHODS.get(method) if isinstance(method, str) else None, *_formats(keys.values)}
    if method == "bitsandbytes" and keys.get("load_in_8bit", keys.get("_load_in_8bit")) is True:
        found.add("int8")
    return next((name for name in NARROWEST if name in found), None)


def _formats(scheme: Mapping) -> Iterator[str | None]:
    """Yield the formats of the activations of a scheme, and of those inside it."""
    for name in NAMED_BY:
        yield _of_name(scheme.get(name))
    for name in ACTIVATIONS:
        yield _of_activations(scheme.get(name))
    if isinstance(bits := scheme.get("act_bits"), int) and bits < HALF:
        yield _of_activations({"num_bits": bits, "type": scheme.get("act_data_type", scheme.get("data_type"))})
    groups = scheme.get("config_groups")
    if isinstance(groups, Mapping):
        yield from (_of_name(name) for name, targets in groups.items() if isinstance(targets, list))
    for inner in scheme.values():
        if isinstance(inner, Mapping):
            yield from _formats(inner)


def _of_name(name: object) -> str | None:
    return NAMES.get(name, NAMES.get(name.upper())) if isinstance(name, str) else None


def _of_activations(activations: object) -> str | None:
    """Return the format of activations from their bits and kind, or from its name, of several steps the last."""
    if isinstance(activations, list) and activations:
        return _of_activations(activations[-1])
    if not isinstance(activations, Mapping):
        return None
    bits, kind = activations.get("num_bits"), activations.get("type")
    if bits in (4, 8):
        floating = isinstance(kind, str) and "f" in kind
        return {(4, True): "fp4", (8, True): "fp8", (8, False): "int8"}.get((bits, floating))
    return _of_name(activations.get("dtype"))
