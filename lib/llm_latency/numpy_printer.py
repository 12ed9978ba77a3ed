"""From SymPy to NumPy, elementwise."""

import sympy as sp
from sympy.printing.numpy import NumPyPrinter

__all__ = []


class Largest(sp.Function):
    """A maximum about which SymPy knows nothing."""


class Smallest(sp.Function):
    """A minimum about which SymPy knows nothing."""


OPAQUE = {sp.Max: Largest, sp.Min: Smallest}


def opaque(expr: sp.Basic) -> sp.Basic:
    """Hide maxima and minima from SymPy, which compares all arguments of one whenever it builds it again."""
    if not expr.has(*OPAQUE):
        return expr
    return OPAQUE.get(expr.func, expr.func)(*map(opaque, expr.args))


class BroadcastingPrinter(NumPyPrinter):
    """SymPy's NumPy printer with elementwise functions of many arguments.

    SymPy prints a maximum as ``amax((a, b))``, which cannot broadcast a scalar with an array.
    """

    def _nested(self, function, args):
        name = self._module_format(f"numpy.{function}")
        text = self._print(args[0])
        for arg in args[1:]:
            text = f"{name}({text}, {self._print(arg)})"
        return text

    def _print_Largest(self, expr):
        return self._nested("maximum", expr.args)

    def _print_Smallest(self, expr):
        return self._nested("minimum", expr.args)

    def _print_And(self, expr):
        return self._nested("logical_and", expr.args)
