"""What stays on one line of a page."""

import pytest
from docutils import nodes

from book_site.line_breaks import hold_formulas, hold_names, hold_numbers


def test_punctuation_stays_with_its_formula():
    first, second, third = (nodes.math("", letter) for letter in "abc")
    texts = map(nodes.Text, ("With ", "), so ", " is ", "."))
    paragraph = nodes.paragraph("", "", next(texts), first, next(texts), second, next(texts), third, next(texts))
    hold_formulas(paragraph)
    assert paragraph.astext() == "With a), so b is c."
    held = [node.astext() for node in paragraph if isinstance(node, nodes.inline)]
    assert held == ["a),", "c."]
    assert len(list(paragraph.findall(nodes.math))) == 3


def test_the_same_punctuation_elsewhere_stays_where_it_is():
    children = nodes.emphasis(text="One"), nodes.Text("."), nodes.Text(" Then "), nodes.math("", "x"), nodes.Text(".")
    paragraph = nodes.paragraph("", "", *children)
    hold_formulas(paragraph)
    assert paragraph.astext() == "One. Then x."


def test_a_bracket_and_a_value_stay_with_their_formula():
    children = nodes.Text("With ("), nodes.math("", "v"), nodes.Text(" = 1,024) and "), nodes.math("", "w")
    paragraph = nodes.paragraph("", "", *children, nodes.Text(" = x."))
    hold_formulas(paragraph)
    assert [node.astext() for node in paragraph] == ["With ", "(v = 1,024)", " and ", "w", " = x."]


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("in 22 ms, at 1.5\nTB/s", "in 22~ms, at 1.5~TB/s"),
        ("312 TFLOP/s or 208 FLOP/byte", "312~TFLOP/s or 208~FLOP/byte"),
        ("8192 × 512 × 512 of 16 bits", "8192~×~512~×~512 of 16~bits"),
        ("at batch 64, batches 3", "at batch~64, batches 3"),
        ("B = 512 on 16 A100s, ≥ 1", "B~=~512 on 16~A100s, ≥~1"),
        (" 20 minutes", "~20~minutes"),
        ("25 minutes for 8 msgs, 5 s-curves and 16 devices", "25~minutes for 8 msgs, 5 s-curves and 16 devices"),
    ],
)
def test_a_number_stays_with_its_unit(text, held):
    paragraph = nodes.paragraph("", "", nodes.Text(text), nodes.literal(text=text))
    hold_numbers(paragraph)
    assert paragraph.astext() == held.replace("~", "\N{NO-BREAK SPACE}") + text


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("GPT-13B and DeepSeek-V3-671B, on an A100-80GB-SXM.", ["GPT-13B", "DeepSeek-V3-671B", "A100-80GB-SXM"]),
        ("Llama-3.1-8B at 16-bit, Qwen2.5-7B", ["Llama-3.1-8B", "16-bit", "Qwen2.5-7B"]),
        ("DeepSeek-V3 without all-reduces of memory-bound steps", ["DeepSeek-V3"]),
        ("at docs/a100-2024-web.pdf, nvidia-a100-datasheet-2188504-web.pdf or gpt-4-config/b", []),
    ],
)
def test_a_name_with_a_number_stays_whole(text, names):
    paragraph = nodes.paragraph("", "", nodes.Text(text), nodes.literal(text="GPT-2"))
    hold_names(paragraph)
    assert [node.astext() for node in paragraph if isinstance(node, nodes.inline)] == names
    assert paragraph.astext() == text + "GPT-2"
