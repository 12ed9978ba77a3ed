"""The cell that fetches the book on Google Colab, which opens a notebook and nothing around it."""

import nbformat
from nbformat import NotebookNode

CELL_ID = "colab-setup"
SKIPPED = "nbval-skip"
TAGS = ["remove-cell", SKIPPED]
SOURCE = """\
# On Google Colab, fetch the book and its library; anywhere else, do nothing.
import sys

if "google.colab" in sys.modules:
    !test -d /content/book || git clone --quiet --depth 1 {address} /content/book
    %pip install --quiet /content/book
    %cd -q /content/book/book"""


def set_colab_cell(notebook: NotebookNode, address: str) -> None:
    """Let a notebook start with the cell for Colab, or without it while there is no address.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        The notebook, changed in place.
    address : str
        The public address of the repository, empty for none.

    Notes
    -----
    The cell stands before the first code cell. The site leaves it out, and neither
    nbval nor ``make notebooks`` executes it.

    Examples
    --------
    >>> notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1")])
    >>> set_colab_cell(notebook, "https://github.com/owner/name")
    >>> [cell.id == CELL_ID for cell in notebook.cells]
    [True, False]
    >>> set_colab_cell(notebook, "")
    >>> [cell.source for cell in notebook.cells]
    ['1 + 1']
    """
    cells = [cell for cell in notebook.cells if cell.id != CELL_ID]
    if address:
        first = next(place for place, cell in enumerate(cells) if cell.cell_type == "code")
        source = SOURCE.format(address=address)
        cells.insert(first, nbformat.v4.new_code_cell(source, id=CELL_ID, metadata={"tags": TAGS}))
    notebook.cells = cells
