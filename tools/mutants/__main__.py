"""Run the checks on every mutant whose name matches the pattern on the command line, or on all."""

import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from book_tools.repository import ROOT
from mutants import changes

REPLACEMENTS = Path(__file__).with_name("replacements.toml")
OPERATORS = "lib/llm_latency/operator_model/operators.py"
CONCEPTS = sorted((ROOT / "lib/llm_latency/formulas").glob("*.py"))
FORMULAS = [path.relative_to(ROOT).as_posix() for path in CONCEPTS if path.stem != "examples"]
COUNTED = [*FORMULAS, OPERATORS]
"""In these modules, each whole number of an expression is changed."""
TESTED_BY = {
    "deployment": ("passes", "limits", "memory", "times", "explain"),
    "operators": ("operator", "shape"),
    "live": ("specification", "controls", "vega_expressions"),
    "plots": ("labels", "bars"),
    "evaluation": ("numpy_printer",),
    "notation": ("registry",),
    "catalogue": ("tables", "devices", "models", "latencies", "profile"),
}
"""Modules and tables whose tests are in a file of another name."""
LEFT_OUT = (".venv", ".node", "_build", ".*_cache", "__pycache__")
PYTEST = [sys.executable, "-m", "pytest", "-x", "-n0"]
BUILD = [str(Path(sys.executable).parent / "jupyter-book"), "build", ".", "-W", "--keep-going", "--quiet"]
NO_BROWSER = "none"
NOTHING_FAILED = (0, 5)
"""pytest returns 5 if there are no tests, or only tests that need a browser."""


class Mutant(NamedTuple):
    """A change of one file."""

    file: str
    name: str
    change: Callable[[str], str]


CONTROL = Mutant("README.md", "no change", lambda text: text)


def all_mutants() -> Iterator[Mutant]:
    """Yield the constants of the formulas, the replacements and the other changes, named after their files."""
    for file in COUNTED:
        for number, (start, end, old) in enumerate(constants(file)):
            new = str(int(old) + 1)
            yield Mutant(file, f"{file}: constant {number}: {old} -> {new}", splice(start, end, new))
    for file, replacements in tomllib.loads(REPLACEMENTS.read_text(encoding="utf-8")).items():
        for name, (old, new) in replacements.items():
            yield Mutant(file, f"{file}: {name}", replace_first(old, new))
    for file, name, change in changes.other_changes():
        yield Mutant(file, f"{file}: {name}", change)


def constants(file: str) -> Iterator[tuple[int, int, str]]:
    """Yield the start, the end and the text of each whole number outside strings, comments and examples."""
    text = (ROOT / file).read_text(encoding="utf-8")
    no_code = r'""".*?"""|@formula\(.*?\)\n(?=def )|f?r?"[^"\n]*"|#[^\n]*'
    code = re.sub(no_code, lambda match: " " * len(match[0]), text, flags=re.DOTALL)
    for match in re.finditer(r"(?<![\w.])\d+(?![\w.])", code):
        yield match.start(), match.end(), match[0]


def splice(start: int, end: int, new: str) -> Callable[[str], str]:
    return lambda text: text[:start] + new + text[end:]


def replace_first(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new, 1)


def copy_repository(folder: Path) -> Path:
    """Copy the repository, with compiled modules, which save each check a few seconds."""
    copy = folder / "book"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
    subprocess.run([sys.executable, "-m", "compileall", "-q", "lib", "tools", "tests"], cwd=copy, check=True)
    return copy


def stages(file: str) -> Iterator[tuple[str, list[str], str]]:
    """Yield the name, the command and the browser of each check that may notice, the cheapest first."""
    stem = Path(file).stem
    elsewhere = [test for test, stems in TESTED_BY.items() if stem in stems]
    own = [stem, *elsewhere, *(["formula"] if file in COUNTED else [])]
    tests = [f"tests/test_{name}.py" for name in own if (ROOT / f"tests/test_{name}.py").exists()]
    runs = [file] if file.endswith((".py", ".ipynb")) else []
    if runs or tests:
        yield "its own tests", [*PYTEST, *runs, *tests], NO_BROWSER
    yield "unit", [*PYTEST, "tests", "lib", "tools", "README.md"], NO_BROWSER
    yield "nbval", [*PYTEST, "book"], NO_BROWSER
    yield "site", BUILD, NO_BROWSER
    yield "browser", [*PYTEST, "tests"], os.environ.get("CHROMIUM", "")


def outcome_of(mutant: Mutant, copy: Path) -> str:
    """Say which check notices the mutant in a copy of the repository, and undo it."""
    target = copy / mutant.file
    before = target.read_text(encoding="utf-8")
    after = mutant.change(before)
    if after == before and mutant is not CONTROL:
        return "NOT CHANGED"
    try:
        target.write_text(after, encoding="utf-8")
        return next((f"killed by {stage}" for stage in failing_stages(mutant.file, copy)), "SURVIVED")
    finally:
        shutil.copy2(ROOT / mutant.file, target)  # with its time, so that the compiled module is valid again
        shutil.rmtree(copy / "_build", ignore_errors=True)


def failing_stages(file: str, copy: Path) -> Iterator[str]:
    """Run the checks in a copy of the repository, and yield the names of those that fail."""
    sources = os.pathsep.join([str(copy / "lib"), str(copy / "tools")])
    environment = {**os.environ, "PYTHONPATH": sources, "PYTHONDONTWRITEBYTECODE": "1"}
    for stage, command, browser in stages(file):
        run = subprocess.run(command, cwd=copy, env={**environment, "CHROMIUM": browser}, capture_output=True)
        if run.returncode not in NOTHING_FAILED:
            yield stage


def main(pattern: str = "") -> int:
    """Print the outcome of each mutant, and return 1 if one survives."""
    chosen = [mutant for mutant in all_mutants() if re.search(pattern, mutant.name)]
    workers = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(workers) as pool:
        copies = queue.SimpleQueue()
        for number in range(workers):
            copies.put(copy_repository(Path(folder, str(number))))

        def run(mutant: Mutant) -> tuple[str, str]:
            copy = copies.get()
            try:
                return mutant.name, outcome_of(mutant, copy)
            finally:
                copies.put(copy)

        _, control = run(CONTROL)
        if control != "SURVIVED":
            print(f"The repository itself does not pass: {control}")
            return 1
        killed = 0
        for name, outcome in pool.map(run, chosen):
            print(f"{outcome:24} {name}", flush=True)
            killed += outcome.startswith("killed")
    print(f"{killed} of {len(chosen)} mutants killed")
    return int(killed < len(chosen))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
