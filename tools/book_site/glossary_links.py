"""Link the first use of each word of the glossary on a page to its definition."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.writers.html5 import HTML5Translator

from .answer_line import plain_text
from .text_nodes import replace_text

NOT_RUNNING_TEXT = (
    *(nodes.table, nodes.citation, nodes.footnote, addnodes.glossary),
    *(nodes.literal, nodes.math, nodes.raw),
    *(nodes.reference, addnodes.pending_xref, addnodes.download_reference),
)
"""Nodes around or inside a paragraph in which no word becomes a link. Outputs of cells get no links either."""


@dataclass(frozen=True)
class Entry:
    """An entry of the glossary: its names, and the place and first paragraph of its definition."""

    names: tuple[str, ...]  # the word, and its other names
    docname: str
    anchor: str
    definition: str
    explained_on: frozenset[str]  # the pages that the definition refers to, which explain the word themselves


class GlossaryLink(nodes.reference):
    """A link to an entry, with the ``definition`` that it shows."""


def setup(app: Sphinx) -> None:
    app.add_node(GlossaryLink, html=(visit_html, HTML5Translator.depart_reference))
    app.add_post_transform(LinkWords)
    app.connect("html-page-context", add_script)


def add_script(app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    """Load the script that places definitions, and shows them at a tap, on a page with such links."""
    if doctree is not None and any(doctree.findall(GlossaryLink)):
        app.add_js_file("glossary.js", defer="defer")


def visit_html(translator: HTML5Translator, node: GlossaryLink) -> None:
    """Open a link; the style sheet shows its definition while it has the pointer or the focus, or after a tap."""
    attributes = {"href": node["refuri"], "data-definition": node["definition"]}
    translator.body.append(translator.starttag(node, "a", "", CLASS="glossary-link", **attributes))


class LinkWords(SphinxPostTransform):
    """Link the first use of each word in the running text of a page, or of each page if the book is one document.

    Running text is paragraphs and list items: not headings, tables, captions, code or outputs of cells. A page that
    explains a word itself gets no link for it. It does so if the entry refers to it, or if it has the word in bold,
    which marks a definition.
    """

    formats = ("html",)
    default_priority = 910  # once references are resolved

    def run(self, **kwargs) -> None:
        docname = self.env.docname
        entries = entries_of(self.env)
        finder = WordFinder(entries)
        texts = [(page_of(text, docname), text) for text in self.document.findall(nodes.Text) if in_running_text(text)]
        done = explained_entries(entries, finder, texts)
        for page, text in texts:
            pieces: list[nodes.Node] = []
            end = 0
            for start, stop, entry in finder.find(text):
                if entry in done[page]:
                    continue
                done[page].add(entry)
                address = f"{self.app.builder.get_relative_uri(docname, entry.docname)}#{entry.anchor}"
                link = GlossaryLink("", text[start:stop], refuri=address, definition=entry.definition, internal=True)
                pieces += [nodes.Text(text[end:start]), link]
                end = stop
            if pieces:
                replace_text(text, [*pieces, nodes.Text(text[end:])])


def explained_entries(
    entries: list[Entry], finder: "WordFinder", texts: list[tuple[str, nodes.Text]]
) -> dict[str, set[Entry]]:
    """Find the entries that each page explains itself."""
    explained: dict[str, set[Entry]] = defaultdict(set)
    for entry in entries:
        for page in (entry.docname, *entry.explained_on):
            explained[page].add(entry)
    for page, text in texts:
        if isinstance(text.parent, nodes.strong):
            explained[page].update(entry for start, stop, entry in finder.find(text) if stop - start == len(text))
    return explained


def in_running_text(text: nodes.Text) -> bool:
    around = list(ancestors(text))
    return any(isinstance(node, nodes.paragraph) for node in around) and not any(
        isinstance(node, NOT_RUNNING_TEXT) or node.get("nb_element") == "cell_code" for node in around
    )


def page_of(text: nodes.Text, docname: str) -> str:
    """Name the page that a text is on; if the book is one document, each of its sections says so."""
    return next((node["docname"] for node in ancestors(text) if "docname" in node), docname)


def ancestors(node: nodes.Node) -> Iterator[nodes.Element]:
    while (node := node.parent) is not None:
        yield node


def entries_of(env: BuildEnvironment) -> list[Entry]:
    """Read all entries of the book's glossaries, in their order."""
    objects = env.get_domain("std").get_objects()
    pages = dict.fromkeys(docname for _, _, kind, docname, _, _ in objects if kind == "term")
    return [
        read_entry(item, page)
        for page in pages
        for glossary in env.get_doctree(page).findall(addnodes.glossary)
        for item in glossary.findall(nodes.definition_list_item)
    ]


def read_entry(item: nodes.definition_list_item, docname: str) -> Entry:
    """Read one entry, whose references are not resolved yet."""
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


class WordFinder:
    """Finds the names of entries and their plurals in a text."""

    def __init__(self, entries: Iterable[Entry]):
        self.entries = {form: entry for entry in entries for name in entry.names for form in singular_and_plural(name)}
        longest_first = sorted(self.entries, key=len, reverse=True)
        alternatives = "|".join(map(word_pattern, longest_first)) or "(?!)"
        self.pattern = re.compile(rf"(?<![\w/-])(?:{alternatives})(?![\w-]|/\w)")

    def find(self, text: str) -> Iterator[tuple[int, int, Entry]]:
        """Yield where each word begins and ends, and its entry; if one word contains another, only the longer one."""
        for match in self.pattern.finditer(text):
            found = " ".join(match[0].split())
            yield match.start(), match.end(), self.entries.get(found) or self.entries[found.lower()]


def singular_and_plural(name: str) -> tuple[str, str]:
    """Write a word in both forms.

    >>> singular_and_plural("batch"), singular_and_plural("link latency"), singular_and_plural("FLOP")
    (('batch', 'batches'), ('link latency', 'link latencies'), ('FLOP', 'FLOPs'))
    """
    if re.search(r"[^aeiou]y$", name):
        return name, f"{name[:-1]}ies"
    return name, f"{name}es" if re.search(r"(?:s|x|z|ch|sh)$", name) else f"{name}s"


def word_pattern(form: str) -> str:
    """Write a word as a regular expression: a line may break inside it, and one in lower case may begin with a capital.

    >>> word_pattern("KV cache"), word_pattern("ring")
    ('KV\\\\s+cache', '(?i:r)ing')
    """
    spaced = r"\s+".join(map(re.escape, form.split()))
    return spaced if form != form.lower() else f"(?i:{spaced[0]}){spaced[1:]}"
