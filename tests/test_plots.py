from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest

from llm_latency.charts import plots
from llm_latency.charts.palette import COLOURS


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def boxes(ax):
    """Return the bounding boxes of the texts to the right of the axes."""
    ax.figure.draw_without_rendering()
    right = [text for text in ax.texts if text.get_annotation_clip() is False]
    return [text.get_window_extent() for text in right]


@pytest.mark.parametrize("gap", [1.0, 1.01, 3.0])
def test_labels_at_the_ends_of_curves_do_not_overlap(gap):
    plots.use_book_style()
    x = np.geomspace(1, 1000, 50)
    lines = {"first": x, "second\nin two lines": gap * x, "third": gap**2 * x}
    ax = plots.curves(x, lines, x_label="batch", y_label="time [ms]")
    found = boxes(ax)
    assert len(found) == 3
    for index, one in enumerate(found):
        for other in found[index + 1 :]:
            assert not one.overlaps(other)


def test_curves_draw_the_numbers_they_get():
    ax = plots.curves([1, 10], {"arithmetic": [1, 2]}, x_label="batch", y_label="time [ms]", log="x")
    [line] = [line for line in ax.lines if len(line.get_xdata()) == 2]
    assert list(line.get_ydata()) == [1, 2]
    assert line.get_color() == COLOURS["arithmetic"]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "linear")
    assert ax.get_ylim()[0] == 0


def test_measured_points_and_crossings_are_named():
    ax = plots.curves(
        [1, 10],
        {"arithmetic": [1, 2]},
        x_label="batch",
        y_label="time [ms]",
        measured={"measured": ([5], [3])},
        points={"here": (2, 1.5)},
        crossing=(4, "critical"),
    )
    assert {"measured", "here", "critical"} <= {text.get_text() for text in ax.texts}


def test_roofline_bends_at_the_ridge_point():
    ax = plots.roofline(312e12, 1.5e12, {"decode": (1, 1.5e12)}, device="A100")
    slope, flat = ax.lines[0], ax.lines[1]
    assert slope.get_xdata()[-1] == flat.get_xdata()[0] == 208
    assert slope.get_ydata()[-1] == flat.get_ydata()[0] == 312
    assert "decode" in {text.get_text() for text in ax.texts}


def test_stacked_bars_add_up():
    ax = plots.stacked_bars({"batch 1": {"memory bandwidth": 21.7, "communication": 2.6}})
    assert sum(bar.get_width() for bar in ax.patches) == pytest.approx(24.3)
    assert "24.3" in {text.get_text() for text in ax.texts}


def test_every_resource_has_a_colour_of_its_own():
    assert len(set(COLOURS.values())) == len(COLOURS)


def test_a_waterfall_begins_each_part_where_the_last_one_ends():
    ax = plots.waterfall(
        {"one": {"a": 3.0, "b": 2.0}, "two": {"a": 1.5, "b": 0.5, "c": 1.0}},
        measured={"one": 5.5, "two": 3.5},
        colours=dict.fromkeys("abc", "black"),
    )
    upper, lower = ax.figure.axes
    assert [(bar.get_x(), bar.get_width()) for bar in upper.patches] == [(0, 3), (3, 2)]
    assert [(bar.get_x(), bar.get_width()) for bar in lower.patches] == [(0, 1.5), (1.5, 0.5), (2, 1)]
    assert upper.lines[0].get_xdata()[0] == 5.5
    assert "measured 3.5" in {text.get_text() for text in lower.texts}


def test_ratios_stand_left_and_right_of_one():
    ax = plots.ratios({"E1": 0.5, "E2": 1.25}, x_label="printed / recomputed")
    dots = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "o"]
    assert dots == [0.5, 1.25]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["E1", "E2"]
    assert {text.get_text() for text in ax.texts} == {"× 0.50", "× 1.25"}


def test_coloured_measurements_are_labelled_like_curves_and_others_at_the_middle():
    ax = plots.curves(
        [1, 10],
        {"arithmetic": [1, 2]},
        x_label="batch",
        y_label="time [ms]",
        log="",
        measured={"named": ([2, 9], [30, 40]), "plain": ([5], [3])},
        colours={"named": "black"},
    )
    labels = {text.get_text(): text for text in ax.texts}
    assert labels["named"].get_annotation_clip() is False
    assert labels["plain"].get_annotation_clip() is not False
    assert ax.get_ylim()[1] >= 40


def test_a_curve_that_ends_early_has_no_label_at_the_right():
    ax = plots.curves([1, 10], {"short": [1, float("nan")], "long": [1, 2]}, x_label="x", y_label="y", log="")
    assert {text.get_text() for text in ax.texts} == {"long"}


@pytest.mark.parametrize("level", [0.01, 0.5, 2.0])
def test_labels_of_close_curves_stay_beside_the_chart_and_in_order(level):
    plots.use_book_style()
    lines = {name: [1, level + shift] for name, shift in (("low", 0), ("mid", 0.001), ("high", 0.002), ("top", 2.0))}
    ax = plots.curves([1, 10], lines, x_label="x", y_label="y", log="")
    found = sorted(boxes(ax), key=lambda box: box.y0)
    labels = sorted((text for text in ax.texts), key=lambda text: text.xy[1])
    assert [label.get_text() for label in labels] == ["low", "mid", "high", "top"]
    assert all(low.y1 <= high.y0 for low, high in pairwise(found))
    assert ax.bbox.y0 <= found[0].y0
    assert found[-1].y1 <= ax.bbox.y1


def test_a_label_avoids_curves_points_and_other_labels():
    plots.use_book_style()
    ax = plots.curves([0, 10], {"rising": [0, 10], "flat": [5, 5]}, x_label="x", y_label="y", log="")
    ax.plot([2.5], [6], "o")
    one, other = (plots.write_beside(ax, words, (4, 5), (8, 2)) for words in ("somewhere", "elsewhere"))
    ax.figure.draw_without_rendering()
    first, second = one.get_window_extent(), other.get_window_extent()
    assert not first.overlaps(second)
    for box in (first, second):
        assert not box.count_contains(ax.transData.transform([(2.5, 6)]))
        for y in ([0, 10], [5, 5]):
            path = np.column_stack([np.linspace(0, 10, 500), np.linspace(*y, 500)])
            assert not box.count_contains(ax.transData.transform(path))


def test_a_measured_series_that_ends_early_is_named_beside_its_last_point():
    ax = plots.curves(
        [1, 10],
        {"arithmetic": [1, 2]},
        x_label="batch",
        y_label="time [ms]",
        log="",
        measured={"early": ([2, 4], [30, 40])},
        colours={"early": COLOURS["communication"]},
    )
    [label] = [text for text in ax.texts if text.get_text() == "early"]
    assert label.xy == (4, 40)
    assert label.get_color() == COLOURS["communication"]


def test_ticks_are_plain_numbers():
    ax = plots.curves(
        [1, 20_000],
        {"a": [0.1, 2000]},
        x_label="x",
        y_label="y",
        x_ticks=[1, 100, 10_000],
    )
    ax.figure.draw_without_rendering()
    assert [label.get_text() for label in ax.get_xticklabels()] == ["1", "100", "10,000"]
    assert {"0.1", "1", "1000"} <= {label.get_text() for label in ax.get_yticklabels()}
