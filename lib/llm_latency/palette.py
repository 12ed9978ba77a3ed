"""The book's colours, shared by the printed and the live charts.

They are Okabe and Ito's, and one of Tol's, told apart with every common form of colour blindness; a
resource keeps its colour on every page.
"""

__all__ = ["COLOURS", "TOTAL"]

TOTAL = "#767676"
"""Colour of a sum or a maximum of the others."""

COLOURS = {
    "memory bandwidth": "#0072B2",
    "weights": "#0072B2",
    "arithmetic": "#D55E00",
    "communication": "#009E73",
    "KV cache": "#882255",
    "other": "#CC79A7",
}
"""Colour of each resource, and of what it is spent on."""
