"""A small book built by Sphinx with some of the site's extensions."""

import io

from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace


def build(folder, pages, builder="html", **settings):
    """Build pages of Markdown, by their names, and return the folder of the site; a warning is an error."""
    for name, text in pages.items():
        path = folder / f"{name}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    site = folder / builder
    settings = {"root_doc": "index", "html_theme": "basic", **settings}
    settings["extensions"] = ["myst_parser", *settings.get("extensions", [])]
    warnings = io.StringIO()
    with docutils_namespace():
        app = Sphinx(folder, None, site, folder / "doctrees", builder, settings, status=None, warning=warnings)
        app.build()
    assert not warnings.getvalue(), warnings.getvalue()
    return site
