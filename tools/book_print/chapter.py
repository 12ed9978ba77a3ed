"""A page of the site as a chapter for paper: no folded code, nothing to click, every id its own."""

import json
import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import unquote, urldefrag

import vl_convert
from bs4 import BeautifulSoup, NavigableString, Tag

from book_site.chart_colours import VARIABLES

SCREEN_ONLY = "a.headerlink, .toctree-wrapper, .in-dark, .d-print-none, summary, button, input, noscript, script"
FOLDED_CODE = "details:has(> .cell_input)"
"""Code that a page folds away, because it is read for its result."""
SCREEN_ATTRIBUTES = ("title", "loading", "data-definition")
NAMES_OF_IDS = ("aria-labelledby", "aria-describedby", "for")
PLAIN_CODE = "pre span.n, pre span.nn, pre span.o, pre span.p, pre span.w"
"""Spans of code that need no colour: a tagged PDF describes each, and they would be a third of it."""
SHORT_CODE = 6
"""Lines up to which code stays on one page."""
SHORT_TABLE = 12
"""Rows up to which a table stays on one page."""
LONG_TABLE = 100
"""Rows up to which a table has the usual size."""
SHORT_CELL = 20
"""Letters up to which a cell stays on one line."""
LONG_WORD = re.compile(r"\S{25,}")
"""A word that may have to be broken, such as an address."""
VARIABLE = re.compile(r"var\((--[\w-]+)\)")
CHART_SIZE = {"width": 350, "height": 210}
"""Pixels of a live chart's picture: fewer than on a screen, so that its words are larger."""
PAPER = {variable: colour for colour, variable in VARIABLES.items()} | {
    "--pst-color-text-base": "#111111",
    "--pst-color-text-muted": "#555555",
    "--pst-color-border": "#cccccc",
}
"""The colours on paper of what the site's style sheets colour."""


@dataclass(frozen=True)
class Answer:
    """The answer to an exercise.

    Parameters
    ----------
    exercise : str
        The id of the exercise in the document.
    title : str
        The exercise's title, in HTML.
    body : bs4.Tag
        The answer.
    """

    exercise: str
    title: str
    body: Tag


@dataclass(frozen=True)
class Chapter:
    """A page of the site for paper.

    Parameters
    ----------
    name : str
        Its id in the document, the last part of the page's name.
    title : str
        Its title, as text.
    body : bs4.Tag
        Its section, without the answers.
    answers : tuple of Answer
        The answers to its exercises.
    """

    name: str
    title: str
    body: Tag
    answers: tuple[Answer, ...]


def read_chapter(site: Path, page: str, pages: Collection[str], folder: Path) -> Chapter:
    """Make a chapter of a page of the built site.

    Parameters
    ----------
    site : pathlib.Path
        The folder of the built site.
    page : str
        The page, such as ``book/notation``.
    pages : collection of str
        All pages of the book.
    folder : pathlib.Path
        The folder that the document will stand in; the live charts are drawn into it.

    Returns
    -------
    Chapter
        The page for paper.

    Raises
    ------
    ValueError
        If the page is not one section with a title, or links to a page outside the book.
    """
    path = site / f"{page}.html"
    soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    article = soup.select_one("article")
    sections = article.find_all("section", recursive=False) if article else []
    if len(sections) != 1 or not sections[0].h1:
        raise ValueError(f"{path} is not a page of the book: its article must be one section with a title")
    body, name = sections[0], chapter_name(page)
    for picture in body.select("img"):
        picture["src"] = moved(picture["src"], path, folder)
    draw_live_charts(body, folder, name)
    simplify(body)
    rename_ids(body, name)
    chapters = {(site / f"{other}.html").resolve(): chapter_name(other) for other in pages}
    lead_links_into_the_document(body, path, chapters)
    return Chapter(
        name=name,
        title=body.h1.get_text(" ", strip=True),
        body=body,
        answers=tuple(take_answers(body)),
    )


def chapter_name(page: str) -> str:
    """Name the chapter of a page.

    Parameters
    ----------
    page : str
        The page, such as ``book/notation``.

    Returns
    -------
    str
        The last part of it, which is the id of the chapter in the document.

    Examples
    --------
    >>> chapter_name("book/notation")
    'notation'
    """
    return page.rpartition("/")[2]


def draw_live_charts(body: Tag, folder: Path, name: str) -> None:
    """Replace each live chart by its words and its picture at its first setting.

    Parameters
    ----------
    body : bs4.Tag
        The page, changed in place.
    folder : pathlib.Path
        The folder to draw into.
    name : str
        The name of the chapter.

    Raises
    ------
    ValueError
        If a chart has a colour that paper does not know.
    """
    for number, chart in enumerate(body.select(".live-chart"), start=1):
        spec = json.loads(VARIABLE.sub(colour_on_paper, chart.script.string)) | CHART_SIZE
        drawing = folder / f"{name}-live-{number}.svg"
        drawing.write_text(vl_convert.vegalite_to_svg(spec), encoding="utf-8")
        figure = BeautifulSoup("<figure><img><figcaption><p></p></figcaption></figure>", "html.parser").figure
        figure.img["src"] = drawing.name
        figure.img["alt"] = spec["description"]
        lines = [span.get_text() for span in chart.select(".live-chart-value span")]
        shown = ". ".join(line[0].upper() + line[1:] for line in lines)
        figure.p.string = f"{shown}. A chart to move on the site, here for {setting(spec)}."
        chart.replace_with(figure)


def colour_on_paper(variable: re.Match) -> str:
    """Give a CSS variable its colour on paper.

    Parameters
    ----------
    variable : re.Match
        A match of `VARIABLE`.

    Returns
    -------
    str
        The colour.

    Raises
    ------
    ValueError
        If there is none.
    """
    if variable[1] not in PAPER:
        raise ValueError(f"no colour on paper for {variable[1]}; there is one for {', '.join(PAPER)}")
    return PAPER[variable[1]]


def setting(spec: dict) -> str:
    """Say in words how the controls of a live chart stand.

    Parameters
    ----------
    spec : dict
        The chart's Vega-Lite specification.

    Returns
    -------
    str
        The name, value and unit of each bound parameter.

    Examples
    --------
    >>> context = {"value": 512.0, "bind": {"input": "range", "name": "context L [tokens]"}}
    >>> choice = {"value": 16, "bind": {"input": "select", "name": "bits", "options": [8, 16], "labels": ["8", "all"]}}
    >>> setting({"params": [context, choice, {"name": "step"}]})
    'context L = 512 tokens; bits = all'
    """
    words = []
    for parameter in spec["params"]:
        if "bind" in parameter:
            bind, value = parameter["bind"], parameter["value"]
            name, _, unit = bind["name"].rstrip("]").partition(" [")
            if "options" in bind:
                value = bind.get("labels", bind["options"])[bind["options"].index(value)]
            value = f"{value:.10g}" if isinstance(value, float) else value
            words.append(f"{name} = {value} {unit}".strip())
    return "; ".join(words)


def simplify(body: Tag) -> None:
    """Drop folded code and what only a screen or a pointer can use, and open what else is folded.

    Parameters
    ----------
    body : bs4.Tag
        The page, changed in place.
    """
    for element in [*body.select(FOLDED_CODE), *body.select(SCREEN_ONLY)]:
        element.decompose()
    for folded in body.select("details"):
        folded.unwrap()
    for element in [*body.select("a.image-reference"), *body.select(PLAIN_CODE)]:
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
    """Let each long word break after its punctuation.

    Parameters
    ----------
    text : bs4.NavigableString
        The text, replaced in place.

    Examples
    --------
    >>> soup = BeautifulSoup("<td>see https://example.org/a_b/c</td>", "html.parser")
    >>> allow_breaks(soup.td.string)
    >>> print(soup)
    <td>see https:/<wbr/>/<wbr/>example.<wbr/>org/<wbr/>a_<wbr/>b/<wbr/>c</td>
    """
    markup = LONG_WORD.sub(lambda word: re.sub(r"(?<=[/._=&?-])(?!$)", "\0", word[0]), str(text))
    broken = BeautifulSoup(escape(markup).replace("\0", "<wbr>"), "html.parser")
    text.replace_with(*broken.contents)


def moved(address: str, path: Path, folder: Path) -> str:
    """Write a relative address of a page as one of the document.

    Parameters
    ----------
    address : str
        The address, relative to the page, or with its data in it.
    path : pathlib.Path
        The file of the page.
    folder : pathlib.Path
        The folder of the document.

    Returns
    -------
    str
        The address, relative to the folder.

    Examples
    --------
    >>> moved("../_images/a.svg", Path("/site/book/index.html"), Path("/pdf"))
    '../site/_images/a.svg'
    """
    if address.startswith("data:"):
        return address
    file = path.parent / unquote(address.partition("?")[0])
    return Path(os.path.relpath(file.resolve(), folder.resolve())).as_posix()


def rename_ids(body: Tag, name: str) -> None:
    """Put the chapter's name before each id, for the pages use the same ones.

    Parameters
    ----------
    body : bs4.Tag
        The page, changed in place; it gets the chapter's name itself as id.
    name : str
        The name of the chapter.
    """
    for element in body.select("[id]"):
        element["id"] = f"{name}.{element['id']}"
    for attribute in NAMES_OF_IDS:
        for element in body.select(f"[{attribute}]"):
            names = " ".join(element.get_attribute_list(attribute)).split()
            element[attribute] = " ".join(f"{name}.{old}" for old in names)
    body.h1["id"] = f"{name}.{body['id']}"
    body["id"] = name


def lead_links_into_the_document(body: Tag, path: Path, chapters: Mapping[Path, str]) -> None:
    """Let each link between pages lead to its place in the document, and name the place's page.

    Parameters
    ----------
    body : bs4.Tag
        The page, changed in place.
    path : pathlib.Path
        The file of the page.
    chapters : mapping of pathlib.Path to str
        The name of the chapter that each page of the site becomes.

    Raises
    ------
    ValueError
        If a link leads to something in the site that is not a page of the book.

    Notes
    -----
    The number of a page is a ``span`` with the target's id in ``data-page``, filled when it is known.
    """
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
            link.append(page_note(place))


def page_note(place: str) -> Tag:
    """Make the note that names the page of a place, to be filled when it is known.

    Parameters
    ----------
    place : str
        The id of the place.

    Returns
    -------
    bs4.Tag
        The note.

    Examples
    --------
    >>> print(page_note("notation").decode(formatter="html"))
    <span class="on-page"> (p.&nbsp;<span data-page="notation">000</span>)</span>
    """
    note = BeautifulSoup('<span class="on-page"> (p.\u00a0<span>000</span>)</span>', "html.parser").span
    note.span["data-page"] = place
    return note


def take_answers(body: Tag) -> Iterator[Answer]:
    """Take the answers out of a page, each with the exercise before it.

    Parameters
    ----------
    body : bs4.Tag
        The page; each answered exercise gets a link to its answer in place of it.

    Yields
    ------
    Answer
        An answer.
    """
    for solution in body.select(".solution"):
        exercise = solution.find_previous(class_="exercise")
        title = exercise.find(class_="admonition-title").decode_contents()
        solution.find(class_="admonition-title").decompose()
        link = BeautifulSoup('<p class="to-answer"><a>Answer on page <span>000</span></a></p>', "html.parser")
        link.a["href"] = f"#{solution['id']}"
        link.span["data-page"] = solution["id"]
        exercise.append(link)
        yield Answer(exercise["id"], title, solution.extract())
