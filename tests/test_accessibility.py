"""What screen readers need is there, or a warning says what is missing."""

from types import SimpleNamespace

import pytest
from docutils import nodes
from docutils.core import publish_parts
from docutils.writers.html5_polyglot import HTMLTranslator, Writer

from book_site.accessibility import WarnAboutMissingAltText, visit_citation, visit_table_cell
from transforms import apply


@pytest.mark.parametrize(("alt", "count"), [({}, 1), ({"alt": " "}, 1), ({"alt": "A chart."}, 0)])
def test_an_image_without_alternative_text_is_warned_about(alt, count, caplog):
    page = nodes.section("", nodes.image(uri="chart.svg", **alt))
    apply(WarnAboutMissingAltText, page, SimpleNamespace(docname="page"))
    assert len(caplog.records) == count


class MendingTranslator(HTMLTranslator):
    """Write HTML with the package's own writers of citations and cells."""

    def visit_citation(self, node):
        visit_citation(self, node)

    def visit_entry(self, node):
        visit_table_cell(self, node)


def html_of(source):
    writer = Writer()
    writer.translator_class = MendingTranslator
    return publish_parts(source, writer=writer)["body"]


def test_references_are_the_items_of_a_list():
    html = html_of(".. [A] First.\n.. [B] Second.\n")
    assert html.count('role="list"') == 1
    assert html.count('role="listitem"') == 2
    assert "doc-biblioentry" not in html


def test_the_empty_corner_of_a_table_is_not_a_header():
    html = html_of("===  ===\n\\    b\n===  ===\nc    d\n===  ===\n")
    assert html.count("<th ") == html.count("</th>") == 1
    assert html.count("<td") == html.count("</td>") == 3
