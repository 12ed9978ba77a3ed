"""Compare the text of a page, place by place, with what its binding cells say.

A binding cell has the tag `remove-cell`, so that the site does not show it. Its value is a dictionary: for each text,
by the identifier of its cell or the name of its chart, what it states in the order of reading, with dots between.
"""

import ast
import re
from collections.abc import Callable, Iterator, Mapping

from nbformat import NotebookNode

from book_text.latex import normal_latex
from book_text.statements import CODE_OR_MATHEMATICS, readable, sentence_around, statements

TAG = "remove-cell"
BETWEEN = " … "


def is_binding(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and TAG in cell.metadata.get("tags", [])


def texts_of(notebook: NotebookNode) -> dict[str, str]:
    """Return the texts of a page by the names that its binding cells use."""
    texts = {}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            texts[cell.id] = readable(cell.source)
        elif "figure" in (chart := cell.metadata.get("mystnb", {})):
            name = chart["figure"]["name"]
            texts[f"{name} caption"] = readable(chart["figure"]["caption"])
            texts[f"{name} alt"] = readable(chart["image"]["alt"])
    return texts


def bound_phrases(notebook: NotebookNode) -> dict[str, list[str]]:
    """Read from the outputs of the binding cells what each text has to say."""
    phrases = {}
    for cell in filter(is_binding, notebook.cells):
        printed = [output["data"]["text/plain"] for output in cell.outputs if "data" in output]
        if len(printed) != 1 or not printed[0].startswith("{"):
            raise ValueError(
                f"the binding cell {cell.id} has no stored value: execute the page; it ends with a dictionary"
            )
        for name, stated in ast.literal_eval(printed[0]).items():
            if name in phrases:
                raise ValueError(f"{name} is bound twice, the second time in the cell {cell.id}")
            phrases[name] = [normal_phrase(phrase) for phrase in stated.split(BETWEEN)]
    return phrases


def normal_phrase(phrase: str) -> str:
    parts = CODE_OR_MATHEMATICS.split(phrase)
    return "".join(f"${normal_latex(part.strip('$'))}$" if part.startswith("$") else part for part in parts)


def differences(
    texts: Mapping[str, str], phrases: Mapping[str, list[str]], is_known: Callable[[str], bool]
) -> Iterator[str]:
    """Say where texts state something else than the phrases, or more, or less."""
    for name in phrases.keys() - texts.keys():
        yield f"{name}: the page has no such text"
    for name, text in texts.items():
        yield from (f"{name}: {found}" for found in text_differences(text, phrases.get(name, []), is_known))


def text_differences(text: str, phrases: list[str], is_known: Callable[[str], bool]) -> Iterator[str]:
    """Say where a readable text first leaves its phrases, and which of its statements no phrase covers.

    >>> list(text_differences("It takes 9 to 50 ms.", ["9 to 10 ms"], lambda name: False))
    ["the text says '9' where the cell says '9 to 10 ms': It takes 9 to 50 ms."]
    >>> list(text_differences("It takes 9 ms, or 2 more.", ["9 ms"], lambda name: False))
    ["no cell says '2': It takes 9 ms, or 2 more."]
    """
    stated = list(statements(text, is_known))
    end = 0
    for phrase in phrases:
        found = re.compile(rf"(?<![\w.]){re.escape(phrase)}(?![\w%]|\.\d)").search(text, end)
        start = found.start() if found else len(text)
        passed = [place for place in stated if end <= place[0] < start]
        if passed:
            words, sentence = text[slice(*passed[0])], sentence_around(text, passed[0][0])
            yield f"the text says {words!r} where the cell says {phrase!r}: {sentence}"
            return
        if not found:
            yield f"the text ends where the cell says {phrase!r}: {sentence_around(text, max(end - 1, 0))}"
            return
        cut = [place for place in stated if start <= place[0] < found.end() < place[1]]
        if cut:
            words = text[slice(*cut[0])]
            yield f"the cell says {phrase!r}, which cuts off {words!r}: {sentence_around(text, start)}"
        end = found.end()
    for first in (place for place in stated if place[0] >= end):
        yield f"no cell says {text[slice(*first)]!r}: {sentence_around(text, first[0])}"
