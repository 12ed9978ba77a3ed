"""Lead the first use of each of the glossary's words on a page to its definition."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.writers.html5 import HTML5Translator

from .answer_line import plain_text
from .texts import replace_text

NOT_RUNNING_TEXT = (
    *(nodes.table, nodes.citation, nodes.footnote, addnodes.glossary),
    *(nodes.literal, nodes.math, nodes.raw),
    *(nodes.reference, addnodes.pending_xref, addnodes.download_reference),
)
"""Nodes around or in a paragraph inside which no word becomes a link; outputs of cells are the other place."""


@dataclass(frozen=True)
class Entry:
    """One entry of the glossary.

    Parameters
    ----------
    names : tuple of str
        The word, and its other names.
    docname, anchor : str
        The page and the place of the definition.
    definition : str
        Its first paragraph, as plain text.
    explained_on : frozenset of str
        The pages that the definition refers to, which explain the word themselves.
    """

    names: tuple[str, ...]
    docname: str
    anchor: str
    definition: str
    explained_on: frozenset[str]


class GlossaryLink(nodes.reference):
    """A link to an entry, with the ``definition`` that it shows."""


def setup(app: Sphinx) -> None:
    """Register the links, and link the words once the references of a page are resolved.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    """
    app.add_node(GlossaryLink, html=(visit_html, HTML5Translator.depart_reference))
    app.connect("doctree-resolved", link_words)
    app.connect("html-page-context", add_script)


def add_script(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict,
    doctree: nodes.document | None,
) -> None:
    """Load the script that places definitions, and shows them at a tap, on a page with such links.

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
    if doctree is not None and any(doctree.findall(GlossaryLink)):
        app.add_js_file("glossary.js", defer="defer")


def visit_html(translator: HTML5Translator, node: GlossaryLink) -> None:
    """Open a link; the style sheet shows its definition while it has the pointer or the focus, or after a tap.

    Parameters
    ----------
    translator : sphinx.writers.html5.HTML5Translator
        The writer of the page.
    node : GlossaryLink
        The link.
    """
    attributes = {"href": node["refuri"], "data-definition": node["definition"]}
    translator.body.append(translator.starttag(node, "a", "", CLASS="glossary-link", **attributes))


def link_words(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Make the first use of each word in the running text of a page a link.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    doctree : docutils.nodes.document
        A page, or a book of many pages in one; changed in place.
    docname : str
        The name of the page.

    Notes
    -----
    Running text is paragraphs and list items: no headings, tables, captions, code or outputs of
    cells. A page that explains a word itself has no link for it: one that the entry refers to, and
    one that has the word in bold, as the book sets a word where it defines it.
    """
    if app.builder.format != "html":
        return
    entries = entries_of(app.env)
    words = Words(entries)
    texts = [(page_of(text, docname), text) for text in doctree.findall(nodes.Text) if in_running_text(text)]
    done: dict[str, set[Entry]] = defaultdict(set)
    for entry in entries:
        for page in (entry.docname, *entry.explained_on):
            done[page].add(entry)
    for page, text in texts:
        if isinstance(text.parent, nodes.strong):
            done[page].update(entry for start, stop, entry in words.find(text) if stop - start == len(text))
    for page, text in texts:
        pieces: list[nodes.Node] = []
        end = 0
        for start, stop, entry in words.find(text):
            if entry in done[page]:
                continue
            done[page].add(entry)
            address = f"{app.builder.get_relative_uri(docname, entry.docname)}#{entry.anchor}"
            link = GlossaryLink("", text[start:stop], refuri=address, definition=entry.definition, internal=True)
            pieces += [nodes.Text(text[end:start]), link]
            end = stop
        if pieces:
            replace_text(text, [*pieces, nodes.Text(text[end:])])


def in_running_text(text: nodes.Text) -> bool:
    """Tell whether a text stands in a paragraph that a reader reads from beginning to end.

    Parameters
    ----------
    text : docutils.nodes.Text
        The text, in its page.

    Returns
    -------
    bool
        Whether a word in it may become a link.
    """
    around = list(ancestors(text))
    return any(isinstance(node, nodes.paragraph) for node in around) and not any(
        isinstance(node, NOT_RUNNING_TEXT) or node.get("nb_element") == "cell_code" for node in around
    )


def page_of(text: nodes.Text, docname: str) -> str:
    """Name the page that a text stands on.

    Parameters
    ----------
    text : docutils.nodes.Text
        The text, in a page or in a book of many pages.
    docname : str
        The name of the page or of the book's first page.

    Returns
    -------
    str
        The name of the page, which a book of one page notes in each section.
    """
    return next((node["docname"] for node in ancestors(text) if "docname" in node), docname)


def ancestors(node: nodes.Node) -> Iterator[nodes.Element]:
    """Walk from a node to the root of its page.

    Parameters
    ----------
    node : docutils.nodes.Node
        Where to start.

    Yields
    ------
    docutils.nodes.Element
        Its parent, that one's parent, and so on.

    Returns
    -------
    None
        At the root.
    """
    while (node := node.parent) is not None:
        yield node


def entries_of(env: BuildEnvironment) -> list[Entry]:
    """Read all entries of the book's glossaries.

    Parameters
    ----------
    env : sphinx.environment.BuildEnvironment
        What Sphinx knows after it has read all pages.

    Returns
    -------
    list of Entry
        The entries, in the order of the glossary.

    Raises
    ------
    sphinx.errors.ExtensionError
        If a definition cannot be shown as plain text, or names no page that explains the word.
    """
    objects = env.get_domain("std").get_objects()
    pages = dict.fromkeys(docname for _, _, kind, docname, _, _ in objects if kind == "term")
    return [
        read_entry(item, page)
        for page in pages
        for glossary in env.get_doctree(page).findall(addnodes.glossary)
        for item in glossary.findall(nodes.definition_list_item)
    ]


def read_entry(item: nodes.definition_list_item, docname: str) -> Entry:
    """Read one entry of a glossary.

    Parameters
    ----------
    item : docutils.nodes.definition_list_item
        The entry: its names, and a definition whose references are not resolved yet.
    docname : str
        The page that it stands on.

    Returns
    -------
    Entry
        The entry.

    Raises
    ------
    sphinx.errors.ExtensionError
        If the definition cannot be shown as plain text, or names no page that explains the word.
    """
    terms = list(item.findall(nodes.term))
    names = tuple(term.astext() for term in terms)
    links = item.findall(lambda node: isinstance(node, addnodes.pending_xref) and node["refdomain"] == "doc")
    explained_on = frozenset(link["reftarget"] for link in links)
    if not explained_on:
        raise ExtensionError(f"{docname}: the entry {names[0]!r} names no page that explains it")
    try:
        definition = plain_text(item.next_node(nodes.paragraph))
    except ValueError as error:
        raise ExtensionError(f"{docname}: the entry {names[0]!r} cannot be shown in brief: {error}") from error
    return Entry(names, docname, terms[0]["ids"][0], definition, explained_on)


class Words:
    """The names of entries and their plurals, to be found in a text.

    Parameters
    ----------
    entries : iterable of Entry
        The entries.
    """

    def __init__(self, entries: Iterable[Entry]):
        self.entries = {form: entry for entry in entries for name in entry.names for form in forms(name)}
        longest_first = sorted(self.entries, key=len, reverse=True)
        alternatives = "|".join(map(pattern_of, longest_first)) or "(?!)"
        self.pattern = re.compile(rf"(?<![\w/-])(?:{alternatives})(?![\w-]|/\w)")

    def find(self, text: str) -> Iterator[tuple[int, int, Entry]]:
        """Find the words in a text, a longer one before any that is inside it.

        Parameters
        ----------
        text : str
            The text.

        Yields
        ------
        (int, int, Entry)
            Where a word begins and ends, and its entry.
        """
        for match in self.pattern.finditer(text):
            found = " ".join(match[0].split())
            yield match.start(), match.end(), self.entries.get(found) or self.entries[found.lower()]


def forms(name: str) -> tuple[str, str]:
    """Write a word in the singular and the plural.

    Parameters
    ----------
    name : str
        The word.

    Returns
    -------
    (str, str)
        Both forms.

    Examples
    --------
    >>> forms("batch"), forms("link latency"), forms("FLOP")
    (('batch', 'batches'), ('link latency', 'link latencies'), ('FLOP', 'FLOPs'))
    """
    if re.search(r"[^aeiou]y$", name):
        return name, f"{name[:-1]}ies"
    return name, f"{name}es" if re.search(r"(?:s|x|z|ch|sh)$", name) else f"{name}s"


def pattern_of(form: str) -> str:
    """Write a word as a regular expression.

    Parameters
    ----------
    form : str
        The word; one without capitals may begin with one in a text.

    Returns
    -------
    str
        The expression, which allows a line to break between two words.

    Examples
    --------
    >>> pattern_of("KV cache"), pattern_of("ring")
    ('KV\\\\s+cache', '(?i:r)ing')
    """
    spaced = r"\s+".join(map(re.escape, form.split()))
    return spaced if form != form.lower() else f"(?i:{spaced[0]}){spaced[1:]}"
