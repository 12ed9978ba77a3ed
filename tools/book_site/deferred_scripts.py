"""Let the browser run a page's script files after it has read the page, so that no script holds the page up."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders.html._assets import _JavaScript

RUNS_AT_ONCE = "documentation_options.js"
"""A file of 300 bytes; a script inside the page adds to the settings that it makes."""
SEARCH_PAGE = "search"
"""The page with scripts in its template that call the others at once."""


def setup(app: Sphinx) -> None:
    app.connect("html-page-context", defer_scripts, priority=900)


def defer_scripts(app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    """Defer the script files of a page; they keep their order. Scripts inside the page run at once, before them."""
    if page != SEARCH_PAGE:
        context["script_files"] = [deferred(script) for script in context["script_files"]]


def deferred(script: _JavaScript) -> _JavaScript:
    """Return a deferred copy of a script, since Sphinx hands the same ones to every page."""
    if not script.filename or RUNS_AT_ONCE in script.filename:
        return script
    return type(script)(script.filename, priority=script.priority, **{"defer": "defer"} | script.attributes)
