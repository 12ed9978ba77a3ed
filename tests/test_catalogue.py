import dataclasses
import re
from datetime import date

import numpy as np
import pytest

import llm_latency as ll
from conftest import DATA, csv_rows
from llm_latency.catalogue.devices import COMPUTE_DTYPES
from llm_latency.catalogue.measurements import all_reduces, latencies, matmuls, profile
from llm_latency.notation import REGISTRY, unit_label
from llm_latency.suggestions import UnknownNameError

SPEC_KINDS = {"datasheet", "published", "note", "derived", "assumed", "recalled"}
ROWS = [
    pytest.param(path.name, row, id=f"{path.stem}-{number}")
    for path in sorted(DATA.glob("*.csv"))
    for number, row in enumerate(csv_rows(path), start=2)
]


def pairs(row):
    """List the quantities of a row with their values."""
    return [pair.split("=") for pair in row["values"].split()]


def registered(quantity):
    """Name the variable whose unit a quantity has."""
    other_peaks = set(COMPUTE_DTYPES.values())
    return "peak_flops" if quantity in other_peaks else "n_params" if quantity == "n_active_params" else quantity


@pytest.mark.parametrize(("file", "row"), ROWS)
def test_every_row_is_complete_and_sourced(file, row):
    assert None not in row, "more cells than headings"
    for name, cell in row.items():
        assert cell or name == "remark", f"{file}: empty {name}"
        assert cell == cell.strip()
    if file == "runs.csv":
        assert row["kind"] in {"measured", "derived"}
        assert row["unit"] == "s"
        assert float(row["time"]) > 0
        assert row["model"] in ll.models
        assert row["device"] in ll.devices
        assert row["quantity"] in {"prefill", "decode_step", "request"}
        return
    assert len(row["source"]) > 15
    assert date.fromisoformat(row["read_on"]) <= date.today()
    if file == "run_sources.csv":
        assert "not" in row["notes"], "what is not known?"
    elif "values" in row:
        assert row["kind"] in SPEC_KINDS
        for quantity, value in pairs(row):
            assert row["unit"] == unit_label(REGISTRY[registered(quantity)].unit)
            assert float(value) >= 0
    else:
        assert row["kind"] == "measured"
        assert row["unit"] in ({"s", "1"} if "value" in row else {"s"})
        assert 0 < float(row["reading_error"]) < float(row.get("value") or row["time"])
        assert re.search(r"not|assumed", row["notes"]), "what is not known?"


@pytest.mark.parametrize("file", ["devices.csv", "models.csv"])
def test_no_value_is_given_twice(file):
    keys = [(row["name"], quantity) for row in csv_rows(DATA / file) for quantity, _ in pairs(row)]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("catalogue", [ll.devices, ll.models])
def test_every_value_of_a_spec_has_its_source(catalogue):
    for spec in catalogue.values():
        given = {quantity for quantity in spec.sources if registered(quantity) == quantity}
        assert given <= spec.arguments.keys() <= REGISTRY.keys() | {"n_active_params"}
        derived = {"n_kv_heads", "head_dim", "residual_blocks", "n_positions"}
        assert spec.arguments.keys() - spec.sources.keys() <= derived


def test_specs_are_frozen():
    device = ll.devices["A100-40GB-SXM"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        device.mem_bandwidth = 1
    with pytest.raises(TypeError):
        device.sources["mem_bandwidth"] = None
    assert device in {device}


def test_an_own_device_works_like_a_catalogued_one():
    mine = ll.Device(name="mine", peak_flops=1e15, mem_bandwidth=4e12, mem_size=1e11, link_bandwidth=4e11)
    assert ll.evaluate(ll.roofline.ridge_point, mine) == 250
    assert not mine.sources


@pytest.mark.parametrize("bandwidth", [np.float32(4e12), np.int64(4 * 10**12), np.array([4e12])])
def test_an_own_device_may_hold_any_number(bandwidth):
    mine = ll.Device(name="mine", peak_flops=1e15, mem_bandwidth=bandwidth, mem_size=1e11, link_bandwidth=4e11)
    assert ll.evaluate(ll.roofline.ridge_point, mine) == pytest.approx(250)


def test_a_spec_prints_what_is_known():
    text = repr(ll.models["GPT-13B"])
    assert text.startswith("Model(name='GPT-13B', n_params=13000000000.0, n_layers=40")
    assert "None" not in text


def test_a_catalogue_prints_its_names():
    assert repr(ll.devices).startswith("<71 devices: V100-16GB-SXM2, ")


@pytest.mark.parametrize(
    ("catalogue", "name", "message"),
    [
        (ll.devices, "a100-40gb-sxm", "unknown device 'a100-40gb-sxm'; did you mean 'A100-40GB-SXM'"),
        (ll.devices, "abacus", "unknown device 'abacus'; known: V100-16GB-SXM2, "),
        (ll.devices, "H100", "did you mean 'H100-SXM'"),
        (ll.devices, "V100", "did you mean 'V100-16GB-SXM2' or 'V100-32GB-SXM2'"),
        (ll.models, "GPT13B", "unknown model 'GPT13B'; did you mean 'GPT-13B'"),
    ],
)
def test_unknown_names_suggest_known_ones(catalogue, name, message):
    with pytest.raises(UnknownNameError, match=message):
        catalogue[name]


def test_measurements_name_catalogued_models_and_devices():
    for run in latencies():
        assert run.model in ll.models
        assert run.device in ll.devices
        assert run.quantity in {"prefill", "decode_step", "request", "mean_token"}
    for run in [*matmuls(), *all_reduces(), *profile()]:
        assert run.device in ll.devices
    for run in profile():
        assert run.model in ll.models


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
