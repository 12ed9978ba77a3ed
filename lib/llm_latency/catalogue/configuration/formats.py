"""The formats of storage by the names that configurations give them."""

from __future__ import annotations

from collections.abc import Callable

from llm_latency.catalogue.configuration.keys import Keys
from llm_latency.catalogue.configuration.scheme_formats import compressed_tensors, modelopt, quark
from llm_latency.catalogue.configuration.schemes import SIGNS
from llm_latency.catalogue.configuration.storage import Storage
from llm_latency.catalogue.configuration.weight_formats import (
    auto_round,
    awq,
    bitsandbytes,
    fbgemm,
    fp8,
    gptq,
    mlx,
    mxfp4,
    torchao,
)
from llm_latency.suggestions import short, suggestion

__all__ = []

FORMATS: dict[str, Callable[[Keys, float], Storage]] = {
    "gptq": gptq,
    "awq": awq,
    "bitsandbytes": bitsandbytes,
    "fp8": fp8,
    "fbgemm_fp8": fbgemm,
    "mxfp4": mxfp4,
    "compressed-tensors": compressed_tensors,
    "compressed_tensors": compressed_tensors,
    "modelopt": modelopt,
    "modelopt_fp4": modelopt,
    "auto-round": auto_round,
    "intel/auto-round": auto_round,
    "torchao": torchao,
    "quark": quark,
    "mlx": mlx,
}
"""What reads each format, by its ``quant_method``."""


def read_storage(keys: Keys | None, plain: float) -> Storage:
    """Read how weights are stored.

    Parameters
    ----------
    keys : Keys or None
        The part of the configuration that says so; None if there is none.
    plain : float
        Bits of a weight that is not quantised.

    Returns
    -------
    Storage
        Bits by module.

    Raises
    ------
    ValueError
        If the format is not known, or a value is not legal.
    """
    if keys is None:
        return Storage(plain, plain)
    method = keys.word("quant_method")
    if method is None:
        method = next((name for sign, name in SIGNS.items() if sign in keys.values), None)
    if keys.get("quantized_layers") is not None:
        method = "modelopt"
    if method not in FORMATS:
        hint = suggestion(method, FORMATS)
        raise ValueError(f"{keys.label}: unknown quant_method {short(method)}; {hint}known: {', '.join(FORMATS)}")
    return FORMATS[method](keys, plain)
