"""Let no script hold up a page."""

from docutils import nodes
from sphinx.application import Sphinx

AT_ONCE = "documentation_options.js"
"""A line of 300 bytes that a script inside the page adds to."""


def setup(app: Sphinx) -> None:
    """Defer the scripts of every page.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    """
    app.connect("html-page-context", defer_scripts, priority=900)


def defer_scripts(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict,
    doctree: nodes.document | None,
) -> None:
    """Let the browser run a page's script files once it has read the page.

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

    Notes
    -----
    Deferred scripts keep their order. Scripts inside the page run at once, before them.
    """
    for script in context["script_files"]:
        if script.filename and AT_ONCE not in script.filename:
            script.attributes.setdefault("defer", "defer")
