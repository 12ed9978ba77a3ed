"""Every number, unit and formula of a page's text is what a cell of the page says, place by place."""

import re
import tomllib

import yaml

from book_text.binding import bound_phrases, differences, is_binding, texts_of
from book_text.names import known_on
from book_text.written import written_numbers
from conftest import NOTEBOOKS, ROOT, is_folded

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


def minutes_to_read(notebook):
    """Estimate the reading time of a page: its words, and its visible lines of code, rounded up to five minutes."""
    words = sum(len(cell.source.split()) for cell in notebook.cells if cell.cell_type == "markdown")
    visible = [cell for cell in notebook.cells if cell.cell_type == "code" and not is_folded(cell)]
    lines = sum(len(cell.source.splitlines()) for cell in visible)
    return -(-(words / WORDS_PER_MINUTE + lines / CODE_LINES_PER_MINUTE) // STEP) * STEP


def test_pages_say_how_long_they_take_to_read(faults):
    minutes = {page: minutes_to_read(notebook) for page, notebook in NOTEBOOKS.items() if page != "index"}
    for page, right in minutes.items():
        with faults.at(page):
            stated = re.search(r"\*\*Time:\*\* (\d+) minutes", NOTEBOOKS[page].cells[0].source)
            assert int(stated[1]) == right, f"says {stated[1]} minutes, not {right:.0f}"
    with faults.at("index"):
        [stated] = re.findall(r"each takes (\d+) to (\d+) minutes", source_of(NOTEBOOKS["index"]))
        assert list(map(int, stated)) == [min(minutes.values()), max(minutes.values())], f"says {stated}"


def test_pages_name_the_python_that_the_package_needs_and_the_licence(faults):
    needs = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    licence = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["license"]
    for page, notebook in NOTEBOOKS.items():
        with faults.at(page):
            assert all(f">={found}" == needs for found in re.findall(r"Python\s(3\.\d+)", source_of(notebook)))
            assert all(
                f"CC-BY-{found}" in licence for found in re.findall(r"CC\s+BY\s+([\d.]*\d)", source_of(notebook))
            )


def source_of(notebook):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
