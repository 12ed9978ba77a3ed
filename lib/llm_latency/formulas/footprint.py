"""What occupies the devices' memory: the weights and the KV cache."""

import sympy as sp

from llm_latency.formula import formula
from llm_latency.formulas.examples import GPT_13B, GPT_260B
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


@formula(r"M_{\mathrm{weights}}", byte, page="roofline", example=GPT_260B, result=5.2e11)
def weight_bytes():
    """Bytes of all weights, over all devices."""
    return bytes_per_param * n_params


@formula(
    r"m_{\mathrm{kv}}", byte, page="example-260b", example=GPT_260B, result=5.243e06, assumes=("multi-head attention",)
)
def kv_bytes_per_token():
    """Bytes that one token leaves in the KV cache: a key and a value in every layer."""
    return 2 * bytes_per_kv * n_layers * d_model


@formula(
    r"M_{\mathrm{kv}}", byte, page="example-260b", example=GPT_260B | dict(batch=512, context=2048), result=5.498e12
)
def kv_cache_bytes():
    """Bytes of the KV cache of a whole batch, over all devices."""
    return batch * context * kv_bytes_per_token.term


_free_bytes = n_devices * mem_size - weight_bytes.term


@formula(r"L_{\max}", sp.S.One, page="example-260b", example=GPT_260B | dict(batch=512), result=44.7)
def max_context():
    """Tokens of context per sequence that fit beside the weights."""
    return _free_bytes / (batch * kv_bytes_per_token.term)


@formula(r"(BL)_{\max}", sp.S.One, page="kv-cache", example=GPT_260B, result=2.289e04)
def max_cached_tokens():
    """Tokens of KV cache that fit beside the weights, over all sequences."""
    return _free_bytes / kv_bytes_per_token.term


@formula(r"B_{\max}", sp.S.One, page="batch-size", example=GPT_13B | dict(context=512), result=33.38)
def max_batch():
    """Sequences that fit beside the weights."""
    return _free_bytes / (context * kv_bytes_per_token.term)
