"""The book's own style sheet and templates, on every page, and the list of contents on a small one."""

from importlib.resources import files

from sphinx.application import Sphinx
from sphinx.config import Config


def setup(app: Sphinx) -> None:
    """Add the package's static folder, its style sheet and the script of the contents to the site.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    """
    app.connect("config-inited", add_templates)
    app.connect("builder-inited", add_static_folder)
    app.add_css_file("book.css", priority=900)
    app.add_js_file("contents.js", defer="defer")


def add_templates(app: Sphinx, config: Config) -> None:
    """Let the package's templates come before the theme's of the same name.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    config : sphinx.config.Config
        Its configuration, changed in place.
    """
    config.templates_path.append(str(files(__package__) / "templates"))


def add_static_folder(app: Sphinx) -> None:
    """Let Sphinx copy the package's static files into the site.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    """
    app.config.html_static_path.append(str(files(__package__) / "static"))
