"""From SymPy to NumPy, elementwise."""

from sympy.printing.numpy import NumPyPrinter

__all__ = ["BroadcastingPrinter"]


class BroadcastingPrinter(NumPyPrinter):
    """SymPy's NumPy printer with elementwise functions of many arguments.

    SymPy prints ``Max(a, b)`` as ``amax((a, b))``, which cannot broadcast a scalar with an array.
    """

    def _nested(self, function, args):
        name = self._module_format(f"numpy.{function}")
        text = self._print(args[0])
        for arg in args[1:]:
            text = f"{name}({text}, {self._print(arg)})"
        return text

    def _print_Max(self, expr):
        return self._nested("maximum", expr.args)

    def _print_Min(self, expr):
        return self._nested("minimum", expr.args)

    def _print_And(self, expr):
        return self._nested("logical_and", expr.args)
