"""A folded cell says what it hides."""

from types import SimpleNamespace

import pytest
from myst_nb.sphinx_ import HideCodeCellNode

from book_site.cells import visit_fold


@pytest.mark.parametrize(
    ("place", "content"), [("above-input", "code"), ("below-input", "output"), ("above-output", "output")]
)
def test_a_fold_is_named_after_its_content(place, content):
    translator = SimpleNamespace(body=[])
    visit_fold(translator, HideCodeCellNode("", classes=[place]))
    html = "".join(translator.body)
    assert html.startswith(f'<details class="admonition hide {place}">')
    assert "<summary>\n" in html
    assert f">Show {content}<" in html
    assert f">Hide {content}<" in html
