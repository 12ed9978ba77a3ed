"""The browser's numbers: Vega expressions, run in vl-convert's JavaScript engine."""

import random

import pytest
import sympy as sp
import vl_convert

from conftest import FORMULAS, NOTEBOOKS, outputs_of, random_arguments
from llm_latency import evaluate
from llm_latency.latency import overlapped_decode_step_time, serial_decode_step_time
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
    # Two large terms of `max_context` nearly cancel at random points; fill its memory a tenth.
    if formula.name == "max_context":
        points = [p | {"mem_size": 10 * p["bytes_per_param"] * p["n_params"]} for p in points]
    expressions = [
        javascript(formula.expr, {name: repr(float(value)) for name, value in point.items()}) for point in points
    ]
    exact = [
        sp.N(formula.expr.subs({REGISTRY[name].symbol: sp.Rational(value) for name, value in point.items()}), 30)
        for point in points
    ]
    assert run_in_javascript(expressions) == pytest.approx([float(value) for value in exact], rel=1e-12)


def test_printing_refuses_what_has_no_value_or_no_counterpart():
    with pytest.raises(ValueError, match="sets no value for mem_bandwidth"):
        javascript(ridge_point.expr, {"peak_flops": "1"})
    with pytest.raises(ValueError, match="no counterpart"):
        javascript(sp.gamma(batch), {"batch": "batch"})


@pytest.mark.parametrize("spec", CHARTS.values(), ids=CHARTS)
def test_stored_charts_have_words_and_labelled_sliders(spec):
    assert len(spec["description"]) > 80
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


PARTS = {"memory bandwidth": weight_read_time.expr}
SETTING = {"n_devices": 16, "n_params": 260, "mem_bandwidth": 1.5}


@pytest.mark.parametrize(
    ("formula", "sliders", "constants", "message"),
    [
        (ridge_point, {}, {}, "ridge_point is in FLOP/byte: must be a time in s"),
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


def test_sliders_span_legal_values():
    for name, slider in SLIDERS.items():
        variable = REGISTRY[name]
        assert slider.low * slider.scale >= variable.minimum
        assert slider.low < slider.high
        if variable.integer:
            assert float(slider.low).is_integer()
            assert float(slider.step).is_integer()


def test_serial_steps_can_be_drawn_too():
    parts = {"memory bandwidth": weight_read_time.expr}
    constants = {
        "n_layers": 80, "d_model": 16384, "bytes_per_param": 2, "bytes_per_activation": 2,
        "n_params": 260e9, "peak_flops": 312e12, "link_bandwidth": 300e9, "link_latency": 8e-6,
    }
    chart = live_chart(
        serial_decode_step_time, parts, {"batch": 1, "n_devices": 16, "mem_bandwidth": 1.5}, constants, "words"
    )
    assert headline(chart.spec) == ["24.26 ms", "bound by memory bandwidth"]
