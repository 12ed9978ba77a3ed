"""The colours of the book's charts on white, and those that take their places on a dark page."""

import re

from llm_latency.charts.palette import COLOURS, TOTAL

PAPER = "#ffffff"
"""What a chart is drawn on."""

INK = "#000000"
"""The colour of what has none of its own in an SVG, such as text."""

DARK = {
    PAPER: "#121212",
    INK: "#ced6dd",
    "#e4e4e4": "#333a44",
    "#bbbbbb": "#565f6b",
    TOTAL.lower(): "#8d8d8d",
    COLOURS["memory bandwidth"].lower(): "#4a9ff0",
    COLOURS["arithmetic"].lower(): "#ff9347",
    COLOURS["communication"].lower(): "#45d6aa",
    COLOURS["KV cache"].lower(): "#db4a72",
    COLOURS["other"].lower(): "#f6c4e4",
}
"""For every colour of a chart, the one that takes its place on a dark page."""

COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")


def recoloured(svg: str) -> str:
    """Draw a chart for a dark page.

    Parameters
    ----------
    svg : str
        The chart on white, in the colours of the book.

    Returns
    -------
    str
        The same chart, each colour replaced by its dark counterpart.

    Raises
    ------
    ValueError
        If a colour has no counterpart.

    Examples
    --------
    >>> recoloured('<svg width="1"><path style="fill: #FFFFFF"/></svg>')
    '<svg fill="#ced6dd" width="1"><path style="fill: #121212"/></svg>'
    >>> recoloured('<svg><path style="fill: #123456"/></svg>')
    Traceback (most recent call last):
    ...
    ValueError: colour #123456 has no dark counterpart in book_site.colours.DARK
    """

    def counterpart(match: re.Match) -> str:
        colour = match[0].lower()
        if colour not in DARK:
            raise ValueError(f"colour {colour} has no dark counterpart in book_site.colours.DARK")
        return DARK[colour]

    dark = COLOUR.sub(counterpart, svg)
    return re.sub(r"<svg\b", f'<svg fill="{DARK[INK]}"', dark, count=1)
