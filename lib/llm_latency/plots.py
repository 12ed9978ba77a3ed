"""The book's charts: they draw numbers and compute none.

The only module that imports matplotlib. Every chart labels what it shows directly and takes values
in the unit that its axis names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.lines import Line2D
from matplotlib.pyplot import show
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator, FuncFormatter, Locator, LogLocator, MaxNLocator, NullLocator
from matplotlib.transforms import Bbox
from matplotlib_inline.backend_inline import set_matplotlib_formats

from llm_latency.numerals import numeral
from llm_latency.palette import COLOURS, PARTS, TOTAL

__all__ = [
    "curves", "plain_ticks", "ratios", "roofline", "show", "stacked_bars", "use_book_style", "waterfall",
    "write_beside",
]

BESIDE = (
    (-8, 6, "right", "bottom"), (8, -6, "left", "top"), (-8, -6, "right", "top"), (8, 6, "left", "bottom"),
    (11, 0, "left", "center"), (-11, 0, "right", "center"), (0, 11, "center", "bottom"), (0, -11, "center", "top"),
)
"""Where a label may stand beside its point, best first: offset in points and alignment."""

ON_PAPER = {"bbox": {"facecolor": "white", "edgecolor": "none", "pad": 0.5}}
"""How a label stands out from the grid behind it."""

LEGEND = {"fontsize": 12, "handlelength": 0.9, "handletextpad": 0.4, "columnspacing": 0.9, "borderaxespad": 0}


def use_book_style() -> None:
    """Set the book's chart style, and reproducible SVG as the notebook's figure format.

    Examples
    --------
    >>> use_book_style()

    References
    ----------
    ``lib/llm_latency/book.mplstyle``.
    """
    plt.style.use(str(files("llm_latency") / "book.mplstyle"))
    set_matplotlib_formats("svg", metadata={"Date": None})


def curves(
    x: Sequence[float],
    lines: Mapping[str, Sequence[float]],
    *,
    x_label: str,
    y_label: str,
    colours: Mapping[str, str] | None = None,
    dashed: Sequence[str] = (),
    thick: Sequence[str] = (),
    points: Mapping[str, tuple[float, float]] | None = None,
    measured: Mapping[str, tuple[Sequence[float], Sequence[float]]] | None = None,
    crossing: tuple[float, str] | None = None,
    x_ticks: Sequence[float] = (),
    log: str = "xy",
    top: float | None = None,
) -> Axes:
    """Draw curves over a common horizontal axis, labelled at their right ends.

    Parameters
    ----------
    x : array_like, shape (n,)
        Horizontal positions.
    lines : mapping of str to array_like, shape (n,)
        Curves by label, in the unit of `y_label`.
    x_label, y_label : str
        Axis titles, with unit.
    colours : mapping of str to str, optional
        Colour of each curve; a part's own colour if the label is a part's name.
    dashed : sequence of str, optional
        Labels of dashed curves.
    thick : sequence of str, optional
        Labels of broad, pale curves that lie under the others.
    points : mapping of str to (float, float), optional
        Points, each with its label where there is room for it.
    measured : mapping of str to (array_like, array_like), optional
        Measured points by label. A label that has a colour in `colours` stands at the right like a
        curve's if its points reach as far, and else beside the last one; any other beside the middle one.
    crossing : (float, str), optional
        Position and words of a vertical line.
    x_ticks : sequence of float, optional
        Positions of the horizontal ticks.
    log : str, optional
        Logarithmic axes: ``"x"``, ``"y"``, ``"xy"`` or ``""``.
    top : float, optional
        Upper end of the vertical axis, for charts that are to be compared.

    Returns
    -------
    matplotlib.axes.Axes
        The chart.

    Examples
    --------
    >>> curves([1, 10], {"a": [1, 2]}, x_label="x", y_label="y [ms]").get_ylabel()
    'y [ms]'

    References
    ----------
    Page ``decode-latency``.
    """
    _, ax = plt.subplots()
    palette = {**PARTS, "total": TOTAL, **(colours or {})}
    ends, beside = {}, []
    for position, (label, y) in enumerate(lines.items()):
        colour = palette.get(label, TOTAL if label in thick else list(COLOURS.values())[position % len(COLOURS)])
        broad = {"lw": 9, "alpha": 0.4, "solid_capstyle": "butt", "zorder": 1} if label in thick else {}
        ax.plot(x, y, color=colour, ls="--" if label in dashed else "-", **broad)
        if np.isfinite(y[-1]):
            ends[label] = (float(y[-1]), colour)
    for words, (xs, ys) in (measured or {}).items():
        colour = (colours or {}).get(words)
        ax.plot(xs, ys, "o", mfc="white", mec=colour or "black", mew=1.6, ms=7, zorder=5, clip_on=False)
        if colour and xs[-1] >= 0.9 * x[-1]:
            ends[words] = (float(ys[-1]), colour)
        else:
            order = (-1, len(xs) // 2, 0) if colour else (len(xs) // 2, -1, 0)
            beside.append((words, [(xs[at], ys[at]) for at in order], colour or "black"))
    for words, (px, py) in (points or {}).items():
        ax.plot(px, py, "o", color="black", ms=6, zorder=5, clip_on=False)
        beside.append((words, [(px, py)], "black"))
    ax.set(xlabel=x_label, ylabel=y_label)
    _scale_axes(ax, log, x_ticks)
    ax.set_ylim(top=top)
    if crossing:
        position, words = crossing
        ax.axvline(position, color=TOTAL, lw=1, ls=":")
        share = ax.transAxes.inverted().transform(ax.transData.transform((position, ax.get_ylim()[1])))[0]
        room_left = share > 0.3
        ax.annotate(
            words, (position, 1), xycoords=("data", "axes fraction"), xytext=(-5 if room_left else 5, -4),
            textcoords="offset points", va="top", ha="right" if room_left else "left", color=TOTAL, **ON_PAPER,
        )
    _label_ends(ax, ends)
    for words, anchors, colour in beside:
        write_beside(ax, words, *anchors, color=colour)
    return ax


def _scale_axes(ax: Axes, log: str, x_ticks: Sequence[float]) -> None:
    """Make axes linear or logarithmic, with ticks that read as plain numbers."""
    ax.set_xscale("log" if "x" in log else "linear")
    ax.set_yscale("log" if "y" in log else "linear")
    ax.margins(x=0)
    if len(x_ticks):
        plain_ticks(ax.xaxis, x_ticks)
    if "y" in log:
        bottom, top = ax.get_ylim()
        plain_ticks(ax.yaxis, LogLocator(subs=(1, 2, 5) if top < 1000 * bottom else (1,)))
    else:
        ax.set_ylim(bottom=0)


def plain_ticks(axis: Axis, ticks: Sequence[float] | Locator) -> None:
    """Set the ticks of an axis, and write them as plain numbers.

    Parameters
    ----------
    axis : matplotlib.axis.Axis
        The axis.
    ticks : sequence of float, or matplotlib.ticker.Locator
        Where they are; there are no others.

    Examples
    --------
    >>> ax = curves([1, 1000], {"a": [1, 2]}, x_label="x", y_label="y")
    >>> plain_ticks(ax.xaxis, [1, 10, 100, 1000])
    >>> ax.xaxis.get_major_formatter()(1000)
    '1000'
    """
    axis.set_major_locator(ticks if isinstance(ticks, Locator) else FixedLocator(list(ticks)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: numeral(f"{value:.10g}")))


def _label_ends(ax: Axes, ends: Mapping[str, tuple[float, str]]) -> None:
    """Write each curve's label right of its end, pushed apart where they would overlap."""
    ax.figure.draw_without_rendering()
    labels = []
    for label, (y, colour) in ends.items():
        level = ax.transAxes.inverted().transform(ax.transData.transform((ax.get_xlim()[1], y)))[1]
        labels.append(
            ax.annotate(
                label, (1, level), xycoords="axes fraction", xytext=(8, 0), textcoords="offset points",
                va="center", color=colour, annotation_clip=False,
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
    >>> ax = curves([1, 10], {"a": [1, 2]}, x_label="x", y_label="y")
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


def roofline(
    peak_flops: float,
    mem_bandwidth: float,
    points: Mapping[str, tuple[float, float]],
    *,
    intensity_range: tuple[float, float] = (0.5, 20_000),
    device: str,
) -> Axes:
    """Draw a device's roofline with operators on or below it.

    Parameters
    ----------
    peak_flops : float, FLOP/s
        The flat part of the roof.
    mem_bandwidth : float, byte/s
        Slope of the rising part.
    points : mapping of str to (float, float)
        Operators: arithmetic intensity in FLOP/byte and rate in FLOP/s.
    intensity_range : (float, float), optional
        Horizontal range, FLOP/byte.
    device : str
        Name of the device, for the title.

    Returns
    -------
    matplotlib.axes.Axes
        The chart.

    Examples
    --------
    >>> roofline(312e12, 1.5e12, {"decode": (1, 1.5e12)}, device="A100").get_xlabel()
    'arithmetic intensity [FLOP/byte]'

    References
    ----------
    Page ``roofline``.
    """
    _, ax = plt.subplots()
    low, high = intensity_range
    ridge, peak = peak_flops / mem_bandwidth, peak_flops / 1e12
    ax.plot([low, ridge], [low * mem_bandwidth / 1e12, peak], color=COLOURS["memory bandwidth"])
    ax.plot([ridge, high], [peak, peak], color=COLOURS["arithmetic"])
    ax.set(
        xscale="log", yscale="log", xlim=intensity_range, ylim=(0.4, 3 * peak),
        xlabel="arithmetic intensity [FLOP/byte]", ylabel="rate [TFLOP/s]", title=device,
    )
    for axis in (ax.xaxis, ax.yaxis):
        plain_ticks(axis, LogLocator())
    ax.axvline(ridge, color=TOTAL, lw=1, ls=":")
    ax.annotate(
        f"ridge point\n{ridge:.0f} FLOP/byte", (ridge, 0.5), xytext=(6, 0),
        textcoords="offset points", color=TOTAL, **ON_PAPER,
    )
    ax.annotate(
        f"memory bandwidth\n{mem_bandwidth / 1e12:g} TB/s", (0.04, 0.62), xycoords="axes fraction",
        color=COLOURS["memory bandwidth"], **ON_PAPER,
    )
    ax.annotate(
        f"arithmetic, {peak:g} TFLOP/s", (high, peak), xytext=(-4, 6),
        textcoords="offset points", ha="right", color=COLOURS["arithmetic"], **ON_PAPER,
    )
    for x, rate in points.values():
        ax.plot(x, rate / 1e12, "o", color="black", ms=6, zorder=5)
    for words, (x, rate) in points.items():
        write_beside(ax, words, (x, rate / 1e12), fontsize=12)
    return ax


def stacked_bars(
    bars: Mapping[str, Mapping[str, float]],
    *,
    x_label: str = "time [ms]",
    colours: Mapping[str, str] = COLOURS,
) -> Axes:
    """Draw horizontal bars, each split into labelled parts.

    Parameters
    ----------
    bars : mapping of str to mapping of str to float
        Bars by label; each maps the names of its parts to values in the unit of `x_label`.
    x_label : str, optional
        Title of the horizontal axis, with unit.
    colours : mapping of str to str, optional
        Colour of each part; those of the resources unless given.

    Returns
    -------
    matplotlib.axes.Axes
        The chart.

    Examples
    --------
    >>> stacked_bars({"batch 1": {"memory bandwidth": 21.7, "communication": 2.6}}).get_xlabel()
    'time [ms]'

    References
    ----------
    Page ``example-260b``.
    """
    _, ax = plt.subplots(figsize=(6.4, 1.0 + 0.65 * len(bars)))
    longest = max(sum(parts.values()) for parts in bars.values())
    for row, parts in enumerate(bars.values()):
        left = 0.0
        for part, value in parts.items():
            seam = 1 if value > 0.01 * longest else 0  # which would hide a thin part
            ax.barh(row, value, left=left, height=0.62, color=colours[part], edgecolor="white", lw=seam)
            label = f"{value:.1f}"
            if value > 0.026 * len(label) * longest:
                ax.text(left + value / 2, row, label, ha="center", va="center", color="white")
            left += value
        ax.text(left + 0.01 * longest, row, f"{left:.1f}", va="center", fontweight="bold", **ON_PAPER)
    ax.set_yticks(range(len(bars)), list(bars))
    ax.invert_yaxis()
    ax.grid(False, axis="y")
    ax.set(xlabel=x_label, xlim=(0, 1.12 * longest))
    plain_ticks(ax.xaxis, MaxNLocator(steps=[1, 2, 5, 10]))
    seen = [part for part in colours if any(part in parts for parts in bars.values())]
    handles = [plt.Rectangle((0, 0), 1, 1, color=colours[part]) for part in seen]
    ax.figure.legend(handles, seen, loc="outside upper right", ncols=len(seen), **LEGEND)
    return ax


def waterfall(
    panels: Mapping[str, Mapping[str, float]],
    *,
    measured: Mapping[str, float],
    colours: Mapping[str, str],
    x_label: str = "time [ms]",
) -> Axes:
    """Draw budgets as steps, each part beginning where the one above it ends.

    Parameters
    ----------
    panels : mapping of str to mapping of str to float
        Budgets by title; each maps the names of its parts, from top to bottom, to values in the
        unit of `x_label`.
    measured : mapping of str to float
        What each budget should add up to, drawn as a vertical line.
    colours : mapping of str to str
        Colour of each part.
    x_label : str, optional
        Title of the horizontal axis, with unit.

    Returns
    -------
    matplotlib.axes.Axes
        The lowest panel.

    Examples
    --------
    >>> waterfall(
    ...     {"1 GPU": {"weights": 16.8, "rest": 5.2}}, measured={"1 GPU": 22.0},
    ...     colours={"weights": "black", "rest": "grey"},
    ... ).get_xlabel()
    'time [ms]'

    References
    ----------
    Page ``example-13b-decode``.
    """
    rows = [len(parts) for parts in panels.values()]
    _, axes = plt.subplots(
        len(panels), 1, sharex=True, squeeze=False, figsize=(6.4, 0.9 * len(panels) + 0.42 * sum(rows)),
        height_ratios=rows,
    )
    widest = max(max(sum(parts.values()), measured[title]) for title, parts in panels.items())
    for ax, (title, parts) in zip(axes[:, 0], panels.items(), strict=True):
        left = 0.0
        for row, (part, value) in enumerate(parts.items()):
            ax.barh(row, value, left=left, height=0.7, color=colours[part])
            left += value
            before = 0.15 * widest < left - value < measured[title]  # beside the bar, away from the measured line
            ax.annotate(
                f"{value:+.1f}" if row else f"{value:.1f}", (left - value if before else left, row),
                xytext=(-5 if before else 5, 0), textcoords="offset points", va="center",
                ha="right" if before else "left", **ON_PAPER,
            )
        ax.axvline(measured[title], color="black", lw=1.2, ls=":")
        ax.annotate(
            f"measured {measured[title]:.1f}", (measured[title], 1), xycoords=("data", "axes fraction"),
            xytext=(0, 3), textcoords="offset points", ha="center", va="bottom", annotation_clip=False,
        )
        ax.set_title(title, loc="left")
        ax.set_yticks(range(len(parts)), list(parts))
        ax.invert_yaxis()
        ax.grid(False, axis="y")
    for upper in axes[:-1, 0]:
        upper.tick_params(axis="x", length=0)
    ax.set(xlabel=x_label, xlim=(0, 1.12 * widest))
    return ax


def ratios(values: Mapping[str, float], *, x_label: str) -> Axes:
    """Draw ratios as dots left and right of 1, on a logarithmic axis.

    Parameters
    ----------
    values : mapping of str to float
        Ratios by label, from top to bottom.
    x_label : str
        Title of the horizontal axis: what is divided by what.

    Returns
    -------
    matplotlib.axes.Axes
        The chart.

    Examples
    --------
    >>> ratios({"E32": 0.67}, x_label="printed / recomputed").get_xscale()
    'log'

    References
    ----------
    Page ``errata``.
    """
    _, ax = plt.subplots(figsize=(6.4, 1.2 + 0.34 * len(values)))
    ax.axvline(1, color=TOTAL, lw=1)
    for row, ratio in enumerate(values.values()):
        ax.plot([1, ratio], [row, row], color=COLOURS["arithmetic"], lw=1.2)
        ax.plot(ratio, row, "o", color=COLOURS["arithmetic"], ms=7)
        ax.annotate(
            f"× {ratio:.2f}", (ratio, row), xytext=(9 if ratio >= 1 else -9, 0), textcoords="offset points",
            va="center", ha="left" if ratio >= 1 else "right", **ON_PAPER,
        )
    ax.set_yticks(range(len(values)), list(values))
    ax.invert_yaxis()
    ax.grid(False, axis="y")
    furthest = 1.9 * max(max(ratio, 1 / ratio) for ratio in values.values())
    ax.set(xscale="log", xlim=(1 / furthest, furthest), xlabel=x_label)
    plain_ticks(ax.xaxis, LogLocator(subs=(1, 2, 5)))
    return ax
