"""The theme's script leaves boxes of code alone, and a new version of it is noticed."""

from types import SimpleNamespace

import pytest

from book_site.theme_script import ONE_BY_ONE, SCRIPT, leave_boxes_alone, logger
from book_tools.built_site import SITE, why_no_current_site
from conftest import demand


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "_static" / SCRIPT
    path.parent.mkdir(parents=True)
    return path


@pytest.mark.parametrize(("text", "left", "warned"), [(f"a=>{{{ONE_BY_ONE}}}", "a=>{}", False), ("b", "b", True)])
def test_what_measures_box_by_box_is_taken_out_or_missed(script, monkeypatch, text, left, warned):
    warnings = []
    monkeypatch.setattr(logger, "warning", lambda *words: warnings.append(words))
    script.write_text(text, encoding="utf-8")
    leave_boxes_alone(SimpleNamespace(outdir=script.parents[2]))
    assert script.read_text(encoding="utf-8") == left
    assert bool(warnings) == warned


def test_the_site_has_the_script_without_it():
    demand(why_no_current_site())
    assert ONE_BY_ONE not in (SITE / "_static" / SCRIPT).read_text(encoding="utf-8")
