"""Which tests run a line of the library, and how long they take: a mutant's own tests are those."""

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from xml.etree import ElementTree

from book_tools.repository import ROOT, environment_of

FOLDER = ROOT / "_build" / "mutants"
SETTINGS, TESTS_OF_LINES, TIMES = FOLDER / "coveragerc", FOLDER / "lines.json", FOLDER / "times.xml"
WHAT_IS_RUN = f"[run]\ndynamic_context = test_function\nsource = lib/llm_latency\ndata_file = {FOLDER / 'data'}\n"
LONGEST = 20
"""Seconds that the chosen tests of a line may take; the library's others follow in any case."""


def record(python: str, tests: Sequence[str]) -> None:
    """Run the tests under coverage.py, which the Python given has."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    SETTINGS.write_text(WHAT_IS_RUN, encoding="utf-8")
    where = "import coverage; print(*coverage.__path__)"
    package = subprocess.run([python, "-c", where], check=True, capture_output=True, text=True).stdout.strip()
    alone = FOLDER / "packages" / "coverage"
    alone.parent.mkdir(exist_ok=True)
    alone.unlink(missing_ok=True)
    alone.symlink_to(package)  # without the other packages of its environment
    environment = environment_of(ROOT) | {"CHROMIUM": "none"}
    environment["PYTHONPATH"] = os.pathsep.join([environment["PYTHONPATH"], str(alone.parent)])
    coverage, options = [sys.executable, "-m", "coverage"], f"--rcfile={SETTINGS}"
    pytest = ["-m", "pytest", "-n0", f"--junitxml={TIMES}", *tests]
    report = ["json", options, "--show-contexts", "-o", TESTS_OF_LINES]
    for command in ([*coverage, "run", options, *pytest], [*coverage, *report]):
        subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)


@cache
def _seconds() -> dict[str, float]:
    """Return what each test function took in all of its cases, by module and name."""
    found = defaultdict(float)
    for case in ElementTree.parse(TIMES).iter("testcase"):
        module, function = case.get("classname", ""), case.get("name", "").partition("[")[0]
        found[f"{module.rpartition('.')[2]}.{function}"] += float(case.get("time", 0))
    return dict(found)


@cache
def _lines(file: str) -> dict[str, list[str]]:
    files = json.loads(TESTS_OF_LINES.read_text(encoding="utf-8"))["files"]
    return files.get(file, {}).get("contexts", {})


def tests_of(file: str, line: int) -> list[str]:
    """List tests that run a line, the quickest first, as many as fit into the time."""
    seconds = _seconds()
    known = {test.removeprefix("tests.") for test in _lines(file).get(str(line), ())} & seconds.keys()
    chosen, spent = [], 0
    for test in sorted(known, key=seconds.get):
        spent += seconds[test]
        if spent > LONGEST and chosen:
            break
        module, _, function = test.partition(".")
        chosen.append(f"tests/{module}.py::{function}")
    return chosen
