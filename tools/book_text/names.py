"""Which names with digits, codes and letters in a text come from elsewhere, and state nothing themselves."""

import re
from collections.abc import Callable

from nbformat import NotebookNode

import llm_latency as ll
from book_text.latex import normal_latex
from llm_latency.catalogue.devices import COMPUTE_DTYPES
from llm_latency.formula import FORMULAS
from llm_latency.notation import REGISTRY

LETTERS = {normal_latex(each.latex) for each in (*REGISTRY.values(), *FORMULAS.values())}
LABEL = re.compile(r"\*\*([A-Z]\d+)\*\*")
"""A label that a page defines, such as that of an assumption."""
ASSUMPTION = re.compile(r"A\d")
"""The labels of assumptions: the beginning of a device's name is not read as one, so that a page must define them."""


def catalogue_names() -> set[str]:
    """Return the names of models, devices and number formats, and how they begin: A100-40GB is an A100."""
    names = {*ll.models, *ll.devices}
    beginnings = {"-".join(name.split("-")[:length]) for name in names for length in range(1, name.count("-") + 1)}
    formats = {dtype.upper() for dtype in COMPUTE_DTYPES}
    known = {name for name in beginnings if name[0].isalpha() and not ASSUMPTION.fullmatch(name)}
    return names | known | formats


NAMES = catalogue_names()


def known_on(notebook: NotebookNode) -> Callable[[str], bool]:
    """Return what tells whether a page, the catalogues or the registry know a name, a code or a letter."""
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    labels = set(LABEL.findall("\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")))

    def is_known(word: str) -> bool:
        if word.startswith("`"):
            return word.strip("`") in code
        if word.startswith("$"):
            return word.strip("$") in LETTERS
        singular = re.sub(r"[’']s?$", "", word)
        return any(each in NAMES or each in labels for each in (singular, singular.removesuffix("s")))

    return is_known
