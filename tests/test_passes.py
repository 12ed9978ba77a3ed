"""Passes of several tokens over a cache: steps that verify drafts, prefills of what comes after a cached beginning."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import llm_latency as ll

MODELS = ["Llama-3-8B", "Gemma-3-27B", "DeepSeek-V3-671B", "DeepSeek-V3.2", "Qwen3-Next-80B-A3B", "Llama-4-Scout"]
MACHINE = {"device": "H200-SXM", "tp": 8}
models = st.sampled_from(MODELS)
lengths = st.integers(1, 200_000)


@given(models, st.integers(1, 300), st.integers(0, 200_000), lengths)
def test_without_drafts_or_a_cache_they_are_the_plain_passes(model, batch, context, prompt):
    step, prefill = (
        {"model": model, "batch": batch, **MACHINE} | one for one in ({"context": context}, {"prompt": prompt})
    )
    assert ll.decode_step_time(**step, draft_tokens=0) == ll.decode_step_time(**step)
    assert ll.prefill_time(**prefill, cached=0) == ll.prefill_time(**prefill)


@given(models, st.integers(1, 300), st.integers(0, 200_000), st.integers(0, 7))
def test_a_further_draft_costs_time_but_less_than_a_further_step(model, batch, context, drafts):
    step = {"model": model, "batch": batch, **MACHINE}
    fewer, more = ll.decode_step_time(**step, context=context, draft_tokens=[drafts, drafts + 1])
    assert fewer <= more * (1 + 1e-12)
    assert more <= fewer + ll.decode_step_time(**step, context=context + drafts + 1) * (1 + 1e-9)


@given(models, st.integers(1, 20), lengths, st.integers(0, 100_000), st.integers(1, 1000))
def test_a_longer_cache_never_saves_time(model, batch, prompt, cached, more):
    times = ll.prefill_time(model, batch=batch, prompt=prompt, cached=[cached, cached + more], **MACHINE)
    if model != "Llama-4-Scout":  # whose queries lose their chunk's keys when the next begins
        assert times[0] <= times[1] * (1 + 1e-12)


@given(st.sampled_from(["Llama-3-8B", "Gemma-3-27B"]), st.integers(1, 50_000), st.integers(1, 50_000))
def test_parts_of_a_prompt_do_the_work_of_the_whole_and_read_the_weights_twice(model, first, second):
    whole, begin, rest = (
        {row.name: row for row in ll.explain(model, "H100-SXM", **request).rows}
        for request in ({"prompt": first + second}, {"prompt": first}, {"prompt": second, "cached": first})
    )
    for name, row in whole.items():
        if name not in ("unembedding", "all-reduces", "stages"):
            assert begin[name].flops + rest[name].flops == pytest.approx(row.flops, rel=1e-9)
            assert rest[name].weight_bytes == row.weight_bytes


def test_a_step_that_verifies_reads_its_cache_once():
    plain, verifying = (
        {row.name: row for row in ll.explain("Llama-3-8B", "H100-SXM", batch=8, context=4000, draft_tokens=drafts).rows}
        for drafts in (0, 1)
    )
    assert verifying["attention"].kv_bytes == pytest.approx(plain["attention"].kv_bytes * 4002 / 4001)
    assert verifying["attention"].flops == pytest.approx(2 * plain["attention"].flops * 4001.5 / 4001)
    assert verifying["unembedding"].flops == 2 * plain["unembedding"].flops
    assert verifying["MLP"].weight_bytes == plain["MLP"].weight_bytes


def test_over_a_long_cache_latent_vectors_are_not_expanded():
    request = {"model": "DeepSeek-V3-671B", "device": "H200-SXM", "tp": 8, "prompt": 4, "cached": 100_000}
    [core] = [row for row in ll.explain(**request).rows if row.name == "attention"]
    cores = 2 * 4 * (100_000 + 2.5) * 61 * 16  # multiply-adds of 16 heads in 61 layers, per element of a head
    assert core.flops == pytest.approx(cores * (512 + 64 + 512))
    assert ll.explain(**request).time == pytest.approx(ll.prefill_time(**request))
    [core] = [row for row in ll.explain(**request | {"prompt": 100_000}).rows if row.name == "attention"]
    assert core.flops == pytest.approx(2 * 100_000 * 150_000.5 * 61 * 16 * (128 + 64 + 128))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: ll.prefill_time("Llama-3-8B", "H100-SXM", prompt=10, context=5),
            "a prefill has no context.* as cached",
        ),
        (
            lambda: ll.prefill_time("Llama-3-8B", "H100-SXM", prompt=10, cached=-5),
            "cached = -5.0: must be a .*number >= 0",
        ),
        (
            lambda: ll.prefill_time("GPT-13B", "H100-SXM", prompt=1024, cached=2048),
            "a sequence of 3072 tokens is longer",
        ),
        (
            lambda: ll.decode_step_time("GPT-13B", "H100-SXM", context=2047, draft_tokens=1),
            "a sequence of 2049 tokens is longer",
        ),
        (
            lambda: ll.decode_step_time("Llama-3-8B", "H100-SXM", context=5, draft_tokens=0.5),
            "draft_tokens = 0.5: must be",
        ),
        (lambda: ll.explain("Llama-3-8B", "H100-SXM", context=5, cached=5), "cached = 5: a decode step has none"),
        (
            lambda: ll.explain("Llama-3-8B", "H100-SXM", prompt=5, draft_tokens=2),
            "draft_tokens = 2: a prefill has none",
        ),
    ],
)
def test_what_has_no_meaning_is_refused(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


def test_arrays_broadcast():
    times = ll.prefill_time("DeepSeek-V3-671B", "H200-SXM", tp=8, prompt=[[10], [1000]], cached=[0, 10, 100_000])
    assert times.shape == (2, 3)
    one_by_one = [
        [ll.prefill_time("DeepSeek-V3-671B", "H200-SXM", tp=8, prompt=p, cached=c) for c in (0, 10, 100_000)]
        for p in (10, 1000)
    ]
    np.testing.assert_allclose(times, one_by_one, rtol=1e-12)


def test_an_explanation_takes_the_faster_way_of_a_layer_as_the_times_do():
    request = dict(model="DeepSeek-V3-671B", device="H200-SXM", tp=8, batch=1, prompt=64)
    for cached in (64, 4096, 262_144):
        explained = ll.explain(**request, cached=cached)
        assert explained.time == pytest.approx(ll.prefill_time(**request, cached=cached), rel=1e-12)


def test_messages_move_and_compute_nothing():
    rows = ll.explain("Llama-3-70B", "H100-SXM", tp=4, pp=2, context=1000, link_latency=1e-6).rows
    sent = [row for row in rows if row.name in ("all-reduces", "stages")]
    assert len(sent) == 2
    for row in sent:
        assert row.time > 0
        assert row.flops == row.weight_bytes == row.kv_bytes == row.activation_bytes == 0
        assert row.compute_time == row.memory_time == 0
