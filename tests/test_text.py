"""Every number, unit and formula of a page's text is what a cell of the page says, place by place."""

import re

from book_text.binding import bound_phrases, differences, is_binding, texts_of
from book_text.names import known_on
from book_text.written import written_numbers
from conftest import NOTEBOOKS, is_folded

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
    for page, notebook in NOTEBOOKS.items():
        stated = re.search(r"\*\*Time:\*\* (\d+) minutes", notebook.cells[0].source)
        if page != "index":
            with faults.at(page):
                assert int(stated[1]) == minutes_to_read(notebook), (
                    f"says {stated[1]}, not {minutes_to_read(notebook):.0f}"
                )
