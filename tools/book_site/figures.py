"""Warn about images that a reader who cannot see them would miss."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)


def setup(app: Sphinx) -> None:
    """Check every page once its references are resolved.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    """
    app.connect("doctree-resolved", warn_about_missing_alt)


def warn_about_missing_alt(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Warn about each image of a page that has no alternative text.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    doctree : docutils.nodes.document
        The page, with the output format of each cell already chosen.
    docname : str
        The name of the page.

    Notes
    -----
    The picture a cell draws takes its text from the cell's metadata,
    ``{"mystnb": {"image": {"alt": "..."}}}``.
    """
    for image in doctree.findall(nodes.image):
        if not image.get("alt", "").strip():
            logger.warning(
                "image without alternative text: %s",
                image["uri"],
                location=image if image.line else docname,
                type="book_site",
                subtype="alt",
            )
