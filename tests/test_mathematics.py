"""Mathematics is set while the site is built, or refused."""

import pytest
from docutils import nodes

from book_site.mathematics import MathJax, formula_html, used_characters
from fonts import fonts_in


@pytest.fixture(scope="module")
def mathjax():
    return MathJax()


def test_mathematics_is_set_with_a_copy_for_screen_readers(mathjax):
    html = mathjax.html(r"t_\mathrm{decode} = \frac{a}{b}", display=True)
    assert "<mjx-mfrac" in html
    assert "<mjx-assistive-mml" in html
    assert r"\frac" not in html


@pytest.mark.parametrize("tex", [r"\frac{a}", r"\undefined", r"{", r"a & b"])
def test_mathematics_that_cannot_be_set_is_refused(mathjax, tex):
    with pytest.raises(ValueError, match="MathJax cannot set"):
        mathjax.html(tex, display=False)


def test_a_formula_that_cannot_be_set_is_warned_about(caplog):
    assert "<code>" in formula_html(nodes.math("", r"\undefined"))
    assert len(caplog.records) == 1


def test_the_style_sheet_carries_the_characters_in_use_and_no_others(mathjax):
    mathjax.html(r"\left(\sum_x \mathbb{R}\right) = \mathbf{v}", display=True)
    css = mathjax.style_sheet()
    assert "woff-v2" not in css
    fonts = fonts_in(css)
    assert fonts.keys() >= {"MJXZERO", "MJXTEX", "MJXTEX-I", "MJXTEX-B", "MJXTEX-A"}
    assert "MJXTEX-FR" not in fonts, "nothing is set in Fraktur"
    for family, characters in used_characters(css).items():
        assert {ord(character) for character in characters} <= fonts[f"MJX{family}"].getBestCmap().keys()
    assert len(fonts["MJXTEX-B"].getBestCmap()) == 1
