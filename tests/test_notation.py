import pytest
import sympy as sp

from llm_latency import notation
from llm_latency.notation import FLOP, REGISTRY, byte, second, unit_label, unit_of


def test_every_letter_and_name_is_used_once():
    assert len({variable.latex for variable in REGISTRY.values()}) == len(REGISTRY)
    assert all(name == variable.name for name, variable in REGISTRY.items())


def test_every_symbol_prints_its_registered_letter(faults):
    for variable in REGISTRY.values():
        with faults.at(variable.name):
            symbol = getattr(notation, variable.name)
            assert symbol is variable.symbol, "the module's symbol is not the registry's"
            assert sp.latex(symbol) == variable.latex
            assert str(symbol) == variable.name
            assert symbol.is_positive, "is not declared positive"


def test_every_symbol_has_a_meaning_and_a_group(faults):
    groups = {"conversion", "request", "model", "operator", "machine", "deployment"}
    for variable in REGISTRY.values():
        with faults.at(variable.name):
            assert variable.meaning, "has no meaning"
            assert variable.group in groups, f"group {variable.group!r} must be one of {sorted(groups)}"


def test_the_two_different_twos_have_different_units():
    bytes_per_param, flops_per_mac = REGISTRY["bytes_per_param"], REGISTRY["flops_per_mac"]
    assert bytes_per_param.unit == byte
    assert flops_per_mac.unit == FLOP
    assert bytes_per_param.constant is None
    assert flops_per_mac.constant == 2


def test_products_print_in_the_order_of_the_registry():
    expression = notation.d_model * notation.batch * notation.flops_per_mac * notation.n_layers
    assert sp.latex(expression) == r"\varphi B n h"


@pytest.mark.parametrize(
    ("expression", "unit"),
    [
        (notation.peak_flops / notation.mem_bandwidth, FLOP / byte),
        (notation.batch**2 + 1, sp.S.One),
        (sp.Max(notation.message_bytes / notation.link_bandwidth, notation.link_latency), second),
        (sp.Max(0, notation.link_latency), second),
        (sp.sqrt(notation.message_bytes**2), byte),
        (sp.ceiling(notation.batch / 2), sp.S.One),
    ],
)
def test_unit_of(expression, unit):
    assert unit_of(expression) == unit


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (sp.Symbol("stray", positive=True), "'stray' is not in the registry"),
        (sp.Symbol("batch"), "'batch' is not the registry's"),
        (notation.link_latency + notation.message_bytes, "different units"),
        (sp.Max(notation.link_latency, notation.batch), "different units"),
        (2**notation.link_latency, "exponent with a unit"),
        (notation.link_latency**notation.batch, "variable power"),
        (sp.log(notation.link_latency), "log of a quantity with a unit"),
    ],
)
def test_unit_of_refuses(expression, message):
    with pytest.raises(ValueError, match=message):
        unit_of(expression)


def test_unit_label():
    assert unit_label(byte / second) == "byte/s"
    assert unit_label(FLOP / byte) == "FLOP/byte"
