"""Mixture of experts: how many of a layer's experts a batch reads."""

import sympy as sp

from llm_latency.formula import formula
from llm_latency.formulas.examples import GPT_13B
from llm_latency.formulas.roofline import critical_batch
from llm_latency.notation import ep, experts_per_token, n_experts, tokens

PAGE = "mixture-of-experts"


@formula(r"\bar{E}_{T}", sp.S.One, page=PAGE, example=dict(n_experts=8, experts_per_token=2, tokens=16), result=7.92)
def distinct_experts():
    """Different experts that the tokens visit on average, each choosing at random."""
    return n_experts * (1 - (1 - experts_per_token / n_experts) ** tokens)


@formula(r"\bar{T}_{e}", sp.S.One, page=PAGE, example=dict(n_experts=8, experts_per_token=2, tokens=16), result=4.04)
def tokens_per_expert():
    """Tokens that share one expert that is read."""
    return tokens * experts_per_token / distinct_experts.term


@formula(r"v_{e}", sp.S.One, page="parallelism", example=dict(ep=8, experts_per_token=2), result=0.2344)
def visited_share():
    """Share of the groups of devices that one token visits on average, its experts being in groups at random."""
    return 1 - (1 - 1 / ep) ** experts_per_token


@formula(
    r"B^{*}_{E}",
    sp.S.One,
    page=PAGE,
    example=GPT_13B | dict(n_experts=8, experts_per_token=2, mem_bandwidth=2.039e12),
    result=612.1,
)
def expert_critical_batch():
    """Batch at which experts, all of them read, compute for as long as they are read."""
    return n_experts / experts_per_token * critical_batch.term
