"""The pages of the built site, and whether they are built from the present sources."""

from __future__ import annotations

from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
ENTRY = "index.html"
NOT_FOUND = "404.html"
"""What a host serves for addresses that do not exist: its links start at the root of the site."""
SOURCES = (
    "_config.yml", "_toc.yml", "pyproject.toml", "requirements.lock", "book/**/*", "lib/**/*", "tools/book_*/**/*",
)
NOT_SOURCES = ("__pycache__", ".ipynb_checkpoints", "llm_latency.egg-info", "book_tools.egg-info")


def book_pages() -> list[str]:
    """List the addresses of the book's pages inside the site, in the order of the book."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    chapters = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    return [f"{file}.html" for file in [toc["root"], *chapters]]


def all_pages() -> list[str]:
    """List the addresses of all pages: those of the book, then those that Sphinx adds.

    The entry of the site, which only leads to the first page of the book, is left out.
    """
    book = book_pages()
    added = {path.relative_to(SITE).as_posix() for path in [*SITE.glob("*.html"), *SITE.glob("book/*.html")]}
    return [*book, *sorted(added - {*book, ENTRY})]


def page_name(address: str) -> str:
    """Name a page as its source is named."""
    return address.removeprefix("book/").removesuffix(".html")


def why_not_ready() -> str | None:
    """Say why the built site cannot be checked, or None if it can."""
    entry = SITE / ENTRY
    if not entry.exists():
        return f"there is no site in {SITE.relative_to(ROOT)}: build it with make book"
    built = entry.stat().st_mtime
    for pattern in SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file() and path.parent.name not in NOT_SOURCES and path.stat().st_mtime > built:
                return f"the site is older than {path.relative_to(ROOT)}: build it again with make book"
    return None
