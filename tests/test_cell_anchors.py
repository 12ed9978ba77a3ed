"""Every code cell is a target by its id."""

from types import SimpleNamespace

import nbformat
from docutils import nodes

from book_site.cell_anchors import add_cell_anchors
from conftest import BOOK, ROOT


def test_every_code_cell_becomes_a_target():
    page = nodes.section(
        "",
        nodes.container(nb_element="cell_code", cell_index=3),
        nodes.container(nb_element="cell_code", cell_index=5),
        nodes.container(),
    )
    labels = {}
    env = SimpleNamespace(
        docname="book/index",
        doc2path=lambda name: ROOT / f"{name}.ipynb",
        get_domain=lambda name: SimpleNamespace(anonlabels=labels),
    )
    add_cell_anchors(SimpleNamespace(env=env), page)
    cells = nbformat.read(BOOK / "index.ipynb", as_version=4).cells
    assert [node["ids"] for node in page] == [[cells[3]["id"]], [cells[5]["id"]], []]
    assert labels[cells[3]["id"]] == ("book/index", cells[3]["id"])


def test_a_page_that_is_not_a_notebook_has_no_cells(tmp_path):
    env = SimpleNamespace(docname="page", doc2path=lambda name: tmp_path / "page.md")
    add_cell_anchors(SimpleNamespace(env=env), nodes.section())
