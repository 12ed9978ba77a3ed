"""Let cosmic-ray change the library's Python, one place at a time, and write what it did as JSON.

Runs on the Python of an environment of its own: `python python_mutants.py SIZE SEED FILE...` in the root.
"""

import ast
import json
import random
import sys
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

MOST = 1e6
"""cosmic-ray changes a number by 1, and no result has more digits than that shows in a larger one."""
CACHES = ("cache", "lru_cache")


def without_effect(source: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """List where a change cannot change a result: annotations, caches, large numbers, and whether `zip` is strict."""
    found, caches = [], []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            arguments = (each for each in ast.walk(node.args) if isinstance(each, ast.arg))
            found += [node.returns, *(argument.annotation for argument in arguments)]
            caches += [each for each in node.decorator_list if name_of(each) in CACHES]
        for_types = isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        large = isinstance(node, ast.Constant) and isinstance(node.value, int | float) and abs(node.value) >= MOST
        if for_types or large or (isinstance(node, ast.keyword) and node.arg == "strict"):
            found.append(node)
    lines = [((node.lineno, 0), (node.end_lineno + 1, 0)) for node in caches]
    return lines + [((node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)) for node in found if node]


def name_of(decorator: ast.expr) -> str:
    """Return the name of a decorator that may have arguments."""
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return called.id if isinstance(called, ast.Name) else ""


def places(source: str) -> dict[tuple, list[tuple[str, int]]]:
    """Map each place where an operator of cosmic-ray can act to the operators and their occurrences there."""
    nodes = list(ast_nodes(get_ast(source)))
    unused = without_effect(source)
    found = {}
    for name in operator_names():
        operator = get_operator(name)
        if operator.arguments():  # changes what its settings name, and there are none
            continue
        positions = [place for node in nodes for place in operator().mutation_positions(node)]
        for occurrence, place in enumerate(positions):
            if not any(begin <= place[0] and place[1] <= end for begin, end in unused):
                found.setdefault(place, []).append((name, occurrence))
    return found


def main(size: str, seed: str, *files: str) -> None:
    """Draw places among all of the files, and at each of them one change."""
    rng = random.Random(int(seed))
    sources = {file: Path(file).read_text(encoding="utf-8") for file in files}
    every = [(file, place, changes) for file in files for place, changes in sorted(places(sources[file]).items())]
    sample = rng.sample(every, min(int(size), len(every)))
    drawn = [(file, place, rng.choice(changes)) for file, place, changes in sample]
    mutants = [
        {
            "file": file,
            "line": start[0],
            "operator": name.removeprefix("core/"),
            "text": mutate_code(sources[file], get_operator(name)(), occurrence),
        }
        for file, (start, _), (name, occurrence) in drawn
    ]
    json.dump({"places": len(every), "mutants": mutants}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
