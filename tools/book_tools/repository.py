"""The public address of the repository: one setting, empty as long as there is none."""

import re
from pathlib import Path

import yaml

ADDRESS = re.compile(r"https://github\.com/[\w-]+/[\w.-]+(?<!\.git)")


def checked_address(address: str) -> str:
    """Return the address if it is legal.

    Parameters
    ----------
    address : str
        The address, empty for none.

    Returns
    -------
    str
        The same address.

    Raises
    ------
    ValueError
        If it is neither empty nor the address of a repository on GitHub.

    Notes
    -----
    Binder opens repositories from many places, Colab from GitHub alone.

    Examples
    --------
    >>> checked_address("https://github.com/owner/name")
    'https://github.com/owner/name'
    >>> checked_address("github.com/owner/name")
    Traceback (most recent call last):
    ...
    ValueError: repository.url in _config.yml is 'github.com/owner/name': legal are https://github.com/OWNER/NAME and ""
    """
    if address and not ADDRESS.fullmatch(address):
        raise ValueError(
            f'repository.url in _config.yml is {address!r}: legal are https://github.com/OWNER/NAME and ""'
        )
    return address


def read_address(config: Path) -> str:
    """Read the address from the configuration of the book.

    Parameters
    ----------
    config : pathlib.Path
        The file ``_config.yml``.

    Returns
    -------
    str
        The address, empty for none.

    Raises
    ------
    ValueError
        If the setting is missing or not legal.
    """
    settings = yaml.safe_load(config.read_text(encoding="utf-8")).get("repository", {})
    if "url" not in settings:
        raise ValueError(f'{config.name} has no repository.url: legal are https://github.com/OWNER/NAME and ""')
    return checked_address(settings["url"])
