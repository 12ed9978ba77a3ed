"""A resource from outside is found, and links and own resources are fine."""

from types import SimpleNamespace

import pytest

from book_site.outside_resources import outside_resources, warn_about_outside_resources


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://example.org/a.js"></script>',
        '<img src="//example.org/a.png" alt="a">',
        '<link rel="stylesheet" href="http://example.org/a.css">',
        '<iframe src="https://example.org"></iframe>',
        '<img srcset="a.png, https://example.org/b.png 2x" alt="a">',
        '<script type="module">import a from "https://example.org/a.js"</script>',
        '<script>import("https://example.org/a.js")</script>',
        "<style>@import 'https://example.org/a.css';</style>",
        '<p style="background: url(https://example.org/a.png)">a</p>',
    ],
)
def test_a_resource_from_outside_is_found(html):
    assert len(outside_resources(html)) == 1


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://example.org">a link</a>',
        '<script src="../_static/a.js"></script>',
        '<link rel="canonical" href="https://example.org">',
        '<p data-note="https://example.org"></p>',
        "<p>In CSS one writes url(https://example.org/a.png).</p>",
        '<img src="data:image/png;base64,AA//uQ" alt="a">',
        '<script type="application/json">{"$schema": "https://example.org"}</script>',
    ],
)
def test_links_and_own_resources_are_fine(html):
    assert outside_resources(html) == []


def test_a_site_that_loads_from_outside_is_warned_about(tmp_path, caplog):
    (tmp_path / "page.html").write_text('<script src="https://example.org/a.js"></script>', encoding="utf-8")
    (tmp_path / "own.css").write_text("@import 'https://example.org/b.css';", encoding="utf-8")
    warn_about_outside_resources(SimpleNamespace(outdir=tmp_path))
    messages = " ".join(record.getMessage() for record in caplog.records)
    assert "https://example.org/a.js" in messages
    assert "https://example.org/b.css" in messages
