"""Keep on one line what is read in one breath: a formula and its punctuation, a number and its unit, a name."""

import re

from docutils import nodes
from sphinx.application import Sphinx

from .texts import replace_text

BEFORE = re.compile(r"[(\[‘“]+$")
"""What stays with the formula after it."""
UNIT = r"(?:[kMGTP]?(?:B|bytes?|bits?|FLOPs?)(?:/(?:s|byte))?|[mµn]?s|k?W|minutes|per cent)(?![\w-])"
AFTER = re.compile(rf"^(?:\s=\s[\d.,]*\d(?:\s{UNIT})?)?[,.;:!?)\]’”]*")
"""What stays with the formula before it: what it is equal to, and punctuation."""
GAPS = (
    rf"(?<=\d)\s(?={UNIT})",  # 22 ms
    r"(?<=\d)\s(?=[×=]\s\d)|(?<=\d\s[×=])\s(?=\d)",  # 5120 × 512
    r"(?<=\b[A-Z])\s(?==\s\d)|(?<=\b[A-Z]\s=)\s(?=\d)",  # B = 512
    r"(?<=\b[Bb]atch)\s(?=\d)|(?<=\d)\s(?=[AHV]100)",  # batch 64 on 16 A100s
    r"(?<=[≤≥])\s|^\s(?=\d+ minutes)",
)
GAP = re.compile("|".join(GAPS))
"""A gap between words at which no line ends."""
NAME = re.compile(r"((?<![\w./-])(?=[\w.-]*(?:-[A-Z]*\d|\d-\w))[\w.-]{1,15}\w(?![\w/-]|\.\w))")
"""A name with a hyphen near a digit, such as GPT-13B, DeepSeek-V3 and 16-bit; no long one, and no part of a path."""

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
    app.connect("doctree-resolved", hold_names, priority=900)


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
        place = formula.parent.index(formula)
        before = held(BEFORE, neighbours[place - 1]) if place else ""
        after = held(AFTER, neighbours[place + 1]) if place + 1 < len(neighbours) else ""
        if before:
            replace_text(neighbours[place - 1], [nodes.Text(neighbours[place - 1][: -len(before)])])
        if after:
            replace_text(neighbours[place + 1], [nodes.Text(neighbours[place + 1][len(after) :])])
        if before or after:
            pieces = [nodes.Text(before), formula.deepcopy(), nodes.Text(after)]
            formula.replace_self(unbroken(*(piece for piece in pieces if piece.astext())))


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
    for text in texts_of(doctree):
        if GAP.search(text):
            replace_text(text, [nodes.Text(GAP.sub("\u00a0", text))])


def hold_names(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Keep names with numbers on one line.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    doctree : docutils.nodes.document
        The page, changed in place.
    docname : str
        Its name.
    """
    for text in texts_of(doctree):
        pieces = [nodes.Text(piece) for piece in NAME.split(text)]
        if len(pieces) > 1:
            pieces[1::2] = map(unbroken, pieces[1::2])
            replace_text(text, pieces)


def texts_of(doctree: nodes.document) -> list[nodes.Text]:
    """List the texts of a page in which a line may end.

    Parameters
    ----------
    doctree : docutils.nodes.document
        The page.

    Returns
    -------
    list of docutils.nodes.Text
        All but code and formulas, and but the links of the bibliography, whose texts know no parent.
    """
    return [text for text in doctree.findall(nodes.Text) if text.parent and not isinstance(text.parent, AS_WRITTEN)]


def unbroken(*pieces: nodes.Node) -> nodes.inline:
    """Put nodes on one line.

    Parameters
    ----------
    *pieces : docutils.nodes.Node
        What stays together.

    Returns
    -------
    docutils.nodes.inline
        The node that holds them.
    """
    return nodes.inline("", "", *pieces, classes=["unbroken"])
