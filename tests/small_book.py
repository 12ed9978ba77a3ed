"""A book of two pages, with one of everything that a page can have."""

from book_print.build import COVER
from conftest import ROOT

PAGES = ("book/first", "book/second")
FIRST = """
<section id="the-first"><h1>The first<a class="headerlink" href="#the-first">#</a></h1>
<p>To <a class="reference internal" href="second.html">the second</a>, to its
<a class="reference internal" href="second.html#exercises">exercises</a>, to
<a class="reference internal" href="#sums">our sums</a>,
<a href="#the-first">here</a>,
<span class="bibtex-citation">[<a class="reference internal" href="second.html#id1">2022</a>]</span>.
The width <span class="math"><mjx-container><mjx-math><mjx-c></mjx-c></mjx-math></mjx-container></span> is free.</p>
<div class="toctree-wrapper"><a href="nowhere.html">a list for the screen</a></div>
<section id="sums"><h2>Sums</h2>
<div class="cell"><details><summary>Show the code</summary>
<div class="cell_input"><pre>y = 2</pre></div></details></div>
<div class="cell"><div class="cell_input">
<pre><span class="n">x</span> <span class="o">=</span> <span class="mi">1</span></pre></div>
<details><summary>Show the output</summary><div class="cell_output"><pre>1</pre></div></details></div>
<div class="live-chart"><output class="live-chart-value"><span>step 2 ms</span><span>fits</span></output>
<div class="live-chart-view"><svg></svg></div><div class="live-chart-controls"><input><select></select></div>
<script type="application/json">SPEC</script></div>
<img class="in-dark" src="dark.svg" alt="a">
</section></section>"""
SPEC = """{"description": "A line.", "width": 200, "height": 100, "padding": 5,
"data": [{"name": "points", "values": [{"a": 1, "b": 2}, {"a": 2, "b": 3}]}],
"signals": [{"name": "width", "init": "containerSize()[0]"}, {"name": "example", "value": "all"},
{"name": "n", "value": 2.0, "bind": {"input": "range", "name": "context L [tokens]"}}],
"scales": [{"name": "x", "type": "linear", "range": "width", "domain": {"data": "points", "field": "a"}},
{"name": "y", "type": "linear", "range": "height", "domain": {"data": "points", "field": "b"}}],
"axes": [{"scale": "x", "orient": "bottom", "labelColor": "var(--pst-color-text-base)"}],
"marks": [{"type": "line", "from": {"data": "points"}, "encode": {"update": {"x": {"scale": "x", "field": "a"},
"y": {"scale": "y", "field": "b"}, "stroke": {"value": "var(--chart-arithmetic)"}}}}]}"""
"""A chart as the site stores it: compiled to Vega."""
SECOND = """
<section id="the-second"><h1>The second</h1>
<p id="id1"><a class="github reference external" href="https://example.org/a/b">a/b</a></p>
<section id="exercises"><h2>Exercises</h2>
<div class="exercise admonition" id="ex-one"><p class="admonition-title">Exercise 1 (★ One)</p><p>Why?</p></div>
<div class="solution dropdown admonition" id="solution-one"><p class="admonition-title">Solution</p><p>Because.</p>
</div></section></section>"""
SHEETS = {
    "pygments.css": "",
    "chart-colours.css": "",
    "tag-styles.css": "",
    "mathematics.css": "mjx-c::before { content: 'h'; }",
}


def write_site(folder, first=FIRST, second=SECOND):
    """Write a site of two pages, and what a repository says about it."""
    (folder / "site" / "book").mkdir(parents=True)
    for name, article in (("first", first.replace("SPEC", SPEC)), ("second", second)):
        html = f"<html><body><article>{article}</article></body></html>"
        (folder / "site" / "book" / f"{name}.html").write_text(html, encoding="utf-8")
    (folder / "site" / "_static").mkdir()
    for name, css in SHEETS.items():
        (folder / "site" / "_static" / name).write_text(css, encoding="utf-8")
    (folder / "_toc.yml").write_text(
        "root: book/first\nparts:\n  - caption: All\n    chapters:\n      - file: book/second\n", encoding="utf-8"
    )
    (folder / "CITATION.cff").write_text(
        'title: "Small: a book"\nversion: 1.0.0\nauthors:\n  - name: Nobody\n', encoding="utf-8"
    )
    cover = folder / COVER
    cover.parent.mkdir(parents=True, exist_ok=True)
    cover.write_bytes((ROOT / COVER).read_bytes())
    return folder
