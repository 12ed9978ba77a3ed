"""The theme's icons, from a font cut down to the few in use.

The template ``static/webpack-macros.html`` leaves out the theme's script, which holds all of its icons.
"""

import base64
import re
from pathlib import Path
from typing import NamedTuple

import pydata_sphinx_theme
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx
from sphinx.util import logging

from .built_site import after_html_build, builds_html, write_static_file
from .font_subset import font_subset

logger = logging.getLogger(__name__)

STYLE_SHEET = "icons.css"
FONTS = Path(pydata_sphinx_theme.__file__, "../theme/pydata_sphinx_theme/static/vendor/fontawesome/webfonts").resolve()


class Font(NamedTuple):
    """A font of the theme, by the family and weight of the theme's style sheet.

    A browser takes the last font defined by this name, which is ours, and never asks for the theme's own.
    """

    file: str
    family: str
    weight: int


SOLID = Font("fa-solid-900.ttf", "Font Awesome 6 Free", 900)
BRANDS = Font("fa-brands-400.ttf", "Font Awesome 6 Brands", 400)
ICONS = {
    SOLID: (
        *("angle-left", "angle-right", "arrow-up", "bars", "circle-half-stroke", "download", "expand", "file"),
        *("file-pdf", "list", "magnifying-glass", "moon", "sun", "xmark"),
        # The theme's style sheet puts these before the titles of admonitions and exercises.
        *("angle-down", "bell", "circle-check", "circle-exclamation", "circle-info", "circle-xmark", "lightbulb"),
        *("pencil", "share", "triangle-exclamation"),
        # The buttons of a book with a public address.
        "rocket",
    ),
    BRANDS: ("github",),
}
PRIVATE_USE_AREA = range(0xE000, 0xF900)
"""Where the theme's style sheet looks for its icons; some have a code among the letters, too."""
ICON_CLASS = re.compile(r"\bfa(?:-solid|-regular|-brands|[srb]) fa-([a-z0-9-]+)")
FONT_FACE = """\
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
    app.connect("builder-inited", write_style_sheet)
    after_html_build(app, warn_about_missing_icons)
    app.add_css_file(STYLE_SHEET, priority=898)


def write_style_sheet(app: Sphinx) -> None:
    if builds_html(app):
        write_static_file(app, STYLE_SHEET, "".join([*map(icon_rules, ICONS, ICONS.values()), SOLID_RULE]))


def icon_rules(font: Font, icons: tuple[str, ...]) -> str:
    """Write CSS with the cut font as data, and a rule that draws each icon by its class."""
    path = FONTS / font.file
    with TTFont(path) as whole:
        codes = {name: code for code, name in sorted(whole.getBestCmap().items()) if code in PRIVATE_USE_AREA}
    unknown = sorted(set(icons) - codes.keys())
    if unknown:
        raise ValueError(f"{font.file} has no icon {', '.join(unknown)}")
    data = base64.b64encode(font_subset(path, {chr(codes[icon]) for icon in icons})).decode()
    rules = [f'\n.fa-{icon}::before {{\n  content: "\\{codes[icon]:x}";\n}}\n' for icon in icons]
    return FONT_FACE % (font.family, font.weight, data) + "".join(rules)


def warn_about_missing_icons(app: Sphinx) -> None:
    """Warn about each icon of the finished site that the cut font does not draw."""
    outdir = Path(app.outdir)
    known = set().union(*ICONS.values())
    for path in sorted(outdir.rglob("*.html")):
        for icon in sorted(set(ICON_CLASS.findall(path.read_text(encoding="utf-8"))) - known):
            logger.warning(
                "%s uses the icon %s: add it to book_site.icon_font.ICONS",
                path.relative_to(outdir),
                icon,
                type="book_site",
                subtype="icon",
            )
