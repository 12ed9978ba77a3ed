"""Break things on purpose, one at a time, and see whether the tests notice.

Each mutant is a small change in a copy of the repository: a constant of a formula, a value in the
data, a stored output, a notebook that is not as it should be. A mutant that no check kills is a
hole in the test suite. Takes about an hour on two cores; it is not part of the test run.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parent.parent
MODULES = (
    "transformer", "footprint", "roofline", "kv_cache", "collectives", "latency", "attention", "experts", "precision",
    "operators",
)
FORMULAS = {name: f"lib/llm_latency/{name}.py" for name in MODULES}
PAGES = sorted(path.stem for path in (ROOT / "book").glob("*.ipynb"))
SWAPS = (
    ("operators", "soft maximum hard", "soft_maximum if soft", "soft_maximum if False"),
    ("operators", "key heads cut below one", "sp.Max(n_kv_heads / tp, 1)", "n_kv_heads / tp"),
    ("operators", "a group without an expert", "sp.Max(touched_experts / ep, 1)", "touched_experts / ep"),
    ("operators", "activations always in memory", "activation_traffic * self", "self"),
    ("deployment", "no check of the split", "        if np.any(bad):", "        if False:"),
    ("deployment", "ring is direct", '== "ring"', '== "rung"'),
    ("deployment", "a step without its own key", '"kv_length": values["keys"]}', '"kv_length": values["keys"] - 1}'),
    ("deployment", "experts stored like the rest", 'self._stored(f"{part}_bits", default)', "weights"),
    ("deployment", "pipeline without rounds", "np.maximum(1, self.values", "np.minimum(1, self.values"),
    ("capacity", "everything fits", "np.less_equal(self.total,", "np.less_equal(0 * self.total,"),
    ("capacity", "no window", "np.minimum(context, window)", "context"),
    ("estimate", "one step too many", 'checked("output", output) - 1', 'checked("output", output)'),
    ("explanation", "bound by the wrong side", "compute_time > self.memory", "compute_time < self.memory"),
    ("evaluation", "departures forgotten", "if assumption in spec.departures:", "if False:"),
    ("hf_config", "untied taken for tied", "2 - read.flag", "1 + read.flag"),
)
CONTROL = "no change"
PYTEST = [sys.executable, "-m", "pytest", "-x", "-n0"]
BUILD = [str(Path(sys.executable).parent / "jupyter-book"), "build", ".", "-W", "--keep-going", "--quiet"]
NO_BROWSER = "none"


def mutants() -> Iterator[tuple[str, str, Callable[[str], str]]]:
    """Yield each mutant as its name, the file it changes, and the change."""
    for file in FORMULAS.values():
        for number, (start, end, old) in enumerate(constants(file)):
            new = str(int(old) + 1)
            yield f"{Path(file).stem} constant {number}: {old} -> {new}", file, splice(start, end, new)
    yield "roofline.overlapped: Max -> Add", FORMULAS["roofline"], replace("sp.Max(*times)", "sp.Add(*times)")
    yield "roofline.serial: Add -> Max", FORMULAS["roofline"], replace("sp.Add(*times)", "sp.Max(*times)")
    yield "collectives: N - 1 -> N", FORMULAS["collectives"], replace("(n_devices - 1) / n_devices", "n_devices / 1")
    yield "evaluation: no check of arguments", "lib/llm_latency/evaluation.py", replace("not legal.all()", "False")
    yield "evaluation: Max broken", "lib/llm_latency/evaluation.py", replace('"maximum"', '"minimum"')
    for module, name, old, new in SWAPS:
        yield f"{module}: {name}", f"lib/llm_latency/{module}.py", replace(old, new)
    yield "a published run too fast", "lib/llm_latency/data/runs.csv", replace("request,565e-3", "request,5e-3")
    yield "a gate lost", "lib/llm_latency/data/models.csv", lambda text: re.sub(
        r"(Llama-3-70B,.*mlp_matrices=)3", r"\g<1>2", text
    )
    yield "controls: milliseconds are seconds", "lib/llm_latency/controls.py", replace('"ms", 1e3)', '"ms", 1)')
    yield "live: flat curves", "lib/llm_latency/live.py", replace("(drawn[name], along)", "(drawn[name], current)")
    yield "chart: marker off", "lib/llm_latency/chart.py", replace('"calculate": "value_0"', '"calculate": "2*value_0"')
    yield "chart: any preset", "lib/llm_latency/chart.py", replace("if name not in binds:", "if False:")
    yield "calculator: one sequence", "lib/llm_latency/calculator.py", replace("+ batch*sequence +", "+ sequence +")
    yield "calculator: share of nothing", "lib/llm_latency/calculator.py", replace(")/step, '.0%'", ")/request, '.0%'")
    yield "calculator: drawn all the same", "lib/llm_latency/calculator.py", replace('when="!problem"', 'when="true"')
    yield "chart: lines beyond the axis", "lib/llm_latency/chart.py", replace("datum.x <= {bind['max']}", "true")
    yield "chart: legend silent", "lib/llm_latency/chart.py", replace("=== 0 ? ' (0)'", "=== 0 ? ''")
    yield "site: units let go", "tools/book_site/line_breaks.py", replace("[kMGTP]?", "[k]?")
    yield "site: values let go", "tools/book_site/line_breaks.py", replace(r"(?:\s=\s[\d.,]*\d(?:\s{UNIT})?)?", "")
    yield "site: names let go", "tools/book_site/line_breaks.py", replace(r"|\d-\w)", ")")
    yield "print: folded code", "tools/book_print/chapter.py", replace("*body.select(FOLDED_CODE), ", "")
    yield "print: headings alone", "tools/book_print/checks.py", replace("if last and", "if False and")
    yield "notebook: long lines", "book/roofline.ipynb", replace("read_clock = moved", f"read_clock = {' ' * 70}moved")
    yield "numerals: all in thousands", "lib/llm_latency/numerals.py", replace("len(str(GROUPED))", "4")
    yield "table: decimals of each", "lib/llm_latency/table.py", replace(">= 1000 * min(sizes)", ">= min(sizes)")
    yield "site: text by its words", "tools/book_site/texts.py", replace("if node is text", "if node == text")
    yield "site: letters twice", "tools/book_site/letters.py", replace("        known.update(meanings)\n", "")
    yield "site: empty buttons", "tools/book_site/vega.py", replace("json.dumps(values)", "json.dumps({})")
    yield "table: digits lost", "lib/llm_latency/table.py", replace("abs(value) < 1e7", "abs(value) < 1e2")
    yield "plots: labels overlap", "lib/llm_latency/plots.py", replace(" + offsets\n", "\n")
    rng = random.Random(0)
    for page in PAGES:
        for number in range(4):
            yield f"{page}: stored number {number}", f"book/{page}.ipynb", change_a_stored_number(rng.random())
        yield f"{page}: outputs cleared", f"book/{page}.ipynb", change_cells(clear)
        yield f"{page}: first cell not executed", f"book/{page}.ipynb", change_cells(forget_execution)
    yield "notebook missing from _toc.yml", "_toc.yml", replace("      - file: book/roofline\n", "")
    yield "chart without alt text", "book/roofline.ipynb", change_cells(drop("image"))
    yield "chart without caption", "book/roofline.ipynb", change_cells(drop("figure"))
    yield "stored chart changed", "book/roofline.ipynb", change_cells(redraw)
    yield "number in prose", "book/decode-latency.ipynb", replace("21.7 ms at batch 1", "23.7 ms at batch 1")
    yield "symbol not in the registry", FORMULAS["roofline"], replace(
        "form=peak_flops / mem_bandwidth", 'form=peak_flops / mem_bandwidth * sp.Symbol("stray", positive=True)'
    )
    yield "FLOP taken for byte", FORMULAS["roofline"], replace("s * mem_bandwidth)", "s * peak_flops)")
    yield "data row without a source", "lib/llm_latency/data/devices.csv", drop_source
    yield "bandwidth of a device", "lib/llm_latency/data/devices.csv", replace("1.555e12", "1.556e12")
    yield "width of a model", "lib/llm_latency/data/models.csv", replace("16384", "16484")
    yield "claim without a cell", "book/claims.csv", replace(",prefill-13b-swapped", ",prefill-13b-gone")
    yield "claim left out", "book/claims.csv", lambda text: "".join(re.split(r"(?m)^E30,.*\n", text))
    yield "figure without its reading error", "lib/llm_latency/data/profile.csv", replace(",0.005,1,", ",0,1,")
    yield "KV cache: the slope of another batch", FORMULAS["kv_cache"], replace("form=batch * kv", "form=kv")
    yield "measured latency", "lib/llm_latency/data/latencies.csv", replace("63.17e-3", "65.17e-3")
    yield "an address that the notebooks do not know", "_config.yml", replace('url: ""', 'url: "https://github.com/a/b"')
    yield "Binder with other versions", ".binder/requirements.txt", replace("requirements.lock", "requirements.txt")
    yield "a resource from outside", "_config.yml", replace(
        'extra_footer: "', "extra_footer: \"<img alt='x' src='https://example.org/x.png'>"
    )
    yield "a broken reference", "book/counting.ipynb", replace("(roofline.ipynb)", "(rooflime.ipynb)")


def constants(file: str) -> Iterator[tuple[int, int, str]]:
    """Yield the integer constants of a module's expressions, outside strings and comments."""
    text = (ROOT / file).read_text(encoding="utf-8")
    blanked = re.sub(r'""".*?"""|f?r?"[^"\n]*"|#[^\n]*', lambda match: " " * len(match[0]), text, flags=re.DOTALL)
    for match in re.finditer(r"(?<![\w.])\d+(?![\w.])", blanked):
        yield match.start(), match.end(), match[0]


def splice(start: int, end: int, new: str) -> Callable[[str], str]:
    """Change the text between two positions."""
    return lambda text: text[:start] + new + text[end:]


def replace(old: str, new: str) -> Callable[[str], str]:
    """Change the first occurrence of a text."""
    return lambda text: text.replace(old, new, 1)


def change_cells(change: Callable[[list[dict]], None]) -> Callable[[str], str]:
    """Change the code cells of a notebook."""

    def change_notebook(text):
        notebook = json.loads(text)
        change([cell for cell in notebook["cells"] if cell["cell_type"] == "code"])
        return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"

    return change_notebook


def clear(cells):
    for cell in cells:
        cell["outputs"], cell["execution_count"] = [], None


def forget_execution(cells):
    next(cell for cell in cells if cell["execution_count"])["execution_count"] = None


def drop(key):
    def change(cells):
        next(cell for cell in cells if "mystnb" in cell["metadata"])["metadata"]["mystnb"].pop(key)

    return change


def redraw(cells):
    data = next(o["data"] for cell in cells for o in cell["outputs"] if "image/svg+xml" in o.get("data", {}))
    lines = data["image/svg+xml"]
    place = next(i for i, line in enumerate(lines) if re.search(r"L \d+\.\d+", line))
    lines[place] = re.sub(r"L \d", "L 9", lines[place])


def change_a_stored_number(position: float) -> Callable[[str], str]:
    """Change one digit of one number among the textual outputs."""

    def change(cells):
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

    return change_cells(change)


def drop_source(text):
    first, second, *rest = text.splitlines(keepends=True)
    return "".join([first, re.sub(r'"[^"]*",(\d{4}-)', r",\1", second), *rest])


def stages(file: str) -> Iterator[tuple[str, list[str], str]]:
    """Yield the name, the command and the browser of each check, the cheapest that can notice first."""
    own = [Path(file).stem, *(["formula"] if file in FORMULAS.values() else [])]
    tests = [f"tests/test_{name}.py" for name in own if (ROOT / f"tests/test_{name}.py").exists()]
    if file.endswith((".py", ".ipynb")):
        yield "its own tests", [*PYTEST, file, *tests], NO_BROWSER
    yield "unit", [*PYTEST, "tests", "lib", "tools", "README.md"], NO_BROWSER
    yield "nbval", [*PYTEST, "book"], NO_BROWSER
    yield "site", BUILD, NO_BROWSER
    yield "browser", [*PYTEST, "tests"], os.environ.get("CHROMIUM", "")


def verdict(mutant) -> tuple[str, str]:
    """Run the checks on one mutant and say which one killed it."""
    name, file, change = mutant
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "book"
        left_out = shutil.ignore_patterns(".venv", ".node", "_build", ".*_cache", "__pycache__")
        shutil.copytree(ROOT, copy, ignore=left_out)
        target = copy / file
        before = target.read_text(encoding="utf-8")
        after = change(before)
        if after == before and name != CONTROL:
            return name, "NOT CHANGED"
        target.write_text(after, encoding="utf-8")
        sources = os.pathsep.join([str(copy / "lib"), str(copy / "tools")])
        environment = {**os.environ, "PYTHONPATH": sources, "PYTHONDONTWRITEBYTECODE": "1"}
        for stage, command, browser in stages(file):
            named = environment | {"CHROMIUM": browser}
            if subprocess.run(command, cwd=copy, env=named, capture_output=True).returncode:
                return name, f"killed by {stage}"
    return name, "SURVIVED"


if __name__ == "__main__":
    chosen = [mutant for mutant in mutants() if re.search(sys.argv[1] if len(sys.argv) > 1 else "", mutant[0])]
    control = verdict((CONTROL, "README.md", lambda text: text))[1]
    if control != "SURVIVED":
        sys.exit(f"The repository itself does not pass: {control}")
    outcomes = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, outcome in pool.map(verdict, chosen):
            print(f"{outcome:24} {name}", flush=True)
            outcomes.append(outcome)
    killed = sum(outcome.startswith("killed") for outcome in outcomes)
    print(f"{killed} of {len(outcomes)} mutants killed")
    sys.exit(killed < len(outcomes))
