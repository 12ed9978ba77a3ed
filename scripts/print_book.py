"""Print the built site as one PDF, and check it. `make pdf` builds the site first."""

import sys
from pathlib import Path

from book_print.chromium import BROWSERS, find_browser
from book_print.edition import print_book

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "_build"


if __name__ == "__main__":
    browser = find_browser()
    if browser is None:
        sys.exit(f"Chromium prints the book, and none of {', '.join(BROWSERS)} is installed")
    path, problems = print_book(ROOT, BUILD / "html", BUILD / "pdf", browser)
    if problems:
        sys.exit("\n".join([f"{path} is not as it should be:", *problems]))
    print(f"The book is printed: {path}")
