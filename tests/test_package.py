"""What a user of the library alone meets: the wheel, its requirements, and objects that behave like data."""

import copy
import dataclasses
import doctest
import inspect
import pickle
import pydoc
import re
import subprocess
import sys
import tomllib
import zipfile

import numpy as np
import pytest

import llm_latency as ll
from conftest import ROOT
from llm_latency.catalogue.measurements import latencies, runs

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
FRONT_DOOR = (ll.decode_step_time, ll.prefill_time, ll.request_time, ll.memory, ll.explain)
DEPLOYMENT = ll.Deployment(model="Llama-3-70B", device="H100-SXM", tp=[1, 8], weight_bits=8)
OBJECTS = {
    "model": ll.models["Mixtral-8x7B"],
    "device": ll.devices["H100-SXM"],
    "models": ll.models,
    "devices": ll.devices,
    "deployment": DEPLOYMENT,
    "memory": ll.memory("Llama-3-70B", "H100-SXM", tp=8, context=4096),
    "explanation": ll.explain("Llama-3-70B", "H100-SXM", tp=8, context=4096),
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Return the wheel of the library, built from a copy without traces of an earlier build."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(["git", "-C", ROOT, "checkout-index", "--all", f"--prefix={folder}/source/"], check=False)
    source = folder / "source" if (folder / "source").exists() else ROOT
    options = ["--no-deps", "--no-build-isolation", "--quiet", "--wheel-dir", folder]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, source], check=True)
    [path] = folder.glob("*.whl")
    return path


def test_the_wheel_holds_the_library_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        files = archive.namelist()
        metadata = archive.read(f"llm_latency-{ll.__version__}.dist-info/METADATA").decode("utf-8")
    own = {name for name in files if not name.startswith(f"llm_latency-{ll.__version__}.dist-info/")}
    assert {name.partition("/")[0] for name in own} == {"llm_latency"}
    assert {"llm_latency/py.typed", "llm_latency/book.mplstyle", "llm_latency/data/claims.csv"} <= own
    tracked = {path.relative_to(ROOT / "lib").as_posix() for path in (ROOT / "lib" / "llm_latency").rglob("*.py")}
    assert {name for name in own if name.endswith(".py")} == tracked
    assert f"Version: {ll.__version__}" in metadata
    assert "# Where the Milliseconds Go" in metadata


def readme_examples():
    """Return the examples of the README as one script, with what they print."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return doctest.DocTestParser().get_examples(text)


BARE = """
import doctest, sys
import llm_latency
import numpy, pandas, sympy
print("with", sys.version.split()[0], numpy.__version__, sympy.__version__, pandas.__version__)
flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
failed, tried = doctest.testfile(sys.argv[1], module_relative=False, optionflags=flags)
sys.exit(failed or not tried)
"""


@pytest.mark.long
@pytest.mark.parametrize("bound", ["lowest", "newest"])
def test_the_readme_runs_with_the_wheel_alone(wheel, bound, tmp_path):
    """In an environment of its own, with the lowest versions that pyproject.toml allows, and with the newest."""
    assert readme_examples()
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    pins = [need.replace(">=", "~=") + ".0" if bound == "lowest" else need for need in PROJECT["dependencies"]]
    python = environment / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", wheel, *pins], check=True)
    script = tmp_path / "readme.py"
    script.write_text(BARE, encoding="utf-8")
    run = subprocess.run([python, script, ROOT / "README.md"], capture_output=True, text=True, cwd=tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("name", OBJECTS)
def test_objects_can_be_pickled_copied_and_compared(name):
    value = OBJECTS[name]
    for again in (pickle.loads(pickle.dumps(value)), copy.deepcopy(value)):
        assert again == value
        assert type(again) is type(value)


def test_what_differs_in_one_value_is_not_equal():
    model, device = ll.models["Llama-3-70B"], ll.devices["H100-SXM"]
    assert model != dataclasses.replace(model, n_layers=81)
    assert device != dataclasses.replace(device, mem_size=81e9)
    assert model != device
    assert len({device, dataclasses.replace(device, remark="")}) == 1
    assert "None" not in f"{model!r} {device!r}"
    assert ll.Deployment(model=model, device=device, tp=[1, 4], weight_bits=8) != DEPLOYMENT
    assert ll.Deployment(model=model, device=device, tp=np.array([1, 8]), weight_bits=8) == DEPLOYMENT
    assert hash(DEPLOYMENT) == hash(copy.deepcopy(DEPLOYMENT))
    assert ll.models != ll.devices


@pytest.mark.parametrize("catalogue", [ll.models, ll.devices], ids=["models", "devices"])
def test_an_entry_comes_back_from_its_dictionary(catalogue):
    for entry in catalogue.values():
        assert type(entry)(**entry.to_dict()) == entry
        assert dataclasses.asdict(entry)["sources"].keys() == entry.sources.keys()


def test_catalogues_give_frames_with_values_and_sources():
    frame = ll.devices.to_frame()
    assert frame.loc["H100-SXM", "mem_bandwidth"] == ll.devices["H100-SXM"].mem_bandwidth
    assert list(frame.index) == list(ll.devices)
    rows = ll.devices.to_frame(sources=True)
    assert len(rows) == sum(len(device.sources) for device in ll.devices.values())
    one = rows[(rows["name"] == "H100-SXM") & (rows["quantity"] == "mem_bandwidth")].iloc[0]
    assert (one["value"], one["unit"]) == (ll.devices["H100-SXM"].mem_bandwidth, "byte/s")
    assert one["source"] == ll.devices["H100-SXM"].sources["mem_bandwidth"].source


def test_measurements_have_a_length_iterate_and_give_frames():
    assert len(runs) == len(list(runs)) == len(runs.to_frame()) == 1462
    assert list(latencies.to_frame()["time"]) == [row.time for row in latencies]


def test_the_front_door_shows_its_options():
    options = inspect.signature(ll.Deployment).parameters.keys() - {"model", "device"}
    for function in FRONT_DOOR:
        parameters = inspect.signature(function).parameters
        assert options <= parameters.keys()
        assert all(parameter.kind is not parameter.VAR_KEYWORD for parameter in parameters.values())
        assert f"{function.__name__}(model: 'str | Model'" in pydoc.plain(pydoc.render_doc(function))


def test_names_complete_in_ipython():
    assert ll.models._ipython_key_completions_() == list(ll.models)


def test_help_fits_on_a_screen_and_leads_on():
    text = pydoc.plain(pydoc.render_doc(ll))
    assert len(text.splitlines()) <= 52
    assert "help(decode_step_time)" in text


def test_the_version_is_written_in_one_place():
    assert "version" in PROJECT["dynamic"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", ll.__version__)


def test_the_api_reference_lists_every_public_name_and_formula():
    page = (ROOT / "book" / "api.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"\.\. auto\w+:: (?:[\w.]+\.)?(\w+)", page))
    modules = {name for name, value in vars(ll).items() if inspect.ismodule(value)}
    public = {name for name in vars(ll) if name[0] != "_"} - modules - {"models", "devices", "FORMULAS"}
    assert public | ll.FORMULAS.keys() <= listed
