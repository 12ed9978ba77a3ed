"""The site's icon, and the picture that stands for a shared link, both drawn when the site is built."""

import re
import textwrap
from html import escape
from pathlib import Path

import nbformat
import vl_convert
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from llm_latency.palette import COLOURS

from .chart_colours import DARK
from .description import first_sentences

ICON, ICON_PNG, TOUCH_ICON, PREVIEW = "icon.svg", "icon.png", "touch-icon.png", "preview.png"
ICON_SIZES = {ICON_PNG: 32, TOUCH_ICON: 180}
PREVIEW_SIZE = (1200, 630)
PAPER, INK, MUTED = "#ffffff", "#222832", "#48566b"


def setup(app: Sphinx) -> None:
    """Draw the pictures once the pages are written.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    """
    app.connect("build-finished", write_pictures)


def write_pictures(app: Sphinx, exception: Exception | None) -> None:
    """Write the icon and the preview among the site's static files.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that built the book.
    exception : Exception or None
        What ended the build early, if anything did.
    """
    if exception or app.builder.format != "html":
        return
    folder = Path(app.outdir, "_static")
    (folder / ICON).write_text(icon(), encoding="utf-8")
    for name, size in ICON_SIZES.items():
        picture = icon(background=PAPER if name == TOUCH_ICON else "none", both_modes=False)
        (folder / name).write_bytes(vl_convert.svg_to_png(picture, scale=size / 32))
    root = app.config.root_doc
    line, chart = first_sentences(subtitle_of(app.env.get_doctree(root)), 0, 0), first_chart(app.env.doc2path(root))
    picture = preview(app.config.html_title, line, chart)
    (folder / PREVIEW).write_bytes(vl_convert.svg_to_png(picture))


def icon(*, background: str = "none", both_modes: bool = True) -> str:
    """Draw the book's chart in two strokes: a flat clock, then a rising one.

    Parameters
    ----------
    background : str, optional
        A colour to draw on.
    both_modes : bool, optional
        Whether a browser in dark mode is to draw it in the palette's dark colours.

    Returns
    -------
    str
        An SVG of 32 by 32 pixels.

    Examples
    --------
    >>> icon().count("<path")
    2
    """
    flat, rising = COLOURS["memory bandwidth"], COLOURS["arithmetic"]
    dark = f".flat {{ stroke: {DARK[flat.lower()]} }} .rising {{ stroke: {DARK[rising.lower()]} }}"
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


def preview(title: str, line: str, chart: str) -> str:
    """Set a title and a line beside a chart.

    Parameters
    ----------
    title, line : str
        What to write, large and small.
    chart : str
        An SVG with a ``viewBox``.

    Returns
    -------
    str
        An SVG of the size of `PREVIEW_SIZE`.

    Raises
    ------
    sphinx.errors.ExtensionError
        If the words need more room than there is.
    """
    width, height = PREVIEW_SIZE
    rows = [(text, 64, "bold", INK) for text in textwrap.wrap(title, 13)]
    rows += [(text, 29, "normal", MUTED) for text in textwrap.wrap(line, 26)]
    texts, bottom = [], 115.0
    for before, (text, size, weight, colour) in zip([rows[0], *rows], rows, strict=False):
        bottom += 1.2 * size if before[1] == size else 2.2 * size
        texts.append(
            f'<text x="60" y="{bottom:.0f}" font-family="Liberation Sans, Arial, sans-serif" font-size="{size}" '
            f'font-weight="{weight}" fill="{colour}">{escape(text)}</text>'
        )
    if bottom > height - 40:
        raise ExtensionError(f"the preview of the site has no room for {title!r} and {line!r}: shorten them")
    drawing = chart[chart.index("<svg") :]
    drawing = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", drawing, count=1)
    drawing = re.sub(r'(<svg[^>]*?) height="[^"]*"', r'\1 x="500" y="80" width="670" height="470"', drawing, count=1)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f'<rect width="{width}" height="{height}" fill="{PAPER}"/>{"".join(texts)}{drawing}</svg>\n'
    )


def subtitle_of(document: nodes.document) -> str:
    """Return the first paragraph of a page that is set in italics throughout.

    Parameters
    ----------
    document : docutils.nodes.document
        The page.

    Returns
    -------
    str
        Its text.

    Raises
    ------
    sphinx.errors.ExtensionError
        If the page has no such paragraph.
    """
    for paragraph in document.findall(nodes.paragraph):
        if [type(child) for child in paragraph] == [nodes.emphasis]:
            return paragraph.astext()
    raise ExtensionError("the first page has no line in italics under its title, which its preview would show")


def first_chart(path: str) -> str:
    """Return the first chart that a notebook stores.

    Parameters
    ----------
    path : str
        The notebook.

    Returns
    -------
    str
        An SVG.

    Raises
    ------
    sphinx.errors.ExtensionError
        If the notebook stores none.
    """
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            if "image/svg+xml" in output.get("data", {}):
                return output["data"]["image/svg+xml"]
    raise ExtensionError(f"{path} stores no SVG, which the preview of the site would show")
