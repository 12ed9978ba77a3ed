"""Print the built site as one PDF, and check it. `make pdf` builds the site first."""

import sys

from book_print.edition import print_book
from book_tools.browser import open_browser, why_no_browser
from site_check.site import ROOT, SITE, why_not_ready

FOLDER = ROOT / "_build" / "pdf"


def main() -> None:
    """Print the book, and end with what is wrong with it."""
    reason = why_no_browser() or why_not_ready()
    if reason:
        sys.exit(reason)
    with open_browser() as browser:
        path, problems = print_book(ROOT, SITE, FOLDER, browser)
    if problems:
        sys.exit("\n".join([f"{path} is not as it should be:", *problems]))
    print(f"The book is printed: {path}")


if __name__ == "__main__":
    main()
