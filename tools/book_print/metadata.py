"""The title, authors, version and date of the book."""

from dataclasses import dataclass
from pathlib import Path

import yaml

from book_tools.dates import last_commit_day


@dataclass(frozen=True)
class Metadata:
    """What the cover, the imprint and the PDF's metadata say about the book."""

    title: str
    subtitle: str
    authors: str
    version: str
    date: str | None
    """The day of the last commit, as in 2026-11-22, or None outside a checkout."""

    @property
    def edition(self) -> str:
        """Version and date in one line."""
        return f"Version {self.version}" + (f", {self.date}" if self.date else "")


def read_metadata(root: Path) -> Metadata:
    """Read `CITATION.cff` and the date of the last commit in the repository's folder."""
    citation = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    title, _, subtitle = citation["title"].partition(": ")
    return Metadata(
        title=title,
        subtitle=subtitle,
        authors=", ".join(author["name"] for author in citation["authors"]),
        version=str(citation["version"]),
        date=last_commit_day(root),
    )
