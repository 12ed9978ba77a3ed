"""The book's charts: they draw numbers and compute none.

Every chart labels what it shows directly and takes values
in the unit that its axis names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.pyplot import show
from matplotlib.ticker import LogLocator
from matplotlib_inline.backend_inline import set_matplotlib_formats

from llm_latency.charts.bars import stacked_bars, waterfall
from llm_latency.charts.labels import ON_PAPER, label_ends, plain_ticks, write_beside
from llm_latency.charts.palette import COLOURS, PARTS, TOTAL

__all__ = [
    "curves",
    "plain_ticks",
    "ratios",
    "roofline",
    "show",
    "stacked_bars",
    "use_book_style",
    "waterfall",
    "write_beside",
]


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


# Parameters: what a page can choose; most pages leave out all but the lines and the titles.
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
        Points by label; each label goes where there is room for it.
    measured : mapping of str to (array_like, array_like), optional
        Measured points by label. A label with a colour in `colours` stands at the right, like a curve's,
        if its points reach that far, and otherwise beside the last point; any other label stands
        beside the middle point.
    crossing : (float, str), optional
        Position and label of a vertical line.
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
            words,
            (position, 1),
            xycoords=("data", "axes fraction"),
            xytext=(-5 if room_left else 5, -4),
            textcoords="offset points",
            va="top",
            ha="right" if room_left else "left",
            color=TOTAL,
            **ON_PAPER,
        )
    label_ends(ax, ends)
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
        xscale="log",
        yscale="log",
        xlim=intensity_range,
        ylim=(0.4, 3 * peak),
        xlabel="arithmetic intensity [FLOP/byte]",
        ylabel="rate [TFLOP/s]",
        title=device,
    )
    for axis in (ax.xaxis, ax.yaxis):
        plain_ticks(axis, LogLocator())
    ax.axvline(ridge, color=TOTAL, lw=1, ls=":")
    ax.annotate(
        f"ridge point\n{ridge:.0f} FLOP/byte",
        (ridge, 0.5),
        xytext=(6, 0),
        textcoords="offset points",
        color=TOTAL,
        **ON_PAPER,
    )
    ax.annotate(
        f"memory bandwidth\n{mem_bandwidth / 1e12:g} TB/s",
        (0.04, 0.62),
        xycoords="axes fraction",
        color=COLOURS["memory bandwidth"],
        **ON_PAPER,
    )
    ax.annotate(
        f"arithmetic, {peak:g} TFLOP/s",
        (high, peak),
        xytext=(-4, 6),
        textcoords="offset points",
        ha="right",
        color=COLOURS["arithmetic"],
        **ON_PAPER,
    )
    for x, rate in points.values():
        ax.plot(x, rate / 1e12, "o", color="black", ms=6, zorder=5)
    for words, (x, rate) in points.items():
        write_beside(ax, words, (x, rate / 1e12), fontsize=12)
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
            f"× {ratio:.2f}",
            (ratio, row),
            xytext=(9 if ratio >= 1 else -9, 0),
            textcoords="offset points",
            va="center",
            ha="left" if ratio >= 1 else "right",
            **ON_PAPER,
        )
    ax.set_yticks(range(len(values)), list(values))
    ax.invert_yaxis()
    ax.grid(False, axis="y")
    furthest = 1.9 * max(max(ratio, 1 / ratio) for ratio in values.values())
    ax.set(xscale="log", xlim=(1 / furthest, furthest), xlabel=x_label)
    plain_ticks(ax.xaxis, LogLocator(subs=(1, 2, 5)))
    return ax
