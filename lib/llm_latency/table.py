"""Small tables for the pages, typeset by the notebook and compared by the tests."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import TYPE_CHECKING

from llm_latency.numerals import numeral

if TYPE_CHECKING:
    from IPython.display import Markdown

__all__ = ["escaped", "markdown_table", "table"]

TAG = "<(?=[a-zA-Z/!?])"
"""The beginning of HTML."""
CODE_OR_TAG = re.compile(f"(`[^`]*`)|{TAG}")


def escaped(text: str) -> str:
    """Write a text, such as a name from elsewhere, so that Markdown shows it as it is.

    Parameters
    ----------
    text : str
        The text.

    Returns
    -------
    str
        Markdown.

    Examples
    --------
    >>> escaped("<img src=x> *a* 8 × B")
    '&lt;img src=x> \\\\*a\\\\* 8 × B'

    References
    ----------
    CommonMark, backslash escapes.
    """
    return re.sub(r"([\\`*\[\]$|]|(?<!\w)_|_(?!\w))", r"\\\1", re.sub(TAG, "&lt;", text.replace("&", "&amp;")))


def table(columns: Mapping[str, Sequence], digits: int = 4, decimals: int | None = None) -> Markdown:
    """Typeset columns as a table in a notebook.

    Parameters
    ----------
    columns, digits, decimals : mapping of str to sequence, int, int
        As in `markdown_table`.

    Returns
    -------
    IPython.display.Markdown
        The table.

    Raises
    ------
    ValueError
        If the columns differ in length.

    Examples
    --------
    >>> table({"batch": [1, 512]}).data.splitlines()[0]
    '|   batch |'

    References
    ----------
    `tabulate`, which writes the rows.
    """
    from IPython.display import Markdown

    return Markdown(markdown_table(columns, digits, decimals))


def markdown_table(columns: Mapping[str, Sequence], digits: int = 4, decimals: int | None = None) -> str:
    """Write columns as a table in Markdown.

    Parameters
    ----------
    columns : mapping of str to sequence
        Heading (with the unit) and cells of each column. Text is Markdown, without HTML.
    digits : int, optional
        Significant digits of the largest floating-point cell of a column. The other cells have the same number of
        decimals, which is raised if a cell would show fewer than two digits. In a column over more than three orders
        of magnitude, or in a table with a quantity in each row (its units are in the first column), every cell has
        this many significant digits.
    decimals : int, optional
        Decimals of floating-point cells, in place of significant digits.

    Returns
    -------
    str
        The table.

    Raises
    ------
    ValueError
        If the columns differ in length.

    Examples
    --------
    >>> print(markdown_table({"batch": [1, 512], "step [ms]": [21.6667, 53.3333]}, digits=3))
    |   batch |   step [ms] |
    |--------:|------------:|
    |       1 |        21.7 |
    |     512 |        53.3 |

    References
    ----------
    `tabulate`, which writes the rows.
    """
    from tabulate import tabulate  # not needed by those who only compute

    lengths = {heading: len(values) for heading, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"columns of different length: {lengths}")
    by_row = any("[" in str(label) for label in next(iter(columns.values()), ()))
    cells = {}
    for heading, values in columns.items():
        places = decimals if decimals is not None else None if by_row else _decimals(values, digits)
        cells[heading] = [_cell(value, digits, places) for value in values]
    align = ["left" if heading == "unit" or not _numeric(values) else "right" for heading, values in columns.items()]
    return tabulate(cells, headers="keys", tablefmt="pipe", disable_numparse=True, colalign=align)


_NUMBER = re.compile(r"[-+]?[\d,]*\.?\d+(e[-+]?\d+)?%?")
_MISSING = {"", "-"}


def _numeric(values: Sequence) -> bool:
    """Say whether at least half of the cells of a column are numbers, if we ignore empty ones."""
    filled = [value for value in values if value not in _MISSING]
    numbers = [value for value in filled if not isinstance(value, str) or _NUMBER.fullmatch(value)]
    return 2 * len(numbers) >= len(filled)


def _decimals(values: Sequence, digits: int) -> int | None:
    """Return the decimals that suit all floating-point cells of a column, or None if each needs its own."""
    sizes = [abs(value) for value in values if not isinstance(value, str | Integral) and value]
    if not sizes or not all(map(math.isfinite, sizes)) or max(sizes) >= 1000 * min(sizes):
        return None
    if all(float(size).is_integer() for size in sizes):
        return None
    decimals = max(digits - 1 - math.floor(math.log10(max(sizes))), 1 - math.floor(math.log10(min(sizes))))
    while decimals > 0 and all(math.isclose(round(size, decimals - 1), size) for size in sizes):
        decimals -= 1
    return decimals


def _cell(value, digits: int, decimals: int | None) -> str:
    """Typeset a cell."""
    if not isinstance(value, str):
        return numeral(_number(value, digits, decimals))
    if _NUMBER.fullmatch(value):
        return numeral(value)
    return {"-": "–"}.get(value, CODE_OR_TAG.sub(lambda match: match[1] or "&lt;", value.replace("|", r"\|")))


def _number(value, digits: int, decimals: int | None) -> str:
    """Write a number with its decimals, or else with its significant digits; a whole one with all its digits."""
    if isinstance(value, Integral):
        return str(value)
    if decimals is not None:
        return f"{round(value, decimals):.{max(decimals, 0)}f}"
    if float(value).is_integer() and abs(value) < 1e7:
        return str(int(value))
    text = f"{value:.{digits}g}"
    if "e" in text and 1e-4 < abs(value) < 1e7:
        return f"{float(text):.0f}"
    return text
