"""Script files wait for the page."""

from sphinx.builders.html._assets import _JavaScript

from book_site.deferred_scripts import defer_scripts


def test_script_files_wait_for_the_page():
    names = [None, "_static/documentation_options.js", "_static/a.js"]
    scripts = [*map(_JavaScript, names), _JavaScript("_static/b.js", defer="")]
    page, search = {"script_files": scripts}, {"script_files": scripts}
    defer_scripts(None, "page", "page.html", page, None)
    assert [script.attributes for script in page["script_files"]] == [{}, {}, {"defer": "defer"}, {"defer": ""}]
    defer_scripts(None, "search", "search.html", search, None)
    assert [script.attributes for script in search["script_files"]] == [{}, {}, {}, {"defer": ""}]
