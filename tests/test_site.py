"""The checks that fail a build, each shown to fail."""

from types import SimpleNamespace

import pytest
from docutils import nodes

from book_site.cells import name_cells
from book_site.figures import warn_about_missing_alt
from book_site.offline import outside_resources, warn_about_outside_resources
from conftest import NOTEBOOKS, ROOT


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
    app = SimpleNamespace(builder=SimpleNamespace(format="html"), outdir=tmp_path)
    warn_about_outside_resources(app, None)
    messages = " ".join(record.getMessage() for record in caplog.records)
    assert "https://example.org/a.js" in messages
    assert "https://example.org/b.css" in messages


@pytest.mark.parametrize(("alt", "count"), [({}, 1), ({"alt": " "}, 1), ({"alt": "A chart."}, 0)])
def test_an_image_without_words_is_warned_about(alt, count, caplog):
    document = nodes.section("", nodes.image(uri="chart.svg", **alt))
    warn_about_missing_alt(None, document, "page")
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
    name_cells(SimpleNamespace(env=env), page)
    cells = NOTEBOOKS["index"].cells
    assert [node["ids"] for node in page] == [[cells[3]["id"]], [cells[5]["id"]], []]
    assert labels[cells[3]["id"]] == ("book/index", cells[3]["id"])


def test_a_page_that_is_no_notebook_has_no_cells(tmp_path):
    env = SimpleNamespace(docname="page", doc2path=lambda name: tmp_path / "page.md")
    name_cells(SimpleNamespace(env=env), nodes.section())
