"""Walk through the book by its links, and search in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from playwright.sync_api import Browser, Page

NEXT = ".prev-next-area a.right-next"
PREVIOUS = ".prev-next-area a.left-prev"
SEARCH = "search.html"
RESULT = "#search-results li a"


def wrong_turns(browser: Browser, base: str, pages: list[str]) -> dict[str, list[str]]:
    """Follow the links to the next page from first to last, and back; list by page what leads elsewhere."""
    page = browser.new_page()
    wrong = defaultdict(list)
    for address, message in [*walk(page, base, pages, NEXT), *walk(page, base, pages[::-1], PREVIOUS)]:
        wrong[address].append(message)
    page.close()
    return wrong


def walk(page: Page, base: str, pages: list[str], link: str) -> Iterator[tuple[str, str]]:
    """Follow one kind of link through the pages and yield where it leads elsewhere; the last one has none."""
    page.goto(f"{base}/{pages[0]}", wait_until="domcontentloaded")
    for address, expected in zip(pages, [*pages[1:], None], strict=True):
        links = page.locator(link)
        reached = links.first.evaluate("link => link.href") if links.count() else None
        if reached != (expected and f"{base}/{expected}"):
            yield address, f"{link} leads to {reached} and not to {expected}"
        if expected:
            page.goto(f"{base}/{expected}", wait_until="domcontentloaded")


def search(browser: Browser, base: str, words: str) -> list[str]:
    """Search the book and list the addresses of the pages found."""
    page = browser.new_page()
    page.goto(f"{base}/{SEARCH}?q={words}")
    page.locator(RESULT).first.wait_for()
    page.wait_for_load_state("networkidle")
    found = page.locator(RESULT).evaluate_all("links => links.map((link) => link.href)")
    page.close()
    return [address.removeprefix(f"{base}/").partition("?")[0].partition("#")[0] for address in found]
