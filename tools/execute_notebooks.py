"""Execute the pages named on the command line, or all, on fresh kernels and store clean outputs.

Running it twice changes nothing, because neither times nor metadata of the machine are stored. It also writes the
landing page's chart to the README's image, and adds the cell for Colab where the repository has an address.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from book_site.colab import SKIPPED, set_colab_cell
from book_tools.repository import ROOT, read_address

BOOK = ROOT / "book"
README_CHART = BOOK / "images" / "latency-against-batch.svg"
KEPT_CELL_METADATA = {"tags", "mystnb"}
KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}


def execute(path: Path, address: str) -> None:
    """Run a notebook from top to bottom and store it without what changes from run to run."""
    notebook = nbformat.read(path, as_version=4)
    set_colab_cell(notebook, address)
    folder = {"metadata": {"path": BOOK}}
    options = {"timeout": 300, "record_timing": False, "coalesce_streams": True, "kernel_name": "python3"}
    options["extra_arguments"] = ["--IPKernelApp.log_level=ERROR"]  # a kernel on localhost need not warn of TCP
    NotebookClient(notebook, resources=folder, skip_cells_with_tag=SKIPPED, **options).execute()
    notebook.metadata = nbformat.from_dict({**KERNEL, "language_info": {"name": "python"}})
    for cell in notebook.cells:
        cell.metadata = {key: value for key, value in cell.metadata.items() if key in KEPT_CELL_METADATA}
        for output in cell.get("outputs", []):
            if "metadata" in output:
                output.metadata = {}
    nbformat.write(notebook, path)
    print(path.name)


def first_chart(path: Path) -> str:
    """Return the first SVG that a notebook stores."""
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            if "image/svg+xml" in output.get("data", {}):
                return output["data"]["image/svg+xml"]
    raise ValueError(f"{path} stores no SVG")


if __name__ == "__main__":
    address = read_address(ROOT / "_config.yml")
    pages = [BOOK / f"{page}.ipynb" for page in sys.argv[1:]] or sorted(BOOK.glob("*.ipynb"))
    missing = [path.stem for path in pages if not path.exists()]
    if missing:
        sys.exit(
            f"There is no page {', '.join(missing)}: the pages are book/*.ipynb, as in make notebooks PAGES=roofline"
        )
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda path: execute(path, address), pages))
    README_CHART.parent.mkdir(exist_ok=True)
    chart = first_chart(BOOK / "index.ipynb")
    if not README_CHART.exists() or README_CHART.read_text(encoding="utf-8") != chart:
        README_CHART.write_text(chart, encoding="utf-8")
