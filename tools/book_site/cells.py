"""Give every code cell an anchor, so that a page can refer to one cell of another, and fold code in plain words."""

from pathlib import Path

import nbformat
from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode, depart_HideCellInput
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.writers.html5 import HTML5Translator

BUTTON = "all-code.html"
THEMES_BUTTONS = "article-header-buttons.html"


def setup(app: Sphinx) -> None:
    """Name the code cells of every page once it is read, join and write their folds, and open all with one button.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    """
    app.connect("config-inited", place_button, priority=400)  # before the theme reads its options
    app.connect("doctree-read", name_cells)
    app.connect("doctree-resolved", join_folds)
    app.connect("html-page-context", offer_button)
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


def folded_code(node: nodes.Node) -> HideCodeCellNode | None:
    """Return the fold around the code of a cell.

    Parameters
    ----------
    node : docutils.nodes.Node
        Anything on a page.

    Returns
    -------
    myst_nb.sphinx_.HideCodeCellNode or None
        The fold, or None if this is no cell or its code is not folded.
    """
    is_cell = isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"
    first = node.children[0] if is_cell and node.children else None
    return first if isinstance(first, HideCodeCellNode) and "above-input" in first["classes"] else None


def join_folds(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the folded code of a cell without an output into the fold of the cell that follows it.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    doctree : docutils.nodes.document
        The page, changed in place.
    docname : str
        Its name.

    Notes
    -----
    So folds in a row, as those of the setup, are one line on the page. The second cell takes over the
    anchors of the first.
    """
    for cell in list(doctree.findall(nodes.container)):
        fold, following = folded_code(cell), cell.next_node(descend=False, siblings=True)
        next_fold = folded_code(following)
        if fold is None or next_fold is None or len(cell.children) > 1:
            continue
        next_fold[:0] = fold.children
        following["ids"] += cell["ids"]
        cell.parent.remove(cell)


def place_button(app: Sphinx, config: Config) -> None:
    """Give the theme a button for the header of pages with folded code.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    config : sphinx.config.Config
        Its configuration, changed in place.
    """
    options = config.html_theme_options
    options["article_header_end"] = [BUTTON, *options.get("article_header_end", [THEMES_BUTTONS])]


def offer_button(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict,
    doctree: nodes.document | None,
) -> None:
    """Let a page with folded code have the button and its script.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    pagename, templatename : str
        The page and its template.
    context : dict
        The values of the template, changed in place.
    doctree : docutils.nodes.document or None
        The page, or None for a page without a source.
    """
    context["has_folded_code"] = doctree is not None and any(map(folded_code, doctree.findall(nodes.container)))
    if context["has_folded_code"]:
        app.add_js_file("all-code.js", defer="defer")


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
    content = "the code" if "above-input" in node["classes"] else "the output"
    translator.body.append(
        f'<details class="admonition hide {" ".join(node["classes"])}">\n<summary>\n'
        f'<p class="collapsed admonition-title">Show {content}</p>\n'
        f'<p class="expanded admonition-title">Hide {content}</p>\n</summary>\n'
    )
