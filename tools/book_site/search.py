"""Let the search find a word with and without its hyphen, and say in its results what a page says."""

import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.search import js_index
from sphinx.search.en import SearchEnglish

from .scripts import SEARCH

INDEX = "searchindex.js"
HYPHENATED = re.compile(r"\w+(?:-\w+)+")


class English(SearchEnglish):
    """English in which "all-reduce" is also "allreduce"."""

    def split(self, input: str) -> list[str]:
        """Split a text into the words to find it by.

        Parameters
        ----------
        input : str
            The text.

        Returns
        -------
        list of str
            Its words, and each hyphenated word in one.

        Examples
        --------
        >>> English({}).split("An all-reduce")
        ['An', 'all', 'reduce', 'allreduce']
        """
        return super().split(input) + [word.replace("-", "") for word in HYPHENATED.findall(input)]


def setup(app: Sphinx) -> None:
    """Read the pages with this English, and mend the index at the end.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    """
    app.add_search_language(English)
    app.connect("html-page-context", add_excerpts)
    app.connect("build-finished", write_names)


def add_excerpts(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """Let the page of results leave out code from what it shows of a page.

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
    if pagename == SEARCH:
        app.add_js_file("search-excerpts.js", defer="defer")


def write_names(app: Sphinx, exception: Exception | None) -> None:
    """Mend the search index of a finished site.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that built the book.
    exception : Exception or None
        What ended the build early, if anything did.
    """
    if exception or app.builder.format != "html":
        return
    path = Path(app.outdir, INDEX)
    objects = app.env.get_domain("std").get_objects()
    words = {anchor: word for _, word, kind, _, anchor, _ in objects if kind == "term"}
    index = with_names(js_index.loads(path.read_text(encoding="utf-8")), words)
    path.write_text(js_index.dumps(index), encoding="utf-8")


def with_names(index: dict, words: dict[str, str]) -> dict:
    """List the entries of the glossary as titles, since a result shows a title in full.

    Parameters
    ----------
    index : dict
        The index that Sphinx wrote. It would call every entry by the name of its page.
    words : dict of str to str
        The word of each anchor, as the glossary writes it.

    Returns
    -------
    dict
        The index with each entry as a section of its page.

    Examples
    --------
    >>> index = {"alltitles": {"Words": [[0, None]]}, "indexentries": {"flop": [[0, "term-FLOP", True]]}}
    >>> with_names(index, {"term-FLOP": "FLOP"})
    {'alltitles': {'Words': [[0, None]], 'FLOP': [[0, 'term-FLOP']]}, 'indexentries': {}}
    """
    titles = {title: list(places) for title, places in index["alltitles"].items()}
    for places in index["indexentries"].values():
        for page, anchor, _ in places:
            titles.setdefault(words[anchor], []).append([page, anchor])
    return index | {"alltitles": titles, "indexentries": {}}
