"""What occupies the devices' memory: the weights and the KV cache."""

import sympy as sp

from llm_latency.formula import Formula
from llm_latency.notation import (
    batch,
    byte,
    bytes_per_kv,
    bytes_per_param,
    context,
    d_model,
    mem_size,
    n_devices,
    n_layers,
    n_params,
)

__all__ = [
    "kv_bytes_per_token",
    "kv_cache_bytes",
    "max_batch",
    "max_cached_tokens",
    "max_context",
    "weight_bytes",
]

weight_bytes = Formula(
    name="weight_bytes",
    latex=r"M_{\mathrm{weights}}",
    form=bytes_per_param * n_params,
    unit=byte,
    meaning="bytes of all weights, over all devices",
    page="roofline",
    example="n_params=260e9, bytes_per_param=2",
    result="5.2e+11",
)

kv_bytes_per_token = Formula(
    name="kv_bytes_per_token",
    latex=r"m_{\mathrm{kv}}",
    form=2 * bytes_per_kv * n_layers * d_model,
    unit=byte,
    meaning="bytes that one token leaves in the KV cache: a key and a value in every layer",
    page="example-260b",
    example="n_layers=80, d_model=16384, bytes_per_kv=2",
    result="5.243e+06",
    assumes=("multi-head attention",),
)

kv_cache_bytes = Formula(
    name="kv_cache_bytes",
    latex=r"M_{\mathrm{kv}}",
    form=batch * context * kv_bytes_per_token.term,
    unit=byte,
    meaning="bytes of the KV cache of a whole batch, over all devices",
    page="example-260b",
    example="n_layers=80, d_model=16384, bytes_per_kv=2, batch=512, context=2048",
    result="5.498e+12",
)

_free_bytes = n_devices * mem_size - weight_bytes.term

max_context = Formula(
    name="max_context",
    latex=r"L_{\max}",
    form=_free_bytes / (batch * kv_bytes_per_token.term),
    unit=sp.S.One,
    meaning="tokens of context per sequence that fit beside the weights; negative if those alone do not fit",
    page="example-260b",
    example=(
        "n_devices=16, mem_size=40e9, n_params=260e9, bytes_per_param=2, "
        "batch=512, n_layers=80, d_model=16384, bytes_per_kv=2"
    ),
    result="44.7",
)

max_cached_tokens = Formula(
    name="max_cached_tokens",
    latex=r"(BL)_{\max}",
    form=_free_bytes / kv_bytes_per_token.term,
    unit=sp.S.One,
    meaning="tokens of KV cache that fit beside the weights, over all sequences; negative if those alone do not fit",
    page="kv-cache",
    example=(
        "n_devices=16, mem_size=40e9, n_params=260e9, bytes_per_param=2, "
        "n_layers=80, d_model=16384, bytes_per_kv=2"
    ),
    result="2.289e+04",
)

max_batch = Formula(
    name="max_batch",
    latex=r"B_{\max}",
    form=_free_bytes / (context * kv_bytes_per_token.term),
    unit=sp.S.One,
    meaning="sequences that fit beside the weights; negative if those alone do not fit",
    page="batch-size",
    example=(
        "n_devices=1, mem_size=40e9, n_params=13e9, bytes_per_param=2, "
        "context=512, n_layers=40, d_model=5120, bytes_per_kv=2"
    ),
    result="33.38",
)
