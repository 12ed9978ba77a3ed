"""Time budgets as bars: parts side by side, or one below the other against a measured time."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from llm_latency.charts.labels import ON_PAPER, plain_ticks
from llm_latency.charts.palette import COLOURS

__all__ = ["stacked_bars", "waterfall"]

LEGEND = {"fontsize": 12, "handlelength": 0.9, "handletextpad": 0.4, "columnspacing": 0.9, "borderaxespad": 0}


def stacked_bars(
    bars: Mapping[str, Mapping[str, float]], *, x_label: str = "time [ms]", colours: Mapping[str, str] = COLOURS
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

    Raises
    ------
    ValueError
        If a part has no colour.

    Examples
    --------
    >>> stacked_bars({"batch 1": {"memory bandwidth": 21.7, "communication": 2.6}}).get_xlabel()
    'time [ms]'

    References
    ----------
    Page ``example-260b``.
    """
    for part in {part for parts in bars.values() for part in parts}:
        if part not in colours:
            raise ValueError(f"part {part!r} has no colour; known: {', '.join(colours)}")
    _, ax = plt.subplots(figsize=(6.4, 1.0 + 0.65 * len(bars)))
    longest = max(sum(parts.values()) for parts in bars.values())
    for row, parts in enumerate(bars.values()):
        left = 0.0
        for part, value in parts.items():
            seam = 1 if value > 0.01 * longest else 0  # a seam would hide a thin part
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
        Measured total of each budget, drawn as a vertical line.
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
        len(panels),
        1,
        sharex=True,
        squeeze=False,
        figsize=(6.4, 0.9 * len(panels) + 0.42 * sum(rows)),
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
                f"{value:+.1f}" if row else f"{value:.1f}",
                (left - value if before else left, row),
                xytext=(-5 if before else 5, 0),
                textcoords="offset points",
                va="center",
                ha="right" if before else "left",
                **ON_PAPER,
            )
        ax.axvline(measured[title], color="black", lw=1.2, ls=":")
        ax.annotate(
            f"measured {measured[title]:.1f}",
            (measured[title], 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            va="bottom",
            annotation_clip=False,
        )
        ax.set_title(title, loc="left")
        ax.set_yticks(range(len(parts)), list(parts))
        ax.invert_yaxis()
        ax.grid(False, axis="y")
    for upper in axes[:-1, 0]:
        upper.tick_params(axis="x", length=0)
    ax.set(xlabel=x_label, xlim=(0, 1.12 * widest))
    return ax
