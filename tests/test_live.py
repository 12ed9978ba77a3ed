"""The browser's numbers: Vega expressions, run in vl-convert's JavaScript engine."""

import json
import random
import re

import numpy as np
import pytest
import sympy as sp
import vl_convert

from conftest import FORMULAS, NOTEBOOKS, exact_value, outputs_of, random_arguments
from llm_latency import evaluate
from llm_latency.footprint import weight_bytes
from llm_latency.kv_cache import kv_read_time
from llm_latency.latency import (
    cached_decode_step_time,
    decode_communication_time,
    decode_compute_time,
    overlapped_decode_step_time,
    overlapped_prefill_time,
    prefill_communication_time,
    prefill_compute_time,
    serial_decode_step_time,
)
from llm_latency.live import MIME_TYPE, SLIDERS, javascript, live_chart
from llm_latency.notation import REGISTRY, batch
from llm_latency.roofline import ridge_point, weight_read_time

CHARTS = {
    f"{page}-{number}": data[MIME_TYPE]
    for page, notebook in NOTEBOOKS.items()
    for number, cell in enumerate(notebook.cells)
    for data in outputs_of(cell)
    if MIME_TYPE in data
}


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


@pytest.mark.parametrize("formula", FORMULAS.values(), ids=FORMULAS)
def test_javascript_agrees_with_sympy(formula):
    rng = random.Random(formula.name)
    points = [random_arguments(formula, rng) for _ in range(12)]
    results = run_in_javascript(
        [javascript(formula.expr, {name: repr(float(value)) for name, value in point.items()}) for point in points]
    )
    for point, result in zip(points, results, strict=True):
        exact, size = exact_value(formula, point)
        assert abs(result - exact) <= 1e-12 * size


def test_printing_refuses_what_has_no_value_or_no_counterpart():
    with pytest.raises(ValueError, match="sets no value for mem_bandwidth"):
        javascript(ridge_point.expr, {"peak_flops": "1"})
    for expression in (sp.gamma(batch), sp.tanh(batch), sp.sign(batch - 1)):
        with pytest.raises(ValueError, match="no counterpart"):
            javascript(expression, {"batch": "batch"})


def test_printing_brackets_what_stands_for_a_symbol():
    assert javascript(1 / batch, {"batch": "a + b"}) == "1/(a + b)"


@pytest.mark.parametrize("spec", CHARTS.values(), ids=CHARTS)
def test_stored_charts_have_words_and_labelled_sliders(spec):
    assert len(spec["description"]) > 80
    assert spec["width"] == 600, "a width that follows its container hangs JupyterLab"
    assert len(spec["params"]) >= 5
    for parameter in spec["params"]:
        slider = SLIDERS[parameter["name"]]
        assert parameter["bind"]["name"] == slider.label
        assert slider.low <= parameter["value"] <= slider.high


def headline(spec, **values):
    """Return a chart's headline after its sliders were moved."""
    parameters = [{**p, "value": values.get(p["name"], p["value"])} for p in spec["params"]]
    scene = vl_convert.vegalite_to_scenegraph({**spec, "params": parameters, "width": 400})
    return next(text for text in texts(scene) if isinstance(text, list))


def test_the_decode_chart_says_what_the_library_computes():
    [spec] = [spec for name, spec in CHARTS.items() if name.startswith("decode-latency")]
    assert headline(spec) == ["21.67 ms", "bound by memory bandwidth"]
    assert headline(spec, batch=512) == ["53.33 ms", "bound by arithmetic"]
    assert headline(spec, batch=512, link_bandwidth=50) == ["103.2 ms", "bound by communication"]
    values = dict(
        batch=512, n_devices=16, n_params=260e9, n_layers=80, d_model=16384, bytes_per_param=2,
        bytes_per_activation=2, peak_flops=312e12, mem_bandwidth=1.5e12, link_bandwidth=50e9, link_latency=8e-6,
    )
    assert f"{evaluate(overlapped_decode_step_time, **values) * 1e3:.4g}" == "103.2"


def test_the_prefill_chart_says_what_the_library_computes():
    [spec] = [spec for name, spec in CHARTS.items() if name.startswith("prefill-latency")]
    assert headline(spec) == ["213.3 ms", "bound by arithmetic"]
    assert headline(spec, prompt=16) == ["21.67 ms", "bound by memory bandwidth"]


def settings_of(spec):
    """Return what a chart's sliders say, in SI units."""
    return {p["name"]: p["value"] * SLIDERS[p["name"]].scale for p in spec["params"]}


SHAPE_260B = {"n_layers": 80, "d_model": 16384, "bytes_per_param": 2, "bytes_per_activation": 2}
SHAPE_13B = {"n_layers": 40, "d_model": 5120, "bytes_per_param": 2, "bytes_per_activation": 2, "bytes_per_kv": 2}
DECODE = {
    "memory bandwidth": weight_read_time, "arithmetic": decode_compute_time, "communication": decode_communication_time,
}
PREFILL = DECODE | {"arithmetic": prefill_compute_time, "communication": prefill_communication_time}
CACHED = {"step": cached_decode_step_time, "KV cache": kv_read_time} | DECODE
DRAWN = {
    "decode-latency": (SHAPE_260B, {"step": overlapped_decode_step_time} | DECODE),
    "prefill-latency": (SHAPE_260B | {"link_latency": 8e-6}, {"step": overlapped_prefill_time} | PREFILL),
    "communication": (SHAPE_260B, {"step": serial_decode_step_time} | DECODE),
    "batch-size": (SHAPE_13B | {"link_latency": 8e-6}, CACHED),
    "kv-cache": (SHAPE_13B | {"link_latency": 8e-6}, CACHED),
}


def with_sliders(expression, spec):
    """Put the sliders' values into a Vega expression."""
    for parameter in spec["params"]:
        expression = re.sub(rf"\b{parameter['name']}\b", repr(parameter["value"]), expression)
    return expression


def in_milliseconds(formula, values):
    """Evaluate a formula on those of the values that it takes."""
    return 1e3 * evaluate(formula, **{name: values[name] for name in formula.arguments if name in values})


@pytest.mark.parametrize("name", CHARTS)
def test_the_curves_and_the_marker_are_what_the_library_computes(name):
    spec = CHARTS[name]
    curve, marker = spec["layer"]
    first = spec["params"][0]["name"]
    constants, formulas = DRAWN[name.rpartition("-")[0]]
    values = constants | settings_of(spec)
    calculated = {step["as"]: step["calculate"] for step in curve["transform"] if "calculate" in step}
    last = curve["data"]["sequence"]["stop"] - 1
    assert last >= 200
    for i in (0, 77, last):
        [x] = run_in_javascript([calculated["x"].replace("datum.i", str(i))])
        along = values | {first: x * SLIDERS[first].scale}
        for part, formula in formulas.items():
            [drawn] = run_in_javascript([with_sliders(calculated[part].replace("datum.x", repr(x)), spec)])
            assert drawn == pytest.approx(in_milliseconds(formula, along), rel=1e-9)
    assert x == pytest.approx(SLIDERS[first].high)
    now = {step["as"]: step["calculate"] for step in marker["transform"]}
    assert now["x"] == first
    [marked] = run_in_javascript([with_sliders(now["step"], spec)])
    assert marked == pytest.approx(in_milliseconds(formulas["step"], values), rel=1e-12)


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("end", ["min", "max"])
def test_a_chart_keeps_its_axes_at_both_ends_of_every_slider(name, end):
    spec = CHARTS[name]
    for parameter in spec["params"]:
        moved = [{**p, "value": p["bind"][end]} if p is parameter else p for p in spec["params"]]
        scene = vl_convert.vegalite_to_scenegraph({**spec, "params": moved, "width": 400})
        ticks = [text for text in texts(scene) if isinstance(text, str) and re.fullmatch(r"[\d,.]+", text)]
        assert len(ticks) >= 6, f"{parameter['name']} at its {end}"


PARTS = {"memory bandwidth": weight_read_time}
SETTING = {"n_devices": 16, "n_params": 260, "mem_bandwidth": 1.5}


@pytest.mark.parametrize(
    ("formula", "sliders", "constants", "message"),
    [
        (ridge_point, {}, {}, "ridge_point is in FLOP/byte: must be a time in s"),
        (weight_read_time, {}, {}, "at least one slider"),
        (weight_read_time, SETTING, {"bytes_per_param": float("nan")}, "bytes_per_param = nan byte: must be"),
        (weight_read_time, SETTING, {"bytes_per_param": "2"}, "bytes_per_param = '2': must be"),
        (weight_read_time, SETTING, {"bytes_per_param": 2, "n_devices": 2}, "'n_devices' is both"),
        (weight_read_time, SETTING | {"n_devices": 1.5}, {"bytes_per_param": 2}, "n_devices = 1.5: must be a whole"),
        (weight_read_time, SETTING, {}, "sets no value for bytes_per_param"),
        (weight_read_time, SETTING | {"batch": 1}, {"bytes_per_param": 2}, "'batch' is in no formula"),
        (weight_read_time, SETTING, {"bytes_per_params": 2}, "did you mean 'bytes_per_param'"),
        (weight_read_time, SETTING | {"bytes_per_param": 2}, {}, "'bytes_per_param' has no slider"),
        (weight_read_time, SETTING | {"n_devices": 0}, {"bytes_per_param": 2}, "n_devices = 0: must be from 1 to 64"),
    ],
)
def test_a_chart_that_cannot_be_drawn_is_refused(formula, sliders, constants, message):
    with pytest.raises(ValueError, match=message):
        live_chart(formula, PARTS, sliders, constants, "words")


def test_a_part_without_a_colour_or_of_another_unit_is_refused():
    constants = {"bytes_per_param": 2}
    with pytest.raises(ValueError, match="part 'memory' has no colour"):
        live_chart(weight_read_time, {"memory": weight_read_time}, SETTING, constants, "words")
    with pytest.raises(ValueError, match="weight_bytes is in byte: must be a time in s"):
        live_chart(weight_read_time, {"memory bandwidth": weight_bytes}, SETTING, constants, "words")


def test_numpy_numbers_are_stored_as_plain_ones():
    sliders = {"n_devices": np.int64(16), "n_params": 260, "mem_bandwidth": 1.5}
    chart = live_chart(weight_read_time, PARTS, sliders, {"bytes_per_param": np.float64(2)}, "words")
    assert "np." not in json.dumps(chart.spec)


def test_sliders_span_legal_values():
    for name, slider in SLIDERS.items():
        variable = REGISTRY[name]
        assert slider.low * slider.scale >= variable.minimum
        assert slider.low < slider.high
        if variable.integer:
            assert float(slider.low).is_integer()
            assert float(slider.step).is_integer()


def test_serial_steps_can_be_drawn_too():
    constants = {
        "n_layers": 80, "d_model": 16384, "bytes_per_param": 2, "bytes_per_activation": 2,
        "n_params": 260e9, "peak_flops": 312e12, "link_bandwidth": 300e9, "link_latency": 8e-6,
    }
    chart = live_chart(
        serial_decode_step_time, PARTS, {"batch": 1, "n_devices": 16, "mem_bandwidth": 1.5}, constants, "words"
    )
    assert headline(chart.spec) == ["24.26 ms", "bound by memory bandwidth"]
