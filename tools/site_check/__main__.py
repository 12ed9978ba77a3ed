"""Check the built site, page by page, and write the report."""

import argparse
import os
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from statistics import median

from playwright.sync_api import Browser

from book_tools.browser import open_browser, why_no_browser
from book_tools.built_site import SITE, why_no_current_site
from book_tools.repository import ROOT
from site_check import chart_controls, lighthouse
from site_check.links import SiteLinks
from site_check.page_checks import (
    AXE_VERSION,
    MODES,
    WIDTHS,
    check_page,
    open_page,
    read_to_the_end,
    time_to_live_chart,
)
from site_check.pages import NOT_FOUND, all_pages, book_pages, page_name
from site_check.report import AT_LEAST, TIME_TO_LIVE_CHART, PageReport, markdown
from site_check.search import SEARCH, search
from site_check.server import serve

REPORT = ROOT / "docs" / "site-check.md"
PARTIAL_REPORT = ROOT / "_build" / "site-check.md"
SEARCHED = {"all-reduce": "book/communication.html"}
BATCHES = (1, 100, 512, 1024)
MOST_LIGHTHOUSE_RUNS = 3
"""Lighthouse runs again where a page's performance misses its limit, as it may on a busy machine."""


def main() -> int:
    """Check the pages named on the command line, or all, and return the exit status."""
    parser = argparse.ArgumentParser(prog="make site-check", description=__doc__)
    parser.add_argument("pages", nargs="*", help="pages to check, all if none is named")
    parser.add_argument("--no-lighthouse", action="store_true", help="leave Lighthouse out")
    options = parser.parse_args()
    reasons = [why_no_browser(), why_no_current_site(), None if options.no_lighthouse else lighthouse.why_not_ready()]
    if any(reasons):
        parser.error("; ".join(filter(None, reasons)))
    names = {page_name(address): address for address in all_pages()}
    unknown = set(options.pages) - names.keys()
    if unknown:
        parser.error(f"no page {', '.join(sorted(unknown))}; known: {', '.join(names)}")
    reports = [PageReport(address) for name, address in names.items() if not options.pages or name in options.pages]
    versions = check(reports, with_lighthouse=not options.no_lighthouse)
    complete = not options.pages and not options.no_lighthouse
    path = REPORT if complete else PARTIAL_REPORT
    path.parent.mkdir(exist_ok=True)
    path.write_text(markdown(reports, date.today().isoformat(), versions), encoding="utf-8")
    missed = sum(len(report.problems()) for report in reports)
    print(f"Pages checked: {len(reports)}, limits missed: {missed}. The report is {path.relative_to(ROOT)}.")
    return 1 if missed else 0


def check(reports: list[PageReport], with_lighthouse: bool) -> dict[str, str]:
    """Fill in the reports, and return the versions of the programs that checked the pages."""
    links = SiteLinks(SITE)
    broken, wrong_neighbours = links.broken(), links.wrong_neighbours(book_pages())
    for report in reports:
        report.note("broken links", broken[report.address], "HTML")
        report.note("broken links", wrong_neighbours[report.address], "previous and next")
    with serve(SITE) as base:
        versions = {"Chromium": check_in_browsers(base, reports), "axe-core": AXE_VERSION}
        measure_times(base, reports)
        if with_lighthouse:
            versions["Lighthouse"] = lighthouse.version()
            for report in reports:
                if report.address != NOT_FOUND:  # it asks search engines not to list it
                    add_scores(base, report)
                    print_problems("scored", report)
    return versions


def print_problems(done: str, report: PageReport) -> None:
    """Print that something was done with a page, and the limits it misses so far."""
    print(f"{done} {page_name(report.address)}", *report.problems(), sep="\n    ", flush=True)


def check_in_browsers(base: str, reports: list[PageReport]) -> str:
    """Open the pages in as many browsers as there are processors, and return the version of the browser."""
    waiting = iter(reports)

    def check_until_none_waits() -> str:
        with open_browser() as browser:  # Playwright ties a browser to the thread that opened it
            check_in_browser(browser, base, waiting)
            return browser.version

    with ThreadPoolExecutor() as pool:
        checks = [pool.submit(check_until_none_waits) for _ in range(os.cpu_count() or 1)]
        return {check.result() for check in checks}.pop()


def check_in_browser(browser: Browser, base: str, waiting: Iterable[PageReport]) -> None:
    """Open every page that is still waiting, in every width and mode."""
    for report in waiting:
        open_in_all_ways(browser, base, report)
        if report.address == SEARCH:
            for words, expected in SEARCHED.items():
                if expected not in search(browser, base, words):
                    report.note("broken links", [f"no link to {expected}"], f"search for {words}")
        print_problems("opened", report)


def open_in_all_ways(browser: Browser, base: str, report: PageReport) -> None:
    """Open a page in every width and mode, and from its file."""
    found = {
        f"{width} px {mode}": check_page(browser, base, report.address, width, mode)
        for width in WIDTHS
        for mode in MODES
    }
    report.measures["kB"] = max(each.bytes_transferred for each in found.values()) / 1000
    if report.address != NOT_FOUND:
        found["file://"] = check_page(browser, SITE.as_uri(), report.address, 1280, "light", axe=False)
    for where, each in found.items():
        for check_name, findings in each.by_check.items():
            report.note(check_name, findings, where)
    report.has_live_charts = any(each.live_charts for each in found.values())


def measure_times(base: str, reports: list[PageReport]) -> None:
    """Time the live charts in one browser alone, because other work on the machine would slow them down."""
    with open_browser() as browser:
        for report in reports:
            if report.has_live_charts:
                report.measures[TIME_TO_LIVE_CHART] = time_to_live_chart(browser, base, report.address)
                check_controls(browser, base, report)
                print_problems("timed", report)


def check_controls(browser: Browser, base: str, report: PageReport) -> None:
    """Move every control of a page's charts; on the page about decoding, also compare with the library."""
    with open_page(browser, base) as page:
        page.goto(f"{base}/{report.address}")
        read_to_the_end(page)
        moves = list(chart_controls.move_every_control(page))
        report.measures["control, ms"] = max(move.milliseconds for move in moves)
        report.note("errors", list(chart_controls.find_problems(moves)), "controls")
        if report.address == chart_controls.DECODE_PAGE:
            report.note("errors", list(chart_controls.wrong_decode_times(page, BATCHES)), "controls")


def add_scores(base: str, report: PageReport) -> None:
    """Add Lighthouse's scores to a page's report, repeating the run if its performance misses its limit."""
    scores = {}
    for form_factor, limit in zip(lighthouse.FORM_FACTORS, AT_LEAST["performance"], strict=True):
        page = f"{base}/{report.address}", page_name(report.address), form_factor
        try:
            first = lighthouse.audit(*page)
            performance = [first.scores["performance"]]
            while performance[0] < limit and len(performance) < MOST_LIGHTHOUSE_RUNS:
                performance.append(lighthouse.audit(*page, ("performance",)).scores["performance"])
        except lighthouse.LighthouseError as error:
            report.note("errors", [f"Lighthouse failed: {error}"], form_factor)
            return
        first.scores["performance"] = round(median(performance))
        report.runs = max(report.runs, len(performance))
        scores[form_factor] = first
    for category in AT_LEAST:
        report.scores[category] = tuple(each.scores[category] for each in scores.values())
        lost = [reason for each in scores.values() for reason in each.lost[category]]
        report.reasons[category] = list(dict.fromkeys(lost))


if __name__ == "__main__":
    sys.exit(main())
