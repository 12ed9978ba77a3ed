"""Every chart has a twin for dark pages, in colours that stand out from the background."""

import itertools
import re
from types import SimpleNamespace

import numpy as np
import pytest
from docutils import nodes

from book_site.chart_colours import COLOUR, DARK, darkened, style_sheet
from book_site.dark_charts import ChartPair, DrawDarkTwins, size_in_pixels, visit_html
from conftest import NOTEBOOKS, ROOT, outputs_of
from llm_latency.charts.palette import LIGHT_AND_DARK, PARTS, TOTAL
from transforms import apply

NOT_WRITTEN_IN = ("background", "grid", "frame")
FILL = f'<svg fill="{LIGHT_AND_DARK["text"][1]}"'
WRITTEN_IN = {name: colours for name, colours in LIGHT_AND_DARK.items() if name not in NOT_WRITTEN_IN}
SVGS = [
    data["image/svg+xml"]
    for notebook in NOTEBOOKS.values()
    for cell in notebook.cells
    for data in outputs_of(cell)
    if "image/svg+xml" in data
]


def luminance(colour):
    """Compute the relative luminance as WCAG defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("name", WRITTEN_IN)
def test_every_colour_can_be_read_on_a_dark_page(name):
    (_, background), (_, dark) = LIGHT_AND_DARK["background"], LIGHT_AND_DARK[name]
    assert (luminance(dark) + 0.05) / (luminance(background) + 0.05) >= 4.5


def test_no_two_colours_share_a_dark_twin():
    assert len(set(DARK.values())) == len(DARK) == len(LIGHT_AND_DARK)
    assert {colour.lower() for colour in (*PARTS.values(), TOTAL)} <= DARK.keys()


def oklab(colour):
    """Return a colour's place in Oklab, where distances are about as large as they look."""
    channels = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    cones = np.cbrt(TO_CONES @ linear)
    return FROM_CONES @ cones


TO_CONES = np.array(
    [[0.41222147, 0.53633254, 0.05144599], [0.2119035, 0.6806995, 0.10739696], [0.08830246, 0.28171884, 0.6299787]]
)
FROM_CONES = np.array(
    [[0.21045426, 0.7936178, -0.00407205], [1.9779985, -2.4285922, 0.4505937], [0.02590404, 0.78277177, -0.80867577]]
)


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_the_parts_of_a_chart_can_be_told_apart(mode, faults):
    parts = {name: colours[mode] for name, colours in LIGHT_AND_DARK.items() if colours[0] in {TOTAL, *PARTS.values()}}
    for one, other in itertools.combinations(parts, 2):
        with faults.at(one, other):
            distance = np.linalg.norm(oklab(parts[one]) - oklab(parts[other]))
            assert distance >= 0.1, f"{parts[one]} and {parts[other]} are only {distance:.3f} apart in Oklab"


@pytest.mark.parametrize(("selector", "dark"), [(":root", False), ('html[data-theme="dark"]', True)])
def test_live_charts_have_the_same_colours(selector, dark):
    block = re.search(re.escape(selector) + r" \{(.*?)\}", style_sheet(), flags=re.S)[1]
    colours = dict(re.findall(r"--chart-([\w-]+): (#\w{6});", block))
    named = {
        name.replace(" ", "-"): pair for name, pair in LIGHT_AND_DARK.items() if pair[0] in {TOTAL, *PARTS.values()}
    }
    expected = {name: pair[dark].lower() for name, pair in named.items()}
    assert {name: colour.lower() for name, colour in colours.items()} == expected


def test_every_stored_chart_can_be_drawn_for_a_dark_page():
    assert len(SVGS) >= 30
    for svg in SVGS:
        dark = darkened(svg)
        assert FILL in dark
        assert {colour.lower() for colour in COLOUR.findall(dark)} <= set(DARK.values())
        assert len(dark) == len(svg) + len(FILL) - len("<svg")
        assert not re.search(r"(?:fill|stroke): (?!#|none)[a-z(]", svg), "a colour that darkened would not see"
        width, height = size_in_pixels(svg)
        assert 300 < width < 1000
        assert 100 < height < 1200


def test_a_chart_without_a_size_is_refused():
    with pytest.raises(ValueError, match="viewBox"):
        size_in_pixels("<svg>")


@pytest.fixture
def app(tmp_path):
    """Stand in for a Sphinx application that builds a site."""
    builder = SimpleNamespace(format="html", imagedir="_images", imgpath="../_images", images={})
    return SimpleNamespace(builder=builder, srcdir=tmp_path, outdir=tmp_path / "html")


def draw_dark_twins(app, page):
    apply(DrawDarkTwins, page, SimpleNamespace(app=app, docname="page"))


def page_with(app, svg, count=1):
    (app.srcdir / "a.svg").write_text(svg, encoding="utf-8")
    app.builder.images["a.svg"] = "a1.svg"
    return nodes.section("", *(nodes.figure("", nodes.image(uri="a.svg", alt="In words")) for _ in range(count)))


def test_a_chart_gets_a_twin_of_its_size(app):
    page = page_with(app, SVGS[0], count=2)
    draw_dark_twins(app, page)
    first, second = page.findall(ChartPair)
    assert (first["alt"], first["size"]) == ("In words", size_in_pixels(SVGS[0]))
    assert (first["first"], second["first"]) == (True, False)
    assert (app.outdir / "_images" / first["dark"]).read_text(encoding="utf-8") == darkened(SVGS[0])


def test_a_chart_with_an_unknown_colour_stays_and_is_warned_about(app, caplog):
    page = page_with(app, '<svg viewBox="0 0 1 1"><path style="fill: #123456"/></svg>')
    draw_dark_twins(app, page)
    assert not list(page.findall(ChartPair))
    assert "#123456" in caplog.text


def test_both_twins_are_written_and_the_hidden_one_loads_lazily(app):
    page = page_with(app, SVGS[0], count=2)
    draw_dark_twins(app, page)
    translator = SimpleNamespace(
        builder=app.builder, body=[], emptytag=lambda *arguments, **attributes: (arguments[1], attributes)
    )
    for chart in page.findall(ChartPair):
        visit_html(translator, chart)
    written = [(values["CLASS"].split()[-1], values["src"], values.get("loading")) for _, values in translator.body]
    assert written == [
        ("in-light", "../_images/a1.svg", None),
        ("in-dark", "../_images/a-dark.svg", "lazy"),
        ("in-light", "../_images/a1.svg", "lazy"),
        ("in-dark", "../_images/a-dark.svg", "lazy"),
    ]
    for tag, values in translator.body:
        assert tag == "img"
        assert values["alt"] == "In words"
        assert (int(values["width"]), int(values["height"])) == size_in_pixels(SVGS[0])
        assert "dark-light" in values["CLASS"]


def test_a_colour_that_is_not_in_the_table_is_refused():
    with pytest.raises(ValueError, match=r"#123456 has no dark twin in llm_latency\.charts\.palette\.LIGHT_AND_DARK"):
        darkened('<svg><path style="fill: #123456"/></svg>')


def test_no_colour_of_a_chart_is_typed_into_a_style_sheet():
    ours = {colour for light, dark in LIGHT_AND_DARK.values() for colour in (light.lower(), dark)} - {"#ffffff"}
    for package in ("book_site", "book_print"):
        for sheet in (ROOT / "tools" / package / "static").glob("*.css"):
            assert not ours & set(re.findall(r"#[0-9a-f]{6}", sheet.read_text(encoding="utf-8").lower())), sheet.name
