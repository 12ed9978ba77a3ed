"""What several test modules share."""

import csv
import os
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import nbformat
import pytest
import sympy as sp
from hypothesis import settings

from book_site.colab import set_colab_cell
from book_tools.browser import open_browser, why_no_browser
from book_tools.contents import read_pages
from llm_latency.notation import REGISTRY

settings.register_profile("book", max_examples=30, deadline=None, derandomize=True)
settings.register_profile("long", max_examples=2000, deadline=None)
settings.load_profile("book")

ROOT = Path(__file__).parent.parent
BOOK = ROOT / "book"
LONGEST_MESSAGE = 500
"""How many characters an error of the library may say."""
DATA = ROOT / "lib" / "llm_latency" / "data"


class Faults:
    """Collects the faults of a whole table, so that a test reports all of them and not only the first."""

    def __init__(self):
        self.found = []

    @contextmanager
    def at(self, *place):
        """Note what a failed assertion or an error says about a place, and go on with the next place."""
        try:
            yield
        except AssertionError as error:
            self.found.append(f"{', '.join(map(str, place))}: {str(error).partition(chr(10))[0]}")
        except Exception as error:
            self.found.append(f"{', '.join(map(str, place))}: {type(error).__name__}: {error}")


@pytest.fixture
def faults():
    """Return what collects faults. The test fails at its end if there are any."""
    return Faults()


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem):
    """Fail a test that has collected faults, with one line for each."""
    result = yield
    collected = pyfuncitem.funcargs.get("faults")
    if collected and collected.found:
        pytest.fail("\n".join([f"faults: {len(collected.found)}", *collected.found]), pytrace=False)
    return result


def read_notebook(path: Path) -> nbformat.NotebookNode:
    """Read a notebook as it was written, without the cell for Colab that a script adds."""
    notebook = nbformat.read(path, as_version=4)
    set_colab_cell(notebook, "")
    return notebook


NOTEBOOKS = {path.stem: read_notebook(path) for path in sorted(BOOK.glob("*.ipynb"))}


def prose(page: str) -> list[str]:
    """List the texts of a page's Markdown cells."""
    return [cell.source for cell in NOTEBOOKS[page].cells if cell.cell_type == "markdown"]


def toc_files() -> list[str]:
    """List the pages of the table of contents, without their suffix."""
    return list(read_pages(ROOT / "_toc.yml"))


def csv_rows(path: Path) -> list[dict[str, str]]:
    """Read a CSV file as a list of dictionaries."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def outputs_of(cell) -> list[dict]:
    """List the display data of a code cell's outputs, streams as plain text."""
    return [
        output["data"] if "data" in output else {"text/plain": output.get("text", "")}
        for output in cell.get("outputs", [])
    ]


def is_folded(cell):
    """Say whether the site folds or removes the code of a cell."""
    return bool({"hide-input", "remove-input", "remove-cell"} & set(cell.metadata.get("tags", [])))


def exact_value(formula, values: dict):
    """Evaluate a formula to 50 digits, and the size of the terms that it adds up.

    Where terms nearly cancel, floating-point numbers agree to 1e-12 of the terms, not of the rest.
    """
    exact = {REGISTRY[name].symbol: sp.Float(sp.Rational(value), 60) for name, value in values.items()}
    terms = sp.Add.make_args(sp.expand(formula.expr))
    size = sum(abs(sp.N(term.xreplace(exact), 50)) for term in terms)
    return sp.N(formula.expr.xreplace(exact), 50), size


def random_arguments(formula, rng):
    """Draw a legal value for each argument, over many orders of magnitude."""
    values = {}
    for name in formula.arguments:
        variable = REGISTRY[name]
        if variable.constant is not None:
            values[name] = variable.constant
        elif variable.at_most in values:
            values[name] = rng.randint(1, int(values[variable.at_most]))
        elif variable.maximum is not None and variable.integer:
            values[name] = rng.randint(1, variable.maximum)
        elif variable.maximum is not None:
            values[name] = variable.maximum * rng.random()
        elif variable.integer:
            values[name] = rng.randint(2, 10_000)
        elif variable.unit == 1:
            values[name] = 10 ** rng.uniform(0, 12)
        else:
            values[name] = 10 ** rng.uniform(-9, 15)
    return values


def need_browser() -> None:
    """Skip the module that calls this where there is no Chromium, or fail if `REQUIRE_BROWSER` is set."""
    demand(why_no_browser())


def demand(reason: str | None) -> None:
    """Skip a module for a reason, if there is one, or fail if `REQUIRE_BROWSER` is set."""
    if reason and os.environ.get("REQUIRE_BROWSER"):
        pytest.fail(reason, pytrace=False)
    if reason:
        pytest.skip(reason, allow_module_level=True)


@pytest.fixture(scope="module")
def browser():
    """Return a running Chromium."""
    with open_browser() as browser:
        yield browser


@pytest.fixture
def new_page(request):
    """Return what opens an empty page in a window of its own, which is closed after the test."""
    need_browser()
    with ExitStack() as windows:

        def opened(**options):
            return windows.enter_context(closing(request.getfixturevalue("browser").new_page(**options)))

        yield opened
