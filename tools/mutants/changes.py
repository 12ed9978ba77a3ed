"""Mutants of the data and of the notebooks that need more than replacing one text by another."""

import json
import random
import re
from collections.abc import Callable, Iterator

from book_tools.repository import ROOT

DEVICES, MODELS = "lib/llm_latency/data/devices.csv", "lib/llm_latency/data/models.csv"
PAGES = sorted(path.stem for path in (ROOT / "book").glob("*.ipynb"))


def other_changes() -> Iterator[tuple[str, str, Callable[[str], str]]]:
    """Yield mutants that are more than a replacement: the file, the name, and a function that changes the text."""
    yield MODELS, "a gate lost", lambda text: re.sub(r"(Llama-3-70B,.*mlp_matrices=)3", r"\g<1>2", text)
    yield DEVICES, "data row without a source", drop_source
    yield "lib/llm_latency/data/claims.csv", "claim left out", lambda text: "".join(re.split(r"(?m)^E30,.*\n", text))
    yield "book/roofline.ipynb", "chart without alt text", change_cells(drop_setting("image"))
    yield "book/roofline.ipynb", "chart without caption", change_cells(drop_setting("figure"))
    yield "book/roofline.ipynb", "stored chart changed", change_cells(redraw_chart)
    rng = random.Random(0)
    for page in PAGES:
        notebook = f"book/{page}.ipynb"
        for number in range(4):
            yield notebook, f"stored number {number}", change_cells(change_a_stored_number(rng.random()))
        yield notebook, "outputs cleared", change_cells(clear_outputs)
        yield notebook, "first cell not executed", change_cells(forget_execution)


def drop_source(text: str) -> str:
    """Empty the source of the first row of a table."""
    header, row, *rest = text.splitlines(keepends=True)
    return "".join([header, re.sub(r'"[^"]*",(\d{4}-)', r",\1", row), *rest])


def change_cells(change: Callable[[list[dict]], None]) -> Callable[[str], str]:
    """Change the code cells of a notebook."""

    def change_notebook(text: str) -> str:
        notebook = json.loads(text)
        change([cell for cell in notebook["cells"] if cell["cell_type"] == "code"])
        return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"

    return change_notebook


def clear_outputs(cells: list[dict]) -> None:
    for cell in cells:
        cell["outputs"], cell["execution_count"] = [], None


def forget_execution(cells: list[dict]) -> None:
    next(cell for cell in cells if cell["execution_count"])["execution_count"] = None


def drop_setting(key: str) -> Callable[[list[dict]], None]:
    """Drop a setting of the first cell that has settings for MyST-NB."""
    return lambda cells: next(cell for cell in cells if "mystnb" in cell["metadata"])["metadata"]["mystnb"].pop(key)


def redraw_chart(cells: list[dict]) -> None:
    """Move a point of the first stored chart."""
    data = next(o["data"] for cell in cells for o in cell["outputs"] if "image/svg+xml" in o.get("data", {}))
    lines = data["image/svg+xml"]
    place = next(i for i, line in enumerate(lines) if re.search(r"L \d+\.\d+", line))
    lines[place] = re.sub(r"L \d", "L 9", lines[place])


def change_a_stored_number(position: float) -> Callable[[list[dict]], None]:
    """Change one digit among the textual outputs, at a position between 0 and 1."""

    def change(cells: list[dict]) -> None:
        places = [
            (lines, i)
            for cell in cells
            for output in cell["outputs"]
            for lines in [output.get("text") or output.get("data", {}).get("text/markdown", [])]
            for i, line in enumerate(lines)
            if re.search(r"\d", line)
        ]
        lines, i = places[int(position * len(places))]
        lines[i] = re.sub(r"\d(?=\D*$)", lambda digit: str((int(digit[0]) + 1) % 10), lines[i], count=1)

    return change
