"""The foot of a page gives the day of its last commit, or no day if that is not known."""

import os
import shutil
import subprocess

import pytest
from bs4 import BeautifulSoup
from sphinx.config import Config

import llm_latency
from book_site.footer import configure
from small_site import build

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")

IDENTITY = {
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
}


def git(folder, *arguments, date="2026-01-01"):
    moment = f"{date}T12:00:00+0000"
    environment = {**os.environ, **IDENTITY, "GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment}
    subprocess.run(["git", *arguments], cwd=folder, env=environment, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path):
    """Make a repository whose pages were committed on different days."""
    folder = tmp_path / "checkout"
    (folder / "book").mkdir(parents=True)
    git(folder, "init", "--quiet")
    for day, name in [("2026-01-01", "a.md"), ("2026-01-02", "b c.md"), ("2026-01-03", "a.md"), ("2026-01-04", "é.md")]:
        (folder / "book" / name).write_text(day, encoding="utf-8")
        git(folder, "add", ".")
        git(folder, "commit", "--quiet", "--message", day, date=day)
    (folder / "book" / "new.md").write_text("not committed", encoding="utf-8")
    return folder


@pytest.fixture
def days(monkeypatch):
    """Return what builds the pages of a folder, and lists the day at the foot of each."""

    def built(folder, path=os.environ["PATH"]):
        monkeypatch.setenv("PATH", path)
        pages = {page.stem: page.read_text(encoding="utf-8") for page in (folder / "book").glob("*.md")}
        site = build(
            folder,
            {f"book/{name}": f"---\norphan: true\n---\n# {text}\n" for name, text in pages.items()},
            extensions=["book_site.static_files", "book_site.footer"],
            root_doc="book/a",
            html_theme="sphinx_book_theme",
        )
        assert len(list((site / "_sources" / "book").iterdir())) == len(pages), "a page offers its source"
        feet = {name: soup_of(site / "book" / f"{name}.html").select_one(".book-footer") for name in pages}
        return {name: foot.time and foot.time["datetime"] for name, foot in feet.items()}

    return built


def soup_of(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def test_each_page_has_the_day_of_its_last_commit(checkout, days):
    assert days(checkout) == {"a": "2026-01-03", "b c": "2026-01-02", "é": "2026-01-04", "new": None}


def test_a_shallow_checkout_gives_no_day(checkout, tmp_path, days):
    git(tmp_path, "clone", "--quiet", "--depth=1", checkout.as_uri(), "shallow")
    assert set(days(tmp_path / "shallow").values()) == {None}


def test_outside_a_repository_there_is_no_day(tmp_path, days):
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "a.md").write_text("a", encoding="utf-8")
    assert days(tmp_path) == {"a": None}


def test_without_git_there_is_no_day(checkout, days):
    assert set(days(checkout, path="").values()) == {None}


def test_the_version_is_the_packages():
    config = Config()
    config.html_theme_options = {}
    configure(None, config)
    assert config.version == config.release == llm_latency.__version__
