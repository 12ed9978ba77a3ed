"""A page of the site as a chapter for paper: without folded code and controls, and with ids of its own."""

import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import unquote, urldefrag

from bs4 import BeautifulSoup, NavigableString, Tag

from .live_charts import draw_live_charts
from .markup import page_number, parse_element

SCREEN_ONLY = "a.headerlink, .toctree-wrapper, .in-dark, .d-print-none, summary, button, input, noscript, script"
FOLDED_CODE = "details:has(> .cell_input)"
"""Code that a page folds away, because it is read for its result."""
SCREEN_ATTRIBUTES = ("title", "loading", "data-definition")
ATTRIBUTES_WITH_IDS = ("aria-labelledby", "aria-describedby", "for")
PLAIN_CODE = "pre span.n, pre span.nn, pre span.o, pre span.p, pre span.w"
"""Spans of code that need no colour: a tagged PDF describes each one, which would make up a third of the file."""
SHORT_CODE = 6
"""Code with at most this many lines stays on one page."""
SHORT_TABLE = 12
"""A table with at most this many rows stays on one page."""
LONG_TABLE = 100
"""A table with more rows is set in smaller type."""
SHORT_CELL = 20
"""A table's cell with at most this many characters stays on one line."""
LONG_WORD = re.compile(r"\S{25,}")
"""A word that may have to be broken, such as an address."""


@dataclass(frozen=True)
class Answer:
    """The answer to an exercise."""

    exercise: str
    """The id of the exercise in the document."""
    title: str
    """The exercise's title, as HTML."""
    body: Tag


@dataclass(frozen=True)
class Chapter:
    """A page of the site for paper, without its answers, which go to the end of the book."""

    id: str
    title: str
    body: Tag
    answers: tuple[Answer, ...]


def read_chapter(site: Path, page: str, pages: Collection[str], folder: Path) -> Chapter:
    """Read one of the pages of the book, such as ``book/notation``, and draw its live charts into the folder."""
    path = site / f"{page}.html"
    soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    article = soup.select_one("article")
    sections = article.find_all("section", recursive=False) if article else []
    if len(sections) != 1 or not sections[0].h1:
        raise ValueError(f"{path} is not a page of the book: its article must be one section with a title")
    body, own_id = sections[0], chapter_id(page)
    for picture in body.select("img"):
        picture["src"] = address_in_folder(picture["src"], path, folder)
    draw_live_charts(body, folder, own_id)
    remove_what_only_a_screen_needs(body)
    set_type_by_length(body)
    put_chapter_before_ids(body, own_id)
    redirect_links(body, path, {(site / f"{other}.html").resolve(): chapter_id(other) for other in pages})
    return Chapter(own_id, body.h1.get_text(" ", strip=True), body, tuple(take_answers(body)))


def chapter_id(page: str) -> str:
    """Return the id of a page's chapter in the document: ``notation`` for ``book/notation``."""
    return page.rpartition("/")[2]


def address_in_folder(address: str, source: Path, folder: Path) -> str:
    """Write an address that is relative to a source file as one relative to a folder."""
    if address.startswith("data:"):
        return address
    file = source.parent / unquote(address.partition("?")[0])
    return Path(os.path.relpath(file.resolve(), folder.resolve())).as_posix()


def remove_what_only_a_screen_needs(body: Tag) -> None:
    """Remove folded code, controls and links of the site, and unfold the rest."""
    for element in [*body.select(FOLDED_CODE), *body.select(SCREEN_ONLY)]:
        element.decompose()
    for element in [*body.select("details"), *body.select("a.image-reference"), *body.select(PLAIN_CODE)]:
        element.unwrap()
    body.smooth()
    for cell in body.select("div.cell"):
        if not cell.get_text(strip=True) and not cell.img:
            cell.decompose()
    for attribute in SCREEN_ATTRIBUTES:
        for element in body.select(f"[{attribute}]"):
            del element[attribute]
    for link in body.select("a.external.github"):
        link.string = link["href"]  # the theme shortens it to owner and repository


def set_type_by_length(body: Tag) -> None:
    """Mark short and long code, tables and cells for the style sheet, and let long words in tables break."""
    for code in body.select("pre"):
        code["class"] = ["short"] if len(code.get_text().strip().splitlines()) <= SHORT_CODE else []
    for table in body.select("table"):
        rows = len(table.select("tbody tr"))
        table["class"] = ["long"] if rows > LONG_TABLE else ["short"] if rows <= SHORT_TABLE else []
        for cell in table.select("td"):
            if len(cell.get_text().strip()) <= SHORT_CELL:
                cell["class"] = [*cell.get("class", []), "whole"]
        for text in table.find_all(string=LONG_WORD):
            allow_breaks(text)


def allow_breaks(text: NavigableString) -> None:
    """Let each long word break after its punctuation."""
    marked = LONG_WORD.sub(lambda word: re.sub(r"(?<=[/._=&?-])(?!$)", "\0", word[0]), text)
    text.replace_with(*BeautifulSoup(escape(marked).replace("\0", "<wbr>"), "html.parser").contents)


def put_chapter_before_ids(body: Tag, chapter: str) -> None:
    """Put the chapter's id before each id, because several pages use the same ones."""
    for element in body.select("[id]"):
        element["id"] = f"{chapter}.{element['id']}"
    for attribute in ATTRIBUTES_WITH_IDS:
        for element in body.select(f"[{attribute}]"):
            ids = " ".join(element.get_attribute_list(attribute)).split()
            element[attribute] = " ".join(f"{chapter}.{old}" for old in ids)
    body.h1["id"] = f"{chapter}.{body['id']}"
    body["id"] = chapter


def redirect_links(body: Tag, path: Path, chapters: Mapping[Path, str]) -> None:
    """Point each link between the files of the site to an id in the document, with a page number beside it."""
    own = chapters[path.resolve()]
    for link in body.select("a[href]"):
        file, fragment = urldefrag(link["href"])
        if re.match(r"[a-z]+:", file):
            continue
        target = (path.parent / unquote(file)).resolve() if file else path.resolve()
        if target not in chapters:
            raise ValueError(f"{path} links to {link['href']}, which is not a page of the book")
        place = f"{chapters[target]}.{unquote(fragment)}" if fragment else chapters[target]
        link["href"] = f"#{place}"
        is_reference = "reference" in link.get_attribute_list("class")
        if is_reference and chapters[target] != own and not link.find_parent(class_="bibtex-citation"):
            link.append(parse_element(f'<span class="on-page"> (p.&nbsp;{page_number(place)})</span>'))


def take_answers(body: Tag) -> Iterator[Answer]:
    """Take the answers out of a chapter, and leave at each exercise a link to its answer."""
    for solution in body.select(".solution"):
        exercise = solution.find_previous(class_="exercise")
        title = exercise.find(class_="admonition-title").decode_contents()
        solution.find(class_="admonition-title").decompose()
        link = f'<a href="#{escape(solution["id"])}">Answer on page {page_number(solution["id"])}</a>'
        exercise.append(parse_element(f'<p class="to-answer">{link}</p>'))
        yield Answer(exercise["id"], title, solution.extract())
