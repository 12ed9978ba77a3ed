"""Pages of the site as chapters of a book on paper, and the document that holds them."""

import re
import subprocess
import tomllib
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup

from book_print import checks, chromium
from book_print.chapter import read_chapter
from book_print.document import ANSWERS, css_string, titles_of, write_document
from book_print.edition import COVER
from book_print.facts import last_commit_date, read_facts
from book_print.pdf import dates
from conftest import ROOT, toc_files
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


def test_the_facts_are_those_of_the_repository():
    facts = read_facts(ROOT)
    assert list(facts.pages) == toc_files()
    assert facts.version == tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert facts.title
    assert facts.subtitle
    assert (ROOT / COVER).exists()


def test_the_date_is_that_of_the_last_commit(tmp_path):
    assert last_commit_date(tmp_path) is None
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    commit = ["git", *identity, "commit", "--quiet", "--allow-empty", "--message=a", "--date=2020-01-02T03:04:05Z"]
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    assert last_commit_date(tmp_path) is None
    environment = {"GIT_COMMITTER_DATE": "2020-01-02T03:04:05Z", "PATH": "/usr/bin:/bin:/usr/local/bin"}
    subprocess.run(commit, cwd=tmp_path, check=True, env=environment)
    assert last_commit_date(tmp_path) == "2020-01-02"
    (tmp_path / "copy").mkdir()
    assert last_commit_date(tmp_path / "copy") is None  # the commit is not the copy's


def test_a_book_without_a_date_says_nothing_of_it():
    facts = read_facts(ROOT)
    assert "2020-01-02" in replace(facts, date="2020-01-02").edition
    assert replace(facts, date=None).edition == f"Version {facts.version}"
    assert dates(replace(facts, date=None)) == {}


def test_a_chapter_holds_nothing_for_the_screen(first):
    assert not first.body.select("details, summary, script, input, select, .headerlink, .toctree-wrapper, .in-dark")
    assert first.body.h1.get_text() == first.title == "The first"


def test_folded_code_is_left_out_and_its_result_is_open(first):
    assert [code.get_text() for code in first.body.select(".cell pre")] == ["x = 1", "1"]
    assert len(first.body.select(".cell")) == 1


def test_code_keeps_the_colours_that_say_something(first):
    assert [span["class"] for span in first.body.select("pre span")] == [["mi"]]


def test_every_id_carries_its_chapter(first, second):
    for chapter in (first, second):
        ids = [element["id"] for element in chapter.body.select("[id]")]
        assert chapter.body["id"] == chapter.name
        assert all(name.startswith(f"{chapter.name}.") for name in ids)


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
def test_what_is_no_chapter_is_refused(article, tmp_path):
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
    words = "Step 2 ms. Fits. A chart to move on the site, here for context L = 2 tokens."
    assert first.body.figcaption.get_text() == words


def test_a_colour_that_paper_does_not_know_is_refused(tmp_path):
    chart = FIRST.replace("SPEC", SPEC.replace("--pst-color-text-base", "--new-colour"))
    site = write_site(tmp_path, first=chart) / "site"
    with pytest.raises(ValueError, match=r"no colour on paper for --new-colour; there is one for --chart-"):
        read_chapter(site, PAGES[0], PAGES, site)


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
    facts = read_facts(site.parent)
    html = write_document(facts, [first, second], site.parent / COVER, site, site)
    soup = BeautifulSoup(html, "html.parser")
    ids = [element["id"] for element in soup.select("[id]")]
    assert len(set(ids)) == len(ids)
    assert {link["href"].removeprefix("#") for link in soup.select("a[href^='#']")} <= set(ids)
    assert {number["data-page"] for number in soup.select("[data-page]")} <= set(ids)
    assert [line.span.get_text() for line in soup.select(".contents li")] == [
        "The first", "The second", "Answers to the exercises",
    ]
    assert list(titles_of([first])) == ["first"]
    assert list(titles_of([first, second])) == ["first", "second", ANSWERS]


def test_a_site_without_its_style_sheets_is_refused(first, site):
    (site / "_static" / "mathematics.css").unlink()
    with pytest.raises(FileNotFoundError, match=r"the site lacks .*mathematics\.css"):
        write_document(read_facts(site.parent), [first], site.parent / COVER, site, site)


def test_a_title_with_quotes_is_safe_in_a_style_sheet():
    assert css_string('a "b" \\') == '"a \\22 b\\22  \\5c "'


def test_the_style_sheet_agrees_with_what_is_measured():
    css = (ROOT / "tools" / "book_print" / "static" / "print.css").read_text(encoding="utf-8")
    top, side, bottom = map(int, re.search(r"margin: (\d+)mm (\d+)mm (\d+)mm;", css).groups())
    assert (210 - 2 * side, 297 - top - bottom) == (chromium.TEXT_WIDTH, chromium.TEXT_HEIGHT)
    assert f"font: {checks.BODY_SIZE}pt/" in css
