"""Keep the theme's script from laying a page out once for every box of code; `scrolling-boxes.js` does it once."""

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging

from book_site.built_site import after_html_build

logger = logging.getLogger(__name__)

SCRIPT = "scripts/pydata-sphinx-theme.js"
ONE_BY_ONE = "e.tabIndex=e.scrollWidth>e.clientWidth||e.scrollHeight>e.clientHeight?0:-1"
"""What the theme does with each box: it reads a size, which needs a layout, and changes what the next one needs."""


def setup(app: Sphinx) -> None:
    after_html_build(app, leave_boxes_alone)


def leave_boxes_alone(app: Sphinx) -> None:
    """Take that out of the theme's script."""
    path = Path(app.outdir, "_static", SCRIPT)
    text = path.read_text(encoding="utf-8")
    if ONE_BY_ONE not in text:
        logger.warning("%s no longer has %r: see whether it still slows pages down", SCRIPT, ONE_BY_ONE)
    path.write_text(text.replace(ONE_BY_ONE, ""), encoding="utf-8")
