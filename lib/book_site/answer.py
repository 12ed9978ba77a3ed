"""The one line under a page's title that answers its question, as plain text."""

import re

from docutils import nodes
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError

SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
POWER = re.compile(r"\^(\d)")
PLAIN = re.compile(r"[^\\{}_^$]*")


def answer_of(env: BuildEnvironment, docname: str) -> str:
    """Return the answer of a page.

    Parameters
    ----------
    env : sphinx.environment.BuildEnvironment
        What Sphinx knows after it has read all pages.
    docname : str
        The name of the page.

    Returns
    -------
    str
        The first paragraph that is bold throughout, or the first one of a page without such a
        line; empty for a page without a paragraph.

    Raises
    ------
    sphinx.errors.ExtensionError
        If the line has mathematics that plain text cannot show.

    Notes
    -----
    It reads the page as it was written, before any transform for a format of output. A page's
    description in search results and in shared links is this line.
    """
    paragraphs = list(env.get_doctree(docname).findall(nodes.paragraph))
    bold = [paragraph for paragraph in paragraphs if [type(child) for child in paragraph] == [nodes.strong]]
    try:
        return next((plain_text(paragraph) for paragraph in bold or paragraphs), "")
    except ValueError as error:
        raise ExtensionError(f"{docname}: the line under the title cannot be its description: {error}") from error


def plain_text(paragraph: nodes.Element) -> str:
    r"""Write a paragraph without markup, its mathematics as characters.

    Parameters
    ----------
    paragraph : docutils.nodes.Element
        The paragraph.

    Returns
    -------
    str
        Its text in one line.

    Raises
    ------
    ValueError
        If a formula has more than letters, digits and powers of one digit.

    Examples
    --------
    >>> plain_text(nodes.paragraph("", "", nodes.math(text="12h^2"), nodes.Text(" weights")))
    '12h² weights'
    >>> plain_text(nodes.paragraph("", "", nodes.math(text=r"\sqrt{h}")))
    Traceback (most recent call last):
    ...
    ValueError: plain text cannot show $\sqrt{h}$, only letters, digits and powers such as h^2
    """
    pieces = []
    for leaf in paragraph.findall(nodes.Text):
        text = str(leaf)
        if isinstance(leaf.parent, nodes.math):
            text = POWER.sub(lambda power: power[1].translate(SUPERSCRIPTS), text)
            if not PLAIN.fullmatch(text):
                raise ValueError(f"plain text cannot show ${leaf}$, only letters, digits and powers such as h^2")
        pieces.append(text)
    return " ".join("".join(pieces).split())
