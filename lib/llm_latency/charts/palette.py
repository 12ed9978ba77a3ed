"""The book's colours, shared by the printed and the live charts.

They are Okabe and Ito's, and one of Tol's, told apart with every common form of colour blindness; a
resource keeps its colour on every page.
"""

__all__ = ["COLOURS", "PARTS", "TOTAL"]

TOTAL = "#767676"
"""Colour of a sum or a maximum of the others."""

COLOURS = {
    "memory bandwidth": "#0072B2",
    "arithmetic": "#D55E00",
    "communication": "#009E73",
    "KV cache": "#882255",
    "other": "#CC79A7",
}
"""Colour of each resource."""

PARTS = COLOURS | {
    "weights": COLOURS["memory bandwidth"],
    "attention": COLOURS["KV cache"],
    "latency": COLOURS["other"],
}
"""Colour of each part of a live chart: the resources, and what they are spent on."""
