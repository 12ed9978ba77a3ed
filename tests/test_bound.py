"""The uncalibrated model is a lower bound: no published run is faster."""

import numpy as np
import pytest

import llm_latency as ll
from llm_latency.catalogue.measurements import run_sources, runs

RUNS = runs()
FASTEST_NETWORK = 25e9  # 200 Gb/s per device, as the source of all runs on several servers states


def bound(run):
    """Return the shortest time that the model allows a run, over all ways to divide its batch."""
    options = dict(
        tp=run.tp,
        pp=run.pp,
        weight_bits=run.weight_bits,
        kv_bits=run.kv_bits,
        compute_dtype=run.compute_dtype,
        routing="identical",
        cache_split="best",
        network_bandwidth=FASTEST_NETWORK,
        batch=run.batch,
        microbatches=np.arange(1, run.batch + 1) if run.pp > 1 else 1,
    )
    if run.quantity == "prefill":
        times = ll.prefill_time(run.model, run.device, prompt=run.prompt, **options)
    elif run.quantity == "decode_step":
        times = ll.decode_step_time(run.model, run.device, context=run.prompt + run.output / 2, **options)
    else:
        times = ll.request_time(run.model, run.device, prompt=run.prompt, output=run.output, **options)
    return np.min(times)


@pytest.fixture(scope="module")
def shares():
    """Bound over measurement, run by run."""
    return np.array([bound(run) / run.time for run in RUNS])


def test_there_are_many_runs():
    assert len(RUNS) == 778 + 684
    assert {run.run_source for run in RUNS} == {source.run_source for source in run_sources()}


def test_no_published_run_is_faster_than_the_bound(shares, faults):
    for run, share in zip(RUNS, shares, strict=True):
        with faults.at(run):
            assert 0 < share < 1, f"the bound is {share:.3f} of the measured {run.time} s"


def test_the_bound_is_close_to_the_fastest_runs(shares):
    assert np.median(shares) > 0.5
    assert shares.max() > 0.85


def test_every_run_fits_in_memory(faults):
    for run in RUNS:
        if ll.devices[run.device].mem_size is not None and run.pp == 1:
            with faults.at(run):
                found = ll.memory(
                    run.model,
                    run.device,
                    tp=run.tp,
                    weight_bits=run.weight_bits,
                    kv_bits=run.kv_bits,
                    batch=run.batch,
                    context=run.prompt + run.output,
                    network_bandwidth=FASTEST_NETWORK,
                )
                assert found.total <= found.mem_size, f"needs {found.total:.4g} of {found.mem_size:.4g} B"
