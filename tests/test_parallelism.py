"""Properties of ways to divide a model: faster links never cost time, and what is not divided changes nothing."""

import dataclasses
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import llm_latency as ll
from llm_latency.evaluation import value_of
from llm_latency.operator_model.execution import COPIES
from llm_latency.operator_model.sharding import CACHE_SPLITS

models = st.sampled_from(["Llama-3-8B", "DeepSeek-V3-671B"])
splits = st.sampled_from([*CACHE_SPLITS, "best"])
requests = st.one_of(
    st.fixed_dictionaries({"context": st.integers(0, 200_000)}),
    st.fixed_dictionaries({"prompt": st.integers(1, 50_000)}),
)
batches = st.integers(1, 300)
SLACK = 1 + 1e-12
MANY_HEADS = ll.Model(
    **dict(name="many heads", n_layers=2, d_model=64, n_heads=16, n_kv_heads=1, head_dim=64, vocab=1024),
    **dict(mlp_width=16, mlp_matrices=2, vocab_matrices=1, n_positions=0),
)
"""A model whose attention has the widest vectors."""


def time_of(model, device, request, **options):
    """Return the time of the pass that a request asks for."""
    call = ll.decode_step_time if "context" in request else ll.prefill_time
    return call(model, device, routing="identical", **request, **options)


@given(models, splits, requests, batches, st.floats(1, 10), st.sampled_from(["link_bandwidth", "network_bandwidth"]))
def test_a_faster_link_or_network_never_costs_time(model, split, request, batch, factor, rate):
    slow = ll.devices["H100-SXM"]
    fast = dataclasses.replace(slow, **{rate: factor * getattr(slow, rate)})
    options = dict(tp=16, batch=batch, cache_split=split)
    assert time_of(model, fast, request, **options) <= SLACK * time_of(model, slow, request, **options)


@given(models, splits, requests, batches)
def test_a_wider_domain_never_costs_time(model, split, request, batch):
    # A network of more than a fifteenth of the links is worth using beside them, which one domain of 16 does not.
    options = dict(tp=16, batch=batch, cache_split=split, link_latency=1e-6, network_latency=5e-6)
    options |= dict(network_bandwidth=ll.devices["H100-SXM"].link_bandwidth / 15)
    times = [time_of(model, "H100-SXM", request, devices_per_node=number, **options) for number in (1, 2, 4, 8, 16)]
    assert all(wide <= SLACK * narrow for narrow, wide in pairwise(times))


@given(models, splits, requests, batches, st.sampled_from(["link_latency", "network_latency"]))
def test_latency_never_saves_time(model, split, request, batch, which):
    options = dict(tp=16, batch=batch, cache_split=split)
    without, some = (time_of(model, "H100-SXM", request, **options, **{which: latency}) for latency in (0, 1e-5))
    assert without <= SLACK * some


@given(models, requests, batches)
def test_all_splits_agree_on_one_device(model, request, batch):
    times = [time_of(model, "H200-SXM", request, batch=batch, cache_split=split) for split in (*CACHE_SPLITS, "best")]
    assert times == [pytest.approx(times[0], rel=1e-12)] * len(times)


@given(models, requests, batches, st.sampled_from([2, 4, 8, 16]))
def test_the_best_split_is_no_slower_than_any(model, request, batch, tp):
    best, *others = (
        time_of(model, "GB200", request, batch=batch, tp=tp, cache_split=split) for split in ("best", *CACHE_SPLITS)
    )
    assert best <= SLACK * min(others)


@given(models, requests, batches, st.sampled_from([2, 16]), st.sampled_from(["weights", "cache"]), st.floats(0.01, 1))
def test_the_best_split_beside_a_second_memory_is_one_that_there_is(model, request, batch, tp, what, share):
    options = dict(tp=tp, batch=batch, offload=what, offload_share=share, offload_bandwidth=64e9)
    best, *others = (
        time_of(model, "H200-SXM", request, cache_split=split, **options) for split in ("best", *CACHE_SPLITS)
    )
    assert best <= SLACK * min(others)
    if len(ll.models[model].layers) == 1:
        assert best == pytest.approx(min(others), rel=1e-12)
    explained = ll.explain(model, "H200-SXM", cache_split="best", routing="identical", **request, **options)
    assert explained.time == pytest.approx(best, rel=1e-12)


def test_a_split_that_runs_faster_and_one_that_fetches_less_are_not_mixed():
    # Copies of attention's matrices save messages, and come from the second memory for longer.
    options = dict(tp=16, offload="weights", offload_bandwidth=64e9)
    best, heads, copied = (
        ll.prefill_time("Llama-3-8B", "H200-SXM", batch=[1, 8, 64], prompt=1024, cache_split=split, **options)
        for split in ("best", "heads", "data-parallel")
    )
    assert list(best) == pytest.approx(list(np.minimum(heads, copied)), rel=1e-12)
    assert list(heads < copied) == [True, True, False]
    found = ll.explain("Llama-3-8B", "H200-SXM", batch=8, prompt=1024, cache_split="best", **options)
    assert found.time == pytest.approx(best[1], rel=1e-12)
    assert "cache divided by heads" in found.title


@given(st.sampled_from(["Llama-3-8B", "Gemma-3-27B"]), requests, batches, st.sampled_from([2, 4]))
def test_where_each_device_has_a_key_head_there_is_nothing_to_divide(model, request, batch, tp):
    options = dict(tp=tp, batch=batch)
    times = [time_of(model, "H100-SXM", request, cache_split=split, **options) for split in CACHE_SPLITS[:3]]
    assert times == [pytest.approx(times[0], rel=1e-12)] * 3


@given(models, requests, batches, st.sampled_from(["weights", "experts", "cache"]))
def test_offloading_nothing_changes_nothing(model, request, batch, what):
    model = "Mixtral-8x7B" if what == "experts" else model
    options = dict(tp=4, batch=batch)
    plain = time_of(model, "GH200-96GB", request, **options)
    offloaded = time_of(model, "GH200-96GB", request, offload=what, offload_share=0, offload_bandwidth=1e9, **options)
    assert offloaded == pytest.approx(plain, rel=1e-12)


@given(models, requests, batches, st.floats(0, 1), st.floats(1e9, 1e12))
def test_a_slower_second_memory_never_saves_time_and_holds_what_the_first_does_not(model, request, batch, share, rate):
    options = dict(tp=4, batch=batch, offload="weights", offload_share=share)
    slow, fast = (time_of(model, "GH200-96GB", request, offload_bandwidth=each, **options) for each in (rate, 3 * rate))
    assert fast <= SLACK * slow
    plain = ll.memory(model, "GH200-96GB", tp=4, batch=batch, context=1000)
    held = ll.memory(model, "GH200-96GB", context=1000, offload_bandwidth=rate, **options)
    assert held.weights + held.offloaded == pytest.approx(plain.weights, rel=1e-9)
    assert held.weights == pytest.approx((1 - share) * plain.weights, rel=1e-9, abs=1)


@given(
    st.sampled_from(["Llama-3-8B", "DeepSeek-V3-671B", MANY_HEADS]),
    st.sampled_from(["sequences", "data-parallel", "expert-parallel"]),
    st.sampled_from([2, 8, 16]),
    st.integers(1, 40),
    st.integers(1000, 3000),
    st.sampled_from([{}, {"prompt": 1000}, {"prompt": 1000, "prefill_batch": 1}]),
)
def test_the_largest_batch_of_devices_that_divide_sequences_fits_and_no_larger_one(
    model, split, tp, microbatches, context, passes
):
    request = dict(context=context, **passes, tp=tp, microbatches=microbatches, cache_split=split)
    request |= dict(offload="weights", offload_share=0.9, offload_bandwidth=1e10)
    [largest] = {ll.memory(model, "H200-SXM", batch=batch, **request).largest_batch for batch in (microbatches, 1000)}
    below, above = (ll.memory(model, "H200-SXM", batch=max(microbatches, largest + more), **request) for more in (0, 1))
    assert below.fits or largest < microbatches
    assert not above.fits


def test_a_sequence_more_in_a_micro_batch_counts_for_the_largest_batch():
    # Three micro-batches on four devices: each twelfth sequence is the first one more on a device in a micro-batch.
    request = dict(context=1, tp=4, microbatches=3, cache_split="sequences")
    whole, more = (ll.memory(MANY_HEADS, "H200-SXM", batch=12 * 100_000 + each, **request) for each in (0, 1))
    head_vectors = 2 * MANY_HEADS.n_heads * MANY_HEADS.head_dim
    of_the_stream = MANY_HEADS.d_model / 3
    assert more.activations - whole.activations == pytest.approx(2 * (head_vectors + of_the_stream))
    sizes = [whole.total, whole.total + 1, more.total - 1, more.total]
    found = [ll.memory(MANY_HEADS, "H200-SXM", batch=3, mem_size=size, **request).largest_batch for size in sizes]
    assert found == [1_200_000, 1_200_000, 1_200_000, 1_200_001]


def test_a_cache_that_is_divided_is_read_once():
    request = dict(tp=8, batch=24, context=32_768, routing="identical")
    heads, divided = (
        ll.explain("DeepSeek-V3-671B", "H200-SXM", cache_split=split, **request) for split in ("heads", "best")
    )
    copies, once = (sum(row.kv_bytes for row in found.rows) for found in (heads, divided))
    assert copies == pytest.approx(8 * once)
    assert "cache divided by sequences" in divided.title
    assert "arithmetic in fp8" in divided.title


def test_data_parallel_attention_adds_up_half_as_much_and_copies_its_matrices():
    request = dict(tp=8, batch=16, prompt=8192)
    heads, parallel = (
        {row.name: row for row in ll.explain("Llama-3-70B", "H100-SXM", cache_split=split, **request).rows}
        for split in ("heads", "data-parallel")
    )
    assert parallel["all-reduces"].time == pytest.approx(heads["all-reduces"].time / 2)
    assert parallel["QKV"].flops == pytest.approx(heads["QKV"].flops * (64 + 16) / (64 + 16))
    assert parallel["output"].weight_bytes == pytest.approx(8 * heads["output"].weight_bytes)
    assert parallel["attention"].flops == pytest.approx(heads["attention"].flops)


@pytest.mark.parametrize(("devices", "groups", "per_server", "chosen"), [(8, 8, 8, 2), (8, 4, 4, 3), (8, 2, 2, 2)])
def test_the_copies_of_a_vector_are_those_that_a_count_of_all_choices_finds(devices, groups, per_server, chosen):
    everywhere = {"tp": devices, "ep": groups, "devices_per_node": per_server, "experts_per_token": chosen}
    links = network = 0
    for visited in product(range(groups), repeat=chosen):
        holders = {device for device in range(1, devices) if device * groups // devices in visited}
        others = {device // per_server for device in holders} - {0}
        network += len(others) / groups**chosen
        links += (len(holders) - len(others)) / groups**chosen
    found = {symbol.name: value_of(expr, everywhere) for symbol, expr in COPIES["uniform"].items()}
    assert found == pytest.approx({"link_copies": links, "network_copies": network})
    at_home = {symbol.name: value_of(expr, everywhere) for symbol, expr in COPIES["identical"].items()}
    assert sum(at_home.values()) == devices // groups - 1


def test_tokens_that_travel_to_their_experts_send_less_the_more_groups_there_are():
    request = dict(tp=8, ep=[1, 2, 4, 8], batch=8, prompt=4096, cache_split="expert-parallel")
    parts = [
        {row.name: row.time for row in ll.explain("Qwen3-235B-A22B", "H200-SXM", **request | dict(ep=ep)).rows}
        for ep in request["ep"]
    ]
    sent = [rows["dispatches"] for rows in parts]
    gathered = ll.explain("Qwen3-235B-A22B", "H200-SXM", **request | dict(ep=1, cache_split="data-parallel"))
    assert sent == sorted(sent, reverse=True)
    assert sent[0] == pytest.approx(next(row.time for row in gathered.rows if row.name == "all-reduces"))


def test_the_busiest_device_has_one_sequence_more():
    times = [
        ll.decode_step_time(
            "DeepSeek-V3-671B",
            "H200-SXM",
            tp=8,
            batch=batch,
            context=10**6,
            cache_split="sequences",
            routing="identical",
        )
        for batch in (8, 9, 16)
    ]
    assert times[1] == pytest.approx(times[2], rel=1e-2)
    assert times[1] > 1.5 * times[0]


@pytest.mark.parametrize("split", CACHE_SPLITS)
def test_the_largest_batch_fits_and_one_more_does_not(split):
    request = dict(tp=8, context=32_768, cache_split=split)
    batch = ll.memory("DeepSeek-V3-671B", "H200-SXM", **request).largest_batch
    fits = ll.memory("DeepSeek-V3-671B", "H200-SXM", batch=[batch, batch + 1], **request).fits
    assert fits.tolist() == [True, False]


def test_prompts_one_after_another_leave_room_for_more_sequences():
    request = dict(tp=8, context=1280, prompt=1024, batch=64)
    together, alone = (
        ll.memory("Llama-3-70B", "H100-SXM", prefill_batch=number, **request).largest_batch for number in (None, 1)
    )
    steps = ll.memory("Llama-3-70B", "H100-SXM", tp=8, context=1280, batch=64).largest_batch
    assert together < alone == steps


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cache_split": "sequence"}, "cache_split = 'sequence': did you mean 'sequences'"),
        ({"offload": "weights"}, "offload = 'weights' needs offload_bandwidth"),
        ({"offload": "experts", "offload_bandwidth": 64e9}, "offload = 'experts': Llama-3-8B has no experts"),
        ({"offload": "cache", "offload_bandwidth": 64}, "offload_bandwidth = 64 byte/s: .*did you mean 64e9"),
        ({"offload": "cache", "offload_bandwidth": 64e9, "pp": 2}, "offload = 'cache': pp must be 1"),
        ({"offload_share": 1.5}, "offload_share = 1.5"),
        ({"offload_bandwidth": 64e9}, "offload_share and offload_bandwidth need offload: weights or experts or cache"),
        ({"network_latency": 5}, "network_latency = 5 s: must be from 0 to 0.1"),
    ],
)
def test_what_cannot_be_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        ll.decode_step_time("Llama-3-8B", "H100-SXM", context=1, **options)


@pytest.mark.parametrize("number", [0, 65, [1, 2, 3]])
def test_no_more_prompts_at_once_than_sequences(number):
    with pytest.raises(ValueError, match="prefill_batch"):
        ll.memory("Llama-3-8B", "H100-SXM", batch=[64, 64], context=100, prompt=100, prefill_batch=np.array(number))


def test_devices_without_links_are_joined_by_the_network_that_a_reader_states():
    spark = dict(context=4096, weight_bits=4, network_bandwidth=25e9)
    one, two, slow = (
        ll.decode_step_time("Llama-3-70B", "DGX-Spark", **spark, **more)
        for more in ({}, {"tp": 2}, {"tp": 2, "network_latency": 1e-3})
    )
    assert 0.5 < two / one < 0.51
    assert slow - two == pytest.approx(2 * 160 * 1e-3)
    four = dict(tp=4, context=4096, network_bandwidth=5e9)
    assert ll.decode_step_time("Llama-3-70B", "Apple-M3-Ultra-80GPU", **four) < 0.1
    with pytest.raises(ValueError, match="devices_per_node must be 1"):
        ll.decode_step_time("Llama-3-70B", "Apple-M3-Ultra-80GPU", devices_per_node=4, **four)
