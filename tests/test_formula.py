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

each_formula = pytest.mark.parametrize("formula", FORMULAS.values(), ids=FORMULAS)


def test_every_public_name_is_a_formula_or_combines_them():
    others = {name for module in FORMULA_MODULES for name in module.__all__} - FORMULAS.keys()
    assert others == {"overlapped", "serial"}


def test_labels_are_unique():
    assert len({formula.label for formula in FORMULAS.values()}) == len(FORMULAS)


@each_formula
def test_name_is_the_name_in_its_module(formula):
    assert FORMULAS[formula.name] is formula


@each_formula
def test_example_gives_its_result(formula):
    arguments = eval(f"dict({formula.example})", {})
    assert f"{evaluate(formula, **arguments):.4g}" == formula.result


@each_formula
def test_docstring_documents_every_argument_and_its_example_runs(formula):
    for name in formula.arguments:
        assert REGISTRY[name].constant is not None or f"\n{name} : float or array_like" in formula.__doc__
    for section in ("Parameters", "Returns", "Raises", "Examples", "References"):
        assert f"\n{section}\n{'-' * len(section)}\n" in formula.__doc__
    test = doctest.DocTestParser().get_doctest(formula.__doc__, {formula.name: formula}, formula.name, None, 0)
    assert test.examples
    assert doctest.DocTestRunner(verbose=False).run(test).failed == 0


@each_formula
def test_numpy_agrees_with_fifty_digits(formula):
    rng = random.Random(formula.name)
    for _ in range(20):
        values = random_arguments(formula, rng)
        exact, size = exact_value(formula, values)
        assert abs(evaluate(formula, **values) - exact) <= 1e-12 * size


def asserts_of(page):
    """List the conditions that the code cells of a page assert."""
    trees = [ast.parse(cell.source) for cell in NOTEBOOKS[page].cells if cell.cell_type == "code"]
    return [ast.unparse(node.test) for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Assert)]


@each_formula
def test_its_page_proves_it(formula):
    """A formula that a page shows must stand in an assertion of its derivation."""
    module = next(m.__name__.split(".")[1] for m in FORMULA_MODULES if formula.name in m.__all__)
    assert any(re.search(rf"\bll\.{module}\.{formula.name}\b", test) for test in asserts_of(formula.page))


def test_left_hand_sides_are_unique():
    assert len({formula.latex for formula in FORMULAS.values()}) == len(FORMULAS)


@each_formula
def test_its_page_stores_the_equation(formula):
    stored = [
        data.get("text/markdown", "") for cell in NOTEBOOKS[formula.page].cells for data in outputs_of(cell)
    ]
    assert formula._repr_markdown_() in stored


@each_formula
def test_every_time_is_finite_and_positive_at_the_example(formula):
    arguments = eval(f"dict({formula.example})", {})
    value = evaluate(formula, **arguments)
    assert math.isfinite(value)
    assert value > 0


def test_a_formula_of_the_wrong_unit_cannot_be_made():
    with pytest.raises(ValueError, match="has the unit 1, not s"):
        Formula("wrong", "t", n_params, second, "a slip", "none", "", "")


def test_equals_compares_up_to_simplification():
    formula = Formula("double", "t", 2 * link_latency, second, "twice the latency", "none", "", "")
    assert formula.equals(link_latency + link_latency)
    assert not formula.equals(link_latency)
