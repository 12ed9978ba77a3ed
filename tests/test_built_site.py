"""What the parts of the site do at the end of a build, they do only to a finished site."""

from types import SimpleNamespace

import pytest

from book_site.built_site import after_html_build, relative_html_paths, write_static_file


@pytest.mark.parametrize(
    ("builder", "exception", "calls"), [("html", None, 1), ("html", ValueError(), 0), ("latex", None, 0)]
)
def test_only_a_finished_site_is_changed(builder, exception, calls):
    handlers, called = [], []
    app = SimpleNamespace(
        builder=SimpleNamespace(format=builder), connect=lambda event, handler, priority: handlers.append(handler)
    )
    after_html_build(app, called.append)
    handlers[0](app, exception)
    assert called == [app] * calls


def test_a_static_file_is_not_a_page(tmp_path):
    app = SimpleNamespace(outdir=tmp_path)
    write_static_file(app, "styles/macros.html", "é")
    (tmp_path / "page.html").write_text("a page", encoding="utf-8")
    assert (tmp_path / "_static" / "styles" / "macros.html").read_text(encoding="utf-8") == "é"
    assert [path.as_posix() for path in relative_html_paths(app)] == ["page.html"]
