"""The whole book as one HTML document for paper, from `templates/book.html`."""

import json
from collections.abc import Sequence
from pathlib import Path

import matplotlib
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from book_site import chart_colours, content_security, mathematics
from book_tools.contents import Part

from .chapter import Chapter, address_in_folder, chapter_id
from .markup import page_number
from .metadata import Metadata

SITE_SHEETS = ("pygments.css", *(part.STYLE_SHEET for part in (chart_colours, mathematics, content_security)))
"""The site's style sheets that print needs: the colours of code, and mathematics."""
PRINT_SHEET = Path(__file__).parent / "static" / "print.css"
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


def write_book_html(
    metadata: Metadata, parts: Sequence[Part], chapters: Sequence[Chapter], cover: Path, site: Path, folder: Path
) -> str:
    """Write the document that will stand in the folder."""
    environment = Environment(loader=PackageLoader(__package__), autoescape=True, undefined=StrictUndefined)
    environment.filters |= {"html": lambda element: Markup(str(element)), "chapter_id": chapter_id}
    titles = chapter_titles(chapters)
    return environment.get_template("book.html").render(
        metadata=metadata,
        parts=parts,
        captions={chapter_id(part.pages[0]): part.caption for part in parts if part.caption},
        chapters=chapters,
        titles=titles,
        answers_id=ANSWERS,
        page_number=lambda place: Markup(page_number(place)),
        cover=address_in_folder(cover.name, cover, folder),
        sheets=[site_sheet(name, site, folder) for name in SITE_SHEETS],
        style=Markup("\n".join([*font_faces(), PRINT_SHEET.read_text(encoding="utf-8"), *running_titles(titles)])),
    )


def chapter_titles(chapters: Sequence[Chapter]) -> dict[str, str]:
    """Return the titles of the chapters by id, and that of the answers if there are any."""
    titles = {chapter.id: chapter.title for chapter in chapters}
    return titles | ({ANSWERS: ANSWERS_TITLE} if any(chapter.answers for chapter in chapters) else {})


def site_sheet(name: str, site: Path, folder: Path) -> str:
    """Return the address of one of the site's style sheets."""
    path = site / "_static" / name
    if not path.exists():
        raise FileNotFoundError(f"the site lacks {path}, which the print needs")
    return address_in_folder(name, path, folder)


def font_faces() -> list[str]:
    """Write the CSS that names the fonts' files."""
    folder = Path(matplotlib.get_data_path(), "fonts", "ttf")
    return [
        f'@font-face {{ font-family: "{family}"; font-style: {style}; font-weight: {weight};'
        f' src: url("{(folder / file).as_uri()}"); }}'
        for family, file, style, weight in FONTS
    ]


def running_titles(titles: dict[str, str]) -> list[str]:
    """Write the CSS that puts each chapter's title at the top of its pages."""
    return [
        f".in-{chapter} {{ page: in-{chapter}; }}\n"
        f"@page in-{chapter} {{ @top-left {{ content: {json.dumps(title, ensure_ascii=False)}; }} }}"
        for chapter, title in titles.items()
    ]
