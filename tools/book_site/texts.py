"""Put nodes in the place of a text."""

from collections.abc import Iterable

from docutils import nodes


def replace_text(text: nodes.Text, pieces: Iterable[nodes.Node]) -> None:
    """Put nodes in the place of a text, without those that say nothing.

    Parameters
    ----------
    text : docutils.nodes.Text
        A text on a page.
    pieces : iterable of docutils.nodes.Node
        What takes its place.

    Notes
    -----
    It is found as the node it is. To docutils two texts that read the same are equal, and its own
    ``replace`` takes the first of them.

    Examples
    --------
    >>> paragraph = nodes.paragraph("", "", nodes.Text("."), nodes.emphasis(text="a"), nodes.Text("."))
    >>> replace_text(paragraph[2], [nodes.Text("!"), nodes.Text("")])
    >>> paragraph.astext()
    '.a!'
    """
    place = next(place for place, node in enumerate(text.parent) if node is text)
    text.parent[place : place + 1] = [piece for piece in pieces if piece.astext()]
