"""What must hold for every model and machine: limits, scalings and monotonicities."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_latency import evaluate
from llm_latency.formulas.collectives import (
    all_reduce_time,
    direct_all_reduce_time,
    exchange_time,
    gather_time,
    ring_all_reduce_time,
)
from llm_latency.formulas.latency import (
    bandwidth_bound_communication_time,
    communication_time,
    decode_compute_time,
    latency_bound_communication_time,
    overlapped_decode_step_time,
    overlapped_prefill_time,
    serial_decode_step_time,
    serial_prefill_time,
)
from llm_latency.formulas.roofline import critical_batch, weight_read_time

configurations = st.fixed_dictionaries(
    {
        "n_params": st.floats(1e8, 1e12),
        "n_layers": st.integers(1, 200),
        "d_model": st.integers(64, 65536),
        "bytes_per_param": st.sampled_from([0.5, 1, 2, 4]),
        "bytes_per_activation": st.sampled_from([1, 2, 4]),
        "n_devices": st.integers(1, 256),
        "peak_flops": st.floats(1e12, 1e16),
        "mem_bandwidth": st.floats(1e11, 1e14),
        "link_bandwidth": st.floats(1e9, 1e13),
        "link_latency": st.floats(1e-7, 1e-3),
        "batch": st.integers(1, 4096),
    }
)
STEPS = (overlapped_decode_step_time, serial_decode_step_time)
SLACK = 1 + 1e-12


def of(formula, values):
    """Evaluate a formula on those of the values that it takes."""
    return evaluate(formula, **{name: value for name, value in values.items() if name in formula.arguments})


@given(values=configurations)
def test_no_step_is_faster_than_reading_its_weights_or_computing(values):
    for step in STEPS:
        assert SLACK * of(step, values) >= of(weight_read_time, values), step.name
        assert SLACK * of(step, values) >= of(decode_compute_time, values), step.name


@given(values=configurations)
def test_the_serial_time_lies_between_the_overlapped_time_and_twice_that(values):
    overlapped, serial = (of(step, values) for step in STEPS)
    assert overlapped <= serial <= 2 * overlapped * SLACK


@given(values=configurations)
def test_time_does_not_rise_with_a_faster_machine(values):
    for step in STEPS:
        time = of(step, values)
        for name in ("mem_bandwidth", "peak_flops", "link_bandwidth"):
            assert of(step, values | {name: 2 * values[name]}) <= time * SLACK, (step.name, name)


@given(values=configurations)
def test_time_does_not_fall_with_more_work(values):
    for step in STEPS:
        time = of(step, values)
        for name in ("batch", "n_params", "bytes_per_param", "link_latency"):
            assert of(step, values | {name: 2 * values[name]}) * SLACK >= time, (step.name, name)


@given(values=configurations)
def test_a_single_device_does_not_communicate(values):
    alone = values | {"n_devices": 1, "tokens": values["batch"]}
    assert of(communication_time, alone) == 0
    assert of(serial_decode_step_time, alone) == of(overlapped_decode_step_time, alone)


@given(values=configurations)
def test_a_prefill_of_one_token_is_a_decode_step(values):
    for prefill, step in zip((overlapped_prefill_time, serial_prefill_time), STEPS, strict=True):
        assert of(prefill, values | {"prompt": 1}) == pytest.approx(of(step, values), rel=1e-12)


@given(values=configurations)
def test_the_step_does_not_grow_until_the_critical_batch(values):
    alone = values | {"n_devices": 1, "peak_flops": values["mem_bandwidth"] * 200}
    critical = of(critical_batch, alone)
    step = {factor: of(overlapped_decode_step_time, alone | {"batch": factor * critical}) for factor in (0.1, 1, 2)}
    assert step[0.1] == pytest.approx(of(weight_read_time, alone), rel=1e-12)
    assert step[1] == pytest.approx(step[0.1], rel=1e-9)
    assert step[2] == pytest.approx(2 * step[1], rel=1e-9)


@given(values=configurations, message=st.floats(1, 1e10))
def test_direct_and_ring_agree_for_two_devices_and_ring_is_never_faster(values, message):
    values = values | {"message_bytes": message}
    two = values | {"n_devices": 2}
    assert of(direct_all_reduce_time, two) == pytest.approx(of(ring_all_reduce_time, two), rel=1e-12)
    assert of(direct_all_reduce_time, values) <= of(ring_all_reduce_time, values) * SLACK


@given(values=configurations)
def test_communication_tends_to_the_limits_of_the_note(values):
    many = values | {"n_devices": 10**9}
    tiny = many | {"tokens": 1, "link_bandwidth": 1e30}
    huge = many | {"tokens": 1e12, "link_latency": 1e-30}
    assert of(communication_time, tiny) == pytest.approx(of(latency_bound_communication_time, tiny), rel=1e-6)
    assert of(communication_time, huge) == pytest.approx(of(bandwidth_bound_communication_time, huge), rel=1e-6)


@pytest.mark.parametrize("devices", [2, 8, 16, 64])
def test_devices_that_divide_a_context_send_what_half_an_all_reduce_of_their_vectors_does(devices):
    machine = dict(link_bandwidth=450e9, network_bandwidth=50e9, link_latency=1e-6, network_latency=5e-6)
    machine |= dict(link_efficiency=1, devices_per_node=8, hops=1)
    vectors = 1e6
    gathered = evaluate(gather_time, sharing=devices, exchanged_bytes=vectors, **machine)
    summed, waited = (
        evaluate(all_reduce_time, tp=devices, message_bytes=size, **machine) for size in (devices * vectors, 1e-9)
    )
    assert gathered - waited == pytest.approx((summed - waited) / 2, rel=1e-9)
    exchanged = evaluate(exchange_time, sharing=devices, exchanged_bytes=vectors, **machine)
    assert waited < exchanged < gathered
