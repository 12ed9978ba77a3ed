"""The API reference: what a docstring cites becomes a link, and the parameters of a signature become a list."""

import re

from sphinx.application import Sphinx

PAGE = "book/api"
TYPED_DASH = " -- "
"""What Sphinx writes between a parameter and its meaning."""
CITED = re.compile(r"Derived in ([a-z0-9-]+)(, Eq\. \((eq-[a-z0-9-]+)\))?")
PARAMETERS = re.compile(r'<dl>\n((?:<dd><em class="sig-param">.*</dd>\n)+)</dl>')
"""A signature on several lines, as Sphinx writes it: a list of descriptions of nothing, which is not legal HTML."""


def setup(app: Sphinx) -> None:
    app.connect("autodoc-process-docstring", link_citations)
    app.connect("html-page-context", list_parameters)


def link_citations(app: Sphinx, what: str, name: str, documented: object, options: object, lines: list[str]) -> None:
    lines[:] = [CITED.sub(linked, line) for line in lines]


def linked(citation: re.Match) -> str:
    """Write a citation in reStructuredText."""
    page, _, equation = citation.groups()
    return f"Derived in :doc:`/book/{page}`" + (f", :eq:`{equation}`" if equation else "")


def list_parameters(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    if page == PAGE:
        context["body"] = PARAMETERS.sub(listed, context["body"]).replace(TYPED_DASH, " – ")


def listed(parameters: re.Match) -> str:
    """Write the parameters of a signature as a list."""
    return f'<ul class="parameters">\n{parameters[1].replace("dd>", "li>")}</ul>'
