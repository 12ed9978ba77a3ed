"""Every number, unit and formula of a page's text is what a cell of the page says, place by place."""

import re
import tomllib

import yaml
from nbformat.v4 import new_notebook

import llm_latency as ll
from book_text.binding import bound_phrases, differences, is_binding, text_differences, texts_of
from book_text.names import known_on
from book_text.statements import readable
from book_text.written import written_numbers
from conftest import NOTEBOOKS, ROOT, is_folded, prose
from llm_latency.catalogue.measurements import latencies, runs

WORDS_PER_MINUTE, CODE_LINES_PER_MINUTE, STEP = 150, 15, 5


def test_the_texts_say_what_the_cells_say(faults):
    for page, notebook in NOTEBOOKS.items():
        for difference in differences(texts_of(notebook), bound_phrases(notebook), known_on(notebook)):
            with faults.at(page):
                raise AssertionError(difference)


def test_no_cell_writes_a_number_into_a_text(faults):
    for page, notebook in NOTEBOOKS.items():
        is_known = known_on(notebook)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                with faults.at(page, cell.id):
                    written = list(written_numbers(cell, is_known))
                    assert not written, f"writes and does not compute {', '.join(written)}"


def test_a_binding_cell_computes_no_more_than_its_texts_need(faults):
    for page, notebook in NOTEBOOKS.items():
        for cell in filter(is_binding, notebook.cells):
            with faults.at(page, cell.id):
                assert re.search(r"^\{", cell.source, re.MULTILINE), "does not end with its texts"
                assert not re.search(r"^\w+ = [-\d.]+$", cell.source, re.MULTILINE), "is given a number of its own"


def minutes_to_read(page):
    """Estimate the reading time of a page: its words, and its visible lines of code, rounded up to five minutes."""
    words = sum(len(text.split()) for text in prose(page))
    visible = [cell for cell in NOTEBOOKS[page].cells if cell.cell_type == "code" and not is_folded(cell)]
    lines = sum(len(cell.source.splitlines()) for cell in visible)
    return -(-(words / WORDS_PER_MINUTE + lines / CODE_LINES_PER_MINUTE) // STEP) * STEP


def test_pages_say_how_long_they_take_to_read(faults):
    minutes = {page: minutes_to_read(page) for page in NOTEBOOKS if page != "index"}
    for page, right in minutes.items():
        with faults.at(page):
            stated = re.search(r"\*\*Time:\*\* (\d+) minutes", NOTEBOOKS[page].cells[0].source)
            assert int(stated[1]) == right, f"says {stated[1]} minutes, not {right:.0f}"
    with faults.at("index"):
        [stated] = re.findall(r"each takes (\d+) to (\d+) minutes", "\n".join(prose("index")))
        assert list(map(int, stated)) == [min(minutes.values()), max(minutes.values())], f"says {stated}"


def test_pages_name_the_python_that_the_package_needs_and_the_licence(faults):
    needs = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    licence = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["license"]
    for page in NOTEBOOKS:
        source = "\n".join(prose(page))
        with faults.at(page):
            assert all(f">={found}" == needs for found in re.findall(r"Python\s(3\.\d+)", source))
            assert all(f"CC-BY-{found}" in licence for found in re.findall(r"CC\s+BY\s+([\d.]*\d)", source))


def test_the_figures_of_the_readme_are_those_of_the_library():
    readme = re.sub(r"```.*?```", "", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    gpus, alone, many = 16, 1, 512
    note = ll.models["GPT-260B"], ll.devices["A100-note"]
    step = ll.latency.overlapped_decode_step_time
    first, last = (f"{1e3 * ll.evaluate(step, *note, n_devices=gpus, batch=batch):.0f}" for batch in (alone, many))
    group = [f"{note[0].n_params / 1e9:.0f}B", f"{gpus} A100s"]
    users = f"{ll.evaluate(ll.roofline.critical_batch, *note):.0f}"
    gpt, device = ll.models["GPT-13B"], ll.devices["A100-40GB-SXM"]
    [decode], [prefill] = (
        latencies(model=gpt.name, quantity=quantity, n_devices=1) for quantity in ("decode_step", "prefill")
    )
    blocks = ll.evaluate(ll.transformer.block_params, gpt)
    products = dict(n_params=blocks, tokens=prefill.prompt, n_devices=1)
    read = 1e3 * ll.evaluate(ll.roofline.weight_read_time, gpt, device, n_devices=1)
    computed = 1e3 * ll.evaluate(ll.roofline.compute_time, device, **products)
    phrases = [
        *(*group, f"{first} ms, flat", f"{users} users"),
        *(*group, f"{first} ms to produce one", f"{last} ms to produce one", f"{many}"),
        *(f"batch {alone} take {first} ms", f"{many} only {last}", *group),
        *(f"{gpt.n_params / 1e9:.0f}B", f"{1e3 * decode.time:.0f} ms and not {read:.0f}"),
        *(f"{gpt.n_params / 1e9:.0f}B", f"{1e3 * prefill.time:.0f} ms and not {computed:.0f}"),
        *(f"{len(ll.models)} models", f"{len(ll.devices)} devices", f"{len(runs())} published runs"),
    ]
    is_known = known_on(new_notebook())
    port = re.search(r"localhost:(\d+)", readme)[1]
    assert list(text_differences(readable(readme), phrases, lambda word: word == port or is_known(word))) == []
