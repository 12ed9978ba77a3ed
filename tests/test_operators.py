"""The operators of the decoder: counts, limits, and the share of one device."""

import dataclasses
import random

import mpmath
import numpy as np
import pytest
import sympy as sp

import llm_latency as ll
from llm_latency.evaluation import compiled
from llm_latency.formulas.transformer import attention_flops_per_token, layer_weights
from llm_latency.notation import (
    REGISTRY,
    activation_traffic,
    bandwidth_efficiency,
    bytes_per_kv,
    bytes_per_param,
    compute_efficiency,
    context,
    d_model,
    ep,
    experts_per_token,
    flops_per_mac,
    head_dim,
    keys,
    mlp_matrices,
    mlp_width,
    n_experts,
    n_heads,
    n_kv_heads,
    n_layers,
    tokens,
    touched_experts,
    tp,
)
from llm_latency.operator_model.execution import Execution, ends_time, layer_time, operators_of
from llm_latency.operator_model.operator import Operator, soft_maximum
from llm_latency.operator_model.operators import LayerKind, decoder, decoder_params, layer
from llm_latency.operator_model.shape import layer_groups
from llm_latency.operator_model.sharding import sharded

NOTE = {n_kv_heads: n_heads, head_dim: d_model / n_heads, mlp_width: 4 * d_model, mlp_matrices: 2}
KINDS = [
    LayerKind(),
    LayerKind(windowed=True),
    LayerKind(experts=True),
    LayerKind(experts=True, shared=True, windowed=True),
    LayerKind(latent=True),
    LayerKind(latent=True, compressed_query=True, experts=True, shared=True),
    LayerKind(latent=True, compressed_query=True, experts=True, shared=True, absorbed=False),
]
each_kind = pytest.mark.parametrize("kind", KINDS)
LAYER = ("QKV", "attention", "output", "MLP")


def of(operators):
    return {operator.name: operator for operator in operators}


def test_parameters_counted_from_the_shape_are_the_published_ones(faults):
    """To 1 %, or the model's remark says why not."""
    for name, model in ll.models.items():
        with faults.at(name):
            counted = ll.parameter_count(name)
            deviation = counted / model.n_params - 1
            known = abs(deviation) < 0.01 or model.remark
            assert known, f"{counted:.4g} parameters counted, {model.n_params:.4g} published: {deviation:+.1%}"


def test_active_parameters_are_the_published_ones(faults):
    """What one token computes with: half its FLOP, with or without the embedding's matrix. To 3 %, or with a remark."""
    for name, model in ll.models.items():
        if not model.n_active_params:
            continue
        with faults.at(name):
            rows = ll.explain(model, "H100-SXM", context=0, routing="identical").rows
            active = sum(row.flops for row in rows if row.name not in {"attention", "windowed attention"}) / 2
            counts = (active, active + model.vocab * model.d_model)
            deviation = min((count / model.n_active_params - 1 for count in counts), key=abs)
            known = abs(deviation) < 0.03 or model.remark
            assert known, f"{active:.4g} active ones counted, {model.n_active_params:.4g} published: {deviation:+.1%}"


def test_the_note_is_a_limit():
    layer = of(decoder(LayerKind()))
    params = sum(layer[name].params for name in LAYER).subs(NOTE)
    assert sp.simplify(params - 12 * d_model**2) == 0
    assert sp.simplify(params - layer_weights.expr.subs(mlp_width, 4 * d_model)) == 0
    work = sum(layer[name].flops for name in LAYER if name != "attention").subs(NOTE)
    assert sp.simplify(work - flops_per_mac * tokens * params) == 0
    attention = n_layers * layer["attention"].flops.subs(NOTE) / tokens
    assert sp.simplify(attention.subs(keys, context) - attention_flops_per_token.expr) == 0


def test_doubling_the_kv_heads_doubles_the_bytes_of_the_cache_but_not_the_work():
    core = of(decoder(LayerKind()))["attention"]
    doubled = core.subs({n_kv_heads: 2 * n_kv_heads})
    assert sp.simplify(doubled.kv_bytes - 2 * core.kv_bytes) == 0
    assert doubled.flops == core.flops


@each_kind
def test_one_device_holds_and_does_everything(kind):
    for whole, alone in zip(decoder(kind), map(sharded, decoder(kind)), strict=True):
        one = alone.subs({tp: 1, ep: 1})
        for quantity in ("params", "flops", "weight_bytes", "kv_bytes", "activation_bytes"):
            values = {symbol: sp.Integer(7) for symbol in getattr(whole, quantity).free_symbols}
            assert getattr(one, quantity).subs(values) == getattr(whole, quantity).subs(values)


@pytest.mark.parametrize("name", ["params", "flops", "weight_bytes", "kv_bytes"])
def test_grouped_attention_and_mlp_are_divided_evenly(name):
    for operator in decoder(LayerKind()):
        if operator.name not in LAYER:
            continue
        whole, part = getattr(operator, name), getattr(sharded(operator), name)
        assert sp.simplify(part.subs(tp, 4).subs(n_kv_heads, 8) - whole.subs(n_kv_heads, 8) / 4) == 0


def test_fewer_kv_heads_than_devices_are_copied():
    core = sharded(of(decoder(LayerKind()))["attention"])
    assert core.kv_bytes.subs({tp: 8, n_kv_heads: 1}) == core.kv_bytes.subs({tp: 8, n_kv_heads: 8})
    assert core.kv_bytes.has(bytes_per_kv)


@pytest.mark.parametrize(
    ("quantity", "wrong", "unit"),
    [
        ("count", bytes_per_param, "byte, not 1"),
        ("params", bytes_per_param, "byte, not 1"),
        ("flops", bytes_per_param * d_model, "byte, not FLOP"),
        ("weight_bytes", d_model, "1, not byte"),
        ("kv_bytes", d_model, "1, not byte"),
        ("activation_bytes", flops_per_mac * d_model, "FLOP, not byte"),
        ("live_bytes", d_model, "1, not byte"),
        ("bytes_per_param", d_model, "1, not byte"),
    ],
)
def test_an_operator_of_the_wrong_unit_cannot_be_made(quantity, wrong, unit):
    with pytest.raises(ValueError, match=f"slip: {quantity} has the unit {unit}"):
        Operator("slip", **({"count": n_layers} | {quantity: wrong}))


def test_an_operator_that_holds_no_parameters_has_no_weights():
    assert Operator("fine", n_layers, weight_bytes=bytes_per_param).held_bytes == 0


def widths_of(kernels):
    """Add up the widths of a token's vectors that kernels read and write, and those of the widest kernel."""
    return sum(map(sum, kernels)), max(map(sum, kernels))


@pytest.mark.parametrize("matrices", [2, 3])
@pytest.mark.parametrize("blocks", [1, 2])
def test_activations_are_what_the_kernels_read_and_write(matrices, blocks):
    h, a, g, d, f, e, k, v = 70, 6, 3, 5, 400, 90, 2, 1000
    values = {"d_model": h, "n_heads": a, "n_kv_heads": g, "head_dim": d, "mlp_width": f, "expert_width": e}
    values |= {"experts_per_token": k, "n_experts": 7, "vocab": v, "mlp_matrices": matrices, "residual_blocks": blocks}
    values |= {"tokens": 1, "batch": 1, "bytes_per_activation": 1, "shared_width": 2 * e}

    def mlp(width):
        return [(h, (matrices - 1) * width), ((matrices - 1) * width, width), (width, h)]

    expected = {
        "embedding": [(h, h)],
        "QKV": [(h, (a + 2 * g) * d)],
        "attention": [(a * d, a * d)],
        "output": [(a * d, h)],
        "MLP": mlp(f),
        "shared experts": mlp(2 * e),
        "router": [(h, 7)],
        "unembedding": [(h, v)],
        "norms": [(h, 2 // blocks * h, h, h)] * blocks,
    }
    values = {REGISTRY[name].symbol: value for name, value in (values | {"draft_tokens": 0}).items()}
    for operator in decoder(LayerKind(experts=True, shared=True)):
        moved, live = (expr.subs(values) for expr in (operator.activation_bytes, operator.live_bytes))
        if operator.name == "experts":  # each visit also brings its result back to the token
            total, widest = widths_of(mlp(e))
            assert moved == k * (total + h)
            assert live == k * widest
            continue
        total, widest = widths_of(expected[operator.name])
        assert moved == total
        assert live == (h if operator.name in ("embedding", "norms") else widest)


def test_a_prefill_of_latent_attention_writes_and_reads_the_expanded_keys_and_values():
    absorbed, expanded = (of(decoder(LayerKind(latent=True, absorbed=how)))["attention"] for how in (True, False))
    values = {"n_heads": 2, "nope_dim": 3, "rope_dim": 5, "value_dim": 7, "kv_rank": 11, "tokens": 1, "batch": 1}
    values |= {"kv_length": 13, "bytes_per_activation": 1, "bytes_per_kv": 1, "keys": 1, "flops_per_mac": 2}
    values = {REGISTRY[name].symbol: value for name, value in values.items()}
    assert absorbed.activation_bytes.subs(values) == absorbed.live_bytes.subs(values) == 2 * (11 + 5 + 11)
    assert expanded.activation_bytes.subs(values) == 2 * (3 + 5 + 7) + 2 * 13 * 2 * (3 + 7)
    assert expanded.live_bytes.subs(values) == 2 * (3 + 5 + 7) + 13 * 2 * (3 + 7)
    assert absorbed.flops.subs(values) == 2 * 2 * (11 + 5 + 11)
    assert expanded.flops.subs(values) == 2 * 2 * (3 + 5 + 7)
    assert absorbed.kv_bytes == expanded.kv_bytes


def test_the_soft_maximum_lies_between_the_longer_time_and_the_sum():
    exponent = REGISTRY["overlap_exponent"].symbol
    for first, second in ((3, 4), (1, 1000), (5, 5)):
        combined = sp.lambdify(exponent, soft_maximum(sp.Integer(first), sp.Integer(second)))
        soft = [combined(value) for value in (1, 2, 3, 50)]
        assert soft[0] == pytest.approx(first + second)
        assert soft == sorted(soft, reverse=True)
        assert max(first, second) <= soft[-1] <= max(first, second) * 1.02


def test_beside_no_work_the_soft_maximum_is_the_other_time_even_if_that_is_nothing():
    some = sp.Symbol("some", nonnegative=True)
    assert soft_maximum(sp.S.Zero, some) == soft_maximum(some, sp.S.Zero) == some
    # Norms compute nothing, and all that they read lies in the second memory.
    options = dict(context=1000, offload="weights", offload_bandwidth=64e9)
    hard, soft = (
        ll.decode_step_time("Llama-3-8B", "H100-SXM", overlap_exponent=exponent, **options) for exponent in (None, 1)
    )
    assert soft == hard == pytest.approx(ll.memory("Llama-3-8B", "H100-SXM", **options).offloaded / 64e9, rel=0.1)


def test_identical_routing_touches_no_more_experts_than_uniform():
    model = ll.models["Mixtral-8x7B"]
    [group] = layer_groups(model)
    uniform, identical = (
        of(operators_of(group.kind, Execution(routing)))["experts"].weight_bytes for routing in ("uniform", "identical")
    )
    ratio = sp.lambdify(tokens, (uniform / identical).subs({n_experts: 8.0, experts_per_token: 2.0, tp: 1, ep: 1}))
    assert ratio(1) == pytest.approx(1)
    assert 1 < ratio(2) < ratio(10) < 4
    assert ratio(1000) == pytest.approx(4)
    assert not uniform.has(touched_experts)


def random_values(names, rng):
    """Draw legal values for a pass."""
    values = {}
    for name in names:
        variable = REGISTRY[name]
        if variable.constant is not None:
            values[name] = variable.constant
        elif variable.maximum is not None:
            values[name] = int(variable.maximum) if variable.integer else rng.random()
        elif variable.at_most in values:
            values[name] = rng.randint(1, int(values[variable.at_most]))
        elif variable.integer:
            values[name] = rng.randint(1, 200)
        else:
            values[name] = 10 ** rng.uniform(0, 4)
    return values


@each_kind
@pytest.mark.parametrize("soft", [False, True], ids=["roofline", "soft maximum"])
@pytest.mark.parametrize("points", [20, pytest.param(2000, marks=pytest.mark.long)])
def test_a_pass_agrees_with_fifty_digits(kind, soft, points):
    expr = n_layers * layer_time(kind, Execution(soft=soft)) + ends_time(Execution(soft=soft))
    names = tuple(name for name in REGISTRY if REGISTRY[name].symbol in expr.free_symbols)
    precise = sp.lambdify([REGISTRY[name].symbol for name in names], expr, "mpmath", cse=True)
    rng = random.Random(repr(kind))
    for _ in range(points):
        values = random_values(names, rng)
        with mpmath.workdps(50):
            exact = precise(*(mpmath.mpf(values[name]) for name in names))
            found = compiled(expr, names)(*(np.asarray(values[name], dtype=float) for name in names))
            assert abs(mpmath.mpf(float(found)) - exact) <= 1e-12 * exact, values


@each_kind
def test_all_parameters_are_counted(kind):
    assert decoder_params(kind) == sum(each.count * each.params for each in decoder(kind))


def test_a_pass_without_efficiencies_is_the_roofline():
    mlp = of(decoder(LayerKind()))["MLP"]
    ideal = {activation_traffic: 0, bandwidth_efficiency: 1, compute_efficiency: 1}
    expected = sp.Max(mlp.weight_bytes / REGISTRY["mem_bandwidth"].symbol, mlp.flops / REGISTRY["peak_flops"].symbol)
    assert mlp.time().subs(ideal) == expected


def test_mixed_storage_reaches_the_right_operators():
    model = dataclasses.replace(ll.models["Mixtral-8x7B"], bytes_per_expert_param=0.5)
    rows = {row.name: row for row in ll.explain(model, "H100-SXM", context=1).rows}
    plain = {row.name: row for row in ll.explain("Mixtral-8x7B", "H100-SXM", context=1).rows}
    assert rows["experts"].weight_bytes == plain["experts"].weight_bytes / 4
    assert rows["QKV"].weight_bytes == plain["QKV"].weight_bytes


def test_a_kind_of_layer_is_plain_attention_and_an_mlp_unless_it_says_more():
    plain = dataclasses.asdict(LayerKind())
    assert {name for name, value in plain.items() if value is True} == {"attention", "absorbed", "mlp"}
    assert {name: value for name, value in plain.items() if not isinstance(value, bool)} == {"projections": 2}


def test_layers_that_read_the_cache_of_an_earlier_one_make_queries_alone():
    [qkv, core, _] = [
        each
        for each in layer(LayerKind(unlike_values=True, projections=0))
        if each.name in ("QKV", "attention", "output")
    ]
    assert qkv.params == d_model * n_heads * head_dim
    assert core.kept_bytes == 0


def test_what_describes_a_pass_cannot_be_changed():
    [group] = layer_groups(ll.models["Llama-3-8B"])
    for described, name in (
        (group, "count"),
        (LayerKind(), "latent"),
        (Execution(), "soft"),
        (of(layer(LayerKind()))["MLP"], "flops"),
    ):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(described, name, 1)
