"""How to run a page: on one's own machine, and on Binder and Colab once the repository has an address."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError

from book_tools.repository import checked_address

TEMPLATE = "run-instructions.html"
DOWNLOAD_LABELS = {".ipynb": "Notebook (.ipynb)", ".md": "Source (.md)", ".pdf": "Print, or save as PDF"}
LAUNCH_BUTTONS = {
    "notebook_interface": "jupyterlab",
    "binderhub_url": "https://mybinder.org",
    "colab_url": "https://colab.research.google.com",
}


def setup(app: Sphinx) -> None:
    app.connect("config-inited", configure_theme)
    app.connect("html-page-context", offer_notebook)
    app.connect("html-page-context", label_downloads, priority=502)  # the theme makes its buttons at 501


def configure_theme(app: Sphinx, config: Config) -> None:
    """Put the section into the pages' footers, and the buttons that the repository's address allows into headers."""
    options = config.html_theme_options
    try:
        address = checked_address(options.get("repository_url", ""))
    except ValueError as error:
        raise ConfigError(str(error)) from error
    if address:
        options |= {"launch_buttons": LAUNCH_BUTTONS, "use_repository_button": True, "use_issues_button": True}
    options["article_footer_items"] = [*options.get("article_footer_items", []), TEMPLATE]


def offer_notebook(app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    """Tell the template which notebook the page was made from, if any."""
    if context.get("page_source_suffix") == ".ipynb":
        context["notebook"] = context["sourcename"]


def label_downloads(app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    """Label the entries of the theme's download menu in words, instead of by file suffix."""
    for group in context["header_buttons"]:
        if group["label"] == "download-buttons":
            for button in group["buttons"]:
                button["text"] = DOWNLOAD_LABELS[button["text"]]
