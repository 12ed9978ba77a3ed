"""What a page's head says about it: a description, and what its link shows when shared."""

import re
import struct
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup
from docutils import nodes
from sphinx.errors import ExtensionError

import draw_pictures
from book_site.answer_line import answer_line
from book_site.head_metadata import ICONS, PREVIEW, PREVIEW_SIZE, add_metadata, keep_description
from conftest import BOOK
from llm_latency.charts.palette import LIGHT_AND_DARK

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
    assert answer_line(page(*lines)) == answer


def app_with(address):
    return SimpleNamespace(
        env=SimpleNamespace(
            docname="page",
            titles={"page": nodes.title(text="A page")},
            metadata={"page": {"description": "Two 12h² & weights."}},
        ),
        config=SimpleNamespace(html_baseurl=address, html_title="A <book>", root_doc="index"),
    )


def metatags(address):
    context = {"pageurl": f"{address}/page.html", "pathto": lambda name, resource: f"../{name}"}
    add_metadata(app_with(address), "page", "page.html", context, nodes.document(None, None))
    return context["metatags"]


def test_a_page_is_described_by_its_answer(caplog):
    app = app_with("")
    document = page([nodes.strong(text='"Both" & more.')])
    keep_description(app, document)
    context = {"metatags": '<meta name="robots">', "pathto": lambda name, resource: name}
    add_metadata(app, "page", "page.html", context, document)
    described = BeautifulSoup(context["metatags"], "html.parser").select("meta[name]")
    assert [tag.get("content") for tag in described] == [None, '"Both" & more.', "summary"]
    assert '<meta name="description" content="&quot;Both&quot; &amp; more."' in context["metatags"]
    assert not caplog.records


def test_a_page_without_an_answer_is_warned_about(caplog):
    keep_description(app_with(""), page())
    assert len(caplog.records) == 1


def test_a_page_whose_answer_plain_text_cannot_show_is_refused():
    formula = nodes.strong("", "", nodes.math(text=r"\frac{a}{b}"))
    with pytest.raises(ExtensionError, match=r"page: .*\$\\frac\{a\}\{b\}\$"):
        keep_description(app_with(""), page([formula]))


def test_a_site_without_an_address_gives_none():
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


def test_a_page_without_a_source_has_its_name_and_icons_only():
    context = {"pathto": lambda name, resource: name}
    add_metadata(app_with(""), "search", "search.html", context, None)
    assert 'content="A &lt;book&gt;: search"' in context["metatags"]
    for _, name, _ in ICONS:
        assert f'href="_static/{name}"' in context["metatags"]
    assert "og:" not in context["metatags"]


def size_of(name):
    png = (draw_pictures.STATIC / name).read_bytes()
    assert png.startswith(b"\x89PNG")
    return struct.unpack(">II", png[16:24])


def test_the_committed_pictures_have_the_sizes_that_the_tags_give():
    assert size_of(PREVIEW) == PREVIEW_SIZE == (1200, 630)
    assert size_of("touch-icon.png") == (180, 180)
    [size] = [attributes["sizes"] for _, name, attributes in ICONS if name == "icon.png"]
    assert size == "{}x{}".format(*size_of("icon.png"))


def test_the_committed_icon_is_drawn_in_the_books_colours_for_both_modes():
    icon = (draw_pictures.STATIC / "icon.svg").read_text(encoding="utf-8")
    assert icon == draw_pictures.icon(), "run make pictures"
    for name in ("memory bandwidth", "arithmetic"):
        assert all(colour in icon for colour in LIGHT_AND_DARK[name])


def test_the_preview_shows_title_and_subtitle_and_refuses_those_that_do_not_fit():
    subtitle, chart = draw_pictures.first_page(BOOK / "index.ipynb")
    assert subtitle.endswith(".")
    drawn = draw_pictures.preview("A book of sums & products", "What it is, in few words", chart)
    assert re.findall(r"<text[^>]*>([^<]*)</text>", drawn) == [
        "A book of",
        "sums &amp;",
        "products",
        "What it is, in few words",
    ]
    assert chart.count("<path") == drawn.count("<path")
    with pytest.raises(ValueError, match="shorten"):
        draw_pictures.preview("A book of sums & products", "What it is, in far too many words. " * 10, chart)


def test_a_first_page_without_a_chart_is_refused():
    with pytest.raises(ValueError, match="needs a line in italics under its title and an SVG"):
        draw_pictures.first_page(BOOK / "notation.ipynb")
