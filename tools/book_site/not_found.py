"""The look of the page that a host serves for an address that does not exist; `notfound.extension` adds the page."""

from urllib.parse import urlsplit

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

CONTEXT = {
    "title": "There is no such page",
    "metatags": '\n    <meta name="robots" content="noindex"/>',
    "pageurl": None,
}


def setup(app: Sphinx) -> None:
    app.setup_extension("notfound.extension")
    app.connect("config-inited", configure, priority=400)  # before the extension checks its settings
    app.connect("html-page-context", root_scripts)


def configure(app: Sphinx, config: Config) -> None:
    """Use the book's template, and let links start at the path of the site's address, or at `/` if it has none."""
    path = urlsplit(config.html_baseurl).path.strip("/")
    config.notfound_urls_prefix = f"/{path}/" if path else "/"
    config.notfound_template = "not-found.html"
    config.notfound_context = CONTEXT


def root_scripts(app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    """Tell the scripts of the page where the root of the site is; the extension does not."""
    if page == app.config.notfound_pagename:
        context["content_root"] = app.config.notfound_urls_prefix
