"""Unknown names: an error that suggests the closest known ones."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["UnknownNameError", "suggestion"]


class UnknownNameError(KeyError):
    """A name that is not in the catalogue; its message is a sentence, not a quoted key."""

    def __str__(self):
        return self.args[0]


def suggestion(name: str, known: Iterable[str]) -> str:
    """Suggest known names close to a mistyped one.

    Parameters
    ----------
    name : str
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
    wanted = str(name).casefold()
    parts = [candidate for candidate in folded if wanted and wanted in candidate]
    matches = parts[:3] or get_close_matches(wanted, folded, n=2, cutoff=0.65)
    if not matches:
        return ""
    return f"did you mean {' or '.join(repr(folded[match]) for match in matches)}? "
