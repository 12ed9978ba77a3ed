"""Nasty calls of the front door: each gives a finite, positive answer or a promised error, soon and in few words."""

import datetime
import decimal
import fractions
import random
import time

import numpy as np
import pandas as pd
import pytest
import sympy as sp

import llm_latency as ll
from conftest import LONGEST_MESSAGE
from llm_latency.formula import FORMULAS
from llm_latency.suggestions import UnknownNameError

PROMISED = (ValueError, TypeError, UnknownNameError)
LONGEST_CALL = 2
"""Seconds of processor time, in which nothing else on the machine counts."""


class Odd:
    """An object whose representation and conversion fail."""

    def __repr__(self):
        raise RuntimeError("no words")

    def __float__(self):
        raise RuntimeError("no number")


NASTY = [
    *(None, True, False, "", "1", "1e3", "a" * 100_000, b"8", "<img src=x onerror=alert(1)>", "\0", "١٢", "1_0"),
    *(0, -0.0, -1, 1, 2, 3, 7, 1e-320, 1e-9, 0.5, 1e9, 1e18, 1e300, 1.7e308, 10**30, 10**400, 10**5000, -(10**400)),
    *(float("nan"), float("inf"), -float("inf"), 1j, fractions.Fraction(1, 3), decimal.Decimal("8"), sp.Integer(8)),
    *(
        sp.Symbol("x"),
        [],
        [[]],
        [1, [2, 3]],
        [1, None],
        ["1", 2],
        (1, 2, 3),
        {1, 2},
        {"a": 1},
        range(3),
        object(),
        Odd(),
    ),
    *(np.array([]), np.zeros((0, 3)), np.ones((2, 3)), np.ones((1,) * 40), np.array("8"), np.array(["H100-SXM"])),
    *(
        np.array([1, 8], dtype=np.int8),
        np.float16(8),
        np.uint64(2**63),
        np.array([1, np.nan]),
        np.ma.array([1, 2], mask=[0, 1]),
    ),
    *(
        np.array([1, 2], dtype=object),
        np.array([None, 1]),
        np.datetime64("2026-01-01"),
        datetime.timedelta(1),
        lambda: 8,
    ),
    *(pd.Series([1, 2]), pd.DataFrame({"a": [1]}), pd.NA, type, Exception("8"), ll, ll.roofline.ridge_point),
    *(
        ll.models["GPT-2"],
        ll.devices["T4"],
        "GPT-2",
        "T4",
        "Llama-3-8B",
        "H100-SXM",
        "Mixtral-8x7B",
        "DeepSeek-V3-671B",
    ),
    *("direct", "ring", "uniform", "identical", "fp8", "int8", "fp4"),
    *("sequences", "context", "data-parallel", "best", "weights", "experts", "cache", 64e9),
]
OPTIONS = [
    *("tp", "pp", "ep", "microbatches", "weight_bits", "expert_bits", "vocab_bits", "group_size", "scale_bits"),
    *("zero_point_bits", "kv_bits", "compute_dtype", "devices_per_node", "network_bandwidth", "link_latency"),
    *("all_reduce", "routing", "compute_efficiency", "bandwidth_efficiency", "link_efficiency"),
    *("activation_traffic", "overlap_exponent", "check_fit", "unknown_option"),
    *("mem_size", "memory_reserve", "gpu_memory_utilization", "network_latency"),
    *("cache_split", "offload", "offload_share", "offload_bandwidth"),
]
REQUESTS = {
    ll.decode_step_time: ("batch", "context", "draft_tokens"),
    ll.prefill_time: ("batch", "prompt", "cached"),
    ll.request_time: ("batch", "prompt", "output"),
    ll.memory: ("batch", "context", "prompt", "prefill_batch"),
    ll.explain: ("batch", "context"),
    ll.Deployment: (),
}
SHAPE = {name: value for name, value in ll.models["Mixtral-8x7B"].to_dict().items() if name != "name"}
MACHINE = {name: value for name, value in ll.devices["H100-SXM"].to_dict().items() if name != "name"}


def nasty_call(rng):
    """Draw a call and return it with its arguments; most of them are legal."""
    kind = rng.randrange(10)
    if kind < 6:
        call, names = rng.choice(list(REQUESTS.items()))
        model, device = rng.choice(["Llama-3-8B", "Mixtral-8x7B", "GPT-2"]), rng.choice(["H100-SXM", "T4", "A100-note"])
        arguments = {"model": model, "device": device} | dict.fromkeys(names, 8)
        extra = [*arguments, *rng.sample(OPTIONS, 2)]
    elif kind == 6:
        call, arguments, extra = ll.Device, {"name": "mine", **MACHINE}, ["name", *MACHINE, "sources", "remark"]
    elif kind == 7:
        call, arguments, extra = ll.Model, {"name": "mine", **SHAPE}, ["name", *SHAPE, "kv_rank", "window"]
    else:
        formula = rng.choice(list(FORMULAS.values()))
        arguments, extra = dict(formula.example), [*formula.arguments, "unknown"]

        def call(**values):
            return ll.evaluate(formula, **values)

        call.__name__ = f"evaluate({formula.name})"
    for name in rng.sample(extra, min(rng.choice([1, 1, 1, 2, 3]), len(extra))):
        arguments[name] = rng.choice(NASTY)
    return call, arguments


def numbers_of(found):
    """Return the numbers of a result that must be finite and not negative."""
    if isinstance(found, (ll.Device, ll.Model, ll.Deployment)):
        return np.array([])
    if hasattr(found, "rows"):
        return np.array([found.time, *(row.time for row in found.rows)])
    if hasattr(found, "kv_cache"):
        parts = (found.weights, found.kv_cache, found.activations, found.largest_batch)
        return np.concatenate([np.ravel(part) for part in parts])
    return np.asarray(found, dtype=float)


def answer_of(call, arguments):
    """Return the numbers of an answer, or none and the message of a promised error."""
    try:
        return numbers_of(call(**arguments)), None
    except PROMISED as error:
        return np.array([]), str(error)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("number", [1500, pytest.param(50_000, marks=pytest.mark.long)])
def test_nasty_calls_have_an_answer_or_a_promised_error(number, faults):
    rng = random.Random(7)
    answers = 0
    for position in range(number):
        call, arguments = nasty_call(rng)
        start = time.process_time()
        with faults.at(
            f"call {position}", call.__name__, {name: type(value).__name__ for name, value in arguments.items()}
        ):
            found, message = answer_of(call, arguments)
            answers += message is None
            assert message is None or 0 < len(message) <= LONGEST_MESSAGE, (
                f"says {len(message)} characters: {message[:80]}"
            )
            assert np.isfinite(found).all(), f"gives {found}"
            assert (found >= 0).all(), f"gives {found}"
            assert time.process_time() - start < LONGEST_CALL, f"takes {time.process_time() - start:.1f} s"
    assert answers > number / 20
