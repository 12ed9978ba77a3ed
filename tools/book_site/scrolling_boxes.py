"""Let readers scroll wide tables and equations in boxes of their own, filter long tables, and read them on a phone."""

from docutils import nodes
from sphinx.application import Sphinx


def setup(app: Sphinx) -> None:
    app.connect("html-page-context", add_assets)


def add_assets(app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    """Load the style sheet and the script on a page that has a table or an equation."""
    if doctree and any(isinstance(node, nodes.table | nodes.math_block) for node in doctree.findall()):
        app.add_css_file("scrolling-boxes.css", priority=900)
        app.add_js_file("scrolling-boxes.js", defer="defer")
