"""The style sheet and the script of pages with tables and equations, which scroll in boxes of their own."""

from docutils import nodes
from sphinx.application import Sphinx


def setup(app: Sphinx) -> None:
    """Load them where they are needed.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    """
    app.connect("html-page-context", add_assets)


def add_assets(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict,
    doctree: nodes.document | None,
) -> None:
    """Load the style sheet and the script on a page that has a table or an equation.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    pagename, templatename : str
        The page and its template.
    context : dict
        The values of the template.
    doctree : docutils.nodes.document or None
        The page, or None for a page without a source.
    """
    if doctree and any(isinstance(node, nodes.table | nodes.math_block) for node in doctree.findall()):
        app.add_css_file("boxes.css", priority=900)
        app.add_js_file("boxes.js", defer="defer")
