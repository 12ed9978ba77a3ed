"""Say under a formula what its letters mean, each letter once on a page."""

from docutils import nodes
from sphinx.application import Sphinx

from llm_latency.formula import FORMULAS, Formula, Term
from llm_latency.notation import REGISTRY, unit_label


def setup(app: Sphinx) -> None:
    """Explain the letters of every page once it is read.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    """
    app.connect("doctree-read", explain_letters)


def explain_letters(app: Sphinx, doctree: nodes.document) -> None:
    """Put the meanings of a formula's letters under it, of those that no formula above on the page has had.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.
    doctree : docutils.nodes.document
        The page, as it was read.
    """
    formulas = {formula.label: formula for formula in FORMULAS.values()}
    known = set()
    for equation in list(doctree.findall(nodes.math_block)):
        formula = formulas.get(equation.get("label"))
        if formula is None:
            continue
        known.add(formula.latex)
        meanings = {letter: meaning for letter, meaning in meanings_of(formula).items() if letter not in known}
        known.update(meanings)
        if meanings:
            position = equation.parent.index(equation) + 1
            equation.parent.insert(position, explanation(meanings))


def meanings_of(formula: Formula) -> dict[str, str]:
    """Return what the letters on the right-hand side of a formula mean.

    Parameters
    ----------
    formula : llm_latency.formula.Formula
        The formula.

    Returns
    -------
    dict of str to str
        Meaning and unit of each letter, by its LaTeX: the times and bytes of other formulas first, then symbols in
        the order of the registry. A number is no letter.

    Examples
    --------
    >>> from llm_latency.formulas.latency import decode_compute_time
    >>> meanings_of(decode_compute_time)["B"]
    'sequences processed together'
    """
    names = {symbol.name for symbol in formula.form.free_symbols}
    terms = [FORMULAS[name] for name in sorted(symbol.name for symbol in formula.form.atoms(Term))]
    symbols = [variable for name, variable in REGISTRY.items() if name in names and not variable.latex.isdigit()]
    return {each.latex: with_unit(each.meaning, unit_label(each.unit)) for each in [*terms, *symbols]}


def with_unit(meaning: str, unit: str) -> str:
    """Add the unit to a meaning, unless it is a count.

    Parameters
    ----------
    meaning : str
        What a letter stands for.
    unit : str
        Its unit; ``1`` for a count.

    Returns
    -------
    str
        Both.

    Examples
    --------
    >>> with_unit("memory of one device", "byte")
    'memory of one device [byte]'
    """
    return meaning if unit == "1" else f"{meaning} [{unit}]"


def explanation(meanings: dict[str, str]) -> nodes.bullet_list:
    """Write meanings as a list.

    Parameters
    ----------
    meanings : dict of str to str
        The meaning of each letter, by its LaTeX.

    Returns
    -------
    docutils.nodes.bullet_list
        The list.
    """
    texts = {letter: nodes.Text(f" {meaning}".replace("'", "’")) for letter, meaning in meanings.items()}
    entries = [
        nodes.list_item("", nodes.paragraph("", "", nodes.math("", letter), text)) for letter, text in texts.items()
    ]
    return nodes.bullet_list("", *entries, classes=["letters"])
