"""What the KV cache costs in time: its bytes, read again at every decode step.

The cache belongs to one sequence each, so a batch shares nothing of it. Here it enters the decode
step's reading, its arithmetic intensity and its critical batch.
"""

import sympy as sp

from llm_latency.footprint import kv_bytes_per_token, kv_cache_bytes, weight_bytes
from llm_latency.formula import Formula
from llm_latency.notation import (
    FLOP,
    batch,
    byte,
    context,
    mem_bandwidth,
    n_devices,
    peak_flops,
    second,
)
from llm_latency.roofline import ridge_point, serial, weight_read_time
from llm_latency.transformer import attention_flops_per_token, token_flops

__all__ = [
    "cached_critical_batch",
    "cached_decode_intensity",
    "decode_intensity_ceiling",
    "decode_read_time",
    "kv_read_time",
    "recompute_rate",
    "step_growth",
]

PAGE = "batch-size"

kv_read_time = Formula(
    name="kv_read_time",
    latex=r"t_{\mathrm{kv}}",
    form=kv_cache_bytes.term / (n_devices * mem_bandwidth),
    unit=second,
    meaning="time to read the KV cache of the whole batch once",
    page="example-260b",
    example=(
        "batch=512, context=1, n_layers=80, d_model=16384, bytes_per_kv=2, "
        "n_devices=16, mem_bandwidth=1.5e12"
    ),
    result="0.0001118",
)

decode_read_time = Formula(
    name="decode_read_time",
    latex=r"t_{\mathrm{read}}",
    form=serial(weight_read_time.term, kv_read_time.term),
    unit=second,
    meaning="time of a decode step's reading: the weights once, and the KV cache of every sequence",
    page=PAGE,
    example=(
        "batch=64, context=512, n_params=13e9, bytes_per_param=2, n_layers=40, d_model=5120, "
        "bytes_per_kv=2, n_devices=1, mem_bandwidth=1.5e12"
    ),
    result="0.03523",
)

_step_work_per_sequence = token_flops.term + attention_flops_per_token.term

cached_decode_intensity = Formula(
    name="cached_decode_intensity",
    latex=r"I_{\mathrm{decode}}^{\mathrm{cached}}",
    form=batch * _step_work_per_sequence / (weight_bytes.term + kv_cache_bytes.term),
    unit=FLOP / byte,
    meaning="arithmetic intensity of a decode step that reads its weights and its KV cache",
    page=PAGE,
    example=(
        "batch=208, context=512, n_params=12.58e9, bytes_per_param=2, n_layers=40, d_model=5120, "
        "bytes_per_kv=2"
    ),
    result="47.33",
)

decode_intensity_ceiling = Formula(
    name="decode_intensity_ceiling",
    latex=r"I_{\max}",
    form=_step_work_per_sequence / (context * kv_bytes_per_token.term),
    unit=FLOP / byte,
    meaning="intensity that a decode step approaches as its batch grows without bound",
    page=PAGE,
    example="context=512, n_params=12.58e9, n_layers=40, d_model=5120, bytes_per_kv=2",
    result="60.99",
)

cached_critical_batch = Formula(
    name="cached_critical_batch",
    latex=r"B^{*}_{L}",
    form=weight_bytes.term
    / (_step_work_per_sequence / ridge_point.term - context * kv_bytes_per_token.term),
    unit=sp.S.One,
    meaning="batch at which a decode step computes for as long as it reads weights and cache; negative if none",
    page=PAGE,
    example=(
        "context=100, n_params=13e9, bytes_per_param=2, n_layers=40, d_model=5120, bytes_per_kv=2, "
        "peak_flops=312e12, mem_bandwidth=1.5e12"
    ),
    result="598.1",
)

step_growth = Formula(
    name="step_growth",
    latex=r"\Delta t",
    form=batch * kv_bytes_per_token.term / (n_devices * mem_bandwidth),
    unit=second,
    meaning="time by which a decode step is longer than the one before: one more token of cache per sequence",
    page="later-tokens",
    example="batch=80, n_layers=40, d_model=5120, bytes_per_kv=2, n_devices=8, mem_bandwidth=0.9e12",
    result="9.102e-06",
)

recompute_rate = Formula(
    name="recompute_rate",
    latex=r"R_{\mathrm{recompute}}",
    form=kv_bytes_per_token.term * n_devices * peak_flops / token_flops.term,
    unit=byte / second,
    meaning="bytes of KV cache that a prefill of the same tokens produces per second",
    page="kv-cache",
    example="n_layers=40, d_model=5120, bytes_per_kv=2, n_params=13e9, n_devices=1, peak_flops=312e12",
    result="9.83e+09",
)
