"""The repository: its folder, copies of it, and its address, which `_config.yml` leaves empty until there is one."""

import os
import re
import shutil
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
MADE_HERE = (".venv", ".node", ".mutation", "_build", ".*_cache", "__pycache__")
"""Environments, caches and what is built, which no copy needs."""
BUILD = [str(Path(sys.executable).parent / "jupyter-book"), "build", ".", "-W", "--keep-going", "--quiet"]
ADDRESS = re.compile(r"https://github\.com/[\w-]+/[\w.-]+(?<!\.git)")
LEGAL = 'it must be https://github.com/OWNER/NAME or ""'


def checked_address(address: str) -> str:
    """Return the address, or raise a ValueError if it is neither empty nor on GitHub, the only host Colab opens."""
    if address and not ADDRESS.fullmatch(address):
        raise ValueError(f"repository.url in _config.yml is {address!r}: {LEGAL}")
    return address


def read_address(config: Path) -> str:
    """Read the address from ``_config.yml``."""
    settings = yaml.safe_load(config.read_text(encoding="utf-8")).get("repository", {})
    if "url" not in settings:
        raise ValueError(f"{config.name} has no repository.url: {LEGAL}")
    return checked_address(settings["url"])


def copy_repository(copy: Path) -> Path:
    """Copy the repository, changes that are not committed included, without what was made in it."""
    return shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*MADE_HERE))


def environment_of(copy: Path) -> dict[str, str]:
    """Return the variables with which programs run on the code of a copy, and leave nothing compiled there."""
    sources = os.pathsep.join([str(copy / "lib"), str(copy / "tools")])
    return {**os.environ, "PYTHONPATH": sources, "PYTHONDONTWRITEBYTECODE": "1"}
