"""The page for a missing address works wherever it is served."""

import re
from html.parser import HTMLParser
from types import SimpleNamespace
from urllib.parse import urljoin

import pytest

from book_site.not_found import PAGE, anchor_page, anchored, collect_page
from conftest import NOTEBOOKS, ROOT

HTML = """\
<html data-content_root="./"><head><link rel="stylesheet" href="_static/a.css?v=1"></head><body>
<a href="#main">skip</a><a href="book/index.html#the-map">map</a><a href="https://example.org/x">out</a>
<a href="mailto:a@example.org">write</a><img src="data:image/png;base64,AA"><script src="_static/a.js"></script>
<form action="search.html"></form><a href="//example.org/y">out</a><p title='href="no.html"'>href="no.html"</p>
"""


class Addresses(HTMLParser):
    """List what a page refers to."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found += [value for name, value in attrs if name in {"href", "src", "action", "data-content_root"}]


@pytest.mark.parametrize(
    ("root", "prefix"), [("", "/"), ("/", "/"), ("/docs", "/docs/"), ("docs/", "/docs/"), ("/a/b/", "/a/b/")]
)
def test_the_pages_addresses_start_at_the_root(root, prefix):
    assert Addresses(anchored(HTML, root)).found == [
        prefix, f"{prefix}_static/a.css?v=1", "#main", f"{prefix}book/index.html#the-map", "https://example.org/x",
        "mailto:a@example.org", "data:image/png;base64,AA", f"{prefix}_static/a.js", f"{prefix}search.html",
        "//example.org/y",
    ]


@pytest.mark.parametrize("served", ["/missing", "/book/missing.html", "/a/b/c/d/"])
def test_from_any_depth_they_lead_to_the_same_place(served):
    found = [address for address in Addresses(anchored(HTML, "")).found if not address.startswith("#")]
    assert [urljoin(served, address) for address in found] == found


@pytest.mark.parametrize(("address", "link"), [("", "/book/"), ("https://example.org/docs", "/docs/book/")])
def test_the_root_is_the_path_of_the_sites_address(address, link, tmp_path):
    path = tmp_path / f"{PAGE}.html"
    path.write_text(HTML, encoding="utf-8")
    builder, config = SimpleNamespace(format="html"), SimpleNamespace(html_baseurl=address)
    anchor_page(SimpleNamespace(builder=builder, config=config, outdir=tmp_path), None)
    assert f'href="{link}index.html#the-map"' in path.read_text(encoding="utf-8")


def test_the_page_offers_search_and_contents_and_stays_out_of_indexes():
    [(name, context, template)] = collect_page(None)
    assert (name, context["pageurl"]) == ("404", None)
    assert "noindex" in context["metatags"]
    source = (ROOT / "tools" / "book_site" / "templates" / template).read_text(encoding="utf-8")
    assert "pathto('search')" in source
    [anchor] = re.findall(r"pathto\(root_doc\) }}#([\w-]+)", source)
    headings = re.findall(r"^## (.+)$", "\n".join(cell.source for cell in NOTEBOOKS["index"].cells), flags=re.M)
    assert anchor in [heading.lower().replace(" ", "-") for heading in headings]
