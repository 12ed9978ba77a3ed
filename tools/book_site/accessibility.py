"""What screen readers need: words for every image, and HTML that they do not stumble over.

The template ``navbar-logo.html`` puts the book's title into a landmark.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)


def setup(app: Sphinx) -> None:
    app.add_post_transform(WarnAboutMissingAltText)
    app.add_node(nodes.citation, override=True, html=(visit_citation, HTML5Translator.depart_citation))
    app.add_node(nodes.entry, override=True, html=(visit_table_cell, HTML5Translator.depart_entry))


class WarnAboutMissingAltText(SphinxPostTransform):
    """Warn about each image without alternative text.

    The picture that a cell draws takes its text from the cell's metadata, ``{"mystnb": {"image": {"alt": "..."}}}``.
    """

    formats = ("html",)
    default_priority = 900  # once it is known which of a cell's outputs the page shows

    def run(self, **kwargs) -> None:
        for image in self.document.findall(nodes.image):
            if not image.get("alt", "").strip():
                logger.warning(
                    "image without alternative text: %s",
                    image["uri"],
                    location=image if image.line else self.env.docname,
                    type="book_site",
                    subtype="alt",
                )


def visit_citation(translator: HTML5Translator, node: nodes.citation) -> None:
    """Make each entry of the references an item of their list.

    docutils gives it the role ``doc-biblioentry``, which ARIA has deprecated and which is not an item of a list.
    """
    HTML5Translator.visit_citation(translator, node)
    translator.body[-1] = translator.body[-1].replace('role="doc-biblioentry"', 'role="listitem"')


def visit_table_cell(translator: HTML5Translator, node: nodes.entry) -> None:
    """Write an empty header, such as the corner above the names of the rows, as an ordinary cell."""
    HTML5Translator.visit_entry(translator, node)
    if not node.astext().strip():
        translator.body[-1] = translator.body[-1].replace("<th", "<td", 1)
        translator.context[-1] = translator.context[-1].replace("</th", "</td")
