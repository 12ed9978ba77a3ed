"""What the KV cache costs in time: its bytes, read again at every decode step.

Each sequence has a cache of its own, so a batch shares nothing of it. Here the cache enters what a
decode step reads, its arithmetic intensity and its critical batch.
"""

import sympy as sp

from llm_latency.formula import formula
from llm_latency.formulas.examples import GPT_13B, GPT_260B
from llm_latency.formulas.footprint import kv_bytes_per_token, kv_cache_bytes, weight_bytes
from llm_latency.formulas.roofline import ridge_point, serial, weight_read_time
from llm_latency.formulas.transformer import attention_flops_per_token, token_flops
from llm_latency.notation import FLOP, batch, byte, context, mem_bandwidth, n_devices, peak_flops, second

PAGE = "batch-size"


@formula(
    r"t_{\mathrm{kv}}", second, page="example-260b", example=GPT_260B | dict(batch=512, context=1), result=0.0001118
)
def kv_read_time():
    """Time to read the KV cache of the whole batch once."""
    return kv_cache_bytes.term / (n_devices * mem_bandwidth)


@formula(r"t_{\mathrm{read}}", second, page=PAGE, example=GPT_13B | dict(batch=64, context=512), result=0.03523)
def decode_read_time():
    """Time of a decode step's reading: the weights once, and the KV cache of every sequence."""
    return serial(weight_read_time.term, kv_read_time.term)


_step_work_per_sequence = token_flops.term + attention_flops_per_token.term


@formula(
    r"I_{\mathrm{decode}}^{\mathrm{cached}}",
    FLOP / byte,
    page=PAGE,
    example=GPT_13B | dict(batch=208, context=512, n_params=12.58e9),
    result=47.33,
)
def cached_decode_intensity():
    """Arithmetic intensity of a decode step that reads its weights and its KV cache."""
    return batch * _step_work_per_sequence / (weight_bytes.term + kv_cache_bytes.term)


@formula(r"I_{\max}", FLOP / byte, page=PAGE, example=GPT_13B | dict(context=512, n_params=12.58e9), result=60.99)
def decode_intensity_ceiling():
    """Intensity that a decode step approaches as its batch grows without bound."""
    return _step_work_per_sequence / (context * kv_bytes_per_token.term)


@formula(r"B^{*}_{L}", sp.S.One, page=PAGE, example=GPT_13B | dict(context=100), result=598.1)
def cached_critical_batch():
    """Batch at which a decode step computes for as long as it reads weights and cache."""
    return weight_bytes.term / (_step_work_per_sequence / ridge_point.term - context * kv_bytes_per_token.term)


@formula(
    r"\Delta t",
    second,
    page="later-tokens",
    example=GPT_13B | dict(batch=80, n_devices=8, mem_bandwidth=0.9e12),
    result=9.102e-06,
)
def step_growth():
    """Time by which a decode step is longer than the one before: one more token of cache per sequence."""
    return batch * kv_bytes_per_token.term / (n_devices * mem_bandwidth)


@formula(r"R_{\mathrm{recompute}}", byte / second, page="kv-cache", example=GPT_13B, result=9.83e09)
def recompute_rate():
    """Bytes of KV cache that a prefill of the same tokens produces per second."""
    return kv_bytes_per_token.term * n_devices * peak_flops / token_flops.term
