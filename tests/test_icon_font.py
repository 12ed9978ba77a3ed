"""Every icon of the site is in the small font."""

import re
from types import SimpleNamespace

import pytest

from book_site import icon_font
from fonts import fonts_in


@pytest.mark.parametrize(
    ("font", "names"), [(icon_font.SOLID, ("bars", "xmark")), (icon_font.BRANDS, ("github", "gitlab"))]
)
def test_every_icon_is_in_the_small_font(font, names):
    css = icon_font.icon_rules(font, names)
    assert fonts_in(css).keys() == {font.family}
    [small] = fonts_in(css).values()
    codes = {int(code, 16) for code in re.findall(r'content: "\\([0-9a-f]+)"', css)}
    assert codes == small.getBestCmap().keys()
    assert len(codes) == 2


def test_an_icon_that_is_not_there_is_refused_or_warned_about(tmp_path, caplog):
    with pytest.raises(ValueError, match="has no icon no-such-icon"):
        icon_font.icon_rules(icon_font.SOLID, ("bars", "no-such-icon"))
    classes = ("fas fa-bars", "fa-solid fa-ghost", "fas fa-gift")
    (tmp_path / "page.html").write_text("".join(f'<i class="{each}"></i>' for each in classes), "utf-8")
    icon_font.warn_about_missing_icons(SimpleNamespace(outdir=tmp_path))
    assert [record.args[1] for record in caplog.records] == ["ghost", "gift"]
