"""The controls of a live chart: a slider or a menu for each of its parameters, in HTML."""

import json
import math
import re
from collections import Counter
from html import escape

WIDE_RATIO = 50
"""If its ends have at least this ratio, a slider stops at values with about equal ratios."""
STOPS_OF_A_WIDE_SLIDER = 120
MANY_OPTIONS = 20
"""A menu with at least this many options shows them in groups."""
FIRST_LETTERS = re.compile(r"[A-Za-z]*")


def control_html(parameter: dict) -> str:
    """Write the control, with its label, of a Vega-Lite parameter that is bound to an input."""
    bind, name, value = parameter["bind"], escape(parameter["name"]), parameter["value"]
    label = escape(bind["name"])
    if bind["input"] == "range":
        control = slider_html(bind, name, value, label)
    elif bind["input"] == "select":
        options = options_html(bind, value)
        control = f'<label><span>{label}</span><select data-name="{name}">{options}</select></label>'
    else:
        raise ValueError(f"a live chart has no control of the kind {bind['input']!r}")
    return f'<div class="live-chart-control">{control}</div>'


def slider_html(bind: dict, name: str, value: float, label: str) -> str:
    """Write a slider, and beside it a field for the same value as a number."""
    stops = slider_stops(bind, value)
    return (
        f"<label><span>{label}</span>"
        f'<input type="range" data-name="{name}" data-values="{stops}" '
        f'min="0" max="{len(stops) - 1}" value="{stops.index(value)}" aria-valuetext="{value:.10g}"></label>'
        f'<input type="number" aria-label="{label}, as a number" data-name="{name}" '
        f'min="{bind["min"]:.10g}" max="{bind["max"]:.10g}" step="{1 if bind["step"] % 1 == 0 else "any"}" '
        f'value="{value:.10g}">'
    )


def options_html(bind: dict, value: float | str) -> str:
    """Write the options of a menu, in groups if there are many."""
    labels = list(map(str, bind.get("labels", bind["options"])))
    options = {
        label: f'<option value="{escape(json.dumps(option))}"{" selected" * (option == value)}>{escape(label)}</option>'
        for option, label in zip(bind["options"], labels, strict=True)
    }
    if len(options) < MANY_OPTIONS:
        return "".join(options.values())
    return "".join(
        f'<optgroup label="{escape(group)}">{"".join(options[label] for label in members)}</optgroup>'
        for group, members in grouped_by_first_letters(labels).items()
    )


def grouped_by_first_letters(names: list[str]) -> dict[str, list[str]]:
    """Group names that begin with the same letters, with the remaining names at the end.

    >>> grouped_by_first_letters(["LLaMA-7B", "T4", "Llama-3-8B", "RTX-3090", "RTX-4090"])
    {'LLaMA …': ['LLaMA-7B', 'Llama-3-8B'], 'RTX …': ['RTX-3090', 'RTX-4090'], 'Other': ['T4']}
    """
    first_letters = {name: FIRST_LETTERS.match(name)[0] for name in names}
    sizes = Counter(letters.casefold() for letters in first_letters.values())
    labels, groups, others = {}, {}, []
    for name, letters in first_letters.items():
        if not letters or sizes[letters.casefold()] == 1:
            others.append(name)
        else:
            label = labels.setdefault(letters.casefold(), f"{letters} …")
            groups.setdefault(label, []).append(name)
    return groups | ({"Other": others} if others else {})


def slider_stops(bind: dict, value: float) -> list[float]:
    """List the values at which a slider stops, including its present one.

    It stops at every step of a narrow range. A wide one has about 120 stops with about the same ratio between
    neighbours, so that small values are within reach.

    >>> slider_stops({"min": 1, "max": 4, "step": 1}, 2)
    [1, 2, 3, 4]
    >>> slider_stops({"min": 1, "max": 1024, "step": 1}, 512)[:12]
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    """
    low, high, step = bind["min"], bind["max"], bind["step"]
    if low <= 0 or high / low < WIDE_RATIO:
        steps = range(round((high - low) / step) + 1)
    else:
        logs = (math.log(high / low) * i / STOPS_OF_A_WIDE_SLIDER for i in range(STOPS_OF_A_WIDE_SLIDER + 1))
        steps = {round(low * (math.exp(log) - 1) / step) for log in logs}
    stops = {float(f"{low + each * step:.10g}") for each in steps} | {value}
    return [int(stop) if stop == int(stop) else stop for stop in sorted(stops)]
