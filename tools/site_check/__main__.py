"""Check the built site, page by page, and write the report."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from statistics import median

from playwright.sync_api import Browser

from book_tools.browser import open_browser, why_no_browser
from book_tools.built_site import SITE, why_no_current_site
from book_tools.repository import ROOT
from site_check import charts, lighthouse, navigation
from site_check.links import broken_links
from site_check.pages import NOT_FOUND, all_pages, book_pages, page_name
from site_check.report import AT_LEAST, UNLIMITED, PageReport, markdown
from site_check.server import serve
from site_check.visit import MODES, WIDTHS, Visit, axe_version, open_page, settle, time_to_live_chart, visit

REPORT = ROOT / "docs" / "site-check.md"
PARTIAL_REPORT = ROOT / "_build" / "site-check.md"
SEARCHED = {"all-reduce": "book/communication.html"}
BATCHES = (1, 100, 512, 1024)
RUNS = 3
"""Runs of Lighthouse at most, where a page's performance misses its limit on a busy machine."""


def main() -> int:
    """Check the pages named on the command line, or all."""
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
    pages = [PageReport(address) for name, address in names.items() if not options.pages or name in options.pages]
    versions = check(pages, with_lighthouse=not options.no_lighthouse)
    complete = not options.pages and not options.no_lighthouse
    path = REPORT if complete else PARTIAL_REPORT
    path.parent.mkdir(exist_ok=True)
    path.write_text(markdown(pages, date.today().isoformat(), versions), encoding="utf-8")
    missed = sum(len(page.problems()) for page in pages)
    print(f"Pages checked: {len(pages)}, limits missed: {missed}. The report is {path.relative_to(ROOT)}.")
    return 1 if missed else 0


def check(pages: list[PageReport], with_lighthouse: bool) -> dict[str, str]:
    """Check pages, say of each how it was, and return the versions of the programs that checked them."""
    broken = broken_links(SITE)
    with serve(SITE) as base, open_browser() as browser:
        versions = {"Chromium": browser.version, "axe-core": axe_version(browser)}
        if with_lighthouse:
            versions["Lighthouse"] = lighthouse.version()
        wrong_turns = navigation.wrong_turns(browser, base, book_pages())
        for page in pages:
            page.note("broken links", broken[page.address], "HTML")
            page.note("broken links", wrong_turns.get(page.address, []), "previous and next")
            check_page(browser, base, page)
            if page.address == navigation.SEARCH:
                check_search(browser, base, page)
            if with_lighthouse and page.address != NOT_FOUND:  # it asks search engines to pass by
                check_scores(base, page)
            print(*[page_name(page.address), *page.problems()], sep="\n    ", flush=True)
    return versions


def check_page(browser: Browser, base: str, page: PageReport) -> None:
    """Open a page in every width and mode, and from its file; move the controls of its charts."""
    visits = {
        f"{width} px {mode}": visit(browser, base, page.address, width, mode) for width in WIDTHS for mode in MODES
    }
    page.measures["kB"] = max(seen.bytes_transferred for seen in visits.values()) / 1000
    if page.address != NOT_FOUND:
        visits["file://"] = visit(browser, SITE.as_uri(), page.address, 1280, "light", axe=False)
    for where, seen in visits.items():
        for name, findings in seen.findings.items():
            page.note(name, findings, where)
    if any(seen.charts for seen in visits.values()):
        page.measures[UNLIMITED] = time_to_live_chart(browser, base, page.address)
        check_charts(browser, base, page)


def check_charts(browser: Browser, base: str, page: PageReport) -> None:
    """Move every control of a page's charts; on the page on decoding, ask the library itself, too."""
    with open_page(browser, base) as tab:
        tab.goto(f"{base}/{page.address}")
        settle(tab, Visit())
        made = list(charts.moves(tab))
        page.measures["control, ms"] = max(each.milliseconds for each in made)
        page.note("errors", list(charts.what_is_wrong(made)), "controls")
        if page.address == charts.DECODE_PAGE:
            for said, computed in charts.decode_times(tab, BATCHES):
                if computed not in said:
                    page.note("errors", [f"the chart says {said}, the library {computed}"], "controls")


def check_search(browser: Browser, base: str, page: PageReport) -> None:
    """Search in the book for what it must find."""
    for words, expected in SEARCHED.items():
        if expected not in navigation.search(browser, base, words):
            page.note("broken links", [f"no link to {expected}"], f"search for {words}")


def check_scores(base: str, page: PageReport) -> None:
    """Add Lighthouse's scores to a page's report, repeating a performance that misses its limit."""
    answers = {}
    for form_factor, limit in zip(lighthouse.FORM_FACTORS, AT_LEAST["performance"], strict=True):
        asked = f"{base}/{page.address}", page_name(page.address), form_factor
        try:
            answer = lighthouse.audit(*asked)
            performance = [answer.scores["performance"]]
            while performance[0] < limit and len(performance) < RUNS:
                performance.append(lighthouse.audit(*asked, ("performance",)).scores["performance"])
        except lighthouse.LighthouseError as error:
            page.note("errors", [f"Lighthouse failed: {error}"], form_factor)
            return
        answer.scores["performance"] = round(median(performance))
        page.runs = max(page.runs, len(performance))
        answers[form_factor] = answer
    for category in AT_LEAST:
        page.scores[category] = tuple(answer.scores[category] for answer in answers.values())
        lost = [reason for answer in answers.values() for reason in answer.lost[category]]
        page.reasons[category] = list(dict.fromkeys(lost))


if __name__ == "__main__":
    sys.exit(main())
