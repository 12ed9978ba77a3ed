"""Specifications read from the data folder, each value with its source."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from importlib.resources import files
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from llm_latency.suggestions import UnknownNameError, suggestion

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Catalogue", "Source", "Spec", "read_rows"]


@dataclass(frozen=True)
class Source:
    """Where one value comes from.

    Parameters
    ----------
    unit : str
        Unit of the value as printed in the data file.
    kind : str
        ``datasheet``, ``published``, ``note`` (as the source note gives it), ``derived``,
        ``assumed``, or ``recalled``: from memory, not yet checked against any source.
    source : str
        Document, with its address where it has one.
    read_on : str
        Date on which it was read, ISO 8601.
    """

    unit: str
    kind: str
    source: str
    read_on: str


class ReadOnlyDict(dict):
    """A dictionary that refuses changes, but can be pickled and copied."""

    def _refuse(self, *_, **__):
        raise TypeError("the sources of a catalogue are read-only")

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


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Spec:
    """A named set of values with their sources.

    Parameters
    ----------
    name : str
        Key in the catalogue.
    sources : mapping of str to Source, optional
        Source of each value, by field name; empty for an object of your own.
    remark : str, optional
        What a reader of the catalogue should know about the entry.
    """

    name: str
    sources: Mapping[str, Source] = field(default_factory=dict, repr=False, compare=False)
    remark: str = field(default="", repr=False, compare=False)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.to_dict().items())})"

    def __eq__(self, other) -> bool:
        return equal_values(self, other)

    def __hash__(self) -> int:
        return hash((type(self), self.name))

    def to_dict(self) -> dict[str, str | float]:
        """Return the name and the known values, which make the same object again but for its sources and remark.

        Returns
        -------
        dict
            Values by field.
        """
        given = {item.name: getattr(self, item.name) for item in fields(self)}
        return {name: value for name, value in given.items() if name not in ("sources", "remark") and value is not None}

    @property
    def arguments(self) -> dict[str, float]:
        """The values by their names in the registry; unknown ones are left out."""
        values = self.to_dict()
        del values["name"]
        return values

    @property
    def recalled(self) -> tuple[str, ...]:
        """Names of the values that nobody has checked against a source yet."""
        return tuple(name for name, source in self.sources.items() if source.kind == "recalled")

    @property
    def departures(self) -> dict[str, str]:
        """The assumptions of formulas that the spec breaks, each with the reason."""
        return {}


def read_rows(file: str) -> list[dict[str, str]]:
    """Read a CSV file of the library's data folder.

    Parameters
    ----------
    file : str
        File name, such as ``devices.csv``.

    Returns
    -------
    list of dict
        One dictionary of strings per row.

    Examples
    --------
    >>> read_rows("devices.csv")[0]["unit"]
    'FLOP/s'

    References
    ----------
    The folder ``lib/llm_latency/data``.
    """
    with (files("llm_latency") / "data" / file).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _number(text: str) -> int | float:
    return int(text) if text.isdigit() else float(text)


Entry = TypeVar("Entry", bound=Spec)


class Catalogue(Mapping[str, Entry], Generic[Entry]):
    """Read-only mapping from names to specifications; the error for an unknown name suggests close ones.

    Parameters
    ----------
    spec : type
        Dataclass of the entries, a subclass of `Spec`.
    file : str
        CSV file with the columns name, values, unit, kind, source, read_on and remark; a row holds
        all values that one source gives in one unit, as ``n_layers=40 d_model=5120``.

    Raises
    ------
    UnknownNameError
        If the catalogue does not have the name.

    References
    ----------
    Page ``notation`` lists the entries.
    """

    def __init__(self, spec: type[Entry], file: str):
        values: dict[str, dict[str, float]] = {}
        sources: dict[str, dict[str, Source]] = {}
        remarks: dict[str, str] = {}
        for row in read_rows(file):
            name = row["name"]
            remarks[name] = " ".join(filter(None, (remarks.get(name), row["remark"])))
            for pair in row["values"].split():
                quantity, _, value = pair.partition("=")
                if not value:
                    raise ValueError(f"{file}, {name}: {pair!r} must be a quantity with its value, as n_layers=40")
                values.setdefault(name, {})[quantity] = _number(value)
                sources.setdefault(name, {})[quantity] = Source(row["unit"], row["kind"], row["source"], row["read_on"])
        self._kind = spec.__name__.lower()
        self._entries = {}
        for name in values:
            about = {"name": name, "sources": ReadOnlyDict(sources[name]), "remark": remarks[name]}
            try:
                self._entries[name] = spec(**about, **values[name])
            except TypeError as error:  # a quantity that the entries do not have, or one that they need
                raise TypeError(f"{file}, {name}: {error}") from error

    def __getitem__(self, name: str) -> Entry:
        if name not in self._entries:
            raise UnknownNameError(
                f"unknown {self._kind} {name!r}; {suggestion(name, self)}known: {', '.join(self._entries)}"
            )
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"<{len(self)} {self._kind}s: {', '.join(self)}>"

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    def to_frame(self, sources: bool = False) -> pd.DataFrame:
        """Return the catalogue as a pandas DataFrame.

        Parameters
        ----------
        sources : bool, optional
            Whether to give every value a row of its own, with unit, kind, source and date.

        Returns
        -------
        pandas.DataFrame
            A row for each entry, indexed by name; or for each value, with its source.

        Examples
        --------
        >>> from llm_latency.catalogue.devices import devices
        >>> float(devices.to_frame().loc["T4", "mem_bandwidth"])
        320000000000.0
        """
        import pandas as pd

        if sources:
            rows = [
                {"name": spec.name, "quantity": quantity, "value": getattr(spec, quantity), **asdict(source)}
                for spec in self.values()
                for quantity, source in spec.sources.items()
            ]
            return pd.DataFrame(rows)
        rows = [spec.to_dict() | {"remark": spec.remark} for spec in self.values()]
        return pd.DataFrame(rows).set_index("name")


def look_up(spec: str | Entry, kind: type[Entry], catalogue: Catalogue[Entry]) -> Entry:
    """Look a name up in a catalogue; return an object of the right kind as it is."""
    if isinstance(spec, str):
        return catalogue[spec]
    if isinstance(spec, kind):
        return spec
    raise TypeError(f"{spec!r} is neither a name nor a {kind.__name__}")
