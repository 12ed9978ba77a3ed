"""Say under a formula what its symbols mean, each symbol once on a page."""

from docutils import nodes
from sphinx.application import Sphinx

from llm_latency.formula import FORMULAS, Formula, Term
from llm_latency.notation import REGISTRY, unit_label


def setup(app: Sphinx) -> None:
    app.connect("doctree-read", explain_symbols)


def explain_symbols(app: Sphinx, doctree: nodes.document) -> None:
    """List under each formula of the library what its symbols mean, except those in formulas above it."""
    formulas = {formula.label: formula for formula in FORMULAS.values()}
    known = set()
    for equation in list(doctree.findall(nodes.math_block)):
        formula = formulas.get(equation.get("label"))
        if formula is None:
            continue
        known.add(formula.latex)
        meanings = {latex: meaning for latex, meaning in meanings_of(formula).items() if latex not in known}
        known.update(meanings)
        if meanings:
            position = equation.parent.index(equation) + 1
            equation.parent.insert(position, meanings_list(meanings))


def meanings_of(formula: Formula) -> dict[str, str]:
    """Return the meaning and unit of each symbol on the right-hand side of a formula, by its LaTeX.

    The times and bytes of other formulas come first, then symbols in the order of the registry. A number that the
    registry knows, such as the 8 bits of a byte, is left out.
    """
    names = {symbol.name for symbol in formula.form.free_symbols}
    terms = [FORMULAS[name] for name in sorted(symbol.name for symbol in formula.form.atoms(Term))]
    symbols = [variable for name, variable in REGISTRY.items() if name in names and not variable.latex.isdigit()]
    return {each.latex: meaning_with_unit(each.meaning, unit_label(each.unit)) for each in [*terms, *symbols]}


def meaning_with_unit(meaning: str, unit: str) -> str:
    return meaning if unit == "1" else f"{meaning} [{unit}]"


def meanings_list(meanings: dict[str, str]) -> nodes.bullet_list:
    items = []
    for latex, meaning in meanings.items():
        text = nodes.Text(f" {meaning}".replace("'", "’"))
        items.append(nodes.list_item("", nodes.paragraph("", "", nodes.math("", latex), text)))
    return nodes.bullet_list("", *items, classes=["letters"])
