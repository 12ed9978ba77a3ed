"""Dates that git knows."""

import shutil
import subprocess
from pathlib import Path


def last_commit_day(root: Path) -> str | None:
    """Return the day of the last commit, as in 2026-11-22, or None without a checkout, a commit or git."""
    if not (root / ".git").exists() or not shutil.which("git"):
        return None
    run = subprocess.run(["git", "log", "-1", "--format=%cs"], cwd=root, capture_output=True, text=True)
    return run.stdout.strip() or None
