"""The front door: what must hold for every model on every machine, and what it refuses."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import llm_latency as ll
from conftest import ROOT
from llm_latency.suggestions import UnknownNameError

LLAMA = {"model": "Llama-3-70B", "device": "H100-SXM"}
SLACK = 1 + 1e-9

grouped = st.builds(
    lambda heads, groups, dim, layers, width, mats, blocks, tied: dict(
        n_layers=layers,
        d_model=64 * width,
        n_heads=heads * groups,
        n_kv_heads=groups,
        head_dim=dim,
        mlp_width=256 * width,
        mlp_matrices=mats,
        residual_blocks=blocks,
        vocab=32000,
        vocab_matrices=tied,
    ),
    st.sampled_from([1, 2, 8]),
    st.sampled_from([1, 2, 8]),
    st.sampled_from([64, 128]),
    st.integers(2, 100),
    st.integers(1, 200),
    st.integers(2, 3),
    st.integers(1, 2),
    st.integers(1, 2),
)
latent = st.just(
    dict(n_heads=16, n_kv_heads=16, head_dim=192, query_rank=384, kv_rank=512, nope_dim=128, rope_dim=64, value_dim=128)
)
experts = st.builds(
    lambda count, chosen, shared: dict(
        n_experts=8 * count,
        experts_per_token=chosen,
        expert_width=512,
        mlp_width=None,
        shared_width=512 if shared else None,
    ),
    st.integers(1, 32),
    st.integers(1, 8),
    st.booleans(),
)
# Every layer but one has the window.
windows = st.builds(
    lambda window: dict(window=window, groups={"full": dict(n_layers=1, window=0)}), st.integers(1, 10_000)
)


@st.composite
def shapes(draw):
    """Draw a model: grouped or latent attention, with or without experts and windows."""
    shape = draw(grouped)
    for extra in (latent, experts, windows):
        if draw(st.booleans()):
            shape |= draw(extra)
    return ll.Model(name="random", **shape)


machines = st.builds(
    lambda flops, bandwidth, link: ll.Device(
        name="random",
        peak_flops=flops,
        mem_bandwidth=bandwidth,
        mem_size=1e12,
        link_bandwidth=link,
        network_bandwidth=link / 10,
        link_latency=5e-6,
    ),
    st.floats(1e12, 1e16),
    st.floats(1e11, 1e13),
    st.floats(1e9, 1e12),
)
requests = st.fixed_dictionaries({"batch": st.integers(1, 2000), "context": st.integers(0, 100_000)})
options = st.fixed_dictionaries(
    {
        "pp": st.sampled_from([1, 2]),
        "weight_bits": st.sampled_from([4, 8, 16]),
        "kv_bits": st.sampled_from([8, 16]),
        "activation_traffic": st.sampled_from([0, 1]),
        "overlap_exponent": st.sampled_from([None, 1, 2.5]),
        "all_reduce": st.sampled_from(["direct", "ring"]),
        "routing": st.sampled_from(["uniform", "identical"]),
    }
)


@given(shapes(), machines, requests, options)
def test_a_step_is_never_faster_than_its_weights_and_cache(model, machine, request, option):
    found = ll.explain(model, machine, **request, **option)
    time = ll.decode_step_time(model, machine, **request, **option)
    assert found.time == pytest.approx(time, rel=1e-9)
    assert time * SLACK >= sum(row.bytes for row in found.rows) / machine.mem_bandwidth
    assert time * SLACK >= sum(row.flops for row in found.rows) / machine.peak_flops


@given(shapes(), machines, requests)
def test_operators_one_after_another_take_at_most_twice_as_long_as_perfect_overlap(model, machine, request):
    rows = ll.explain(model, machine, **request).rows
    together = max(sum(row.compute_time for row in rows), sum(row.memory_time for row in rows))
    assert together <= sum(row.time for row in rows) * SLACK <= 2 * together * SLACK**2


@given(shapes(), machines, requests, options)
def test_time_does_not_rise_with_a_faster_machine(model, machine, request, option):
    time = ll.decode_step_time(model, machine, **request, **option)
    for name in ("mem_bandwidth", "peak_flops", "link_bandwidth"):
        faster = dataclasses.replace(machine, **{name: 2 * getattr(machine, name)})
        assert ll.decode_step_time(model, faster, **request, **option) <= time * SLACK, name


@given(shapes(), machines, requests, options)
def test_time_does_not_fall_with_more_work(model, machine, request, option):
    less = request | option
    time = ll.decode_step_time(model, machine, **less)
    for name in ("batch", "context", "weight_bits", "kv_bits"):
        assert time <= SLACK * ll.decode_step_time(model, machine, **(less | {name: 2 * less[name]})), name


@given(shapes(), machines, requests, options)
def test_the_time_on_a_single_device_does_not_depend_on_its_links(model, machine, request, option):
    option = option | {"pp": 1}
    slow = dataclasses.replace(machine, link_bandwidth=1e7, link_latency=0.1)
    times = [ll.decode_step_time(model, device, **request, **option) for device in (machine, slow)]
    assert times[0] == times[1]


@given(shapes(), machines, st.integers(1, 100), st.integers(1, 3000), st.integers(1, 30))
def test_a_request_is_its_prefill_and_its_steps(model, machine, batch, prompt, output):
    steps = sum(ll.decode_step_time(model, machine, batch=batch, context=prompt + step) for step in range(output - 1))
    expected = ll.prefill_time(model, machine, batch=batch, prompt=prompt) + steps
    assert ll.request_time(model, machine, batch=batch, prompt=prompt, output=output) == pytest.approx(
        expected, rel=1e-9
    )


@given(shapes(), machines, st.integers(1, 2000))
def test_a_prefill_of_one_token_is_a_step_without_context(model, machine, batch):
    """Not for latent attention, which expands its vectors for a prefill."""
    if model.kv_rank is None:
        prefill = ll.prefill_time(model, machine, batch=batch, prompt=1)
        assert prefill == pytest.approx(ll.decode_step_time(model, machine, batch=batch, context=0), rel=1e-12)


@given(shapes(), st.integers(1, 500), st.integers(1, 100_000))
def test_the_largest_batch_and_context_fit_and_no_larger_ones(model, batch, context):
    machine = ll.Device(name="small", peak_flops=1e14, mem_bandwidth=1e12, mem_size=80e9)
    found = ll.memory(model, machine, batch=batch, context=context)
    if found.largest_batch >= 1:
        assert ll.memory(model, machine, batch=found.largest_batch, context=context).fits
    assert not ll.memory(model, machine, batch=found.largest_batch + 1, context=context).fits
    assert ll.memory(model, machine, batch=batch, context=found.largest_context).fits or found.largest_context == 0
    if np.isfinite(found.largest_context):
        assert not ll.memory(model, machine, batch=batch, context=found.largest_context + 1).fits


@pytest.mark.parametrize(
    ("call", "varied"),
    [
        (ll.decode_step_time, {"batch": [1, 8, 64], "context": 4096}),
        (ll.decode_step_time, {"batch": 1, "context": 4096, "tp": [1, 2, 8]}),
        (ll.decode_step_time, {"batch": 1, "context": 4096, "weight_bits": [4, 8, 16]}),
        (ll.decode_step_time, {"batch": 1, "context": 4096, "bandwidth_efficiency": [0.8, 0.9, 1]}),
        (ll.prefill_time, {"batch": 1, "prompt": [128, 1024, 8192]}),
        (ll.request_time, {"batch": 16, "prompt": 1024, "output": [1, 2, 256]}),
    ],
)
def test_any_number_may_be_a_list_or_an_array(call, varied):
    [name] = [name for name, value in varied.items() if isinstance(value, list)]
    one_by_one = [call(**LLAMA, **(varied | {name: value})) for value in varied[name]]
    assert all(isinstance(time, float) for time in one_by_one)
    for value in (varied[name], np.array(varied[name])):
        times = call(**LLAMA, **(varied | {name: value}))
        assert times.shape == (3,)
        np.testing.assert_allclose(times, one_by_one, rtol=1e-12)


def test_arrays_broadcast_against_each_other():
    times = ll.decode_step_time(**LLAMA, tp=[[1], [8]], batch=[1, 8, 64], context=4096)
    assert times.shape == (2, 3)
    found = ll.memory(**LLAMA, tp=[[1], [8]], batch=[1, 8, 64], context=4096)
    assert found.fits.shape == (2, 3)
    assert found.fits.tolist() == [[False] * 3, [True] * 3]


def test_the_13b_step_takes_as_long_as_the_note_expects():
    time = ll.decode_step_time("GPT-13B", "A100-40GB-SXM", batch=1, context=512)
    assert 16e-3 < time < 17.5e-3


def test_the_closed_step_is_a_limit_of_the_operators():
    """Multi-head attention, a tiny vocabulary and no context: the note's 12 n h^2."""
    shape = dict(n_layers=40, d_model=5120, n_heads=40, mlp_width=20480, mlp_matrices=2, vocab=1, vocab_matrices=1)
    model = ll.Model(name="note", **shape, n_params=12 * 40 * 5120**2)
    machine = dataclasses.replace(ll.devices["A100-note"], link_latency=8e-6)
    for batch in (1, 1000):
        closed = ll.evaluate(ll.latency.serial_decode_step_time, model, machine, n_devices=8, batch=batch)
        operators = ll.decode_step_time(model, machine, tp=8, batch=batch, context=0)
        assert operators == pytest.approx(closed, rel=5e-3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tp": 6}, "tp = 6 must divide the 64 heads of Llama-3-70B"),
        ({"tp": [1, 6]}, "tp = 6 must divide"),
        ({"tp": 0}, "tp = 0.0: must be a whole number >= 1"),
        ({"tp": 16, "devices_per_node": 6}, "tp = 16 must be divided evenly among servers of devices_per_node = 6"),
        ({"ep": 2}, "ep = 2.0: must be a whole number >= 1 and <= tp, which is 1.0"),
        ({"tp": 2, "ep": 2}, "ep = 2: Llama-3-70B has no experts to divide"),
        ({"pp": 81}, "pp = 81 must be at most the 80 layers of Llama-3-70B"),
        ({"microbatches": 2}, "microbatches = 2.0: must be a whole number >= 1 and <= batch, which is 1.0"),
        ({"all_reduce": "rings"}, "all_reduce = 'rings': did you mean 'ring'. must be 'direct' or 'ring'"),
        ({"all_reduce": "Ring"}, "did you mean 'ring'"),
        ({"routing": "random"}, "routing = 'random': must be 'uniform' or 'identical'"),
        ({"compute_dtype": "fp4"}, "compute_dtype = 'fp4': H100-SXM computes in fp16, bf16, fp8, int8"),
        ({"weight_bits": 0}, "weight_bits = 0.0 bit: must be a finite number > 0"),
        ({"kv_bits": "8"}, "kv_bits = '8': must be a finite number > 0"),
        ({"compute_efficiency": 1.1}, "compute_efficiency = 1.1: must be a finite number > 0 and <= 1"),
        ({"batch": -1}, "batch = -1.0: must be a finite number >= 1"),
        ({"context": float("nan")}, "context = nan: must be a finite number >= 0"),
        ({"check_fit": "no"}, "check_fit = 'no': must be False or True"),
        ({"group_size": 128}, "group_size = 128 needs weight_bits, expert_bits or vocab_bits"),
        ({"expert_bits": 4}, "expert_bits = 4: Llama-3-70B has no experts"),
        ({"scale_bits": -5}, "scale_bits = -5.0 bit: must be a finite number >= 0"),
        ({"compute_dtype": ["fp8"]}, r"compute_dtype = \['fp8'\]: must be one of fp16, bf16"),
        ({"all_reduce": np.array(["ring"])}, "all_reduce = array"),
        ({"batch": 10**400}, "batch = 1000.*: must be a finite number >= 1"),
        ({"tp": [1, 2], "batch": [1, 2, 3]}, "shapes do not broadcast: tp (2,), batch (3,)"),
        ({"weight_bits": [4, 8], "batch": [1, 2, 3]}, "shapes do not broadcast: weight_bits (2,), batch (3,)"),
        ({"tp": [1, 8], "check_fit": True}, "Llama-3-70B on H100-SXM does not fit: 142.4 GB on a device of 85.0 GB"),
        ({"check_fit": True}, "Llama-3-70B on H100-SXM does not fit: 142.4 GB on a device of 85.0 GB"),
    ],
)
def test_an_impossible_deployment_is_refused_with_the_reason(changes, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(").replace(")", r"\)")):
        ll.decode_step_time(**LLAMA, **({"context": 4096} | changes))


def test_what_a_device_lacks_is_named():
    with pytest.raises(ValueError, match="Apple-M1-8GPU has no link_bandwidth: tp and pp must be 1"):
        ll.decode_step_time("Llama-2-7B", "Apple-M1-8GPU", tp=2, context=1)
    with pytest.raises(ValueError, match="Apple-M1-8GPU has no link_bandwidth: tp and pp must be 1"):
        ll.decode_step_time("Llama-2-7B", "Apple-M1-8GPU", tp=[1, 2], context=1)
    with pytest.raises(ValueError, match="Apple-M1-8GPU has no mem_size"):
        ll.memory("Llama-2-7B", "Apple-M1-8GPU", context=1)
    with pytest.raises(ValueError, match="network_bandwidth is needed: tp \\* pp > devices_per_node = 8"):
        ll.decode_step_time("Llama-3-70B", "MI300X", tp=16, context=1)
    with pytest.raises(ValueError, match="mine needs mlp_width, mlp_matrices, vocab, vocab_matrices"):
        ll.decode_step_time(ll.Model(name="mine", n_layers=1, d_model=64, n_heads=1), "H100-SXM", context=1)


def test_an_engine_keeps_a_part_of_the_memory():
    request = dict(model="Llama-3-70B", device="H100-SXM", tp=2, context=4096)
    size_of_memory = ll.devices["H100-SXM"].mem_size
    whole, share, size = (
        ll.memory(**request, **kept) for kept in ({}, {"memory_reserve": 0.1}, {"memory_reserve": 8e9})
    )
    named = ll.memory(**request, gpu_memory_utilization=0.9)
    assert (whole.reserved, share.reserved, size.reserved) == (0, pytest.approx(0.1 * size_of_memory), 8e9)
    assert share.fits
    assert named.largest_context == share.largest_context < size.largest_context
    per_token = whole.kv_cache / 4096
    assert whole.largest_context - size.largest_context == pytest.approx(8e9 / per_token, abs=1)
    assert ll.memory(**request, memory_reserve=[0, 0.1, 0.2]).fits.tolist() == [True, True, False]
    assert "of it the engine keeps" in share._repr_markdown_()
    assert "engine" not in whole._repr_markdown_()
    with pytest.raises(
        ValueError, match=r"does not fit: 71.2 GB on a device of 85.0 GB, of which the engine keeps 17.0"
    ):
        ll.decode_step_time(**request, memory_reserve=0.2, check_fit=True)


def test_the_memory_of_a_chip_that_comes_in_several_sizes_is_given():
    request = dict(model="Llama-3-8B", device="Apple-M3-Max-40GPU", context=4096)
    assert ll.memory(**request, mem_size=[16e9, 64e9]).fits.tolist() == [False, True]
    assert ll.memory(**request, mem_size=64e9, memory_reserve=0.25).reserved == 16e9


@pytest.mark.parametrize(
    ("kept", "message"),
    [
        ({"memory_reserve": 5}, "memory_reserve = 5.0: must be a share below 1, or bytes from 1e6 to the memory"),
        ({"memory_reserve": 1e12}, "memory_reserve = 1000000000000.0: must be a share below 1"),
        ({"memory_reserve": -0.1}, "memory_reserve = -0.1"),
        ({"memory_reserve": "2 GB"}, "memory_reserve = '2 GB': must be"),
        ({"gpu_memory_utilization": 1.2}, "gpu_memory_utilization = 1.2: must be"),
        ({"gpu_memory_utilization": 0.9, "memory_reserve": 0.1}, "say the same: give one of them"),
        ({"mem_size": 64}, "mem_size = 64 byte: must be from 1e8 to 1e14; did you mean 64e9?"),
    ],
)
def test_a_part_that_no_engine_can_keep_is_refused_whatever_is_asked(kept, message):
    for call in (ll.memory, ll.decode_step_time):
        with pytest.raises(ValueError, match=message):
            call("Llama-3-8B", "H100-SXM", context=4096, **kept)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ({"head_dim": 0}, "mine: head_dim = 0 must be a whole number > 0"),
        ({"n_heads": "4"}, "mine: n_heads = '4' must be a whole number >= 0"),
        ({"d_model": None}, "mine: d_model = None must be a whole number > 0"),
        ({"n_layers": 2.5}, "mine: n_layers = 2.5 must be a whole number > 0"),
        ({"n_positions": -1}, "mine: n_positions = -1 must be a whole number >= 0"),
        ({"groups": {"local": {"n_layers": 1, "window": -1}}}, "local.window = -1 must be a whole number >= 0"),
        ({"groups": {"local": {"window": 8}}}, "groups: local needs n_layers"),
        ({"groups": {"local": {"n_layers": 0}}}, "groups: local.n_layers = 0 must be a whole number > 0"),
        ({"groups": {"local": {"n_layers": 1, "windows": 8}}}, "local has no field 'windows'; did you mean 'window'?"),
        ({"groups": {"local": 3}}, "groups: local = 3 must map fields of a layer to numbers"),
        ({"groups": [1]}, r"groups = \[1\] must map names to groups of layers"),
        ({"groups": {"local": {"n_layers": 3}}}, "the groups have 3 layers, and the model has n_layers = 2"),
        ({"groups": {"a": {"n_layers": 1, "n_kv_heads": 3}}}, "mine: a: n_kv_heads = 3 must divide n_heads = 4"),
        ({"bytes_per_kv": float("inf")}, "mine: bytes_per_kv = inf must be a number > 0"),
        ({"kv_rank": 8}, "mine: kv_rank needs nope_dim, rope_dim, value_dim"),
        ({"experts_per_token": 2}, "mine: experts_per_token needs n_experts"),
        ({"query_rank": 8}, "mine: query_rank needs kv_rank or output_rank"),
        ({"query_rank": 8, "output_rank": 8}, "mine: output_rank needs output_groups"),
        ({"window": 8, "chunk": 8}, "mine: window and chunk cannot limit the keys of the same layer"),
        ({"kv_projections": 3}, "mine: kv_projections = 3 must be 0, 1 or 2"),
        ({"window": 8, "n_heads": None}, "mine: window needs n_heads"),
        ({"n_kv_heads": 3}, "mine: n_kv_heads = 3 must divide n_heads = 4"),
        ({"n_experts": 4, "experts_per_token": 5, "expert_width": 8}, "experts_per_token = 5 must be <= n_experts = 4"),
    ],
)
def test_an_impossible_model_is_refused_with_the_reason(shape, message):
    with pytest.raises(ValueError, match=message):
        ll.Model(name="mine", **({"n_layers": 2, "d_model": 64, "n_heads": 4} | shape))


def test_replacing_the_number_format_gives_the_device_its_own_rate_again():
    deployment = ll.Deployment(**LLAMA, compute_dtype="fp8")
    again = dataclasses.replace(deployment, compute_dtype="fp16")
    assert again.values["peak_flops"] == ll.devices["H100-SXM"].peak_flops
    with pytest.raises(ValueError, match="computes in fp16, bf16"):
        ll.devices["H100-SXM"].computing_in("fp8").computing_in("int8")


@pytest.mark.parametrize("option", ["network_bandwidth", "kv_bits", "compute_efficiency", "vocab_bits"])
def test_every_array_shapes_every_result(option):
    values = {"network_bandwidth": [1e9, 2e9], "compute_efficiency": [0.5, 1]}.get(option, [8, 16])
    for call, request in (
        (ll.decode_step_time, {"context": [[1], [2], [3]]}),
        (ll.prefill_time, {"prompt": [[1], [2], [3]]}),
        (ll.request_time, {"prompt": [[1], [2], [3]], "output": 2}),
    ):
        assert call(**LLAMA, **request, **{option: values}).shape == (3, 2)
    found = ll.memory(**LLAMA, context=[[1], [2], [3]], **{option: values})
    for item in ("weights", "kv_cache", "activations", "total", "fits", "largest_batch", "largest_context"):
        assert getattr(found, item).shape == (3, 2)


def test_microbatches_and_stages_share_the_memory():
    one = ll.memory(**LLAMA, pp=4, batch=64, context=4096, prompt=4096)
    eight = ll.memory(**LLAMA, pp=4, microbatches=8, batch=64, context=4096, prompt=4096)
    assert eight.activations == pytest.approx(one.activations / 8)
    assert eight.kv_cache == one.kv_cache
    deepseek = {"model": "DeepSeek-V3-671B", "device": "H200-SXM", "tp": 8, "context": 1}
    whole, half = (ll.memory(**deepseek, pp=pp).weights for pp in (1, 2))
    assert half > whole / 2  # a stage without the three lighter layers
    with pytest.raises(ValueError, match="prompt must be <= context"):
        ll.memory(**LLAMA, context=10, prompt=1000)


def test_each_pipeline_stage_does_its_share_of_a_prefill():
    alone, staged = (ll.explain(**LLAMA, prompt=4096, batch=8, pp=pp) for pp in (1, 4))
    assert sum(row.flops for row in staged.rows) == pytest.approx(sum(row.flops for row in alone.rows) / 4)
    assert alone.rows[0].bound_by == "-"
    with pytest.raises(ValueError, match="does not fit"):
        ll.explain(**LLAMA, context=10, check_fit=True)


def test_stages_on_other_servers_send_over_the_network():
    slow, fast = (
        ll.decode_step_time(**LLAMA, tp=4, pp=4, batch=64, context=1, network_bandwidth=rate) for rate in (1e6, 50e9)
    )
    assert slow > fast
    near = ll.decode_step_time(**LLAMA, tp=2, pp=4, batch=64, context=1, network_bandwidth=[1e6, 50e9])
    assert near[0] == near[1]


def test_stages_send_at_the_mean_rate_of_the_ways_between_them():
    """Of the sends from stage to stage, those inside a server take its links, and the others the network."""
    device = dataclasses.replace(ll.devices["H100-SXM"], link_latency=0)
    link, network = device.link_bandwidth, 50e9
    for tp, pp, inside, outside in ((1, 4, 3, 0), (4, 4, 2, 1), (8, 4, 0, 3), (16, 2, 0, 1), (2, 16, 12, 3)):
        rows = ll.explain("Llama-3-70B", device, tp=tp, pp=pp, batch=64, context=1, network_bandwidth=network).rows
        message = 2 * 64 * ll.models["Llama-3-70B"].d_model / tp
        expected = message * (inside / link + outside / network)
        assert {row.name: row.time for row in rows}["stages"] == pytest.approx(expected, rel=1e-12), (tp, pp)


def test_a_request_that_does_not_fit_is_refused_by_every_function():
    small = dataclasses.replace(ll.devices["H100-SXM"], mem_size=145e9)
    for call, fits, too_much in (
        (ll.decode_step_time, {"context": 100}, {"context": 100_000}),
        (ll.prefill_time, {"prompt": 100}, {"prompt": 100_000}),
        (ll.request_time, {"prompt": 100, "output": 1}, {"prompt": 100, "output": 100_000}),
        (ll.explain, {"context": 100}, {"context": 100_000}),
        (ll.explain, {"prompt": 100}, {"prompt": 100_000}),
    ):
        call("Llama-3-70B", small, **fits, check_fit=True)
        call("Llama-3-70B", small, **too_much)
        with pytest.raises(ValueError, match="does not fit"):
            call("Llama-3-70B", small, **too_much, check_fit=True)


def test_a_decode_step_of_latent_attention_holds_compressed_vectors_and_a_prefill_expanded_ones():
    sizes = dict(n_layers=1, d_model=64, mlp_width=64, mlp_matrices=3, vocab=64, vocab_matrices=1)
    latent = dict(n_heads=16, kv_rank=512, nope_dim=128, rope_dim=64, value_dim=128)
    model = ll.Model(name="latent", **sizes, **latent)
    expanded, absorbed = (
        ll.memory(model, "H200-SXM", batch=8, context=100, prompt=prompt).activations for prompt in (100, 1)
    )
    assert absorbed == 2 * 8 * (64 + 16 * (512 + 64 + 512))
    assert expanded == 2 * 8 * 100 * (64 + 16 * (128 + 64 + 128) + 16 * (128 + 128))


def test_unknown_names_suggest_known_ones():
    with pytest.raises(UnknownNameError, match="did you mean 'Llama-3-70B'"):
        ll.decode_step_time("llama-3-70", "H100-SXM", context=1)
    with pytest.raises(UnknownNameError, match="did you mean 'H100-SXM'"):
        ll.prefill_time("Llama-3-70B", "H100", prompt=1)
    with pytest.raises(TypeError, match="1 is neither a name nor a Model"):
        ll.memory(1, "H100-SXM", context=1)
    with pytest.raises(TypeError, match="unknown option 'weight_bit'; did you mean 'weight_bits'"):
        ll.decode_step_time(**LLAMA, context=1, weight_bit=8)


def test_explain_takes_one_configuration():
    with pytest.raises(ValueError, match="give context for a decode step, or prompt for a prefill"):
        ll.explain(**LLAMA)
    with pytest.raises(ValueError, match="explain takes one configuration"):
        ll.explain(**LLAMA, context=[1, 2])
    prefill = ll.explain(**LLAMA, prompt=1024)
    assert prefill.time == pytest.approx(ll.prefill_time(**LLAMA, prompt=1024), rel=1e-12)
    assert "| whole pass" in prefill._repr_markdown_()


def test_values_not_checked_against_a_source_are_named():
    text = ll.explain("PaLM-62B", "H100-SXM", context=1)._repr_markdown_()
    assert "Not checked against a source yet: n_layers of PaLM-62B" in text


@pytest.mark.parametrize(("rounds", "pp", "microbatches"), [(1, 4, 1), (1, 4, 4), (2, 4, 8)])
def test_a_pipeline_serves_its_microbatches_in_turn(rounds, pp, microbatches):
    batch = 8
    whole = ll.decode_step_time(**LLAMA, pp=pp, microbatches=microbatches, batch=batch, context=1000)
    part = ll.decode_step_time(**LLAMA, pp=pp, batch=batch / microbatches, context=1000)
    assert whole == pytest.approx(rounds * part, rel=1e-12)


def test_expert_parallelism_leaves_the_busiest_group_a_whole_expert():
    mixtral = {"model": "Mixtral-8x7B", "device": "A100-80GB-SXM", "tp": 8, "context": 1}
    rows = {
        ep: {row.name: row for row in ll.explain(**mixtral, ep=ep).rows}["experts"].weight_bytes for ep in (1, 2, 8)
    }
    assert rows[1] == pytest.approx(rows[2])
    assert rows[8] == pytest.approx(4 * rows[1])
    for ep in (1, 2, 8):
        assert ll.memory(**mixtral, ep=ep).weights == ll.memory(**mixtral).weights


def test_closed_formulas_refuse_models_that_they_do_not_describe():
    for formula, model, reason in (
        (ll.footprint.kv_bytes_per_token, "Llama-3-70B", "8 key-value heads for 64 heads"),
        (ll.footprint.max_batch, "DeepSeek-V3-671B", "latent attention"),
        (ll.footprint.kv_bytes_per_token, "Mistral-7B", "a window of 4096 keys"),
        (ll.transformer.block_params, "LLaMA-7B", "a gated MLP|an MLP of width 11008"),
        (ll.roofline.weight_read_time, "Mixtral-8x7B", "8 experts a layer"),
        (ll.latency.communication_time, "Falcon-180B", "both in parallel"),
    ):
        with pytest.raises(ValueError, match=f"{formula.name} assumes .* but {model} has ({reason}): use the operator"):
            ll.evaluate(
                formula,
                ll.models[model],
                **{name: 1 for name in formula.arguments if name not in ll.models[model].arguments},
            )


def test_a_hugging_face_configuration_becomes_a_model(tmp_path, faults):
    configs = json.loads((ROOT / "tests/data/hf_configs.json").read_text(encoding="utf-8"))
    (tmp_path / "list.json").write_text("[1]", encoding="utf-8")
    with pytest.raises(ValueError, match="holds a list, not a configuration"):
        ll.Model.from_hf_config(tmp_path / "list.json", name="mine")
    assert ll.Model.from_hf_config(configs["Llama-2-7B"]["config"], name="mine").d_model == 4096
    for name, known in configs.items():
        with faults.at(name):
            path = tmp_path / "config.json"
            path.write_text(json.dumps(known["config"]), encoding="utf-8")
            model = ll.Model.from_hf_config(path, name=name)
            assert ll.decode_step_time(model, "H100-SXM", context=100) > 0
            deviation = ll.parameter_count(model) / known["parameters"] - 1 if "parameters" in known else 0
            assert abs(deviation) <= 0.01, f"{deviation:+.1%} off the published parameters"


@pytest.mark.parametrize(
    ("name", "blocks"), [("Falcon-7B", 1), ("GPT-NeoX-20B", 1), ("Llama-2-7B", 2), ("Falcon-7B-RefinedWeb", 1)]
)
def test_blocks_in_parallel_are_told_from_blocks_in_sequence(name, blocks):
    config = json.loads((ROOT / "tests/data/hf_configs.json").read_text(encoding="utf-8"))[name]["config"]
    assert ll.Model.from_hf_config(config, name="mine").residual_blocks == blocks


def test_a_hugging_face_configuration_equals_the_catalogue(tmp_path):
    configs = json.loads((ROOT / "tests/data/hf_configs.json").read_text(encoding="utf-8"))
    for ours, theirs in (("Llama-2-7B", "Llama-2-7B"), ("DeepSeek-V3-671B", "DeepSeek-V3"), ("gpt-oss-20b",) * 2):
        path = tmp_path / "config.json"
        path.write_text(json.dumps(configs[theirs]["config"]), encoding="utf-8")
        model, same = ll.Model.from_hf_config(path, name="mine"), {"weight_bits": 16}
        times = [ll.decode_step_time(each, "H100-SXM", context=4096, **same) for each in (model, ll.models[ours])]
        assert times[0] == pytest.approx(times[1], rel=1e-12)


def test_only_weights_of_fewer_bits_than_16_have_scales():
    narrow, plain = (
        ll.memory("Llama-3-8B", "H100-SXM", weight_bits=bits, group_size=128, context=1).weights for bits in (15, 16)
    )
    assert plain == ll.memory("Llama-3-8B", "H100-SXM", context=1).weights
    without = ll.memory("Llama-3-8B", "H100-SXM", weight_bits=15, context=1).weights
    assert narrow > without
