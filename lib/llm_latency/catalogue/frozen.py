"""What frozen dataclasses need: values set while one is made, comparison with arrays, dictionaries that stay."""

from dataclasses import fields

import numpy as np

__all__ = []


class ReadOnlyDict(dict):
    """A dictionary that refuses changes, but can be pickled and copied."""

    def _refuse(self, *_, **__):
        raise TypeError("the entries of a catalogue are read-only")

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self):
        return type(self), (dict(self),)


def set_frozen(made, **values) -> None:
    """Set values that a frozen dataclass computes while it is made; afterwards they are frozen, too."""
    for name, value in values.items():
        object.__setattr__(made, name, value)


def equal_values(one, other) -> bool:
    """Compare two dataclasses field by field; a field may be an array."""
    if type(one) is not type(other):
        return NotImplemented
    names = [item.name for item in fields(one) if item.compare]
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)
