"""The library's arrows point one way."""

import ast
import io
import sys
import tokenize

import pytest

import llm_latency
from conftest import ROOT

PACKAGE = ROOT / "lib" / "llm_latency"
LAYERS = [
    ("palette", "names", "notation", "numerals"),
    ("formula", "catalogue", "hf_config", "table", "vega", "controls", "chart"),
    ("hardware", "model", "transformer", "footprint", "attention", "precision"),
    ("measurements", "roofline", "collectives"),
    ("kv_cache", "experts", "operators"),
    ("latency",),
    ("evaluation", "plots"),
    ("live", "deployment"),
    ("capacity",),
    ("estimate", "explanation", "calculator"),
    ("__init__",),
]
LEVEL = {module: level for level, modules in enumerate(LAYERS) for module in modules}
ONLY_HERE = {
    "matplotlib": {"plots"},
    "matplotlib_inline": {"plots"},
    "tabulate": {"table"},
    "vl_convert": set(),
    "pandas": set(),
}
WITHOUT_SYMPY = {
    "catalogue", "chart", "estimate", "explanation", "hardware", "hf_config", "measurements", "model", "names",
    "numerals", "palette", "plots", "table",
}


def imports_of(module):
    """List the modules that a module of the library imports, in full."""
    tree = ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module}: a relative import"
            package = node.module == "llm_latency"
            found |= {f"{node.module}.{alias.name}" if package else node.module for alias in node.names}
    return found


def test_every_module_has_its_layer():
    assert {path.stem for path in PACKAGE.glob("*.py")} == LEVEL.keys()


@pytest.mark.parametrize("module", LEVEL)
def test_imports_point_to_lower_layers(module):
    for name in imports_of(module):
        if name.startswith("llm_latency."):
            assert LEVEL[name.split(".")[1]] < LEVEL[module], f"{module} imports {name}"


@pytest.mark.parametrize("module", LEVEL)
def test_outside_packages_stay_where_they_belong(module):
    roots = {name.split(".")[0] for name in imports_of(module)}
    for package, allowed in ONLY_HERE.items():
        assert package not in roots or module in allowed
    if module in WITHOUT_SYMPY:
        assert "sympy" not in roots


def test_no_public_name_hides_a_module():
    for name in llm_latency.__all__:
        if name in LEVEL:
            assert getattr(llm_latency, name) is sys.modules[f"llm_latency.{name}"]


def code_lines(source):
    """Count the lines that hold code: no docstring, comment or blank line."""
    documented = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            documented |= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    blank = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return len({token.start[0] for token in tokens if token.type not in blank} - documented)


def test_the_library_stays_small_enough_to_read_in_an_evening():
    assert sum(code_lines(path.read_text(encoding="utf-8")) for path in PACKAGE.glob("*.py")) < 3760
