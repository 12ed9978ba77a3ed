"""One style sheet for the whole site, without the rules that match nothing in it.

Before it shows a page, a browser waits for every style sheet. The theme and the extensions bring
more than a dozen, most of them for parts that this site does not have.
"""

import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from posixpath import dirname, join, normpath

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

logger = logging.getLogger(__name__)

STATIC = "_static"
SHEET = "site.css"
LINK = re.compile(
    rf'[ \t]*<link\b(?=[^>]*\brel="stylesheet")[^>]*\bhref="(?P<root>[^"]*){STATIC}/(?P<sheet>[^"?]*)[^>]*>\n?'
)
WORD = re.compile(r"[\w-]+")
PUT_TOGETHER = {"bs-tooltip-auto"}
"""Classes in use that stand nowhere as one word, because a script puts them together."""

TOKEN = re.compile(r"/\*.*?\*/|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|[{};]|[^\"'{};/]+|/", re.DOTALL)
IMPORT = re.compile(r"@import\s+(?:url\()?[\"']?(?P<sheet>[^\"')]+)")
ADDRESS = re.compile(r"url\(\s*[\"']?(?!data:|#|/|[\w+-]+:)(?P<path>[^\"')]+)[\"']?\s*\)")
CONDITIONS = ("@container", "@layer", "@media", "@supports")
ALTERNATIVES = re.compile(r":(?:has|is|not|where)\((?:[^()]|\([^()]*\))*\)|\[[^\]]*\]")
NAME = re.compile(r"[.#]([\w-]+)")


def setup(app: Sphinx) -> None:
    """Join the style sheets at the end of each build.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    """
    app.connect("env-get-outdated", write_every_page)
    app.connect("build-finished", join_sheets, priority=900)


def write_every_page(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Let Sphinx write every page in every build, because the sheet is cut to all of them.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    env : sphinx.environment.BuildEnvironment
        Its pages.
    added, changed, removed : set of str
        The pages that differ from the last build.

    Returns
    -------
    list of str
        All pages.
    """
    return sorted(env.found_docs) if app.builder.format == "html" else []


def join_sheets(app: Sphinx, exception: Exception | None) -> None:
    """Put one sheet in the place of all that the pages link to.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that built the book.
    exception : Exception or None
        What ended the build early, if anything did.

    Notes
    -----
    A page that needs a sheet more than others, for its charts, sets the order for all. The sheets
    themselves stay, for whoever links to them.
    """
    if exception or app.builder.format != "html":
        return
    outdir = Path(app.outdir)
    pages = {path: path.read_text(encoding="utf-8") for path in sorted(outdir.rglob("*.html"))}
    pages = {path: html for path, html in pages.items() if STATIC not in path.relative_to(outdir).parts}
    sheets = max((sheets_of(html) for html in pages.values()), key=len, default=[])
    for path, html in pages.items():
        if not is_in_order(sheets_of(html), sheets):
            name = path.relative_to(outdir)
            logger.warning("%s has other style sheets: %s", name, sheets_of(html), type="book_site", subtype="sheets")
    if not sheets:
        return
    scripts = [path.read_text(encoding="utf-8") for path in sorted((outdir / STATIC).rglob("*.js"))]
    words = {word for text in [*pages.values(), *scripts] for word in WORD.findall(text)} | PUT_TOGETHER
    css = "".join(pruned(outdir / STATIC, sheet, words) for sheet in sheets)
    (outdir / STATIC / SHEET).write_text(css, encoding="utf-8")
    version = sha256(css.encode()).hexdigest()[:8]
    for path, html in pages.items():
        path.write_text(with_one_sheet(html, version), encoding="utf-8")


def sheets_of(html: str) -> list[str]:
    """List the style sheets that a page links to.

    Parameters
    ----------
    html : str
        The page.

    Returns
    -------
    list of str
        The paths of the sheets in the folder of static files.

    Examples
    --------
    >>> sheets_of('<link rel="stylesheet" href="../_static/styles/theme.css?v=1" />')
    ['styles/theme.css']
    """
    return [match["sheet"] for match in LINK.finditer(html)]


def is_in_order(some: list[str], others: list[str]) -> bool:
    """Tell whether a list is another one with some items left out.

    Parameters
    ----------
    some, others : list of str
        The lists.

    Returns
    -------
    bool
        Whether it is.

    Examples
    --------
    >>> is_in_order(["a", "c"], ["a", "b", "c"]), is_in_order(["c", "a"], ["a", "b", "c"])
    (True, False)
    """
    rest = iter(others)
    return all(item in rest for item in some)


def with_one_sheet(html: str, version: str) -> str:
    """Link to the one sheet in the place of a page's first, and to no other.

    Parameters
    ----------
    html : str
        The page.
    version : str
        What changes with the sheet, so that browsers may keep it.

    Returns
    -------
    str
        The page with one link.
    """
    first = LINK.search(html)
    if not first:
        return html
    link = f'<link rel="stylesheet" href="{first["root"]}{STATIC}/{SHEET}?v={version}" />\n'
    return html[: first.start()] + link + LINK.sub("", html[first.end() :])


def pruned(folder: Path, sheet: str, words: set[str]) -> str:
    """Read a style sheet without the rules that match nothing.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of static files.
    sheet : str
        Path of the sheet in it.
    words : set of str
        Every word of the site: a class or an id that is not among them is nowhere.

    Returns
    -------
    str
        The rules that may match, with imported sheets in their place and addresses relative to the folder.
    """
    css = (folder / sheet).read_text(encoding="utf-8")
    css = ADDRESS.sub(lambda match: f'url("{normpath(join(dirname(sheet), match["path"]))}")', css)
    parts = []
    for prelude, body in rules(css):
        imported = IMPORT.match(prelude)
        if imported:
            parts.append(pruned(folder, normpath(join(dirname(sheet), imported["sheet"])), words))
        elif not prelude.startswith("@charset"):
            parts.append(used_rule(prelude, body, words))
    return "".join(parts)


def used_rule(prelude: str, body: str | None, words: set[str]) -> str:
    """Write a rule with those of its selectors that may match.

    Parameters
    ----------
    prelude : str
        What stands before the braces.
    body : str or None
        What stands in the braces, if there are any.
    words : set of str
        Every word of the site.

    Returns
    -------
    str
        The rule, empty if nothing of it may match.

    Examples
    --------
    >>> used_rule("p .here, .gone::before", "color: red", {"here"})
    'p .here{color: red}'
    >>> used_rule("@media print", ".gone {color: red}", {"here"})
    ''
    """
    if body is None:
        return f"{prelude};"
    if prelude.startswith(CONDITIONS):
        inner = "".join(used_rule(*rule, words) for rule in rules(body))
        return f"{prelude}{{{inner}}}" if inner else ""
    if prelude.startswith("@"):
        return f"{prelude}{{{body}}}"
    selectors = ",".join(selector for selector in selectors_of(prelude) if may_match(selector, words))
    return f"{selectors}{{{body}}}" if selectors else ""


def rules(css: str) -> Iterator[tuple[str, str | None]]:
    """Take a style sheet apart, without its comments.

    Parameters
    ----------
    css : str
        The style sheet.

    Yields
    ------
    prelude, body : str, str or None
        What stands before the braces of a rule, and in them; no body for a rule without braces.

    Examples
    --------
    >>> list(rules('@import "a.css"; /* b */ p::after {content: "}"}'))
    [('@import "a.css"', None), ('p::after', 'content: "}"')]
    """
    parts, prelude, depth = [], "", 0
    for match in TOKEN.finditer(css):
        token = match[0]
        if token.startswith("/*"):
            continue
        depth += (token == "{") - (token == "}")
        if depth == 0 and token in ";}":
            text = "".join(parts).strip()
            yield (prelude, text) if token == "}" else (text, None)
            parts = []
        elif depth == 1 and token == "{":
            prelude, parts = "".join(parts).strip(), []
        else:
            parts.append(token)


def selectors_of(prelude: str) -> list[str]:
    """Split what stands before the braces at its commas.

    Parameters
    ----------
    prelude : str
        The selectors of a rule.

    Returns
    -------
    list of str
        Each selector.

    Examples
    --------
    >>> selectors_of("a:is(.b, :not(.c, .d)), e")
    ['a:is(.b, :not(.c, .d))', 'e']
    """
    selectors, depth = [""], 0
    for character in prelude:
        depth += (character in "([") - (character in ")]")
        if character == "," and not depth:
            selectors.append("")
        else:
            selectors[-1] += character
    return [selector.strip() for selector in selectors]


def may_match(selector: str, words: set[str]) -> bool:
    """Tell whether a selector may match something of the site.

    Parameters
    ----------
    selector : str
        The selector.
    words : set of str
        Every word of the site.

    Returns
    -------
    bool
        False if it asks for a class or an id that is not among the words.

    Examples
    --------
    >>> [may_match(selector, {"here"}) for selector in ("p", ".here:not(.gone)", ".here .gone", r".sm\\:gone")]
    [True, True, False, True]
    """
    return "\\" in selector or words.issuperset(NAME.findall(ALTERNATIVES.sub("", selector)))
