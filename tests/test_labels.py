"""The labels of the stored charts, measured in a real browser: none covers another, and no curve runs through one."""

import re
from itertools import combinations

import pytest

from conftest import NOTEBOOKS, need_browser, outputs_of

need_browser()

SVGS = {
    f"{page}-{number}": data["image/svg+xml"]
    for page, notebook in NOTEBOOKS.items()
    for number, cell in enumerate(notebook.cells)
    for data in outputs_of(cell)
    if "image/svg+xml" in data
}
SMALLEST = 11.5
"""Points; a chart of 460 points shrinks to about 350 px on a phone, and such a letter to 9 px."""
MEASURE = r"""() => {
  const frame = document.querySelector("svg").getBoundingClientRect();
  const box = (element) => {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    return { left, right, top, bottom };
  };
  const points = (path) => {
    const to = path.getScreenCTM();
    const length = path.getTotalLength();
    return Array.from({ length: 400 }, (_, i) => path.getPointAtLength((i * length) / 399).matrixTransform(to))
      .map(({ x, y }) => [x, y]);
  };
  const slanted = (label) => /rotate\(-(?!90\))/.test(label.innerHTML); // its box is far larger than its words
  const labels = [...document.querySelectorAll('g[id^="text_"]')].filter((label) => !slanted(label));
  return {
    frame: box(document.querySelector("svg")),
    labels: labels.map(box),
    bare: labels.filter((label) => label.matches('g[id^="axes_"] > *') && !label.querySelector('g[id^="patch_"]'))
      .map(box),
    curves: [...document.querySelectorAll('g[id^="axes_"] > g[id^="line2d_"] > path')].map(points),
  };
}"""


@pytest.fixture(scope="module")
def measured(browser):
    """Return what a browser measures of each chart, in CSS pixels."""
    page = browser.new_page()
    found = {}
    for name, svg in SVGS.items():
        page.set_content(svg[svg.index("<svg") :])
        found[name] = page.evaluate(MEASURE)
    page.close()
    return found


def overlap(one, other, by=1):
    """Tell whether two boxes overlap by more than a hair."""
    return (
        min(one["right"], other["right"]) - max(one["left"], other["left"]) > by
        and min(one["bottom"], other["bottom"]) - max(one["top"], other["top"]) > by
    )


@pytest.mark.parametrize("name", SVGS)
def test_no_label_covers_another(measured, name):
    labels = measured[name]["labels"]
    assert len(labels) >= 4
    assert not [pair for pair in combinations(labels, 2) if overlap(*pair)]


@pytest.mark.parametrize("name", SVGS)
def test_every_label_is_inside_its_chart(measured, name):
    frame = measured[name]["frame"]
    for label in measured[name]["labels"]:
        assert frame["left"] <= label["left"]
        assert label["right"] <= frame["right"]
        assert frame["top"] <= label["top"]
        assert label["bottom"] <= frame["bottom"]


@pytest.mark.parametrize("name", SVGS)
def test_no_curve_runs_through_a_label(measured, name):
    for label in measured[name]["bare"]:
        for curve in measured[name]["curves"]:
            inside = [
                (x, y)
                for x, y in curve
                if label["left"] + 1 < x < label["right"] - 1 and label["top"] + 1 < y < label["bottom"] - 1
            ]
            assert not inside


@pytest.mark.parametrize("name", SVGS)
def test_every_letter_can_be_read_on_a_phone(name):
    sizes = [100 * float(scale) for scale in re.findall(r"scale\((0\.\d+) -0\.\d+\)", SVGS[name])]
    assert sizes
    assert min(sizes) >= SMALLEST
