"""The colours of the book's charts on white, and those that take their places on a dark page."""

from llm_latency.palette import COLOURS, TOTAL

PAPER = "#ffffff"
"""What a chart is drawn on."""

DARK = {
    PAPER: "#121212",
    "#000000": "#ced6dd",
    "#e4e4e4": "#333a44",
    "#bbbbbb": "#565f6b",
    TOTAL: "#adadad",
    COLOURS["memory bandwidth"]: "#4a9ff0",
    COLOURS["arithmetic"]: "#ff9347",
    COLOURS["communication"]: "#45d6aa",
    COLOURS["KV cache"]: "#d45a96",
    COLOURS["other"]: "#f6c4e4",
}
"""For every colour of a chart, the one that takes its place on a dark page."""
