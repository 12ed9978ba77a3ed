"""Make every code cell of a notebook a target by its cell id, so that a page can refer to one cell of another.

A page refers to a cell as ``{ref}`words <cell-id>```. JupyterLab finds the same cell at ``notebook.ipynb#cell-id=...``.
"""

from pathlib import Path

import nbformat
from docutils import nodes
from sphinx.application import Sphinx


def setup(app: Sphinx) -> None:
    app.connect("doctree-read", add_cell_anchors)


def add_cell_anchors(app: Sphinx, doctree: nodes.document) -> None:
    docname = app.env.docname
    path = Path(app.env.doc2path(docname))
    if path.suffix != ".ipynb":
        return
    cells = nbformat.read(path, as_version=4).cells
    labels = app.env.get_domain("std").anonlabels
    for node in doctree.findall(nodes.container):
        if node.get("nb_element") == "cell_code":
            cell_id = cells[node["cell_index"]]["id"]
            node["ids"].append(cell_id)
            labels[cell_id] = docname, cell_id
