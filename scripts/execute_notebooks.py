"""Execute every notebook on a fresh kernel and store clean outputs.

Running it twice changes nothing: no timestamps, no machine's metadata. It also writes the
landing page's chart to the README's image.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent
BOOK = ROOT / "book"
README_CHART = BOOK / "images" / "latency-against-batch.svg"
KEPT_CELL_METADATA = {"tags", "mystnb"}
KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}


def execute(path: Path) -> None:
    """Run one notebook from top to bottom and write it back without what changes from run to run."""
    notebook = nbformat.read(path, as_version=4)
    folder = {"metadata": {"path": BOOK}}
    options = {"timeout": 300, "record_timing": False, "coalesce_streams": True, "kernel_name": "python3"}
    NotebookClient(notebook, resources=folder, **options).execute()
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
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(execute, sorted(BOOK.glob("*.ipynb"))))
    README_CHART.parent.mkdir(exist_ok=True)
    README_CHART.write_text(first_chart(BOOK / "index.ipynb"), encoding="utf-8")
