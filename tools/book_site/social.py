"""What a page tells of itself where its link is shared, and its icon in a browser's tab."""

from html import escape
from posixpath import join

from docutils import nodes
from sphinx.application import Sphinx

from .pictures import ICON, ICON_PNG, ICON_SIZES, PREVIEW, PREVIEW_SIZE, TOUCH_ICON

PREVIEW_ALT = "The book's title beside its first chart: the time of one step against the number of users"


def setup(app: Sphinx) -> None:
    """Add the tags to the head of every page.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    """
    app.connect("html-page-context", add_icons)
    app.connect("html-page-context", add_description)


def add_icons(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """Link the icons.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    pagename, templatename : str
        The page and its template.
    context : dict
        The values of the template.
    doctree : docutils.nodes.document or None
        The page, or None for a page without a source.
    """
    size = ICON_SIZES[ICON_PNG]
    links = [
        ("icon", ICON_PNG, {"sizes": f"{size}x{size}"}),
        ("icon", ICON, {"type": "image/svg+xml"}),
        ("apple-touch-icon", TOUCH_ICON, {}),
    ]
    for relation, name, attributes in links:
        address = context["pathto"](f"_static/{name}", True)
        add_tag(context, "link", {"rel": relation, "href": address, **attributes})


def add_description(
    app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None
) -> None:
    """Add a page's title and answer, and its address and the preview where the site has an address.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    pagename, templatename : str
        The page and its template.
    context : dict
        The values of the template.
    doctree : docutils.nodes.document or None
        The page, or None for a page without a source.

    Notes
    -----
    The address of the site is Sphinx's own setting, ``html_baseurl``. A shared link shows a picture
    only by its full address.
    """
    if doctree is None:
        return
    site = app.config.html_baseurl
    tags = {
        "og:type": "website" if pagename == app.config.root_doc else "article",
        "og:site_name": app.config.html_title,
        "og:title": app.env.titles[pagename].astext(),
        "og:description": app.env.metadata[pagename]["description"],
        "twitter:card": "summary_large_image" if site else "summary",
    }
    if site:
        tags["og:url"] = context["pageurl"]
        tags["og:image"] = join(site, "_static", PREVIEW)
        tags["og:image:width"], tags["og:image:height"] = map(str, PREVIEW_SIZE)
        tags["og:image:alt"] = PREVIEW_ALT
    for name, content in tags.items():
        key = "property" if name.startswith("og:") else "name"
        add_tag(context, "meta", {key: name, "content": content})


def add_tag(context: dict, tag: str, attributes: dict[str, str]) -> None:
    """Add a tag to the head of a page.

    Parameters
    ----------
    context : dict
        The values of the page's template, changed in place.
    tag : str
        The tag.
    attributes : dict of str to str
        Its attributes.

    Examples
    --------
    >>> context = {}
    >>> add_tag(context, "meta", {"name": "a", "content": '"b"'})
    >>> context["metatags"].strip()
    '<meta name="a" content="&quot;b&quot;"/>'
    """
    pairs = " ".join(f'{name}="{escape(value)}"' for name, value in attributes.items())
    context["metatags"] = context.get("metatags", "") + f"\n    <{tag} {pairs}/>"
