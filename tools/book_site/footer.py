"""The line at the foot of every page: the book's version, and when the page last changed."""

import shutil
import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

COMMIT_MARK = "\x01"


def setup(app: Sphinx) -> None:
    """Put the book's own line in place of the theme's author, copyright and date.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    """
    app.connect("config-inited", configure)
    app.connect("html-page-context", add_date)


def configure(app: Sphinx, config: Config) -> None:
    """Give the version of the library to Sphinx, and the template of the line to the theme.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    config : sphinx.config.Config
        Its configuration, changed in place.
    """
    config.version = config.release = version("llm-latency")
    config.html_theme_options["footer_content_items"] = ["book-footer.html"]


def add_date(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """Tell the template when the source of a page last changed.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    pagename, templatename : str
        The page and its template.
    context : dict
        The values of the template; ``last_updated`` is a date such as 2026-11-20, or None for a
        page without a source or without a commit.
    doctree : docutils.nodes.document or None
        The page, or None for a page without a source.
    """
    source = Path(app.env.doc2path(pagename)) if doctree else None
    context["last_updated"] = commit_dates(Path(app.srcdir)).get(source)


@cache
def commit_dates(folder: Path) -> dict[Path, str]:
    """Find the day of the last commit that touched each file.

    Parameters
    ----------
    folder : pathlib.Path
        A folder, with the folders inside it.

    Returns
    -------
    dict of pathlib.Path to str
        The days, as 2026-11-20. It is empty where git is missing, where the folder is no checkout,
        and in a shallow one, whose oldest commit seems to touch every file.

    Raises
    ------
    subprocess.CalledProcessError
        If git finds the checkout and cannot read it.
    """
    if not shutil.which("git"):
        return {}
    question = ["git", "rev-parse", "--is-shallow-repository"]
    answer = subprocess.run(question, cwd=folder, capture_output=True, text=True, check=False)
    if answer.stdout.strip() != "false":
        return {}
    log = ["git", "log", "-z", "--relative", "--name-only", f"--format={COMMIT_MARK}%cs"]
    run = subprocess.run(log, cwd=folder, capture_output=True, text=True, check=True)
    dates: dict[Path, str] = {}
    for commit in run.stdout.split(COMMIT_MARK)[1:]:
        date, *names = [part.strip("\n") for part in commit.split("\0")]
        for name in filter(None, names):
            dates.setdefault(folder / name, date)
    return dates
