"""The layers of the code: where each module belongs, what it may import, and how large it may grow."""

import ast
import tokenize
from functools import cache
from pathlib import Path

from conftest import ROOT

LIBRARY, TOOLS = ROOT / "lib" / "llm_latency", ROOT / "tools"

# A module imports from the lines above its own, and nothing else of the library.
LAYERS = [
    "numerals suggestions numpy_printer catalogue.frozen charts.palette formulas.examples",
    "registry table catalogue.names catalogue.rows catalogue.layers catalogue.configuration.keys "
    "catalogue.configuration.modules catalogue.configuration.schemes charts.vega_expressions",
    "catalogue.tables catalogue.configuration.layers catalogue.configuration.patterns catalogue.configuration.document "
    "catalogue.configuration.storage catalogue.configuration.weight_files",
    "catalogue.configuration.arithmetic catalogue.configuration.special_parts catalogue.configuration.stored_bytes "
    "catalogue.configuration.weight_formats",
    "catalogue.configuration.scheme_formats",
    "catalogue.configuration.formats",
    "catalogue.configuration.architectures",
    "notation catalogue.devices catalogue.configuration.reader charts.specification",
    "catalogue.configuration",
    "catalogue.models",
    "catalogue.gguf formula checks charts.controls",
    "catalogue.dataset evaluation charts.labels formulas.transformer formulas.footprint formulas.attention "
    "formulas.long_context formulas.quantisation",
    "catalogue.measurements charts.bars operator_model.machine operator_model.search formulas.roofline",
    "charts.plots formulas.kv_cache formulas.experts formulas.collectives operator_model.operator",
    "formulas.latency formulas.collective_schedules operator_model.blocks operator_model.limits",
    "formulas operator_model.operators charts.live calibration.collective_times",
    "operator_model.passes operator_model.sharding",
    "operator_model.execution",
    "operator_model.shape",
    "operator_model.deployment",
    "operator_model.options",
    "operator_model.memory operator_model.ways",
    "operator_model.times operator_model.explain charts.pass_expressions",
    "charts.calculator",
    "catalogue operator_model calibration charts",
    "",
]
LEVEL = {module: level for level, line in enumerate(LAYERS) for module in line.split() or [""]}
WITHOUT_SYMPY = {module for module in LEVEL if module.startswith("catalogue")} | {"numerals", "suggestions", "table"}
ONLY_HERE = {
    "matplotlib": {"charts.plots", "charts.labels", "charts.bars"},
    "matplotlib_inline": {"charts.plots"},
    "tabulate": {"table"},
    "IPython": {"table"},
    "pandas": {"catalogue.tables", "catalogue.dataset"},
}
TOOL_LAYERS = [{"llm_latency"}, {"book_tools"}, {"book_site"}, {"book_print", "book_text", "site_check", "mutants"}]
MOST_LINES, MOST_LINES_OF_A_FUNCTION, MOST_PARAMETERS = 400, 60, 7


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    """Name a module of the library by its path: the package itself is the empty name."""
    return ".".join(path.relative_to(LIBRARY).with_suffix("").parts).removesuffix("__init__").rstrip(".")


MODULES = {name_of(path): path for path in sorted(LIBRARY.rglob("*.py"))}


def imports_of(path: Path, top_level: bool = False) -> set[str]:
    """List what a file imports, in full; if it is of interest, only what it imports when it is loaded."""
    tree = tree_of(path)
    found = set()
    for node in tree.body if top_level else ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def modules_in(names: set[str]) -> set[str]:
    """Name the modules of the library among imported names."""
    own = {name.removeprefix("llm_latency.") for name in names if name.startswith("llm_latency.")}
    return {name if name in MODULES else name.rpartition(".")[0] for name in own}


def test_every_module_has_its_layer():
    assert MODULES.keys() == LEVEL.keys()


def test_imports_point_to_lower_layers(faults):
    for module, path in MODULES.items():
        for name in sorted(modules_in(imports_of(path))):
            with faults.at(module):
                assert LEVEL[name] < LEVEL[module], f"imports {name}, which is not on a lower layer"


def test_outside_packages_stay_where_they_belong(faults):
    for module, path in MODULES.items():
        roots = {name.partition(".")[0] for name in imports_of(path)}
        for package, allowed in ONLY_HERE.items():
            with faults.at(module):
                assert package not in roots or module in allowed, f"imports {package}, which {sorted(allowed)} may"
        with faults.at(module):
            assert module not in WITHOUT_SYMPY or "sympy" not in roots, "imports sympy, and it must do without"


def test_pandas_and_ipython_are_imported_when_first_needed(faults):
    for module, path in MODULES.items():
        loaded = {name.partition(".")[0] for name in imports_of(path, top_level=True)}
        with faults.at(module):
            assert not loaded & {"pandas", "IPython", "tabulate"}, "imports what few need when it is loaded"


def test_the_library_knows_nothing_of_the_tools_and_the_tools_point_one_way(faults):
    level = {package: number for number, packages in enumerate(TOOL_LAYERS) for package in packages}
    for path in [*MODULES.values(), *sorted(TOOLS.rglob("*.py"))]:
        package = "llm_latency" if LIBRARY in path.parents else path.relative_to(TOOLS).parts[0]
        if package not in level:
            continue
        for name in {name.partition(".")[0] for name in imports_of(path)} & level.keys() - {package}:
            with faults.at(path.relative_to(ROOT)):
                assert level[name] < level[package], f"imports {name}, which is not on a lower layer"


def lines_of(function: ast.FunctionDef) -> int:
    """Count the lines of a function without its docstring."""
    first = function.body[0]
    documented = first.end_lineno - first.lineno + 1 if ast.get_docstring(function) else 0
    return function.end_lineno - function.lineno + 1 - documented


def reason_beside(path: Path, function: ast.FunctionDef) -> bool:
    """Say whether a comment above a function gives the reason for its many parameters."""
    first = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])
    with tokenize.open(path) as stream:
        tokens = [*tokenize.generate_tokens(stream.readline)]
    return any(token.type == tokenize.COMMENT and token.start[0] == first - 1 for token in tokens)


def test_no_description_of_the_library_can_be_changed(faults):
    for path in MODULES.values():
        for node in ast.walk(tree_of(path)):
            for decorator in node.decorator_list if isinstance(node, ast.ClassDef) else ():
                if "dataclass" in ast.unparse(decorator):
                    with faults.at(path.relative_to(ROOT), node.name):
                        assert "frozen=True" in ast.unparse(decorator), "is a dataclass that is not frozen"


def test_no_module_is_too_long(faults):
    for path in [*MODULES.values(), *sorted(TOOLS.rglob("*.py"))]:
        lines = len(path.read_text(encoding="utf-8").splitlines())
        with faults.at(path.relative_to(ROOT)):
            assert lines <= MOST_LINES, f"has {lines} lines; at most {MOST_LINES} are legal"


def test_no_function_is_too_long_or_takes_too_much_without_a_reason(faults):
    front_door = {"decode_step_time", "prefill_time", "request_time", "memory", "explain"}
    for path in [*MODULES.values(), *sorted(TOOLS.rglob("*.py"))]:
        for node in ast.walk(tree_of(path)):
            if not isinstance(node, ast.FunctionDef):
                continue
            with faults.at(path.relative_to(ROOT), node.name):
                assert lines_of(node) <= MOST_LINES_OF_A_FUNCTION, f"has {lines_of(node)} lines"
            parameters = [each.arg for each in (*node.args.args, *node.args.kwonlyargs) if each.arg != "self"]
            with faults.at(path.relative_to(ROOT), node.name):
                few = len(parameters) <= MOST_PARAMETERS or node.name in front_door
                assert few or reason_beside(path, node), f"takes {len(parameters)} parameters: a comment must say why"
