"""Run the checks on mutants of the library's Python, of the tools, the data and the notebooks."""

import argparse
import difflib
import json
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import NamedTuple

from book_tools.repository import BUILD, ROOT, copy_repository, environment_of
from mutants import changes, covering

REPLACEMENTS = Path(__file__).with_name("replacements.toml")
PYTHON_MUTANTS = Path(__file__).with_name("python_mutants.py")
TESTED_BY = {"catalogue": ("latencies", "profile"), "claims": ("measurements",)}
"""Tables whose tests are in a file of another name."""
TOOLS = r"book_\w+|site_check|mutants|small_\w+|need_browser|\bNOTEBOOKS\b"
"""What a test module names if it tests more than the library."""
BROWSER = r"\bbrowser\b|need_browser|new_page"
"""What a test module names if it opens a browser."""
PYTEST = [sys.executable, "-m", "pytest", "-x", "-n0"]
NO_BROWSER = "none"
NOTHING_FAILED = (0, 5)
"""pytest returns 5 if there are no tests, or only tests that need a browser."""
LIMIT = 1200
"""Seconds that a check may take; a mutant that takes longer is noticed."""
WANTED = 0.95
"""The share of the Python mutants that must be killed: some changes change nothing. Of the others, all."""


class Mutant(NamedTuple):
    """A change of one file."""

    file: str
    name: str
    change: Callable[[str], str]
    line: int | None = None


CONTROL = Mutant("README.md", "no change", lambda text: text)


def chosen_mutants() -> Iterator[Mutant]:
    """Yield the replacements and the other changes, named after their files."""
    for file, replacements in tomllib.loads(REPLACEMENTS.read_text(encoding="utf-8")).items():
        for name, (old, new) in replacements.items():
            yield Mutant(file, f"{file}: {name}", replace_first(old, new))
    for file, name, change in changes.other_changes():
        yield Mutant(file, f"{file}: {name}", change)


def python_mutants(python: str, files: Iterable[str], size: int, seed: int) -> Iterator[Mutant]:
    """Let cosmic-ray, which has its own Python, change the files at randomly drawn places."""
    command = [python, PYTHON_MUTANTS, str(size), str(seed), *files]
    found = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    print(f"{len(found['mutants'])} of {found['places']} places of the library's Python are changed")
    for mutant in found["mutants"]:
        name = f"{mutant['file']}: line {mutant['line']}, {mutant['operator']}"
        yield Mutant(mutant["file"], name, lambda _, text=mutant["text"]: text, mutant["line"])


def replace_first(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new, 1)


def compiled_copy(folder: Path) -> Path:
    """Copy the repository, with compiled modules, which save each check a few seconds."""
    copy = copy_repository(folder / "book")
    subprocess.run([sys.executable, "-m", "compileall", "-q", "lib", "tools", "tests"], cwd=copy, check=True)
    return copy


def stages(mutant: Mutant) -> Iterator[tuple[str, list[str], str]]:
    """Yield the name, the command and the browser of each check that may notice, the cheapest first."""
    file, stem = mutant.file, Path(mutant.file).stem
    if mutant.line is not None and (tests := covering.tests_of(file, mutant.line)):
        yield "tests of its line", [*PYTEST, *tests], NO_BROWSER
    elsewhere = [test for test, stems in TESTED_BY.items() if stem in stems]
    formulas = ["formula", "physics"] if "/formulas/" in file else []
    own = [stem, *elsewhere, *formulas]
    tests = [f"tests/test_{name}.py" for name in own if (ROOT / f"tests/test_{name}.py").exists()]
    runs = [file] if file.endswith((".py", ".ipynb")) else []
    if runs or tests:
        yield "its own tests", [*PYTEST, *runs, *tests], NO_BROWSER
    if "/charts/" in file:  # the stored charts notice most
        yield "nbval", [*PYTEST, "book"], NO_BROWSER
    yield "the library's tests", [*PYTEST, *library_tests(), "lib"], NO_BROWSER
    yield "unit", [*PYTEST, *other_tests(), "tools", "README.md"], NO_BROWSER
    if "/charts/" not in file:
        yield "nbval", [*PYTEST, "book"], NO_BROWSER
    if mutant.line is not None:
        return  # the site shows what the notebooks store: what they do not notice, it does not show
    yield "site", BUILD, NO_BROWSER
    yield "browser", [*PYTEST, *other_tests(BROWSER)], os.environ.get("CHROMIUM", "")


@cache
def library_tests() -> list[str]:
    """List the test modules that use the library alone."""
    return [name for name, text in test_modules().items() if not re.search(TOOLS, text)]


def other_tests(which: str = "") -> list[str]:
    """List the other test modules that name something."""
    return [name for name, text in test_modules().items() if re.search(TOOLS, text) and re.search(which, text)]


@cache
def test_modules() -> dict[str, str]:
    """Return the text of every test module."""
    return {path.relative_to(ROOT).as_posix(): path.read_text() for path in sorted(ROOT.glob("tests/test_*.py"))}


def outcome_of(mutant: Mutant, copy: Path) -> str:
    """Say which check notices the mutant in a copy of the repository, and undo it."""
    target = copy / mutant.file
    before = target.read_text(encoding="utf-8")
    after = mutant.change(before)
    if after == before and mutant is not CONTROL:
        return "NOT CHANGED"
    try:
        target.write_text(after, encoding="utf-8")
        return next((f"killed by {stage}" for stage in failing_stages(mutant, copy)), "SURVIVED")
    finally:
        shutil.copy2(ROOT / mutant.file, target)  # with its time, so that the compiled module is valid again
        shutil.rmtree(copy / "_build", ignore_errors=True)


def failing_stages(mutant: Mutant, copy: Path) -> Iterator[str]:
    """Run the checks in a copy of the repository, and yield the names of those that fail."""
    environment = environment_of(copy)
    for stage, command, browser in stages(mutant):
        with_browser = {**environment, "CHROMIUM": browser}
        try:
            run = subprocess.run(command, cwd=copy, env=with_browser, capture_output=True, timeout=LIMIT)
        except subprocess.TimeoutExpired:
            yield f"{stage}, for taking too long"
        else:
            if run.returncode not in NOTHING_FAILED:
                yield stage


def survivors_of(mutants: list[Mutant]) -> Iterator[Mutant]:
    """Run the checks on each mutant, print what they found, and yield those that survive."""
    workers = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(workers) as pool:
        copies = queue.SimpleQueue()
        for number in range(workers):
            copies.put(compiled_copy(Path(folder, str(number))))

        def run(mutant: Mutant) -> tuple[Mutant, str]:
            copy = copies.get()
            try:
                return mutant, outcome_of(mutant, copy)
            finally:
                copies.put(copy)

        _, control = run(CONTROL)
        if control != "SURVIVED":
            sys.exit(f"The repository itself does not pass: {control}")
        for mutant, outcome in pool.map(run, mutants):
            print(f"{outcome:24} {mutant.name}", flush=True)
            if not outcome.startswith("killed"):
                yield mutant


def change_of(mutant: Mutant) -> str:
    """Show the lines that a mutant changes."""
    before = (ROOT / mutant.file).read_text(encoding="utf-8")
    lines = difflib.unified_diff(before.splitlines(), mutant.change(before).splitlines(), lineterm="", n=0)
    return "\n".join(f"    {line[:120]}" for line in list(lines)[3:])


def main() -> int:
    """Run the mutants that the command line asks for, and return 1 if too many survive."""
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__)
    parser.add_argument("pattern", nargs="?", default="", help="regular expression that modules and mutants match")
    parser.add_argument("--python", required=True, help="the Python that has cosmic-ray")
    parser.add_argument("--sample", type=int, default=400, help="how many places of the library's Python are changed")
    parser.add_argument("--seed", type=int, default=0, help="which places these are")
    parser.add_argument("--skip", type=int, default=0, help="how many of them an earlier run has tried")
    options = parser.parse_args()
    matches = re.compile(options.pattern).search
    modules = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "lib/llm_latency").rglob("*.py"))
    files = [file for file in modules if matches(file)]
    drawn = list(python_mutants(options.python, files, options.sample, options.seed)) if files else []
    drawn = drawn[options.skip :]
    if drawn:
        covering.record(options.python, library_tests())
    chosen = [mutant for mutant in chosen_mutants() if matches(mutant.name)]
    survivors = list(survivors_of([*drawn, *chosen]))
    for mutant in survivors:
        print(f"SURVIVED {mutant.name}\n{change_of(mutant)}")
    killed, others = (sum(mutant not in survivors for mutant in group) for group in (drawn, chosen))
    print(f"{killed} of {len(drawn)} drawn mutants killed, and {others} of {len(chosen)} chosen ones")
    return int(killed < WANTED * len(drawn) or others < len(chosen))


if __name__ == "__main__":
    sys.exit(main())
