"""Replace a text on a page by other nodes."""

from collections.abc import Iterable

from docutils import nodes


def replace_text(text: nodes.Text, replacements: Iterable[nodes.Node]) -> None:
    """Replace a text by nodes, without those that are empty.

    For docutils, two texts that read the same are equal, and its own ``replace`` takes the first of them; so the text
    is found by its identity.
    """
    place = next(place for place, node in enumerate(text.parent) if node is text)
    text.parent[place : place + 1] = [node for node in replacements if node.astext()]
