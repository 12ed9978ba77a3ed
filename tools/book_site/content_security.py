"""A content security policy in every page: it runs and shows what the site brings, and nothing else.

The theme's scripts and style sheets inside pages are allowed by their hashes. Its handlers and all styles inside tags,
which the policy forbids, move to the script `buttons.js` and to a style sheet.
"""

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import tinycss2
from sphinx.application import Sphinx

from .built_site import after_html_build, builds_html, relative_html_paths, write_static_file

STYLE_SHEET = "tag-styles.css"
SCRIPT = "buttons.js"
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
}
"""What a page may use, by kind; each page adds the hashes of the scripts and style sheets inside it."""
CHARSET = '<meta charset="utf-8" />'
INSIDE = {
    "script-src": re.compile(r"<script(?![^>]*\b(?:src|type)=)[^>]*>(.*?)</script>", re.DOTALL),
    "style-src": re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL),
}
HANDLER = re.compile(r'\sonclick="(?:window\.)?(\w+)\(\)"')
STYLED_TAG = re.compile(r'<[a-zA-Z][^<>]*\sstyle="[^"]*"[^<>]*>')
STYLE = re.compile(r'\sstyle="([^"]*)"')
CLASS = re.compile(r'(\sclass=")')


def setup(app: Sphinx) -> None:
    app.connect("builder-inited", write_empty_sheet)
    app.add_css_file(STYLE_SHEET, priority=897)
    app.add_js_file(SCRIPT, defer="defer")
    after_html_build(app, secure_pages, priority=850)  # before the style sheets are joined


def write_empty_sheet(app: Sphinx) -> None:
    if builds_html(app):
        write_static_file(app, STYLE_SHEET, "")


def secure_pages(app: Sphinx) -> None:
    """Write the policy into every page, and what it forbids elsewhere."""
    rules = {}
    for path in relative_html_paths(app):
        page = Path(app.outdir, path)
        html = HANDLER.sub(r' data-calls="\1"', page.read_text(encoding="utf-8"))
        html = STYLED_TAG.sub(lambda tag: with_class(tag[0], rules), html)
        meta = f'<meta http-equiv="Content-Security-Policy" content="{policy(html)}" />'
        page.write_text(html.replace(CHARSET, f"{CHARSET}\n    {meta}", 1), encoding="utf-8")
    sheet = "".join(f".{name}{{{style}}}\n" for name, style in sorted(rules.items()))
    write_static_file(app, STYLE_SHEET, sheet)


def with_class(tag: str, rules: dict[str, str]) -> str:
    """Replace the style of a tag by a class, and add its rule.

    >>> rules = {}
    >>> with_class('<td class="a" style="width: 33%">', rules)
    '<td class="tag-4f8b8c a">'
    >>> rules
    {'tag-4f8b8c': 'width: 33% !important'}
    """
    style = important(STYLE.search(tag)[1])
    name = f"tag-{sha256(style.encode()).hexdigest()[:6]}"
    rules[name] = style
    bare = STYLE.sub("", tag)
    if CLASS.search(bare):
        return CLASS.sub(rf"\1{name} ", bare, count=1)
    return re.sub(r"^<[\w-]+", rf'\g<0> class="{name}"', bare)


def important(style: str) -> str:
    """Write the declarations of a tag's style so that they win over those of style sheets, as they do in a tag."""
    declarations = tinycss2.parse_blocks_contents(style, skip_comments=True, skip_whitespace=True)
    return "; ".join(f"{each.name}: {tinycss2.serialize(each.value).strip()} !important" for each in declarations)


def policy(html: str) -> str:
    """Write the policy of a page."""
    parts = dict(POLICY)
    for kind, inside in INSIDE.items():
        hashes = sorted({b64encode(sha256(code.encode()).digest()).decode() for code in inside.findall(html)})
        parts[kind] = " ".join([POLICY[kind], *(f"'sha256-{each}'" for each in hashes)])
    return "; ".join(f"{kind} {sources}" for kind, sources in parts.items())
