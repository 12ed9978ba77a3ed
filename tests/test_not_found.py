"""The page for a missing address works wherever it is served."""

import re
from types import SimpleNamespace
from urllib.parse import urljoin

import pytest
from bs4 import BeautifulSoup

from book_site.not_found import configure
from conftest import NOTEBOOKS
from small_site import build

ADDRESSES = ("href", "src", "action", "data-content_root")


@pytest.mark.parametrize(
    ("address", "root"),
    [("", "/"), ("https://example.org", "/"), ("https://example.org/docs", "/docs/"), ("https://a.org/b/c/", "/b/c/")],
)
def test_the_root_is_the_path_of_the_sites_address(address, root):
    config = SimpleNamespace(html_baseurl=address)
    configure(None, config)
    assert config.notfound_urls_prefix == root


@pytest.fixture(scope="module", params=["", "https://example.org/docs"], ids=["no address", "an address"])
def page(request, tmp_path_factory):
    """Build a small site in the book's theme, and return its path on the host and its page for a missing address."""
    site = build(
        tmp_path_factory.mktemp("site"),
        {"index": "# The map\n\n```{toctree}\nbook/words\n```\n", "book/words": "# Words\n"},
        extensions=["book_site.static_files", "book_site.not_found"],
        html_theme="sphinx_book_theme",
        html_baseurl=request.param,
    )
    html = (site / "404.html").read_text(encoding="utf-8")
    return "/docs/" if request.param else "/", BeautifulSoup(html, "html.parser")


def addresses(soup):
    """List what a page refers to on its own site, without the places on the page itself."""
    found = [tag[name] for name in ADDRESSES for tag in soup.select(f"[{name}]")]
    return [address for address in found if not re.match(r"#|\w+:", address)]


def test_the_addresses_on_the_page_start_at_the_root(page):
    root, soup = page
    found = addresses(soup)
    assert {root, f"{root}search.html", f"{root}index.html", f"{root}index.html#the-map"} <= set(found)
    assert f"{root}book/words.html" in found, "the contents in the sidebar"
    assert any(address.startswith(f"{root}_static/") for address in found)
    assert all(address.startswith(root) for address in found)


@pytest.mark.parametrize("served", ["/missing", "/book/missing.html", "/a/b/c/d/"])
def test_links_lead_to_the_same_place_from_any_depth(page, served):
    found = addresses(page[1])
    assert [urljoin(served, address) for address in found] == found


def test_the_page_offers_search_and_contents_and_stays_out_of_indexes(page):
    _, soup = page
    assert soup.select_one(".not-found h1").get_text() == "There is no such page"
    assert soup.select_one("form.not-found-search[action$='search.html'] input[name=q]")
    assert soup.select_one("meta[name=robots][content=noindex]")
    assert not soup.select("link[rel=canonical]")
    [anchor] = [link["href"].partition("#")[2] for link in soup.select(".not-found a[href*='#']")]
    headings = re.findall(r"^## (.+)$", "\n".join(cell.source for cell in NOTEBOOKS["index"].cells), flags=re.M)
    assert anchor in [heading.lower().replace(" ", "-") for heading in headings]
