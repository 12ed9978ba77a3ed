"""What a decoder-only transformer holds and computes: parameters and FLOPs."""

import sympy as sp

from llm_latency.formula import Formula
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

__all__ = [
    "attention_flops_per_token",
    "attention_share",
    "block_params",
    "layer_weights",
    "matmul_flops",
    "token_flops",
    "total_params",
]

PAGE = "counting"

matmul_flops = Formula(
    name="matmul_flops",
    latex=r"F_{\mathrm{matmul}}",
    form=flops_per_mac * rows * inner * cols,
    unit=FLOP,
    meaning="work of the product of two matrices",
    page=PAGE,
    example="rows=3, inner=4, cols=5",
    result="120",
)

layer_weights = Formula(
    name="layer_weights",
    latex=r"P_{\mathrm{layer}}",
    form=4 * d_model**2 + 2 * d_model * mlp_width,
    unit=sp.S.One,
    meaning="weights in the matrices of one decoder layer: Q, K, V, output, and the MLP's two",
    page=PAGE,
    example="d_model=5120, mlp_width=20480",
    result="3.146e+08",
    assumes=("multi-head attention", "an MLP of two matrices", "no experts"),
)

block_params = Formula(
    name="block_params",
    latex=r"P_{\mathrm{blocks}}",
    form=n_layers * layer_weights.expr.subs(mlp_width, 4 * d_model),
    unit=sp.S.One,
    meaning="weights of all decoder layers whose MLP is four times as wide as the model",
    page=PAGE,
    example="n_layers=40, d_model=5120",
    result="1.258e+10",
    assumes=("multi-head attention", "an MLP of two matrices", "an MLP four times as wide as the model", "no experts"),
)

_VECTORS_PER_NORM = 2
"""A gain and an offset."""

# The matrices' outputs, each with a bias: query, key, value, attention output, 4 h up, MLP down.
_vectors_per_layer = (4 + 4 + 1) + 2 * _VECTORS_PER_NORM

total_params = Formula(
    name="total_params",
    latex=r"P_{\mathrm{total}}",
    form=(
        block_params.term
        + _vectors_per_layer * n_layers * d_model
        + (vocab + n_positions + _VECTORS_PER_NORM) * d_model
    ),
    unit=sp.S.One,
    meaning="all parameters of a GPT-2-style model: matrices, biases, norms, embeddings",
    page=PAGE,
    example="n_layers=12, d_model=768, vocab=50257, n_positions=1024",
    result="1.244e+08",
)

token_flops = Formula(
    name="token_flops",
    latex=r"F_{\mathrm{token}}",
    form=flops_per_mac * n_params,
    unit=FLOP,
    meaning="work of the weight matrices for one token: one multiply-add per parameter",
    page=PAGE,
    example="n_params=13e9",
    result="2.6e+10",
    assumes=("no experts",),
)

_scores = matmul_flops.expr.subs({rows: 1, inner: d_model, cols: context})
_weighted_values = matmul_flops.expr.subs({rows: 1, inner: context, cols: d_model})

attention_flops_per_token = Formula(
    name="attention_flops_per_token",
    latex=r"F_{\mathrm{attention}}",
    form=n_layers * (_scores + _weighted_values),
    unit=FLOP,
    meaning="work of the attention products (scores, weighted values) for one token",
    page=PAGE,
    example="n_layers=40, d_model=5120, context=512",
    result="4.194e+08",
    assumes=("multi-head attention",),
)

attention_share = Formula(
    name="attention_share",
    latex=r"\frac{F_{\mathrm{attention}}}{\varphi P_{\mathrm{blocks}}}",
    form=attention_flops_per_token.expr / (flops_per_mac * block_params.expr),
    unit=sp.S.One,
    meaning="work of the attention products relative to that of the weight matrices",
    page=PAGE,
    example="context=512, d_model=5120",
    result="0.01667",
    assumes=("multi-head attention", "an MLP of two matrices", "an MLP four times as wide as the model", "no experts"),
)
