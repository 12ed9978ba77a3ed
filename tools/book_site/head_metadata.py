"""What the head of a page tells search engines and whoever shares its link, and the icons of the site.

The icons and the preview picture are files in ``static``, drawn by ``make pictures``.
"""

import re
from html import escape
from posixpath import join

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging

from .answer_line import answer_line

logger = logging.getLogger(__name__)

ENOUGH = 120
LONGEST = 300
"""Characters of a description: once it has enough, a sentence that would make it too long is left out."""

ICONS = (
    ("icon", "icon.png", {"sizes": "32x32"}),
    ("icon", "icon.svg", {"type": "image/svg+xml"}),
    ("apple-touch-icon", "touch-icon.png", {}),
)
PREVIEW = "preview.png"
PREVIEW_SIZE = (1200, 630)
PREVIEW_ALT = "The book's title beside its first chart: the time of one step against the number of users"


def setup(app: Sphinx) -> None:
    app.connect("doctree-read", keep_description)
    app.connect("html-page-context", add_metadata)


def keep_description(app: Sphinx, doctree: nodes.document) -> None:
    """Keep the first sentences of a page's answer line, or warn that it has none."""
    docname = app.env.docname
    try:
        answer = answer_line(doctree)
    except ValueError as error:
        raise ExtensionError(f"{docname}: its answer cannot serve as its description: {error}") from error
    if not answer:
        logger.warning("page without an answer line", location=docname, type="book_site", subtype="answer")
    app.env.metadata[docname]["description"] = first_sentences(answer)


def first_sentences(text: str, enough: int = ENOUGH, longest: int = LONGEST) -> str:
    """Keep as many whole sentences as fit, or more if these say too little.

    >>> first_sentences("One is kept. Two fits, too. Three does not fit.", enough=10, longest=30)
    'One is kept. Two fits, too.'
    >>> first_sentences("Too short. It takes this to say enough. Not this.", enough=20, longest=30)
    'Too short. It takes this to say enough.'
    """
    first, *others = re.split(r"(?<=[.?!]) (?=[A-Z])", text)
    for sentence in others:
        if len(first) >= enough and len(first) + 1 + len(sentence) > longest:
            break
        first = f"{first} {sentence}"
    return first


def add_metadata(app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    """Describe a page in its head: by its answer, or by its title if it has no source, such as the search."""
    if doctree is None:
        add_tag(context, "meta", name="description", content=f"{app.config.html_title}: {context.get('title') or page}")
    else:
        add_tag(context, "meta", name="description", content=app.env.metadata[page]["description"])
    for relation, file, attributes in ICONS:
        add_tag(context, "link", rel=relation, href=context["pathto"](f"_static/{file}", True), **attributes)
    if doctree is not None:
        for name, content in shared_link_tags(app, page, context).items():
            add_tag(context, "meta", **{"property" if name.startswith("og:") else "name": name}, content=content)


def shared_link_tags(app: Sphinx, page: str, context: dict) -> dict[str, str]:
    """Return what a shared link shows; its address and picture only if the site has an address, `html_baseurl`.

    A shared link shows a picture only by its full address.
    """
    site = app.config.html_baseurl
    tags = {
        "og:type": "website" if page == app.config.root_doc else "article",
        "og:site_name": app.config.html_title,
        "og:title": app.env.titles[page].astext(),
        "og:description": app.env.metadata[page]["description"],
        "twitter:card": "summary_large_image" if site else "summary",
    }
    if site:
        width, height = map(str, PREVIEW_SIZE)
        tags |= {"og:url": context["pageurl"], "og:image": join(site, "_static", PREVIEW)}
        tags |= {"og:image:width": width, "og:image:height": height, "og:image:alt": PREVIEW_ALT}
    return tags


def add_tag(context: dict, tag: str, **attributes: str) -> None:
    pairs = " ".join(f'{name}="{escape(value)}"' for name, value in attributes.items())
    context["metatags"] = context.get("metatags", "") + f"\n    <{tag} {pairs}/>"
