"""The built site in a real browser: the short version of make site-check."""

import pytest

from book_tools.browser import wait_until
from book_tools.built_site import SITE, why_no_current_site
from conftest import demand, need_browser
from site_check.chart_controls import (
    DECODE_PAGE,
    ControlMove,
    find_problems,
    move_every_control,
    wrong_decode_times,
)
from site_check.links import SiteLinks
from site_check.page_checks import MODES, WIDTHS, check_page, open_page, read_to_the_end
from site_check.pages import book_pages
from site_check.report import AT_MOST
from site_check.search import RESULT, search
from site_check.server import serve

need_browser()
demand(why_no_current_site())

INDEX = "book/index.html"
VISITS = [(address, width, mode) for address in (INDEX, DECODE_PAGE) for width in WIDTHS for mode in MODES]


@pytest.fixture(scope="module")
def base():
    with serve(SITE) as address:
        yield address


def faults(found):
    """Return the findings without the checks that found nothing."""
    return {check: findings for check, findings in found.by_check.items() if findings}


def test_every_link_inside_the_site_leads_somewhere():
    links = SiteLinks(SITE)
    broken = links.broken()
    assert not {page: wrong for page, wrong in broken.items() if wrong and not page.startswith("_static/")}
    assert not links.wrong_neighbours(book_pages())


@pytest.mark.parametrize(("address", "width", "mode"), VISITS)
def test_a_page_opens_without_faults(browser, base, address, width, mode):
    # axe takes ten seconds for a long page.
    found = check_page(browser, base, address, width, mode, axe=address == INDEX)
    assert not faults(found)
    assert found.bytes_transferred <= 1000 * AT_MOST["kB"]
    assert found.live_charts == (address == DECODE_PAGE)


@pytest.mark.long
@pytest.mark.parametrize(("width", "mode"), [(1280, "light"), (390, "dark")])
def test_axe_finds_no_fault_on_a_long_page(browser, base, width, mode):
    assert not faults(check_page(browser, base, DECODE_PAGE, width, mode, axe=True))


@pytest.mark.parametrize("address", [INDEX, "book/api.html"])
def test_a_page_fits_the_window_at_widths_in_between(browser, base, address):
    with open_page(browser, base) as page:
        page.goto(f"{base}/{address}")
        page.evaluate("siteCheck.unfold()")
        for width in (320, 600, 720, 820, 1024, 1199):
            page.set_viewport_size({"width": width, "height": 800})
            wait_until(page, f"window.innerWidth === {width}")
            assert page.evaluate("siteCheck.overflow()") == []


@pytest.mark.parametrize("address", [INDEX, DECODE_PAGE])
def test_a_page_opens_from_its_file_without_a_network(browser, address):
    found = check_page(browser, SITE.as_uri(), address, 1280, "light", axe=False)
    assert not faults(found)
    assert found.live_charts == (address == DECODE_PAGE)


def test_charts_follow_their_controls_and_say_what_the_library_computes(browser, base):
    with open_page(browser, base) as page:
        page.goto(f"{base}/{DECODE_PAGE}")
        assert read_to_the_end(page)
        moves = list(move_every_control(page))
        assert len(moves) >= 5
        assert not list(find_problems(moves))
        assert not list(wrong_decode_times(page, (1, 100, 512)))


@pytest.mark.parametrize("words", ["all-reduce", "allreduce"])
def test_a_search_for_all_reduce_finds_the_page_on_communication(browser, base, words):
    assert "book/communication.html" in search(browser, base, words)


def test_a_search_lists_each_glossary_entry_once_and_escape_removes_its_highlights(browser, base):
    with open_page(browser, base) as page:
        page.goto(f"{base}/search.html?q=all-reduce")
        page.get_by_role("link", name="Glossary > all-reduce", exact=True).wait_for()
        names = page.locator(RESULT).all_inner_texts()
        assert len(set(names)) == len(names)
        page.locator(RESULT).first.click()
        page.locator(".highlighted").first.wait_for()
        page.keyboard.press("Escape")
        assert page.locator(".highlighted").count() == 0


BROKEN_PAGE = r"""<!DOCTYPE html>
<html lang="en" data-theme="light"><head><title>A broken page</title>
<meta http-equiv="Content-Security-Policy" content="frame-src 'none'"></head><body>
<main><h1>Faults</h1>
<p>Here \(x\) is not set, and in <code>\frac</code> it need not be.</p>
<details><summary>folded</summary><div class="math">y^2</div></details>
<p style="width: 2000px">wide</p> <p style="color: #aaa">pale</p>
<img src="nowhere.png" alt="a picture"><div class="live-chart"></div>
<iframe title="no" src="page2.html"></iframe></main>
<script src="http://localhost:1/outside.js"></script><script>console.error("boom")</script>
</body></html>"""


def test_a_search_result_shows_what_the_page_says(browser, base):
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{base}/search.html?q=latencies")
        page.wait_for_selector("#search-results p.context")
        excerpts = " ".join(page.locator("#search-results p.context").all_inner_texts())
        assert "import " not in excerpts
        assert "Show the code" not in excerpts


@pytest.mark.parametrize("where", ["served", "file"])
@pytest.mark.parametrize("address", [DECODE_PAGE, "search.html?q=all-reduce"])
def test_no_page_violates_its_security_policy(browser, base, address, where):
    with browser.new_context() as context:
        page = context.new_page()
        page.add_init_script(
            "violated = []; addEventListener('securitypolicyviolation', (e) => violated.push(e.sample || e.blockedURI))"
        )
        page.goto(f"{base if where == 'served' else SITE.as_uri()}/{address}")
        page.evaluate("document.querySelectorAll('.live-chart').forEach((chart) => chart.scrollIntoView())")
        wait_until(page, "[...document.querySelectorAll('.live-chart')].every((chart) => 'live' in chart.dataset)")
        if where == "served" and "search" in address:
            page.locator(RESULT).first.wait_for()
        page.wait_for_load_state("networkidle")
        assert page.evaluate("violated") == []
        page.evaluate("document.body.insertAdjacentHTML('beforeend', `<p style='color: red'>`)")
        wait_until(page, "violated.length")


def test_the_buttons_of_the_header_work_without_handlers(browser, base):
    with browser.new_context() as context:
        page = context.new_page()
        page.add_init_script("called = []; print = () => called.push('print')")
        page.goto(f"{base}/book/roofline.html")
        page.evaluate("toggleFullScreen = () => called.push('full')")
        page.evaluate("document.querySelectorAll('[data-calls]').forEach((button) => button.click())")
        assert set(page.evaluate("called")) == {"full", "print"}


def test_a_search_result_says_what_a_word_means_and_keeps_symbols(browser, base):
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{base}/search.html?q=all-reduce")
        page.get_by_text("all-reduce: The collective that gives every device the sum").first.wait_for()
        page.get_by_text("An all-reduce of D bytes over N devices").wait_for()


def test_the_contents_on_a_phone_close_when_a_section_is_chosen(browser, base):
    with browser.new_context(viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        page.goto(f"{base}/book/roofline.html")
        page.locator(".secondary-toggle").last.click()
        page.locator("dialog[open] a[href='#takeaways']").click()
        wait_until(page, "!document.querySelector('dialog[open]')")
        page.wait_for_url("**#takeaways")


def test_the_faults_of_a_page_are_found(browser, tmp_path, monkeypatch):
    monkeypatch.setattr("site_check.page_checks.CHARTS_TIMEOUT", 100)
    (tmp_path / "page.html").write_text(BROKEN_PAGE, encoding="utf-8")
    with serve(tmp_path) as base:
        found = check_page(browser, base, "page.html", 390, "dark")
    assert found.by_check["outside requests"] == ["http://localhost:1/outside.js"]
    assert len(found.by_check["mathematics unset"]) == 2
    assert len(found.by_check["overflow"]) == 1
    errors = " ".join(found.by_check["errors"])
    for part in (
        "boom",
        "Content Security Policy",
        "status 404: /nowhere.png",
        "outside.js",
        "preference for dark",
        "chart was not drawn",
    ):
        assert part in errors
    assert [finding for finding in found.by_check["axe violations"] if finding.startswith("color-contrast")]


GOOD_MOVE = ControlMove(0, "batch (range)", 512, ["53 ms"], ["53 ms"], True, True, 5, [])


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"words": ["35 ms"]}, "says"),
        ({"cut": ["13107"]}, "words are cut off: ['13107']"),
        ({"drawing_changed": False, "words_changed": False}, "neither curve nor words change"),
        ({"drawing_changed": False}, "no control changes both"),
    ],
)
def test_a_chart_that_does_not_follow_is_found(change, problem):
    assert not list(find_problems([GOOD_MOVE]))
    problems = list(find_problems([ControlMove(**vars(GOOD_MOVE) | change)]))
    assert any(problem in each for each in problems)
