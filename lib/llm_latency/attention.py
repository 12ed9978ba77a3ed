"""Kinds of attention: how many keys a query meets, and what one token leaves in the cache."""

import sympy as sp

from llm_latency.formula import Formula
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

__all__ = [
    "grouped_attention_intensity",
    "grouped_kv_bytes_per_token",
    "growing_queries",
    "latent_attention_intensity",
    "latent_kv_bytes_per_token",
    "latent_work_ratio",
    "mean_keys",
    "mean_windowed_keys",
    "windowed_kv_reach",
]

PAGE = "attention-variants"

mean_keys = Formula(
    name="mean_keys",
    latex=r"\bar{x}",
    form=context + (prompt + 1) / 2,
    unit=sp.S.One,
    meaning="keys that a query meets, on average over the new tokens of a sequence",
    page="operator-model",
    example="context=0, prompt=1024",
    result="512.5",
)

growing_queries = Formula(
    name="growing_queries",
    latex="z",
    form=sp.Max(0, sp.Min(prompt, window - context)),
    unit=sp.S.One,
    meaning="new tokens that the window does not cut, so that each meets one key more than the last",
    page=PAGE,
    example="context=0, prompt=8192, window=4096",
    result="4096",
)

mean_windowed_keys = Formula(
    name="mean_windowed_keys",
    latex=r"\bar{x}_{w}",
    form=(
        growing_queries.term * (2 * context + growing_queries.term + 1) / 2
        + (prompt - growing_queries.term) * window
    )
    / prompt,
    unit=sp.S.One,
    meaning="keys that a query meets in a windowed layer, on average over the new tokens of a sequence",
    page=PAGE,
    example="context=0, prompt=8192, window=4096",
    result="3072",
)

windowed_kv_reach = Formula(
    name="windowed_kv_reach",
    latex=r"\hat{y}_{w}",
    form=sp.Min(context, window - 1) + prompt,
    unit=sp.S.One,
    meaning="keys of one sequence that a pass reads or writes in a windowed layer",
    page=PAGE,
    example="context=8192, prompt=1, window=4096",
    result="4096",
)

grouped_kv_bytes_per_token = Formula(
    name="grouped_kv_bytes_per_token",
    latex=r"m_{\mathrm{kv}}^{\mathrm{grouped}}",
    form=2 * bytes_per_kv * n_layers * n_kv_heads * head_dim,
    unit=byte,
    meaning="bytes that one token leaves in the KV cache: a key and a value per key-value head and layer",
    page=PAGE,
    example="n_layers=80, n_kv_heads=8, head_dim=128, bytes_per_kv=2",
    result="3.277e+05",
)

latent_kv_bytes_per_token = Formula(
    name="latent_kv_bytes_per_token",
    latex=r"m_{\mathrm{kv}}^{\mathrm{latent}}",
    form=bytes_per_kv * n_layers * (kv_rank + rope_dim),
    unit=byte,
    meaning="bytes that one token leaves in the cache of latent attention: one vector per layer for all heads",
    page=PAGE,
    example="n_layers=61, kv_rank=512, rope_dim=64, bytes_per_kv=2",
    result="7.027e+04",
)

grouped_attention_intensity = Formula(
    name="grouped_attention_intensity",
    latex=r"I_{\mathrm{attention}}^{\mathrm{grouped}}",
    form=flops_per_mac * n_heads / (bytes_per_kv * n_kv_heads),
    unit=FLOP / byte,
    meaning="arithmetic intensity of the attention core of a decode step: heads that share one key and value",
    page=PAGE,
    example="n_heads=64, n_kv_heads=8, bytes_per_kv=2",
    result="8",
)

latent_attention_intensity = Formula(
    name="latent_attention_intensity",
    latex=r"I_{\mathrm{attention}}^{\mathrm{latent}}",
    form=flops_per_mac * n_heads * (2 * kv_rank + rope_dim) / (bytes_per_kv * (kv_rank + rope_dim)),
    unit=FLOP / byte,
    meaning="arithmetic intensity of latent attention in a decode step: all heads share one vector",
    page=PAGE,
    example="n_heads=128, kv_rank=512, rope_dim=64, bytes_per_kv=2",
    result="241.8",
)

latent_work_ratio = Formula(
    name="latent_work_ratio",
    latex=r"\frac{F_{\mathrm{absorbed}}}{F_{\mathrm{expanded}}}",
    form=(2 * kv_rank + rope_dim) / (nope_dim + rope_dim + value_dim),
    unit=sp.S.One,
    meaning="work per query and key of latent attention on compressed vectors, relative to expanded ones",
    page=PAGE,
    example="kv_rank=512, nope_dim=128, rope_dim=64, value_dim=128",
    result="3.4",
)
