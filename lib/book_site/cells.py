"""Give every code cell an anchor, so that a page can refer to one cell of another."""

from pathlib import Path

import nbformat
from docutils import nodes
from sphinx.application import Sphinx


def setup(app: Sphinx) -> None:
    """Name the code cells of every page once it is read.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    """
    app.connect("doctree-read", name_cells)


def name_cells(app: Sphinx, doctree: nodes.document) -> None:
    """Make each code cell of a notebook a target by its cell id.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    doctree : docutils.nodes.document
        The page, as it was read.

    Notes
    -----
    A page refers to a cell as ``{ref}`words <cell-id>```. In JupyterLab, the same cell is found at
    ``notebook.ipynb#cell-id=...``.
    """
    docname = app.env.docname
    path = Path(app.env.doc2path(docname))
    if path.suffix != ".ipynb":
        return
    cells = nbformat.read(path, as_version=4).cells
    labels = app.env.get_domain("std").anonlabels
    for node in doctree.findall(nodes.container):
        if node.get("nb_element") == "cell_code":
            name = cells[node["cell_index"]]["id"]
            node["ids"].append(name)
            labels[name] = docname, name
