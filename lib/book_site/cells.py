"""Give every code cell an anchor, so that a page can refer to one cell of another, and fold it in plain words."""

from pathlib import Path

import nbformat
from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode, depart_HideCellInput
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator


def setup(app: Sphinx) -> None:
    """Name the code cells of every page once it is read, and write their folds.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    """
    app.connect("doctree-read", name_cells)
    app.add_node(HideCodeCellNode, override=True, html=(visit_fold, depart_HideCellInput))


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


def visit_fold(translator: HTML5Translator, node: HideCodeCellNode) -> None:
    """Open a fold, whose name is what it shows.

    Parameters
    ----------
    translator : sphinx.writers.html5.HTML5Translator
        The writer of the page.
    node : myst_nb.sphinx_.HideCodeCellNode
        The fold.

    Notes
    -----
    myst-nb writes "Show code cell source", and tells a screen reader "Toggle hidden content".
    """
    content = "code" if "above-input" in node["classes"] else "output"
    translator.body.append(
        f'<details class="admonition hide {" ".join(node["classes"])}">\n<summary>\n'
        f'<p class="collapsed admonition-title">Show {content}</p>\n'
        f'<p class="expanded admonition-title">Hide {content}</p>\n</summary>\n'
    )
