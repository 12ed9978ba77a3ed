"""The table of contents: the parts of the book and their pages, from `_toc.yml`."""

from dataclasses import dataclass
from pathlib import Path

import yaml


@dataclass(frozen=True)
class Part:
    """A part of the book; the first one has no caption and holds only the landing page."""

    caption: str
    pages: tuple[str, ...]
    """Their names, such as ``book/notation``."""


def read_parts(path: Path) -> tuple[Part, ...]:
    """Read the parts in the order of the book."""
    toc = yaml.safe_load(path.read_text(encoding="utf-8"))
    parts = (Part(part["caption"], tuple(chapter["file"] for chapter in part["chapters"])) for part in toc["parts"])
    return Part("", (toc["root"],)), *parts


def read_pages(path: Path) -> tuple[str, ...]:
    """Read the names of all pages in the order of the book."""
    return tuple(page for part in read_parts(path) for page in part.pages)
