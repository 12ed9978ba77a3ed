"""What a reader brings is checked: values of machines and models, names, files, and results that cannot be."""

import dataclasses
import os
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy

import numpy as np
import pytest
import sympy as sp

import llm_latency as ll
from conftest import LONGEST_MESSAGE
from llm_latency import evaluation
from llm_latency.catalogue.rows import read_rows
from llm_latency.notation import n_layers, unit_of
from llm_latency.suggestions import UnknownNameError
from llm_latency.table import escaped, markdown_table

MINE = dict(name="mine", peak_flops=125e12, mem_bandwidth=273e9)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"peak_flops": "125 TFLOPS"}, "mine: peak_flops = '125 TFLOPS': must be a number in FLOP/s, such as 1e12"),
        ({"peak_flops": 125}, "peak_flops = 125 FLOP/s: must be from 1e9 to 1e18; did you mean 125e12?"),
        ({"peak_flops_fp8": 1979}, "peak_flops_fp8 = 1979 FLOP/s: must be from 1e9 to 1e18; did you mean 1979e12?"),
        ({"mem_bandwidth": 273}, "mem_bandwidth = 273 byte/s: must be from 1e8 to 1e15; did you mean 273e9?"),
        ({"mem_bandwidth": -1}, "mem_bandwidth = -1 byte/s: must be from 1e8 to 1e15"),
        ({"mem_bandwidth": None}, "mem_bandwidth = None: must be a number in byte/s, such as 1e11"),
        ({"mem_bandwidth": [[1], [2, 3]]}, "mem_bandwidth = [[1], [2, 3]]: must be a number in byte/s"),
        ({"mem_size": 96}, "mem_size = 96 byte: must be from 1e8 to 1e14; did you mean 96e9?"),
        ({"mem_size": True}, "mem_size = True: must be a number in byte, such as 1e11"),
        ({"mem_size": float("nan")}, "mem_size = nan byte: must be from 1e8 to 1e14"),
        ({"link_bandwidth": [300e9, 0]}, "link_bandwidth = 0 byte/s: must be from 1e7 to 1e14"),
        ({"network_bandwidth": 50}, "network_bandwidth = 50 byte/s: must be from 1e6 to 1e14; did you mean 50e9?"),
        ({"link_latency": 8}, "link_latency = 8 s: must be from 0 to 0.1; did you mean 8e-6?"),
        ({"name": "a" * 100_000}, "name = 'aaaaaaaaaaaa...aaaaaaaaaaaaa': must be one line of 1 to 80 characters"),
        ({"name": ""}, "name = '': must be one line of 1 to 80 characters"),
        ({"name": "a\nb"}, "name = 'a\\nb': must be one line"),
        ({"name": 3}, "name = 3: must be one line"),
    ],
)
def test_a_device_of_ones_own_is_checked(changes, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        ll.Device(**MINE | changes)
    assert message in str(caught.value)


def test_a_sweep_over_devices_is_legal():
    sweep = ll.Device(**MINE | {"mem_bandwidth": np.array([273e9, 546e9])})
    assert ll.decode_step_time("Llama-3-8B", sweep, context=0).shape == (2,)


def test_a_rate_for_one_call_is_checked_like_that_of_a_device():
    with pytest.raises(ValueError, match=r"network_bandwidth = 50 byte/s.*did you mean 50e9\?"):
        ll.decode_step_time("Llama-3-70B", "H100-SXM", tp=16, context=1, network_bandwidth=50)
    with pytest.raises(ValueError, match=r"link_latency = 8 s.*did you mean 8e-6\?"):
        ll.decode_step_time("Llama-3-70B", "H100-SXM", tp=8, context=1, link_latency=8)


def test_a_new_value_has_no_old_source():
    known = ll.devices["H100-SXM"]
    faster = dataclasses.replace(known, mem_bandwidth=4e12)
    assert "mem_bandwidth" not in faster.sources
    assert faster.sources["peak_flops"] == known.sources["peak_flops"]
    assert dataclasses.replace(known, name="again").sources == known.sources
    assert known.computing_in("fp8").sources["peak_flops"] == known.sources["peak_flops_fp8"]
    shallower = dataclasses.replace(ll.models["GPT-13B"], n_layers=20)
    assert "n_layers" not in shallower.sources
    assert "d_model" in shallower.sources


FILE = """\
name,values,unit
mine,peak_flops=125e12,FLOP/s
mine,mem_bandwidth=273e9 link_bandwidth=.5e11,byte/s
other,peak_flops=1E14,FLOP/s
other,mem_bandwidth=300000000000,byte/s
"""


@pytest.fixture
def write(tmp_path):
    def written(text):
        path = tmp_path / "own.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def test_a_file_of_ones_own_gives_devices(write):
    mine = ll.Device.from_file(write(FILE), "mine")
    assert (mine.mem_bandwidth, mine.link_bandwidth, mine.mem_size) == (273e9, 50e9, None)
    assert mine.sources["mem_bandwidth"].unit == "byte/s"
    assert ll.Device.from_file(str(write(FILE.partition("other")[0]))) == mine
    with pytest.raises(UnknownNameError, match=r"own\.csv has no entry 'mina'; did you mean 'mine'"):
        ll.Device.from_file(write(FILE), "mina")
    with pytest.raises(ValueError, match=r"own\.csv has 2 entries: give the name of one"):
        ll.Device.from_file(write(FILE))


def test_a_catalogue_takes_entries_of_ones_own(write):
    devices = deepcopy(ll.devices)
    assert devices.add(write(FILE)) == ["mine", "other"]
    assert devices.add(ll.Device(**MINE | {"name": "third"})) == ["third"]
    assert len(devices) == len(ll.devices) + 3
    assert devices["other"].mem_bandwidth == 3e11
    before = len(devices)
    with pytest.raises(ValueError, match="there is a device 'T4' already"):
        devices.add(ll.Device(**MINE | {"name": "fourth"}), ll.devices["T4"])
    assert len(devices) == before
    with pytest.raises(TypeError, match="is neither a Device nor the path of a file"):
        devices.add(ll.models["GPT-2"])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("125e12", "1_0", "own.csv, mine: peak_flops = '1_0' is not a number, such as 40 or 1.5e12"),
        ("125e12", "١٢٥", "own.csv, mine: peak_flops = '١٢٥' is not a number"),
        ("125e12", "nan", "own.csv, mine: peak_flops = 'nan' is not a number"),
        ("125e12", "", "own.csv, mine: 'peak_flops=' must be a quantity with its value, as n_layers=40"),
        ("link_bandwidth=.5e11", "peak_flops=1e12", "own.csv, mine: peak_flops is given twice"),
        (
            "mem_bandwidth=273e9",
            "bandwidth=273e9",
            "own.csv, mine: Device.__init__() got an unexpected keyword argument",
        ),
        ("125e12,FLOP/s", "125,FLOP/s", "own.csv, mine: mine: peak_flops = 125 FLOP/s: must be from 1e9 to 1e18"),
        ("273e9 link_bandwidth=.5e11,byte/s", "273e9,GB/s", "mem_bandwidth is in 'GB/s': give it in byte/s"),
        ("mine,peak", ",peak", "own.csv: a row has no name; its columns are name, values, unit"),
        (FILE, "name,values,unit\n", "own.csv' has no rows; its columns are"),
    ],
)
def test_a_wrong_file_of_ones_own_is_refused_with_the_reason(old, new, message, write):
    with pytest.raises((ValueError, TypeError)) as caught:
        ll.Device.from_file(write(FILE.replace(old, new, 1)), "mine")
    assert message in str(caught.value)
    assert len(str(caught.value)) <= LONGEST_MESSAGE


@pytest.mark.parametrize("name", ["../../../etc/passwd", "devices.csv/..", "/etc/passwd", "nothing.csv"])
def test_only_tables_of_the_data_folder_are_read(name):
    with pytest.raises(UnknownNameError, match="unknown data file"):
        read_rows(name)


def test_an_expression_is_not_run_as_code(tmp_path):
    path = tmp_path / "made"
    with pytest.raises(ValueError, match="is not an expression"):
        unit_of(f"open({os.fspath(path)!r}, 'w')")
    assert not path.exists()
    assert unit_of(2) == 1
    assert unit_of(sp.Rational(1, 2) * n_layers) == 1


@pytest.mark.parametrize(
    ("formula", "values", "message"),
    [
        (
            ll.footprint.max_cached_tokens,
            dict(model="GPT-260B", device="A100-note", n_devices=8),
            "max_cached_tokens would be -",
        ),
        (
            ll.collectives.communication_intensity,
            dict(n_devices=1),
            "communication_intensity would be inf at",
        ),
    ],
)
def test_a_result_that_cannot_be_is_an_error(formula, values, message):
    specs = [ll.models[values.pop("model")], ll.devices[values.pop("device")]] if "model" in values else []
    values = values if specs else formula.example | values
    with pytest.raises(ValueError, match=message):
        ll.evaluate(formula, *specs, **values)


def test_one_bad_element_of_an_array_is_named():
    with pytest.raises(ValueError, match=r"communication_intensity would be inf at .*n_devices = 1"):
        ll.evaluate(
            ll.collectives.communication_intensity,
            **ll.collectives.communication_intensity.example | {"n_devices": [2, 1]},
        )


def test_a_time_beyond_all_numbers_is_an_error():
    for call in (ll.decode_step_time, ll.memory):
        with pytest.raises(ValueError, match=r"would be inf at batch = 1e\+300, context = 1e\+300"):
            call("Llama-3-8B", "H100-SXM", batch=1e300, context=1e300)
    with pytest.raises(ValueError, match=r"would be (inf|nan) at"):
        ll.explain("Llama-3-8B", "H100-SXM", batch=1e300, prompt=1e300)


@pytest.mark.parametrize(
    ("call", "request_"),
    [
        (ll.decode_step_time, {"context": 200_000}),
        (ll.decode_step_time, {"context": [0, 1024]}),
        (ll.prefill_time, {"prompt": 1025}),
        (ll.request_time, {"prompt": 1000, "output": 26}),
        (ll.memory, {"context": 1025}),
        (ll.explain, {"context": 1024}),
        (ll.explain, {"prompt": 1025}),
    ],
)
def test_a_sequence_beyond_the_learned_positions_is_refused(call, request_):
    with pytest.raises(ValueError, match="longer than the 1024 positions that GPT-2 has learned"):
        call("GPT-2", "H100-SXM", **request_)
    within = {
        name: np.ravel(value)[-1] - (200_000 - 1023 if value == 200_000 else 1) for name, value in request_.items()
    }
    call("GPT-2", "H100-SXM", **within)


def test_arrays_that_cannot_be_combined_are_named():
    with pytest.raises(ValueError, match="batch has 33 dimensions: at most 32 are legal"):
        ll.decode_step_time("Llama-3-8B", "H100-SXM", batch=np.ones((1,) * 33), context=1)
    with pytest.raises(ValueError, match=r"shapes do not broadcast: batch \(0,\), context \(3,\)"):
        ll.decode_step_time("Llama-3-8B", "H100-SXM", batch=[], context=[1, 2, 3])
    assert ll.decode_step_time("Llama-3-8B", "H100-SXM", batch=[], context=1).shape == (0,)


@pytest.mark.parametrize(
    "name", ["a" * 100_000, "", None, 1 - 2j, ("H100-SXM",), b"H100", pytest.param(10**5000, id="long number")]
)
def test_no_message_echoes_a_long_name(name):
    calls = [
        lambda: ll.models[name],
        lambda: ll.devices[name],
        lambda: ll.decode_step_time(name, "H100-SXM", context=1),
        lambda: ll.decode_step_time("GPT-2", "H100-SXM", context=name),
        lambda: ll.decode_step_time("GPT-2", "H100-SXM", context=1, routing=name),
        lambda: ll.evaluate(name),
    ]
    if name is not None:
        calls.append(lambda: ll.decode_step_time("GPT-2", "H100-SXM", context=1, compute_dtype=name))
    if isinstance(name, str):
        calls.append(lambda: ll.decode_step_time("GPT-2", "H100-SXM", context=1, **{name: 1}))
        calls.append(lambda: ll.evaluate(ll.roofline.ridge_point, **{name: 1}))
    for call in calls:
        with pytest.raises((KeyError, TypeError, ValueError)) as caught:
            call()
        assert 10 < len(str(caught.value)) <= LONGEST_MESSAGE


def test_names_are_shown_as_they_are():
    evil = dataclasses.replace(ll.models["GPT-2"], name="<img src=x onerror=alert(1)> *a* $b$ [c](d) `e`")
    shown = ll.explain(evil, "H100-SXM", context=1)._repr_markdown_()
    assert "<img" not in shown
    assert r"&lt;img src=x onerror=alert(1)> \*a\* \$b\$ \[c\](d) \`e\`" in shown
    assert "<script" not in markdown_table({"a": ["<script>alert(1)</script>", "x < 3"]})
    assert "{ref}`a <b>` 1 < 3" in markdown_table({"a": ["{ref}`a <b>` 1 < 3"]})
    assert escaped("Llama-3-8B on 8 × H100-SXM: a_b") == "Llama-3-8B on 8 × H100-SXM: a_b"


def test_threads_compile_an_expression_once(monkeypatch):
    compiled = []
    lambdify = sp.lambdify

    def counting(*arguments, **options):
        compiled.append(arguments)
        return lambdify(*arguments, **options)

    monkeypatch.setattr(evaluation.sp, "lambdify", counting)
    expr = (n_layers + 12345) ** 2
    with ThreadPoolExecutor(64) as pool:
        found = list(pool.map(lambda layers: evaluation.compiled(expr, ("n_layers",))(layers), range(64)))
    assert found == [(layers + 12345) ** 2 for layers in range(64)]
    assert len(compiled) == 1


def test_a_unit_is_only_guessed_where_it_would_be_plausible():
    with pytest.raises(ValueError, match="did you mean 273e9"):
        ll.Device(name="mine", peak_flops=1e14, mem_bandwidth=273)
    with pytest.raises(ValueError, match=r"mem_bandwidth = 1e\+07 byte/s: must be from 1e8 to 1e15$"):
        ll.Device(name="mine", peak_flops=1e14, mem_bandwidth=1e7)
