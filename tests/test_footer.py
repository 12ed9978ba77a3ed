"""The foot of a page gives the day of its last commit, and none that it does not know."""

import os
import shutil
import subprocess
import tomllib
from types import SimpleNamespace

import pytest
from sphinx.config import Config

from book_site.footer import add_date, commit_dates, configure
from conftest import ROOT

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")

IDENTITY = {
    "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org",
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


def test_each_file_has_the_day_of_its_last_commit(checkout):
    pages = checkout / "book"
    expected = {pages / "a.md": "2026-01-03", pages / "b c.md": "2026-01-02", pages / "é.md": "2026-01-04"}
    assert commit_dates(checkout) == expected
    assert commit_dates(pages) == expected


def test_a_shallow_checkout_knows_no_day(checkout, tmp_path):
    git(tmp_path, "clone", "--quiet", "--depth=1", checkout.as_uri(), "shallow")
    assert (tmp_path / "shallow" / "book" / "a.md").exists()
    assert commit_dates(tmp_path / "shallow") == {}


def test_outside_git_there_is_no_day(tmp_path, monkeypatch):
    assert commit_dates(tmp_path) == {}
    monkeypatch.setattr("book_site.footer.shutil.which", lambda name: None)
    assert commit_dates(ROOT / "book") == {}


@pytest.mark.parametrize(
    ("page", "doctree", "day"),
    [("book/a", True, "2026-01-03"), ("book/new", True, None), ("search", None, None)],
)
def test_a_page_gets_its_day(checkout, page, doctree, day):
    env = SimpleNamespace(doc2path=lambda name: f"{checkout}/{name}.md")
    context = {}
    add_date(SimpleNamespace(env=env, srcdir=checkout), page, "page.html", context, doctree)
    assert context == {"last_updated": day}


def test_the_version_is_the_packages():
    config = Config()
    config.html_theme_options = {}
    configure(None, config)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert config.version == config.release == project["version"]
