"""Find what is wrong with the printed book."""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from pypdf import PageObject, PdfReader
from pypdf.generic import DictionaryObject

from .metadata import Metadata
from .pdf_metadata import comparable

EDGE = 20
"""Width in points of the edge of a page, which stays empty."""
BODY_FONT, BODY_SIZE = "STIXGeneral-Regular", 10
"""The font of the text and its size in points, as `print.css` sets it."""
HEADING_SIZE = 11
"""The size of the smallest headings in points, as `print.css` sets it."""
PAGE_NUMBER_SIZE = 9.5
LARGEST_FILE = 25e6
"""Bytes."""
UNCHANGED = (1, 0, 0, 1, 0, 0)
"""The transformation that changes nothing."""


class Glyph(NamedTuple):
    """A character on a page, or several that are drawn at once."""

    font: str
    """The name of its font in the page's resources."""
    size: float
    x: float
    y: float
    is_missing: bool
    """Whether no font has it."""


def find_problems(
    pdf: bytes, metadata: Metadata, titles: Mapping[str, str], page_numbers: Mapping[str, int]
) -> list[str]:
    """List what is wrong with a printed book whose chapters have these titles and page numbers, by id."""
    reader = PdfReader(io.BytesIO(pdf))
    found = [
        *bookmark_problems(reader, titles, page_numbers),
        *contents_problems(reader, titles, page_numbers),
        *text_problems(reader),
        *font_problems(reader),
        *link_problems(reader),
        *metadata_problems(reader, metadata),
    ]
    if len(pdf) > LARGEST_FILE:
        found.append(f"the file has {len(pdf) / 1e6:.1f} MB, more than {LARGEST_FILE / 1e6:.0f}")
    return found


def bookmark_problems(reader: PdfReader, titles: Mapping[str, str], page_numbers: Mapping[str, int]) -> Iterator[str]:
    """Compare the bookmarks with the chapters."""
    marks = [mark for mark in reader.outline if not isinstance(mark, list)]
    found = {mark.title: reader.get_destination_page_number(mark) + 1 for mark in marks}
    for chapter, title in titles.items():
        number = page_numbers.get(chapter)
        if found.get(title) != number:
            yield f"the bookmark of {title!r} leads to page {found.get(title)}, but it is on page {number}"


def contents_problems(reader: PdfReader, titles: Mapping[str, str], page_numbers: Mapping[str, int]) -> Iterator[str]:
    """Compare the table of contents, and each page that it names, with the chapters."""
    first = min(page_numbers.get(chapter, len(reader.pages)) for chapter in titles)
    contents = "".join(comparable(page.extract_text()) for page in reader.pages[: first - 1])
    for chapter, title in titles.items():
        number = page_numbers.get(chapter)
        if not re.search(rf"{re.escape(comparable(title))}{number}(?!\d)", contents):
            yield f"the contents lack {title!r}, page {number}"
        else:
            text = reader.pages[number - 1].extract_text()
            if str(number) not in text.split():
                yield f"page {number} does not show its number"
            if comparable(text).count(comparable(title)) < 2:  # at the top, and as its heading
                yield f"{title!r} does not begin on page {number}"


def text_problems(reader: PdfReader) -> Iterator[str]:
    """Find text at the edge of a page, text without a font, a heading at the end of a page, and a book that shrank."""
    is_full_size = False
    for number, page in enumerate(reader.pages, start=1):
        right, top = page.cropbox.right - EDGE, page.cropbox.top - EDGE
        outside = missing = 0
        fonts = page["/Resources"].get("/Font", {})
        last = None
        for glyph in glyphs(page):
            if abs(glyph.size - BODY_SIZE) < 0.01:
                is_full_size |= str(fonts[glyph.font].get("/BaseFont")).endswith(BODY_FONT)
            missing += glyph.is_missing
            outside += not (EDGE <= glyph.x <= right and EDGE <= glyph.y <= top)
            is_lower = last is None or glyph.y < last.y
            last = glyph if is_lower and abs(glyph.size - PAGE_NUMBER_SIZE) > 0.01 else last
        if missing:
            yield f"page {number} has {missing} characters that no font of this machine has"
        if outside:
            yield f"page {number} has {outside} characters at its edge or beyond"
        if last and last.size > HEADING_SIZE - 0.01:
            yield f"page {number} ends with a heading"
    if not is_full_size:  # Chromium makes the whole book smaller when anything in it is wider than a page
        yield f"no text has {BODY_SIZE} points: something is wider than a page, so everything was made smaller"


def glyphs(page: PageObject) -> Iterator[Glyph]:
    """Yield the characters that a page itself draws, without those inside its pictures."""
    matrix, line, saved = UNCHANGED, UNCHANGED, []
    font, size = "", 0.0
    for operands, operator in page.get_contents().operations:
        if operator == b"q":
            saved.append(matrix)
        elif operator == b"Q":
            matrix = saved.pop()
        elif operator == b"cm":
            matrix = product(operands, matrix)
        elif operator == b"Tf":
            font, size = operands
        elif operator == b"Tm":
            line = tuple(operands)
        elif operator == b"Td":
            line = product((1, 0, 0, 1, *operands), line)
        elif operator == b"Tj":
            a, b, _, _, x, y = product(line, matrix)
            yield Glyph(font, size * (a * a + b * b) ** 0.5, x, y, not any(operands[0].original_bytes))


def product(first: Sequence[float], second: Sequence[float]) -> tuple[float, ...]:
    """Apply one transformation after another, each given as the six numbers that a PDF uses."""
    a, b, c, d, x, y = first
    p, q, r, s, across, up = second
    return (
        *(a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s),
        *(x * p + y * r + across, x * q + y * s + up),
    )


def font_problems(reader: PdfReader) -> Iterator[str]:
    """Find fonts that the file does not carry with it."""
    fonts = {}
    for page in reader.pages:
        for reference in page["/Resources"].get("/Font", {}).values():
            font = reference.get_object()
            fonts[str(font.get("/BaseFont", font["/Subtype"]))] = font
    for name, font in fonts.items():
        if not is_embedded(font):
            yield f"the font {name} is not in the file"


def is_embedded(font: DictionaryObject) -> bool:
    """Tell whether a file carries the shapes of a font."""
    if font["/Subtype"] == "/Type3":
        return "/CharProcs" in font
    holder = font["/DescendantFonts"][0].get_object() if font["/Subtype"] == "/Type0" else font
    descriptor = holder.get("/FontDescriptor", {})
    return any(key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3"))


def link_problems(reader: PdfReader) -> Iterator[str]:
    """Find links that lead neither to a page of the file nor into the web."""
    places = {name.removeprefix("/") for name in reader.named_destinations}
    for number, page in enumerate(reader.pages, start=1):
        for reference in page.get("/Annots", []):
            link = reference.get_object()
            address = link.get("/A", {}).get("/URI", "https:")
            place = link.get("/Dest")
            if not re.match(r"https?:", address):
                yield f"page {number} links to {address}"
            if isinstance(place, str) and place.removeprefix("/") not in places:
                yield f"page {number} links to {place}, which is not in the file"


def metadata_problems(reader: PdfReader, expected: Metadata) -> Iterator[str]:
    """Check what tells a reader, or a screen reader, what the file is."""
    root = reader.trailer["/Root"]
    if not root.get("/MarkInfo", {}).get("/Marked") or "/StructTreeRoot" not in root:
        yield "the file is not tagged"
    if root.get("/Lang") != "en":
        yield "the file does not name its language"
    metadata = reader.metadata or {}
    if (metadata.get("/Title"), metadata.get("/Author")) != (expected.title, expected.authors):
        yield "the file's title and author are not the book's"
