"""What every page must be, beyond the outputs that nbval compares."""

import re
from collections import Counter

import yaml

from conftest import BOOK, NOTEBOOKS, ROOT, is_folded, outputs_of, prose, toc_files

DERIVATIONS = [page for page in NOTEBOOKS if page not in {"index", "notation"}]
ANATOMY = [
    "The situation",
    "Assumptions",
    "Derivation",
    "Numbers",
    "Chart",
    "Check against ",
    "Where it breaks",
    "Takeaways",
    "Exercises",
    "What comes next",
    "References",
]
LINK = re.compile(r"\[([^]]*)\]\(([\w-]+\.(?:ipynb|md))\)")
LINK_WORDS = {"word", "device or a model", "Read from the start", "Look it up"}
"""Words of links that are not the title of the page they lead to."""
CODE_COLUMNS = 80
"""How many characters of code fit into the column of text of the site."""
TAGS = {"hide-input", "hide-output", "remove-input", "remove-cell"}
SETUP = """\
import numpy as np
import sympy as sp
from IPython.display import Markdown

import llm_latency as ll
from llm_latency.charts import plots
from llm_latency.table import table

plots.use_book_style()"""


def code_cells(page):
    return [cell for cell in NOTEBOOKS[page].cells if cell.cell_type == "code"]


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


def test_the_words_of_a_link_are_the_title_of_its_page(faults):
    for page in (file.removeprefix("book/") for file in toc_files()):
        texts = prose(page) if page in NOTEBOOKS else [(BOOK / f"{page}.md").read_text(encoding="utf-8")]
        for words, target in LINK.findall("\n".join(texts)):
            with faults.at(page, f"[{words}]({target})"):
                assert (BOOK / target).is_file(), "leads to a file that does not exist"
                assert words in LINK_WORDS or words == title(target), f"must bear the title {title(target)!r}"


def test_every_page_is_executed_from_top_to_bottom(faults):
    for page in NOTEBOOKS:
        for expected, cell in enumerate(code_cells(page), start=1):
            with faults.at(page, cell.id):
                assert cell.execution_count == expected, f"executed as {cell.execution_count}, not as {expected}"


def test_no_cell_is_empty_and_none_failed_or_warned(faults):
    for page, notebook in NOTEBOOKS.items():
        for cell in notebook.cells:
            with faults.at(page, cell.id):
                assert cell.source.strip(), "is empty"
                for output in cell.get("outputs", []):
                    assert output.output_type != "error", f"stores an error: {output.get('evalue')}"
                    assert output.get("name") != "stderr", f"stores a warning: {output.get('text')}"


def test_no_cell_is_exempt_from_the_comparison_of_outputs(faults):
    for page in NOTEBOOKS:
        for cell in code_cells(page):
            with faults.at(page, cell.id):
                found = re.search(r"NBVAL_\w+|PYTEST_VALIDATE\w+", cell.source)
                assert not found, f"says {found[0]}"


def sections(page):
    """Yield the code cells of a page with the title of their section; for an answer it is `solution`."""
    title, answer = "", False
    for cell in NOTEBOOKS[page].cells:
        if cell.cell_type == "markdown":
            title = [title, *re.findall(r"^## (.*)$", cell.source, re.M)][-1]
            answer = [answer, *(word == "start" for word in re.findall(r"\{solution-(start|end)\}", cell.source))][-1]
        else:
            yield cell, "solution" if answer else title


def test_code_is_folded_where_the_page_is_read_for_its_result(faults):
    for page in DERIVATIONS:
        for cell, section in sections(page):
            with faults.at(page, cell.id):
                assert is_folded(cell) or section in {"Derivation", "solution"}, f"shows its code in {section!r}"


def test_visible_code_is_no_wider_than_its_column(faults):
    for page in NOTEBOOKS:
        for cell in code_cells(page):
            if not is_folded(cell):
                with faults.at(page, cell.id):
                    widest = max(cell.source.splitlines(), key=len)
                    assert len(widest) <= CODE_COLUMNS, f"{len(widest)} of {CODE_COLUMNS} columns: {widest}"


def test_metadata_is_minimal(faults):
    for page, notebook in NOTEBOOKS.items():
        with faults.at(page):
            assert notebook.metadata.keys() == {"kernelspec", "language_info"}, f"has {', '.join(notebook.metadata)}"
            assert notebook.metadata.language_info == {"name": "python"}
        for cell in notebook.cells:
            with faults.at(page, cell.id):
                assert cell.metadata.keys() <= {"tags", "mystnb"}, f"has {', '.join(cell.metadata)}"
                tags = cell.metadata.get("tags", [])
                assert set(tags) <= {"hide-input", "hide-output", "remove-input", "remove-cell"}, (
                    f"has the tags {', '.join(tags)}"
                )
                assert all(not output.get("metadata") for output in cell.get("outputs", [])), "an output has metadata"


def test_cells_are_short(faults):
    for page in NOTEBOOKS:
        for cell in code_cells(page):
            with faults.at(page, cell.id):
                lines = len(cell.source.splitlines())
                assert lines <= 25, f"has {lines} lines, at most 25 are read"


def test_outputs_do_not_depend_on_the_machine(faults):
    for page in NOTEBOOKS:
        for cell in code_cells(page):
            for data in outputs_of(cell):
                with faults.at(page, cell.id):
                    text = data.get("text/plain", "") + data.get("text/markdown", "")
                    found = re.search(r" at 0x[0-9a-f]+|/home/|/tmp/|/root/|site-packages", text)
                    assert not found, f"prints {found[0]!r}"


def test_the_first_cell_is_the_same_setup(faults):
    for page in NOTEBOOKS:
        with faults.at(page):
            assert code_cells(page)[0].source == SETUP, f"begins with {code_cells(page)[0].source!r}"


def test_a_page_opens_with_its_question_and_answer(faults):
    for page in NOTEBOOKS:
        with faults.at(page):
            assert re.match(r"# .+\n\n(\*.+\*\n\n)?\*\*.+\*\*\n?", prose(page)[0]), f"opens with {prose(page)[0]!r}"
        with faults.at(page):
            words = sum(len(text.split()) for text in prose(page))
            assert words > 250, f"has only {words} words"


def test_every_static_chart_has_a_caption_and_a_text_alternative(faults):
    for page in NOTEBOOKS:
        for cell in figures(page):
            with faults.at(page, cell.id):
                metadata = cell.metadata["mystnb"]
                assert metadata["figure"]["name"].startswith("fig-"), f"is named {metadata['figure']['name']}"
                assert len(metadata["figure"]["caption"]) > 60, "the caption is too short"
                assert len(metadata["image"]["alt"]) > 80, "the text alternative is too short"


def test_every_static_chart_has_its_key_points_in_a_table(faults):
    for page, notebook in NOTEBOOKS.items():
        cells = notebook.cells
        printed = [[data.get("text/markdown", "") for data in outputs_of(cell)] for cell in cells]
        tables = [any(re.search(r"-:?\|", text) for text in texts) for texts in printed]
        for position, cell in enumerate(cells):
            if cell in figures(page):
                with faults.at(page, cell.id):
                    nearby = tables[position + 1 : position + 6]
                    pointer = cells[position + 1].source if cells[position + 1].cell_type == "markdown" else ""
                    assert any(nearby) or re.search(r"table .* holds the key points", pointer), "has no table near it"


def test_names_of_charts_and_exercises_are_unique():
    names = [cell.metadata["mystnb"]["figure"]["name"] for page in NOTEBOOKS for cell in figures(page)]
    labels = [label for page in NOTEBOOKS for label in re.findall(r":label: (\S+)", "\n".join(prose(page)))]
    for used in (names, labels):
        assert [name for name, times in Counter(used).items() if times > 1] == []


def test_a_derivation_follows_the_anatomy(faults):
    for page in DERIVATIONS:
        with faults.at(page):
            headings = [line[3:] for text in prose(page) for line in text.splitlines() if line.startswith("## ")]
            assert len(headings) == len(ANATOMY), f"has the {len(headings)} sections {', '.join(headings)}"
            for heading, expected in zip(headings, ANATOMY, strict=True):
                assert heading.startswith(expected), f"has the section {heading!r} where {expected!r} must be"


def test_a_derivation_says_what_it_teaches_and_assumes(faults):
    for page in DERIVATIONS:
        text = "\n".join(prose(page))
        for opening in ("**You will be able to**", "**Before this page:**", "**Time:**"):
            with faults.at(page):
                assert opening in text, f"does not say {opening}"
        for label in re.findall(r"^\* \*\*(A\d+)\*\*", text, flags=re.M):
            with faults.at(page):
                assert len(re.findall(rf"\b{label}\b", text)) >= 2, f"assumption {label} is never used"


def test_a_derivation_takes_two_routes_that_agree(faults):
    for page in DERIVATIONS:
        with faults.at(page):
            assert any("**A second route" in source for source in prose(page)), "has no second route"
        with faults.at(page):
            asserted = sum(cell.source.count("assert ") for cell in code_cells(page))
            assert asserted >= 3, f"asserts only {asserted} things, at least 3 are needed"


def test_a_derivation_has_a_chart():
    assert [page for page in DERIVATIONS if not figures(page)] == []


def test_exercises_have_stars_and_executed_answers(faults):
    for page, notebook in NOTEBOOKS.items():
        if page == "index":
            continue
        cells = notebook.cells
        exercises = re.findall(r":::\{exercise\} (★+) .+\n:label: (ex-\S+)", "\n".join(prose(page)))
        with faults.at(page):
            assert len(exercises) >= 3, f"has only {len(exercises)} exercises with stars and label"
        for _, label in exercises:
            with faults.at(page, label):
                opening = f"{{solution-start}} {label}\n:class: dropdown"
                starts = [i for i, cell in enumerate(cells) if opening in cell.source]
                assert len(starts) == 1, f"has {len(starts)} folded answers"
                end = next(i for i in range(starts[0], len(cells)) if "{solution-end}" in cells[i].source)
                answer = cells[starts[0] + 1 : end + 1]
                executed = any(cell.cell_type == "code" and cell.outputs for cell in answer)
                assert executed or len(answer[0].source) > 100, "the answer has no output and few words"


def test_the_configuration_executes_nothing_and_asks_for_nothing():
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    assert config["execute"]["execute_notebooks"] == "off"
    assert "book_site" in config["sphinx"]["config"]["extensions"]
    assert "sphinx_thebe" not in config["sphinx"]["config"]["extensions"]
