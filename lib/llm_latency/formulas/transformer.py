"""What a decoder-only transformer holds and computes: parameters and FLOPs."""

import sympy as sp

from llm_latency.formula import formula
from llm_latency.formulas.examples import GPT_13B
from llm_latency.notation import (
    FLOP,
    cols,
    context,
    d_model,
    flops_per_mac,
    inner,
    mlp_width,
    n_layers,
    n_params,
    n_positions,
    rows,
    vocab,
)

PAGE = "counting"


@formula(r"F_{\mathrm{matmul}}", FLOP, page=PAGE, example=dict(rows=3, inner=4, cols=5), result=120)
def matmul_flops():
    """Work of the product of two matrices."""
    return flops_per_mac * rows * inner * cols


@formula(
    r"P_{\mathrm{layer}}",
    sp.S.One,
    page=PAGE,
    example=GPT_13B,
    result=3.146e08,
    assumes=("multi-head attention", "an MLP of two matrices", "no experts"),
)
def layer_weights():
    """Weights in the matrices of one decoder layer: Q, K, V, output, and the MLP's two."""
    return 4 * d_model**2 + 2 * d_model * mlp_width


@formula(
    r"P_{\mathrm{blocks}}",
    sp.S.One,
    page=PAGE,
    example=GPT_13B,
    result=1.258e10,
    assumes=("multi-head attention", "an MLP of two matrices", "an MLP four times as wide as the model", "no experts"),
)
def block_params():
    """Weights of all decoder layers whose MLP is four times as wide as the model."""
    return n_layers * layer_weights.expr.subs(mlp_width, 4 * d_model)


_VECTORS_PER_NORM = 2
"""A gain and an offset."""

# The matrices' outputs, each with a bias: query, key, value, attention output, 4 h up, MLP down.
_vectors_per_layer = (4 + 4 + 1) + 2 * _VECTORS_PER_NORM


@formula(
    r"P_{\mathrm{total}}",
    sp.S.One,
    page=PAGE,
    example=dict(n_layers=12, d_model=768, vocab=50257, n_positions=1024),
    result=1.244e08,
)
def total_params():
    """All parameters of a GPT-2-style model: matrices, biases, norms, embeddings."""
    return (
        block_params.term
        + _vectors_per_layer * n_layers * d_model
        + (vocab + n_positions + _VECTORS_PER_NORM) * d_model
    )


@formula(r"F_{\mathrm{token}}", FLOP, page=PAGE, example=dict(n_params=13e9), result=2.6e10, assumes=("no experts",))
def token_flops():
    """Work of the weight matrices for one token: one multiply-add per parameter."""
    return flops_per_mac * n_params


_scores = matmul_flops.expr.subs({rows: 1, inner: d_model, cols: context})
_weighted_values = matmul_flops.expr.subs({rows: 1, inner: context, cols: d_model})


@formula(
    r"F_{\mathrm{attention}}",
    FLOP,
    page=PAGE,
    example=GPT_13B | dict(context=512),
    result=4.194e08,
    assumes=("multi-head attention",),
)
def attention_flops_per_token():
    """Work of the attention products (scores, weighted values) for one token."""
    return n_layers * (_scores + _weighted_values)


@formula(
    r"\frac{F_{\mathrm{attention}}}{\varphi P_{\mathrm{blocks}}}",
    sp.S.One,
    page=PAGE,
    example=dict(context=512, d_model=5120),
    result=0.01667,
    assumes=("multi-head attention", "an MLP of two matrices", "an MLP four times as wide as the model", "no experts"),
)
def attention_share():
    """Work of the attention products relative to that of the weight matrices."""
    return attention_flops_per_token.expr / (flops_per_mac * block_params.expr)
