"""The book in a real JupyterLab: a copy of a notebook is restarted and run in a browser, and drawn."""

import os
import re
import secrets
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import nbformat
import pytest

import llm_latency as ll
from conftest import BOOK, NOTEBOOKS, ROOT, need_browser, outputs_of

need_browser()

PAGE = "decode-latency"
"""It has all that a page can have: charts, a live chart, formulas that cells print, and exercises."""
FAILURE = "[data-mime-type$='jupyter.error'], [data-mime-type$='jupyter.stderr']"
FINISHED = """([expected, failure]) => {
    const prompts = [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")].map(node => node.textContent);
    const run = prompts.filter(prompt => /^\\[\\d+\\]:$/.test(prompt)).length;
    return run === expected || document.querySelector(failure);
}"""


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_until_up(server: subprocess.Popen, address: str, log: Path) -> None:
    """Wait until a server answers, or report what it wrote if it exits."""
    deadline = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < deadline:
        try:
            urlopen(address).close()
            return
        except URLError:
            time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8')}")


def copy_page(folder: Path) -> None:
    """Copy the notebook with its outputs and without its execution counts, so that a count proves a run."""
    notebook = nbformat.read(BOOK / f"{PAGE}.ipynb", as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.execution_count = None
    nbformat.write(notebook, folder / f"{PAGE}.ipynb")


@pytest.fixture(scope="module")
def lab(browser, tmp_path_factory):
    """Serve a copy of the page as `make lab` does, without anybody's settings, and return the address and token."""
    home, book = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("book")
    copy_page(book)
    folders = ("HOME", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    token, port = secrets.token_hex(), free_port()
    environment = {
        **os.environ,
        **dict.fromkeys(folders, str(home)),
        "JUPYTER_CONFIG_PATH": str(ROOT / ".jupyter"),
        "JUPYTER_TOKEN": token,
    }
    trust = [sys.executable, "-m", "jupyter", "trust", book / f"{PAGE}.ipynb"]
    subprocess.run(trust, env=environment, check=True, capture_output=True)
    options = ["--no-browser", "--allow-root", f"--port={port}", "--ServerApp.port_retries=0"]
    log = home / "log"
    with log.open("w", encoding="utf-8") as stream:
        command = [sys.executable, "-m", "jupyterlab", *options]
        server = subprocess.Popen(command, cwd=book, env=environment, stdout=stream, stderr=stream)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_up(server, f"{address}/api", log)
        yield address, token
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(scope="module")
def requests():
    """Return the list of all addresses that the browser asks for, which `opened` fills."""
    return []


@pytest.fixture(scope="module")
def opened(browser, lab, requests):
    """Open the page in JupyterLab."""
    address, token = lab
    window = browser.new_context(viewport={"width": 1280, "height": 900})
    window.set_default_timeout(60_000)
    window.on("request", lambda sent: requests.append(sent.url))
    tab = window.new_page()
    tab.goto(f"{address}/lab/tree/{PAGE}.ipynb?token={token}", wait_until="commit")
    tab.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]")
    yield tab
    window.close()


def test_the_stored_chart_is_there_before_the_page_runs(opened):
    opened.wait_for_selector(".jp-RenderedSVG img")


@pytest.fixture(scope="module")
def run(opened):
    """Restart the kernel of the page and run all its cells."""
    opened.click("[data-command='notebook:restart-run-all']")
    opened.click(".jp-Dialog .jp-mod-accept")
    code_cells = sum(cell.cell_type == "code" for cell in NOTEBOOKS[PAGE].cells)
    opened.wait_for_function(FINISHED, arg=[code_cells, FAILURE])
    return opened


def test_no_cell_fails(run):
    assert run.locator(FAILURE).all_text_contents() == []


def stored_outputs(mime_type: str) -> list[str]:
    """List the stored outputs of the page in one format."""
    outputs = [data for cell in NOTEBOOKS[PAGE].cells for data in outputs_of(cell)]
    return [data[mime_type] for data in outputs if mime_type in data]


def test_charts_are_drawn(run):
    charts = run.locator(".jp-RenderedSVG img")
    assert charts.count() == len(stored_outputs("image/svg+xml")) > 0
    for chart in charts.all():
        chart.scroll_into_view_if_needed()
        assert chart.bounding_box()["width"] > 300
        assert chart.evaluate("image => image.complete && image.naturalWidth") > 300


def test_mathematics_is_set(run):
    page = run
    expressions = page.locator(".jp-RenderedLatex")
    assert expressions.count() == len(stored_outputs("text/latex")) > 0
    for expression in expressions.all():
        expression.scroll_into_view_if_needed()
        assert expression.locator("mjx-container").bounding_box()["width"] > 10
    formulas = [text for text in stored_outputs("text/markdown") if text.startswith("$$")]
    assert page.locator(".jp-OutputArea .katex-display").count() >= len(formulas) > 5
    assert page.locator(".katex-error, mjx-merror").count() == 0


def test_directives_are_drawn(run):
    page = run
    labels = re.findall(r":label: (ex-\S+)", "".join(cell.source for cell in NOTEBOOKS[PAGE].cells))
    drawn = page.locator(".jp-MarkdownCell aside.myst-exercise[id]").evaluate_all("nodes => nodes.map(node => node.id)")
    assert set(labels) == set(drawn) != set()
    assert ":::" not in "".join(page.locator(".jp-MarkdownCell .myst").all_text_contents())


def test_nothing_is_requested_from_outside(run, lab, requests):
    asked = {urlsplit(url)[:2] for url in requests}
    assert {(scheme, host) for scheme, host in asked if scheme not in {"data", "blob"}} == {urlsplit(lab[0])[:2]}


def test_nothing_is_asked_of_the_reader(run):
    assert run.locator(".jp-Dialog, .Toastify__toast").all_text_contents() == []


def drawing_of_chart(page) -> str:
    """Return the SVG of the live chart that its menu saves."""
    chart = page.locator(".jp-RenderedVegaLite")
    chart.locator("summary").click()
    with page.expect_download() as download:
        chart.get_by_text("Save as SVG").click()
    chart.locator("summary").click()
    return download.value.path().read_text(encoding="utf-8")


def stated_by_chart(page) -> str:
    return re.sub(r"<[^>]*>", " ", drawing_of_chart(page))


def test_the_live_chart_follows_its_slider(run):
    page = run
    model, machine = ll.models["GPT-260B"], ll.devices["A100-note"]
    formula = ll.latency.overlapped_decode_step_time
    for batch, resource in {1: "memory bandwidth", 512: "arithmetic"}.items():
        page.locator(".jp-RenderedVegaLite input[name=batch]").fill(str(batch))
        [time] = re.findall(rf"([\d.]+) ms, bound by {resource}", stated_by_chart(page))
        expected = 1e3 * ll.evaluate(formula, model, machine, n_devices=16, batch=batch)
        assert float(time) == pytest.approx(expected, rel=1e-3)


def test_the_menu_of_the_live_chart_sets_an_example(run):
    page = run
    page.locator(".jp-RenderedVegaLite input[name=batch]").fill("1")
    page.locator(".jp-RenderedVegaLite select[name=example]").select_option("13B on one A100")
    [time] = re.findall(r"decode step ([\d.]+) ms", stated_by_chart(page))
    shape = ll.models["GPT-13B"], ll.devices["A100-note"]
    assert float(time) == pytest.approx(1e3 * 2 * 13e9 / shape[1].mem_bandwidth, rel=1e-3)
    page.locator(".jp-RenderedVegaLite select[name=example]").select_option("own settings")


def test_wider_labels_of_the_live_chart_get_more_room(run):
    def left_margin():
        return float(re.search(r'transform="translate\(([\d.]+),', drawing_of_chart(page))[1])

    page = run
    before = left_margin()
    page.locator(".jp-RenderedVegaLite input[name=own_n_params]").fill("700")
    page.locator(".jp-RenderedVegaLite input[name=own_n_devices]").fill("1")
    assert left_margin() > before
