"""What replaces a cache that all queries read: recurrent states, chunks, and an index that selects keys."""

import sympy as sp

from llm_latency.formula import formula
from llm_latency.notation import (
    FLOP,
    byte,
    bytes_per_activation,
    bytes_per_index,
    bytes_per_kv,
    bytes_per_state,
    chunk,
    context,
    conv_taps,
    conv_width,
    flops_per_mac,
    head_dim,
    index_dim,
    index_topk,
    kv_length,
    kv_rank,
    n_heads,
    n_kv_heads,
    prompt,
    rope_dim,
    state_heads,
    state_key_dim,
    state_products,
    state_value_dim,
)

STATE = state_heads * state_key_dim * state_value_dim
"""Elements of a recurrent layer's state."""
LATENT = bytes_per_kv * (kv_rank + rope_dim)
"""Bytes that a token leaves in the cache of a layer with latent attention."""
PAGE = "recurrent-and-sparse-attention"
QWEN_27B = dict(
    bytes_per_state=4,
    bytes_per_activation=2,
    bytes_per_kv=2,
    state_heads=48,
    state_key_dim=128,
    state_value_dim=128,
    state_products=3,
    conv_width=10240,
    conv_taps=4,
    n_heads=24,
    n_kv_heads=4,
    head_dim=256,
)
DEEPSEEK_V32 = dict(bytes_per_kv=2, kv_rank=512, rope_dim=64, bytes_per_index=1.03125, index_dim=128, index_topk=2048)


@formula(r"m_{\mathrm{state}}", byte, page=PAGE, example=QWEN_27B, result=3.207e06)
def state_bytes():
    """Bytes that a recurrent layer keeps of one sequence, however long: a matrix per head, and a few inputs."""
    return bytes_per_state * STATE + bytes_per_activation * conv_width * (conv_taps - 1)


@formula(r"L_{\mathrm{bytes}}", sp.S.One, page=PAGE, example=QWEN_27B, result=1566)
def equal_traffic_context():
    """Context at which a decode step moves as many bytes in an attention layer as in a recurrent one."""
    return state_bytes.term / (bytes_per_kv * n_kv_heads * head_dim)


@formula(r"x_{\mathrm{work}}", sp.S.One, page=PAGE, example=QWEN_27B, result=192)
def equal_work_keys():
    """Keys of a query at which attention does as much work for a token as a recurrent layer."""
    return state_products * STATE / (2 * n_heads * head_dim)


@formula(r"I_{\mathrm{state}}", FLOP / byte, page=PAGE, example=QWEN_27B, result=0.75)
def state_intensity():
    """Arithmetic intensity of a state in a decode step, which reads and writes it once."""
    return flops_per_mac * state_products / (2 * bytes_per_state)


@formula(r"\Sigma_{L}", sp.S.One, page=PAGE, example=dict(context=10, chunk=4), result=23)
def chunked_keys_before():
    """Keys that the first L queries of a sequence meet in a chunked layer, all together."""
    whole = sp.floor(context / chunk)
    rest = context - whole * chunk
    return whole * chunk * (chunk + 1) / 2 + rest * (rest + 1) / 2


@formula(r"\Sigma_{L+s}", sp.S.One, page=PAGE, example=dict(context=10, prompt=2, chunk=4), result=30)
def chunked_keys_after():
    """The same after a pass over s more tokens."""
    return chunked_keys_before.expr.subs(context, context + prompt)


@formula(r"\bar{x}_{c}", sp.S.One, page=PAGE, example=dict(context=0, prompt=12288, chunk=8192), result=3414)
def mean_chunked_keys():
    """Keys that a query meets in a chunked layer, on average over the new tokens of a sequence."""
    return (chunked_keys_after.term - chunked_keys_before.term) / prompt


@formula(r"Q_{\mathrm{index}}", byte, page=PAGE, example=DEEPSEEK_V32 | dict(kv_length=100_000), result=1.556e07)
def indexed_bytes():
    """Bytes that a decode step reads of one sequence in a layer whose indexer selects latent vectors."""
    return bytes_per_index * index_dim * kv_length + LATENT * sp.Min(kv_length, index_topk)


@formula(r"y_{\mathrm{gain}}", sp.S.One, page=PAGE, example=DEEPSEEK_V32, result=2313)
def index_pays_length():
    """Cached tokens from which on an index reads less than attention to all of them."""
    return LATENT * index_topk / (LATENT - bytes_per_index * index_dim)


@formula(r"y_{\mathrm{index}}", sp.S.One, page=PAGE, example=DEEPSEEK_V32, result=1.787e04)
def index_dominates_length():
    """Cached tokens from which on a step reads more of the index than of the keys that it selects."""
    return LATENT * index_topk / (bytes_per_index * index_dim)
