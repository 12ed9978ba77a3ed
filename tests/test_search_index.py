"""The search index knows words without their hyphens, and glossary entries by name."""

from types import SimpleNamespace

import pytest
from sphinx.search import js_index

from book_site.search_index import INDEX, English, list_glossary_entries, with_entries_as_titles

WORDS = {"term-ring": "ring", "term-FLOP": "FLOP"}
SPHINX = {
    "alltitles": {"Words": [[1, None]], "ring": [[0, "ring"]]},
    "indexentries": {"ring": [[1, "term-ring", True]], "flop": [[1, "term-FLOP", True]]},
    "terms": {"ring": 0},
}
MENDED = {
    "alltitles": {"Words": [[1, None]], "ring": [[0, "ring"], [1, "term-ring"]], "FLOP": [[1, "term-FLOP"]]},
    "indexentries": {},
    "terms": {"ring": 0},
}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("an all-reduce", ["an", "all", "reduce", "allreduce"]),
        ("end-to-end time - and -1", ["end", "to", "end", "time", "and", "1", "endtoend"]),
        ("plain words", ["plain", "words"]),
    ],
)
def test_a_hyphenated_word_is_also_one_word(text, words):
    assert English({}).split(text) == words


def test_an_entry_becomes_a_section_of_its_page():
    assert with_entries_as_titles(SPHINX, WORDS) == MENDED


def test_the_index_of_a_site_is_updated(tmp_path):
    (tmp_path / INDEX).write_text(js_index.dumps(SPHINX), encoding="utf-8")
    objects = [(word, word, "term", "words", anchor, -1) for anchor, word in WORDS.items()]
    env = SimpleNamespace(get_domain=lambda name: SimpleNamespace(get_objects=lambda: objects))
    list_glossary_entries(SimpleNamespace(outdir=tmp_path, env=env))
    assert js_index.loads((tmp_path / INDEX).read_text(encoding="utf-8")) == MENDED
