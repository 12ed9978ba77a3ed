"""The book's own style sheet, scripts and templates, on every page."""

from importlib.resources import files

from sphinx.application import Sphinx
from sphinx.config import Config


def setup(app: Sphinx) -> None:
    app.connect("config-inited", add_templates)
    app.connect("builder-inited", add_static_folder)
    app.add_css_file("book.css", priority=900)
    app.add_js_file("contents.js", defer="defer")


def add_templates(app: Sphinx, config: Config) -> None:
    """Let the package's templates come before the theme's of the same name."""
    config.templates_path.append(str(files(__package__) / "templates"))


def add_static_folder(app: Sphinx) -> None:
    app.config.html_static_path.append(str(files(__package__) / "static"))
