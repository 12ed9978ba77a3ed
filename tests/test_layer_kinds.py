"""Kinds of layers, each against what one writes down by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import llm_latency as ll
from llm_latency.evaluation import value_of
from llm_latency.formulas.long_context import mean_chunked_keys
from llm_latency.operator_model.passes import DECODE, PREFILL

ROOMY = ll.Device(name="roomy", peak_flops=1e12, mem_bandwidth=1e12, mem_size=1e14)
PLAIN = dict(n_layers=4, d_model=1024, n_heads=8, n_kv_heads=2, mlp_width=4096, mlp_matrices=3, vocab=32_000)
STATE = dict(state_heads=8, state_key_dim=64, state_value_dim=128, state_inputs=3000, state_products=3)
RECURRENT = dict(n_heads=0) | STATE | dict(conv_width=2048, conv_taps=4)


def model(**fields):
    fields = PLAIN | dict(vocab_matrices=2) | fields
    if not fields["n_heads"]:
        del fields["n_kv_heads"]
    return ll.Model(name="mine", **fields)


def rows(shape, **request):
    return {row.name: row for row in ll.explain(shape, ROOMY, **request).rows}


def kept(shape, context):
    return ll.memory(shape, ROOMY, context=context).kv_cache


@given(st.integers(0, 300), st.integers(1, 300), st.integers(1, 100))
def test_a_query_meets_the_keys_of_its_chunk(context, prompt, chunk):
    met = [place % chunk + 1 for place in range(context, context + prompt)]
    values = dict(context=float(context), prompt=float(prompt), chunk=float(chunk))
    assert value_of(mean_chunked_keys.expr, values) == pytest.approx(np.mean(met))


@given(st.integers(0, 300), st.integers(1, 300), st.integers(1, 100))
def test_a_query_meets_the_keys_that_are_selected(context, prompt, most):
    met = [min(place + 1, most) for place in range(context, context + prompt)]
    selected = next(symbol for symbol in DECODE.reach if symbol.name == "selected_keys")
    values = dict(context=float(context), output=float(prompt), index_topk=float(most), draft_tokens=0.0)
    assert value_of(DECODE.reach[selected], values) == pytest.approx(np.mean(met))
    values = dict(context=float(context), prompt=float(prompt), index_topk=float(most))
    assert value_of(PREFILL.reach[selected], values) == pytest.approx(np.mean(met))


def test_a_recurrent_layer_keeps_a_state_of_fixed_size():
    shape = model(**RECURRENT)
    state = 4 * 8 * 64 * 128 + 2 * 2048 * 3  # in 32 bits; of the convolution three tokens in 16 bits
    assert kept(shape, 10) == kept(shape, 1_000_000) == 4 * state
    assert ll.memory(shape, ROOMY, context=1).largest_context == np.inf
    found = rows(shape, batch=3, context=1)
    assert found["recurrence"].kv_bytes == 4 * 3 * 2 * state
    assert found["recurrence"].flops == 4 * 3 * 2 * (3 * 8 * 64 * 128 + 2048 * 4)
    assert ll.parameter_count(shape) == pytest.approx(
        4 * (1024 * 3000 + 2048 * 4 + 8 * 128 * 1024 + 3 * 1024 * 4096 + 2 * 1024) + 2 * 32_000 * 1024
    )


@given(st.integers(1, 10**6), st.integers(1, 100))
def test_a_step_of_recurrent_layers_does_not_depend_on_the_context(context, batch):
    shape = model(**RECURRENT)
    times = [ll.decode_step_time(shape, ROOMY, batch=batch, context=length) for length in (1, context)]
    assert times[0] == times[1]


def test_attention_and_a_state_can_stand_side_by_side():
    both = model(**RECURRENT | dict(n_heads=8))
    assert kept(both, 100) == kept(model(**RECURRENT), 100) + kept(model(), 100)


def test_an_indexer_reads_short_keys_of_all_tokens_and_attention_those_that_it_selects():
    index = dict(index_topk=64, index_dim=32, index_heads=4)
    found = rows(model(**index), batch=2, context=999)
    assert found["index scores"].flops == 4 * 2 * 2 * 1000 * 4 * 32
    assert found["index scores"].kv_bytes == 4 * 2 * 2 * 1000 * 32
    assert found["sparse attention"].flops == 4 * 2 * 2 * 64 * 8 * 2 * 128
    assert found["sparse attention"].kv_bytes == 4 * 2 * 2 * 64 * 2 * 2 * 128
    assert kept(model(**index), 1000) == 4 * 2 * 1000 * (2 * 2 * 128 + 32)
    reused = rows(model(**index | dict(index_heads=0)), batch=2, context=999)
    assert "indexer" not in reused
    assert reused["sparse attention"] == found["sparse attention"]
    assert (
        rows(model(**index), prompt=1000)["sparse attention"].kv_bytes
        == rows(model(), prompt=1000)["attention"].kv_bytes
    )


def test_keys_and_values_may_come_from_one_matrix_or_from_an_earlier_layer():
    for projections, weights in ((2, 1024 * 12 * 128), (1, 1024 * 10 * 128), (0, 1024 * 8 * 128)):
        shape = model(kv_projections=projections)
        assert rows(shape, context=99)["QKV"].weight_bytes == 4 * 2 * weights
        assert rows(shape, context=99)["attention"].kv_bytes == 4 * 2 * 100 * 2 * 2 * 128
        assert kept(shape, 100) == (4 * 2 * 100 * 2 * 2 * 128 if projections else 0)


def test_values_may_have_another_width_than_keys():
    found = rows(model(value_dim=32), context=99)
    assert found["QKV"].weight_bytes == 4 * 2 * 1024 * (8 * 128 + 2 * (128 + 32))
    assert found["output"].weight_bytes == 4 * 2 * 8 * 32 * 1024
    assert found["attention"].kv_bytes == 4 * 2 * 100 * 2 * (128 + 32)


def test_experts_may_work_in_a_narrower_space():
    experts = dict(n_experts=4, experts_per_token=2, expert_width=512, mlp_width=None)
    wide, narrow = model(**experts), model(**experts, expert_input=256, other_params=2 * 1024 * 256)
    assert ll.parameter_count(wide) - ll.parameter_count(narrow) == 4 * (4 * 3 * 512 * (1024 - 256) - 2 * 1024 * 256)


def test_compressed_entries_stand_beside_a_window():
    one_vector = dict(n_kv_heads=1, query_rank=256, output_rank=512, output_groups=4, window=64, compression=8)
    found = rows(model(**one_vector), context=999)
    assert found["QKV"].weight_bytes == 4 * 2 * (256 * (1024 + 1024) + 1024 * 128)
    assert found["output"].weight_bytes == 4 * 2 * 512 * (1024 / 4 + 1024)
    assert found["windowed attention"].kv_bytes == 4 * 2 * 64 * 128
    assert found["compressed attention"].kv_bytes == 4 * 2 * 1000 / 8 * 128
    assert kept(model(**one_vector), 1000) == 4 * 2 * (64 + 1000 / 8) * 128


@pytest.mark.parametrize("limit", [dict(window=100), dict(chunk=100), dict(index_topk=100, index_dim=1, index_heads=1)])
def test_a_limit_on_the_keys_never_costs_more_than_none(limit):
    for request in (dict(context=5000), dict(prompt=5000)):
        limited, free = (rows(shape, **request) for shape in (model(**limit), model()))
        name = next(name for name in limited if name.endswith("attention"))
        assert limited[name].time <= free["attention"].time


def test_groups_commute_and_merge():
    local, state = dict(n_layers=1, window=100), dict(n_layers=2, **RECURRENT)
    times = [
        ll.decode_step_time(model(groups=groups), ROOMY, context=5000)
        for groups in (
            dict(local=local, state=state),
            dict(state=state, local=local),
            dict(a=dict(n_layers=1, **RECURRENT), local=local, b=dict(n_layers=1, **RECURRENT)),
            dict(local=local, state=state, rest=dict(n_layers=1)),
        )
    ]
    assert times == pytest.approx([times[0]] * 4, rel=1e-12)


@given(st.integers(1, 4), st.floats(1e6, 1e10))
def test_the_largest_context_is_the_last_that_fits_where_stages_hold_unlike_layers(stages, memory):
    device = ll.Device(name="small", peak_flops=1e12, mem_bandwidth=1e12, mem_size=1e8 + memory, link_bandwidth=1e9)
    heavy = dict(n_layers=1, n_heads=32, n_kv_heads=32, head_dim=128, window=500)
    shape = model(groups=dict(heavy=heavy, state=dict(n_layers=1, **RECURRENT)))
    found = ll.memory(shape, device, context=1, pp=stages)
    if np.isfinite(found.largest_context) and found.largest_context >= 1:
        assert ll.memory(shape, device, context=found.largest_context, pp=stages).fits
        assert not ll.memory(shape, device, context=found.largest_context + 1, pp=stages).fits
