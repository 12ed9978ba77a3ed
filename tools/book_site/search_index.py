"""Let the search find a word with and without its hyphen, and show in its results what a page says."""

import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.search import js_index
from sphinx.search.en import SearchEnglish

from .built_site import after_html_build
from .deferred_scripts import SEARCH_PAGE

INDEX = "searchindex.js"
HYPHENATED = re.compile(r"\w+(?:-\w+)+")


class English(SearchEnglish):
    """English in which "all-reduce" is also "allreduce".

    >>> English({}).split("An all-reduce")
    ['An', 'all', 'reduce', 'allreduce']
    """

    def split(self, input: str) -> list[str]:
        return super().split(input) + [word.replace("-", "") for word in HYPHENATED.findall(input)]


def setup(app: Sphinx) -> None:
    app.add_search_language(English)
    app.connect("html-page-context", add_excerpts)
    after_html_build(app, list_glossary_entries)


def add_excerpts(app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    """Leave code out of the excerpts on the page of results."""
    if page == SEARCH_PAGE:
        app.add_js_file("search-excerpts.js", defer="defer")


def list_glossary_entries(app: Sphinx) -> None:
    """Add the entries of the glossary to the search index as titles, as `with_entries_as_titles` says."""
    path = Path(app.outdir, INDEX)
    objects = app.env.get_domain("std").get_objects()
    words = {anchor: word for _, word, kind, _, anchor, _ in objects if kind == "term"}
    index = with_entries_as_titles(js_index.loads(path.read_text(encoding="utf-8")), words)
    path.write_text(js_index.dumps(index), encoding="utf-8")


def with_entries_as_titles(index: dict, words: dict[str, str]) -> dict:
    """List each entry of the glossary, by its anchor and its word, as a section of its page.

    A result shows a title in full; for an entry as Sphinx lists it, only the name of its page. Names of the library,
    which Sphinx finds as objects too, are left as they are.
    """
    titles = {title: list(places) for title, places in index["alltitles"].items()}
    others: dict[str, list] = {}
    for name, places in index["indexentries"].items():
        for page, anchor, main in places:
            if anchor in words:
                titles.setdefault(words[anchor], []).append([page, anchor])
            else:
                others.setdefault(name, []).append([page, anchor, main])
    return index | {"alltitles": titles, "indexentries": others}
