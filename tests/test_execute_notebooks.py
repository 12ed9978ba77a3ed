"""`make notebooks` stores clean outputs, and the same ones twice."""

import nbformat
import pytest

from book_site.colab import CELL_ID
from conftest import ROOT
from execute_notebooks import execute, first_chart


@pytest.fixture
def notebook(tmp_path):
    """A small notebook with everything that must go."""
    halting = "import time\nprint('one', flush=True)\ntime.sleep(0.3)\nprint('two')"
    timing = {"iopub.execute_input": "2026-01-01T00:00:00Z"}
    cells = [
        nbformat.v4.new_markdown_cell("# A page", metadata={"collapsed": True}),
        nbformat.v4.new_code_cell("print(6 * 7)", metadata={"tags": ["hide-input"], "execution": timing}),
        nbformat.v4.new_code_cell(halting),
    ]
    path = tmp_path / "page.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"widgets": {}, "authors": []}), path)
    return path


def test_outputs_are_stored_without_traces_of_the_run(notebook):
    execute(notebook, "")
    first = notebook.read_text(encoding="utf-8")
    stored = nbformat.reads(first, as_version=4)
    assert stored.metadata.keys() == {"kernelspec", "language_info"}
    assert stored.cells[0].metadata == {}
    assert stored.cells[1].metadata == {"tags": ["hide-input"]}
    assert stored.cells[1].execution_count == 1
    assert stored.cells[1].outputs[0].text == "42\n"
    assert [output.text for output in stored.cells[2].outputs] == ["one\ntwo\n"]
    execute(notebook, "")
    assert notebook.read_text(encoding="utf-8") == first


def test_the_cell_for_colab_follows_the_address_and_is_not_executed(notebook):
    execute(notebook, "https://github.com/owner/name")
    cells = nbformat.read(notebook, as_version=4).cells
    assert [cell.id == CELL_ID for cell in cells] == [False, True, False, False]
    assert [cell.execution_count for cell in cells[1:]] == [None, 1, 2]
    execute(notebook, "")
    assert all(cell.id != CELL_ID for cell in nbformat.read(notebook, as_version=4).cells)


def test_the_readmes_chart_is_the_first_one_stored(notebook):
    assert first_chart(ROOT / "book" / "index.ipynb").startswith("<?xml")
    with pytest.raises(ValueError, match="stores no SVG"):
        first_chart(notebook)
