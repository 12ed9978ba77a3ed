"""A digit, a unit or a sign that changes in a text is noticed, unless it makes another label or name of the page."""

import random
import re

import pytest

from book_text.binding import bound_phrases, text_differences, texts_of
from book_text.names import LABEL, known_on
from conftest import NOTEBOOKS, prose

UNITS = ("ms", "s", "µs", "GB", "TB", "kB", "MB", "%", "bytes", "FLOP", "tokens", "layers", "devices")
CHANGES = {
    r"\d": "0123456789",
    rf"(?<=\d )(?:{'|'.join(UNITS)})(?![\w-])|(?<=\d)%": UNITS,
    r"[+−×≈≤≥](?=\s?\d)|(?<=[\w)}])[+-](?=[^$\s]*\$)": "+−×≈",
}
"""Digits, units and signs, and what each may become."""
LEAST_NOTICED = 0.95


def places():
    """Yield each place that may change: its page, what a cell says of its text, the text, and its span."""
    for page, notebook in NOTEBOOKS.items():
        phrases, is_known = bound_phrases(notebook), known_on(notebook)
        for name, text in texts_of(notebook).items():
            for pattern, others in CHANGES.items():
                for match in re.finditer(pattern, text):
                    yield page, phrases.get(name, []), is_known, text, match.span(), others


@pytest.mark.parametrize("number", [200, pytest.param(4000, marks=pytest.mark.long)])
def test_random_changes_are_noticed(number):
    rng = random.Random(14)
    survivors = []
    for page, phrases, is_known, text, (start, end), others in rng.sample(list(places()), number):
        new = rng.choice([other for other in others if other != text[start:end]])
        changed = text[:start] + new + text[end:]
        if not any(text_differences(changed, phrases, is_known)):
            survivors.append(
                f"{page}: {text[max(0, start - 20) : start]}[{text[start:end]} -> {new}]{text[end : end + 20]}"
            )
    assert len(survivors) <= (1 - LEAST_NOTICED) * number, "\n".join(survivors)
    unexplained = [each for each in survivors if not re.search(r"\b[A-Z][\w.-]*\[\d -> \d\]", each)]
    assert unexplained == [], "neither a label nor a name"


def test_the_assumptions_of_a_page_are_numbered_in_order(faults):
    for page in NOTEBOOKS:
        source = "\n".join(prose(page))
        defined = [label for label in LABEL.findall("\n".join(re.findall(r"^\* .*$", source, re.M))) if label[0] == "A"]
        numbers = [int(label[1:]) for label in dict.fromkeys(defined)]
        with faults.at(page):
            assert not numbers or numbers == list(range(numbers[0], numbers[0] + len(numbers))), f"defines A{numbers}"
