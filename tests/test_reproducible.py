"""The site and the PDF are the same bytes wherever and whenever they are built from one commit."""

import subprocess
import sys
from filecmp import dircmp
from pathlib import Path

import pytest

from book_tools.browser import why_no_browser
from book_tools.repository import BUILD, copy_repository, environment_of

pytestmark = [pytest.mark.long, pytest.mark.skipif(bool(why_no_browser()), reason="needs a browser to print the PDF")]

PLACES = {
    "book": {"TZ": "UTC", "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", "PYTHONHASHSEED": "1"},
    "a folder with a longer näme": {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "LANG": "tr_TR", "PYTHONHASHSEED": "2"},
}
"""Folders in which the book is built, and what differs around them."""
DIFFERS = {".buildinfo"}
"""Sphinx's own hash of its settings, some of which hold the path of the folder. No page uses it."""


def build(folder: Path, surroundings: dict[str, str]) -> Path:
    """Build the site and the PDF in a copy of the repository, and return their folder."""
    environment = environment_of(copy_repository(folder)) | surroundings
    subprocess.run(BUILD, cwd=folder, env=environment, check=True, capture_output=True)
    # Where the machine lacks a font, it says so and fails, but only after it has printed.
    printing = [sys.executable, "-m", "book_print"]
    printed = subprocess.run(printing, cwd=folder, env=environment, capture_output=True, text=True)
    assert list(folder.glob("_build/pdf/*.pdf")), printed.stderr
    return folder / "_build"


def differences(comparison: dircmp) -> list[str]:
    """List the files of two folders that differ or exist only once."""
    found = [Path(comparison.left, name) for name in (*comparison.left_only, *comparison.right_only)]
    found += [
        Path(comparison.left, name)
        for name in {*comparison.common_files} - DIFFERS
        if Path(comparison.left, name).read_bytes() != Path(comparison.right, name).read_bytes()
    ]
    return [str(path) for path in found] + [each for sub in comparison.subdirs.values() for each in differences(sub)]


def test_two_places_build_the_same_bytes(tmp_path):
    first, second = (build(tmp_path / name, surroundings) for name, surroundings in PLACES.items())
    for part in ("html", "pdf"):
        assert list((first / part).iterdir()), part
        assert differences(dircmp(first / part, second / part)) == []
