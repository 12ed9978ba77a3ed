"""Every claim of the source note is answered by a cell of the book."""

import re

import pytest

from conftest import BOOK, NOTEBOOKS, csv_rows, outputs_of

CLAIMS = csv_rows(BOOK / "claims.csv")
each_claim = pytest.mark.parametrize("claim", CLAIMS, ids=[claim["id"] for claim in CLAIMS])


ERRATA_LINES = [
    line
    for cell in NOTEBOOKS["errata"].cells
    for data in outputs_of(cell)
    for line in data.get("text/markdown", "").splitlines()
]


def test_claims_are_numbered_without_a_gap():
    assert [claim["id"] for claim in CLAIMS] == [f"E{number}" for number in range(1, len(CLAIMS) + 1)]
    assert len(CLAIMS) >= 49


@each_claim
def test_a_claim_is_complete(claim):
    assert None not in claim
    for name, value in claim.items():
        assert value.strip(), f"{claim['id']} has no {name}"
    assert claim["verdict"] in {"right", "rounded", "conditional", "wording", "wrong"}
    assert claim["origin"] in {"note", "article"}
    assert claim["conclusion"] in {"yes", "no"}
    quoted = "".join(re.findall(r"[\u4e00-\u9fff]", claim["printed"]))
    assert len(quoted) <= 25, "a few words of the note, no more"


@each_claim
def test_a_claim_has_a_cell_that_ran(claim):
    [cell] = [cell for cell in NOTEBOOKS[claim["page"]].cells if cell["id"] == claim["cell"]]
    assert cell.cell_type == "code"
    assert cell.outputs


@each_claim
def test_the_errata_page_lists_it_with_a_value_and_a_link(claim):
    [row] = [line for line in ERRATA_LINES if line.startswith(f"| **{claim['id']}**")]
    cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
    assert len(cells) == 5
    assert all(cells)
    assert cells[-1] == f"{{ref}}`{claim['page']} <{claim['cell']}>`"


def test_ten_claims_change_a_conclusion():
    assert sum(claim["conclusion"] == "yes" for claim in CLAIMS) == 10
