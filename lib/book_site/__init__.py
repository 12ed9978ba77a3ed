"""Sphinx extension that makes the built site self-contained and its charts live.

`book_site.vega`
    Draws the Vega-Lite outputs of notebooks, with their sliders, on the page.
`book_site.offline`
    Serves MathJax from the site and warns about any resource from outside.
`book_site.figures`
    Warns about any image without alternative text.
`book_site.cells`
    Gives every code cell an anchor that other pages can refer to.
`book_site.style`
    Adds the book's own style sheet.
"""

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from . import cells, figures, offline, style, vega


def setup(app: Sphinx) -> ExtensionMetadata:
    """Connect the parts to a Sphinx application.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.

    Returns
    -------
    dict
        The metadata Sphinx asks of an extension.
    """
    vega.setup(app)
    offline.setup(app)
    figures.setup(app)
    cells.setup(app)
    style.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
