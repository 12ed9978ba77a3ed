"""Move the controls of live charts in the browser, and compare what the charts say with the library."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from playwright.sync_api import Page

import llm_latency as ll
from book_site.live_charts import headline

FASTEST = 100
"""How long a chart may take to follow a control, ms."""
DECODE_PAGE = "book/decode-latency.html"


@dataclass(frozen=True)
class Move:
    """What a chart did when one of its controls was moved."""

    chart: int
    control: str
    value: float | str
    words: list[str]
    expected: list[str]
    drawing_changed: bool
    words_changed: bool
    milliseconds: float
    cut: list[str]


def moves(page: Page) -> Iterator[Move]:
    """Move every control of every chart to an end at which it does something, and back to the example.

    A move that takes too long is repeated twice, and its median time counts. What the chart should
    say is its own specification, which the tests compare with the library, in another engine.
    """
    for number, chart in enumerate(page.evaluate("siteCheck.liveChartsInWords()")):
        for position, control in enumerate(chart["controls"]):
            for end in control["ends"]:
                made = moved(page, number, position, control, end, chart)
                if made.drawing_changed or made.words_changed:
                    break  # Towards the other end, another part of the chart may be the longest.
            yield made


def moved(page: Page, number: int, position: int, control: dict, end: float | str, chart: dict) -> Move:
    """Move one control of a chart to one of its ends and back to the example."""
    tries = []
    while not tries or (tries[-1]["milliseconds"] > FASTEST and len(tries) < 3):
        tries.append(move(page, number, position, end))
        back = page.evaluate("number => siteCheck.reset(number)", number)
        if back != chart["words"]:
            tries[-1]["words"] = [f"after its reset: {line}" for line in back]
    return Move(
        chart=number,
        control=f"{control['name']} ({control['kind']})",
        value=end,
        expected=expected_words(chart["specification"], {control["name"]: end}),
        **tries[-1] | {"milliseconds": median(attempt["milliseconds"] for attempt in tries)},
    )


def move(page: Page, chart: int, control: int, value: float | str) -> dict:
    """Move a control of a chart, both counted from 0, and return what the chart did."""
    return page.evaluate("arguments => siteCheck.moveControl(...arguments)", [chart, control, value])


def expected_words(specification: dict, settings: dict) -> list[str]:
    """Compute outside the browser what a chart says after its controls were moved."""
    parameters = [
        {**parameter, "value": settings[parameter["name"]]} if parameter["name"] in settings else parameter
        for parameter in specification["params"]
    ]
    return headline({**specification, "params": parameters})


def what_is_wrong(made: list[Move]) -> Iterator[str]:
    """Say which controls move nothing or lead to wrong or cut words, and which charts never move at all."""
    for each in made:
        what = f"chart {each.chart + 1}, {each.control} at {each.value}"
        if not each.drawing_changed and not each.words_changed:
            yield f"{what}: neither curve nor words change"
        if each.cut:
            yield f"{what}: cut off are {each.cut}"
        if each.words != each.expected:
            yield f"{what}: the chart says {each.words} and not {each.expected}"
    for chart in sorted({each.chart for each in made}):
        if not any(each.drawing_changed and each.words_changed for each in made if each.chart == chart):
            yield f"chart {chart + 1}: no control changes both curve and words"


def decode_times(page: Page, batches: tuple[int, ...]) -> Iterator[tuple[str, str]]:
    """Yield what the decode page's first chart says at each batch, and the time by the library."""
    [chart, *_] = page.evaluate("siteCheck.liveChartsInWords()")
    kinds = [(control["name"], control["kind"]) for control in chart["controls"]]
    position = kinds.index(("batch", "number"))
    for batch in batches:
        seconds = ll.evaluate(
            ll.latency.overlapped_decode_step_time,
            ll.models["GPT-260B"],
            ll.devices["A100-note"],
            n_devices=16,
            batch=batch,
        )
        yield move(page, 0, position, batch)["words"][0], f" {seconds * 1000:.4g} ms"
