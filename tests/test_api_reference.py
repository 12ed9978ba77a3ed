import pytest

from book_site.api_reference import link_citations


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
