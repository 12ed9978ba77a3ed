"""Print the built site as one PDF, and check it. `make pdf` builds the site first."""

import sys

from book_print.build import build_pdf
from book_tools.browser import open_browser, why_no_browser
from book_tools.built_site import SITE, why_no_current_site
from book_tools.repository import ROOT

FOLDER = ROOT / "_build" / "pdf"


def main() -> None:
    reason = why_no_browser() or why_no_current_site()
    if reason:
        sys.exit(reason)
    with open_browser() as browser:
        path, problems = build_pdf(ROOT, SITE, FOLDER, browser)
    if problems:
        sys.exit("\n".join([f"{path} has problems:", *problems]))
    print(f"The book is printed: {path}")


if __name__ == "__main__":
    main()
