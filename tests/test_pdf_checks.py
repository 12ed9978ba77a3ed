"""A small book, printed by Chromium, and its PDF broken on purpose."""

import io
import re

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject, TextStringObject

from book_print import html_to_pdf, pdf_checks
from book_print.build import build_pdf
from book_print.metadata import read_metadata
from book_print.pdf_metadata import Heading, bookmarks, page_numbers_of_places, set_bookmarks_and_metadata
from conftest import need_browser
from small_book import FIRST, write_site

need_browser()


@pytest.fixture(scope="module")
def printed(browser, tmp_path_factory):
    """Print the small book: its PDF, what is known about it, and what is wrong with it."""
    root = write_site(tmp_path_factory.mktemp("small"))
    path, problems = build_pdf(root, root / "site", root / "pdf", browser)
    pdf = path.read_bytes()
    titles = {"first": "The first", "second": "The second", "answers": "Answers to the exercises"}
    return pdf, read_metadata(root), titles, page_numbers_of_places(pdf), problems


def test_a_small_book_is_printed_without_a_problem(printed):
    pdf, metadata, titles, pages, problems = printed
    assert problems == []
    reader = PdfReader(io.BytesIO(pdf))
    assert {name: pages[name] for name in titles} == {"first": 4, "second": 5, "answers": 6}
    assert "The width h is free." in " ".join(reader.pages[3].extract_text().split())
    assert "exercises (p. 5)" in " ".join(reader.pages[3].extract_text().replace("\xa0", " ").split())
    assert "Answer on page 6" in reader.pages[4].extract_text()
    assert reader.metadata.subject == "a book"
    assert "/CreationDate" not in reader.metadata  # there is no checkout, so no date
    assert set_bookmarks_and_metadata(pdf, metadata, headings_of(pdf)) == pdf


def headings_of(pdf):
    """Use the bookmarks of a PDF as its headings."""
    titles = [mark["/Title"] for mark in bookmarks(PdfReader(io.BytesIO(pdf)).trailer["/Root"])]
    return [Heading(title, title) for title in titles]


def broken(pdf, change):
    """Change a PDF."""
    writer = PdfWriter(clone_from=io.BytesIO(pdf))
    change(writer)
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


def rename_a_bookmark(writer):
    [mark] = [mark for mark in bookmarks(writer.root_object) if mark["/Title"].startswith("Answers")]
    mark[NameObject("/Title")] = TextStringObject("Answers")


def exchange_two_pages(writer):
    one, other = writer.pages[3], writer.pages[4]
    for key in ("/Contents", "/Resources"):
        one[NameObject(key)], other[NameObject(key)] = other.raw_get(key), one.raw_get(key)


def move_a_page(writer):
    writer.pages[4].add_transformation((1, 0, 0, 1, 300, 0))


def shrink_the_pages(writer):
    for page in writer.pages:
        page.add_transformation((0.9, 0, 0, 0.9, 30, 30))


def take_the_fonts(writer):
    for item in writer._objects:
        if item and hasattr(item, "get") and item.get("/Type") == "/FontDescriptor":
            item.pop("/FontFile2", None)


def link_to_a_file(writer):
    address = next(
        link.get_object() for page in writer.pages for link in page.get("/Annots", []) if "/A" in link.get_object()
    )
    address["/A"][NameObject("/URI")] = TextStringObject("file:///book/third.html")


def link_nowhere(writer):
    link = next(
        link.get_object() for page in writer.pages for link in page.get("/Annots", []) if "/Dest" in link.get_object()
    )
    link[NameObject("/Dest")] = NameObject("/third")


def untag(writer):
    del writer.root_object["/MarkInfo"]


def forget_the_language(writer):
    del writer.root_object["/Lang"]


def forget_the_title(writer):
    writer.add_metadata({"/Title": "book"})


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (rename_a_bookmark, "the bookmark of 'Answers to the exercises' leads to page None"),
        (exchange_two_pages, "page 4 does not show its number"),
        (exchange_two_pages, "'The first' does not begin on page 4"),
        (move_a_page, r"page 5 has \d+ characters at its edge or beyond"),
        (shrink_the_pages, "no text has 10 points: something is wider than a page"),
        (take_the_fonts, r"the font /\w+\+STIXGeneral-Regular is not in the file"),
        (link_to_a_file, "page 5 links to file:///book/third.html"),
        (link_nowhere, "page 3 links to /third, which is not in the file"),
        (untag, "the file is not tagged"),
        (forget_the_language, "the file does not name its language"),
        (forget_the_title, "the file's title and author are not the book's"),
    ],
)
def test_a_broken_file_is_noticed(change, problem, printed):
    pdf, metadata, titles, pages, _ = printed
    found = pdf_checks.find_problems(broken(pdf, change), metadata, titles, pages)
    assert any(re.match(problem, one) for one in found), found


def test_wrong_page_numbers_are_noticed(printed):
    pdf, metadata, titles, pages, _ = printed
    found = pdf_checks.find_problems(pdf, metadata, titles | {"third": "The third"}, pages | {"second": 6, "third": 5})
    assert "the bookmark of 'The second' leads to page 5, but it is on page 6" in found
    assert "the contents lack 'The second', page 6" in found
    assert "the contents lack 'The third', page 5" in found


def test_a_file_that_is_too_large_is_noticed(printed, monkeypatch):
    monkeypatch.setattr(pdf_checks, "LARGEST_FILE", 1e3)
    pdf, metadata, titles, pages, _ = printed
    assert re.match(r"the file has 0\.\d MB, more than 0", pdf_checks.find_problems(pdf, metadata, titles, pages)[-1])


def test_a_heading_at_the_end_of_a_page_is_noticed(browser, tmp_path):
    root = write_site(tmp_path, first=FIRST.replace("</section></section>", "<h3>Alone</h3></section></section>"))
    _, problems = build_pdf(root, root / "site", root / "pdf", browser)
    assert problems == ["page 4 ends with a heading"]


def test_bookmarks_that_are_not_the_headings_are_refused(printed):
    pdf, metadata, _, _, _ = printed
    headings = headings_of(pdf)
    with pytest.raises(ValueError, match="8 bookmarks for 1 headings"):
        set_bookmarks_and_metadata(pdf, metadata, headings[:1])
    with pytest.raises(ValueError, match="'Contents' does not match the heading 'Index'"):
        set_bookmarks_and_metadata(pdf, metadata, [Heading("Index", "Index"), *headings[1:]])
    with pytest.raises(ValueError, match="'Contents' does not match the heading 'Contents of N'"):
        set_bookmarks_and_metadata(pdf, metadata, [Heading("Contents of N", "Contents of"), *headings[1:]])


def test_a_bookmark_has_the_formula_of_its_heading(browser, tmp_path):
    letters = '<mjx-math aria-hidden="true"><mjx-c></mjx-c></mjx-math>'
    formula = f'<span class="math"><mjx-container>{letters}</mjx-container></span>'
    root = write_site(tmp_path, first=FIRST.replace("<h2>Sums</h2>", f"<h2>Sums of {formula} terms</h2>"))
    path, problems = build_pdf(root, root / "site", root / "pdf", browser)
    assert problems == []
    assert "Sums of h terms" in [heading.text for heading in headings_of(path.read_bytes())]


def test_what_does_not_fit_or_is_not_typeset_is_noticed(browser, tmp_path, monkeypatch):
    monkeypatch.setattr(html_to_pdf, "LOADING_TIMEOUT", 300)
    wide = "<div style='width: 300mm'>wide</div><figure style='height: 300mm'>tall</figure><img src='gone.svg' alt='a'>"
    unset = "<p>\\(x\\)</p><p><span class='math'>x^2</span></p><p>in <code>\\(x\\)</code> all is well</p>"
    table = "<table><tbody><tr><td><code>" + "x" * 120 + "</code></td></tr></tbody></table>"
    strange = "<p>\U000f1234</p>"
    root = write_site(tmp_path, first=FIRST.replace("<h2>Sums</h2>", f"<h2>Sums</h2>{strange}{wide}{unset}{table}"))
    _, problems = build_pdf(root, root / "site", root / "pdf", browser)
    assert problems == [
        "mathematics not set: span in first.sums: x^2",
        "mathematics not set: p in first.sums: \\(x\\)",
        "picture not found: img in first.sums: a",
        "wider than the page: div in first.sums: wide",
        "taller than the page: figure in first.sums: tall",
        "page 4 has 1 characters that no font of this machine has",
        "no text has 10 points: something is wider than a page, so everything was made smaller",
    ]
