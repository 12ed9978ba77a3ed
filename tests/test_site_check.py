"""The measuring tools of make site-check that need no browser."""

import gzip
import http.client
import json
import os
from urllib.parse import urlsplit

import pytest

from book_tools import built_site
from book_tools.browser import why_no_browser
from book_tools.repository import ROOT
from conftest import toc_files
from site_check import lighthouse, pages
from site_check.links import SiteLinks
from site_check.report import AT_LEAST, AT_MOST, PageReport, markdown
from site_check.server import serve


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served") / "site"
    folder.mkdir()
    (folder / "index.html").write_text("<p>ß</p>" * 200, encoding="utf-8")
    (folder / "own.js").write_text("let a = 1;" * 200, encoding="utf-8")
    (folder / "picture.png").write_bytes(b"\x89PNG" * 500)
    (folder / "folder").mkdir()
    (folder.parent / "secret.txt").write_text("not yours", encoding="utf-8")
    with serve(folder) as base:
        yield urlsplit(base)


def get(address, path, method="GET", **headers):
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response, content


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/", "text/html; charset=utf-8"), ("/own.js", "text/javascript; charset=utf-8"), ("/picture.png", "image/png")],
)
def test_the_server_names_types(address, path, kind):
    response, content = get(address, path)
    assert response.status == 200
    assert response.headers["Content-Type"] == kind
    assert response.headers["Content-Encoding"] is None
    assert len(content) == int(response.headers["Content-Length"])


def test_the_server_compresses_text_where_the_browser_can_read_it(address):
    response, content = get(address, "/", Accept_Encoding="gzip, br")
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.headers["Vary"] == "Accept-Encoding"
    assert len(content) < 100
    assert gzip.decompress(content).decode() == "<p>ß</p>" * 200
    assert get(address, "/picture.png", Accept_Encoding="gzip")[0].headers["Content-Encoding"] is None


@pytest.mark.parametrize(
    ("path", "policy"),
    [
        ("/", "max-age=600"),
        ("/own.js", "max-age=600"),
        ("/own.js?v=1234", "max-age=31536000, immutable"),
        ("/own.js?digest=1234", "max-age=31536000, immutable"),
        ("/?q=all-reduce", "max-age=600"),
    ],
)
def test_the_server_lets_browsers_keep_what_names_its_version(address, path, policy):
    assert get(address, path)[0].headers["Cache-Control"] == policy


@pytest.mark.parametrize("accepted", ["gzip", "identity"])
def test_the_server_does_not_send_an_unchanged_file_twice(address, accepted):
    tag = get(address, "/own.js", Accept_Encoding=accepted)[0].headers["ETag"]
    response, content = get(address, "/own.js", Accept_Encoding=accepted, If_None_Match=tag)
    assert (response.status, content) == (304, b"")


def test_the_server_answers_head_requests_without_a_body(address):
    response, content = get(address, "/own.js", method="HEAD")
    assert (response.status, content) == (200, b"")
    assert int(response.headers["Content-Length"]) == 2000


def test_the_server_completes_the_address_of_a_folder(address):
    response, _ = get(address, "/folder")
    assert (response.status, response.headers["Location"]) == (301, "/folder/")


@pytest.mark.parametrize(
    ("path", "status"), [("/nowhere.html", 404), ("/../secret.txt", 403), ("/%2e%2e/secret.txt", 403)]
)
def test_the_server_sends_only_what_is_in_the_site(address, path, status):
    response, content = get(address, path)
    assert response.status == status
    assert b"not yours" not in content


def test_the_server_sends_the_sites_own_page_for_what_is_not_there(tmp_path):
    (tmp_path / "404.html").write_text("lost?", encoding="utf-8")
    with serve(tmp_path) as base:
        response, content = get(urlsplit(base), "/nowhere.html")
    assert (response.status, content) == (404, b"lost?")


def test_links_that_lead_nowhere_are_found(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "a.html").write_text(
        """
        <h1 id="top">A</h1> <a name="old"></a> <img src="../picture.png" alt=""> <a href="#top">fine</a>
        <a href="b.html#%C3%A9t%C3%A9">fine</a> <a href="https://example.org/#x">outside</a>
        <a href="mailto:somebody@example.org">mail</a>
        <a href="#">top</a> <a href="b.html?q=1">fine</a> <a href="">here</a> <a href="#old">fine</a>
        <a href="#nowhere">1</a> <a href="b.html#nowhere">2</a> <a href="c.html">3</a> <img src="no.png" alt="4">
        <a href="/book/b.html">5, elsewhere when the site is not at the root of its host</a> <a href="c.html">again</a>
        """,
        encoding="utf-8",
    )
    (tmp_path / "book" / "b.html").write_text('<p id="été">B</p>', encoding="utf-8")
    (tmp_path / "picture.png").write_bytes(b"")
    assert SiteLinks(tmp_path).broken() == {
        "book/a.html": ["#nowhere", "b.html#nowhere", "c.html", "no.png", "/book/b.html"],
        "book/b.html": [],
    }


def test_links_of_the_page_for_missing_pages_start_at_the_root_of_the_site(tmp_path):
    html = '<html data-content_root="/book/"><a href="/book/a.html">fine</a> <a href="/a.html">no</a></html>'
    (tmp_path / "404.html").write_text(html, encoding="utf-8")
    (tmp_path / "a.html").write_text("", encoding="utf-8")
    assert SiteLinks(tmp_path).broken()["404.html"] == ["/a.html"]


def test_links_to_the_next_and_the_previous_page_follow_the_order_of_the_book(tmp_path):
    (tmp_path / "book").mkdir()
    footers = {"a": {"right-next": "b"}, "b": {"left-prev": "c", "right-next": "c"}, "c": {"right-next": "a"}}
    for name, neighbours in footers.items():
        links = [f'<a class="{kind}" href="{neighbour}.html"></a>' for kind, neighbour in neighbours.items()]
        (tmp_path / "book" / f"{name}.html").write_text("".join(links), encoding="utf-8")
    assert SiteLinks(tmp_path).wrong_neighbours([f"book/{name}.html" for name in "abc"]) == {
        "book/b.html": ["the link left-prev leads to c.html and not to book/a.html"],
        "book/c.html": [
            "the link right-next leads to a.html and not to None",
            "the link left-prev leads to None and not to book/b.html",
        ],
    }


def test_every_page_of_the_book_is_checked():
    assert pages.book_pages() == [f"{file}.html" for file in toc_files()]
    assert pages.page_name("book/roofline.html") == "roofline"
    assert pages.page_name("search.html") == "search"


def test_a_site_that_is_missing_or_old_is_not_ready(tmp_path, monkeypatch):
    monkeypatch.setattr(built_site, "ROOT", tmp_path)
    monkeypatch.setattr(built_site, "SITE", tmp_path / "_build" / "html")
    assert "there is no site in _build/html: build it with make book" in built_site.why_no_current_site()
    source, entry = tmp_path / "book" / "page.ipynb", tmp_path / "_build" / "html" / "index.html"
    for path in (source, entry):
        path.parent.mkdir(parents=True)
        path.write_text("", encoding="utf-8")
    built = entry.stat().st_mtime_ns
    os.utime(source, ns=(built, built - 1))
    assert built_site.why_no_current_site() is None
    os.utime(source, ns=(built, built + 10**9))
    assert "older than book/page.ipynb: build it again with make book" in built_site.why_no_current_site()


def test_a_missing_browser_is_reported(monkeypatch):
    monkeypatch.setenv("CHROMIUM", "no-such-browser")
    assert "no-such-browser" in why_no_browser()
    monkeypatch.delenv("CHROMIUM")
    monkeypatch.setenv("PATH", "")
    assert "apt install chromium" in why_no_browser()


def page_within_limits():
    return PageReport(
        "book/roofline.html", scores=dict(AT_LEAST), measures={name: float(limit) for name, limit in AT_MOST.items()}
    )


def test_a_page_exactly_at_its_limits_passes():
    page = page_within_limits()
    page.note("errors", [], "1280 px light")
    assert page.problems() == []
    assert "Every limit is kept." in markdown([page], "2026-01-01", {"Chromium": "1"})


@pytest.mark.parametrize("category", AT_LEAST)
@pytest.mark.parametrize("form_factor", [0, 1])
def test_a_score_under_its_limit_is_reported_with_its_reasons(category, form_factor):
    page = page_within_limits()
    scores = list(AT_LEAST[category])
    scores[form_factor] -= 1
    page.scores[category] = tuple(scores)
    page.reasons[category] = ["first-contentful-paint 3.0 s"]
    [problem] = page.problems()
    assert category in problem
    assert "first-contentful-paint 3.0 s" in problem


@pytest.mark.parametrize("name", AT_MOST)
def test_a_measure_over_its_limit_is_reported(name):
    page = page_within_limits()
    page.measures[name] += 1
    assert len(page.problems()) == 1
    assert f"* roofline: {page.problems()[0]}" in markdown([page], "2026-01-01", {})


def test_a_finding_is_reported_once_with_every_visit_that_saw_it():
    page = page_within_limits()
    page.note("errors", ["boom", "boom"], "1280 px light")
    page.note("errors", ["boom"], "390 px dark")
    assert page.problems() == ["errors: boom [1280 px light, 390 px dark]"]
    with pytest.raises(ValueError, match="no check 'mistakes'"):
        page.note("mistakes", ["boom"], "")


def test_the_report_has_a_row_for_each_page_and_says_what_was_repeated():
    page = page_within_limits()
    page.runs = 3
    report = markdown([page, PageReport("search.html")], "2026-01-01", {"Chromium": "156"})
    assert "Chromium 156" in report
    assert "| roofline* | 0 | 0 | 0 | 0 | 0 | 0 | 95, 95 | 95, 95 | 95, 95 | 95, 80 | 1000 | 100 |  |" in report
    assert "| search | 0 |" in report
    assert "the first missed its limit: roofline." in report


def lighthouse_report(path, score):
    audits = {
        "slow": {"id": "slow", "score": 0.5, "displayValue": "3.0 s"},
        "fine": {"id": "fine", "score": 1},
        "manual": {"id": "manual", "score": None},
        "weightless": {"id": "weightless", "score": 0},
    }
    references = [{"id": name, "weight": 0 if name == "weightless" else 1} for name in audits]
    report = {
        "categories": {"performance": {"score": score, "auditRefs": references}},
        "audits": audits,
        "runtimeError": {"message": "the page hung"},
    }
    path.write_text(json.dumps(report), encoding="utf-8")
    return path


def test_lighthouses_scores_are_read_with_the_audits_that_cost_points(tmp_path):
    read = lighthouse.read_scores(lighthouse_report(tmp_path / "report.json", 0.83))
    assert read.scores == {"performance": 83}
    assert read.lost == {"performance": ["slow 3.0 s"]}


def test_a_page_that_lighthouse_could_not_score_is_an_error(tmp_path):
    with pytest.raises(lighthouse.LighthouseError, match="the page hung"):
        lighthouse.read_scores(lighthouse_report(tmp_path / "report.json", None))


def test_lighthouse_is_pinned_for_the_node_that_the_message_names():
    lock = json.loads((ROOT / "tools" / "site_check" / "package-lock.json").read_text(encoding="utf-8"))
    wanted = json.loads((ROOT / "tools" / "site_check" / "package.json").read_text(encoding="utf-8"))
    packages = {name: package for name, package in lock["packages"].items() if name}
    locked = packages["node_modules/lighthouse"]
    assert locked["version"] == wanted["dependencies"]["lighthouse"]
    assert locked["engines"]["node"] == ">=18.16"
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert not any("resolved" in package for package in packages.values())
