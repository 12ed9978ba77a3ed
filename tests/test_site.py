"""The checks that fail a build, each shown to fail."""

import base64
import io
import re
from types import SimpleNamespace

import nbformat
import pytest
from docutils import nodes
from docutils.core import publish_parts
from docutils.writers.html5_polyglot import HTMLTranslator, Writer
from fontTools.ttLib import TTFont
from sphinx.builders.html._assets import _JavaScript
from sphinx.errors import ExtensionError

from book_site import icon_font
from book_site.accessibility import WarnAboutMissingAltText, visit_citation, visit_table_cell
from book_site.cell_anchors import add_cell_anchors
from book_site.deferred_scripts import defer_scripts
from book_site.head_metadata import keep_description
from book_site.mathematics import MathJax, formula_html, used_characters
from book_site.outside_resources import outside_resources, warn_about_outside_resources
from conftest import BOOK, ROOT
from transforms import apply


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://example.org/a.js"></script>',
        '<img src="//example.org/a.png" alt="a">',
        '<link rel="stylesheet" href="http://example.org/a.css">',
        '<iframe src="https://example.org"></iframe>',
        '<img srcset="a.png, https://example.org/b.png 2x" alt="a">',
        '<script type="module">import a from "https://example.org/a.js"</script>',
        '<script>import("https://example.org/a.js")</script>',
        "<style>@import 'https://example.org/a.css';</style>",
        '<p style="background: url(https://example.org/a.png)">a</p>',
    ],
)
def test_a_resource_from_outside_is_found(html):
    assert len(outside_resources(html)) == 1


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://example.org">a link</a>',
        '<script src="../_static/a.js"></script>',
        '<link rel="canonical" href="https://example.org">',
        '<p data-note="https://example.org"></p>',
        "<p>In CSS one writes url(https://example.org/a.png).</p>",
        '<img src="data:image/png;base64,AA//uQ" alt="a">',
        '<script type="application/json">{"$schema": "https://example.org"}</script>',
    ],
)
def test_links_and_own_resources_are_fine(html):
    assert outside_resources(html) == []


def test_a_site_that_loads_from_outside_is_warned_about(tmp_path, caplog):
    (tmp_path / "page.html").write_text('<script src="https://example.org/a.js"></script>', encoding="utf-8")
    (tmp_path / "own.css").write_text("@import 'https://example.org/b.css';", encoding="utf-8")
    warn_about_outside_resources(SimpleNamespace(outdir=tmp_path))
    messages = " ".join(record.getMessage() for record in caplog.records)
    assert "https://example.org/a.js" in messages
    assert "https://example.org/b.css" in messages


@pytest.mark.parametrize(("alt", "count"), [({}, 1), ({"alt": " "}, 1), ({"alt": "A chart."}, 0)])
def test_an_image_without_words_is_warned_about(alt, count, caplog):
    page = nodes.section("", nodes.image(uri="chart.svg", **alt))
    apply(WarnAboutMissingAltText, page, SimpleNamespace(docname="page"))
    assert len(caplog.records) == count


def test_every_code_cell_becomes_a_target():
    page = nodes.section(
        "",
        nodes.container(nb_element="cell_code", cell_index=3),
        nodes.container(nb_element="cell_code", cell_index=5),
        nodes.container(),
    )
    labels = {}
    env = SimpleNamespace(
        docname="book/index", doc2path=lambda name: ROOT / f"{name}.ipynb",
        get_domain=lambda name: SimpleNamespace(anonlabels=labels),
    )
    add_cell_anchors(SimpleNamespace(env=env), page)
    cells = nbformat.read(BOOK / "index.ipynb", as_version=4).cells
    assert [node["ids"] for node in page] == [[cells[3]["id"]], [cells[5]["id"]], []]
    assert labels[cells[3]["id"]] == ("book/index", cells[3]["id"])


def test_a_page_that_is_not_a_notebook_has_no_cells(tmp_path):
    env = SimpleNamespace(docname="page", doc2path=lambda name: tmp_path / "page.md")
    add_cell_anchors(SimpleNamespace(env=env), nodes.section())


@pytest.fixture(scope="module")
def mathjax():
    return MathJax()


def test_mathematics_is_set_with_a_copy_for_screen_readers(mathjax):
    html = mathjax.html(r"t_\mathrm{decode} = \frac{a}{b}", display=True)
    assert "<mjx-mfrac" in html
    assert "<mjx-assistive-mml" in html
    assert r"\frac" not in html


@pytest.mark.parametrize("tex", [r"\frac{a}", r"\undefined", r"{", r"a & b"])
def test_mathematics_that_cannot_be_set_is_refused(mathjax, tex):
    with pytest.raises(ValueError, match="MathJax cannot set"):
        mathjax.html(tex, display=False)


def test_a_formula_that_cannot_be_set_is_warned_about(caplog):
    assert "<code>" in formula_html(nodes.math("", r"\undefined"))
    assert len(caplog.records) == 1


def fonts_in(css):
    """Return the fonts in a style sheet, by their family."""
    face = r'font-family: "?([\w -]+)"?;\s*(?:font-weight: \d+;\s*)?src: url\("data:font/woff;base64,([^"]+)"'
    faces = re.findall(face, css)
    return {family: TTFont(io.BytesIO(base64.b64decode(data))) for family, data in faces}


def test_the_style_sheet_carries_the_characters_in_use_and_no_others(mathjax):
    mathjax.html(r"\left(\sum_x \mathbb{R}\right) = \mathbf{v}", display=True)
    css = mathjax.style_sheet()
    assert "woff-v2" not in css
    fonts = fonts_in(css)
    assert fonts.keys() >= {"MJXZERO", "MJXTEX", "MJXTEX-I", "MJXTEX-B", "MJXTEX-A"}
    assert "MJXTEX-FR" not in fonts, "nothing is set in Fraktur"
    for family, characters in used_characters(css).items():
        assert {ord(character) for character in characters} <= fonts[f"MJX{family}"].getBestCmap().keys()
    assert len(fonts["MJXTEX-B"].getBestCmap()) == 1


@pytest.mark.parametrize(
    ("font", "names"), [(icon_font.SOLID, ("bars", "xmark")), (icon_font.BRANDS, ("github", "gitlab"))]
)
def test_every_icon_is_in_the_small_font(font, names):
    css = icon_font.icon_rules(font, names)
    assert fonts_in(css).keys() == {font.family}
    [small] = fonts_in(css).values()
    codes = {int(code, 16) for code in re.findall(r'content: "\\([0-9a-f]+)"', css)}
    assert codes == small.getBestCmap().keys()
    assert len(codes) == 2


def test_an_icon_that_is_not_there_is_refused_or_warned_about(tmp_path, caplog):
    with pytest.raises(ValueError, match="has no icon no-such-icon"):
        icon_font.icon_rules(icon_font.SOLID, ("bars", "no-such-icon"))
    classes = ("fas fa-bars", "fa-solid fa-ghost", "fas fa-gift")
    (tmp_path / "page.html").write_text("".join(f'<i class="{each}"></i>' for each in classes), "utf-8")
    icon_font.warn_about_missing_icons(SimpleNamespace(outdir=tmp_path))
    assert [record.args[1] for record in caplog.records] == ["ghost", "gift"]


def test_script_files_wait_for_the_page():
    names = [None, "_static/documentation_options.js", "_static/a.js"]
    scripts = [*map(_JavaScript, names), _JavaScript("_static/b.js", defer="")]
    page, search = {"script_files": scripts}, {"script_files": scripts}
    defer_scripts(None, "page", "page.html", page, None)
    assert [script.attributes for script in page["script_files"]] == [{}, {}, {"defer": "defer"}, {"defer": ""}]
    defer_scripts(None, "search", "search.html", search, None)
    assert [script.attributes for script in search["script_files"]] == [{}, {}, {}, {"defer": ""}]


def page_with(*paragraphs):
    """Build a page with a title and paragraphs."""
    return nodes.container("", nodes.section("", nodes.title(text="Why?"), *paragraphs))


def test_a_page_without_an_answer_is_warned_about(caplog):
    app = SimpleNamespace(env=SimpleNamespace(docname="page", metadata={"page": {}}))
    keep_description(app, page_with())
    assert len(caplog.records) == 1


def test_a_page_whose_answer_plain_text_cannot_show_is_refused():
    app = SimpleNamespace(env=SimpleNamespace(docname="page", metadata={"page": {}}))
    formula = nodes.strong("", "", nodes.math(text=r"\frac{a}{b}"))
    with pytest.raises(ExtensionError, match=r"page: .*\$\\frac\{a\}\{b\}\$"):
        keep_description(app, page_with(nodes.paragraph("", "", formula)))


class MendingTranslator(HTMLTranslator):
    """Write HTML with the package's own writers of citations and cells."""

    def visit_citation(self, node):
        visit_citation(self, node)

    def visit_entry(self, node):
        visit_table_cell(self, node)


def html_of(source):
    writer = Writer()
    writer.translator_class = MendingTranslator
    return publish_parts(source, writer=writer)["body"]


def test_references_are_the_items_of_a_list():
    html = html_of(".. [A] First.\n.. [B] Second.\n")
    assert html.count('role="list"') == 1
    assert html.count('role="listitem"') == 2
    assert "doc-biblioentry" not in html


def test_the_empty_corner_of_a_table_is_not_a_header():
    html = html_of("===  ===\n\\    b\n===  ===\nc    d\n===  ===\n")
    assert html.count("<th ") == html.count("</th>") == 1
    assert html.count("<td") == html.count("</td>") == 3
