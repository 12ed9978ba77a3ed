"""The calculator in JavaScript against the library, model by model."""

import random

import pytest
import vl_convert

import llm_latency as ll
from llm_latency.charts.calculator import AS_PUBLISHED, DEVICE_COUNTS, deployment_calculator
from llm_latency.charts.specification import EXAMPLE
from llm_latency.operator_model.shape import layer_groups
from llm_latency.suggestions import UnknownNameError
from test_live import CHARTS, controls_of, headline, moved, read, texts

[SPEC] = [spec for name, spec in CHARTS.items() if name.startswith("deployment-calculator")]
LINE = "largest batch"
RESULTS = (
    "prefill",
    "request",
    "weights",
    "sequence",
    "activations",
    "held",
    "largest_batch",
    "step",
    "value_1",
    "value_2",
    "value_3",
    "value_4",
)


def random_settings(rng):
    """Draw a setting of every control except the model's."""
    return {
        "device": rng.choice(list(ll.devices)),
        "tp": rng.choice(DEVICE_COUNTS[:5]),
        "batch": rng.randint(1, 1024),
        "prompt": rng.choice([16, 512, 4096, 16384]),
        "answer": rng.randint(2, 4096),
        "weight_bits": rng.choice([0, 16, 8, 4]),
        "kv_bits": rng.choice([0, 16, 8]),
        "compute_dtype": rng.choice([AS_PUBLISHED, AS_PUBLISHED, "fp16", "bf16", "fp8", "int8"]),
        "prompts": rng.choice([0, 1, 1, 4, 16]),
        "bandwidth_reached": rng.randint(30, 100),
        "flops_reached": rng.randint(20, 100),
        "latency": rng.choice([0, 8.5]),
    }


def deployment_options(settings):
    """Return the same settings as options of the library."""
    options = dict(
        device=settings["device"],
        tp=settings["tp"],
        batch=settings["batch"],
        prompt=settings["prompt"],
        bandwidth_efficiency=settings["bandwidth_reached"] / 100,
        compute_efficiency=settings["flops_reached"] / 100,
        link_latency=settings["latency"] * 1e-6,
    )
    if settings["compute_dtype"] != AS_PUBLISHED:
        options["compute_dtype"] = settings["compute_dtype"]
    return options | {name: settings[name] for name in ("weight_bits", "kv_bits") if settings[name]}


def expected_results(model, settings):
    """Return what the library says for a setting of every control, or nothing if it refuses."""
    options = deployment_options(settings)
    try:
        expected = {
            "prefill": 1e3 * ll.prefill_time(model, **options),
            "request": ll.request_time(model, output=settings["answer"], **options),
        }
    except ValueError:
        return {}
    steps = settings["answer"] - 1
    expected["step"] = (1e3 * expected["request"] - expected["prefill"]) / steps
    if ll.devices[settings["device"]].mem_size is not None:
        at_once = min(settings["prompts"], settings["batch"]) or None
        held = ll.memory(model, context=settings["prompt"] + steps, prefill_batch=at_once, **options)
        expected |= {
            "weights": held.weights / 1e9,
            "sequence": held.kv_cache / settings["batch"] / 1e9,
            "activations": held.activations / 1e9,
            "held": held.total / 1e9,
            "largest_batch": held.largest_batch,
        }
    return expected


def one_of_each_kind():
    """List the first model of the catalogue with each combination of kinds of layers."""
    found = {}
    for name, model in ll.models.items():
        found.setdefault(frozenset(group.kind for group in layer_groups(model)), name)
    return list(found.values())


@pytest.mark.parametrize(
    ("names", "points"),
    [(one_of_each_kind, 1), pytest.param(lambda: ll.models, 10, marks=pytest.mark.long)],
    ids=["one of each kind", "all"],
)
def test_the_calculator_agrees_with_the_library_for_every_model(names, points, faults):
    for model in names():
        rng = random.Random(model)
        refused = compared = 0
        while compared < points:
            settings = random_settings(rng)
            expected = expected_results(model, settings)
            if not expected and refused == points:
                continue
            compared, refused = compared + bool(expected), refused + (not expected)
            problem, *results = read(SPEC, "problem", *RESULTS, model=model, **settings)
            found = dict(zip(RESULTS, results, strict=True))
            with faults.at(model, settings):
                if not expected:
                    assert problem, "the library refuses this, and the calculator does not"
                    assert headline(SPEC, model=model, **settings) == [problem]
                else:
                    assert problem == "", f"the calculator refuses this, and the library does not: {problem}"
                for name, value in expected.items():
                    assert found[name] == pytest.approx(value, rel=1e-12), f"{name} = {found[name]}, not {value}"


def test_the_parts_of_a_step_are_those_of_its_explanation():
    # The mean over 255 steps from 1024 tokens on meets 1152 keys, as one step with 1151 behind it.
    explained = ll.explain("Llama-3-70B", "H100-SXM", tp=8, batch=64, context=1151)
    names = ("step", "value_1", "value_2", "value_3", "value_4")
    step, weights, cache, arithmetic, communication = read(SPEC, *names, batch=64)
    rows = explained.rows
    assert step == pytest.approx(1e3 * explained.time, rel=1e-12)
    assert weights + cache == pytest.approx(1e3 * sum(row.memory_time for row in rows), rel=1e-12)
    assert arithmetic == pytest.approx(1e3 * sum(row.compute_time for row in rows), rel=1e-12)
    assert communication == pytest.approx(1e3 * sum(row.time for row in rows if row.bound_by == "link"), rel=1e-12)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"compute_dtype": "fp8", "device": "A100-80GB-SXM"}, "A100-80GB-SXM has no arithmetic in fp8"),
        ({"model": "GPT-13B", "tp": 16}, "16 devices cannot share the 40 heads of GPT-13B"),
        ({"device": "Apple-M1-8GPU"}, "Apple-M1-8GPU has no links: choose one device"),
    ],
)
def test_an_impossible_setting_is_named_and_not_drawn(settings, message):
    assert headline(SPEC, **settings) == [message]
    assert LINE not in texts(vl_convert.vegalite_to_scenegraph(moved(SPEC, **settings)))
    assert LINE in texts(vl_convert.vegalite_to_scenegraph(moved(SPEC, prompts=0)))


@pytest.mark.parametrize("batch", [1, 300])
def test_the_longest_part_is_named_with_its_share(batch):
    step, *parts = read(SPEC, "step", *RESULTS[-4:], batch=batch)
    share = max(map(float, parts)) / float(step)
    assert headline(SPEC, batch=batch)[0].endswith(f" ({share:.0%})")


def test_a_choice_outside_the_lists_is_refused():
    with pytest.raises(UnknownNameError):
        deployment_calculator("Llama-3-70", "H100-SXM", 8, 1, 1024, 256, "words")
    with pytest.raises(ValueError, match="tp = 6 must divide"):
        deployment_calculator("Llama-3-70B", "H100-SXM", 6, 1, 1024, 256, "words")
    with pytest.raises(ValueError, match="tp = 3: must be one of 1, 2, 4"):
        deployment_calculator("GPT-2", "H100-SXM", 3, 1, 1024, 256, "words")
    with pytest.raises(ValueError, match="answer = 1: must be from 2 to 4096"):
        deployment_calculator("Llama-3-70B", "H100-SXM", 8, 1, 1024, 1, "words")
    with pytest.raises(ValueError, match="preset kv_bits = 5: must be \\[0, 16, 8\\]"):
        deployment_calculator("Llama-3-70B", "H100-SXM", 8, 1, 1024, 256, "words", presets={"five": {"kv_bits": 5}})


def test_the_page_shows_this_calculator():
    [menu] = [parameter["bind"]["options"] for parameter in SPEC["params"] if parameter["name"] == EXAMPLE]
    presets = {label: SPEC["usermeta"]["presets"][label] for label in menu[1:]}
    spec = deployment_calculator("Llama-3-70B", "H100-SXM", 8, 1, 1024, 256, SPEC["description"], presets).spec
    assert spec == SPEC
    choices = {parameter["name"]: parameter["bind"].get("options") for parameter in controls_of(SPEC)}
    assert choices["model"] == list(ll.models)
    assert choices["device"] == list(ll.devices)
