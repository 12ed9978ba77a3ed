"""What a text states, and how it is compared with what a cell says."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from book_text.binding import bound_phrases, differences, texts_of
from book_text.latex import normal_latex
from book_text.names import known_on
from book_text.statements import readable, statements


def stated(source, is_known=lambda name: False):
    text = readable(source)
    return [text[start:end] for start, end in statements(text, is_known)]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("From **9** to *10* ms, and −3% of 1,024 tokens.", ["9", "10 ms", "−3%", "1,024 tokens"]),
        ("## 2 steps\n* a 16-bit weight\n1. batch 64 on 8 H100s", ["2 steps", "16-bit", "64", "8 H100s"]),
        ("It is ≈ 7 times 5e-3 s (12 of 3.5).", ["≈ 7 times", "5e-3 s", "12", "3.5"]),
        ("See [the 2 clocks](roofline.ipynb), [3 tables](https://example.org/4).", ["3 tables"]),
        ("See {eq}`eq-5`, {cite:p}`chen2022` and {ref}`the 6 rows <rows-7>`.", ["6 rows"]),
        (":::{exercise} ★ Take 2 GPUs\n:label: ex-2\n\nUse `a2`.\n:::", ["2 GPUs", "`a2`"]),
        ("A letter $B$, a sum $2 P$ bytes, a ratio $W/Q$.", ["$2P$ bytes", "$W/Q$"]),
        ("It is\n\n$$\n12 n h^2\n$$ (eq-a2)\n\nnow.", ["$12nh^2$"]),
        ("**Time:** 30 minutes. An A100 has 40 GB.", ["A100", "40 GB"]),
    ],
)
def test_what_a_text_states(source, found):
    assert stated(source) == found


def test_known_names_state_nothing():
    page = new_notebook(cells=[new_markdown_cell("* **A1** all"), new_code_cell("f(tp=8)")])
    known = "By A1, `tp=8` on H100s, an A100-40GB and GPT-13B in FP16, with $B$."
    unknown = "A2, `tp=4`, X100, GPT-14B, FP15, $N_9$"
    assert stated(known, known_on(page)) == []
    assert stated(unknown, known_on(page)) == unknown.split(", ")


@pytest.mark.parametrize(
    ("one", "same"),
    [
        (r"\frac{N - 1}{N}", "(N-1)/N"),
        (r"12 n h^{2}", "12nh^2"),
        (r"\tfrac{15}{16}", "15/16"),
        (r"4 n \cdot 8", r"4n\cdot 8"),
        (r"\max\left(1, \frac{u}{N_{p}}\right)", r"\max\Bigl(1,\, u/N_p\Bigr)"),
        (r"\frac{a}{b c}", "a/(bc)"),
    ],
)
def test_one_formula_written_in_two_ways(one, same):
    assert normal_latex(one) == normal_latex(same)


@pytest.mark.parametrize(
    ("one", "other"), [("2pqr", "5pqr"), ("a+b", "a-b"), ("a/(bc)", "a/bc"), ("h^2", "h_2"), (r"x \cdot 2", "x2")]
)
def test_different_formulas(one, other):
    assert normal_latex(one) != normal_latex(other)


def differences_of(text, says):
    output = new_output("execute_result", {"text/plain": repr(says)})
    cell = new_code_cell("{}", metadata={"tags": ["remove-cell"]}, outputs=[output])
    page = new_notebook(cells=[new_markdown_cell(text, id="a"), cell])
    return list(differences(texts_of(page), bound_phrases(page), known_on(page)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("From 9 to 50 ms on 2 GPUs.", "the text says '50 ms' where the cell says '10 ms'"),
        ("From 9 to 10 s on 2 GPUs.", "the text says '10 s' where the cell says '10 ms'"),
        ("From −9 to 10 ms on 2 GPUs.", "the text says '−9' where the cell says '9'"),
        ("From 9 to 10 ms.", "the text ends where the cell says '2 GPUs'"),
        ("From 9 to 10 ms on 2 GPUs, not 3.", "no cell says '3'"),
        ("From 9 to 10 ms on 2 GPUs/s.", "the cell says '2 GPUs', which cuts off '2 GPUs/s'"),
        ("From 9 to 10 ms on 2 FPUs.", "the text says '2 FPUs' where the cell says '2 GPUs'"),
    ],
)
def test_a_difference_names_the_sentence_and_both_values(text, message):
    assert differences_of(text, {"a": "9 … 10 ms … 2 GPUs"}) == [f"a: {message}: {text}"]


def test_a_text_that_says_what_the_cell_says_has_no_difference():
    assert differences_of("From **9** to 10\nms on 2 GPUs.", {"a": "9 … 10 ms … 2 GPUs"}) == []


def test_a_text_that_is_not_there_is_a_difference():
    assert differences_of("Nothing.", {"b": "1"}) == ["b: the page has no such text"]
