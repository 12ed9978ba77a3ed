"""Expressions in Vega's language, printed from SymPy's: what a browser evaluates is what a page derives."""

from __future__ import annotations

import re
from collections.abc import Mapping

import sympy as sp
from sympy.printing.codeprinter import PrintMethodNotImplementedError
from sympy.printing.jscode import JavascriptCodePrinter
from sympy.printing.precedence import PRECEDENCE

__all__ = ["Constants", "javascript", "longest"]

VEGA_FUNCTIONS = {"abs", "ceil", "exp", "floor", "log", "max", "min", "pow", "sqrt"}
"""Functions that SymPy prints and Vega's expression language knows."""


class _Printer(JavascriptCodePrinter):
    """SymPy's JavaScript printer in the dialect of Vega expressions, with symbols replaced."""

    def __init__(self, names: Mapping[str, str]):
        super().__init__()
        self._names = names

    def _print_Mod(self, expr):
        number, divisor = (self.parenthesize(part, PRECEDENCE["Mul"]) for part in expr.args)
        return f"{number} % {divisor}"  # right for positive numbers, which all symbols are

    def _print_Symbol(self, expr):
        text = self._names[expr.name]
        return text if re.fullmatch(r"[\w.]+", text) else f"({text})"


def javascript(expr: sp.Expr, names: Mapping[str, str]) -> str:
    """Print an expression in Vega's expression language.

    Parameters
    ----------
    expr : sympy.Expr
        Expression in registered symbols.
    names : mapping of str to str
        What to write for each symbol: the name of a signal, a field or a number.

    Returns
    -------
    str
        The expression.

    Raises
    ------
    ValueError
        If a symbol has no entry in `names`, or a function has no counterpart in Vega.

    Examples
    --------
    >>> from llm_latency.formulas.roofline import ridge_point
    >>> javascript(ridge_point.expr, {"peak_flops": "312e12", "mem_bandwidth": "bw*1e12"})
    '312e12/(bw*1e12)'

    References
    ----------
    Vega expressions: https://vega.github.io/vega/docs/expressions/
    """
    unnamed = sorted({symbol.name for symbol in expr.free_symbols} - names.keys())
    if unnamed:
        raise ValueError(f"the live chart sets no value for {', '.join(unnamed)}")
    try:
        text = _Printer(names).doprint(expr).replace("Math.", "")
    except PrintMethodNotImplementedError as error:
        raise ValueError(f"Vega has no counterpart for a function in {expr}") from error
    foreign = set(re.findall(r"(\w+)\(", text)) - VEGA_FUNCTIONS
    if foreign:
        raise ValueError(f"Vega has no counterpart for {', '.join(sorted(foreign))} in {expr}")
    return text


class Constants:
    """Parts of expressions that do not change along a curve; each gets a name and is evaluated once.

    Parameters
    ----------
    along : sympy.Symbol
        What changes along the curve.

    Examples
    --------
    >>> from llm_latency.notation import batch, context, n_layers
    >>> constants = Constants(batch)
    >>> constants.taken_out(batch * n_layers * context, {"n_layers": "n", "context": "L"})
    batch*constant_0
    >>> constants.expressions
    {'constant_0': 'L*n'}

    References
    ----------
    Page ``deployment-calculator``.
    """

    def __init__(self, along: sp.Symbol):
        self._along = along
        self._names: dict[str, str] = {}

    @property
    def expressions(self) -> dict[str, str]:
        """The Vega expression of each constant, by its name."""
        return {name: text for text, name in self._names.items()}

    def taken_out(self, expr: sp.Expr, names: Mapping[str, str]) -> sp.Expr:
        """Replace the constant parts of an expression by symbols.

        Parameters
        ----------
        expr : sympy.Expr
            The expression.
        names : mapping of str to str
            What to write for each symbol, as for `javascript`.

        Returns
        -------
        sympy.Expr
            The expression in constants and in what changes.
        """
        if not expr.has(self._along):
            return expr if expr.is_Atom else self._constant(expr, names)
        if expr.is_Atom:
            return expr
        if not isinstance(expr, sp.Add | sp.Mul):
            unchanged = {"evaluate": False} if isinstance(expr, sp.Max | sp.Min) else {}  # SymPy compares for long
            return expr.func(*(self.taken_out(part, names) for part in expr.args), **unchanged)
        fixed = [part for part in expr.args if not part.has(self._along)]
        rest = [self.taken_out(part, names) for part in expr.args if part.has(self._along)]
        return expr.func(self.taken_out(expr.func(*fixed), names), *rest)

    def _constant(self, expr: sp.Expr, names: Mapping[str, str]) -> sp.Symbol:
        name = self._names.setdefault(javascript(expr, names), f"constant_{len(self._names)}")
        return sp.Symbol(name, positive=True)


def longest(values: Mapping[str, str], largest: bool = True) -> str:
    """Write the Vega expression that names the largest of several values; the first one wins a tie.

    Parameters
    ----------
    values : mapping of str to str
        Vega expressions of the values, by the names to print.
    largest : bool, optional
        Whether to name the largest and not the smallest.

    Returns
    -------
    str
        The expression.

    Examples
    --------
    >>> longest({"arithmetic": "a", "memory bandwidth": "b"})
    "(a >= b ? 'arithmetic' : 'memory bandwidth')"

    References
    ----------
    Page ``roofline``.
    """
    names = list(values)
    expression = f"'{names[-1]}'"
    for position in range(len(names) - 2, -1, -1):
        sign = ">=" if largest else "<="
        wins = " && ".join(f"{values[names[position]]} {sign} {values[other]}" for other in names[position + 1 :])
        expression = f"({wins} ? '{names[position]}' : {expression})"
    return expression
