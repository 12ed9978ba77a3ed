"""The whole book as one HTML document for paper."""

from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path

import matplotlib

from book_site.chart_colours import STYLE_SHEET as CHART_COLOURS
from book_site.mathematics import STYLE_SHEET

from .chapter import Chapter, chapter_name, moved
from .facts import Facts

SHEETS = ("pygments.css", CHART_COLOURS, STYLE_SHEET)
"""The site's style sheets that print needs: the colours of code and of charts, and mathematics."""
CONTENTS = "contents"
ANSWERS = "answers"
ANSWERS_TITLE = "Answers to the exercises"
FONTS = (
    ("Book Serif", "STIXGeneral.ttf", "normal", "normal"),
    ("Book Serif", "STIXGeneralItalic.ttf", "italic", "normal"),
    ("Book Serif", "STIXGeneralBol.ttf", "normal", "bold"),
    ("Book Serif", "STIXGeneralBolIta.ttf", "italic", "bold"),
    ("Book Signs", "DejaVuSans.ttf", "normal", "normal"),
    ("Book Mono", "DejaVuSansMono.ttf", "normal", "normal"),
    ("Book Mono", "DejaVuSansMono-Oblique.ttf", "italic", "normal"),
    ("Book Mono", "DejaVuSansMono-Bold.ttf", "normal", "bold"),
)
"""Family, file, style and weight of the fonts, which come with Matplotlib: the same on every machine."""


def write_document(facts: Facts, chapters: Sequence[Chapter], cover: Path, site: Path, folder: Path) -> str:
    """Write the document.

    Parameters
    ----------
    facts : Facts
        What the book says of itself.
    chapters : sequence of Chapter
        Its chapters, in the order of `facts.pages`.
    cover : pathlib.Path
        The picture of the cover.
    site : pathlib.Path
        The folder of the built site, for the style sheets of its code and its mathematics.
    folder : pathlib.Path
        The folder the document will stand in.

    Returns
    -------
    str
        HTML, with ``000`` for each page number that is not known yet.

    Raises
    ------
    FileNotFoundError
        If the site lacks one of these style sheets.
    """
    captions = {chapter_name(part.pages[0]): part.caption for part in facts.parts if part.caption}
    head = [
        '<meta charset="utf-8">',
        f"<title>{escape(facts.title)}</title>",
        *(f'<link rel="stylesheet" href="{site_sheet(name, site, folder)}">' for name in SHEETS),
        f"<style>{style_sheet(chapters)}</style>",
    ]
    body = [
        cover_page(facts, moved(cover.name, cover, folder)),
        imprint(facts),
        contents(facts, chapters),
        *(f'<div class="chapter in-{c.name}">{part_note(captions.get(c.name, ""))}{c.body}</div>' for c in chapters),
        answers(chapters),
    ]
    lines = ["<!doctype html>", '<html lang="en" data-theme="light">', "<head>", *head, "</head>"]
    return "\n".join([*lines, "<body>", *body, "</body>", "</html>", ""])


def site_sheet(name: str, site: Path, folder: Path) -> str:
    """Find a style sheet of the site.

    Parameters
    ----------
    name : str
        Its name.
    site : pathlib.Path
        The folder of the built site.
    folder : pathlib.Path
        The folder of the document.

    Returns
    -------
    str
        Its address in the document.

    Raises
    ------
    FileNotFoundError
        If the site does not have it.
    """
    path = site / "_static" / name
    if not path.exists():
        raise FileNotFoundError(f"the site lacks {path}, which the print needs")
    return moved(name, path, folder)


def titles_of(chapters: Sequence[Chapter]) -> dict[str, str]:
    """List the titles of the chapters, and of the answers if there are any.

    Parameters
    ----------
    chapters : sequence of Chapter
        The chapters.

    Returns
    -------
    dict of str to str
        The title of each, by its id, in order.
    """
    titles = {chapter.name: chapter.title for chapter in chapters}
    return titles | ({ANSWERS: ANSWERS_TITLE} if any(chapter.answers for chapter in chapters) else {})


def style_sheet(chapters: Sequence[Chapter]) -> str:
    """Write the style sheet: the book's own, its fonts, and a running title for each chapter.

    Parameters
    ----------
    chapters : sequence of Chapter
        The chapters.

    Returns
    -------
    str
        CSS.
    """
    folder = Path(matplotlib.get_data_path(), "fonts", "ttf")
    return "\n".join(
        [
            *(
                f'@font-face {{ font-family: "{family}"; font-style: {style}; font-weight: {weight};'
                f' src: url("{(folder / file).as_uri()}"); }}'
                for family, file, style, weight in FONTS
            ),
            (files(__package__) / "static" / "print.css").read_text(encoding="utf-8"),
            *(
                f".in-{name} {{ page: in-{name}; }}\n"
                f"@page in-{name} {{ @top-left {{ content: {css_string(title)}; }} }}"
                for name, title in titles_of(chapters).items()
            ),
        ]
    )


def css_string(text: str) -> str:
    """Quote a text for CSS.

    Parameters
    ----------
    text : str
        The text.

    Returns
    -------
    str
        A CSS string.

    Examples
    --------
    >>> print(css_string('The "best" case'))
    "The \\22 best\\22  case"
    """
    return '"' + text.replace("\\", "\\5c ").replace('"', "\\22 ") + '"'


def cover_page(facts: Facts, picture: str) -> str:
    """Write the cover.

    Parameters
    ----------
    facts : Facts
        What the book says of itself.
    picture : str
        The address of the picture.

    Returns
    -------
    str
        HTML.
    """
    return f"""<section class="cover">
<p class="cover-title">{escape(facts.title)}</p>
<p class="cover-subtitle">{escape(facts.subtitle)}</p>
<img src="{escape(picture)}" alt="">
<p class="cover-authors">{escape(facts.authors)}</p>
<p class="cover-edition">{escape(facts.edition)}</p>
</section>"""


def imprint(facts: Facts) -> str:
    """Write the page behind the cover.

    Parameters
    ----------
    facts : Facts
        What the book says of itself.

    Returns
    -------
    str
        HTML.
    """
    return f"""<section class="imprint">
<p><strong>{escape(facts.title)}</strong><br>{escape(facts.subtitle)}</p>
<p>{escape(facts.authors)}<br>{escape(facts.edition)}</p>
<p>Text, figures and data are under the Creative Commons Attribution 4.0 International licence (CC BY 4.0,
https://creativecommons.org/licenses/by/4.0/): copy and change them as you like, and say where they come from.
The code is under the MIT licence.</p>
<p>The book is a set of notebooks that run. This is their print: it leaves out the code that the site folds away,
such as what draws the charts, a chart with sliders stands at its first setting, and the answers to the exercises
are at the end. The number after the title of another chapter is the page it begins on.</p>
</section>"""


def contents(facts: Facts, chapters: Sequence[Chapter]) -> str:
    """Write the table of contents.

    Parameters
    ----------
    facts : Facts
        What the book says of itself.
    chapters : sequence of Chapter
        Its chapters.

    Returns
    -------
    str
        HTML.
    """
    titles = titles_of(chapters)
    lines = []
    for part in facts.parts:
        if part.caption:
            lines.append(f'<p class="contents-part">{escape(part.caption)}</p>')
        names = [chapter_name(page) for page in part.pages]
        lines += ["<ul>", *(contents_line(name, titles[name]) for name in names), "</ul>"]
    if ANSWERS in titles:
        lines += ["<ul>", contents_line(ANSWERS, ANSWERS_TITLE), "</ul>"]
    return "\n".join([f'<section class="contents" id="{CONTENTS}">', "<h1>Contents</h1>", *lines, "</section>"])


def contents_line(name: str, title: str) -> str:
    """Write one line of the contents.

    Parameters
    ----------
    name : str
        The id of the chapter.
    title : str
        Its title.

    Returns
    -------
    str
        HTML.

    Examples
    --------
    >>> contents_line("notation", "Read the notation")
    '<li><a href="#notation"><span>Read the notation</span><i></i><span data-page="notation">000</span></a></li>'
    """
    return (
        f'<li><a href="#{name}"><span>{escape(title)}</span><i></i><span data-page="{name}">000</span></a></li>'
    )


def part_note(caption: str) -> str:
    """Write the name of the part that begins with a chapter.

    Parameters
    ----------
    caption : str
        The name; empty for a chapter inside a part.

    Returns
    -------
    str
        HTML.
    """
    return f'<p class="part">{escape(caption)}</p>' if caption else ""


def answers(chapters: Sequence[Chapter]) -> str:
    """Write the appendix with the answers.

    Parameters
    ----------
    chapters : sequence of Chapter
        The chapters.

    Returns
    -------
    str
        HTML; nothing if no chapter has an answer.
    """
    lines = list(answers_of_chapters(chapters))
    if not lines:
        return ""
    opening = f'<div class="chapter in-{ANSWERS}"><section id="{ANSWERS}">\n<h1>{ANSWERS_TITLE}</h1>'
    return "\n".join([opening, *lines, "</section></div>"])


def answers_of_chapters(chapters: Sequence[Chapter]) -> Iterator[str]:
    """Write the answers, chapter by chapter.

    Parameters
    ----------
    chapters : sequence of Chapter
        The chapters.

    Yields
    ------
    str
        HTML.
    """
    for chapter in chapters:
        if chapter.answers:
            yield f"<h2>{escape(chapter.title)}</h2>"
        for answer in chapter.answers:
            back = f'<a href="#{answer.exercise}">page <span data-page="{answer.exercise}">000</span></a>'
            head = f'<p class="to-exercise">{back}</p><h3>{answer.title}</h3>'
            yield f'<div class="answer"><div class="answer-head">{head}</div>{answer.body}</div>'
