"""Search in the book."""

from playwright.sync_api import Browser

SEARCH = "search.html"
RESULT = "#search-results li a"


def search(browser: Browser, base: str, words: str) -> list[str]:
    """Return the addresses of the pages that a search finds."""
    page = browser.new_page()
    page.goto(f"{base}/{SEARCH}?q={words}")
    page.locator(RESULT).first.wait_for()
    page.wait_for_load_state("networkidle")
    found = page.locator(RESULT).evaluate_all("links => links.map((link) => link.href)")
    page.close()
    return [address.removeprefix(f"{base}/").partition("?")[0].partition("#")[0] for address in found]
