"""Kinds of attention: how many keys a query meets, and what one token leaves in the cache."""

import sympy as sp

from llm_latency.formula import formula
from llm_latency.formulas.examples import GPT_260B
from llm_latency.notation import (
    FLOP,
    byte,
    bytes_per_kv,
    context,
    flops_per_mac,
    head_dim,
    kv_rank,
    n_heads,
    n_kv_heads,
    n_layers,
    nope_dim,
    prompt,
    rope_dim,
    value_dim,
    window,
)

PAGE = "attention-variants"


@formula(r"\bar{x}", sp.S.One, page="operator-model", example=dict(context=0, prompt=1024), result=512.5)
def mean_keys():
    """Keys that a query meets, on average over the new tokens of a sequence."""
    return context + (prompt + 1) / 2


@formula("z", sp.S.One, page=PAGE, example=dict(context=0, prompt=8192, window=4096), result=4096)
def growing_queries():
    """New tokens that the window does not cut, so that each meets one key more than the last."""
    return sp.Max(0, sp.Min(prompt, window - context))


@formula(r"\bar{x}_{w}", sp.S.One, page=PAGE, example=dict(context=0, prompt=8192, window=4096), result=3072)
def mean_windowed_keys():
    """Keys that a query meets in a windowed layer, on average over the new tokens of a sequence."""
    return (
        growing_queries.term * (2 * context + growing_queries.term + 1) / 2 + (prompt - growing_queries.term) * window
    ) / prompt


@formula(r"\hat{y}_{w}", sp.S.One, page=PAGE, example=dict(context=8192, prompt=1, window=4096), result=4096)
def windowed_kv_reach():
    """Keys of one sequence that a pass reads or writes in a windowed layer."""
    return sp.Min(context, window - 1) + prompt


@formula(
    r"m_{\mathrm{kv}}^{\mathrm{grouped}}",
    byte,
    page=PAGE,
    example=GPT_260B | dict(n_kv_heads=8, head_dim=128),
    result=3.277e05,
)
def grouped_kv_bytes_per_token():
    """Bytes that one token leaves in the KV cache: a key and a value per key-value head and layer."""
    return 2 * bytes_per_kv * n_layers * n_kv_heads * head_dim


@formula(
    r"m_{\mathrm{kv}}^{\mathrm{latent}}",
    byte,
    page=PAGE,
    example=dict(n_layers=61, kv_rank=512, rope_dim=64, bytes_per_kv=2),
    result=7.027e04,
)
def latent_kv_bytes_per_token():
    """Bytes that one token leaves in the cache of latent attention: one vector per layer for all heads."""
    return bytes_per_kv * n_layers * (kv_rank + rope_dim)


@formula(
    r"I_{\mathrm{attention}}^{\mathrm{grouped}}",
    FLOP / byte,
    page=PAGE,
    example=dict(n_heads=64, n_kv_heads=8, bytes_per_kv=2),
    result=8,
)
def grouped_attention_intensity():
    """Arithmetic intensity of the attention core of a decode step: heads that share one key and value."""
    return flops_per_mac * n_heads / (bytes_per_kv * n_kv_heads)


@formula(
    r"I_{\mathrm{attention}}^{\mathrm{latent}}",
    FLOP / byte,
    page=PAGE,
    example=dict(n_heads=128, kv_rank=512, rope_dim=64, bytes_per_kv=2),
    result=241.8,
)
def latent_attention_intensity():
    """Arithmetic intensity of latent attention in a decode step: all heads share one vector."""
    return flops_per_mac * n_heads * (2 * kv_rank + rope_dim) / (bytes_per_kv * (kv_rank + rope_dim))


@formula(
    r"\frac{F_{\mathrm{absorbed}}}{F_{\mathrm{expanded}}}",
    sp.S.One,
    page=PAGE,
    example=dict(kv_rank=512, nope_dim=128, rope_dim=64, value_dim=128),
    result=3.4,
)
def latent_work_ratio():
    """Work per query and key of latent attention on compressed vectors, relative to expanded ones."""
    return (2 * kv_rank + rope_dim) / (nope_dim + rope_dim + value_dim)
