"""Sphinx extension that makes the built site self-contained, its charts live, and its pages easy to read.

Each module is one part of it and says in its first line what it does; a module with a `setup` is listed here.
"""

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from . import (
    accessibility,
    api_reference,
    bibliography_order,
    cell_anchors,
    chart_colours,
    code_folding,
    content_security,
    dark_charts,
    deferred_scripts,
    footer,
    glossary_links,
    head_metadata,
    icon_font,
    line_breaks,
    live_charts,
    mathematics,
    not_found,
    outside_resources,
    run_instructions,
    scrolling_boxes,
    search_index,
    static_files,
    style_sheets,
    symbol_meanings,
    theme_script,
)

PARTS = (
    *(mathematics, symbol_meanings, line_breaks),
    *(live_charts, chart_colours, dark_charts),
    *(cell_anchors, code_folding, run_instructions),
    *(glossary_links, api_reference, bibliography_order, search_index),
    *(static_files, icon_font, scrolling_boxes, deferred_scripts, theme_script, style_sheets),
    *(accessibility, head_metadata, footer, not_found, content_security, outside_resources),
)


def setup(app: Sphinx) -> ExtensionMetadata:
    for part in PARTS:
        part.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}
