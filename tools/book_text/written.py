"""Find the numbers that a cell writes into a text instead of computing them."""

import ast
import re
from collections.abc import Callable, Iterator

from nbformat import NotebookNode

from book_text.binding import is_binding
from book_text.statements import statements

LIST_MARKER = re.compile(r"^\s*\d+\.\s", re.MULTILINE)


def written_numbers(cell: NotebookNode, is_known: Callable[[str], bool]) -> Iterator[str]:
    """Yield the numbers that stand in the texts of a code cell, and the fields in which no name stands.

    Its texts are what a binding cell says, what `Markdown` shows, and the description of a live chart.

    >>> from nbformat.v4 import new_code_cell
    >>> cell = new_code_cell('Markdown(f"1. {ms:.1f} ms on {16} A100s, 3 of {2 * n}")')
    >>> list(written_numbers(cell, {"A100s"}.__contains__))
    ['{16}', '3']
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
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = LIST_MARKER.sub("", node.value).replace("$", " ")
        yield from (text[start:end] for start, end in statements(text, is_known))
    elif isinstance(node, ast.FormattedValue):
        if not any(isinstance(inside, ast.Name) for inside in ast.walk(node.value)):
            yield f"{{{ast.unparse(node.value)}}}"
        yield from _written_in_parts(node.value, is_known)
    elif isinstance(node, ast.Dict):
        for value in node.values:
            yield from _written(value, is_known)
    elif isinstance(node, (ast.Call, ast.Subscript, ast.Compare)):
        yield from _written_in_parts(node, is_known)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _written(child, is_known)


def _written_in_parts(node: ast.AST, is_known: Callable[[str], bool]) -> Iterator[str]:
    """Look only into the texts with fields of a call or a subscript: its other strings are names."""
    for inside in ast.walk(node):
        if isinstance(inside, ast.JoinedStr):
            for part in inside.values:
                yield from _written(part, is_known)
