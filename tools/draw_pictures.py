"""Draw the site's icons, and the picture of a shared link, into its static files: make pictures.

The pictures change only with the book's title, its subtitle and the first chart of its first page, so they are
committed and not drawn at every build.
"""

import re
import textwrap
from html import escape
from pathlib import Path

import nbformat
import vl_convert
import yaml

from book_site.head_metadata import PREVIEW, PREVIEW_SIZE
from llm_latency.charts.palette import LIGHT_AND_DARK

ROOT = Path(__file__).parent.parent
FIRST_PAGE = ROOT / "book" / "index.ipynb"
STATIC = ROOT / "tools" / "book_site" / "static"
WHITE, INK, MUTED = LIGHT_AND_DARK["background"][0], "#222832", "#48566b"
SUBTITLE = re.compile(r"^\*([^*\n]+)\*$", re.MULTILINE)


def icon(*, background: str = "none", both_modes: bool = True) -> str:
    """Draw the book's chart in two strokes, a flat clock and a rising one, in the colours of the browser's mode."""
    (flat, dark_flat), (rising, dark_rising) = LIGHT_AND_DARK["memory bandwidth"], LIGHT_AND_DARK["arithmetic"]
    dark = f".flat {{ stroke: {dark_flat} }} .rising {{ stroke: {dark_rising} }}"
    style = f".flat {{ stroke: {flat} }} .rising {{ stroke: {rising} }}"
    style += f" @media (prefers-color-scheme: dark) {{ {dark} }}" if both_modes else ""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="32" height="32" viewBox="0 0 32 32">'
        f"<style>{style}</style>"
        f'<rect width="32" height="32" fill="{background}"/>'
        '<g fill="none" stroke-width="6" stroke-linecap="round" stroke-linejoin="round">'
        '<path class="rising" d="M17 24 Q24 20 28 6"/><path class="flat" d="M4 24 H17"/>'
        "</g></svg>\n"
    )


def preview(title: str, subtitle: str, chart: str) -> str:
    """Set a title and a subtitle beside a chart, an SVG with a ``viewBox``."""
    width, height = PREVIEW_SIZE
    rows = [(text, 64, "bold", INK) for text in textwrap.wrap(title, 13)]
    rows += [(text, 29, "normal", MUTED) for text in textwrap.wrap(subtitle, 26)]
    texts, bottom = [], 115.0
    for before, (text, size, weight, colour) in zip([rows[0], *rows], rows, strict=False):
        bottom += 1.2 * size if before[1] == size else 2.2 * size
        texts.append(
            f'<text x="60" y="{bottom:.0f}" font-family="Liberation Sans, Arial, sans-serif" font-size="{size}" '
            f'font-weight="{weight}" fill="{colour}">{escape(text)}</text>'
        )
    if bottom > height - 40:
        raise ValueError(f"the preview of the site has no room for {title!r} and {subtitle!r}: shorten them")
    drawing = chart[chart.index("<svg") :]
    drawing = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", drawing, count=1)
    drawing = re.sub(r'(<svg[^>]*?) height="[^"]*"', r'\1 x="500" y="80" width="670" height="470"', drawing, count=1)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f'<rect width="{width}" height="{height}" fill="{WHITE}"/>{"".join(texts)}{drawing}</svg>\n'
    )


def first_page(notebook: Path) -> tuple[str, str]:
    """Return the line in italics under a notebook's title up to its first full stop, and its first chart."""
    cells = nbformat.read(notebook, as_version=4).cells
    subtitle = SUBTITLE.search(cells[0].source)
    outputs = (output.get("data", {}) for cell in cells for output in cell.get("outputs", []))
    chart = next((data["image/svg+xml"] for data in outputs if "image/svg+xml" in data), None)
    if subtitle is None or chart is None:
        raise ValueError(f"{notebook.name} needs a line in italics under its title and an SVG, for the preview")
    return re.split(r"(?<=[.?!]) (?=[A-Z])", subtitle[1])[0], chart


def main() -> None:
    title = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["title"]
    (STATIC / "icon.svg").write_text(icon(), encoding="utf-8")
    for name, size, background in (("icon.png", 32, "none"), ("touch-icon.png", 180, WHITE)):
        picture = icon(background=background, both_modes=False)
        (STATIC / name).write_bytes(vl_convert.svg_to_png(picture, scale=size / 32))
    subtitle, chart = first_page(FIRST_PAGE)
    (STATIC / PREVIEW).write_bytes(vl_convert.svg_to_png(preview(title, subtitle, chart)))


if __name__ == "__main__":
    main()
