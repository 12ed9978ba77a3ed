"""What the cover, the imprint and the contents say of the book."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import yaml


@dataclass(frozen=True)
class Part:
    """A part of the book.

    Parameters
    ----------
    caption : str
        Its name; empty for the landing page, which stands before all parts.
    pages : tuple of str
        The pages in it, in order, as `_toc.yml` names them.
    """

    caption: str
    pages: tuple[str, ...]


@dataclass(frozen=True)
class Facts:
    """What a book says of itself.

    Parameters
    ----------
    title, subtitle : str
        The two halves of the title.
    authors : str
        Who wrote it.
    version : str
        Its version.
    date : str or None
        The day of the last commit; None outside a checkout.
    parts : tuple of Part
        Its pages, in order.
    """

    title: str
    subtitle: str
    authors: str
    version: str
    date: str | None
    parts: tuple[Part, ...]

    @property
    def edition(self) -> str:
        """Version and date in one line."""
        return f"Version {self.version}" + (f", {self.date}" if self.date else "")

    @property
    def pages(self) -> tuple[str, ...]:
        """All pages, in order."""
        return tuple(page for part in self.parts for page in part.pages)


def read_facts(root: Path) -> Facts:
    """Read the facts of the book whose repository is at `root`.

    Parameters
    ----------
    root : pathlib.Path
        The folder with `CITATION.cff` and `_toc.yml`.

    Returns
    -------
    Facts
        What the book says of itself.
    """
    citation = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    title, _, subtitle = citation["title"].partition(": ")
    return Facts(
        title=title,
        subtitle=subtitle,
        authors=", ".join(author["name"] for author in citation["authors"]),
        version=str(citation["version"]),
        date=last_commit_date(root),
        parts=read_parts(root / "_toc.yml"),
    )


def read_parts(path: Path) -> tuple[Part, ...]:
    """Read the parts of a table of contents.

    Parameters
    ----------
    path : pathlib.Path
        The file, `_toc.yml`.

    Returns
    -------
    tuple of Part
        The root page, and then the parts.
    """
    toc = yaml.safe_load(path.read_text(encoding="utf-8"))
    parts = (Part(part["caption"], tuple(chapter["file"] for chapter in part["chapters"])) for part in toc["parts"])
    return Part("", (toc["root"],)), *parts


def last_commit_date(root: Path) -> str | None:
    """Ask git for the day of the last commit.

    Parameters
    ----------
    root : pathlib.Path
        The folder of the repository.

    Returns
    -------
    str or None
        The day, as in 2026-11-22; None where there is no checkout, no commit or no git.
    """
    if not (root / ".git").exists() or not shutil.which("git"):
        return None
    command = ["git", "log", "-1", "--format=%cs"]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True)
    return run.stdout.strip() or None
