"""List what the texts of a page state and no cell says yet, in the form of a binding cell."""

import argparse

import nbformat

from book_text.binding import BETWEEN, bound_phrases, differences, texts_of
from book_text.names import known_on
from book_text.statements import statements
from book_text.written import written_numbers
from book_tools.repository import ROOT


def main() -> None:
    """Print the entry of each text that has none yet, the differences, and the numbers that cells write into texts."""
    parser = argparse.ArgumentParser(prog="python -m book_text", description=__doc__)
    parser.add_argument("pages", nargs="+", help="names of pages, such as roofline")
    for page in parser.parse_args().pages:
        notebook = nbformat.read(ROOT / "book" / f"{page}.ipynb", as_version=4)
        is_known = known_on(notebook)
        texts, phrases = texts_of(notebook), bound_phrases(notebook)
        for name, text in texts.items():
            stated = [text[start:end] for start, end in statements(text, is_known)]
            if stated and name not in phrases:
                print(f'    "{name}": f"{BETWEEN.join(stated)}",')
        bound = {name: text for name, text in texts.items() if name in phrases}
        for difference in differences(bound, phrases, is_known):
            print(f"{page}: {difference}")
        for cell in notebook.cells:
            written = list(written_numbers(cell, is_known)) if cell.cell_type == "code" else []
            if written:
                print(f"{page}: {cell.id}: writes and does not compute {', '.join(written)}")


if __name__ == "__main__":
    main()
