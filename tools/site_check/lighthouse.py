"""Ask Lighthouse for its scores of a page."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from book_tools.browser import ARGUMENTS, chromium
from book_tools.repository import ROOT

PACKAGE = ROOT / ".node" / "node_modules" / "lighthouse"
PROGRAM = PACKAGE / "cli" / "index.js"
REPORTS = ROOT / "_build" / "lighthouse"
CATEGORIES = ("accessibility", "best-practices", "seo", "performance")
FORM_FACTORS = ("desktop", "mobile")
TIMEOUT = 180
"""In seconds."""


class LighthouseError(RuntimeError):
    """Lighthouse gave no scores."""


@dataclass(frozen=True)
class Scores:
    """Lighthouse's scores of a page from 0 to 100 by category, and the audits that cost points."""

    scores: dict[str, int]
    lost: dict[str, list[str]]


def why_not_ready() -> str | None:
    """Say what Lighthouse needs and this machine lacks, or return None."""
    if not shutil.which("node"):
        return "no node found: install Node 18.16 or newer (on Debian: apt install nodejs npm)"
    if not PROGRAM.exists():
        return f"no Lighthouse in {PROGRAM.relative_to(ROOT)}: make site-check installs it with npm"
    return None


def version() -> str:
    """Return the version of Lighthouse."""
    return json.loads((PACKAGE / "package.json").read_text(encoding="utf-8"))["version"]


def audit(address: str, name: str, form_factor: str, categories: tuple[str, ...] = CATEGORIES) -> Scores:
    """Run Lighthouse on a page in a Chromium of its own; its full report stays in `REPORTS`."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    path = REPORTS / f"{name}-{form_factor}.json"
    path.unlink(missing_ok=True)
    command = [
        "node",
        PROGRAM,
        address,
        "--quiet",
        "--output=json",
        f"--output-path={path}",
        "--no-enable-error-reporting",
        f"--only-categories={','.join(categories)}",
        f"--chrome-flags=--headless=new {' '.join(ARGUMENTS)}",
    ]
    if form_factor == "desktop":
        command.append("--preset=desktop")
    environment = {**os.environ, "CHROME_PATH": chromium()}
    try:
        run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=TIMEOUT)
    except subprocess.TimeoutExpired as error:
        raise LighthouseError(f"no answer within {TIMEOUT} s") from error
    if run.returncode or not path.exists():
        raise LighthouseError(run.stderr.strip()[-500:])
    return read_scores(path)


def read_scores(path: Path) -> Scores:
    """Read the scores from one of Lighthouse's reports."""
    report = json.loads(path.read_text(encoding="utf-8"))
    scores, lost = {}, {}
    for name, category in report["categories"].items():
        if category["score"] is None:
            raise LighthouseError(f"no score for {name}: {report.get('runtimeError', {}).get('message', 'no reason')}")
        scores[name] = round(100 * category["score"])
        audits = [report["audits"][reference["id"]] for reference in category["auditRefs"] if reference["weight"]]
        lost[name] = [
            f"{each['id']} {each.get('displayValue', '')}".strip()
            for each in audits
            if each["score"] is not None and each["score"] < 0.9
        ]
    return Scores(scores, lost)
