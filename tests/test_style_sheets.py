"""One style sheet for the whole site."""

from types import SimpleNamespace

import pytest
import tinycss2

from book_site.style_sheets import JOINED_SHEET, join_style_sheets, used_rule, used_rules

SHEETS = {
    "styles/theme.css": '@charset "U"; @import "../basic.css"; .icon {background: url(../images/a.png)} .gone {x: y}',
    "basic.css": '/* } */ p::after {content: "}"} p.gone, h1#top {color: red}',
    "charts.css": "@media print {.chart {display: none} .gone {x: y}} @media screen {.gone {x: y}}",
    "own.css": '@font-face {font-family: a; src: url("data:font/woff;base64,AA//")} .made-by-script {x: y}',
}
LINKS = {
    "styles/theme.css": '<link href="{root}_static/styles/theme.css?digest=1" rel="stylesheet" />\n',
    "charts.css": '<link rel="stylesheet" type="text/css" href="{root}_static/charts.css?v=1" />\n',
    "own.css": '    <link rel="stylesheet" href="{root}_static/own.css">\n',
}
JOINED = (
    '@charset "UTF-8";p::after{content: "}"}h1#top{color: red}'
    '.icon{background: url("images/a.png")}@media print{.chart{display: none}}'
    '@font-face{font-family: a; src: url("data:font/woff;base64,AA//")}.made-by-script{x: y}'
)


def page(root, *sheets):
    links = "".join(LINKS[sheet].format(root=root) for sheet in sheets)
    return f'<head>\n{links}<link rel="next" href="b.html" /></head><h1 id="top" class="icon chart"></h1>'


def build(folder, **pages):
    for name, css in SHEETS.items():
        path = folder / "_static" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(css, encoding="utf-8")
    (folder / "_static" / "own.js").write_text('element.className = "made-by-script"', encoding="utf-8")
    (folder / "_static" / "macros.html").write_text('<p class="gone">', encoding="utf-8")
    (folder / "book").mkdir()
    for name, html in pages.items():
        (folder / "book" / f"{name}.html").write_text(html, encoding="utf-8")
    join_style_sheets(SimpleNamespace(outdir=folder))


def test_pages_get_one_sheet_with_the_rules_that_may_match(tmp_path, caplog):
    build(
        tmp_path,
        a=page("../", "styles/theme.css", "own.css"),
        b=page("../", "styles/theme.css", "charts.css", "own.css"),
        missing=page("/", "styles/theme.css", "own.css"),
        without="<p>no sheet</p>",
    )
    assert (tmp_path / "_static" / JOINED_SHEET).read_text(encoding="utf-8") == JOINED
    a, missing = ((tmp_path / "book" / f"{name}.html").read_text(encoding="utf-8") for name in ("a", "missing"))
    assert a.count("<link") == 2
    assert '<head>\n<link rel="stylesheet" href="../_static/site.css?v=' in a
    assert '<link rel="next" href="b.html" />' in a
    assert 'href="/_static/site.css?v=' in missing
    assert (tmp_path / "book" / "without.html").read_text(encoding="utf-8") == "<p>no sheet</p>"
    assert not caplog.records


def test_the_address_of_the_sheet_changes_with_the_sheet(tmp_path):
    versions = set()
    for number, chart in enumerate(["chart", "other"]):
        folder = tmp_path / str(number)
        build(folder, a=page("../", *LINKS).replace("icon chart", chart))
        versions.add((folder / "book" / "a.html").read_text(encoding="utf-8").partition("?v=")[2][:8])
    assert len(versions) == 2


def test_a_page_whose_sheets_come_in_another_order_is_warned_about(tmp_path, caplog):
    build(tmp_path, a=page("../", *LINKS), b=page("../", "own.css", "styles/theme.css"))
    assert [str(record.args[0]) for record in caplog.records] == ["book/b.html"]


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        ("p > a:hover", True),
        (".here", True),
        ("#here .gone", False),
        (".here:not(.gone, :is(.lost))", True),
        ('a[href$=".gone"]', True),
        (r".sm\:gone", True),
        (".here--more", False),
    ],
)
def test_only_a_selector_with_an_absent_name_cannot_match(selector, matches):
    assert used(f"{selector} {{color: red}}", {"here"}) == (f"{selector}{{color: red}}" if matches else "")


def used(css, words):
    """Return the rules that may match something."""
    rules = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    return "".join(used_rule(rule, words) for rule in rules)


def test_a_rule_keeps_the_selectors_that_may_match():
    assert used("p .here, .gone::before, a:is(.b, :not(.c, .d)) {color: red}", {"here"}) == (
        "p .here,a:is(.b, :not(.c, .d)){color: red}"
    )
    assert used("@media print {.gone {color: red}}", {"here"}) == ""


def test_rules_keep_strings_comments_and_nesting_apart():
    css = "a {b: '{'} /* { */ @media (x) {c {d: e} f {g: h}} @layer i, j;"
    assert used(css, set()) == 'a{b: "{"}@media (x){c{d: e}f{g: h}}@layer i, j;'


def test_definitions_are_kept():
    assert used("@keyframes fade {from {opacity: 0}}", set()) == "@keyframes fade{from {opacity: 0}}"


def test_a_missing_sheet_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        used_rules(tmp_path, "no.css", set())
