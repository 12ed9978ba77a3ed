"""The repository is what its README says."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import llm_latency
from conftest import NOTEBOOKS, ROOT, outputs_of, toc_files

TEXTS = {
    *(".md", ".py", ".toml", ".txt", ".yml", ".cff", ".csv", ".bib", ".css"),
    *(".js", ".json", ".lock", ".ipynb", ".mplstyle", ""),
}


def tracked_files() -> list[str]:
    """List the files of the repository; none without git or a checkout."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        return []
    run = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in run.stdout.split("\0") if name and (ROOT / name).exists()]


TRACKED = tracked_files()
REGISTRIES = re.compile(r"pypi\.org|pythonhosted\.org|registry\.npmjs|deb\.debian\.org|--index-url|--find-links")


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def requirements(folder):
    lines = read(f"{folder}/requirements.txt").splitlines()
    return dict(re.sub(r"\[.*\]", "", line).split("==") for line in lines if line and line[0] != "#")


ENVIRONMENTS = {".": 100, "tools/mutants": 20}
"""The folders with a lock, and more packages than it must name at least."""


def test_requirements_are_exact_and_locked(faults):
    for folder in ENVIRONMENTS:
        locked = dict(re.findall(r"^([\w.-]+)(?:\[.*\])?==([^\s;]+)", read(f"{folder}/requirements.lock"), flags=re.M))
        for name, version in requirements(folder).items():
            with faults.at(folder, "requirements.txt", name):
                assert re.fullmatch(r"[\d.]+(post\d+)?", version), f"{version!r} must be one version"
                assert locked[name] == version, f"{version} is locked as {locked[name]}"


def test_every_locked_package_has_hashes(faults):
    for folder, fewest in ENVIRONMENTS.items():
        packages = re.split(r"\n(?=[A-Za-z])", read(f"{folder}/requirements.lock").strip())
        with faults.at(folder):
            assert len(packages) > fewest
            assert not [package.split()[0] for package in packages if "--hash=sha256:" not in package]


def test_what_the_library_needs_is_required():
    needed = tomllib.loads(read("pyproject.toml"))["project"]["dependencies"]
    locked = read("requirements.lock")
    names = [re.match(r"[\w-]+", need)[0] for need in needed]
    assert all(re.search(rf"^{name}==", locked, flags=re.M) for name in names)


def test_no_file_names_a_registry_or_a_machine(faults):
    for name in TRACKED:
        if Path(name).suffix not in TEXTS or name == "tests/test_repository.py":
            continue  # this file names what it looks for
        for number, line in enumerate(read(name).splitlines(), start=1):
            with faults.at(name, f"line {number}"):
                assert not REGISTRIES.search(line), f"names a package registry: {line[:100]}"
                own = re.search(r"/(work|root|home|tmp)/", line)
                assert not own or name.startswith(("tests/", "tools/")), f"names a folder of a machine: {line[:100]}"


def test_no_generated_file_is_tracked():
    generated = re.compile(r"_build|\.venv|\.node/|node_modules|__pycache__|\.egg-info|checkpoints")
    assert not [name for name in TRACKED if generated.search(name)]


def named_targets(text):
    """List the targets of make that a text names in code."""
    return set(re.findall(r"(?:^|`)make ([a-z][a-z-]*)", text, flags=re.M))


def test_every_make_target_that_the_docs_mention_exists():
    made = set(re.findall(r"^([a-z-]+):", read("Makefile"), flags=re.M))
    needed = {"book", "serve", "pdf", "lab", "test", "test-long", "site-check", "notebooks"}
    assert needed <= named_targets(read("README.md"))
    for file in ("README.md", "CONTRIBUTING.md"):
        assert named_targets(read(file)) <= made, file


def test_the_readme_gives_the_commands_without_make():
    readme = read("README.md")
    assert "pip install --require-hashes -r requirements.lock" in readme
    assert "pip install --no-deps --no-build-isolation --editable . --editable tools" in readme


def test_continuous_integration_runs_the_test_command():
    assert read(".ci/run").strip().endswith("make test")


def test_the_readme_lists_every_page_once_in_the_order_of_the_book():
    listed = re.findall(r"^\| \[[\w-]+\]\((book/[\w-]+)\.(?:ipynb|md)\)", read("README.md"), flags=re.M)
    assert [*listed, "book/references"] == toc_files()  # the bibliography needs no row


def test_the_landing_page_lists_every_other_page_in_the_order_of_the_book():
    [table] = [cell.source for cell in NOTEBOOKS["index"].cells if "| page | in a line |" in cell.source]
    listed = re.findall(r"^\| \[[^\]]+\]\(([\w-]+)\.(?:ipynb|md)\)", table, flags=re.M)
    assert ["book/index", *(f"book/{page}" for page in listed)] == toc_files()


def test_the_readme_shows_the_landing_pages_chart():
    outputs = [data for cell in NOTEBOOKS["index"].cells for data in outputs_of(cell)]
    [chart] = [data["image/svg+xml"] for data in outputs if "image/svg+xml" in data]
    assert read("book/images/latency-against-batch.svg") == chart
    assert "book/images/latency-against-batch.svg" in read("README.md")


def test_the_changelog_and_the_citation_name_this_version():
    version = llm_latency.__version__
    assert f"## {version}" in read("CHANGELOG.md")
    assert f"version: {version}" in read("CITATION.cff")


def test_texts_that_count_the_catalogue_have_its_numbers(faults):
    first = NOTEBOOKS["hardware-and-models"].cells[0].source
    for place, text in (("README.md", read("README.md")), ("hardware-and-models", first)):
        for catalogue, word in ((llm_latency.models, "models"), (llm_latency.devices, "devices")):
            [stated] = set(re.findall(rf"(\d+) {word}\b", text))
            with faults.at(place, word):
                assert int(stated) == len(catalogue), f"says {stated}, and the catalogue has {len(catalogue)}"
