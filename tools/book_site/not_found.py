"""The page that a static host serves in place of one that is not there."""

import re
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from sphinx.application import Sphinx

PAGE = "404"
TITLE = "There is no such page"
RELATIVE_ADDRESS = re.compile(r'(?<=\s)(href|src|action|data-content_root)="(?!#|[/\w-]*:|//)([^"]*)"')


def setup(app: Sphinx) -> None:
    """Add the page to the site, and make its links independent of where it is served.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    """
    app.connect("html-collect-pages", collect_page)
    app.connect("build-finished", anchor_page)


def collect_page(app: Sphinx) -> list[tuple[str, dict, str]]:
    """Give the page to Sphinx.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.

    Returns
    -------
    list of (str, dict, str)
        Its name, the values of its template, and the template.
    """
    head = '\n    <meta name="robots" content="noindex"/>'
    return [(PAGE, {"title": TITLE, "metatags": head, "pageurl": None}, "not-found.html")]


def anchor_page(app: Sphinx, exception: Exception | None) -> None:
    """Make the links of the finished page start at the root of the site.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that built the book.
    exception : Exception or None
        What ended the build early, if anything did.

    Notes
    -----
    A host serves the page for any address, such as ``/book/old/name.html``, from where a relative
    link would lead nowhere. The root is the path of ``html_baseurl``, or ``/`` while that is empty;
    a site under a path of its host must therefore set it.
    """
    path = Path(app.outdir, f"{PAGE}.html")
    if exception or app.builder.format != "html" or not path.exists():
        return
    root = urlsplit(app.config.html_baseurl).path
    path.write_text(anchored(path.read_text(encoding="utf-8"), root), encoding="utf-8")


def anchored(html: str, root: str) -> str:
    """Make every relative address of a page start at the root of the site.

    Parameters
    ----------
    html : str
        The source of a page that lies at the root.
    root : str
        The path of the root, with or without slashes around it.

    Returns
    -------
    str
        The same page, good for any depth; links within it stay.

    Examples
    --------
    >>> anchored('<a href="book/a.html">a</a> <a href="#b">b</a>', "/docs")
    '<a href="/docs/book/a.html">a</a> <a href="#b">b</a>'
    """
    root = f"/{root.strip('/')}/".replace("//", "/")
    return RELATIVE_ADDRESS.sub(lambda found: f'{found[1]}="{urljoin(root, found[2])}"', html)
