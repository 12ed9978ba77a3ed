import numpy as np
import pytest

from llm_latency.table import table


def cells(markdown):
    """Return a table as rows of stripped cells, without the ruler."""
    rows = markdown.data.replace(r"\|", "¦").splitlines()
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows if not row.startswith("|:-")] or rows


def column(values, heading="x", **options):
    """Return the cells of a column of a table."""
    return [row[-1] for row in cells(table({heading: values}, **options)) if not row[0].startswith("-")][1:]


@pytest.mark.parametrize(
    ("values", "typeset"),
    [
        ([21.66666, 5.0], ["21.7", "5.0"]),
        ([53333.33, 120.4], ["53,330", "120"]),
        ([0.0101, 1.0], ["0.010", "1.000"]),
        ([21.5, 5.0], ["21.5", "5.0"]),
        ([0.1, 21.66666, 0], ["0.10", "21.67", "0"]),
        ([0.0001234567, 21.66666, 208.0], ["0.000123", "21.7", "208"]),
        ([float("inf"), 1.23456], ["inf", "1.23"]),
    ],
    ids=["of the largest", "rounded", "two of the smallest", "no needless zero", "both", "too far apart", "not finite"],
)
def test_significant_digits(values, typeset):
    assert column(values, digits=3) == typeset


def test_a_table_with_a_quantity_in_each_row_keeps_the_digits_of_each_cell():
    rows = cells(table({"quantity": ["time [ms]", "share"], "value": [21.66666, 1.5]}, digits=3))
    assert [row[1] for row in rows[-2:]] == ["21.7", "1.5"]


def test_whole_numbers_keep_all_their_digits():
    assert column([16384.0, 30720, 1024], digits=3) == ["16,384", "30,720", "1024"]


def test_decimals_leave_whole_numbers_alone():
    rows = cells(table({"n": [1, np.int64(512)], "ms": [21.66666, 53.0]}, decimals=2))
    assert rows[-2:] == [["1", "21.67"], ["512", "53.00"]]


@pytest.mark.parametrize(
    ("cell", "typeset"),
    [
        *[("-26%", "−26%"), ("-0%", "0%"), ("+0.0%", "0.0%"), ("+3%", "+3%")],
        *[(-0.5, "−0.5"), (-np.inf, "−inf"), ("9,494", "9494"), ("-", "–")],
    ],
)
def test_a_number_is_typeset_as_in_print(cell, typeset):
    assert column([cell]) == [typeset]


def test_numbers_align_right_and_words_left():
    ruler = table({"word": ["a", "b"], "share": ["1.5%", "-24%"], "time": [1.0, 2.5]}).data.splitlines()[1]
    assert [part.startswith(":") for part in ruler.strip("|").split("|")] == [True, False, False]


def test_units_align_left_even_where_they_are_counts():
    ruler = table({"unit": ["1", "1"], "n": ["1", "2"]}).data.splitlines()[1]
    assert [part.startswith(":") for part in ruler.strip("|").split("|")] == [True, False]


def test_a_bar_in_a_word_does_not_break_the_row():
    assert r"a \| b" in table({"word": ["a | b"]}).data


def test_columns_of_different_length_are_refused():
    with pytest.raises(ValueError, match="different length"):
        table({"a": [1, 2], "b": [1]})


def test_an_empty_cell_leaves_a_column_of_numbers_right_aligned():
    rule = table({"a": [1, "-"], "b": ["", 2.5], "c": ["-", "word"]}).data.splitlines()[1]
    assert [cell.endswith(":") for cell in rule.strip("|").split("|")] == [True, True, False]
