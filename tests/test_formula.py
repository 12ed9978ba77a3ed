import ast
import doctest
import math
import random
import re

import pytest

from conftest import FORMULA_MODULES, FORMULAS, NOTEBOOKS, exact_value, outputs_of, random_arguments
from llm_latency import evaluate
from llm_latency.formula import Formula
from llm_latency.notation import REGISTRY, link_latency, n_params, second


def example(formula):
    """Return the arguments of a formula's worked example."""
    return eval(f"dict({formula.example})", {})


def test_every_public_name_is_a_formula_or_combines_them():
    others = {name for module in FORMULA_MODULES for name in module.__all__} - FORMULAS.keys()
    assert others == {"overlapped", "serial"}


def test_labels_are_unique():
    assert len({formula.label for formula in FORMULAS.values()}) == len(FORMULAS)


def test_every_formula_has_its_name_in_its_module(faults):
    for name, formula in FORMULAS.items():
        with faults.at(name):
            assert formula.name == name, f"calls itself {formula.name}"


def test_every_example_gives_its_result(faults):
    for name, formula in FORMULAS.items():
        with faults.at(name):
            found = f"{evaluate(formula, **example(formula)):.4g}"
            assert found == formula.result, f"gives {found}, and its result is {formula.result}"


def test_every_docstring_documents_every_argument(faults):
    for name, formula in FORMULAS.items():
        for argument in formula.arguments:
            with faults.at(name):
                documented = f"\n{argument} : float or array_like" in formula.__doc__
                assert REGISTRY[argument].constant is not None or documented, f"does not document {argument}"
        for section in ("Parameters", "Returns", "Raises", "Examples", "References"):
            with faults.at(name):
                assert f"\n{section}\n{'-' * len(section)}\n" in formula.__doc__, f"has no section {section}"


def test_the_example_in_every_docstring_runs(faults):
    for name, formula in FORMULAS.items():
        with faults.at(name):
            test = doctest.DocTestParser().get_doctest(formula.__doc__, {name: formula}, name, None, 0)
            assert test.examples, "has no example"
            said = []
            assert doctest.DocTestRunner(verbose=False).run(test, out=said.append).failed == 0, " ".join(
                "".join(said).split()
            )


@pytest.mark.parametrize("points", [20, pytest.param(500, marks=pytest.mark.long)])
def test_numpy_agrees_with_fifty_digits(points, faults):
    for name, formula in FORMULAS.items():
        rng = random.Random(name)
        for values in (random_arguments(formula, rng) for _ in range(points)):
            with faults.at(name, values):
                exact, size = exact_value(formula, values)
                found = evaluate(formula, **values)
                assert abs(found - exact) <= 1e-12 * size, f"{found!r}, not {exact}"


def asserts_of(page):
    """List the conditions that the code cells of a page assert."""
    trees = [ast.parse(cell.source) for cell in NOTEBOOKS[page].cells if cell.cell_type == "code"]
    return [ast.unparse(node.test) for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Assert)]


def test_the_page_of_every_formula_proves_it(faults):
    """A formula that a page shows must stand in an assertion of its derivation."""
    for name, formula in FORMULAS.items():
        module = next(m.__name__.split(".")[1] for m in FORMULA_MODULES if name in m.__all__)
        with faults.at(name):
            proved = any(re.search(rf"\bll\.{module}\.{name}\b", test) for test in asserts_of(formula.page))
            assert proved, f"stands in no assertion of the page {formula.page}"


def test_left_hand_sides_are_unique():
    assert len({formula.latex for formula in FORMULAS.values()}) == len(FORMULAS)


def test_the_page_of_every_formula_stores_its_equation(faults):
    for name, formula in FORMULAS.items():
        with faults.at(name):
            cells = NOTEBOOKS[formula.page].cells
            stored = [data.get("text/markdown", "") for cell in cells for data in outputs_of(cell)]
            assert formula._repr_markdown_() in stored, f"is not among the outputs of the page {formula.page}"


def test_every_formula_is_finite_and_positive_at_its_example(faults):
    for name, formula in FORMULAS.items():
        with faults.at(name):
            value = evaluate(formula, **example(formula))
            assert math.isfinite(value), f"is {value}"
            assert value > 0, f"is {value}"


def test_a_formula_of_the_wrong_unit_cannot_be_made():
    with pytest.raises(ValueError, match="has the unit 1, not s"):
        Formula("wrong", "t", n_params, second, "a slip", "none", "", "")


def test_equals_compares_up_to_simplification():
    formula = Formula("double", "t", 2 * link_latency, second, "twice the latency", "none", "", "")
    assert formula.equals(link_latency + link_latency)
    assert not formula.equals(link_latency)
