"""The repository: its folder, and its public address, which `_config.yml` leaves empty until there is one."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
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
