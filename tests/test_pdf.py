"""The book on paper: chapters made of pages, and a small book printed and broken on purpose."""

import io
import re
import subprocess
import tomllib
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject, TextStringObject

from book_print import checks, chromium
from book_print.chapter import read_chapter
from book_print.document import ANSWERS, css_string, titles_of, write_document
from book_print.edition import COVER, print_book
from book_print.facts import last_commit_date, read_facts
from book_print.pdf import bookmarks, dates, finish, pages_of_places
from conftest import ROOT, toc_files
from llm_latency.palette import COLOURS

needs_browser = pytest.mark.skipif(not chromium.find_browser(), reason="no Chromium here, so no PDF is printed")

PAGES = ("book/first", "book/second")
FIRST = """
<section id="the-first"><h1>The first<a class="headerlink" href="#the-first">#</a></h1>
<p>To <a class="reference internal" href="second.html">the second</a>, to its
<a class="reference internal" href="second.html#exercises">exercises</a>, to
<a class="reference internal" href="#sums">our sums</a>,
<a href="#the-first">here</a>,
<span class="bibtex-citation">[<a class="reference internal" href="second.html#id1">2022</a>]</span>.
The width <span class="math"><mjx-container><mjx-math><mjx-c></mjx-c></mjx-math></mjx-container></span> is free.</p>
<div class="toctree-wrapper"><a href="nowhere.html">a list for the screen</a></div>
<section id="sums"><h2>Sums</h2>
<div class="cell"><details><summary>Show code</summary>
<pre><span class="n">x</span> <span class="o">=</span> <span class="mi">1</span></pre></details></div>
<div class="cell"></div>
<div class="live-chart"><output class="live-chart-value"><span>step 2 ms</span><span>fits</span></output>
<div class="live-chart-view"><svg></svg></div><div class="live-chart-controls"><input><select></select></div>
<script type="application/json">SPEC</script></div>
<img class="in-dark" src="dark.svg" alt="a">
</section></section>"""
SPEC = """{"description": "A line.", "data": {"values": [{"a": 1, "b": 2}, {"a": 2, "b": 3}]}, "mark": "line",
"config": {"axis": {"labelColor": "var(--pst-color-text-base)"}, "line": {"stroke": "var(--chart-arithmetic)"}},
"params": [{"name": "n", "value": 2.0, "bind": {"input": "range", "name": "context L [tokens]"}}],
"encoding": {"x": {"field": "a", "type": "quantitative"}, "y": {"field": "b", "type": "quantitative"}}}"""
SECOND = """
<section id="the-second"><h1>The second</h1>
<p id="id1"><a class="github reference external" href="https://example.org/a/b">a/b</a></p>
<section id="exercises"><h2>Exercises</h2>
<div class="exercise admonition" id="ex-one"><p class="admonition-title">Exercise 1 (★ One)</p><p>Why?</p></div>
<div class="solution dropdown admonition" id="solution-one"><p class="admonition-title">Solution</p><p>Because.</p>
</div></section></section>"""
STYLE = "<style>/* mathematics */ mjx-c::before { content: 'h'; }</style>"


def write_site(folder, first=FIRST, second=SECOND):
    """Write a site of two pages, and what a repository says of it."""
    (folder / "site" / "book").mkdir(parents=True)
    for name, article in (("first", first.replace("SPEC", SPEC)), ("second", second)):
        html = f"<html><head>{STYLE}</head><body><article>{article}</article></body></html>"
        (folder / "site" / "book" / f"{name}.html").write_text(html, encoding="utf-8")
    (folder / "_toc.yml").write_text(
        "root: book/first\nparts:\n  - caption: All\n    chapters:\n      - file: book/second\n", encoding="utf-8"
    )
    (folder / "CITATION.cff").write_text(
        'title: "Small: a book"\nversion: 1.0.0\nauthors:\n  - name: Nobody\n', encoding="utf-8"
    )
    cover = folder / COVER
    cover.parent.mkdir(parents=True, exist_ok=True)
    cover.write_bytes((ROOT / COVER).read_bytes())
    return folder


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
    assert first.body.select_one(".folded pre").get_text() == "x = 1"
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
    assert html.count("/* mathematics */") == 1
    assert list(titles_of([first])) == ["first"]
    assert list(titles_of([first, second])) == ["first", "second", ANSWERS]


def test_a_title_with_quotes_is_safe_in_a_style_sheet():
    assert css_string('a "b" \\') == '"a \\22 b\\22  \\5c "'


def test_the_style_sheet_agrees_with_what_is_measured():
    css = (ROOT / "lib" / "book_print" / "static" / "print.css").read_text(encoding="utf-8")
    top, side, bottom = map(int, re.search(r"margin: (\d+)mm (\d+)mm (\d+)mm;", css).groups())
    assert (210 - 2 * side, 297 - top - bottom) == (chromium.TEXT_WIDTH, chromium.TEXT_HEIGHT)
    assert f"font: {checks.BODY_SIZE}pt/" in css


# The small book, printed.
@pytest.fixture(scope="module")
def small_book(tmp_path_factory):
    """Print the small book: its PDF, what is known of it, and what is wrong with it."""
    root = write_site(tmp_path_factory.mktemp("small"))
    path, problems = print_book(root, root / "site", root / "pdf", chromium.find_browser())
    pdf = path.read_bytes()
    titles = {"first": "The first", "second": "The second", "answers": "Answers to the exercises"}
    return pdf, read_facts(root), titles, pages_of_places(pdf), problems


@needs_browser
def test_a_small_book_is_printed_without_a_problem(small_book):
    pdf, facts, titles, pages, problems = small_book
    assert problems == []
    reader = PdfReader(io.BytesIO(pdf))
    assert {name: pages[name] for name in titles} == {"first": 4, "second": 5, "answers": 6}
    assert "The width h is free." in " ".join(reader.pages[3].extract_text().split())
    assert "exercises (p. 5)" in " ".join(reader.pages[3].extract_text().replace("\xa0", " ").split())
    assert "Answer on page 6" in reader.pages[4].extract_text()
    assert reader.metadata.subject == "a book"
    assert "/CreationDate" not in reader.metadata  # there is no checkout, so no date
    assert finish(pdf, facts, [mark["/Title"] for mark in bookmarks(reader.trailer["/Root"])]) == pdf


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


@needs_browser
@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (rename_a_bookmark, "the bookmark of 'Answers to the exercises' leads to page None"),
        (exchange_two_pages, "page 4 has another number"),
        (exchange_two_pages, "'The first' does not begin on page 4"),
        (move_a_page, r"page 5 has \d+ characters at its edge or beyond"),
        (shrink_the_pages, "no text has 10 points: something is wider than a page"),
        (take_the_fonts, r"the font /\w+\+STIXGeneral-Regular is not in the file"),
        (link_to_a_file, "page 5 links to file:///book/third.html"),
        (link_nowhere, "page 3 links to /third, which is nowhere in the file"),
        (untag, "the file is not tagged"),
        (forget_the_language, "the file does not name its language"),
        (forget_the_title, "the file's title and author are not the book's"),
    ],
)
def test_a_broken_file_is_noticed(change, problem, small_book):
    pdf, facts, titles, pages, _ = small_book
    found = checks.problems_of(broken(pdf, change), facts, titles, pages)
    assert any(re.match(problem, one) for one in found), found


@needs_browser
def test_wrong_page_numbers_are_noticed(small_book):
    pdf, facts, titles, pages, _ = small_book
    found = checks.problems_of(pdf, facts, titles | {"third": "The third"}, pages | {"second": 6, "third": 5})
    assert "the bookmark of 'The second' leads to page 5, and it is on page 6" in found
    assert "the contents lack 'The second', page 6" in found
    assert "the contents lack 'The third', page 5" in found


@needs_browser
def test_a_file_too_large_is_noticed(small_book, monkeypatch):
    monkeypatch.setattr(checks, "LARGEST_FILE", 1e3)
    pdf, facts, titles, pages, _ = small_book
    assert re.match(r"the file has 0\.\d MB, more than 0", checks.problems_of(pdf, facts, titles, pages)[-1])


@needs_browser
def test_bookmarks_that_are_not_the_headings_are_refused(small_book):
    pdf, facts, _, _, _ = small_book
    with pytest.raises(ValueError, match="8 bookmarks for 1 headings"):
        finish(pdf, facts, ["Contents"])
    with pytest.raises(ValueError, match="'Contents' is not the heading 'Index'"):
        finish(pdf, facts, ["Index"] * 8)


@needs_browser
def test_what_does_not_fit_or_is_not_set_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr(chromium, "PATIENCE", 300)
    wide = "<div style='width: 300mm'>wide</div><figure style='height: 300mm'>tall</figure><img src='gone.svg' alt='a'>"
    unset = "<p>\\(x\\)</p><p><span class='math'>x^2</span></p><p>in <code>\\(x\\)</code> all is well</p>"
    table = "<table><tbody><tr><td><code>" + "x" * 120 + "</code></td></tr></tbody></table>"
    strange = "<p>\U000f1234</p>"
    root = write_site(tmp_path, first=FIRST.replace("<h2>Sums</h2>", f"<h2>Sums</h2>{strange}{wide}{unset}{table}"))
    _, problems = print_book(root, root / "site", root / "pdf", chromium.find_browser())
    assert problems == [
        "mathematics not set: span in first.sums: x^2",
        "mathematics not set: p in first.sums: \\(x\\)",
        "picture not found: img in first.sums: a",
        "wider than the page: div in first.sums: wide",
        "taller than the page: figure in first.sums: tall",
        "page 4 has 1 characters that no font of this machine has",
        "no text has 10 points: something is wider than a page, and all has become smaller",
    ]
