"""Live charts on paper: a picture of each at its first setting, with words that name the setting."""

import json
import re
from html import escape
from pathlib import Path

import vl_convert
from bs4 import Tag

from book_site.chart_colours import VARIABLES
from book_site.live_charts import controls_of

from .markup import parse_element

VARIABLE = re.compile(r"var\((--[\w-]+)\)")
WIDTH = 350
"""Width of a picture in pixels, smaller than on a screen, so that its words are larger."""
COLOURS_ON_PAPER = {variable: colour for colour, variable in VARIABLES.items()} | {
    "--pst-color-text-base": "#111111",
    "--pst-color-text-muted": "#555555",
    "--pst-color-border": "#cccccc",
}


def draw_live_charts(body: Tag, folder: Path, chapter: str) -> None:
    """Replace each live chart of a chapter by a figure, whose picture is drawn into the folder."""
    for number, chart in enumerate(body.select(".live-chart"), start=1):
        specification = json.loads(VARIABLE.sub(colour_on_paper, chart.script.string))
        drawing = folder / f"{chapter}-live-{number}.svg"
        drawing.write_text(vl_convert.vega_to_svg(of_width(specification, WIDTH)), encoding="utf-8")
        lines = [span.get_text() for span in chart.select(".live-chart-value span")]
        shown = ". ".join(line[0].upper() + line[1:] for line in lines)
        caption = f"{shown}. Interactive on the site, drawn here for {setting_in_words(specification)}."
        image = f'<img src="{drawing.name}" alt="{escape(specification["description"])}">'
        figure = f"<figure>{image}<figcaption><p>{escape(caption)}</p></figcaption></figure>"
        chart.replace_with(parse_element(figure))


def colour_on_paper(variable: re.Match) -> str:
    """Return the colour of a CSS variable."""
    if variable[1] not in COLOURS_ON_PAPER:
        raise ValueError(f"no colour on paper for {variable[1]}; there is one for {', '.join(COLOURS_ON_PAPER)}")
    return COLOURS_ON_PAPER[variable[1]]


def of_width(specification: dict, width: int) -> dict:
    """Give a chart, which on the site is as wide as its column, a width in pixels."""
    others = [signal for signal in specification["signals"] if signal["name"] != "width"]
    return specification | {"signals": [{"name": "width", "value": width}, *others]}


def setting_in_words(specification: dict) -> str:
    """Name the value of each control of a chart, as in "batch = 4 sequences; bits = 8"."""
    words = []
    for parameter in controls_of(specification):
        control, value = parameter["bind"], parameter["value"]
        name, _, unit = control["name"].rstrip("]").partition(" [")
        if "options" in control:
            value = control.get("labels", control["options"])[control["options"].index(value)]
        value = f"{value:.10g}" if isinstance(value, float) else value
        words.append(f"{name} = {value} {unit}".strip())
    return "; ".join(words)
