"""The line under a page's title that answers its question, as plain text."""

import re

from docutils import nodes

SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
POWER = re.compile(r"\^(\d)")
PLAIN = re.compile(r"[^\\{}_^$]*")


def answer_line(doctree: nodes.document) -> str:
    """Return the first paragraph that is bold throughout, or else the first one; nothing if there is none."""
    paragraphs = list(doctree.findall(nodes.paragraph))
    bold = [paragraph for paragraph in paragraphs if is_bold(paragraph)]
    return next((plain_text(paragraph) for paragraph in bold or paragraphs), "")


def is_bold(paragraph: nodes.paragraph) -> bool:
    return [type(child) for child in paragraph if child.astext()] == [nodes.strong]


def plain_text(paragraph: nodes.Element) -> str:
    r"""Write a paragraph without markup, its mathematics as characters.

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
