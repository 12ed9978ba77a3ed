"""The colours of charts on light and dark pages, from the one table of `llm_latency.charts.palette`."""

import re

from sphinx.application import Sphinx

from llm_latency.charts.palette import LIGHT_AND_DARK, PARTS, TOTAL

from .built_site import builds_html, write_static_file

STYLE_SHEET = "chart-colours.css"
DARK = {light.lower(): dark for light, dark in LIGHT_AND_DARK.values()}
DEFAULT_COLOUR = LIGHT_AND_DARK["text"]
"""The colours of what an SVG draws without naming a colour, such as text."""

VARIABLES = {
    light: f"--chart-{name.replace(' ', '-')}"
    for name, (light, _) in LIGHT_AND_DARK.items()
    if light in {TOTAL, *PARTS.values()}
}
"""The CSS variable that holds each colour of a live chart."""

COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")


def setup(app: Sphinx) -> None:
    app.connect("builder-inited", write_style_sheet)
    app.add_css_file(STYLE_SHEET, priority=490)


def write_style_sheet(app: Sphinx) -> None:
    if builds_html(app):
        write_static_file(app, STYLE_SHEET, style_sheet())


def style_sheet() -> str:
    """Write CSS that sets the variables for light and for dark pages."""
    light = "".join(f"  {variable}: {colour};\n" for colour, variable in VARIABLES.items())
    dark = "".join(f"  {variable}: {DARK[colour.lower()]};\n" for colour, variable in VARIABLES.items())
    return f':root {{\n{light}}}\n\nhtml[data-theme="dark"] {{\n{dark}}}\n'


def with_variables(text: str) -> str:
    """Replace the colours in a live chart's specification or picture by CSS variables, so that it follows the theme.

    >>> with_variables('{"range": ["#0072B2"]}')
    '{"range": ["var(--chart-memory-bandwidth)"]}'
    """
    for colour, variable in VARIABLES.items():
        text = text.replace(colour, f"var({variable})")
    return text


def darkened(svg: str) -> str:
    """Replace each colour of a chart by its dark twin.

    >>> darkened('<svg width="1"><path style="fill: #FFFFFF"/></svg>')
    '<svg fill="#ced6dd" width="1"><path style="fill: #121212"/></svg>'
    """

    def dark_twin(match: re.Match) -> str:
        colour = match[0].lower()
        if colour not in DARK:
            raise ValueError(
                f"colour {colour} has no dark twin in llm_latency.charts.palette.LIGHT_AND_DARK; "
                "after a change there, run make notebooks"
            )
        return DARK[colour]

    return re.sub(r"<svg\b", f'<svg fill="{DEFAULT_COLOUR[1]}"', COLOUR.sub(dark_twin, svg), count=1)
