"""The theme's icons, from a font cut down to the few in use."""

import base64
import re
from pathlib import Path
from typing import NamedTuple

import pydata_sphinx_theme
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx
from sphinx.util import logging

from .fonts import subset

logger = logging.getLogger(__name__)

STYLE_SHEET = "icons.css"
FONTS = Path(
    pydata_sphinx_theme.__file__, "../theme/pydata_sphinx_theme/static/vendor/fontawesome/webfonts"
).resolve()


class Font(NamedTuple):
    """A font of the theme, as its style sheet names it. The last one defined counts, so its own is never asked for."""

    file: str
    family: str
    weight: int


SOLID = Font("fa-solid-900.ttf", "Font Awesome 6 Free", 900)
BRANDS = Font("fa-brands-400.ttf", "Font Awesome 6 Brands", 400)
ICONS = {
    SOLID: (
        *("angle-left", "angle-right", "arrow-up", "bars", "circle-half-stroke", "download", "expand", "file"),
        *("file-pdf", "list", "magnifying-glass", "moon", "sun", "xmark"),
        # The titles of admonitions and exercises have theirs from the theme's style sheet.
        *("angle-down", "bell", "circle-check", "circle-exclamation", "circle-info", "circle-xmark", "lightbulb"),
        *("pencil", "share", "triangle-exclamation"),
        # The buttons of a book with a public address.
        "rocket",
    ),
    BRANDS: ("github",),
}
PRIVATE = range(0xE000, 0xF900)
"""Where the theme's style sheet looks for its icons; some have a code among the letters, too."""
USED = re.compile(r"\bfa(?:-solid|-regular|-brands|[srb]) fa-([a-z0-9-]+)")
FACE = """\
@font-face {
  font-family: "%s";
  font-weight: %d;
  src: url("data:font/woff;base64,%s") format("woff");
}
"""
SOLID_RULE = f"""
.fa-solid {{
  display: inline-block;
  font-family: "{SOLID.family}";
  font-style: normal;
  font-weight: {SOLID.weight};
  line-height: 1;
}}
"""


def setup(app: Sphinx) -> None:
    """Write the icons into the site, and check at its end that they suffice.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.

    Notes
    -----
    The template ``static/webpack-macros.html`` leaves out the theme's script with all its icons.
    """
    app.connect("builder-inited", write_style_sheet)
    app.connect("build-finished", warn_about_missing_icons)
    app.add_css_file(STYLE_SHEET, priority=898)


def write_style_sheet(app: Sphinx) -> None:
    """Write the style sheet that draws the icons.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    """
    if app.builder.format != "html":
        return
    path = Path(app.outdir, "_static", STYLE_SHEET)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join([*map(style_sheet, ICONS, ICONS.values()), SOLID_RULE]), encoding="utf-8")


def style_sheet(font: Font, icons: tuple[str, ...]) -> str:
    """Write CSS that draws icons of a font by their class.

    Parameters
    ----------
    font : Font
        The font.
    icons : tuple of str
        Names of the icons, as Font Awesome has them.

    Returns
    -------
    str
        The style sheet, with the cut font as data.

    Raises
    ------
    ValueError
        If the font has no icon of a name.
    """
    path = FONTS / font.file
    with TTFont(path) as whole:
        codes = {name: code for code, name in sorted(whole.getBestCmap().items()) if code in PRIVATE}
    unknown = sorted(set(icons) - codes.keys())
    if unknown:
        raise ValueError(f"{font.file} has no icon {', '.join(unknown)}")
    data = base64.b64encode(subset(path, {chr(codes[icon]) for icon in icons})).decode()
    rules = [f'\n.fa-{icon}::before {{\n  content: "\\{codes[icon]:x}";\n}}\n' for icon in icons]
    return FACE % (font.family, font.weight, data) + "".join(rules)


def warn_about_missing_icons(app: Sphinx, exception: Exception | None) -> None:
    """Warn about each icon of the finished site that the font does not draw.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that built the book.
    exception : Exception or None
        What ended the build early, if anything did.
    """
    if exception or app.builder.format != "html":
        return
    outdir = Path(app.outdir)
    known = set().union(*ICONS.values())
    for path in sorted(outdir.rglob("*.html")):
        for icon in sorted(set(USED.findall(path.read_text(encoding="utf-8"))) - known):
            logger.warning(
                "%s uses the icon %s: add it to book_site.icons.ICONS",
                path.relative_to(outdir),
                icon,
                type="book_site",
                subtype="icon",
            )
