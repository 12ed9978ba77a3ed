"""What an error message says about a value or a name that is not legal."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["UnknownNameError", "short", "suggestion"]

CLOSEST = 3
"""How many names an error suggests."""


class UnknownNameError(KeyError):
    """A name that is not in the catalogue; its message is a sentence, not a quoted key."""

    def __str__(self):
        return self.args[0]


def short(value: object) -> str:
    """Write a value for an error message, shortened.

    Parameters
    ----------
    value : object
        What the caller gave.

    Returns
    -------
    str
        At most some thirty characters of its ``repr``.

    Examples
    --------
    >>> short("a" * 100_000)
    "'aaaaaaaaaaaa...aaaaaaaaaaaaa'"
    >>> short(10**5000)
    'a whole number of 16610 bits'

    References
    ----------
    `reprlib` of the standard library.
    """
    try:
        return reprlib.repr(value)
    except ValueError:  # Python does not write such long numbers
        return f"a whole number of {value.bit_length()} bits"


def suggestion(name: object, known: Iterable[str]) -> str:
    """Suggest known names close to a mistyped one.

    Parameters
    ----------
    name : object
        The name as given.
    known : iterable of str
        The legal names.

    Returns
    -------
    str
        A question that ends in a space, empty if nothing is close.

    Examples
    --------
    >>> print(suggestion("A10-40GB-SXM", ["A100-40GB-SXM", "T4"]))
    did you mean 'A100-40GB-SXM'?
    >>> print(suggestion("A100", ["A100-40GB-SXM", "A100-80GB-SXM", "T4"]))
    did you mean 'A100-40GB-SXM' or 'A100-80GB-SXM'?
    >>> suggestion("abacus", ["A100-40GB-SXM", "H100-SXM"])
    ''

    References
    ----------
    `difflib.get_close_matches` of the standard library.
    """
    folded = {candidate.casefold(): candidate for candidate in known}
    wanted = name.casefold() if isinstance(name, str) else ""
    if not wanted or len(wanted) > 2 * max(map(len, folded), default=0):
        return ""
    parts = [candidate for candidate in folded if wanted in candidate]
    matches = parts[:CLOSEST] or get_close_matches(wanted, folded, n=CLOSEST, cutoff=0.65)
    return did_you_mean(folded[match] for match in matches)


def did_you_mean(names: Iterable[str]) -> str:
    """Ask whether one of some names was meant; ends in a space, and is empty if there are none."""
    asked = " or ".join(map(repr, names))
    return f"did you mean {asked}? " if asked else ""
