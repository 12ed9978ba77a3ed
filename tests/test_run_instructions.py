"""Every page says how to run it, and the repository's address, once there is one, reaches all that needs it."""

import copy
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup
from IPython.core.inputtransformer2 import TransformerManager
from sphinx.errors import ConfigError

from book_site.colab import CELL_ID, set_colab_cell
from book_site.run_instructions import configure_theme
from book_tools.built_site import SITE, why_no_current_site
from book_tools.repository import checked_address, read_address
from conftest import BOOK, NOTEBOOKS, ROOT, demand, outputs_of

EXAMPLE = "https://github.com/example-owner/example-name"
TOC = {"format": "jb-book", "root": "book/page", "chapters": [{"file": "book/words"}]}


class Links:
    """The links of a page as (address, text), and which of them are downloads."""

    def __init__(self, page: Path):
        links = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").select("a[href]")
        self.found = {link["href"]: link.get_text(" ", strip=True) for link in links}
        self.downloads = {link["href"] for link in links if link.has_attr("download")}

    def outside(self) -> set[str]:
        return {link for link in self.found if link.startswith("http")}


def build(folder: Path, address: str) -> Path:
    """Build a book of a notebook and a text with this book's configuration, first chart and an address."""
    book = folder / "book"
    book.mkdir()
    shutil.copy(BOOK / "references.bib", book)
    cells = [
        nbformat.v4.new_markdown_cell("# A page\n\n*With a subtitle*\n\n**And an answer.**"),
        next(cell for cell in NOTEBOOKS["index"].cells if any("image/svg+xml" in data for data in outputs_of(cell))),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=NOTEBOOKS["index"].metadata)
    set_colab_cell(notebook, address)
    nbformat.write(notebook, book / "page.ipynb")
    (book / "words.md").write_text("# Words\n\n**No code.**\n", encoding="utf-8")
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    config["repository"]["url"] = address
    (folder / "_config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (folder / "_toc.yml").write_text(yaml.safe_dump(TOC), encoding="utf-8")
    command = [Path(sys.executable).parent / "jupyter-book", "build", folder, "-W", "--keep-going", "--quiet"]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    return folder / "_build" / "html" / "book"


@pytest.fixture(scope="module", params=["the book", pytest.param("a small book", marks=pytest.mark.long)])
def site(request, tmp_path_factory):
    """Return a notebook's page and one of words: the book's, and those of a book with an address if it has none."""
    if request.param == "the book":
        demand(why_no_current_site())
        address, pages, names = read_address(ROOT / "_config.yml"), SITE / "book", ("index", "glossary")
        code = [cell for cell in NOTEBOOKS["index"].cells if cell.cell_type == "code"]
        cells = sum("remove-cell" not in cell.metadata.get("tags", []) for cell in code)
    else:
        address = "" if read_address(ROOT / "_config.yml") else EXAMPLE
        pages, names, cells = build(tmp_path_factory.mktemp("site"), address), ("page", "words"), 1
    page, words = (pages / f"{name}.html" for name in names)
    return SimpleNamespace(address=address, page=page, words=words, cells=cells)


def test_a_page_says_how_to_run_it(site):
    assert f"<code>make lab PAGE={site.page.stem}</code>" in site.page.read_text(encoding="utf-8")
    links = Links(site.page)
    [notebook] = links.downloads
    assert (site.page.parent / notebook).is_file()
    assert "download the notebook" in links.found[notebook]


def test_only_a_notebook_says_how_to_run_it(site):
    assert "Run this page" in site.page.read_text(encoding="utf-8")
    assert "Run this page" not in site.words.read_text(encoding="utf-8")
    assert not Links(site.words).downloads


def test_the_links_follow_the_address(site):
    address, name = site.address, site.page.stem
    repository = address.removeprefix("https://github.com/")
    links = Links(site.page).outside()
    assert links == (
        {
            f"https://mybinder.org/v2/gh/{repository}/main?urlpath=lab/tree/book/{name}.ipynb",
            f"https://colab.research.google.com/github/{repository}/blob/main/book/{name}.ipynb",
            f"{address}/issues/new?title=Issue%20on%20page%20%2Fbook/{name}.html&body=Your%20issue%20content%20here.",
            address,
        }
        if address
        else set()
    )


def test_the_download_menu_says_what_it_offers(site):
    assert ">Notebook (.ipynb)<" in site.page.read_text(encoding="utf-8")
    assert ">Source (.md)<" in site.words.read_text(encoding="utf-8")


def test_the_library_can_be_installed_for_a_downloaded_page(site):
    address = site.address
    [command] = re.findall(r"<code>(pip install .+?)</code>", site.page.read_text(encoding="utf-8"))
    assert command == (f"pip install git+{address}" if address else "pip install .")


def test_the_site_hides_the_cell_for_colab(site):
    html = site.page.read_text(encoding="utf-8")
    assert "google.colab" not in html
    assert html.count('class="cell tag_') == site.cells


def test_an_address_that_is_not_legal_ends_the_build():
    config = SimpleNamespace(html_theme_options={"repository_url": "https://example.org/a/b"})
    with pytest.raises(ConfigError, match=r"'https://example\.org/a/b': it must be https://github\.com/OWNER/NAME"):
        configure_theme(None, config)


@pytest.mark.parametrize("address", [f"{EXAMPLE}/", f"{EXAMPLE}.git", f"{EXAMPLE}/tree/main", "git@github.com:a/b.git"])
def test_an_address_in_another_form_is_refused(address):
    with pytest.raises(ValueError, match="it must be"):
        checked_address(address)


def test_the_address_is_not_optional(tmp_path):
    config = tmp_path / "_config.yml"
    config.write_text("title: A book\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"_config\.yml has no repository\.url"):
        read_address(config)


@pytest.mark.parametrize("page", NOTEBOOKS)
def test_the_cell_for_colab_is_what_the_address_asks_for(page):
    stored = nbformat.read(BOOK / f"{page}.ipynb", as_version=4)
    asked = copy.deepcopy(stored)
    set_colab_cell(asked, read_address(ROOT / "_config.yml"))
    assert stored == asked, "run make notebooks"


def colab_cell() -> nbformat.NotebookNode:
    """Return the cell for Colab with the example's address."""
    notebook = copy.deepcopy(NOTEBOOKS["index"])
    set_colab_cell(notebook, EXAMPLE)
    [cell] = [cell for cell in notebook.cells if cell.id == CELL_ID]
    return cell


class Shell:
    """Stands in for IPython, and notes what a cell asks of it."""

    def __init__(self):
        self.calls = []

    def system(self, command):
        self.calls.append(command)

    def run_line_magic(self, name, line):
        self.calls.append(f"%{name} {line}")


def run(cell: nbformat.NotebookNode) -> list[str]:
    """Execute a cell as IPython would, and list the commands and magics that it runs."""
    shell = Shell()
    exec(TransformerManager().transform_cell(cell.source), {"get_ipython": lambda: shell})
    return shell.calls


def test_the_cell_for_colab_does_nothing_elsewhere():
    assert run(colab_cell()) == []


def test_the_cell_for_colab_fetches_the_book_there(monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", SimpleNamespace())
    assert run(colab_cell()) == [
        f"test -d /content/book || git clone --quiet --depth 1 {EXAMPLE} /content/book",
        '%pip install --quiet "/content/book[notebook]"',
        "%cd -q /content/book/book",
    ]


def test_a_notebook_with_the_cell_for_colab_runs_and_nbval_skips_the_cell(tmp_path):
    first = next(cell for cell in NOTEBOOKS["index"].cells if cell.cell_type == "code")
    notebook = nbformat.v4.new_notebook(cells=[copy.deepcopy(first)], metadata=NOTEBOOKS["index"].metadata)
    set_colab_cell(notebook, EXAMPLE)
    nbformat.write(notebook, tmp_path / "index.ipynb")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")  # and none of this repository's options
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-n0", "-q", "index.ipynb"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert "1 passed, 1 skipped" in run.stdout, run.stdout


def test_make_lab_opens_the_page_it_is_given():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "PAGE := index" in makefile
    assert "jupyter lab book/$(PAGE).ipynb" in makefile


def test_binder_installs_what_make_installs():
    binder, readme = ROOT / ".binder", (ROOT / "README.md").read_text(encoding="utf-8")
    assert (binder / "requirements.txt").read_text(encoding="utf-8") == "-r ../requirements.lock\n"
    build = (binder / "postBuild").read_text(encoding="utf-8")
    [install] = [line for line in build.splitlines() if line.startswith("pip install")]
    assert install in readme
    assert (binder / "postBuild").stat().st_mode & 0o111, "Binder executes postBuild"
    oldest = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    assert (binder / "runtime.txt").read_text(encoding="utf-8") == f"python-{oldest.removeprefix('>=')}\n"
