import dataclasses
import inspect
import json
import re
from datetime import date

import numpy as np
import pytest

import llm_latency as ll
from conftest import DATA, NOTEBOOKS, csv_rows
from llm_latency.calibration.collective_times import CollectiveConstants
from llm_latency.catalogue import gguf, measurements
from llm_latency.catalogue.devices import COMPUTE_DTYPES
from llm_latency.catalogue.layers import LayerGroup
from llm_latency.catalogue.measurements import collective_sources, collectives, latencies, matmuls, profile
from llm_latency.catalogue.rows import read_rows
from llm_latency.notation import REGISTRY, unit_label
from llm_latency.operator_model.deployment import Deployment
from llm_latency.suggestions import UnknownNameError

MEASURED_KINDS = [
    kind
    for kind in vars(measurements).values()
    if dataclasses.is_dataclass(kind) and kind.__module__ == measurements.__name__
]
SPEC_KINDS = {"datasheet", "published", "note", "derived", "assumed", "recalled"}
FILES = sorted(path.name for path in DATA.glob("*.csv"))


def one_of(*legal):
    """Return the rule of a field that has one of a few values."""
    return " or ".join(legal), lambda cell: cell in legal


def known(catalogue):
    """Return the rule of a field that names an entry of a catalogue."""
    return "a name in the catalogue", lambda cell: cell in catalogue


POSITIVE = "a number > 0", lambda cell: float(cell) > 0
SOURCED = {
    "source": ("longer than 15 characters", lambda cell: len(cell) > 15),
    "read_on": ("a date that is not in the future", lambda cell: date.fromisoformat(cell) <= date.today()),
}
SPEC = {"kind": one_of(*sorted(SPEC_KINDS))}
MEASURED = {
    "kind": one_of("measured"),
    "unit": one_of("s"),
    "time": POSITIVE,
    "reading_error": POSITIVE,
    "notes": ("words that say what is not known or is assumed", lambda cell: re.search(r"not|assumed", cell)),
}
BLOCKS = [row["type"] for row in read_rows("gguf_blocks.csv")]
RULES = {
    "devices.csv": SOURCED | SPEC,
    "models.csv": SOURCED | SPEC,
    "runs.csv": {
        "model": known(ll.models),
        "device": known(ll.devices),
        "quantity": one_of("prefill", "decode_step", "request"),
        "time": POSITIVE,
        "unit": one_of("s"),
        "kind": one_of("measured", "derived"),
    },
    "run_sources.csv": SOURCED | {"notes": ("words that say what is not known", lambda cell: "not" in cell)},
    "attention_cores.csv": SOURCED | MEASURED,
    "collectives.csv": {name: rule for name, rule in MEASURED.items() if name != "notes"}
    | {"operation": one_of("all-reduce", "all-gather", "reduce-scatter", "all-to-all"), "device": known(ll.devices)},
    "collective_constants.csv": {
        "device": known(ll.devices),
        "left_out": one_of("0", "2", "4", "8"),
        "regime": one_of("small", "medium", "large"),
        "link_bandwidth": POSITIVE,
        "kind": one_of("fitted"),
        **dict.fromkeys(
            ("start_latency", "link_latency", "message_overhead", "launch_latency"),
            ("seconds, less than a millisecond", lambda cell: 0 <= float(cell) < 1e-3),
        ),
    },
    "collective_sources.csv": SOURCED | {"notes": ("words that say what is not known", lambda cell: "not" in cell)},
    "expert_layers.csv": SOURCED | MEASURED,
    "layer_operators.csv": SOURCED | MEASURED | {"model": known(ll.models)},
    "latencies.csv": SOURCED | MEASURED,
    "matmuls.csv": SOURCED | MEASURED,
    "token_log.csv": SOURCED | MEASURED,
    "architectures.csv": {"defaults": ("JSON", lambda cell: isinstance(json.loads(cell), dict))},
    "gguf_blocks.csv": {"weights": POSITIVE, "bytes": POSITIVE, "otherwise": one_of(*BLOCKS)},
    "gguf_mixtures.csv": {
        "part": one_of(
            *["every", "expert", "query", "key", "value", "output", "gate", "up", "down", "embedding", "head"]
        ),
        "type": one_of(*BLOCKS),
        "layers": one_of(*gguf.LAYERS),
        "models": one_of(*gguf.MODELS),
    },
    "claims.csv": {"page": ("a page of the book", lambda cell: cell in NOTEBOOKS)},
    "profile.csv": SOURCED
    | {name: rule for name, rule in MEASURED.items() if name != "time"}
    | {
        "value": POSITIVE,
        "unit": one_of("s", "1"),
    },
}
"""What a field of a table must be, in words and as a function of its cell."""


def rows_of(file):
    """Yield the number and the cells of each row of a table, counted as a spreadsheet does."""
    yield from enumerate(csv_rows(DATA / file), start=2)


def pairs(row):
    """List the quantities of a row with their values."""
    return [pair.split("=") for pair in row["values"].split()]


def registered(quantity):
    """Name the variable whose unit a quantity has."""
    other_peaks = {*COMPUTE_DTYPES.values(), "peak_flops_fp16_accumulate", "peak_flops_fp8_fp16_accumulate"}
    quantity = quantity.rpartition(".")[2]  # local.window is the window of some layers
    # Those that no formula names.
    counts = {"n_active_params": "n_params", "kv_projections": "n_layers", "link_domain": "devices_per_node"}
    counts |= dict.fromkeys({*ll.Device.words, *ll.Model.words}, "devices_per_node") | {"printed_mem_size": "mem_size"}
    return "peak_flops" if quantity in other_peaks else counts.get(quantity, quantity)


def test_every_table_has_its_rules():
    assert set(FILES) == RULES.keys()


@pytest.mark.parametrize("file", FILES)
def test_every_row_of_a_table_is_complete_and_sourced(file, faults):
    for number, row in rows_of(file):
        with faults.at(file, f"row {number}"):
            assert None not in row, f"more cells than headings: {row[None]}"
            assert None not in row.values(), "fewer cells than headings: is there a comma for each?"
        for name, cell in row.items():
            if name is not None and cell is not None:
                with faults.at(file, f"row {number}", name):
                    assert cell or name == "remark", "is empty"
                    assert cell == cell.strip(), f"{cell!r} has spaces around it"
        for name, (legal, is_legal) in RULES[file].items():
            with faults.at(file, f"row {number}", name):
                assert is_legal(row[name]), f"{row[name]!r} must be {legal}"


@pytest.mark.parametrize("file", ["devices.csv", "models.csv"])
def test_every_value_of_a_specification_is_a_number_in_the_unit_of_its_quantity(file, faults):
    for number, row in rows_of(file):
        with faults.at(file, f"row {number}", "values"):
            assert pairs(row), "are missing"
            for quantity, value in pairs(row):
                with faults.at(file, f"row {number}", quantity):
                    unit = unit_label(REGISTRY[registered(quantity)].unit)
                    assert row["unit"] == unit, f"the unit {row['unit']!r} must be {unit!r}"
                    words = {**ll.Device.words, **ll.Model.words}.get(quantity)
                    assert value in words if words else float(value) >= 0, (
                        f"{value!r} must be {words or 'a number >= 0'}"
                    )


def test_a_reading_error_is_smaller_than_what_was_read(faults):
    for file in FILES:
        for number, row in rows_of(file):
            if "reading_error" in row:
                with faults.at(file, f"row {number}", "reading_error"):
                    read = row.get("value") or row["time"]
                    assert float(row["reading_error"]) < float(read), f"{row['reading_error']} must be < {read}"


@pytest.mark.parametrize("file", ["devices.csv", "models.csv"])
def test_no_value_is_given_twice(file, faults):
    first = {}
    for number, row in rows_of(file):
        for quantity, _ in pairs(row):
            with faults.at(file, f"row {number}", row["name"], quantity):
                before = first.setdefault((row["name"], quantity), number)
                assert before == number, f"is given in row {before} already"


@pytest.mark.parametrize("catalogue", [ll.devices, ll.models], ids=["devices", "models"])
def test_every_value_of_a_spec_has_its_source(catalogue, faults):
    derived = {"n_kv_heads", "head_dim", "residual_blocks", "n_positions"}
    for name, spec in catalogue.items():
        given = {quantity for quantity in spec.sources if registered(quantity) == quantity}
        for quantities, problem in (
            (given - spec.arguments.keys(), "a source, but no value"),
            (spec.arguments.keys() - REGISTRY.keys() - {"n_active_params"}, "a value, but is not in the registry"),
            (spec.arguments.keys() - spec.sources.keys() - derived, "a value, but no source"),
        ):
            for quantity in sorted(quantities):
                with faults.at(name, quantity):
                    raise AssertionError(f"has {problem}")


GIVEN_BY_NAME = [ll.Device, ll.Model, LayerGroup, Deployment, CollectiveConstants, *MEASURED_KINDS]


@pytest.mark.parametrize("kind", GIVEN_BY_NAME, ids=lambda kind: kind.__name__)
def test_values_are_given_by_name_and_stay_as_they_are(kind):
    parameters = inspect.signature(kind).parameters.values()
    assert {parameter.kind for parameter in parameters} == {inspect.Parameter.KEYWORD_ONLY}
    assert kind.__dataclass_params__.frozen


def test_specs_are_frozen():
    device = ll.devices["A100-40GB-SXM"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        device.mem_bandwidth = 1
    with pytest.raises(TypeError):
        device.sources["mem_bandwidth"] = None
    assert device in {device}


@pytest.mark.parametrize(
    ("links", "message"),
    [
        ({"link_kind": "nvlink"}, "mine: link_kind = 'nvlink': must be one of switched, mesh, ring"),
        ({"link_domain": 0}, "mine: link_domain = 0: must be a whole number >= 1"),
        ({"link_domain": 2.5}, "mine: link_domain = 2.5"),
        ({"link_domain": "72"}, "mine: link_domain = '72'"),
    ],
)
def test_how_far_links_reach_is_checked(links, message):
    with pytest.raises(ValueError, match=message):
        ll.Device(name="mine", peak_flops=1e15, mem_bandwidth=4e12, **links)


def test_links_reach_as_far_as_the_machine_says():
    names = {"GB200": 72, "H100-SXM": 8, "TPU-v5e": 256, "A40": 2, "Apple-M4-Max-40GPU": 1}
    assert {name: ll.devices[name].link_domain for name in names} == names
    times = ll.prefill_time("Llama-3-70B", "GB200", tp=[8, 16, 32, 64], prompt=8192)
    assert (np.diff(times) < 0).all()
    within = ll.prefill_time("Llama-3-70B", "GB200", tp=[8, 16], prompt=8192, devices_per_node=8)
    assert within[0] == times[0]
    assert within[1] > times[1]


def test_a_custom_device_works_like_a_catalogued_one():
    mine = ll.Device(name="mine", peak_flops=1e15, mem_bandwidth=4e12, mem_size=1e11, link_bandwidth=4e11)
    assert ll.evaluate(ll.roofline.ridge_point, mine) == 250
    assert not mine.sources


@pytest.mark.parametrize("bandwidth", [np.float32(4e12), np.int64(4 * 10**12), np.array([4e12])])
def test_a_custom_device_may_hold_any_kind_of_number(bandwidth):
    mine = ll.Device(name="mine", peak_flops=1e15, mem_bandwidth=bandwidth, mem_size=1e11, link_bandwidth=4e11)
    assert ll.evaluate(ll.roofline.ridge_point, mine) == pytest.approx(250)


def test_a_spec_prints_what_is_known():
    text = repr(ll.models["GPT-13B"])
    assert text.startswith("Model(name='GPT-13B', n_params=13000000000.0, n_layers=40")
    assert "None" not in text


def test_a_catalogue_prints_its_names():
    assert repr(ll.devices).startswith(f"<{len(ll.devices)} devices: V100-16GB-SXM2, ")


@pytest.mark.parametrize(
    ("catalogue", "name", "message"),
    [
        (ll.devices, "a100-40gb-sxn", "unknown device 'a100-40gb-sxn'; did you mean 'A100-40GB-SXM'"),
        (ll.devices, "abacus", r"unknown device 'abacus'; list\(ll.devices\) names all \d+"),
        (ll.devices, "H100", "did you mean 'H100-SXM'"),
        (ll.devices, "V100", "did you mean 'V100-16GB-SXM2' or 'V100-32GB-SXM2'"),
        (ll.models, "GPT13B", "unknown model 'GPT13B'; did you mean 'GPT-13B'"),
        (ll.models, "gpt oss", "did you mean 'gpt-oss-120b' or 'gpt-oss-20b'"),
        (ll.models, "Qwen/Qwen3-32B-FP8", "unknown model 'Qwen/Qwen3-32B-FP8'"),
        (ll.models, 13, "unknown model 13"),
        (ll.models, "-", "unknown model '-'"),
    ],
)
def test_unknown_names_suggest_known_ones(catalogue, name, message):
    with pytest.raises(UnknownNameError, match=message):
        catalogue[name]


@pytest.mark.parametrize(
    ("catalogue", "name", "found"),
    [
        (ll.models, "meta-llama/Llama-3.3-70B-Instruct", "Llama-3.3-70B"),
        (ll.models, "llama 3 70b", "Llama-3-70B"),
        (ll.models, "google/gemma-3-27b-it", "Gemma-3-27B"),
        (ll.models, "deepseek-ai/DeepSeek-V3", "DeepSeek-V3-671B"),
        (ll.models, "gpt-3", "GPT-3-175B"),
        (ll.devices, "h200", "H200-SXM"),
        (ll.devices, "A100_80GB_SXM", "A100-80GB-SXM"),
    ],
)
def test_a_name_is_found_as_people_write_it(catalogue, name, found):
    assert catalogue[name].name == found


def test_measurements_are_found_by_such_a_name():
    assert latencies(model="gpt 13b") == latencies(model="GPT-13B") != []


def test_no_name_is_short_for_another(faults):
    for catalogue in (ll.models, ll.devices):
        for name in catalogue:
            with faults.at(name):
                assert catalogue[name.casefold()] is catalogue[name]


def test_measurements_name_catalogued_models_and_devices(faults):
    for run in [*latencies(), *matmuls(), *collectives(), *profile()]:
        with faults.at(run):
            assert run.device in ll.devices, f"device {run.device!r} is not in the catalogue"
    for run in [*latencies(), *profile()]:
        with faults.at(run):
            assert run.model in ll.models, f"model {run.model!r} is not in the catalogue"
    for run in latencies():
        with faults.at(run):
            assert run.quantity in {"prefill", "decode_step", "request", "mean_token"}


def test_every_collective_names_its_source_and_is_measured_once():
    assert len(collectives) == 858
    assert {row.collective_source for row in collectives} == {row.collective_source for row in collective_sources}
    settings = [
        (row.operation, row.device, row.implementation, row.n_devices, row.message_bytes) for row in collectives
    ]
    assert len({*settings}) == len(settings)


def test_unknown_measurement_fields_are_named():
    with pytest.raises(ValueError, match="no field gpu; fields: reading_error, source, read_on, notes, model, device"):
        latencies(gpu="A100")
    with pytest.raises(UnknownNameError, match="did you mean 'GPT-13B'"):
        latencies(model="GPT13B")


def test_the_13b_totals_prove_which_run_is_which():
    """(total - prefill) / tokens, the identification that the data file's notes rely on."""
    for n_devices in (1, 2):
        prefill, step, total = (
            latencies(model="GPT-13B", quantity=quantity, n_devices=n_devices)[0].time
            for quantity in ("prefill", "decode_step", "request")
        )
        assert (total - prefill) / 10 == pytest.approx(step, rel=0.01)
