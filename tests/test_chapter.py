"""Pages of the site as chapters of a book on paper, and the document that holds them."""

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

import llm_latency
from book_print import html_to_pdf, pdf_checks
from book_print.book_html import ANSWERS, chapter_titles, running_titles, write_book_html
from book_print.build import COVER
from book_print.chapter import address_in_folder, allow_breaks, read_chapter
from book_print.live_charts import setting_in_words
from book_print.metadata import read_metadata
from book_print.pdf_metadata import comparable, pdf_metadata
from book_tools.contents import read_parts
from book_tools.dates import last_commit_day
from conftest import ROOT
from llm_latency.charts.palette import COLOURS
from small_book import FIRST, PAGES, SECOND, SPEC, write_site


@pytest.fixture
def site(tmp_path):
    return write_site(tmp_path) / "site"


@pytest.fixture
def first(site):
    return read_chapter(site, PAGES[0], PAGES, site)


@pytest.fixture
def second(site):
    return read_chapter(site, PAGES[1], PAGES, site)


def test_the_metadata_is_that_of_the_repository():
    metadata = read_metadata(ROOT)
    assert metadata.version == llm_latency.__version__
    assert metadata.title
    assert metadata.subtitle
    assert (ROOT / COVER).exists()


def test_the_contents_are_read_in_order_and_by_part(site):
    assert [(part.caption, part.pages) for part in read_parts(site.parent / "_toc.yml")] == [
        ("", ("book/first",)),
        ("All", ("book/second",)),
    ]


def test_the_date_is_that_of_the_last_commit(tmp_path):
    assert last_commit_day(tmp_path) is None
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    commit = ["git", *identity, "commit", "--quiet", "--allow-empty", "--message=a", "--date=2020-01-02T03:04:05Z"]
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    assert last_commit_day(tmp_path) is None
    environment = {"GIT_COMMITTER_DATE": "2020-01-02T03:04:05Z", "PATH": "/usr/bin:/bin:/usr/local/bin"}
    subprocess.run(commit, cwd=tmp_path, check=True, env=environment)
    assert last_commit_day(tmp_path) == "2020-01-02"
    (tmp_path / "copy").mkdir()
    assert last_commit_day(tmp_path / "copy") is None  # the commit is not the copy's


def test_a_date_is_given_if_it_is_known():
    dated = replace(read_metadata(ROOT), date="2020-01-02")
    undated = replace(dated, date=None)
    assert "2020-01-02" in dated.edition
    assert pdf_metadata(dated)["/CreationDate"] == pdf_metadata(dated)["/ModDate"] == "D:20200102000000Z"
    assert undated.edition == f"Version {undated.version}"
    assert pdf_metadata(undated).keys() == {"/Title", "/Subject", "/Author"}


def test_a_chapter_holds_nothing_meant_for_the_screen(first):
    assert not first.body.select("details, summary, script, input, select, .headerlink, .toctree-wrapper, .in-dark")
    assert first.body.h1.get_text() == first.title == "The first"


def test_folded_code_is_left_out_and_its_result_is_shown(first):
    assert [code.get_text() for code in first.body.select(".cell pre")] == ["x = 1", "1"]
    assert len(first.body.select(".cell")) == 1


def test_code_keeps_the_colours_that_say_something(first):
    assert [span["class"] for span in first.body.select("pre span")] == [["mi"]]


def test_every_id_carries_its_chapter(first, second):
    for chapter in (first, second):
        ids = [element["id"] for element in chapter.body.select("[id]")]
        assert chapter.body["id"] == chapter.id
        assert all(name.startswith(f"{chapter.id}.") for name in ids)


def test_links_lead_into_the_document_and_name_the_page(first):
    links = {link["href"]: link for link in first.body.select("a")}
    assert list(links) == ["#second", "#second.exercises", "#first.sums", "#first.the-first", "#second.id1"]
    noted = [link for link in links.values() if link.select("[data-page]")]
    assert [link["href"] for link in noted] == ["#second", "#second.exercises"]
    assert links["#second"].select_one("[data-page]")["data-page"] == "second"


def test_a_link_out_of_the_book_is_refused(tmp_path):
    site = write_site(tmp_path, first=FIRST.replace("second.html#exercises", "third.html")) / "site"
    with pytest.raises(ValueError, match=r"first\.html links to third\.html, which is not a page of the book"):
        read_chapter(site, PAGES[0], PAGES, site)


@pytest.mark.parametrize("article", ["<p>no section</p>", "<section><p>no title</p></section>", FIRST + FIRST])
def test_what_is_not_a_chapter_is_refused(article, tmp_path):
    site = write_site(tmp_path, first=article) / "site"
    with pytest.raises(ValueError, match="must be one section with a title"):
        read_chapter(site, PAGES[0], PAGES, site)


def test_a_live_chart_becomes_a_picture_in_words(first, site):
    picture = first.body.img
    drawing = (site / picture["src"]).read_text(encoding="utf-8")
    assert drawing.startswith("<svg")
    assert COLOURS["arithmetic"] in drawing
    assert "var(" not in drawing
    assert picture["alt"] == "A line."
    words = "Step 2 ms. Fits. Interactive on the site, drawn here for context L = 2 tokens."
    assert first.body.figcaption.get_text() == words


def test_a_colour_without_a_counterpart_on_paper_is_refused(tmp_path):
    chart = FIRST.replace("SPEC", SPEC.replace("--pst-color-text-base", "--new-colour"))
    site = write_site(tmp_path, first=chart) / "site"
    with pytest.raises(ValueError, match=r"no colour on paper for --new-colour; there is one for --chart-"):
        read_chapter(site, PAGES[0], PAGES, site)


def test_the_setting_of_a_chart_is_put_in_words():
    context = {"name": "own_context", "value": 512.0, "bind": {"input": "range", "name": "context L [tokens]"}}
    choice = {
        "name": "bits",
        "value": 16,
        "bind": {"input": "select", "name": "bits", "options": [8, 16], "labels": ["8", "all"]},
    }
    specification = {"signals": [context, choice, {"name": "step", "update": "2 * bits"}]}
    assert setting_in_words(specification) == "context L = 512 tokens; bits = all"


def test_an_address_may_break_after_its_punctuation():
    cell = BeautifulSoup("<td>see https://example.org/a_b/c</td>", "html.parser").td
    allow_breaks(cell.string)
    assert str(cell) == "<td>see https:/<wbr/>/<wbr/>example.<wbr/>org/<wbr/>a_<wbr/>b/<wbr/>c</td>"


def test_an_address_is_written_from_the_documents_folder():
    page, folder = Path("/site/book/index.html"), Path("/pdf")
    assert address_in_folder("../_images/a%20b.svg?v=1", page, folder) == "../site/_images/a b.svg"
    assert address_in_folder("data:image/png;base64,AA", page, folder) == "data:image/png;base64,AA"


def test_spaces_and_ligatures_make_no_difference():
    assert comparable("the roo\ufb02ine ") == comparable("the\nroofline")


def test_answers_go_to_the_end_and_exercises_lead_there(second):
    [answer] = second.answers
    assert "Because." in answer.body.get_text()
    assert "Because." not in second.body.get_text()
    assert (answer.exercise, answer.title) == ("second.ex-one", "Exercise 1 (★ One)")
    assert second.body.select_one(".exercise .to-answer a")["href"] == "#second.solution-one"


def test_a_shortened_address_is_written_out(second):
    assert second.body.select_one("a.github").get_text() == "https://example.org/a/b"


@pytest.mark.parametrize(("rows", "kind"), [(3, ["short"]), (30, []), (150, ["long"])])
def test_a_table_is_set_by_its_length(rows, kind, tmp_path):
    table = f"<table class='table'><tbody>{'<tr><td>1</td></tr>' * rows}</tbody></table></section>"
    site = write_site(tmp_path, second=SECOND[: -len("</section>")] + table) / "site"
    assert read_chapter(site, PAGES[1], PAGES, site).body.table["class"] == kind


def test_the_document_holds_every_chapter_and_every_target(first, second, site):
    parts = read_parts(site.parent / "_toc.yml")
    html = write_book_html(read_metadata(site.parent), parts, [first, second], site.parent / COVER, site, site)
    soup = BeautifulSoup(html, "html.parser")
    ids = [element["id"] for element in soup.select("[id]")]
    assert len(set(ids)) == len(ids)
    assert {link["href"].removeprefix("#") for link in soup.select("a[href^='#']")} <= set(ids)
    assert {number["data-page"] for number in soup.select("[data-page]")} <= set(ids)
    assert [line.span.get_text() for line in soup.select(".contents li")] == [
        "The first",
        "The second",
        "Answers to the exercises",
    ]
    assert list(chapter_titles([first])) == ["first"]
    assert list(chapter_titles([first, second])) == ["first", "second", ANSWERS]


def test_a_site_without_its_style_sheets_is_refused(first, site):
    (site / "_static" / "mathematics.css").unlink()
    with pytest.raises(FileNotFoundError, match=r"the site lacks .*mathematics\.css"):
        write_book_html(read_metadata(site.parent), [], [first], site.parent / COVER, site, site)


def test_a_title_with_quotes_is_safe_in_a_style_sheet():
    [css] = running_titles({"first": 'a "b" \\'})
    assert r'content: "a \"b\" \\";' in css


def test_the_style_sheet_agrees_with_what_is_measured():
    css = (ROOT / "tools" / "book_print" / "static" / "print.css").read_text(encoding="utf-8")
    top, side, bottom = map(int, re.search(r"margin: (\d+)mm (\d+)mm (\d+)mm;", css).groups())
    assert (210 - 2 * side, 297 - top - bottom) == (html_to_pdf.TEXT_WIDTH, html_to_pdf.TEXT_HEIGHT)
    assert f"font: {pdf_checks.BODY_SIZE}pt/" in css
