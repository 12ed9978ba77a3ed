"""Let no script hold up a page."""

from docutils import nodes
from sphinx.application import Sphinx

AT_ONCE = "documentation_options.js"
"""A line of 300 bytes that a script inside the page adds to."""
SEARCH = "search"
"""The page whose own scripts, written into its template, call the others at once."""


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
    Deferred scripts keep their order. Scripts inside the page run at once, before them. The page gets
    scripts of its own, since Sphinx hands the same ones to every page.
    """
    if pagename != SEARCH:
        context["script_files"] = [deferred(script) for script in context["script_files"]]


def deferred(script):
    """Return a script that the browser runs once it has read the page, if it can wait.

    Parameters
    ----------
    script : sphinx.builders.html._assets._JavaScript
        The script as Sphinx adds it to a page.

    Returns
    -------
    sphinx.builders.html._assets._JavaScript
        The script.
    """
    if not script.filename or AT_ONCE in script.filename:
        return script
    return type(script)(script.filename, priority=script.priority, **{"defer": "defer"} | script.attributes)
