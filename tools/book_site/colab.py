"""The cell that fetches the book on Google Colab, which opens a notebook and nothing around it."""

import nbformat
from nbformat import NotebookNode

CELL_ID = "colab-setup"
SKIPPED = "nbval-skip"
TAGS = ["remove-cell", SKIPPED]
"""With these tags the site leaves the cell out, and neither nbval nor ``make notebooks`` executes it."""
SOURCE = """\
# On Google Colab, fetch the book and its library; anywhere else, do nothing.
import sys

if "google.colab" in sys.modules:
    !test -d /content/book || git clone --quiet --depth 1 {address} /content/book
    %pip install --quiet "/content/book[notebook]"
    %cd -q /content/book/book"""


def set_colab_cell(notebook: NotebookNode, address: str) -> None:
    """Put the cell before the first code cell of a notebook, or remove it while the repository has no address."""
    cells = [cell for cell in notebook.cells if cell.id != CELL_ID]
    if address:
        first = next(place for place, cell in enumerate(cells) if cell.cell_type == "code")
        source = SOURCE.format(address=address)
        cells.insert(first, nbformat.v4.new_code_cell(source, id=CELL_ID, metadata={"tags": TAGS}))
    notebook.cells = cells
