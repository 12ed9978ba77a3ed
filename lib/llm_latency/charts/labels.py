"""Words and numbers on a printed chart: labels where they cover the least, and plain ticks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator, FuncFormatter, Locator, NullLocator
from matplotlib.transforms import Bbox

from llm_latency.numerals import numeral

__all__ = ["ON_PAPER", "plain_ticks", "write_beside"]

BESIDE = (
    (-8, 6, "right", "bottom"),
    (8, -6, "left", "top"),
    (-8, -6, "right", "top"),
    (8, 6, "left", "bottom"),
    (11, 0, "left", "center"),
    (-11, 0, "right", "center"),
    (0, 11, "center", "bottom"),
    (0, -11, "center", "top"),
)
"""Where a label may stand beside its point, best first: offset in points and alignment."""

ON_PAPER = {"bbox": {"facecolor": "white", "edgecolor": "none", "pad": 0.5}}
"""How a label stands out from the grid behind it."""


def plain_ticks(axis: Axis, ticks: Sequence[float] | Locator) -> None:
    """Set the ticks of an axis, and write them as plain numbers.

    Parameters
    ----------
    axis : matplotlib.axis.Axis
        The axis.
    ticks : sequence of float, or matplotlib.ticker.Locator
        Where to put the ticks; all others are removed.

    Examples
    --------
    >>> from matplotlib.pyplot import subplots
    >>> _, ax = subplots()
    >>> plain_ticks(ax.xaxis, [1, 10, 100, 1000])
    >>> ax.xaxis.get_major_formatter()(1000)
    '1000'
    """
    axis.set_major_locator(ticks if isinstance(ticks, Locator) else FixedLocator(list(ticks)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: numeral(f"{value:.10g}")))


def label_ends(ax: Axes, ends: Mapping[str, tuple[float, str]]) -> None:
    """Write each curve's label to the right of its end, and push apart labels that would overlap."""
    ax.figure.draw_without_rendering()
    labels = []
    for label, (y, colour) in ends.items():
        level = ax.transAxes.inverted().transform(ax.transData.transform((ax.get_xlim()[1], y)))[1]
        labels.append(
            ax.annotate(
                label,
                (1, level),
                xycoords="axes fraction",
                xytext=(8, 0),
                textcoords="offset points",
                va="center",
                color=colour,
                annotation_clip=False,
            )
        )
    labels.sort(key=lambda label: label.xy[1])
    heights = [label.get_window_extent().padded(2).height / ax.bbox.height for label in labels]
    levels = _spread([label.xy[1] for label in labels], heights)
    for label, level in zip(labels, levels, strict=True):
        label.xy = (1, level)


def _spread(centres: Sequence[float], heights: Sequence[float]) -> Sequence[float]:
    """Move boxes between 0 and 1, sorted by their centres, as little as possible until none overlaps."""
    if not len(centres):
        return centres
    gaps = np.add(heights[1:], heights[:-1]) / 2
    offsets = np.cumsum([0, *gaps])
    groups = []  # neighbours that touch move together, to the mean of where they would be
    for base in np.subtract(centres, offsets):
        groups.append((base, 1))
        while len(groups) > 1 and groups[-2][0] > groups[-1][0]:
            (low, n), (high, m) = groups[-2:]
            groups[-2:] = [((n * low + m * high) / (n + m), n + m)]
    bases = np.repeat([mean for mean, _ in groups], [count for _, count in groups])
    return np.clip(bases, heights[0] / 2, 1 - heights[-1] / 2 - offsets[-1]) + offsets


def write_beside(ax: Axes, words: str, *points: tuple[float, float], **style) -> Text:
    """Write a label beside one of several points, where it covers the least.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The chart, with all its lines and points drawn.
    words : str
        The label.
    *points : (float, float)
        Where the label may stand, best first.
    **style : object
        Properties of the text.

    Returns
    -------
    matplotlib.text.Text
        The label.

    Examples
    --------
    >>> from matplotlib.pyplot import subplots
    >>> _, ax = subplots()
    >>> write_beside(ax, "here", (2, 1.5)).get_text()
    'here'
    """
    ax.figure.draw_without_rendering()
    label = ax.annotate(words, points[0], xytext=(0, 0), textcoords="offset points", **ON_PAPER, **style)

    def move(place) -> None:
        label.xy, (*offset, side, height) = place
        label.set(position=offset, ha=side, va=height)

    def covered(place) -> int:
        move(place)
        box = label.get_window_extent().padded(2)
        inside = Bbox.from_extents(*ax.bbox.min, max(ax.bbox.x1 + 40, ax.figure.bbox.x1), ax.bbox.y1)
        others = sum(box.overlaps(text.get_window_extent()) for text in ax.texts if text is not label)
        outside = not (inside.contains(*box.min) and inside.contains(*box.max))
        lines = sum(_crosses(line, box) for line in ax.lines)
        return 10 * (others + outside) + lines

    move(min(product(points, BESIDE), key=covered))
    return label


def _crosses(line: Line2D, box: Bbox) -> bool:
    """Tell whether a line, or one of its markers, runs through a box."""
    path = line.get_path().transformed(line.get_transform())
    if line.get_linestyle() == "None":
        return bool(box.padded(line.get_markersize() / 2).count_contains(path.vertices))
    return path.intersects_bbox(box, filled=False)
