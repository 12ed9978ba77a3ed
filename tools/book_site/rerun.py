"""How to run a page: on one's own machine, and on Binder and Colab once the repository has an address."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError

from book_tools.repository import checked_address

TEMPLATE = "rerun.html"
DOWNLOADS = {".ipynb": "Notebook (.ipynb)", ".md": "Source (.md)", ".pdf": "Print, or save as PDF"}
LAUNCH_BUTTONS = {
    "notebook_interface": "jupyterlab",
    "binderhub_url": "https://mybinder.org",
    "colab_url": "https://colab.research.google.com",
}


def setup(app: Sphinx) -> None:
    """Put the section into the pages' footers, and the buttons into their headers.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    """
    app.connect("config-inited", configure_theme)
    app.connect("html-page-context", offer_notebook)
    app.connect("html-page-context", name_downloads, priority=502)  # the theme makes its buttons at 501


def configure_theme(app: Sphinx, config: Config) -> None:
    """Tell the theme of the section, and of the buttons that the repository's address allows.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    config : sphinx.config.Config
        Its configuration, changed in place.

    Raises
    ------
    sphinx.errors.ConfigError
        If the address is not legal.
    """
    options = config.html_theme_options
    try:
        address = checked_address(options.get("repository_url", ""))
    except ValueError as error:
        raise ConfigError(str(error)) from error
    if address:
        options |= {"launch_buttons": LAUNCH_BUTTONS, "use_repository_button": True, "use_issues_button": True}
    options["article_footer_items"] = [*options.get("article_footer_items", []), TEMPLATE]


def offer_notebook(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict,
    doctree: nodes.document | None,
) -> None:
    """Give the template the notebook of a page that is one.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    pagename, templatename : str
        The page and its template.
    context : dict
        The values of the template, changed in place.
    doctree : docutils.nodes.document or None
        The page, or None for a page without a source.
    """
    if context.get("page_source_suffix") == ".ipynb":
        context["notebook"] = context["sourcename"]


def name_downloads(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict,
    doctree: nodes.document | None,
) -> None:
    """Say in words what the theme's download menu offers by file suffix.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    pagename, templatename : str
        The page and its template.
    context : dict
        The values of the template, changed in place.
    doctree : docutils.nodes.document or None
        The page, or None for a page without a source.
    """
    for group in context["header_buttons"]:
        if group["label"] == "download-buttons":
            for button in group["buttons"]:
                button["text"] = DOWNLOADS[button["text"]]
