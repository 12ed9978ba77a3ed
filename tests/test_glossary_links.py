"""The glossary is complete and its words lead to it, once a page, from running text only."""

import re
import shutil
from html import unescape
from importlib.resources import files

import pytest
from docutils import nodes
from sphinx.errors import ExtensionError

from book_site.glossary_links import Entry, WordFinder, in_running_text, singular_and_plural
from conftest import BOOK, NOTEBOOKS, toc_files
from small_site import build as build_site

GLOSSARY = (BOOK / "glossary.md").read_text(encoding="utf-8")
BLOCKS = re.search(r"```\{glossary\}\n(.+?)\n```", GLOSSARY, flags=re.S)[1].split("\n\n")
ENTRIES = {}
for block in BLOCKS:
    if not block.startswith(" "):
        names = [line for line in block.splitlines() if not line.startswith(" ")]
        ENTRIES[names[0]] = (names, " ".join(block.splitlines()[len(names) :]))
    else:
        ENTRIES[names[0]] += (block,)

FIRST_PAGE = """\
# A device and its ring

**Bold things about a cache line.** All-reduces run on a *ring*; a Ring again, and an all-reduce again.

* A list has KV
  caches, and `devices` in code, and $device$ in mathematics.

[A link with a device](other.md)

| device |
|---|
| device |

```
device
```

Two mixtures of experts, a FLOP per byte, 3 FLOP/s, TFLOP/byte and a multi-device-wide RING.
A **soft rule**, and this page's soft rule.
"""
SMALL_GLOSSARY = """\
# Words

```{glossary}
all-reduce
  A sum over devices, which "all" get. It may run on a ring.

  $D$ · [Other](other.md)

device
  A thing.

  [Other](other.md)

FLOP
  Work.

  [Other](other.md)

KV cache
cache
  What is kept.

  [Other](other.md)

mixture of experts
mixtures of experts
  Many of them.

  [Other](other.md)

ring
  Round.

  [Other](other.md)

soft rule
  One that bends.

  [Other](other.md)
```

A device on the glossary's own page.
"""


def build(folder, builder, pages):
    """Build a small book, and return the content of its pages."""
    site = build_site(
        folder,
        pages,
        builder,
        extensions=["book_site.glossary_links"],
        myst_enable_extensions=["dollarmath"],
        smartquotes=False,
    )
    return {path.stem: path.read_text(encoding="utf-8") for path in site.glob("*.html")}


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """Build the small book as a site and as one page."""
    pages = {
        "index": f"{FIRST_PAGE}\n```{{toctree}}\nwords\nother\nthird\n```\n",
        "words": SMALL_GLOSSARY,
        "other": "# Other\n\nA device and a ring.",
        "third": "# Third\n\nA device, a device, a ring.",
    }
    return {builder: build(tmp_path_factory.mktemp(builder), builder, pages) for builder in ("html", "singlehtml")}


def links(html):
    """List what is linked to the glossary, and where each link leads."""
    found = re.findall(r'<a class="glossary-link"[^>]*href="([^"]*)"[^>]*>([^<]*)</a>', html)
    return [(" ".join(text.split()), address) for address, text in found]


def test_the_first_use_in_running_text_is_linked_and_no_other(book):
    assert links(book["html"]["index"]) == [
        ("cache", "words.html#term-KV-cache"),
        ("All-reduces", "words.html#term-all-reduce"),
        ("ring", "words.html#term-ring"),
        ("mixtures of experts", "words.html#term-mixture-of-experts"),
        ("FLOP", "words.html#term-FLOP"),
    ]
    assert links(book["html"]["third"]) == [("device", "words.html#term-device"), ("ring", "words.html#term-ring")]


def test_the_glossary_and_a_page_that_explains_the_word_are_left_alone(book):
    assert links(book["html"]["words"]) == []
    assert links(book["html"]["other"]) == []


def test_a_link_shows_the_first_paragraph_of_the_definition(book):
    shown = [unescape(text) for text in re.findall(r'data-definition="([^"]*)"', book["html"]["index"])]
    assert 'A sum over devices, which "all" get. It may run on a ring.' in shown


def test_in_a_single_page_book_each_page_has_its_own_first_uses(book):
    html = book["singlehtml"]["index"]
    apart = [link for page in ("index", "third") for link in links(book["html"][page])]
    assert [text for text, _ in links(html)] == [text for text, _ in apart]
    for _, address in links(html):
        assert f'id="{address.partition("#")[2]}"' in html


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("word\n  A definition.", "names no page"),
        ("word\n  A $\\sqrt{2}$.\n\n  [Index](index.md)", "cannot be shown in brief"),
    ],
)
def test_an_entry_that_leads_nowhere_is_refused(entry, message, tmp_path):
    with pytest.raises(ExtensionError, match=message):
        build(tmp_path, "html", {"index": f"# A\n\n```{{glossary}}\n{entry}\n```\n"})


def test_a_longer_word_wins_and_capitals_count_in_abbreviations():
    names = ("batch", "batch size", "critical batch", "MLP", "body")
    words = WordFinder([Entry((name,), "", "", "", frozenset()) for name in names])
    text = "Critical batches of a batch size, an mlp, two MLPs, bodies, a batch-like thing and a sub-batch"
    found = [text[start:stop] for start, stop, _ in words.find(text)]
    assert found == ["Critical batches", "batch size", "MLPs", "bodies"]


def test_what_a_cell_prints_is_not_running_text():
    text = nodes.Text("A device")
    output = nodes.container("", nodes.paragraph("", "", text), nb_element="cell_code_output")
    assert in_running_text(text)
    nodes.container("", output, nb_element="cell_code")
    assert not in_running_text(text)


def test_the_words_are_sorted_and_named_once():
    assert len(ENTRIES) >= 45
    assert list(ENTRIES) == sorted(ENTRIES, key=str.casefold)
    names = [name for names, *_ in ENTRIES.values() for name in names]
    written = [form.casefold() for name in names for form in singular_and_plural(name)]
    assert len(set(written)) == len(written)


@pytest.mark.parametrize("word", ENTRIES)
def test_a_definition_is_short_and_refers_to_a_page(word):
    _, text, reference = ENTRIES[word]
    assert 3 <= len(text.split()) <= 60
    assert text.endswith(".")
    assert not re.search(r"\d{2}", text.replace("16 bits", "")), "a number for a cell to compute"
    pages = re.findall(r"\]\(([\w-]+)\.ipynb\)", reference)
    assert pages
    assert {f"book/{page}" for page in pages} <= set(toc_files())


def running_text(page):
    """Return the prose of a page without headings, tables, code, mathematics and links."""
    text = "\n\n".join(cell.source for cell in NOTEBOOKS[page].cells if cell.cell_type == "markdown")
    return re.sub(r"^[#|:][^\n]*$|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$|\[[^]]*\]\([^)]*\)", " ", text, flags=re.M | re.S)


@pytest.mark.parametrize("word", ENTRIES)
def test_every_word_is_used(word):
    words = WordFinder([Entry(tuple(ENTRIES[word][0]), "", "", "", frozenset())])
    assert any(True for page in NOTEBOOKS for _ in words.find(running_text(page)))


WORD = '<a class="glossary-link" href="#there" data-definition="What it is.">word</a>'
PAGE = f"""<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Words</title>
<link rel="stylesheet" href="book.css"><p>{WORD} <button>away</button></p><p style="margin-top: 600px">{WORD}</p>
<p id="there" style="margin-top: 2000px">There</p><script src="glossary.js"></script></html>"""


@pytest.fixture
def words_address(tmp_path):
    """Write a page with a word at the top and one at the foot of a phone."""
    for name in ("book.css", "glossary.js"):
        shutil.copy(str(files("book_site") / "static" / name), tmp_path)
    (tmp_path / "page.html").write_text(PAGE, encoding="utf-8")
    return (tmp_path / "page.html").as_uri()


def definition_of(link):
    """Return what the style sheet shows for a link, and how far it is from the top and the foot of the window."""
    return link.evaluate("""link => {
        const style = getComputedStyle(link, "::after");
        return [style.content, parseFloat(style.top), parseFloat(style.bottom)];
    }""")


def test_a_tap_shows_the_definition_and_the_next_one_follows_the_link(new_page, words_address):
    page = new_page(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    page.goto(words_address)
    first, second = page.locator("a").all()
    second.tap()
    assert page.url == words_address
    assert "What it is." in definition_of(second)[0]
    first.tap()
    assert page.url == words_address
    assert (first.get_attribute("class"), second.get_attribute("class")) == (
        "glossary-link is-shown",
        "glossary-link is-low",
    )
    first.tap()
    page.wait_for_url(f"{words_address}#there")


def test_a_definition_does_not_cover_its_word_and_a_click_follows_the_link(new_page, words_address):
    page = new_page(viewport={"width": 1280, "height": 800})
    page.goto(words_address)
    first, second = page.locator("a").all()
    for link, is_low in ((first, False), (second, True)):
        link.hover()
        content, top, foot = definition_of(link)
        assert "What it is." in content
        assert (top < foot) == is_low
    page.mouse.move(600, 300)
    page.keyboard.press("Tab")
    assert "What it is." in definition_of(first)[0]
    page.keyboard.press("Escape")
    assert definition_of(first)[0] == "none"
    first.click()
    page.wait_for_url(f"{words_address}#there")
