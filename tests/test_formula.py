import ast
import copy
import doctest
import inspect
import math
import pickle
import random
import re

import pytest

from conftest import NOTEBOOKS, exact_value, outputs_of, random_arguments
from llm_latency import evaluate, formulas
from llm_latency.formula import FORMULAS, Formula
from llm_latency.formula import formula as as_formula
from llm_latency.notation import REGISTRY, link_latency, n_params, second


def test_every_public_name_of_a_module_of_formulas_is_a_formula_or_combines_them():
    modules = [module for module in vars(formulas).values() if inspect.ismodule(module)]
    own = {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, Formula) or (inspect.isfunction(value) and value.__module__ == module.__name__)
    }
    assert {name for name, value in own.items() if not isinstance(value, Formula)} == {"overlapped", "serial"}
    assert {name: value for name, value in own.items() if isinstance(value, Formula)} == FORMULAS


def test_labels_are_unique():
    assert len({formula.label for formula in FORMULAS.values()}) == len(FORMULAS)


def test_every_formula_has_its_name_in_its_module(faults):
    for name, formula in FORMULAS.items():
        with faults.at(name):
            assert formula.name == name, f"calls itself {formula.name}"


def test_every_example_gives_its_result(faults):
    for name, formula in FORMULAS.items():
        with faults.at(name):
            found = f"{evaluate(formula, **formula.example):.4g}"
            assert found == f"{formula.result:.4g}", f"gives {found}, and its result is {formula.result}"


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


@pytest.mark.parametrize("points", [10, pytest.param(500, marks=pytest.mark.long)])
def test_numpy_agrees_with_fifty_digits(points, faults):
    for name, formula in FORMULAS.items():
        rng = random.Random(name)
        for values in (random_arguments(formula, rng) for _ in range(points)):
            with faults.at(name, values):
                exact, size = exact_value(formula, values)
                if exact < -1e-12 * size:
                    with pytest.raises(ValueError, match=rf"{name} would be -.*: no legal value"):
                        evaluate(formula, **values)
                else:
                    found = evaluate(formula, **values)
                    assert abs(found - exact) <= 1e-12 * size, f"{found!r}, not {exact}"


def asserts_of(page):
    """List the conditions that the code cells of a page assert."""
    trees = [ast.parse(cell.source) for cell in NOTEBOOKS[page].cells if cell.cell_type == "code"]
    return [ast.unparse(node.test) for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Assert)]


def test_the_page_of_every_formula_proves_it(faults):
    """A formula that a page shows must stand in an assertion of its derivation."""
    for name, formula in FORMULAS.items():
        with faults.at(name):
            proved = any(re.search(rf"\bll\.{formula.module}\.{name}\b", test) for test in asserts_of(formula.page))
            assert proved, f"stands in no assertion of the page {formula.page}"


def test_left_hand_sides_are_unique(faults):
    owners = {}
    for name, formula in FORMULAS.items():
        with faults.at(name):
            owner = owners.setdefault(formula.latex, name)
            assert owner == name, f"has the letter {formula.latex} of {owner}"


def test_the_page_of_every_formula_stores_its_equation(faults):
    for name, formula in FORMULAS.items():
        with faults.at(name):
            cells = NOTEBOOKS[formula.page].cells
            stored = [data.get("text/markdown", "") for cell in cells for data in outputs_of(cell)]
            assert formula._repr_markdown_() in stored, f"is not among the outputs of the page {formula.page}"


def test_every_formula_is_finite_and_positive_at_its_example(faults):
    for name, formula in FORMULAS.items():
        with faults.at(name):
            value = evaluate(formula, **formula.example)
            assert math.isfinite(value), f"is {value}"
            assert value > 0, f"is {value}"


@pytest.fixture
def unlisted():
    """Remove what a test adds to the list of formulas."""
    before = dict(FORMULAS)
    yield
    FORMULAS.clear()
    FORMULAS.update(before)


about = dict(latex="t", unit=second, page="none", example={}, result=0)


def test_a_formula_of_the_wrong_unit_cannot_be_made():
    with pytest.raises(ValueError, match="wrong: the expression has the unit 1, not s"):

        @as_formula(**about)
        def wrong():
            """A slip."""
            return n_params

    assert "wrong" not in FORMULAS


def test_equals_compares_up_to_simplification(unlisted):
    @as_formula(**about)
    def double():
        """Twice the latency."""
        return 2 * link_latency

    assert double.equals(link_latency + link_latency)
    assert not double.equals(link_latency)


def test_a_formula_says_what_its_function_says(unlisted):
    @as_formula(**about)
    def double():
        """KV cache, twice the latency."""
        return 2 * link_latency

    assert (double.name, double.module, double.meaning) == ("double", "test_formula", "KV cache, twice the latency")
    assert FORMULAS["double"] is double


def test_a_copy_of_a_formula_is_the_formula():
    for each in FORMULAS.values():
        assert pickle.loads(pickle.dumps(each)) is each
        assert copy.deepcopy(each) is copy.copy(each) is each
