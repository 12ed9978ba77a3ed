"""In the API reference, link what a docstring cites to its page and equation."""

import re

from sphinx.application import Sphinx

CITED = re.compile(r"Derived in ([a-z0-9-]+)(, Eq\. \((eq-[a-z0-9-]+)\))?")


def setup(app: Sphinx) -> None:
    app.connect("autodoc-process-docstring", link_citations)


def link_citations(app: Sphinx, what: str, name: str, documented: object, options: object, lines: list[str]) -> None:
    lines[:] = [CITED.sub(linked, line) for line in lines]


def linked(citation: re.Match) -> str:
    """Write a citation in reStructuredText."""
    page, _, equation = citation.groups()
    return f"Derived in :doc:`/book/{page}`" + (f", :eq:`{equation}`" if equation else "")
