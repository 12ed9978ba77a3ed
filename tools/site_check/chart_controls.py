"""Move the controls of live charts in the browser, and compare what the charts say with the library."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

import vl_convert
from playwright.sync_api import Page

import llm_latency as ll
from book_site.live_charts import HEADLINE, lines_in

LONGEST_RESPONSE = 100
"""How long a chart may take to follow a control, ms."""
DECODE_PAGE = "book/decode-latency.html"


@dataclass(frozen=True)
class ControlMove:
    """What a chart did when one of its controls was moved to a value."""

    chart: int
    control: str
    value: float | str
    words: list[str]
    expected: list[str]
    drawing_changed: bool
    words_changed: bool
    milliseconds: float
    cut: list[str]


def move_every_control(page: Page) -> Iterator[ControlMove]:
    """Move every control of every live chart to an end of its range where it has an effect, and back."""
    for chart in page.evaluate("siteCheck.describeLiveCharts()"):
        for control in chart["controls"]:
            for end in control["ends"]:
                move = move_to_end_and_back(page, chart, control, end)
                if move.drawing_changed or move.words_changed:
                    break  # If nothing changes, another part may be the longest at the other end.
            yield move


def move_to_end_and_back(page: Page, chart: dict, control: dict, end: float | str) -> ControlMove:
    """Move a control to one of its ends and back, three times where it is slow; the median time counts."""
    tries = []
    while not tries or (tries[-1]["milliseconds"] > LONGEST_RESPONSE and len(tries) < 3):
        tries.append(set_control(page, chart["number"], control["position"], end))
        back = page.evaluate("number => siteCheck.reset(number)", chart["number"])
        if back != chart["words"]:
            tries[-1]["words"] = [f"after its reset: {line}" for line in back]
    return ControlMove(
        chart=chart["number"],
        control=f"{control['name']} ({control['kind']})",
        value=end,
        expected=expected_words(chart["specification"], {control["name"]: end}),
        **tries[-1] | {"milliseconds": median(attempt["milliseconds"] for attempt in tries)},
    )


def set_control(page: Page, chart: int, control: int, value: float | str) -> dict:
    """Move a control of a chart, both counted from 0, and return what the chart did."""
    return page.evaluate("arguments => siteCheck.moveControl(...arguments)", [chart, control, value])


def expected_words(specification: dict, settings: dict) -> list[str]:
    """Compute outside the browser what a chart says after its controls were moved."""
    # From the chart's own specification, in another engine; the tests compare the specification with the library.
    signals = [
        {**signal, "value": settings[signal["name"]]} if signal["name"] in settings else signal
        for signal in specification["signals"]
        if signal["name"] != "width"  # that of the page
    ]
    words = {"text": {"signal": f"join({HEADLINE}, '\\n')"}}
    marks = [{"type": "text", "encode": {"update": words}}]
    return lines_in(vl_convert.vega_to_scenegraph({"signals": signals, "marks": marks}))


def find_problems(moves: list[ControlMove]) -> Iterator[str]:
    """Find controls that move nothing or lead to wrong or cut words, and charts that never move at all."""
    for move in moves:
        what = f"chart {move.chart + 1}, {move.control} at {move.value}"
        if not move.drawing_changed and not move.words_changed:
            yield f"{what}: neither curve nor words change"
        if move.cut:
            yield f"{what}: words are cut off: {move.cut}"
        if move.words != move.expected:
            yield f"{what}: the chart says {move.words} instead of {move.expected}"
    for chart in sorted({move.chart for move in moves}):
        if not any(move.drawing_changed and move.words_changed for move in moves if move.chart == chart):
            yield f"chart {chart + 1}: no control changes both curve and words"


def wrong_decode_times(page: Page, batches: tuple[int, ...]) -> Iterator[str]:
    """Find batches for which the first chart of the page about decoding does not say the library's time."""
    chart, *_ = page.evaluate("siteCheck.describeLiveCharts()")
    [box] = [each for each in chart["controls"] if (each["name"], each["kind"]) == ("batch", "number")]
    for batch in batches:
        seconds = ll.evaluate(
            ll.latency.overlapped_decode_step_time,
            ll.models["GPT-260B"],
            ll.devices["A100-note"],
            n_devices=16,
            batch=batch,
        )
        shown = set_control(page, chart["number"], box["position"], batch)["words"][0]
        computed = f" {seconds * 1000:.4g} ms"
        if computed not in shown:
            yield f"the chart says {shown}, the library {computed}"
