"""The meanings of a formula's symbols are listed under it, once on a page."""

import re
from types import SimpleNamespace

from docutils import nodes

import llm_latency as ll
from book_site.symbol_meanings import explain_symbols, meaning_with_unit, meanings_of


def page_with(*formulas):
    """Build a page that shows formulas, and one equation of its own."""
    shown = [nodes.math_block(formula.equation, formula.equation, label=formula.label) for formula in formulas]
    page = nodes.container("", *shown, nodes.math_block("B = 1", "B = 1", label="eq-of-the-page"))
    explain_symbols(SimpleNamespace(), page)
    return page


def explained(page):
    """List the symbols explained under each equation."""
    found = []
    for node in page.children:
        if isinstance(node, nodes.math_block):
            found.append([])
        else:
            found[-1] += [item.next_node(nodes.math).astext() for item in node.children]
    return found


def test_a_symbol_is_explained_once():
    page = page_with(ll.latency.decode_compute_time, ll.roofline.critical_batch, ll.latency.decode_compute_time)
    assert explained(page) == [[r"\varphi", "B", "P", "N", "A_{f}"], ["b_{w}", "A_{bm}"], [], []]
    assert page.children[1].children[-1].astext() == "A_{f} peak arithmetic rate of one device [FLOP/s]"


def test_a_time_in_a_formula_is_explained_unless_the_page_has_shown_it():
    weights, step = ll.roofline.weight_read_time, ll.latency.overlapped_decode_step_time
    assert weights.latex in explained(page_with(step))[0]
    assert weights.latex not in explained(page_with(weights, step))[1]


def test_a_number_is_not_a_symbol():
    assert "8" in ll.quantisation.quantised_bytes.equation
    assert all(not re.fullmatch(r"\d+", letter) for letter in meanings_of(ll.quantisation.quantised_bytes))


def test_every_symbol_of_every_formula_has_a_meaning():
    for formula in ll.formula.FORMULAS.values():
        meanings = meanings_of(formula)
        assert meanings
        for letter, meaning in meanings.items():
            assert letter in formula.equation, f"{formula.name}: {letter}"
            assert meaning.strip()


def test_a_meaning_has_its_unit_unless_it_is_a_count():
    assert meaning_with_unit("memory of one device", "byte") == "memory of one device [byte]"
    assert meanings_of(ll.latency.decode_compute_time)["B"] == "sequences processed together"
