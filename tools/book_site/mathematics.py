"""Set the mathematics while the site is built, so that a page needs no MathJax to be read.

MathJax runs once, in a JavaScript engine inside the build, and writes HTML with a hidden MathML
copy for screen readers. Its style sheet carries its fonts, cut down to the characters in use.
"""

import base64
import json
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from docutils import nodes
from py_mini_racer import JSEvalException, MiniRacer
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number, wrap_displaymath
from sphinx.writers.html5 import HTML5Translator

from .fonts import subset

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
SETUP = """
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
CHARACTER = re.compile(r"(?P<selector>[^{}]+)\{[^}]*?content: \"(?P<content>(?:\\.|[^\"\\])*)\"")
ESCAPE = re.compile(r"\\([0-9A-Fa-f]{1,6}) ?|\\(.)")
STRETCHING = {"TEX-S1", "TEX-S2", "TEX-S3", "TEX-S4"}
"""Fonts that rules without a font's class draw on too."""
EMPTY = "ZERO"
"""The font without a glyph, which holds the place of every character."""


class MathJax:
    """MathJax in a JavaScript engine, with what it has set so far.

    Raises
    ------
    sphinx.errors.ExtensionError
        If the package that carries MathJax is not installed.

    Examples
    --------
    >>> "mjx-mfrac" in MathJax().html(r"\\frac{a}{b}", display=False)
    True
    """

    def __init__(self):
        spec = find_spec(MATHJAX_PACKAGE)
        if spec is None:
            raise ExtensionError(f"the package {MATHJAX_PACKAGE}, which carries MathJax, is not installed")
        self._folder = Path(spec.origin).parent / "static" / "mathjax"
        self._engine = MiniRacer()
        for part in MATHJAX_PARTS:
            self._engine.eval((self._folder / f"{part}.js").read_text(encoding="utf-8"))
        self._engine.eval(SETUP.replace("PACKAGES", json.dumps(TEX_PACKAGES)))

    def html(self, tex: str, display: bool) -> str:
        """Set one formula.

        Parameters
        ----------
        tex : str
            The formula in LaTeX, without delimiters.
        display : bool
            Whether it stands on a line of its own.

        Returns
        -------
        str
            The formula in HTML, which `style_sheet` makes visible.

        Raises
        ------
        ValueError
            If MathJax cannot read the formula.
        """
        try:
            return self._engine.call("typeset", tex, display)
        except JSEvalException as error:
            reason = re.search(r"Error: (.*)", str(error)) or re.search(r"(.+)", str(error))
            raise ValueError(f"MathJax cannot set {tex!r}: {reason[1]}") from error

    def style_sheet(self) -> str:
        """Write the style sheet of all formulas set so far.

        Returns
        -------
        str
            CSS whose fonts stand in it as data, so that it needs no other file.
        """
        css = self._engine.call("styleSheet")
        characters = used_characters(css)
        return FONT_FACE.sub(lambda match: self._font_face(match, characters), css)

    def _font_face(self, match: re.Match, characters: dict[str, set[str]]) -> str:
        """Replace a font's address by its data, or drop a font that nothing uses."""
        family, path = match["family"], self._folder / FONT_FOLDER / match["file"]
        wanted = characters.get(family, set()) | (characters["TEX"] if family in STRETCHING else set())
        data = path.read_bytes() if family == EMPTY else subset(path, wanted)
        if not data:
            return ""
        url = f"data:font/woff;base64,{base64.b64encode(data).decode()}"
        return match[0].replace(f"/{match['file']}", url)


def used_characters(css: str) -> dict[str, set[str]]:
    """Read from MathJax's style sheet which characters each font has to draw.

    Parameters
    ----------
    css : str
        The style sheet, with one rule for each character in use.

    Returns
    -------
    dict of str to set of str
        The characters of each font family, by its name without ``MJX``.

    Examples
    --------
    >>> used_characters('mjx-c.mjx-c28.TEX-S1::before { content: "("; } mjx-c.mjx-c3D::before { content: "\\\\3D"; }')
    {'TEX': {'='}, 'TEX-S1': {'('}}
    """
    characters = {"TEX": set()}
    for rule in CHARACTER.finditer(css):
        family = re.search(r"\.(TEX-\w+)", rule["selector"])
        text = ESCAPE.sub(lambda escape: chr(int(escape[1], 16)) if escape[1] else escape[2], rule["content"])
        characters.setdefault(family[1] if family else "TEX", set()).update(text)
    return characters


@cache
def mathjax() -> MathJax:
    """Start MathJax, once in a build.

    Returns
    -------
    MathJax
        The one instance.
    """
    return MathJax()


@cache
def typeset(tex: str, display: bool) -> str:
    """Set a formula once, however often it occurs.

    Parameters
    ----------
    tex : str
        The formula in LaTeX, without delimiters.
    display : bool
        Whether it stands on a line of its own.

    Returns
    -------
    str
        The formula in HTML.

    Raises
    ------
    ValueError
        If MathJax cannot read the formula.
    """
    return mathjax().html(tex, display)


def setup(app: Sphinx) -> None:
    """Make this the site's renderer of mathematics.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    """
    app.add_html_math_renderer(RENDERER, (visit_inline, None), (visit_display, None))
    app.connect("config-inited", choose_renderer)
    app.connect("env-check-consistency", write_style_sheet)
    app.add_css_file(STYLE_SHEET, priority=899)


def choose_renderer(app: Sphinx, config: Config) -> None:
    """Use this renderer in place of Sphinx's own, which loads MathJax in the browser.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    config : sphinx.config.Config
        Its configuration, changed in place.
    """
    config.html_math_renderer = RENDERER


def write_style_sheet(app: Sphinx, env) -> None:
    """Set all formulas of the book, and write the style sheet they need.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    env : sphinx.environment.BuildEnvironment
        Its pages, as they were read.

    Notes
    -----
    It runs before the first page is written, so that pages link to the sheet by its checksum.
    """
    if app.builder.format != "html":
        return
    for docname in sorted(env.all_docs):
        for node in env.get_doctree(docname).findall(lambda n: isinstance(n, nodes.math | nodes.math_block)):
            drawn(node)
    path = Path(app.outdir, "_static", STYLE_SHEET)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(mathjax().style_sheet(), encoding="utf-8")


def drawn(node: nodes.math | nodes.math_block) -> str:
    """Set the formula of a node, or warn about it.

    Parameters
    ----------
    node : docutils.nodes.math or docutils.nodes.math_block
        The formula.

    Returns
    -------
    str
        The formula in HTML; its source if MathJax cannot read it.
    """
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
    """Write a formula inside a sentence.

    Parameters
    ----------
    translator : sphinx.writers.html5.HTML5Translator
        The writer of the page.
    node : docutils.nodes.math
        The formula.
    """
    translator.body.append(f"{translator.starttag(node, 'span', '', CLASS='math')}{drawn(node)}</span>")
    raise nodes.SkipNode


def visit_display(translator: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on a line of its own, with its number if it has one.

    Parameters
    ----------
    translator : sphinx.writers.html5.HTML5Translator
        The writer of the page.
    node : docutils.nodes.math_block
        The formula.

    Notes
    -----
    The theme's script lets the keyboard reach boxes of its class for tables wherever they scroll.
    """
    translator.body.append(translator.starttag(node, "div", CLASS="math"))
    if node["number"]:
        number = get_node_equation_number(translator, node)
        translator.body.append(f'<span class="eqno">({number})')
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    translator.body.append(f'<div class="math-scroll pst-scrollable-table-container">{drawn(node)}</div></div>\n')
    raise nodes.SkipNode
