"""Describe every page to search engines, in the words of its own answer line."""

import re
from html import escape

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging

from .answer import answer_in

logger = logging.getLogger(__name__)

ENOUGH = 120
LONGEST = 300
"""Characters of a description: no sentence follows once there are enough and the next would make too many."""


def setup(app: Sphinx) -> None:
    """Read a page's description with the page, and write it into its head.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    """
    app.connect("doctree-read", keep_description)
    app.connect("html-page-context", add_description)


def keep_description(app: Sphinx, doctree: nodes.document) -> None:
    """Keep the first sentences of a page's answer line, or warn that it has none.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    doctree : docutils.nodes.document
        The page, as it was read.

    Raises
    ------
    sphinx.errors.ExtensionError
        If the answer has mathematics that plain text cannot show.
    """
    try:
        answer = answer_in(doctree)
    except ValueError as error:
        raise ExtensionError(f"{app.env.docname}: its answer cannot describe it: {error}") from error
    if not answer:
        logger.warning("page without an answer line", location=app.env.docname, type="book_site", subtype="answer")
    app.env.metadata[app.env.docname]["description"] = first_sentences(answer)


def first_sentences(text: str, enough: int = ENOUGH, longest: int = LONGEST) -> str:
    """Keep as many whole sentences as fit, and more where these say too little.

    Parameters
    ----------
    text : str
        The sentences.
    enough, longest : int, optional
        How many characters say enough, and how many fit.

    Returns
    -------
    str
        The first sentences.

    Examples
    --------
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


def add_description(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict,
    doctree: nodes.document,
) -> None:
    """Write the description into the head of a page.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    pagename, templatename : str
        The page and its template.
    context : dict
        The values of the template.
    doctree : docutils.nodes.document or None
        The page, or None for a page without a source, which its title describes.
    """
    if doctree:
        description = app.env.metadata[pagename]["description"]
    else:
        description = f"{app.config.html_title}: {context.get('title') or pagename}"
    tag = f'<meta name="description" content="{escape(description)}" />'
    context["metatags"] = f"{context.get('metatags', '')}\n{tag}"
