"""What every page must be, beyond the outputs that nbval compares."""

import re

import pytest
import yaml

from conftest import BOOK, NOTEBOOKS, ROOT, outputs_of, toc_files

DERIVATIONS = [page for page in NOTEBOOKS if page not in {"index", "notation"}]
ANATOMY = [
    "The situation", "Assumptions", "Derivation", "Numbers", "Chart", "Check against ", "Where it breaks",
    "Takeaways", "Exercises", "What comes next", "References",
]
LINK = re.compile(r"\[([^]]*)\]\(([\w-]+\.(?:ipynb|md))\)")
LINK_WORDS = {"word", "device or a model", "Read from the start", "Look it up"}
"""Words of links that are not the title of the page they lead to."""
CODE_COLUMNS = 80
"""Characters of code that fit the column of text of the site."""
SETUP = """\
import numpy as np
import sympy as sp
from IPython.display import Markdown

import llm_latency as ll
from llm_latency.charts import plots
from llm_latency.table import table

plots.use_book_style()"""

each_page = pytest.mark.parametrize("page", NOTEBOOKS)
each_derivation = pytest.mark.parametrize("page", DERIVATIONS)


def code_cells(page):
    return [cell for cell in NOTEBOOKS[page].cells if cell.cell_type == "code"]


def prose(page):
    return [cell.source for cell in NOTEBOOKS[page].cells if cell.cell_type == "markdown"]


def title(file):
    """Return the title of a page from its file in the book's folder."""
    name, _, kind = file.partition(".")
    text = prose(name)[0] if kind == "ipynb" else (BOOK / file).read_text(encoding="utf-8")
    return text.partition("\n")[0].removeprefix("# ")


def figures(page):
    """List the code cells that draw a static chart."""
    images = [(cell, key) for cell in code_cells(page) for data in outputs_of(cell) for key in data]
    return [cell for cell, key in images if key.startswith("image/")]


def test_the_table_of_contents_lists_every_page_once():
    listed = toc_files()
    there = [f"book/{path.stem}" for path in BOOK.iterdir() if path.suffix in {".ipynb", ".md"}]
    assert len(set(listed)) == len(listed)
    assert sorted(listed) == sorted(there)


@pytest.mark.parametrize("page", [file.removeprefix("book/") for file in toc_files()])
def test_a_link_to_a_page_bears_its_title(page):
    texts = prose(page) if page in NOTEBOOKS else [(BOOK / f"{page}.md").read_text(encoding="utf-8")]
    for words, target in LINK.findall("\n".join(texts)):
        assert (BOOK / target).is_file()
        assert words in LINK_WORDS or words == title(target), f"[{words}]({target})"


@each_page
def test_executed_from_top_to_bottom(page):
    cells = code_cells(page)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))


@each_page
def test_no_cell_is_empty_or_failed_or_warned(page):
    for cell in NOTEBOOKS[page].cells:
        assert cell.source.strip()
        for output in cell.get("outputs", []):
            assert output.output_type != "error"
            assert output.get("name") != "stderr"


@each_page
def test_no_cell_hides_from_the_comparison(page):
    for cell in code_cells(page):
        assert not re.search(r"NBVAL_|PYTEST_VALIDATE", cell.source)


def sections(page):
    """Yield the code cells of a page with the title of their section; of an answer it is `solution`."""
    title, answer = "", False
    for cell in NOTEBOOKS[page].cells:
        if cell.cell_type == "markdown":
            title = [title, *re.findall(r"^## (.*)$", cell.source, re.M)][-1]
            answer = [answer, *(word == "start" for word in re.findall(r"\{solution-(start|end)\}", cell.source))][-1]
        else:
            yield cell, "solution" if answer else title


@each_derivation
def test_code_is_folded_where_the_page_is_read_for_its_result(page):
    for cell, section in sections(page):
        folded = bool({"hide-input", "remove-input"} & set(cell.metadata.get("tags", [])))
        assert folded or section in {"Derivation", "solution"}, f"in {section}: {cell.source}"


@each_page
def test_code_that_is_shown_is_no_wider_than_its_column(page):
    for cell in NOTEBOOKS[page].cells:
        if cell.cell_type == "code" and not {"hide-input", "remove-input"} & set(cell.metadata.get("tags", [])):
            assert max(map(len, cell.source.splitlines())) <= CODE_COLUMNS, cell.source


@each_page
def test_metadata_is_minimal(page):
    notebook = NOTEBOOKS[page]
    assert notebook.metadata.keys() == {"kernelspec", "language_info"}
    assert notebook.metadata.language_info == {"name": "python"}
    for cell in notebook.cells:
        assert cell.metadata.keys() <= {"tags", "mystnb"}
        assert set(cell.metadata.get("tags", [])) <= {"hide-input", "hide-output", "remove-input"}
        assert all(not output.get("metadata") for output in cell.get("outputs", []))


@each_page
def test_cells_are_short(page):
    for cell in code_cells(page):
        assert len(cell.source.splitlines()) <= 25


@each_page
def test_outputs_hold_nothing_of_the_machine(page):
    for cell in code_cells(page):
        for data in outputs_of(cell):
            text = data.get("text/plain", "") + data.get("text/markdown", "")
            assert not re.search(r" at 0x[0-9a-f]+|/home/|/tmp/|/root/|site-packages", text)


@each_page
def test_the_first_cell_is_the_same_setup(page):
    assert code_cells(page)[0].source == SETUP


@each_page
def test_a_page_opens_with_its_question_and_answer(page):
    first = prose(page)[0]
    assert re.match(r"# .+\n\n(\*.+\*\n\n)?\*\*.+\*\*\n?", first)
    assert sum(len(text.split()) for text in prose(page)) > 250


@each_page
def test_every_static_chart_has_words(page):
    for cell in figures(page):
        metadata = cell.metadata["mystnb"]
        assert metadata["figure"]["name"].startswith("fig-")
        assert len(metadata["figure"]["caption"]) > 60
        assert len(metadata["image"]["alt"]) > 80


@each_page
def test_every_static_chart_has_its_key_points_in_a_table(page):
    cells = NOTEBOOKS[page].cells
    tables = [any(re.search(r"-:?\|", data.get("text/markdown", "")) for data in outputs_of(cell)) for cell in cells]
    for position, cell in enumerate(cells):
        if cell in figures(page):
            nearby = tables[position + 1 : position + 6]
            pointer = cells[position + 1].source if cells[position + 1].cell_type == "markdown" else ""
            assert any(nearby) or re.search(r"table .* holds the key points", pointer)


def test_names_of_charts_and_exercises_are_unique():
    names = [cell.metadata["mystnb"]["figure"]["name"] for page in NOTEBOOKS for cell in figures(page)]
    labels = [label for page in NOTEBOOKS for label in re.findall(r":label: (\S+)", "\n".join(prose(page)))]
    assert len(set(names)) == len(names)
    assert len(set(labels)) == len(labels)


@each_derivation
def test_a_derivation_follows_the_anatomy(page):
    headings = [line[3:] for text in prose(page) for line in text.splitlines() if line.startswith("## ")]
    assert len(headings) == len(ANATOMY)
    for heading, expected in zip(headings, ANATOMY, strict=True):
        assert heading.startswith(expected)


@each_derivation
def test_a_derivation_says_what_it_teaches_and_assumes(page):
    text = "\n".join(prose(page))
    assert "**You will be able to**" in text
    assert "**Before this page:**" in text
    assert "**Time:**" in text
    for label in re.findall(r"^\* \*\*(A\d+)\*\*", text, flags=re.M):
        assert len(re.findall(rf"\b{label}\b", text)) >= 2, f"assumption {label} is never used"


@each_derivation
def test_a_derivation_takes_two_routes_that_agree(page):
    assert sum(source.count("**A second route") for source in prose(page)) >= 1
    assert sum(cell.source.count("assert ") for cell in code_cells(page)) >= 3


@each_derivation
def test_a_derivation_has_a_chart(page):
    assert figures(page)


@pytest.mark.parametrize("page", [page for page in NOTEBOOKS if page != "index"])
def test_exercises_have_stars_and_executed_answers(page):
    cells = NOTEBOOKS[page].cells
    exercises = re.findall(r":::\{exercise\} (★+) .+\n:label: (ex-\S+)", "\n".join(prose(page)))
    assert len(exercises) >= 3
    for _, label in exercises:
        [start] = [i for i, cell in enumerate(cells) if f"{{solution-start}} {label}\n:class: dropdown" in cell.source]
        end = next(i for i in range(start, len(cells)) if "{solution-end}" in cells[i].source)
        answer = cells[start + 1 : end + 1]
        assert any(cell.cell_type == "code" and cell.outputs for cell in answer) or len(answer[0].source) > 100


# Numbers in prose: each must be one that a cell of the page computes or is given.
NOT_PROSE = re.compile(
    r"`[^`]*`|\$\$.*?\$\$|\$[^$]*\$|^:label:.*$"  # code, mathematics, labels
    r"|\[[^]]*\]\([\w-]+\.ipynb\)|\]\([^)]*\)"  # titles of pages, addresses
    r"|CC BY 4\.0|Python 3\.\d+|\b20[12]\d\b|(\d+ to )?\d+ minutes",  # versions, years, reading times
    re.DOTALL | re.MULTILINE,
)


def numbers_in(text):
    """List the numbers of a text as (value, decimals)."""
    found = re.findall(r"(?<![\w.])\d{1,3}(?:,\d{3})+|(?<![\w.])\d+(?:\.\d+)?(?:e[-+]?\d+)?", text)
    return [(float(number.replace(",", "")), len(number.partition("e")[0].partition(".")[2])) for number in found]


def computed_numbers(page):
    """List what the page's cells print and are given."""
    texts = []
    for cell in code_cells(page):
        texts.append(cell.source)
        texts += [str(text) for data in outputs_of(cell) for key, text in data.items() if key != "image/svg+xml"]
    apart = re.compile(r"(?<!\d)e|e(?![-+]?\d)|[A-Za-df-z_=(\[{$*]")  # so that A100-40GB gives 100 and 40
    return {abs(value) for text in texts for value, _ in numbers_in(apart.sub(" ", text).replace(" -", " "))}


@each_page
def test_numbers_in_prose_are_computed_on_the_page(page):
    known = computed_numbers(page)
    captions = [cell.metadata["mystnb"]["figure"]["caption"] for cell in figures(page)]
    captions += [cell.metadata["mystnb"]["image"]["alt"] for cell in figures(page)]
    for text in [*prose(page), *captions]:
        text = NOT_PROSE.sub(" ", text)
        for value, decimals in numbers_in(text):
            if value < 20 and not decimals:
                continue  # counted on one's fingers
            assert any(round(other, decimals) == value for other in known), f"{value} in: {text[:200]}"


def test_the_configuration_executes_nothing_and_asks_for_nothing():
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    assert config["execute"]["execute_notebooks"] == "off"
    assert "book_site" in config["sphinx"]["config"]["extensions"]
    assert "sphinx_thebe" not in config["sphinx"]["config"]["extensions"]
