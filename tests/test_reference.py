"""The operator model against an independent one, `reference.py`, which is written from the pages in plain Python."""

from collections import Counter
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

import llm_latency as ll
import reference
from llm_latency.catalogue.devices import COMPUTE_DTYPES
from llm_latency.operator_model.sharding import CACHE_SPLITS

ATTENTION = {
    "grouped": {},
    "latent": dict(kv_rank=512, nope_dim=128, rope_dim=64),
    "latent, compressed query": dict(query_rank=384, kv_rank=256, nope_dim=64, rope_dim=32),
}
EXPERTS = {
    "": (),
    "experts": ("experts",),
    "experts, shared ones": ("experts", "shared"),
    "experts, dense layers": ("experts", "dense"),
    "all": ("experts", "shared", "dense"),
}
# Attention, whether layers have windows, experts, routing, whether the maximum is soft: SymPy needs seconds for each.
EVERY = list(product(ATTENTION, (False, True), EXPERTS, ("uniform", "identical"), (False, True)))
SOME = [
    ("grouped", False, "", "uniform", False),
    ("grouped", True, "experts", "identical", True),
    ("latent", True, "experts, dense layers", "uniform", False),
    ("latent, compressed query", False, "all", "uniform", False),
]
kinds_of_models = pytest.mark.parametrize("kinds", [SOME, pytest.param(EVERY, marks=pytest.mark.long)], ids=len)

bits = st.sampled_from([4, 6, 8, 16])
efficiencies = st.sampled_from([1, 0.7])
bytes_of_an_element = st.sampled_from([0.5, 1, 2, 4])


rates = st.floats(1e9, 1e12)


def some(choices):
    """Draw any of the named choices, each of them or not."""
    return st.fixed_dictionaries({}, optional=choices)


@st.composite
def models(draw, attention, windowed, experts):
    """Draw a model of one kind, with sizes that 16 devices can divide."""
    groups, n_layers = draw(st.sampled_from([1, 2, 8])), draw(st.integers(2, 100))
    shape = dict(
        n_layers=n_layers,
        d_model=64 * draw(st.integers(1, 200)),
        n_heads=16 * draw(st.integers(1, 4)),
        head_dim=draw(st.sampled_from([64, 128])),
        mlp_width=16 * draw(st.integers(1, 2000)),
        mlp_matrices=draw(st.sampled_from([2, 3])),
        residual_blocks=draw(st.sampled_from([1, 2])),
        vocab=draw(st.sampled_from([1024, 51_200, 128_256])),
        vocab_matrices=draw(st.sampled_from([1, 2])),
        n_positions=draw(st.sampled_from([0, 200_000])),
        bytes_per_kv=draw(bytes_of_an_element),
        bytes_per_activation=draw(bytes_of_an_element),
    )
    shape |= draw(some({"bytes_per_param": bytes_of_an_element, "bytes_per_vocab_param": bytes_of_an_element}))
    if attention == "grouped":
        shape |= dict(n_kv_heads=groups)
    else:
        widths = ATTENTION[attention]
        shape |= widths | dict(head_dim=widths["nope_dim"] + widths["rope_dim"], value_dim=draw(st.integers(1, 256)))
    if windowed:
        shape |= dict(window=draw(st.integers(1, 10_000)))
    parts = EXPERTS[experts]
    if "experts" in parts:
        width = 16 * draw(st.integers(1, 400))
        shape |= dict(n_experts=16 * draw(st.integers(1, 16)), expert_width=width)
        shape |= dict(experts_per_token=draw(st.sampled_from([1, 2, 8, 16])))
        shape |= dict(mlp_width=16 * draw(st.integers(1, 9000)) if "dense" in parts else None)
        shape |= dict(shared_width=16 * draw(st.integers(1, 400))) if "shared" in parts else {}
        shape |= draw(some({"bytes_per_expert_param": st.sampled_from([1, 2])}))
    windowed_layers = draw(st.integers(1, n_layers)) if windowed else 0
    dense_layers = draw(st.integers(1, n_layers - 1)) if "dense" in parts else 0
    shape |= dict(compute_dtype=draw(st.sampled_from([None, *COMPUTE_DTYPES])))
    shape |= dict(groups=groups_of(n_layers, draw(st.permutations(range(n_layers))), windowed_layers, dense_layers))
    return ll.Model(name="random", **shape)


def groups_of(n_layers, order, windowed, dense):
    """Return the groups of layers of which so many have a window, and so many, in another order, no experts."""
    kinds = Counter((layer < windowed or not windowed, order[layer] < dense) for layer in range(n_layers))
    return {
        f"{'windowed' if slides else 'full'} {'dense' if plain else 'others'}": dict(n_layers=count)
        | ({} if slides else dict(window=0))
        | (dict(n_experts=0) if plain else {})
        for (slides, plain), count in kinds.items()
    }


machines = st.builds(
    ll.Device,
    name=st.just("random"),
    peak_flops=st.floats(1e12, 1e16),
    peak_flops_fp8=st.floats(1e12, 1e16),
    peak_flops_int8=st.floats(1e12, 1e16),
    peak_flops_fp4=st.floats(1e12, 1e16),
    mem_bandwidth=st.floats(1e11, 1e13),
    mem_size=st.floats(1e9, 1e13),
    link_bandwidth=st.floats(1e9, 1e12),
    network_bandwidth=st.floats(1e9, 1e11),
    link_latency=st.sampled_from([None, 0, 5e-6]),
    network_latency=st.sampled_from([None, 2e-5]),
    peak_flops_fp16_accumulate=st.none() | st.floats(1e12, 1e16),
    peak_flops_fp8_fp16_accumulate=st.none() | st.floats(1e12, 1e16),
)


@st.composite
def options(draw, experts, routing, soft):
    """Draw how a model is split, stored and run."""
    drawn = dict(
        tp=draw(st.sampled_from([1, 2, 4, 8, 16])),
        pp=draw(st.integers(1, 2) | st.sampled_from([4, 7, 16])),
        microbatches=draw(st.integers(1, 8)),
        routing=routing,
        compute_dtype=draw(st.sampled_from([None, *COMPUTE_DTYPES])),
        cache_split=draw(st.sampled_from(["heads", *CACHE_SPLITS, "best"])),
        devices_per_node=draw(st.sampled_from([1, 2, 4, 8, 16])),
        all_reduce=draw(st.sampled_from(["direct", "ring"])),
        activation_traffic=draw(st.sampled_from([0, 0.3, 1])),
        overlap_exponent=draw(st.sampled_from([1, 2.5, 30])) if soft else None,
    )
    drawn |= draw(some({name: efficiencies for name in reference.OPTIONS if name.endswith("efficiency")}))
    drawn |= draw(some({"weight_bits": bits, "vocab_bits": bits, "kv_bits": bits}))
    drawn |= draw(some({"network_bandwidth": st.floats(1e9, 1e11), "link_latency": st.sampled_from([0, 1e-5])}))
    drawn |= draw(some({"network_latency": st.sampled_from([0, 3e-5])}))
    offload = draw(st.sampled_from(["none", "weights", "cache", *(["experts"] if EXPERTS[experts] else [])]))
    if drawn["pp"] == 1 and offload != "none":
        drawn |= dict(offload=offload, offload_share=draw(st.floats(0, 1)), offload_bandwidth=draw(rates))
    if EXPERTS[experts]:
        drawn |= dict(ep=draw(st.sampled_from([1, max(1, drawn["tp"] // 2), drawn["tp"]])))
        drawn |= draw(some({"expert_bits": bits}))
    if drawn.keys() & {"weight_bits", "vocab_bits", "expert_bits"}:
        groups = {"scale_bits": st.sampled_from([0, 8]), "zero_point_bits": st.sampled_from([4, 16])}
        drawn |= draw(some(groups | {"group_size": st.sampled_from([32, 128])}))
    return drawn


@st.composite
def deployments(draw, kinds):
    """Draw a model of one of the kinds, a device, and options with the batch."""
    attention, windowed, experts, routing, soft = draw(st.sampled_from(kinds))
    model = draw(models(attention, windowed, experts))
    drawn = draw(options(experts, routing, soft))
    drawn["pp"] = min(drawn["pp"], model.n_layers)
    return model, draw(machines), drawn | dict(batch=drawn["microbatches"] * draw(st.sampled_from([1, 2.5, 20, 333])))


steps = st.fixed_dictionaries({"context": st.integers(0, 100_000)}, optional={"draft_tokens": st.integers(0, 8)})
prefills = st.fixed_dictionaries({"prompt": st.integers(1, 100_000)}, optional={"cached": st.integers(0, 100_000)})


def rows(model, device, **request):
    """List what the library says of each operator."""
    return {row.name: row for row in ll.explain(model, device, **request).rows}


def differences(found, expected):
    """Yield where the library's rows are not the expected ones."""
    for name in {*found, *expected}:
        for field in expected["norms"]:
            values = [getattr(found.get(name), field, None), expected.get(name, {}).get(field)]
            if None in values or values[0] != pytest.approx(values[1], rel=1e-9, abs=0):
                yield name, field, *values


@kinds_of_models
@given(st.data(), steps | prefills)
def test_every_operator_does_moves_and_takes_what_the_pages_say(kinds, data, request):
    model, device, option = data.draw(deployments(kinds))
    if option["cache_split"] == "best":  # thousands of ways can take equally long
        option["cache_split"] = "context"
    found = rows(model, device, **request, **option)
    # Of a few ways that take equally long, as latent vectors expanded or not where weights decide, any may be told.
    ways = reference.operators(model, device, **request, **option)
    assert min((list(differences(found, expected)) for expected in ways), key=len) == []


@kinds_of_models
@given(st.data(), steps, prefills, st.integers(1, 5000))
def test_a_step_a_prefill_and_a_request_take_as_long_as_the_pages_say(kinds, data, step, prefill, output):
    model, device, option = data.draw(deployments(kinds))
    for name, request in (
        ("decode_step_time", step),
        ("prefill_time", prefill),
        ("request_time", {"prompt": prefill["prompt"], "output": output}),
    ):
        expected = getattr(reference, name)(model, device, **request, **option)
        assert getattr(ll, name)(model, device, **request, **option) == pytest.approx(expected, rel=1e-9), name
        if name != "request_time":
            assert ll.explain(model, device, **request, **option).time == pytest.approx(expected, rel=1e-9), name


@kinds_of_models
@given(st.data(), st.integers(1, 100_000), st.sampled_from([0, 0.3, 1]))
def test_the_fullest_device_holds_what_the_pages_say(kinds, data, context, part):
    model, device, option = data.draw(deployments(kinds))
    request = option | dict(context=context, prompt=max(1, int(part * context)))
    found = ll.memory(model, device, **request)
    for name, value in reference.memory(model, device, **request).items():
        assert getattr(found, name) == pytest.approx(value, rel=1e-9, abs=0), name


@pytest.mark.parametrize("device", ["H100-SXM", pytest.param("A100-80GB-SXM", marks=pytest.mark.long)])
def test_every_model_of_the_catalogue_takes_and_holds_what_the_pages_say(device, faults):
    compared, device = 0, ll.devices[device]
    for model in ll.models.values():
        length = min(1000, model.n_positions or 1000)
        for tp, pp, ep in [(1, 1, 1), (8, 1, 1), (8, 2, 4), (16, 3, 1)]:
            option = dict(batch=12, tp=tp, pp=pp, ep=ep, microbatches=pp)
            try:
                ll.Deployment(model=model, device=device, tp=tp, pp=pp, ep=ep)
            except ValueError:
                continue
            compared += 1
            with faults.at(model.name, tp, pp, ep):
                for name, request in (
                    ("decode_step_time", {"context": length - 1}),
                    ("decode_step_time", {"context": length - 4, "draft_tokens": 3}),
                    ("prefill_time", {"prompt": length}),
                    ("prefill_time", {"prompt": length // 8, "cached": length - length // 8}),
                ):
                    expected = getattr(reference, name)(model, device, **request, **option)
                    assert getattr(ll, name)(model, device, **request, **option) == pytest.approx(expected, rel=1e-9)
                held = ll.memory(model, device, context=length, **option)
                for name, value in reference.memory(model, device, context=length, **option).items():
                    assert getattr(held, name) == pytest.approx(value, rel=1e-9), name
    assert compared > 2 * len(ll.models)
