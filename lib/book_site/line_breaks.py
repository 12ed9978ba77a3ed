"""Keep on one line what is read in one breath: a formula and its punctuation, a number and its unit."""

import re

from docutils import nodes
from sphinx.application import Sphinx

from .texts import replace_text

BEFORE = re.compile(r"[(\[‘“]+$")
"""What stays with the formula after it."""
AFTER = re.compile(r"^(?:\s=\s[\d.,]*\d)?[,.;:!?)\]’”]*")
"""What stays with the formula before it: what it is equal to, and punctuation."""
UNIT = r"(?:[kMGTP]?(?:B|bytes?|bits?|FLOPs?)(?:/(?:s|byte))?|[mµn]?s|k?W|minutes|per cent)"
GAP = re.compile(rf"(?<=\d)\s(?={UNIT}(?![\w-]))|(?<=\d)\s(?=[×=]\s\d)|(?<=\d\s[×=])\s(?=\d)")
"""A gap between words at which no line ends."""

AS_WRITTEN = (nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw)


def setup(app: Sphinx) -> None:
    """Connect this part to a Sphinx application.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    """
    # Once the words of the texts are links.
    app.connect("doctree-resolved", hold_formulas, priority=900)
    app.connect("doctree-resolved", hold_numbers, priority=900)


def hold_formulas(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Keep a formula in a sentence on the line of its brackets, its value and its punctuation.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    doctree : docutils.nodes.document
        The page, changed in place.
    docname : str
        Its name.
    """
    for formula in list(doctree.findall(nodes.math)):
        neighbours = list(formula.parent)
        place = next(place for place, node in enumerate(neighbours) if node is formula)
        before = held(BEFORE, neighbours[place - 1]) if place else ""
        after = held(AFTER, neighbours[place + 1]) if place + 1 < len(neighbours) else ""
        if before:
            replace_text(neighbours[place - 1], [nodes.Text(neighbours[place - 1][: -len(before)])])
        if after:
            replace_text(neighbours[place + 1], [nodes.Text(neighbours[place + 1][len(after) :])])
        if before or after:
            pieces = [nodes.Text(before), formula.deepcopy(), nodes.Text(after)]
            whole = nodes.inline("", "", *(piece for piece in pieces if piece.astext()), classes=["with-formula"])
            formula.replace_self(whole)


def held(pattern: re.Pattern, neighbour: nodes.Node) -> str:
    """Find what of a formula's neighbour stays on the formula's line.

    Parameters
    ----------
    pattern : re.Pattern
        What stays there.
    neighbour : docutils.nodes.Node
        The node beside the formula.

    Returns
    -------
    str
        The part of its text; empty if there is none, or the node is no text.

    Examples
    --------
    >>> held(AFTER, nodes.Text(" = 512, as in"))
    ' = 512,'
    """
    found = pattern.search(neighbour) if isinstance(neighbour, nodes.Text) else None
    return found[0] if found else ""


def hold_numbers(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Keep numbers on the line of their units.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    doctree : docutils.nodes.document
        The page, changed in place.
    docname : str
        Its name.
    """
    for text in list(doctree.findall(nodes.Text)):
        if not isinstance(text.parent, AS_WRITTEN) and GAP.search(text):
            replace_text(text, [nodes.Text(GAP.sub("\u00a0", text))])
