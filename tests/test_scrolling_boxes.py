"""Wide tables scroll and say so, long ones can be filtered, wordy ones are cards on a phone."""

from importlib.resources import files
from types import SimpleNamespace

import pytest
from docutils import nodes

from book_site.scrolling_boxes import add_assets

STATIC = files("book_site") / "static"
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 800}
MEASURED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))"
"""Waits until a frame is drawn: the boxes are measured at its end, after the page has loaded."""


@pytest.mark.parametrize(
    ("node", "loaded"),
    [
        *((kind(), True) for kind in (nodes.table, nodes.math_block, nodes.literal_block, nodes.doctest_block)),
        (nodes.paragraph(), False),
        (None, False),
    ],
)
def test_only_pages_with_boxes_load_the_assets(node, loaded):
    names = []

    def add(name, **options):
        names.append(name)

    app = SimpleNamespace(add_css_file=add, add_js_file=add)
    add_assets(app, "page", "page.html", {}, node and nodes.section("", node))
    assert names == (["scrolling-boxes.css", "scrolling-boxes.js"] if loaded else [])
    assert all((STATIC / name).is_file() for name in names)


def table(rows, columns, cell):
    head = "".join(f"<th>column {number}</th>" for number in range(columns))
    line = "".join(f"<td>{cell}</td>" for _ in range(columns - 1))
    body = "".join(f"<tr><td>row {number} of Name-{number % 7}</td>{line}</tr>" for number in range(rows))
    return (
        '<div class="pst-scrollable-table-container"><table class="table">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


PAGE = f"""
<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Boxes</title>
<link rel="stylesheet" href="scrolling-boxes.css">
<style>
:root {{ --pst-color-border: #888 }}
.pst-scrollable-table-container, .math-scroll {{ overflow-x: auto }}
tbody tr > :nth-child(n + 4) {{ white-space: nowrap }}
td {{ padding: 0.5rem }}
</style>
{table(3, 2, "1")}
{table(30, 9, "12345.678")}
{table(3, 3, "a sentence that is far too long for a column of numbers on a phone")}
<div class="math-scroll"><div style="width: 600px">E = mc²</div></div>
<div style="width: 100px">{table(1, 3, "12.5 thousand")}</div>
<div style="width: 100px">{table(1, 3, "some plain words")}</div>
<div class="cell_input"><pre style="overflow-x: auto">{"x" * 200}</pre></div>
{table(1, 2, "<code>bandwidth_efficiency</code> is a name in a long sentence")}
<script src="scrolling-boxes.js"></script>
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Write a page with boxes, beside the assets."""
    folder = tmp_path_factory.mktemp("boxes")
    for name in ("scrolling-boxes.css", "scrolling-boxes.js"):
        (folder / name).write_text((STATIC / name).read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "page.html").write_text(PAGE, encoding="utf-8")
    return (folder / "page.html").as_uri()


@pytest.fixture
def open_page(new_page, address):
    """Return what opens the page in a window of a given size, with its boxes measured."""

    def opened(viewport):
        page = new_page(viewport=viewport)
        page.goto(address)
        page.evaluate(MEASURED)
        return page

    return opened


def boxes(page):
    return page.locator(".pst-scrollable-table-container, .math-scroll")


def test_a_box_that_scrolls_is_reached_by_keyboard_and_named(open_page):
    page = open_page(PHONE)
    named = [boxes(page).nth(number).get_attribute("aria-label") for number in range(4)]
    assert named[0] is None
    assert named[1].startswith("Table 2: column 0, column 1")
    assert named[3] == "Box 4: an equation"
    assert boxes(page).nth(1).get_attribute("tabindex") == "0"
    assert boxes(page).nth(1).get_attribute("role") == "region"
    page.set_viewport_size(DESK)
    page.wait_for_function("!document.querySelector('.math-scroll').hasAttribute('role')")
    assert boxes(page).nth(3).get_attribute("tabindex") is None


def test_the_faded_edge_goes_when_the_end_is_reached(open_page):
    page = open_page(PHONE)
    wide = boxes(page).nth(1)
    assert "more-right" in wide.get_attribute("class")
    wide.evaluate("box => box.scrollTo(box.scrollWidth, 0)")
    page.wait_for_function("!document.querySelectorAll('.pst-scrollable-table-container')[1].matches('.more-right')")
    first, box = wide.locator("td").first.bounding_box(), wide.bounding_box()
    assert first["x"] == pytest.approx(box["x"], abs=2), "the first column stays in view"


def test_a_long_table_can_be_filtered(open_page):
    page = open_page(DESK)
    assert page.get_by_label("Only rows with").count() == 1
    page.get_by_label("Only rows with").fill("name-3 17")
    rows = [row.inner_text().split("\t")[0] for row in page.locator("tbody").nth(1).locator("tr:visible").all()]
    assert rows == ["row 17 of Name-3"]
    assert page.locator("output").inner_text() == "1 of 30"
    page.get_by_label("Only rows with").fill("no such row")
    assert page.locator("output").inner_text() == "no row matches"


def test_rows_of_sentences_are_cards_on_a_phone_and_stay_a_table_for_a_screen_reader(open_page):
    page = open_page(PHONE)
    wordy = page.locator("table").nth(2)
    cell = wordy.locator("td").nth(1)
    assert cell.evaluate("cell => getComputedStyle(cell).display") == "flow-root"
    assert cell.evaluate("cell => getComputedStyle(cell, '::before').content") == '"column 1"'
    assert page.get_by_role("table").nth(2).get_by_role("row").nth(1).get_by_role("cell").count() == 3
    page.set_viewport_size(DESK)
    assert cell.evaluate("cell => getComputedStyle(cell).display") == "table-cell"


@pytest.mark.parametrize("breaks", [True, False])
def test_a_card_is_as_high_as_its_labels(open_page, breaks):
    page = open_page(PHONE)
    cell = page.locator("table").nth(2).locator("td").nth(1)
    if not breaks:
        cell.evaluate("cell => cell.classList.add('whole')")
    heights = "cell => [cell.clientHeight, parseFloat(getComputedStyle(cell, '::before').height)]"
    cell.evaluate("cell => { cell.dataset.label = 'words '.repeat(40); cell.textContent = 'short'; }")
    row, label = cell.evaluate(heights)
    assert row >= label > 100


def test_a_table_that_is_just_too_wide_fits_with_less_padding(open_page):
    page = open_page(DESK)
    box = boxes(page).nth(1)
    box.evaluate("box => { box.style.whiteSpace = 'nowrap'; }")
    box.evaluate("box => { box.style.width = `${box.querySelector('table').offsetWidth - 10}px`; }")
    page.wait_for_function("document.querySelectorAll('.pst-scrollable-table-container')[1].matches('.tight')")
    assert not {"scrolls", "more-right"} & set(box.get_attribute("class").split())
    box.evaluate("box => { box.style.width = ''; }")
    page.wait_for_function("!document.querySelectorAll('.pst-scrollable-table-container')[1].matches('.tight')")


def test_code_that_continues_to_the_right_says_so(open_page):
    code = open_page(PHONE).locator("pre")
    assert code.get_attribute("aria-label").endswith(": code")
    assert "more-right" in code.get_attribute("class")


def test_names_break_between_their_parts(open_page):
    parts = open_page(DESK).locator("code").evaluate("code => [...code.childNodes].map((node) => node.nodeName)")
    assert parts == ["#text", "WBR", "#text"]


def test_a_number_stays_with_its_unit_and_words_may_break(open_page):
    page = open_page(PHONE)
    heights = [boxes(page).nth(number).locator("td").nth(1).evaluate(LINES) for number in (4, 5)]
    assert heights[0] == 1
    assert heights[1] > 1


LINES = """cell => {
    const range = document.createRange();
    range.selectNodeContents(cell);
    return new Set([...range.getClientRects()].map((line) => line.top)).size;
}"""
"""Counts the lines of a cell."""


def test_the_fixed_column_has_an_edge(open_page):
    page = open_page(PHONE)
    shadow = "cell => getComputedStyle(cell).boxShadow"
    assert "inset" in boxes(page).nth(1).locator("td").nth(0).evaluate(shadow)
    assert boxes(page).nth(1).locator("td").nth(1).evaluate(shadow) == "none"
