"""Find the numbers that a cell writes into a text instead of computing them."""

import ast
import re
from collections.abc import Callable, Iterator

from nbformat import NotebookNode

from book_text.binding import is_binding
from book_text.statements import statements

FIELD = "\ue000"
"""What stands for a field of a text."""
LIST_MARKER = re.compile(r"^\s*\d+\.\s", re.MULTILINE)


def written_numbers(cell: NotebookNode, is_known: Callable[[str], bool]) -> Iterator[str]:
    """Yield the numbers that stand in the texts of a code cell, and the fields in which no name stands.

    Its texts are what a binding cell says, what `Markdown` shows, and the description of a live chart.

    >>> from nbformat.v4 import new_code_cell
    >>> cell = new_code_cell('Markdown(f"1. {ms:.1f} ms on {16} A100s, 3 of {2 * n}")')
    >>> list(written_numbers(cell, {"A100s"}.__contains__))
    ['3', '{16}']
    """
    tree = ast.parse(cell.source)
    if is_binding(cell):
        yield from _written(tree, is_known)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Markdown":
            for argument in node.args:
                yield from _written(argument, is_known)
        elif isinstance(node, ast.keyword) and node.arg == "description":
            yield from _written(node.value, is_known)


def _written(node: ast.AST, is_known: Callable[[str], bool]) -> Iterator[str]:
    if isinstance(node, ast.JoinedStr):
        yield from _stated(
            "".join(part.value if isinstance(part, ast.Constant) else FIELD for part in node.values), is_known
        )
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                if not any(isinstance(inside, ast.Name) for inside in ast.walk(part.value)):
                    yield f"{{{ast.unparse(part.value)}}}"
                yield from _written_with_fields(part.value, is_known)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield from _stated(node.value, is_known)
    elif isinstance(node, ast.Dict):
        for value in node.values:
            yield from _written(value, is_known)
    elif isinstance(node, (ast.Call, ast.Subscript, ast.Compare, ast.Tuple, ast.List)):
        yield from _written_with_fields(node, is_known)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _written(child, is_known)


def _written_with_fields(node: ast.AST, is_known: Callable[[str], bool]) -> Iterator[str]:
    """Look only into the texts with fields of a call, a subscript or a list: its other strings are names."""
    for child in ast.iter_child_nodes(node):
        yield from (
            _written(child, is_known) if isinstance(child, ast.JoinedStr) else _written_with_fields(child, is_known)
        )


def _stated(text: str, is_known: Callable[[str], bool]) -> Iterator[str]:
    """Yield the numbers in a text, and the formulas in which there is no field."""
    text = LIST_MARKER.sub("", text)
    for start, end in statements(text, is_known):
        words = text[start:end]
        if re.search(r"\d", words) or (words.startswith("$") and FIELD not in words):
            yield words.replace(FIELD, "{}")
