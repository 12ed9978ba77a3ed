"""Every page carries a policy that forbids all that the site does not bring."""

import hashlib
import re
from base64 import b64encode

import pytest
from bs4 import BeautifulSoup

from book_site.content_security import policy, with_class
from book_tools.built_site import SITE, why_no_current_site
from conftest import need_browser


def allowed(html):
    return dict(part.split(" ", 1) for part in policy(html).split("; "))


def sha(code):
    return f"'sha256-{b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"


def test_a_policy_allows_what_stands_in_the_page_and_no_more():
    html = (
        '<script>a()</script><script src="b.js"></script><script type="application/json">{}</script><style>c{}</style>'
    )
    found = allowed(html)
    assert found["default-src"] == "'none'"
    assert found["script-src"].split() == ["'self'", sha("a()")]
    assert found["style-src"].split() == ["'self'", sha("c{}")]
    assert "unsafe" not in policy(html)


@pytest.mark.parametrize(
    ("tag", "rest"),
    [
        ('<td style="width: 33%">', "<td class=NAME>"),
        ('<td id="b" style="width: 33%" class="a">', '<td id="b" class=NAME a>'),
        ('<mjx-mo class="mjx-n" style="width: 33%;"/>', "<mjx-mo class=NAME mjx-n/>"),
    ],
)
def test_a_style_becomes_a_class(tag, rest):
    rules = {}
    found = with_class(tag, rules)
    [(name, rule)] = rules.items()
    assert rule == "width: 33% !important"
    assert found.replace('"', "") == rest.replace("NAME", name).replace('"', "")


def test_the_pages_hold_no_style_and_no_handler_and_their_policy(faults):
    need_browser()  # where the site is built
    if reason := why_no_current_site():
        pytest.skip(reason)
    pages = [path for path in sorted(SITE.rglob("*.html")) if "_static" not in path.parts and path.name != "index.html"]
    assert len(pages) > 20
    for path in pages:
        html = path.read_text(encoding="utf-8")
        head = BeautifulSoup(html[:5000], "html.parser")
        with faults.at(path.name):
            meta = head.find("meta", {"http-equiv": "Content-Security-Policy"})
            assert meta, "has no policy"
            assert meta["content"] == policy(html), "allows other code than it holds"
        with faults.at(path.name):
            found = re.search(r"<[a-zA-Z][^<>]*\s(?:style|on[a-z]+)=\"[^<>]*>", html)
            assert not found, f"has {found[0][:100]}"
