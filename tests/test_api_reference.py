import pytest

from book_site.api_reference import link_citations, list_parameters


@pytest.mark.parametrize(
    ("said", "linked"),
    [
        ("Derived in roofline, Eq. (eq-ridge-point).", "Derived in :doc:`/book/roofline`, :eq:`eq-ridge-point`."),
        ("Derived in operator-model.", "Derived in :doc:`/book/operator-model`."),
        ("NumPy's broadcasting rules.", "NumPy's broadcasting rules."),
    ],
)
def test_what_a_docstring_cites_becomes_a_link(said, linked):
    lines = ["A sentence.", said]
    link_citations(None, "data", "name", None, None, lines)
    assert lines == ["A sentence.", linked]


def test_the_parameters_of_a_long_signature_are_a_legal_list():
    parameters = '<dl>\n<dd><em class="sig-param">model</em>,</dd>\n<dd><em class="sig-param">tp=1</em>,</dd>\n</dl>'
    context = {"body": f"<dt>f(\n\n{parameters}\n\n)</dt><dl><dt>a term</dt><dd>its -- meaning</dd></dl>"}
    list_parameters(None, "book/api", "page.html", context, None)
    items = '<li><em class="sig-param">model</em>,</li>\n<li><em class="sig-param">tp=1</em>,</li>\n'
    listed = f'<ul class="parameters">\n{items}</ul>'
    assert context["body"] == f"<dt>f(\n\n{listed}\n\n)</dt><dl><dt>a term</dt><dd>its – meaning</dd></dl>"
