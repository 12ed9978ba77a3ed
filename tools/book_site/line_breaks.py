"""Keep on one line what belongs together: a formula and its punctuation, a number and its unit, a name."""

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from .text_nodes import replace_text

BEFORE_FORMULA = re.compile(r"[(\[‘“]+$")
"""What stays with the formula after it."""
UNIT = r"(?:[kMGTP]?(?:B|bytes?|bits?|FLOPs?)(?:/(?:s|byte))?|[mµn]?s|k?W|minutes|per cent)(?![\w-])"
AFTER_FORMULA = re.compile(rf"^(?:\s=\s[\d.,]*\d(?:\s{UNIT})?)?[,.;:!?)\]’”]*")
"""What stays with the formula before it: what it is equal to, and punctuation."""
GAPS = (
    rf"(?<=\d)\s(?={UNIT})",  # 22 ms
    r"(?<=\d)\s(?=[×=]\s\d)|(?<=\d\s[×=])\s(?=\d)",  # 5120 × 512
    r"(?<=\b[A-Z])\s(?==\s\d)|(?<=\b[A-Z]\s=)\s(?=\d)",  # B = 512
    r"(?<=\b[Bb]atch)\s(?=\d)|(?<=\d)\s(?=[AHV]100)",  # batch 64 on 16 A100s
    r"(?<=[≤≥])\s|^\s(?=\d+ minutes)",
)
UNBREAKABLE_GAP = re.compile("|".join(GAPS))
NAME = re.compile(r"((?<![\w./-])(?=[\w.-]*(?:-[A-Z]*\d|\d-\w))[\w.-]{1,15}\w(?![\w/-]|\.\w))")
"""A short name with a hyphen near a digit, such as GPT-13B, DeepSeek-V3 and 16-bit, that is not part of a path."""

AS_WRITTEN = (nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw)


def setup(app: Sphinx) -> None:
    app.add_post_transform(KeepTogether)


class KeepTogether(SphinxPostTransform):
    """Change the texts of a page after its words have become links to the glossary."""

    formats = ("html",)
    default_priority = 920

    def run(self, **kwargs) -> None:
        hold_formulas(self.document)
        hold_numbers(self.document)
        hold_names(self.document)


def hold_formulas(doctree: nodes.Element) -> None:
    """Keep a formula in a sentence on the line of its brackets, its value and its punctuation."""
    for formula in list(doctree.findall(nodes.math)):
        neighbours = list(formula.parent)
        place = formula.parent.index(formula)
        before = matching_part(BEFORE_FORMULA, neighbours[place - 1]) if place else ""
        after = matching_part(AFTER_FORMULA, neighbours[place + 1]) if place + 1 < len(neighbours) else ""
        if before:
            replace_text(neighbours[place - 1], [nodes.Text(neighbours[place - 1][: -len(before)])])
        if after:
            replace_text(neighbours[place + 1], [nodes.Text(neighbours[place + 1][len(after) :])])
        if before or after:
            pieces = [nodes.Text(before), formula.deepcopy(), nodes.Text(after)]
            formula.replace_self(unbroken(*(piece for piece in pieces if piece.astext())))


def matching_part(pattern: re.Pattern, neighbour: nodes.Node) -> str:
    """Find the part of a formula's neighbour that stays on its line; nothing if the neighbour is not a text."""
    found = pattern.search(neighbour) if isinstance(neighbour, nodes.Text) else None
    return found[0] if found else ""


def hold_numbers(doctree: nodes.Element) -> None:
    """Keep numbers on the line of their units."""
    for text in breakable_texts(doctree):
        if UNBREAKABLE_GAP.search(text):
            replace_text(text, [nodes.Text(UNBREAKABLE_GAP.sub("\u00a0", text))])


def hold_names(doctree: nodes.Element) -> None:
    """Keep names with numbers on one line."""
    for text in breakable_texts(doctree):
        pieces = [nodes.Text(piece) for piece in NAME.split(text)]
        if len(pieces) > 1:
            pieces[1::2] = map(unbroken, pieces[1::2])
            replace_text(text, pieces)


def breakable_texts(doctree: nodes.Element) -> list[nodes.Text]:
    """List the texts in which a line may end: not code or formulas.

    Texts without a parent, which sphinxcontrib-bibtex leaves in the links of the bibliography, cannot be replaced.
    """
    return [text for text in doctree.findall(nodes.Text) if text.parent and not isinstance(text.parent, AS_WRITTEN)]


def unbroken(*pieces: nodes.Node) -> nodes.inline:
    return nodes.inline("", "", *pieces, classes=["unbroken"])
