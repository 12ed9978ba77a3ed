"""The formula object: an expression that knows its unit and where the book derives it."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from llm_latency.notation import REGISTRY, unit_label, unit_of

__all__ = ["FORMULAS", "Formula"]


FORMULAS: dict[str, Formula] = {}
"""Every formula by its name: what a `Term` stands for."""


class Term(sp.Symbol):
    """A formula as one letter of another formula; it prints as the left-hand side."""

    __slots__ = ()

    def _latex(self, printer):
        return FORMULAS[self.name].latex


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:] + "."


@dataclass(frozen=True, repr=False)
class Formula:
    """A public formula of the book.

    Its unit is checked when it is made: an expression that does not reduce to the declared unit,
    or that uses a symbol outside the registry, cannot exist. In a notebook it typesets itself as
    the labelled equation that other pages refer to.

    Parameters
    ----------
    name : str
        Name in code.
    latex : str
        Left-hand side in mathematics.
    form : sympy.Expr
        Right-hand side as it is read: in registered symbols and in terms of other formulas.
    unit : sympy.Expr
        Unit of the result.
    meaning : str
        What the formula gives, in one line.
    page : str
        Slug of the page that derives it.
    example : str
        Arguments of a worked example, as Python keywords.
    result : str
        The example's result to four significant digits.
    assumes : tuple of str, optional
        What a model must be like for the formula to hold, as `Model.departures` names it; what the
        terms assume is added.

    Attributes
    ----------
    expr : sympy.Expr
        The form with every term replaced by its own expression: only registered symbols are left.

    Raises
    ------
    ValueError
        If the expression does not have the declared unit.

    Examples
    --------
    >>> from llm_latency.roofline import weight_read_time
    >>> weight_read_time.expr
    bytes_per_param*n_params/(mem_bandwidth*n_devices)
    >>> weight_read_time.label
    'eq-weight-read-time'
    >>> from llm_latency.latency import serial_decode_step_time
    >>> serial_decode_step_time.form
    decode_communication_time + Max(decode_compute_time, weight_read_time)

    References
    ----------
    Page ``notation`` lists every formula.
    """

    name: str
    latex: str
    form: sp.Expr
    unit: sp.Expr
    meaning: str
    page: str
    example: str
    result: str
    assumes: tuple[str, ...] = ()

    def __post_init__(self):
        terms = {term: FORMULAS[term.name] for term in self.form.atoms(Term)}
        object.__setattr__(self, "expr", self.form.subs({term: formula.expr for term, formula in terms.items()}))
        inherited = {assumption for formula in terms.values() for assumption in formula.assumes}
        object.__setattr__(self, "assumes", tuple(sorted({*self.assumes, *inherited})))
        unit = unit_of(self.expr)
        if unit != self.unit:
            raise ValueError(
                f"{self.name}: the expression has the unit {unit_label(unit)}, "
                f"not {unit_label(self.unit)}"
            )
        object.__setattr__(self, "__doc__", self._docstring())
        FORMULAS[self.name] = self

    @property
    def term(self) -> Term:
        """This formula as one letter of another one."""
        return Term(self.name, positive=True)

    @property
    def label(self) -> str:
        """Label of the equation in the book."""
        return "eq-" + self.name.replace("_", "-")

    @property
    def arguments(self) -> tuple[str, ...]:
        """Names of the symbols in the expression, in the order of the registry."""
        used = {symbol.name for symbol in self.expr.free_symbols}
        return tuple(name for name in REGISTRY if name in used)

    def equals(self, expr: sp.Expr) -> bool:
        """Whether an expression, such as one derived by another route, is this formula's.

        Parameters
        ----------
        expr : sympy.Expr
            Expression in registered symbols.

        Returns
        -------
        bool
            True if the difference simplifies to 0.
        """
        return sp.simplify(expr - self.expr) == 0

    @property
    def equation(self) -> str:
        """The equation as LaTeX, printed from the form."""
        return f"{self.latex} = {sp.latex(self.form)}"

    def __repr__(self) -> str:
        return f"<Formula {self.name} = {self.expr}>"

    def _repr_markdown_(self) -> str:
        return f"$$\n{self.equation}\n$$ ({self.label})"

    def _docstring(self) -> str:
        variables = [REGISTRY[name] for name in self.arguments if REGISTRY[name].constant is None]
        parameters = "\n".join(
            f"{v.name} : float or array_like, {unit_label(v.unit)}\n    {_sentence(v.meaning)} Legal: {v.domain}."
            for v in variables
        )
        call = f"evaluate({self.name}, {self.example})"
        assumes = f"Assumes {' and '.join(self.assumes)}.\n\n" if self.assumes else ""
        return (
            f"{_sentence(self.meaning)}\n\n"
            f"    {self.name} = {self.expr}\n\n{assumes}"
            f"Parameters\n----------\n{parameters}\n\n"
            f"Returns\n-------\nfloat or numpy.ndarray, {unit_label(self.unit)}\n"
            "    The arguments' broadcast shape.\n\n"
            "Raises\n------\nValueError\n    If an argument is outside its range.\n\n"
            "Examples\n--------\n>>> from llm_latency.evaluation import evaluate\n"
            f">>> print(f\"{{{call}:.4g}}\")\n{self.result}\n\n"
            f"References\n----------\nDerived in {self.page}, Eq. ({self.label}).\n"
        )
