"""The formula object: an expression that knows its unit and where the book derives it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, cached_property

import sympy as sp

from llm_latency.notation import REGISTRY, unit_label, unit_of

__all__ = ["FORMULAS", "Formula", "formula"]


FORMULAS: dict[str, Formula] = {}
"""Every formula by its name, in the order of the modules; a `Term` stands for one of them."""


class Term(sp.Symbol):
    """A formula as one letter of another formula; it prints as the left-hand side."""

    __slots__ = ()

    @property
    def unit(self) -> sp.Expr:
        return FORMULAS[self.name].unit

    def _latex(self, printer):
        return FORMULAS[self.name].latex


class _Documentation:
    """The docstring of a class and of its objects; an object's is written when somebody reads it."""

    def __init__(self, of_class: str):
        self.of_class = of_class

    def __get__(self, formula: Formula | None, owner: type) -> str:
        return self.of_class if formula is None else formula._docstring()


class Formula:
    """A public formula of the book, made by the decorator `formula`.

    Its unit is checked when it is made: an expression that does not reduce to the declared unit,
    or that uses a symbol outside the registry, raises an error. In a notebook it typesets itself as
    the labelled equation that other pages refer to.

    Parameters
    ----------
    name : str
        Name in code.
    form : sympy.Expr
        Right-hand side as it is read: in registered symbols and in terms of other formulas.
    meaning : str
        What the formula gives: a sentence without its capital letter and full stop.
    module : str
        Last part of the name of the module that holds it.
    latex : str
        Left-hand side in mathematics.
    unit : sympy.Expr
        Unit of the result.
    page : str
        Slug of the page that derives it.
    example : mapping of str to float, SI units
        Values of a worked example; those that the formula does not use are left out.
    result : float
        The example's result to four significant digits.
    assumes : tuple of str, optional
        What the formula assumes about a model, in the words of `Model.departures`; the assumptions of
        its terms are added.

    Raises
    ------
    ValueError
        If the expression does not have the declared unit.

    Examples
    --------
    >>> from llm_latency.formulas.roofline import weight_read_time
    >>> weight_read_time.expr
    bytes_per_param*n_params/(mem_bandwidth*n_devices)
    >>> weight_read_time.label
    'eq-weight-read-time'
    >>> from llm_latency.formulas.latency import serial_decode_step_time
    >>> serial_decode_step_time.form
    decode_communication_time + Max(decode_compute_time, weight_read_time)

    References
    ----------
    Page ``notation`` lists every formula.
    """

    # Parameters: what a formula knows about itself; all but four come from the decorator.
    def __init__(
        self,
        name: str,
        form: sp.Expr,
        meaning: str,
        module: str,
        *,
        latex: str,
        unit: sp.Expr,
        page: str,
        example: Mapping[str, float],
        result: float,
        assumes: tuple[str, ...] = (),
    ):
        inherited = (assumption for term in form.atoms(Term) for assumption in FORMULAS[term.name].assumes)
        self.name = name
        self.form = form
        self.meaning = meaning
        self.module = module
        self.latex = latex
        self.unit = unit
        self.page = page
        self._example = example
        self.result = result
        self.assumes = tuple(sorted({*assumes, *inherited}))
        if unit_of(form) != unit:
            raise ValueError(f"{name}: the expression has the unit {unit_label(unit_of(form))}, not {unit_label(unit)}")
        FORMULAS[name] = self

    def __reduce__(self):
        return _named, (self.name,)

    def __copy__(self) -> Formula:
        return self

    def __deepcopy__(self, memo) -> Formula:
        return self

    @cached_property
    def expr(self) -> sp.Expr:
        """The form with every term replaced by its own expression: only registered symbols are left."""
        return self.form.subs({term: FORMULAS[term.name].expr for term in self.form.atoms(Term)})

    @property
    def example(self) -> dict[str, float]:
        """Arguments of the worked example, by name."""
        return {name: self._example[name] for name in self.arguments if name in self._example}

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
        return arguments_of(self.expr)

    def equals(self, expr: sp.Expr) -> bool:
        """Whether an expression, such as one derived by another route, equals this formula's.

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
        summary = f"{self.meaning[0].upper()}{self.meaning[1:]}."
        variables = [REGISTRY[name] for name in self.arguments if REGISTRY[name].constant is None]
        parameters = "\n".join(
            f"{v.name} : float or array_like, {unit_label(v.unit)}\n"
            f"    {v.meaning[0].upper()}{v.meaning[1:]}. Legal: {v.domain}."
            for v in variables
        )
        arguments = ", ".join(f"{name}={value:.12g}" for name, value in self.example.items())
        assumes = f"Assumes {' and '.join(self.assumes)}.\n\n" if self.assumes else ""
        return (
            f"{summary}\n\n"
            f"    {self.name} = {self.expr}\n\n{assumes}"
            f"Parameters\n----------\n{parameters}\n\n"
            f"Returns\n-------\nfloat or numpy.ndarray, {unit_label(self.unit)}\n"
            "    The arguments' broadcast shape.\n\n"
            "Raises\n------\nValueError\n    If an argument is outside its range.\n\n"
            "Examples\n--------\n>>> from llm_latency import evaluate\n"
            f'>>> print(f"{{evaluate({self.name}, {arguments}):.4g}}")\n{self.result:.4g}\n\n'
            f"References\n----------\nDerived in {self.page}, Eq. ({self.label}).\n"
        )

    __doc__ = _Documentation(__doc__)


def _named(name: str) -> Formula:
    """Return the library's own formula when one is unpickled."""
    return FORMULAS[name]


@cache
def arguments_of(expr: sp.Expr) -> tuple[str, ...]:
    """List the symbols of an expression by name: the registered ones in order, then the others."""
    used = {symbol.name for symbol in expr.free_symbols}
    return (*(name for name in REGISTRY if name in used), *sorted(used - REGISTRY.keys()))


# Parameters: those of `Formula` that do not follow from the function's name, module and docstring.
def formula(
    latex: str, unit: sp.Expr, *, page: str, example: Mapping[str, float], result: float, assumes: tuple[str, ...] = ()
) -> Callable[[Callable[[], sp.Expr]], Formula]:
    """Turn a function that returns an expression into a `Formula` with its name and docstring.

    Parameters
    ----------
    latex, unit, page, example, result, assumes : str, sympy.Expr, str, mapping, float, tuple of str
        As in `Formula`.

    Returns
    -------
    callable
        The decorator.

    Raises
    ------
    ValueError
        If the expression does not have the declared unit, or the function no docstring.

    Examples
    --------
    >>> from llm_latency.notation import byte, link_latency
    >>> @formula("t", byte, page="none", example=dict(link_latency=1e-6), result=2e-6)
    ... def round_trip_time():
    ...     "Time of a message and its answer."
    ...     return 2 * link_latency
    Traceback (most recent call last):
    ...
    ValueError: round_trip_time: the expression has the unit s, not byte

    References
    ----------
    Page ``notation`` lists every formula.
    """

    def made(function: Callable[[], sp.Expr]) -> Formula:
        if not function.__doc__:
            raise ValueError(f"{function.__name__} has no docstring: it is the formula's meaning")
        sentence = " ".join(function.__doc__.split()).removesuffix(".")
        meaning = sentence if sentence[:2].isupper() else sentence[0].lower() + sentence[1:]
        module = function.__module__.rpartition(".")[2]
        return Formula(
            function.__name__,
            function(),
            meaning,
            module,
            latex=latex,
            unit=unit,
            page=page,
            example=example,
            result=result,
            assumes=assumes,
        )

    return made
