"""How the book writes numbers, in tables, on axes and in the words of live charts."""

from __future__ import annotations

import re

__all__ = ["javascript_numeral", "numeral"]

GROUPED = 10_000
"""From this number on, commas separate the thousands."""


def numeral(number: str) -> str:
    """Write a number for print: long ones with commas, a true minus sign, and no sign at zero.

    Parameters
    ----------
    number : str
        The number in figures, with or without a per cent sign.

    Returns
    -------
    str
        The number.

    Examples
    --------
    >>> numeral("1024"), numeral("-16384.5"), numeral("-0%")
    ('1024', '−16,384.5', '0%')

    References
    ----------
    Used by `llm_latency.table` and `llm_latency.charts.plots`.
    """
    sign, size = re.fullmatch(r"([-+]?)(.*)", number.replace(",", "")).groups()
    if re.fullmatch(r"[0.]+%?", size):
        sign = ""
    whole = re.match(r"\d*", size)[0]
    if len(whole) >= len(str(GROUPED)):
        size = f"{int(whole):,}{size[len(whole) :]}"
    return sign.replace("-", "−") + size


def javascript_numeral(value: str, form: str, long_form: str | None = None) -> str:
    """Write the Vega expression that formats a number the same way.

    Parameters
    ----------
    value : str
        Vega expression of the number.
    form : str
        Format of the number, in D3's notation.
    long_form : str, optional
        Format of a number with commas, if it differs.

    Returns
    -------
    str
        Vega expression of a text.

    Examples
    --------
    >>> javascript_numeral("batch", ".3~r")
    "format(batch, (batch) < 10000 ? '.3~r' : ',.3~r')"

    References
    ----------
    Used by `llm_latency.charts.controls` and `llm_latency.charts.specification`.
    """
    return f"format({value}, ({value}) < {GROUPED} ? '{form}' : ',{long_form or form}')"
