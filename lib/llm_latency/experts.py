"""Mixture of experts: how many of a layer's experts a batch reads."""

import sympy as sp

from llm_latency.formula import Formula
from llm_latency.notation import experts_per_token, n_experts, tokens
from llm_latency.roofline import critical_batch

__all__ = ["distinct_experts", "expert_critical_batch", "tokens_per_expert"]

PAGE = "mixture-of-experts"

distinct_experts = Formula(
    name="distinct_experts",
    latex=r"\bar{E}_{T}",
    form=n_experts * (1 - (1 - experts_per_token / n_experts) ** tokens),
    unit=sp.S.One,
    meaning="different experts that the tokens visit on average, each choosing at random",
    page=PAGE,
    example="n_experts=8, experts_per_token=2, tokens=16",
    result="7.92",
)

tokens_per_expert = Formula(
    name="tokens_per_expert",
    latex=r"\bar{T}_{e}",
    form=tokens * experts_per_token / distinct_experts.term,
    unit=sp.S.One,
    meaning="tokens that share one expert that is read",
    page=PAGE,
    example="n_experts=8, experts_per_token=2, tokens=16",
    result="4.04",
)

expert_critical_batch = Formula(
    name="expert_critical_batch",
    latex=r"B^{*}_{E}",
    form=n_experts / experts_per_token * critical_batch.term,
    unit=sp.S.One,
    meaning="batch at which experts, all of them read, compute for as long as they are read",
    page=PAGE,
    example="n_experts=8, experts_per_token=2, bytes_per_param=2, peak_flops=312e12, mem_bandwidth=2.039e12",
    result="612.1",
)
