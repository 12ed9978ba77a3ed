"""Let readers scroll wide tables, equations and code in boxes of their own, filter tables, and read them on a phone."""

from docutils import nodes
from sphinx.application import Sphinx


def setup(app: Sphinx) -> None:
    app.connect("html-page-context", add_assets)


def add_assets(app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    """Load the style sheet and the script on a page that has a table, an equation or code."""
    boxes = nodes.table | nodes.math_block | nodes.literal_block | nodes.doctest_block
    if doctree and any(isinstance(node, boxes) for node in doctree.findall()):
        app.add_css_file("scrolling-boxes.css", priority=900)
        app.add_js_file("scrolling-boxes.js", defer="defer")
