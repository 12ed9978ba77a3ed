"""The search index knows words without their hyphens, and entries by their names."""

from types import SimpleNamespace

import pytest
from sphinx.search import js_index

from book_site.search import INDEX, English, with_names, write_names

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
    assert with_names(SPHINX, WORDS) == MENDED


@pytest.mark.parametrize(
    ("builder", "exception", "index"), [("html", None, MENDED), ("html", ValueError(), SPHINX), ("latex", None, SPHINX)]
)
def test_only_a_finished_site_is_mended(builder, exception, index, tmp_path):
    (tmp_path / INDEX).write_text(js_index.dumps(SPHINX), encoding="utf-8")
    objects = [(word, word, "term", "words", anchor, -1) for anchor, word in WORDS.items()]
    env = SimpleNamespace(get_domain=lambda name: SimpleNamespace(get_objects=lambda: objects))
    app = SimpleNamespace(builder=SimpleNamespace(format=builder), outdir=tmp_path, env=env)
    write_names(app, exception)
    assert js_index.loads((tmp_path / INDEX).read_text(encoding="utf-8")) == index
