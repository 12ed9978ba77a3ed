"""One style sheet for the whole site, without the rules that match nothing in it.

Before it shows a page, a browser waits for every style sheet. The theme and the extensions bring
more than a dozen, most of them for parts that this site does not have.
"""

import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import groupby, pairwise
from pathlib import Path
from posixpath import dirname, join, normpath

import tinycss2
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from tinycss2.ast import AtRule, Node, QualifiedRule

from .built_site import after_html_build, builds_html, relative_html_paths, write_static_file

logger = logging.getLogger(__name__)

JOINED_SHEET = "site.css"
LINK = re.compile(
    r'[ \t]*<link\b(?=[^>]*\brel="stylesheet")[^>]*\bhref="(?P<root>[^"]*)_static/(?P<sheet>[^"?]*)[^>]*>\n?'
)
WORD = re.compile(r"[\w-]+")
NAMES_MADE_BY_SCRIPTS = {"bs-tooltip-auto"}
"""Classes in use that appear nowhere as one word, because a script puts them together."""
CONDITIONAL_RULES = ("container", "layer", "media", "supports")
ELSEWHERE = re.compile(r"data:|#|/|[\w+-]+:")


def setup(app: Sphinx) -> None:
    app.connect("env-get-outdated", write_every_page)
    after_html_build(app, join_style_sheets, priority=900)


def write_every_page(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Let Sphinx write every page in every build, because the joined sheet depends on all of them."""
    return sorted(env.found_docs) if builds_html(app) else []


def join_style_sheets(app: Sphinx) -> None:
    """Put one sheet in the place of all that the pages link to.

    The page that links to the most sheets sets their order. The sheets themselves stay, in case anything links to them.
    """
    static = Path(app.outdir, "_static")
    pages = {path: Path(app.outdir, path).read_text(encoding="utf-8") for path in relative_html_paths(app)}
    sheets = max(map(linked_sheets, pages.values()), key=len, default=[])
    for path, html in pages.items():
        if not is_subsequence(linked_sheets(html), sheets):
            logger.warning(
                "%s has other style sheets: %s", path, linked_sheets(html), type="book_site", subtype="sheets"
            )
    if not sheets:
        return
    scripts = [path.read_text(encoding="utf-8") for path in sorted(static.rglob("*.js"))]
    words = {word for text in [*pages.values(), *scripts] for word in WORD.findall(text)} | NAMES_MADE_BY_SCRIPTS
    css = '@charset "UTF-8";' + "".join(used_rules(static, sheet, words) for sheet in sheets)
    write_static_file(app, JOINED_SHEET, css)
    checksum = sha256(css.encode()).hexdigest()[:8]
    for path, html in pages.items():
        Path(app.outdir, path).write_text(with_one_sheet(html, checksum), encoding="utf-8")


def linked_sheets(html: str) -> list[str]:
    """List the style sheets that a page links to, as paths in `_static`."""
    return [match["sheet"] for match in LINK.finditer(html)]


def is_subsequence(some: list[str], others: list[str]) -> bool:
    rest = iter(others)
    return all(item in rest for item in some)


def with_one_sheet(html: str, checksum: str) -> str:
    """Replace a page's first link to a style sheet by one to the joined sheet, and remove the others."""
    first = LINK.search(html)
    if not first:
        return html
    link = f'<link rel="stylesheet" href="{first["root"]}_static/{JOINED_SHEET}?v={checksum}" />\n'
    return html[: first.start()] + link + LINK.sub("", html[first.end() :])


def used_rules(static: Path, sheet: str, words: set[str]) -> str:
    """Read a style sheet without the rules that match nothing, and put the sheets that it imports in place.

    A class or an id that is not among the words of the site is not used in it.
    """
    tokens = tinycss2.parse_component_value_list((static / sheet).read_text(encoding="utf-8"), skip_comments=True)
    parts = []
    for rule in tinycss2.parse_stylesheet(tokens, skip_whitespace=True):
        keyword = getattr(rule, "lower_at_keyword", None)
        if keyword == "import":
            imported = next(token.value for token in rule.prelude if token.type in ("string", "url"))
            parts.append(used_rules(static, normpath(join(dirname(sheet), imported)), words))
        elif keyword != "charset":
            for token in address_tokens([*rule.prelude, *(rule.content or ())]):
                if not ELSEWHERE.match(token.value):
                    token.representation = f'"{normpath(join(dirname(sheet), token.value))}"'
                    if token.type == "url":
                        token.representation = f"url({token.representation})"
            parts.append(used_rule(rule, words))
    return "".join(parts)


def address_tokens(tokens: Iterable[Node]) -> Iterator[Node]:
    """Find the tokens with an address among tokens and those inside them: url(a.png) is one, url("a.png") holds one."""
    for token in tokens:
        if token.type == "url":
            yield token
        elif token.type == "function" and token.lower_name == "url":
            yield from (argument for argument in token.arguments if argument.type == "string")
        else:
            yield from address_tokens(getattr(token, "arguments", None) or getattr(token, "content", None) or ())


def used_rule(rule: QualifiedRule | AtRule, words: set[str]) -> str:
    """Write a rule with those of its selectors that may match; nothing if none may."""
    content = tinycss2.serialize(rule.content or ()).strip()
    if isinstance(rule, QualifiedRule):
        groups = groupby(rule.prelude, lambda token: token == ",")
        selectors = [list(tokens) for is_comma, tokens in groups if not is_comma]
        used = ",".join(tinycss2.serialize(selector).strip() for selector in selectors if may_match(selector, words))
        return f"{used}{{{content}}}" if used else ""
    prelude = f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}".strip()
    if rule.content is None:
        return f"{prelude};"
    if rule.lower_at_keyword in CONDITIONAL_RULES:
        inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
        content = "".join(used_rule(each, words) for each in inner)
        return f"{prelude}{{{content}}}" if content else ""
    return f"{prelude}{{{content}}}"


def may_match(selector: list[Node], words: set[str]) -> bool:
    """Tell whether each class and id of a selector is among the words of the site.

    Those inside brackets and functions such as `:not` may be absent. A name that is not one word, such as `sm:gone`,
    could be put together from several.
    """
    names = (
        token.value
        for before, token in pairwise([None, *selector])
        if token.type == "hash" or (token.type == "ident" and before == ".")
    )
    return all(name in words or not WORD.fullmatch(name) for name in names)
