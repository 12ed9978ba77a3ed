"""The chosen mutants: each changes what it names."""

from conftest import ROOT
from mutants.__main__ import chosen_mutants


def test_every_chosen_mutant_changes_its_file(faults):
    for mutant in chosen_mutants():
        with faults.at(mutant.name):
            text = (ROOT / mutant.file).read_text(encoding="utf-8")
            assert mutant.change(text) != text, "finds nothing to change"
