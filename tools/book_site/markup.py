"""Mend the HTML that docutils and the theme write where screen readers would stumble."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator


def setup(app: Sphinx) -> None:
    """Replace the writers of the parts that need mending.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.

    Notes
    -----
    The template ``navbar-logo.html`` puts the book's title into a landmark.
    """
    app.add_node(nodes.citation, override=True, html=(visit_citation, HTML5Translator.depart_citation))
    app.add_node(nodes.entry, override=True, html=(visit_entry, HTML5Translator.depart_entry))


def visit_citation(translator: HTML5Translator, node: nodes.citation) -> None:
    """Open an entry of the references as an item of their list.

    Parameters
    ----------
    translator : sphinx.writers.html5.HTML5Translator
        The writer of the page.
    node : docutils.nodes.citation
        The entry.

    Notes
    -----
    docutils gives it the role ``doc-biblioentry``, which ARIA has deprecated and which is no item of a list.
    """
    HTML5Translator.visit_citation(translator, node)
    translator.body[-1] = translator.body[-1].replace('role="doc-biblioentry"', 'role="listitem"')


def visit_entry(translator: HTML5Translator, node: nodes.entry) -> None:
    """Open a cell of a table; the empty corner above the names of the rows is no header.

    Parameters
    ----------
    translator : sphinx.writers.html5.HTML5Translator
        The writer of the page.
    node : docutils.nodes.entry
        The cell.
    """
    HTML5Translator.visit_entry(translator, node)
    if not node.astext().strip():
        translator.body[-1] = translator.body[-1].replace("<th", "<td", 1)
        translator.context[-1] = translator.context[-1].replace("</th", "</td")
