"""The repository is what its README says."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from conftest import NOTEBOOKS, ROOT, outputs_of

TEXTS = {
    *(".md", ".py", ".toml", ".txt", ".yml", ".cff", ".csv", ".bib", ".css"),
    *(".js", ".json", ".lock", ".ipynb", ".mplstyle", ""),
}


def tracked_files() -> list[str]:
    """List the files of the repository, none where there is no git or no checkout."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        return []
    run = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in run.stdout.split("\0") if name and (ROOT / name).exists()]


TRACKED = tracked_files()
REGISTRIES = re.compile(r"pypi\.org|pythonhosted\.org|registry\.npmjs|deb\.debian\.org|--index-url|--find-links")


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def requirements():
    return dict(line.split("==") for line in read("requirements.txt").splitlines() if line and line[0] != "#")


def test_requirements_are_exact_and_locked():
    locked = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", read("requirements.lock"), flags=re.M))
    for name, version in requirements().items():
        assert re.fullmatch(r"[\d.]+(post\d+)?", version)
        assert locked[name] == version


def test_every_locked_package_has_hashes():
    packages = re.split(r"\n(?=[A-Za-z])", read("requirements.lock").strip())
    assert len(packages) > 100
    assert all("--hash=sha256:" in package for package in packages)


def test_what_the_library_needs_is_required():
    needed = tomllib.loads(read("pyproject.toml"))["project"]["dependencies"]
    locked = read("requirements.lock")
    assert all(re.search(rf"^{name}==", locked, flags=re.M) for name in needed)


@pytest.mark.parametrize("name", [name for name in TRACKED if Path(name).suffix in TEXTS])
def test_files_name_no_registry_and_no_machine(name):
    if name == "tests/test_repository.py":
        return  # it names what it looks for
    text = read(name)
    assert not REGISTRIES.search(text)
    assert not re.search(r"/(work|root|home|tmp)/", text) or name.startswith(("tests/", "tools/"))


def test_nothing_generated_is_tracked():
    generated = re.compile(r"_build|\.venv|\.node/|node_modules|__pycache__|\.egg-info|checkpoints")
    assert not [name for name in TRACKED if generated.search(name)]


@pytest.mark.parametrize("target", ["book", "serve", "pdf", "lab", "test", "site-check", "notebooks"])
def test_the_readme_names_targets_that_exist(target):
    assert f"make {target}" in read("README.md")
    assert re.search(rf"^{target}:", read("Makefile"), flags=re.M)


def test_the_readme_gives_the_commands_without_make():
    readme = read("README.md")
    assert "pip install --require-hashes -r requirements.lock" in readme
    assert "pip install --no-deps --no-build-isolation --editable . --editable tools" in readme


def test_continuous_integration_runs_the_test_command():
    assert read(".ci/run").strip().endswith("make test")


def test_the_readme_lists_every_page():
    readme = read("README.md")
    for page in NOTEBOOKS:
        assert f"book/{page}.ipynb" in readme


def test_the_readme_shows_the_landing_pages_chart():
    outputs = [data for cell in NOTEBOOKS["index"].cells for data in outputs_of(cell)]
    [chart] = [data["image/svg+xml"] for data in outputs if "image/svg+xml" in data]
    assert read("book/images/latency-against-batch.svg") == chart
    assert "book/images/latency-against-batch.svg" in read("README.md")


def test_the_changelog_tells_of_this_version():
    version = tomllib.loads(read("pyproject.toml"))["project"]["version"]
    assert f"## {version}" in read("CHANGELOG.md")
    assert f"version: {version}" in read("CITATION.cff")
