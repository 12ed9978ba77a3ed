"""The book's colours, shared by the printed and the live charts.

The colours of the resources are Okabe and Ito's, plus one of Tol's; they can be told apart with every common form of
colour blindness. A resource keeps its colour on every page.
"""

__all__ = ["COLOURS", "LIGHT_AND_DARK", "PARTS", "TOTAL"]

LIGHT_AND_DARK = {
    "background": ("#ffffff", "#121212"),
    "text": ("#000000", "#ced6dd"),
    "grid": ("#e4e4e4", "#333a44"),
    "frame": ("#bbbbbb", "#565f6b"),
    "total": ("#767676", "#8d8d8d"),
    "memory bandwidth": ("#0072B2", "#4a9ff0"),
    "arithmetic": ("#D55E00", "#ff9347"),
    "communication": ("#009E73", "#45d6aa"),
    "KV cache": ("#882255", "#db4a72"),
    "other": ("#CC79A7", "#f6c4e4"),
}
"""Every colour of the charts: on a white page, and on a dark one."""

TOTAL = LIGHT_AND_DARK["total"][0]
"""Colour of a sum or a maximum of the others."""

RESOURCES = ("memory bandwidth", "arithmetic", "communication", "KV cache", "other")
COLOURS = {resource: LIGHT_AND_DARK[resource][0] for resource in RESOURCES}
"""Colour of each resource."""

PARTS = COLOURS | {
    "weights": COLOURS["memory bandwidth"],
    "attention": COLOURS["KV cache"],
    "latency": COLOURS["other"],
    "index": COLOURS["other"],
    "selected tokens": COLOURS["KV cache"],
}
"""Colour of each part of a live chart: the resources, and what they are spent on."""
