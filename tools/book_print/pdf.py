"""Read the printed file, and write what Chromium does not: clean bookmarks and metadata."""

import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from .facts import Facts


def pages_of_places(pdf: bytes) -> dict[str, int]:
    """Read on which page each place is that a link leads to.

    Parameters
    ----------
    pdf : bytes
        The file.

    Returns
    -------
    dict of str to int
        The page of each named destination, from 1.
    """
    reader = PdfReader(io.BytesIO(pdf))
    places = reader.named_destinations
    return {name.removeprefix("/"): reader.get_destination_page_number(place) + 1 for name, place in places.items()}


def bookmarks(root: DictionaryObject) -> Iterator[DictionaryObject]:
    """List the bookmarks of a file, each before those under it.

    Parameters
    ----------
    root : pypdf.generic.DictionaryObject
        The catalogue of the file, or a bookmark.

    Yields
    ------
    pypdf.generic.DictionaryObject
        A bookmark.
    """
    bookmark = root.get("/Outlines", root).get("/First")
    while bookmark:
        bookmark = bookmark.get_object()
        yield bookmark
        yield from bookmarks(bookmark)
        bookmark = bookmark.get("/Next")


def plain(text: str) -> str:
    """Reduce a text to its letters, digits and signs, without spaces and ligatures.

    Parameters
    ----------
    text : str
        The text, from a PDF or not.

    Returns
    -------
    str
        The same for both.

    Examples
    --------
    >>> plain("the roo\\ufb02ine ")
    'theroofline'
    """
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


class Heading(NamedTuple):
    """A heading of the document.

    Parameters
    ----------
    text : str
        All of it.
    words : str
        The same without its formulas.
    """

    text: str
    words: str


def finish(pdf: bytes, facts: Facts, headings: Sequence[Heading]) -> bytes:
    """Give the file its bookmarks' titles and its metadata.

    Parameters
    ----------
    pdf : bytes
        The file, as Chromium prints it.
    facts : Facts
        What the book says of itself.
    headings : sequence of Heading
        The headings of the document, in order.

    Returns
    -------
    bytes
        The finished file.

    Raises
    ------
    ValueError
        If the bookmarks are not those of the headings.

    Notes
    -----
    Where a heading begins a page, Chromium repeats words of it in the bookmark, and it leaves out the
    letters of a formula. It also writes the time of printing into the metadata.
    """
    writer = PdfWriter(clone_from=io.BytesIO(pdf))
    marks = list(bookmarks(writer.root_object))
    if len(marks) != len(headings):
        raise ValueError(f"{len(marks)} bookmarks for {len(headings)} headings")
    for mark, heading in zip(marks, headings, strict=True):
        letters = iter(plain(mark["/Title"]))
        if not all(letter in letters for letter in plain(heading.words)):
            raise ValueError(f"the bookmark {mark['/Title']!r} is not the heading {heading.text!r}")
        mark[NameObject("/Title")] = TextStringObject(heading.text)
    writer.metadata = None
    writer.add_metadata({"/Title": facts.title, "/Subject": facts.subtitle, "/Author": facts.authors} | dates(facts))
    writer.root_object[NameObject("/PageMode")] = NameObject("/UseOutlines")
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


def dates(facts: Facts) -> dict[str, str]:
    """Write the book's date as a PDF's.

    Parameters
    ----------
    facts : Facts
        What the book says of itself.

    Returns
    -------
    dict of str to str
        When the file was made and changed: the day of the commit, or nothing where it is not known.
    """
    if not facts.date:
        return {}
    day = f"D:{facts.date.replace('-', '')}000000Z"
    return {"/CreationDate": day, "/ModDate": day}
