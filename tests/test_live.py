"""The browser's numbers: Vega expressions, run in vl-convert's JavaScript engine."""

import json
import random
import re
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
import sympy as sp
import vl_convert

from book_site.live_charts import controls_of
from conftest import NOTEBOOKS, exact_value, outputs_of, random_arguments
from llm_latency import FORMULAS, evaluate
from llm_latency.catalogue.devices import devices
from llm_latency.catalogue.models import models
from llm_latency.charts.controls import SLIDERS, Display
from llm_latency.charts.live import live_chart
from llm_latency.charts.specification import EXAMPLE, MIME_TYPE, OWN, doublings
from llm_latency.charts.vega_expressions import javascript
from llm_latency.formulas.attention import grouped_attention_intensity, grouped_kv_bytes_per_token
from llm_latency.formulas.collective_schedules import ring_call_time
from llm_latency.formulas.collectives import all_reduce_time, exchange_time
from llm_latency.formulas.experts import distinct_experts
from llm_latency.formulas.footprint import kv_cache_bytes, weight_bytes
from llm_latency.formulas.kv_cache import kv_read_time
from llm_latency.formulas.latency import (
    cached_decode_step_time,
    decode_communication_time,
    decode_compute_time,
    overlapped_decode_step_time,
    overlapped_prefill_time,
    prefill_communication_time,
    prefill_compute_time,
    serial_decode_step_time,
    serial_prefill_time,
)
from llm_latency.formulas.long_context import indexed_bytes
from llm_latency.formulas.quantisation import quantised_bytes
from llm_latency.formulas.roofline import decode_intensity, matmul_time, ridge_point, weight_read_time
from llm_latency.formulas.transformer import attention_flops_per_token, block_params, token_flops
from llm_latency.notation import REGISTRY, batch, mem_bandwidth

CHARTS = {
    f"{page}-{number}": data[MIME_TYPE]
    for page, notebook in NOTEBOOKS.items()
    for number, cell in enumerate(notebook.cells)
    for data in outputs_of(cell)
    if MIME_TYPE in data
}
FORMULA_CHARTS = {name: spec for name, spec in CHARTS.items() if not name.startswith("deployment-calculator")}


def texts(node):
    """Yield every text of a scenegraph."""
    if isinstance(node, dict):
        if "text" in node:
            yield node["text"]
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from texts(child)


def run_in_javascript(expressions: list[str]) -> list[float]:
    """Evaluate Vega expressions in vl-convert's JavaScript engine, in full precision."""
    marks = [
        {
            "data": {"values": [{}]},
            "transform": [{"calculate": expression, "as": "value"}],
            "mark": "text",
            "encoding": {"text": {"field": "value"}},
        }
        for expression in expressions
    ]
    scene = vl_convert.vegalite_to_scenegraph({"layer": marks})
    return [text for text in texts(scene) if isinstance(text, float | int)]


@pytest.mark.parametrize("count", [6, pytest.param(300, marks=pytest.mark.long)])
def test_javascript_agrees_with_sympy(count, faults):
    for name, formula in FORMULAS.items():
        rng = random.Random(name)
        points = [random_arguments(formula, rng) for _ in range(count)]
        printed = [{name: repr(float(value)) for name, value in point.items()} for point in points]
        with faults.at(name):
            results = run_in_javascript([javascript(formula.expr, values) for values in printed])
            assert len(results) == len(points), f"{len(results)} of {len(points)} points have a value"
            for point, result in zip(points, results, strict=True):
                with faults.at(name, point):
                    exact, size = exact_value(formula, point)
                    assert abs(result - exact) <= 1e-12 * size, f"{result!r}, not {exact}"


def test_printing_refuses_symbols_without_a_value_and_functions_without_a_counterpart():
    with pytest.raises(ValueError, match="sets no value for mem_bandwidth"):
        javascript(ridge_point.expr, {"peak_flops": "1"})
    for expression in (sp.gamma(batch), sp.tanh(batch), sp.sign(batch - 1)):
        with pytest.raises(ValueError, match="no counterpart"):
            javascript(expression, {"batch": "batch"})


def test_printing_puts_brackets_around_what_replaces_a_symbol():
    assert javascript(1 / batch, {"batch": "a + b"}) == "1/(a + b)"


def test_stored_charts_have_a_description_and_labelled_controls(faults):
    for name, spec in CHARTS.items():
        with faults.at(name):
            assert len(spec["description"]) > 80, f"the description is too short: {spec['description']!r}"
        with faults.at(name):
            assert spec["width"] == 600, f"width {spec['width']!r} must be 600, or JupyterLab hangs"
        with faults.at(name):
            assert len(controls_of(spec)) >= 3, "has fewer than three controls"
        for parameter in controls_of(spec):
            bind, value = parameter["bind"], parameter["value"]
            with faults.at(name, parameter["name"]):
                assert bind["name"], "has no label"
            with faults.at(name, parameter["name"]):
                if bind["input"] == "range":
                    assert bind["min"] <= value <= bind["max"]
                else:
                    assert value in bind["options"]


def test_a_description_says_what_the_chart_says_at_first(faults):
    for name, spec in CHARTS.items():
        with faults.at(name):
            numbers = re.findall(r"\d[\d.,]* (?:[mµ]s|GB|G?FLOP|TFLOP/s)", " ".join(headline(spec)))
            assert numbers, f"says no number: {headline(spec)}"
            assert numbers[0].split()[0] in spec["description"], f"{numbers[0]} is not in its description"


def headline(spec, **values):
    """Return what a chart says after its controls were moved."""
    lines = read(spec, "join(headline, '\\n')", **values)[0].split("\n")
    return [line for line in lines if line]


def moved(spec, **values):
    """Return a chart's specification after its controls were moved."""
    parameters = [
        {**p, "value": values.get(p["name"].removeprefix(OWN), p["value"])} if "bind" in p else p
        for p in spec["params"]
    ]
    return spec | {"params": parameters}


def read(spec, *expressions, **values):
    """Evaluate Vega expressions that may name a chart's parameters, after its controls were moved."""
    parameters = moved(spec, **values)["params"]
    marks = [
        {
            "data": {"values": [{}]},
            "transform": [{"calculate": expression, "as": "value"}],
            "mark": {"type": "text", "lineBreak": ""},
            "encoding": {"text": {"field": "value"}},
        }
        for expression in expressions
    ]
    return list(texts(vl_convert.vegalite_to_scenegraph({"params": parameters, "layer": marks})))


def chart_on(page, position=0):
    """Return a stored chart by its page and its position there."""
    return [spec for name, spec in CHARTS.items() if name.rpartition("-")[0] == page][position]


def test_the_decode_chart_says_what_the_library_computes():
    spec = chart_on("decode-latency")
    assert headline(spec) == ["decode step 21.67 ms, bound by memory bandwidth", "critical batch 208"]
    assert headline(spec, batch=512)[0] == "decode step 53.33 ms, bound by arithmetic"
    assert headline(spec, batch=512, link_bandwidth=50)[0] == "decode step 103.2 ms, bound by communication"
    values = dict(
        batch=512,
        n_devices=16,
        n_params=260e9,
        n_layers=80,
        d_model=16384,
        bytes_per_param=2,
        bytes_per_activation=2,
        peak_flops=312e12,
        mem_bandwidth=1.5e12,
        link_bandwidth=50e9,
        link_latency=8e-6,
    )
    assert f"{evaluate(overlapped_decode_step_time, **values) * 1e3:.4g}" == "103.2"


def test_the_prefill_chart_says_what_the_library_computes():
    spec = chart_on("prefill-latency")
    assert headline(spec) == ["prefill 213.3 ms, bound by arithmetic"]
    assert headline(spec, prompt=16) == ["prefill 21.67 ms, bound by memory bandwidth"]


def test_the_roofline_chart_names_the_lower_of_slope_and_roof():
    spec = chart_on("roofline")
    first = "attainable 24 TFLOP/s, bound by memory bandwidth"
    assert headline(spec) == [first, "ridge point 208 FLOP/byte", "arithmetic intensity 16 FLOP/byte"]
    assert headline(spec, batch=512)[0] == "attainable 312 TFLOP/s, bound by arithmetic"


def test_the_memory_chart_says_what_fits():
    spec = chart_on("kv-cache", 1)
    assert headline(spec) == ["weights and cache 39.42 GB of 40 GB: fits", "largest batch 8"]
    assert headline(spec, batch=9) == ["weights and cache 41.1 GB of 40 GB: does not fit", "largest batch 8"]


def settings_of(spec):
    """Return what a chart's sliders say, in SI units."""
    names = {p["name"].removeprefix(OWN): p["value"] for p in controls_of(spec)}
    return {name: value * SLIDERS[name].scale for name, value in names.items()}


SHAPE_260B = {"n_layers": 80, "d_model": 16384, "bytes_per_param": 2, "bytes_per_activation": 2}
SHAPE_13B = {"n_layers": 40, "d_model": 5120, "bytes_per_param": 2, "bytes_per_activation": 2, "bytes_per_kv": 2}
DECODE = {
    "memory bandwidth": weight_read_time,
    "arithmetic": decode_compute_time,
    "communication": decode_communication_time,
}
PREFILL = DECODE | {"arithmetic": prefill_compute_time, "communication": prefill_communication_time}
CACHED = {
    "decode step": cached_decode_step_time,
    "weights": weight_read_time,
    "arithmetic": decode_compute_time,
    "KV cache": kv_read_time,
    "communication": decode_communication_time,
}
WITHOUT_MESSAGES = {name: formula for name, formula in CACHED.items() if name != "communication"}
SERIAL = {"decode step": serial_decode_step_time} | DECODE


def held(**values):
    """Return bytes of weights and cache on one device."""
    every = times({"weights": weight_bytes, "KV cache": kv_cache_bytes})(**values)
    parts = {name: size / values["n_devices"] for name, size in every.items()}
    return {"weights and cache": sum(parts.values())} | parts


def rates(**values):
    """Return FLOP/s under the roof."""
    slope = values["mem_bandwidth"] * evaluate(
        decode_intensity, batch=values["batch"], bytes_per_param=values["bytes_per_param"]
    )
    peak = values["peak_flops"]
    return {"attainable": min(slope, peak), "memory bandwidth": slope, "arithmetic": peak}


def times(formulas):
    """Return a function that evaluates formulas on those of its values that each takes."""

    def evaluated(**values):
        return {
            name: evaluate(formula, **{key: values[key] for key in formula.arguments if key in values})
            for name, formula in formulas.items()
        }

    return evaluated


def work_of_a_token(**values):
    """Return FLOP of the matrices and of the attention."""
    n_params = evaluate(block_params, n_layers=values["n_layers"], d_model=values["d_model"])
    matrices, attention = evaluate(token_flops, n_params=n_params), evaluate(attention_flops_per_token, **values)
    return {"work of a token": matrices + attention, "weights": matrices, "attention": attention}


def all_reduce(**values):
    """Return seconds of the latency and of the transfer."""
    hops = min(1, values["tp"] - 1)
    both = evaluate(all_reduce_time, hops=hops, network_latency=values["link_latency"], **values)
    waiting = 2 * hops * values["link_latency"]
    return {"all-reduce": both, "communication": both - waiting, "latency": waiting}


def ring(**values):
    """Return seconds of the start and the steps on a ring, and of the bytes."""
    both = evaluate(ring_call_time, **values)
    waiting = values["start_latency"] + 2 * (values["n_devices"] - 1) * values["link_latency"]
    return {"all-reduce": both, "latency": waiting, "communication": both - waiting}


def two_clocks(whole, read, work, **values):
    """Return the seconds that these bytes take to read and these FLOP to compute."""
    reading = read / (values["n_devices"] * values["mem_bandwidth"])
    computing = work / (values["n_devices"] * values["peak_flops"])
    return {whole: max(reading, computing), "memory bandwidth": reading, "arithmetic": computing}


def attention_core(**values):
    """Return seconds of an attention core, by the formulas of its page."""
    values = values | {"n_kv_heads": min(values["n_kv_heads"], values["n_heads"])}
    shape = {name: values[name] for name in ("n_layers", "n_kv_heads", "head_dim", "bytes_per_kv")}
    read = values["batch"] * values["context"] * evaluate(grouped_kv_bytes_per_token, **shape)
    heads = {name: values[name] for name in ("n_heads", "n_kv_heads", "bytes_per_kv")}
    work = read * evaluate(grouped_attention_intensity, **heads) / values["tp"]
    copied = max(1 / values["tp"], 1 / values["n_kv_heads"])  # a device has at least one head
    return two_clocks("attention core", read * copied, work, n_devices=1, **values)


def indexed(**values):
    """Return seconds that an index and the tokens that it selects are read for, by the formula of its page."""
    share = values["n_layers"] * values["batch"] / values["mem_bandwidth"]
    arguments = {name: values[name] for name in indexed_bytes.arguments}
    both, index = share * evaluate(indexed_bytes, **arguments), share * values["kv_length"]
    index *= values["bytes_per_index"] * values["index_dim"]
    return {"index and selected": both, "index": index, "selected tokens": both - index}


def experts(**values):
    """Return seconds of all layers' experts."""
    visits = values["batch"] * values["experts_per_token"]
    touched = evaluate(
        distinct_experts,
        tokens=values["batch"],
        **{name: values[name] for name in ("n_experts", "experts_per_token")},
    )
    one = values["n_layers"] * values["mlp_matrices"] * values["d_model"] * values["expert_width"]
    return two_clocks("experts", 2 * touched * one, 2 * visits * one, **values)


def quantised(**values):
    """Return seconds of a step's matrices."""
    stored = {name: values[name] for name in ("weight_bits", "group_size", "scale_bits", "zero_point_bits")}
    read = values["n_params"] * evaluate(quantised_bytes, **stored)
    return two_clocks("matrices", read, 2 * values["batch"] * values["n_params"], **values)


def divided_cache(**values):
    """Return seconds of reading a cache that devices divide by sequences, and of what they send each other."""
    sharing = max(1, values["tp"] / values["n_kv_heads"])
    heads = max(1, values["n_kv_heads"] / values["tp"]) / sharing
    token = 2 * values["n_layers"] * values["bytes_per_kv"] * values["head_dim"] * heads
    reading = values["batch"] * values["kv_length"] * token / values["mem_bandwidth"]
    own = values["batch"] * values["n_heads"] / values["tp"] * 2 * values["head_dim"] * values["bytes_per_activation"]
    links = {name: values[name] for name in ("link_bandwidth", "link_latency")}
    links |= {"network_bandwidth": 1e9, "network_latency": 0, "link_efficiency": 1, "devices_per_node": values["tp"]}
    sending = evaluate(exchange_time, hops=min(1, values["tp"] - 1), sharing=sharing, exchanged_bytes=own, **links)
    sent = values["n_layers"] * sending
    return {"divided": reading + sent, "KV cache": reading, "communication": sent}


INDEX_OF_V32 = {
    name: models["DeepSeek-V3.2"].arguments[name] for name in ("n_layers", "kv_rank", "rope_dim", "bytes_per_index")
}
LINKS = {"link_bandwidth": 300e9, "link_latency": 8e-6}
DRAWN = {
    "counting": [(1e-9, {}, work_of_a_token)],
    "later-tokens": [(1e3, SHAPE_13B | {"link_bandwidth": 300e9, "link_latency": 0}, times(WITHOUT_MESSAGES))],
    "operator-model": [(1e6, {"link_efficiency": 1, "devices_per_node": 8}, all_reduce)],
    "attention-variants": [(1e3, models["Llama-3-70B"].arguments, attention_core)],
    "recurrent-and-sparse-attention": [(1e3, dict(bytes_per_kv=2) | INDEX_OF_V32, indexed)],
    "parallelism": [(1e3, models["Llama-3-70B"].arguments | {"link_bandwidth": 450e9}, divided_cache)],
    "mixture-of-experts": [(1e3, models["Mixtral-8x7B"].arguments, experts)],
    "quantisation": [(1e3, {"scale_bits": 16, "zero_point_bits": 4}, quantised)],
    "decode-latency": [(1e3, SHAPE_260B, times({"decode step": overlapped_decode_step_time} | DECODE))],
    "prefill-latency": [
        (1e3, SHAPE_260B | {"link_latency": 8e-6}, times({"prefill": overlapped_prefill_time} | PREFILL))
    ],
    "communication": [(1e3, SHAPE_260B, times(SERIAL))],
    "collectives": [(1e6, {"start_latency": 8e-6}, ring)],
    "batch-size": [(1e3, SHAPE_13B | LINKS, times(CACHED))],
    "kv-cache": [(1e3, SHAPE_13B | LINKS, times(CACHED)), (1e-9, SHAPE_13B, held)],
    "roofline": [(1e-12, {}, rates)],
    "example-260b": [(1e3, SHAPE_260B, times(SERIAL)), (1e-9, SHAPE_260B, held)],
    "example-13b-decode": [(1e3, SHAPE_13B, times(SERIAL))],
    "example-13b-prefill": [(1e3, SHAPE_13B | LINKS, times({"prefill": serial_prefill_time} | PREFILL))],
}
"""What each chart draws, page by page: displayed units per SI unit, constants, and the library's own values."""


def test_every_chart_is_compared_with_the_library():
    assert {f"{page}-{len(charts)}" for page, charts in DRAWN.items()} | {"deployment-calculator-1"} == {
        f"{page}-{count}" for page, count in Counter(name.rpartition("-")[0] for name in CHARTS).items()
    }


def along(curve, i, at=None):
    """Return a curve's calculated expressions at its i-th sample, or at a place."""
    first, *others = [step for step in curve["transform"] if "calculate" in step]
    place = f"({first['calculate'].replace('datum.i', str(i))})" if at is None else repr(at)
    return {first["as"]: place} | {step["as"]: step["calculate"].replace("datum.at", place) for step in others}


def test_the_curves_and_the_marker_of_every_chart_are_what_the_library_computes(faults):
    for page, charts in DRAWN.items():
        for position, drawn in enumerate(charts):
            with faults.at(page, f"chart {position + 1}"):
                compare_with_the_library(chart_on(page, position), *drawn)


def compare_with_the_library(spec, per_si, constants, library):
    """Compare the curves of a chart at three places, and its marker, with the library's values."""
    curve, marker = spec["layer"][:2]
    first = controls_of(spec)[0]
    variable = first["name"].removeprefix(OWN)
    values = constants | settings_of(spec)
    last = curve["data"]["sequence"]["stop"] - 1
    assert last >= 200
    for i in (0, 77, last):
        expressions = along(curve, i)
        drawn = dict(zip(expressions, read(spec, *expressions.values()), strict=True))
        here = library(**values | {variable: drawn.pop("at") * SLIDERS[variable].scale})
        drawn.pop("x")
        assert drawn.keys() == here.keys(), f"draws {', '.join(drawn)}, not {', '.join(here)}"
        for name, value in here.items():
            right = pytest.approx(per_si * value, rel=1e-12)
            assert drawn[name] == right, f"{name} at sample {i} is {drawn[name]!r}, not {per_si * value!r}"
    assert read(spec, along(curve, last)["at"]) == [pytest.approx(first["bind"]["max"])]
    now = {step["as"]: step["calculate"] for step in marker["transform"] if "calculate" in step}
    whole = next(iter(library(**values)))
    assert read(spec, now["y"]) == [pytest.approx(per_si * library(**values)[whole], rel=1e-12)]
    [x] = read(spec, now["x"])
    assert x == (first["value"] if library is not rates else 16)


@pytest.mark.parametrize("one_by_one", [False, pytest.param(True, marks=pytest.mark.long)])
def test_a_chart_keeps_its_axes_at_both_ends_of_its_sliders(one_by_one, faults):
    for name, spec in FORMULA_CHARTS.items():
        names = [parameter["name"] for parameter in controls_of(spec)]
        for together in [[each] for each in names] if one_by_one else [names]:
            for end in ("min", "max"):
                moved = [{**p, "value": p["bind"][end]} if p["name"] in together else p for p in spec["params"]]
                with faults.at(name, f"{', '.join(together)} at the {end}"):
                    scene = vl_convert.vegalite_to_scenegraph({**spec, "params": moved, "width": 400})
                    ticks = [text for text in texts(scene) if isinstance(text, str) and re.fullmatch(r"[\d,.]+", text)]
                    assert len(ticks) >= 6, f"has only the ticks {ticks}"


@pytest.mark.parametrize(("devices", "words"), [(1, "communication (0)"), (2, "communication")])
@pytest.mark.parametrize(("page", "control"), [("kv-cache", "n_devices"), ("deployment-calculator", "tp")])
def test_the_legend_marks_a_part_that_is_zero(page, control, devices, words):
    spec = chart_on(page)
    label = spec["layer"][0]["encoding"]["color"]["legend"]["labelExpr"]
    drawn = [label.replace("datum.label", f"'{part}'") for part in ("decode step", "communication")]
    assert read(spec, *drawn, **{control: devices}) == ["decode step", words]


CURVES = {"reading": weight_read_time, "memory bandwidth": weight_read_time}
SETTING = {"n_devices": 16, "n_params": 260, "mem_bandwidth": 1.5}


@pytest.mark.parametrize(
    ("curves", "sliders", "constants", "message"),
    [
        ({"ridge": ridge_point} | CURVES, {}, {}, "'reading' is in s, and 'ridge' in FLOP/byte"),
        ({"a": mem_bandwidth, "weights": mem_bandwidth}, {}, {}, "'a' is in byte/s: a live chart displays s, byte"),
        ({"reading": weight_read_time}, SETTING, {}, "a whole and at least one part"),
        (CURVES, {}, {"bytes_per_param": 2}, "at least one slider"),
        (CURVES, SETTING, {"bytes_per_param": float("nan")}, "bytes_per_param = nan byte: must be"),
        (CURVES, SETTING, {"bytes_per_param": "2"}, "bytes_per_param = '2': must be"),
        (CURVES, SETTING, {"bytes_per_param": 2, "n_devices": 2}, "'n_devices' is both"),
        (CURVES, SETTING | {"n_devices": 1.5}, {"bytes_per_param": 2}, "n_devices = 1.5: must be a whole"),
        (CURVES, SETTING, {}, "sets no value for bytes_per_param"),
        (CURVES, SETTING | {"batch": 1}, {"bytes_per_param": 2}, "'batch' is not in any formula"),
        (CURVES, SETTING, {"bytes_per_params": 2}, "did you mean 'bytes_per_param'"),
        (CURVES, {"bytes_per_param": 2} | SETTING | {"n_layers": 3}, {}, "'n_layers' is not in any formula"),
        ({"product": matmul_time, "memory bandwidth": matmul_time}, {"cols": 5}, {}, "'cols' has no slider"),
        (CURVES, SETTING | {"n_devices": 0}, {"bytes_per_param": 2}, "n_devices = 0: must be from 1 to 64"),
        ({"reading": weight_read_time, "memory": weight_read_time}, SETTING, {}, "part 'memory' has no colour"),
    ],
)
def test_a_chart_that_cannot_be_drawn_is_refused(curves, sliders, constants, message):
    with pytest.raises(ValueError, match=message):
        live_chart(curves, sliders, constants=constants, description="words")


@pytest.mark.parametrize(
    ("preset", "message"),
    [
        ({"batch": 2}, "preset 'batch' is not a control of the chart"),
        ({"n_device": 2}, "did you mean 'n_devices'"),
        ({"n_devices": 65}, "preset n_devices = 65: must be from 1 to 64"),
        ({"n_devices": 0}, "preset n_devices = 0: must be"),
    ],
)
def test_a_preset_outside_the_range_of_its_slider_is_refused(preset, message):
    with pytest.raises(ValueError, match=message):
        live_chart(CURVES, SETTING, constants={"bytes_per_param": 2}, description="words", presets={"a": preset})


def test_a_preset_is_kept_for_its_button():
    known = dict(constants={"bytes_per_param": 2}, description="words")
    assert "usermeta" not in live_chart(CURVES, SETTING, **known).spec
    small = {"n_devices": 1, "n_params": 13}
    assert live_chart(CURVES, SETTING, **known, presets={"13B": small}).spec["usermeta"] == {"presets": {"13B": small}}


def test_a_preset_goes_before_the_sliders_where_a_menu_chooses_it():
    known = dict(constants={"bytes_per_param": 2}, description="words")
    chart = live_chart(CURVES, SETTING, **known, presets={"13B": {"n_devices": 1, "n_params": 13}}).spec
    [menu] = [parameter for parameter in chart["params"] if parameter["name"] == EXAMPLE]
    assert menu["bind"]["options"] == ["own settings", "13B"]
    plain = live_chart(CURVES, SETTING | {"n_devices": 1, "n_params": 13}, **known).spec
    assert headline(chart) != headline(chart, example="13B") == headline(plain)
    assert headline(chart, example="13B", n_devices=7) == headline(plain)


def test_a_model_and_a_machine_supply_what_has_no_slider():
    chart = live_chart(CURVES, {"n_devices": 16}, models["GPT-260B"], devices["A100-note"], description="words")
    assert headline(chart.spec) == ["reading 21.67 ms, bound by memory bandwidth"]
    other = live_chart(
        CURVES,
        {"n_devices": 16},
        models["GPT-260B"],
        devices["A100-note"],
        constants={"bytes_per_param": 1},
        description="words",
    )
    assert headline(other.spec) == ["reading 10.83 ms, bound by memory bandwidth"]


def test_numpy_numbers_are_stored_as_plain_ones():
    sliders = {"n_devices": np.int64(16), "n_params": 260, "mem_bandwidth": 1.5}
    chart = live_chart(CURVES, sliders, constants={"bytes_per_param": np.float64(2)}, description="words")
    assert "np." not in json.dumps(chart.spec)


def test_sliders_span_legal_values(faults):
    for name, slider in SLIDERS.items():
        variable = REGISTRY[name]
        with faults.at(name):
            assert slider.low * slider.scale >= variable.minimum
            assert slider.low < slider.high
            if variable.integer:
                assert float(slider.low).is_integer()
                assert float(slider.step).is_integer()


def test_serial_steps_can_be_drawn_too():
    chart = live_chart(
        SERIAL,
        {"batch": 1, "n_devices": 16, "mem_bandwidth": 1.5},
        models["GPT-260B"],
        devices["A100-note"],
        description="words",
    )
    assert headline(chart.spec) == ["decode step 24.26 ms, bound by memory bandwidth"]


def test_the_axis_of_every_slider_has_ticks_at_equal_distances(faults):
    for name, slider in SLIDERS.items():
        ticks = doublings(slider.low, slider.high)
        with faults.at(name, ticks):
            assert ticks[0] == slider.low, f"the first must be {slider.low}"
            assert ticks[-1] <= slider.high, f"the last must be at most {slider.high}"
            assert len(ticks) <= 7, "are more than seven"
            assert len({high / low for low, high in pairwise(ticks)}) <= 1, "are not at equal distances"


def test_no_tick_is_dropped_on_a_phone(faults):
    for name, spec in FORMULA_CHARTS.items():
        with faults.at(name):
            scene = vl_convert.vegalite_to_scenegraph({**spec, "width": 270})
            numbers = [float(text.replace(",", "")) for text in texts(scene) if re.fullmatch(r"[\d,.]+", str(text))]
            axes = [[numbers[0]]]
            for low, high in pairwise(numbers):
                axes.append([high]) if high <= low else axes[-1].append(high)
            assert len(axes) == 2, f"has {len(axes)} axes: {axes}"
            for axis in axes:
                steps = {round(high / low, 6) for low, high in pairwise(axis)}
                assert len(steps) == 1, f"ticks are not at equal distances: {axis}"


@pytest.mark.parametrize(("place", "side"), [(2, "left"), (50, "right")])
def test_the_label_of_a_line_stands_where_there_is_more_room(place, side):
    chart = live_chart(
        CURVES, SETTING, constants={"bytes_per_param": 2}, marks={"here": sp.Integer(place)}, description="Words."
    )
    scene = json.dumps(vl_convert.vegalite_to_scenegraph(chart.spec))
    [words] = re.findall(r'\{[^{}]*"text":\s*"here"[^{}]*\}', scene)
    assert json.loads(words).get("align", "left") == side


def test_a_line_beyond_the_axis_is_left_out():
    marks = {"on the chart": sp.Integer(50), "beyond it": sp.Integer(10**6)}
    chart = live_chart(CURVES, SETTING, constants={"bytes_per_param": 2}, marks=marks, description="Words.")
    shown = list(texts(vl_convert.vegalite_to_scenegraph(chart.spec)))
    assert "on the chart" in shown
    assert "beyond it" not in shown


def test_a_line_stands_at_its_place_in_the_unit_of_the_axis():
    marks = {"50 billion": sp.Integer(50 * 10**9), "fifty": sp.Integer(50)}
    first = {"n_params": SETTING["n_params"]}
    chart = live_chart(CURVES, first | SETTING, constants={"bytes_per_param": 2}, marks=marks, description="Words.")
    shown = list(texts(vl_convert.vegalite_to_scenegraph(chart.spec)))
    assert "50 billion" in shown
    assert "fifty" not in shown


def test_a_short_time_is_displayed_in_microseconds():
    chart = live_chart(
        CURVES, SETTING, constants={"bytes_per_param": 2}, display=Display("time", "µs", 1e6), description="Words."
    )
    assert headline(chart.spec) == ["reading 21,667 µs, bound by memory bandwidth"]
    assert "time [µs]" in texts(vl_convert.vegalite_to_scenegraph(chart.spec))
