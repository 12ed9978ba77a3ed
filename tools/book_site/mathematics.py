"""Set the mathematics while the site is built, so that pages need no MathJax.

MathJax runs once, in a JavaScript engine inside the build, and writes HTML with a hidden MathML
copy for screen readers. Its style sheet carries its fonts, cut down to the characters in use.
"""

import base64
import json
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import tinycss2
from docutils import nodes
from py_mini_racer import JSEvalException, MiniRacer
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number, wrap_displaymath
from sphinx.writers.html5 import HTML5Translator

from .built_site import builds_html, write_static_file
from .font_subset import font_subset

logger = logging.getLogger(__name__)

STYLE_SHEET = "mathematics.css"
RENDERER = "at_build_time"

MATHJAX_PACKAGE = "sphinx-mathjax-offline"
MATHJAX_PARTS = (
    *("loader", "core", "adaptors/liteDOM", "input/tex-full", "output/chtml"),
    *("output/chtml/fonts/tex", "a11y/assistive-mml"),
)
FONT_FOLDER = "output/chtml/fonts/woff-v2"
TEX_PACKAGES = ["base", "ams", "textmacros"]
START_SCRIPT = """
const adaptor = MathJax._.adaptors.liteAdaptor.liteAdaptor();
MathJax._.a11y["assistive-mml"].AssistiveMmlHandler(MathJax._.handlers.html_ts.RegisterHTMLHandler(adaptor));
const font = new MathJax._.output.chtml.fonts.tex_ts.TeXFont({fontURL: ""});
const output = new MathJax._.output.chtml_ts.CHTML({font});
const input = new MathJax._.input.tex_ts.TeX({
  packages: PACKAGES, formatError(jax, error) { throw error; },
});
const page = MathJax._.mathjax.mathjax.document("", {InputJax: input, OutputJax: output});
const typeset = (tex, display) => adaptor.outerHTML(page.convert(tex, {display}));
const styleSheet = () => adaptor.textContent(output.styleSheet(page));
"""

FONT_FACE = re.compile(
    r"@font-face[^{]*\{\s*font-family: MJX(?P<family>[\w-]+);[^}]*?url\(\"/(?P<file>[^\"]+)\"\)[^}]*\}"
)
FAMILY_CLASS = re.compile(r"\.(TEX-\w+)")
STRETCHING_FONTS = {"TEX-S1", "TEX-S2", "TEX-S3", "TEX-S4"}
"""Fonts that are also used by rules without a font's class."""
EMPTY_FONT = "ZERO"
"""A font without glyphs, which acts as a placeholder for every character."""


class MathJax:
    """MathJax in a JavaScript engine, with all that it has set so far."""

    def __init__(self):
        spec = find_spec(MATHJAX_PACKAGE)
        if spec is None:
            raise ExtensionError(f"the package {MATHJAX_PACKAGE}, which carries MathJax, is not installed")
        self._folder = Path(spec.origin).parent / "static" / "mathjax"
        self._engine = MiniRacer()
        for part in MATHJAX_PARTS:
            self._engine.eval((self._folder / f"{part}.js").read_text(encoding="utf-8"))
        self._engine.eval(START_SCRIPT.replace("PACKAGES", json.dumps(TEX_PACKAGES)))

    def html(self, tex: str, display: bool) -> str:
        """Set a formula, without delimiters, in a sentence or on a line of its own."""
        try:
            return self._engine.call("typeset", tex, display)
        except JSEvalException as error:
            reason = re.search(r"Error: (.*)", str(error)) or re.search(r"(.+)", str(error))
            raise ValueError(f"MathJax cannot set {tex!r}: {reason[1]}") from error

    def style_sheet(self) -> str:
        """Write the CSS of all formulas set so far, with its fonts as data, so that it needs no other file."""
        css = self._engine.call("styleSheet")
        characters = used_characters(css)
        return FONT_FACE.sub(lambda match: self._font_face(match, characters), css)

    def _font_face(self, match: re.Match, characters: dict[str, set[str]]) -> str:
        """Replace a font's address by its data, or remove a font that nothing uses."""
        family, path = match["family"], self._folder / FONT_FOLDER / match["file"]
        wanted = characters.get(family, set()) | (characters["TEX"] if family in STRETCHING_FONTS else set())
        data = path.read_bytes() if family == EMPTY_FONT else font_subset(path, wanted)
        if not data:
            return ""
        url = f"data:font/woff;base64,{base64.b64encode(data).decode()}"
        return match[0].replace(f"/{match['file']}", url)


def used_characters(css: str) -> dict[str, set[str]]:
    """Read from MathJax's CSS which characters each font has to draw, by its family without ``MJX``.

    >>> used_characters('mjx-c.mjx-c28.TEX-S1::before { content: "("; } mjx-c.mjx-c3D::before { content: "\\\\3D"; }')
    {'TEX': {'='}, 'TEX-S1': {'('}}
    """
    characters = {"TEX": set()}
    for rule in tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True):
        if rule.type != "qualified-rule":
            continue
        family = FAMILY_CLASS.search(tinycss2.serialize(rule.prelude))
        for declaration in tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True):
            if declaration.type == "declaration" and declaration.name == "content":
                texts = [token.value for token in declaration.value if token.type == "string"]
                characters.setdefault(family[1] if family else "TEX", set()).update(*texts)
    return characters


@cache
def mathjax() -> MathJax:
    """Start MathJax once per build."""
    return MathJax()


@cache
def typeset(tex: str, display: bool) -> str:
    """Set a formula once, however often it occurs."""
    return mathjax().html(tex, display)


def setup(app: Sphinx) -> None:
    app.add_html_math_renderer(RENDERER, (visit_inline, None), (visit_display, None))
    app.connect("config-inited", choose_renderer)
    app.connect("env-check-consistency", write_style_sheet)
    app.add_css_file(STYLE_SHEET, priority=899)


def choose_renderer(app: Sphinx, config: Config) -> None:
    """Use this renderer in place of Sphinx's own, which loads MathJax in the browser."""
    config.html_math_renderer = RENDERER


def write_style_sheet(app: Sphinx, env: BuildEnvironment) -> None:
    """Set all formulas of the book and write their style sheet, before any page links to it by its checksum."""
    if not builds_html(app):
        return
    for docname in sorted(env.all_docs):
        for node in env.get_doctree(docname).findall(lambda node: isinstance(node, nodes.math | nodes.math_block)):
            formula_html(node)
    write_static_file(app, STYLE_SHEET, mathjax().style_sheet())


def formula_html(node: nodes.math | nodes.math_block) -> str:
    """Set the formula of a node, or warn that MathJax cannot read it and show its source."""
    display = isinstance(node, nodes.math_block)
    tex = node.astext().strip()
    if display and not node.get("nowrap"):
        tex = wrap_displaymath(tex, None, False).strip()
    try:
        return typeset(tex, display)
    except ValueError as error:
        logger.warning("%s", error, location=node, type="book_site", subtype="math")
        return f"<code>{tex}</code>"


def visit_inline(translator: HTML5Translator, node: nodes.math) -> None:
    translator.body.append(f"{translator.starttag(node, 'span', '', CLASS='math')}{formula_html(node)}</span>")
    raise nodes.SkipNode


def visit_display(translator: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on a line of its own, with its number if it has one.

    The box has the theme's class for tables, whose script lets the keyboard reach a box that scrolls.
    """
    translator.body.append(translator.starttag(node, "div", CLASS="math"))
    if node["number"]:
        number = get_node_equation_number(translator, node)
        translator.body.append(f'<span class="eqno">({number})')
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    translator.body.append(
        f'<div class="math-scroll pst-scrollable-table-container">{formula_html(node)}</div></div>\n'
    )
    raise nodes.SkipNode
