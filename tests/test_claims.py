"""Every claim of the source note is answered by a cell of the book."""

import re

from conftest import DATA, NOTEBOOKS, csv_rows, outputs_of

CLAIMS = csv_rows(DATA / "claims.csv")
LEGAL = {
    "verdict": {"right", "rounded", "conditional", "wording", "wrong"},
    "origin": {"note", "article"},
    "conclusion": {"yes", "no"},
}
ERRATA_LINES = [
    line
    for cell in NOTEBOOKS["errata"].cells
    for data in outputs_of(cell)
    for line in data.get("text/markdown", "").splitlines()
]


def test_claims_are_numbered_without_a_gap():
    assert [claim["id"] for claim in CLAIMS] == [f"E{number}" for number in range(1, len(CLAIMS) + 1)]
    assert len(CLAIMS) >= 49


def test_every_claim_is_complete(faults):
    for claim in CLAIMS:
        with faults.at("claims.csv", claim["id"]):
            assert None not in claim, f"more cells than headings: {claim[None]}"
        for name, value in claim.items():
            if name is not None:
                with faults.at("claims.csv", claim["id"], name):
                    assert value.strip(), "is empty"
        for name, legal in LEGAL.items():
            with faults.at("claims.csv", claim["id"], name):
                assert claim[name] in legal, f"{claim[name]!r} must be {' or '.join(sorted(legal))}"


def test_every_claim_quotes_a_few_words_of_the_note_and_no_more(faults):
    for claim in CLAIMS:
        with faults.at("claims.csv", claim["id"], "printed"):
            quoted = "".join(re.findall(r"[\u4e00-\u9fff]", claim["printed"]))
            assert len(quoted) <= 25, f"{len(quoted)} characters are quoted, at most 25 may be"


def test_every_claim_has_a_cell_that_ran(faults):
    for claim in CLAIMS:
        with faults.at("claims.csv", claim["id"], "page", claim["page"]):
            cells = [cell for cell in NOTEBOOKS[claim["page"]].cells if cell["id"] == claim["cell"]]
            assert len(cells) == 1, f"has {len(cells)} cells with the id {claim['cell']!r}"
            assert cells[0].cell_type == "code", f"cell {claim['cell']!r} holds no code"
            assert cells[0].outputs, f"cell {claim['cell']!r} has no output"


def test_the_errata_page_lists_every_claim_with_a_value_and_a_link(faults):
    for claim in CLAIMS:
        with faults.at("errata", claim["id"]):
            rows = [line for line in ERRATA_LINES if line.startswith(f"| **{claim['id']}**")]
            assert len(rows) == 1, f"is listed {len(rows)} times"
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", rows[0])[1:-1]]
            assert len(cells) == 5, f"has {len(cells)} cells and not 5"
            assert all(cells), f"has an empty cell: {cells}"
            link = f"{{ref}}`{claim['page']} <{claim['cell']}>`"
            assert cells[-1] == link, f"ends with {cells[-1]!r} and not with {link!r}"


def test_ten_claims_change_a_conclusion():
    assert sum(claim["conclusion"] == "yes" for claim in CLAIMS) == 10
