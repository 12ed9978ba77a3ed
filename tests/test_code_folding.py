"""Folded cells say what they hide, share one line if adjacent, and open with one button."""

import shutil
from importlib.resources import files
from types import SimpleNamespace

import pytest
from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode

from book_site.code_folding import BUTTON, BUTTONS_OF_THE_THEME, JoinFolds, offer_button, place_button, visit_fold
from transforms import apply

STATIC, TEMPLATES = files("book_site") / "static", files("book_site") / "templates"


@pytest.mark.parametrize(
    ("place", "content"), [("above-input", "the code"), ("below-input", "the output"), ("above-output", "the output")]
)
def test_a_fold_is_named_after_its_content(place, content):
    translator = SimpleNamespace(body=[])
    visit_fold(translator, HideCodeCellNode("", classes=[place]))
    html = "".join(translator.body)
    assert html.startswith(f'<details class="admonition hide {place}">')
    assert "<summary>\n" in html
    assert f">Show {content}<" in html
    assert f">Hide {content}<" in html


def cell(name, output="", folded=True):
    """Return a cell whose code is its name."""
    code = nodes.literal_block("", name)
    parts = [HideCodeCellNode("", code, classes=["above-input"]) if folded else code]
    if output:
        parts.append(nodes.paragraph("", output))
    return nodes.container("", *parts, nb_element="cell_code", ids=[name])


def test_adjacent_folds_become_one_until_an_output_follows():
    page = nodes.section("", cell("a"), cell("b"), cell("c", output="1"), cell("d"), nodes.paragraph(), cell("e"))
    page += [cell("f", folded=False), cell("g")]
    apply(JoinFolds, page)
    cells = [node for node in page if isinstance(node, nodes.container)]
    assert [node["ids"] for node in cells] == [["c", "b", "a"], ["d"], ["e"], ["f"], ["g"]]
    assert [code.astext() for code in cells[0].children[0]] == ["a", "b", "c"]
    assert cells[0].children[1].astext() == "1"


@pytest.mark.parametrize(
    ("page", "offered"),
    [
        (nodes.section("", cell("a")), True),
        (nodes.section("", cell("a", folded=False)), False),
        (nodes.section("", nodes.container()), False),
        (None, False),
    ],
)
def test_only_a_page_with_folded_code_has_the_button(page, offered):
    scripts, context = [], {}
    app = SimpleNamespace(add_js_file=lambda name, **options: scripts.append(name))
    offer_button(app, "page", "page.html", context, page)
    assert context["has_folded_code"] == offered
    assert scripts == ["all-code.js"] * offered
    assert all((STATIC / name).is_file() for name in scripts)


def test_the_button_comes_before_the_themes():
    config = SimpleNamespace(html_theme_options={})
    place_button(None, config)
    assert config.html_theme_options["article_header_end"] == [BUTTON, BUTTONS_OF_THE_THEME]
    assert "has_folded_code" in (TEMPLATES / BUTTON).read_text(encoding="utf-8")


FOLD = '<details class="hide above-input"><summary>Show the code</summary><pre>1</pre></details>'
OTHER_FOLD = '<details class="hide below-input"><summary>Show the output</summary><pre>1</pre></details>'


@pytest.fixture
def address(tmp_path):
    """Write a page with folds and the button, beside its script."""
    shutil.copy(str(STATIC / "all-code.js"), tmp_path)
    template = (TEMPLATES / BUTTON).read_text(encoding="utf-8")
    button = template[template.index("<button") : template.index("{%- endif")]
    html = f'<!doctype html><title>Folds</title>{button}{FOLD}{OTHER_FOLD}{FOLD}<script src="all-code.js"></script>'
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    return (tmp_path / "page.html").as_uri()


def test_the_button_opens_all_code_and_is_remembered(new_page, address):
    page = new_page()
    page.goto(address)
    button, is_open = page.get_by_role("button", name="Show all code"), "folds => folds.map((fold) => fold.open)"
    folds = page.locator("details")
    assert button.get_attribute("aria-pressed") == "false"
    button.focus()
    page.keyboard.press("Enter")
    assert button.get_attribute("aria-pressed") == "true"
    assert folds.evaluate_all(is_open) == [True, False, True]
    page.reload()
    assert button.get_attribute("aria-pressed") == "true"
    assert folds.evaluate_all(is_open) == [True, False, True]
    button.click()
    page.reload()
    assert folds.evaluate_all(is_open) == [False, False, False]
