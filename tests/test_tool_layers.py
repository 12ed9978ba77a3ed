"""The library and the tools import each other in one direction only."""

import ast

import pytest

from conftest import ROOT

MAY_IMPORT = {
    "lib/llm_latency": set(),
    "tools/book_tools": set(),
    "tools/book_site": {"llm_latency", "book_tools"},
    "tools/book_print": {"book_tools", "book_site"},
    "tools/site_check": {"llm_latency", "book_tools", "book_site"},
    "tools/mutants": {"book_tools"},
}
PACKAGES = {folder.rpartition("/")[2] for folder in MAY_IMPORT}


def imported_packages(path):
    """Yield the packages that a module imports by name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_a_package_imports_only_those_below_it(folder):
    modules = list((ROOT / folder).rglob("*.py"))
    assert modules
    own = folder.rpartition("/")[2]
    for path in modules:
        others = PACKAGES.intersection(imported_packages(path)) - {own}
        assert others <= MAY_IMPORT[folder], path
