"""What a page's link shows where it is shared: title, answer, and pictures drawn by code."""

import re
import struct
from types import SimpleNamespace

import pytest
from docutils import nodes
from sphinx.errors import ExtensionError

from book_site.answer import answer_in
from book_site.chart_colours import DARK
from book_site.pictures import (
    ICON,
    ICON_PNG,
    PREVIEW,
    TOUCH_ICON,
    first_chart,
    icon,
    preview,
    subtitle_of,
    write_pictures,
)
from book_site.social import add_description, add_icons
from conftest import BOOK
from llm_latency.palette import COLOURS

ANSWER = nodes.strong("", "", nodes.Text("Two "), nodes.math(text="12h^2"), nodes.Text(" &\nweights."))
SUBTITLE = nodes.emphasis(text="What it is")


def page(*contents):
    paragraphs = [nodes.paragraph("", "", *(child.deepcopy() for child in line)) for line in contents]
    return nodes.section("", nodes.title(text="A page"), *paragraphs)


@pytest.mark.parametrize(
    ("lines", "answer"),
    [
        ([[SUBTITLE], [ANSWER], [nodes.Text("More.")]], "Two 12h² & weights."),
        ([[SUBTITLE], [nodes.Text(""), ANSWER]], "Two 12h² & weights."),
        ([[nodes.Text("Only "), nodes.strong(text="partly")]], "Only partly"),
        ([], ""),
    ],
)
def test_the_answer_is_the_bold_line_or_else_the_first_one(lines, answer):
    assert answer_in(page(*lines)) == answer


def metatags(address):
    app = SimpleNamespace(
        env=SimpleNamespace(
            titles={"page": nodes.title(text="A page")}, metadata={"page": {"description": "Two 12h² & weights."}}
        ),
        config=SimpleNamespace(html_baseurl=address, html_title="A <book>", root_doc="index"),
    )
    context = {"pageurl": f"{address}/page.html", "pathto": lambda name, resource: f"../{name}"}
    add_icons(app, "page", "page.html", context, None)
    add_description(app, "page", "page.html", context, nodes.document(None, None))
    return context["metatags"]


def test_a_site_without_an_address_names_none():
    tags = metatags("")
    assert 'property="og:title" content="A page"' in tags
    assert 'property="og:description" content="Two 12h² &amp; weights."' in tags
    assert 'property="og:site_name" content="A &lt;book&gt;"' in tags
    assert 'name="twitter:card" content="summary"' in tags
    assert not re.search("og:url|og:image|http", tags)


@pytest.mark.parametrize("address", ["https://example.org/book", "https://example.org/book/"])
def test_a_site_with_an_address_names_page_and_picture(address):
    tags = metatags(address)
    assert 'property="og:url" content="https://example.org/book/' in tags
    assert f'property="og:image" content="https://example.org/book/_static/{PREVIEW}"' in tags
    assert 'name="twitter:card" content="summary_large_image"' in tags


def test_a_page_without_a_source_has_icons_only():
    context = {"pathto": lambda name, resource: name}
    add_icons(None, "search", "search.html", context, None)
    add_description(None, "search", "search.html", context, None)
    for name in (ICON, ICON_PNG, TOUCH_ICON):
        assert f'href="_static/{name}"' in context["metatags"]
    assert "og:" not in context["metatags"]


def size_of(png):
    assert png.startswith(b"\x89PNG")
    return struct.unpack(">II", png[16:24])


def test_the_pictures_are_drawn_in_the_sizes_that_the_tags_give(tmp_path):
    (tmp_path / "_static").mkdir()
    app = SimpleNamespace(
        outdir=tmp_path,
        builder=SimpleNamespace(format="html"),
        config=SimpleNamespace(root_doc="index", html_title="A book of sums & products"),
        env=SimpleNamespace(get_doctree=lambda name: page([SUBTITLE]), doc2path=lambda name: BOOK / f"{name}.ipynb"),
    )
    write_pictures(app, None)
    sizes = {path.name: size_of(path.read_bytes()) for path in (tmp_path / "_static").glob("*.png")}
    assert sizes == {ICON_PNG: (32, 32), TOUCH_ICON: (180, 180), PREVIEW: (1200, 630)}
    assert (tmp_path / "_static" / ICON).read_text(encoding="utf-8") == icon()


def test_the_preview_shows_title_and_line_and_refuses_what_has_no_room():
    chart = first_chart(BOOK / "index.ipynb")
    drawn = preview("A book of sums & products", "What it is, in few words", chart)
    assert re.findall(r"<text[^>]*>([^<]*)</text>", drawn) == [
        "A book of", "sums &amp;", "products", "What it is, in few words",
    ]
    assert chart.count("<path") == drawn.count("<path")
    with pytest.raises(ExtensionError, match="shorten"):
        preview("A book of sums & products", "What it is, in far too many words. " * 10, chart)


def test_the_icon_has_the_books_colours_in_both_modes():
    for colour in (COLOURS["memory bandwidth"], COLOURS["arithmetic"]):
        assert colour in icon()
        assert DARK[colour.lower()] in icon()


def test_a_first_page_without_subtitle_or_chart_is_refused():
    with pytest.raises(ExtensionError, match="italics"):
        subtitle_of(page([ANSWER]))
    with pytest.raises(ExtensionError, match="stores no SVG"):
        first_chart(BOOK / "notation.ipynb")
