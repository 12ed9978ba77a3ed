"""List what the texts of a page state and no cell says, in the form of a binding cell, and what differs."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat

from book_text.binding import BETWEEN, bound_phrases, differences, texts_of
from book_text.names import known_on
from book_text.statements import statements
from book_text.written import written_numbers
from book_tools.repository import ROOT


def main() -> int:
    """Print what no cell says, what differs, and the numbers that cells write into texts; return 1 if there are any."""
    parser = argparse.ArgumentParser(prog="python -m book_text", description=__doc__)
    parser.add_argument("pages", nargs="+", help="names of pages, such as roofline")
    found = False
    for page in parser.parse_args().pages:
        path = ROOT / "book" / f"{page}.ipynb"
        if not path.exists():
            parser.error(f"there is no page {page}: the pages are book/*.ipynb, as in make text PAGES=roofline")
        try:
            for line in _faults(page, path):
                found = True
                print(line)
        except ValueError as error:
            parser.error(f"{page}: {error}")
    return int(found)


def _faults(page: str, path: Path) -> Iterator[str]:
    notebook = nbformat.read(path, as_version=4)
    is_known = known_on(notebook)
    texts, phrases = texts_of(notebook), bound_phrases(notebook)
    for name, text in texts.items():
        stated = [text[start:end] for start, end in statements(text, is_known)]
        if stated and name not in phrases:
            yield f'    "{name}": f"{BETWEEN.join(stated)}",'
    bound = {name: text for name, text in texts.items() if name in phrases}
    for difference in differences(bound, phrases, is_known):
        yield f"{page}: {difference}"
    for cell in notebook.cells:
        written = list(written_numbers(cell, is_known)) if cell.cell_type == "code" else []
        if written:
            yield f"{page}: {cell.id}: writes and does not compute {', '.join(written)}"


if __name__ == "__main__":
    sys.exit(main())
