"""Read the printed file, and write what Chromium does not: clean bookmarks and metadata."""

import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from .metadata import Metadata


class Heading(NamedTuple):
    """A heading of the document."""

    text: str
    text_without_formulas: str


def page_numbers_of_places(pdf: bytes) -> dict[str, int]:
    """Return the page of each id that a link leads to."""
    reader = PdfReader(io.BytesIO(pdf))
    places = reader.named_destinations
    return {name.removeprefix("/"): reader.get_destination_page_number(place) + 1 for name, place in places.items()}


def bookmarks(root: DictionaryObject) -> Iterator[DictionaryObject]:
    """Yield the bookmarks under the catalogue of a file or under a bookmark, each before those under it."""
    bookmark = root.get("/Outlines", root).get("/First")
    while bookmark:
        bookmark = bookmark.get_object()
        yield bookmark
        yield from bookmarks(bookmark)
        bookmark = bookmark.get("/Next")


def comparable(text: str) -> str:
    """Return a text without spaces and ligatures, which the PDF and the HTML have in different places."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def set_bookmarks_and_metadata(pdf: bytes, metadata: Metadata, headings: Sequence[Heading]) -> bytes:
    """Give the bookmarks the texts of the headings, and the file the book's metadata."""
    # Chromium repeats words of a heading that begins a page, and it leaves out the letters of a formula. In the
    # metadata it writes the time of printing.
    writer = PdfWriter(clone_from=io.BytesIO(pdf))
    marks = list(bookmarks(writer.root_object))
    if len(marks) != len(headings):
        raise ValueError(f"{len(marks)} bookmarks for {len(headings)} headings")
    for mark, heading in zip(marks, headings, strict=True):
        letters = iter(comparable(mark["/Title"]))
        if not all(letter in letters for letter in comparable(heading.text_without_formulas)):
            raise ValueError(f"the bookmark {mark['/Title']!r} does not match the heading {heading.text!r}")
        mark[NameObject("/Title")] = TextStringObject(heading.text)
    writer.metadata = None
    writer.add_metadata(pdf_metadata(metadata))
    writer.root_object[NameObject("/PageMode")] = NameObject("/UseOutlines")
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


def pdf_metadata(metadata: Metadata) -> dict[str, str]:
    """Return the book's metadata by the names that a PDF uses; the day of the commit is the day it was made."""
    entries = {"/Title": metadata.title, "/Subject": metadata.subtitle, "/Author": metadata.authors}
    if metadata.date:
        entries["/CreationDate"] = entries["/ModDate"] = f"D:{metadata.date.replace('-', '')}000000Z"
    return entries
