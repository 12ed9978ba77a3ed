"""Names of catalogue entries, as people write them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from llm_latency.suggestions import CLOSEST, UnknownNameError, did_you_mean, short, suggestion

__all__ = ["full_name", "names_that_fit"]

TUNED = {"instruct", "chat", "it", "hf"}
"""Endings of the names of a model's tuned or converted versions, which have its shape."""
LONGEST = 200
"""Characters of a name that is compared at all."""


def names_that_fit(name: object, known: Iterable[str]) -> list[str]:
    """List the names that one may mean who writes another one.

    Case, spaces, underscores, an owner before a slash and the ending of a tuned version do not count; the last parts of
    a name may be missing.

    Parameters
    ----------
    name : object
        The name as given.
    known : iterable of str
        The legal names.

    Returns
    -------
    list of str
        Those that are equal but for what does not count; if there are none, those that begin so.

    Examples
    --------
    >>> models = ["Llama-3-8B", "Llama-3-70B", "Llama-3.3-70B", "DeepSeek-V3-671B"]
    >>> names_that_fit("meta-llama/llama-3.3-70b-instruct", models), names_that_fit("DeepSeek V3", models)
    (['Llama-3.3-70B'], ['DeepSeek-V3-671B'])
    >>> names_that_fit("llama-3", models)
    ['Llama-3-8B', 'Llama-3-70B']

    References
    ----------
    Page ``hardware-and-models``.
    """
    if not isinstance(name, str) or len(name) > LONGEST:
        return []
    wanted = _parts(name)
    while wanted and wanted[-1] in TUNED:
        wanted.pop()
    parts = {candidate: _parts(candidate) for candidate in known}
    equal = [candidate for candidate, its in parts.items() if its == wanted]
    return equal or [candidate for candidate, its in parts.items() if wanted and its[: len(wanted)] == wanted]


def full_name(name: object, known: Collection[str], noun: str) -> str:
    """Return the one name that may be meant.

    Parameters
    ----------
    name : object
        The name as given.
    known : collection of str
        The legal names.
    noun : str
        What has these names, as ``model``.

    Returns
    -------
    str
        The legal name.

    Raises
    ------
    UnknownNameError
        If none or several fit.

    Examples
    --------
    >>> full_name("deepseek v3", ["DeepSeek-V3-671B", "DeepSeek-V3.2"], "model")
    'DeepSeek-V3-671B'
    """
    fitting = names_that_fit(name, known)
    if len(fitting) == 1:
        return fitting[0]
    closest = did_you_mean(fitting[:CLOSEST]) or suggestion(name, known)
    raise UnknownNameError(f"unknown {noun} {short(name)}; {closest}list(ll.{noun}s) names all {len(known)}")


def _parts(name: str) -> list[str]:
    return [part for part in re.split(r"[-_\s]+", name.rpartition("/")[2].casefold()) if part]
