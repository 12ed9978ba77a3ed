"""Open a page as a reader does, and list what is wrong with it."""

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, TimeoutError

from book_tools.browser import wait_until

IN_PAGE = Path(__file__).with_name("in_page.js")
WIDTHS = {1280: 800, 390: 844}
"""Height of the window by its width, pixels."""
MODES = ("light", "dark")
CHARTS_TIMEOUT = 15_000
"""How long a page may take to draw its charts before they count as missing, ms."""
AXE_OPTIONS = {"resultTypes": ["violations"], "preload": False}
"""Without `preload`, which requests imported style sheets from a wrong address."""
AXE_VERSION = re.search(r"axe v([\d.]*\d)", Axe().axe_script)[1]


@dataclass
class PageFindings:
    """What was found when a page was opened once."""

    by_check: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    bytes_transferred: int = 0
    live_charts: int = 0


@contextmanager
def open_page(browser: Browser, base: str, width: int = 1280, mode: str = "light") -> Iterator[Page]:
    """Open an empty tab in a fresh browser profile, without a network if the site is read from files."""
    context = browser.new_context(
        viewport={"width": width, "height": WIDTHS[width]},
        color_scheme=mode,
        reduced_motion="reduce",
        offline=base.startswith("file:"),
    )
    context.add_init_script(path=IN_PAGE)
    try:
        yield context.new_page()
    finally:
        context.close()


def check_page(browser: Browser, base: str, address: str, width: int, mode: str, axe: bool = True) -> PageFindings:
    """Open a page, read it to its end, unfold everything, and check it."""
    found = PageFindings()
    with open_page(browser, base, width, mode) as page:
        record_requests_and_errors(page, base, found)
        page.goto(f"{base}/{address}")
        if not read_to_the_end(page):
            found.by_check["errors"].append("a live chart was not drawn")
        found.live_charts = len(page.evaluate("siteCheck.describeLiveCharts()"))
        if page.evaluate("document.documentElement.dataset.theme") != mode:
            found.by_check["errors"].append(f"the page does not follow the reader's preference for {mode} colours")
        page.evaluate("siteCheck.unfold()")
        found.by_check["mathematics unset"] += page.evaluate("siteCheck.unsetMathematics()")
        found.by_check["overflow"] += page.evaluate("siteCheck.overflow()")
        if axe:
            found.by_check["axe violations"] += axe_violations(page)
    return found


def record_requests_and_errors(page: Page, base: str, found: PageFindings) -> None:
    """Add to the findings, from now on, requests that leave the site or fail, errors on the console, and bytes."""
    errors = found.by_check["errors"]

    def on_request(request):
        if not request.url.startswith((f"{base}/", "data:", "blob:", "about:")):
            found.by_check["outside requests"].append(request.url)

    def on_response(response):
        if response.status >= 400:
            errors.append(f"status {response.status}: {response.url.removeprefix(base)}")

    def on_console(message):
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            errors.append(message.text)

    def on_finished(event):
        found.bytes_transferred += int(event["encodedDataLength"])

    page.on("request", on_request)
    page.on("response", on_response)
    page.on("console", on_console)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("requestfailed", lambda request: errors.append(f"failed: {request.url.removeprefix(base)}"))
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.on("Network.loadingFinished", on_finished)


def read_to_the_end(page: Page) -> bool:
    """Scroll to the end of a page, wait for its live charts, and tell whether they were all drawn."""
    page.evaluate("siteCheck.readToTheEnd()")
    with suppress(TimeoutError):
        wait_until(page, "siteCheck.chartsAreLive()", CHARTS_TIMEOUT)
    page.wait_for_load_state("networkidle")
    return page.evaluate("siteCheck.chartsAreLive()")


def axe_violations(page: Page) -> list[str]:
    """List what axe-core finds: the rule, what it says about the first element, and where that is."""
    found = []
    for violation in Axe().run(page, options=AXE_OPTIONS).response["violations"]:
        first = violation["nodes"][0]
        reason = " ".join(first["failureSummary"].split("\n")[1].split())
        found.append(f"{violation['id']}: {reason} ({' '.join(map(str, first['target']))})")
    return found


def time_to_live_chart(browser: Browser, base: str, address: str) -> float:
    """Go to a page's first chart and return how long after the start of the visit it is live, ms."""
    with open_page(browser, base) as page:
        page.goto(f"{base}/{address}", wait_until="commit")
        return page.evaluate("siteCheck.firstLiveChart()")
