"""Sphinx extension that makes the built site self-contained and its charts live.

`book_site.answer_line`
    Finds the line under a page's title that answers its question.
`book_site.boxes`
    Lets a reader scroll wide tables and equations, filter long tables, and read them on a phone.
`book_site.cells`
    Gives every code cell an anchor that other pages can refer to, and folds code.
`book_site.colab`
    Writes the cell that fetches the book on Google Colab into a notebook.
`book_site.chart_colours`
    Writes the colours of charts on light and dark pages.
`book_site.dark_charts`
    Shows every chart in the colours of the page, light or dark.
`book_site.head_metadata`
    Describes every page to search engines and to whoever shares its link, and gives it its icon.
`book_site.figures`
    Warns about any image without alternative text.
`book_site.footer`
    Says at the foot of every page which version it is, and when it last changed.
`book_site.glossary`
    Leads the first use of each word of the glossary on a page to its definition.
`book_site.icons`
    Draws the theme's icons from a font of a few kilobytes.
`book_site.letters`
    Says under a formula what its letters mean.
`book_site.line_breaks`
    Keeps a formula and its punctuation on one line, a number and its unit, and a name.
`book_site.markup`
    Mends the HTML of docutils and the theme for screen readers.
`book_site.mathematics`
    Sets the mathematics while the site is built.
`book_site.not_found`
    Adds the page that stands in for one that is not there.
`book_site.outside_resources`
    Warns about any resource from outside.
`book_site.references`
    Lists the references of persons and organisations in one alphabet.
`book_site.rerun`
    Says on every page how to run it, on the reader's machine or elsewhere.
`book_site.scripts`
    Lets no script hold up a page.
`book_site.search`
    Lets the search find a word with and without its hyphen.
`book_site.style_sheets`
    Joins the style sheets to one, without the rules that match nothing.
`book_site.style`
    Adds the book's own style sheet and templates.
`book_site.texts`
    Puts nodes in the place of a text.
`book_site.live_charts`
    Draws the Vega-Lite outputs of notebooks, with their sliders, on the page.
"""

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from . import (
    boxes,
    cells,
    chart_colours,
    dark_charts,
    figures,
    footer,
    head_metadata,
    glossary,
    icons,
    letters,
    line_breaks,
    live_charts,
    markup,
    mathematics,
    not_found,
    outside_resources,
    references,
    rerun,
    scripts,
    search,
    style,
    style_sheets,
)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Connect the parts to a Sphinx application.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that builds the book.

    Returns
    -------
    dict
        The metadata Sphinx asks of an extension.
    """
    live_charts.setup(app)
    icons.setup(app)
    mathematics.setup(app)
    outside_resources.setup(app)
    chart_colours.setup(app)
    dark_charts.setup(app)
    boxes.setup(app)
    figures.setup(app)
    cells.setup(app)
    letters.setup(app)
    line_breaks.setup(app)
    scripts.setup(app)
    markup.setup(app)
    style.setup(app)
    footer.setup(app)
    head_metadata.setup(app)
    not_found.setup(app)
    glossary.setup(app)
    references.setup(app)
    rerun.setup(app)
    search.setup(app)
    style_sheets.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}
