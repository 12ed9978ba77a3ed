"""Specifications with a source for each value, and the catalogues that list them by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Generic, Self, TypeVar

import numpy as np

from llm_latency.catalogue.frozen import ReadOnlyDict, equal_values, set_frozen
from llm_latency.catalogue.names import full_name
from llm_latency.catalogue.rows import Source, read_rows, read_specs, specs_from_rows
from llm_latency.suggestions import UnknownNameError, short, suggestion

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Catalogue", "Spec"]


MOST_LETTERS = 80
"""How long a name may be."""


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Spec:
    """A named set of values with their sources.

    Parameters
    ----------
    name : str
        Key in the catalogue: one line of at most 80 characters.
    sources : mapping of str to Source, optional
        Source of each value, by field name; empty for an object of your own. A source that gives another
        value is left out, so `dataclasses.replace` gives no new value an old source.
    remark : str, optional
        What a reader of the catalogue should know about the entry.
    """

    words: ClassVar[Mapping[str, tuple[str, ...]]] = ReadOnlyDict({})
    """The values that are words, and which."""

    name: str
    sources: Mapping[str, Source] = field(default_factory=dict, repr=False, compare=False)
    remark: str = field(default="", repr=False, compare=False)

    def __post_init__(self):
        if not isinstance(self.name, str) or not self.name.isprintable() or not 0 < len(self.name) <= MOST_LETTERS:
            raise ValueError(f"name = {short(self.name)}: must be one line of 1 to {MOST_LETTERS} characters")
        known = self._quantities()
        if not isinstance(self.sources, Mapping) or not all(
            name in known and isinstance(source, Source) for name, source in self.sources.items()
        ):
            raise ValueError(f"{self.name}: sources = {short(self.sources)}: must map names of values to a Source each")
        if not isinstance(self.remark, str):
            raise ValueError(f"{self.name}: remark = {short(self.remark)}: must be a text")
        kept = {
            name: source
            for name, source in self.sources.items()
            if known[name] is source.value or np.array_equal(known[name], source.value)
        }
        set_frozen(self, sources=ReadOnlyDict(kept))

    def _quantities(self) -> dict[str, object]:
        """Return what can have a source, by the name that a row of the data file gives it."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

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
        own = type(self).__annotations__
        names = sorted((item.name for item in fields(self)), key=lambda name: (name != "name", name not in own))
        given = {name: getattr(self, name) for name in names if name not in ("sources", "remark")}
        known = {name: value for name, value in given.items() if value is not None}
        return {name: value for name, value in known.items() if not isinstance(value, Mapping) or value}

    @cached_property
    def arguments(self) -> Mapping[str, float]:
        """The values by their names in the registry; unknown ones are left out."""
        known = {name: value for name, value in self.to_dict().items() if not isinstance(value, str | Mapping)}
        return ReadOnlyDict(known)

    @classmethod
    def from_file(cls, path: str | PathLike, name: str | None = None) -> Self:
        """Read one entry from a CSV file of your own.

        Parameters
        ----------
        path : str or os.PathLike
            The file. It has the columns of the library's own tables: ``name``, ``values`` (such as
            ``mem_bandwidth=273e9``) and ``unit``; ``kind``, ``source``, ``read_on`` and ``remark`` may be missing.
        name : str, optional
            Which entry, if the file has several.

        Returns
        -------
        Model or Device
            The entry.

        Raises
        ------
        UnknownNameError
            If the file has no such entry.
        ValueError
            If a row is not legal, or the file has several entries and no name is given.
        """
        found = read_specs(cls, path)
        if name is None and len(found) > 1:
            raise ValueError(f"{Path(path).name} has {len(found)} entries: give the name of one")
        wanted = next(iter(found)) if name is None else name
        if wanted not in found:
            raise UnknownNameError(f"{Path(path).name} has no entry {short(wanted)}; {suggestion(wanted, found)}")
        return found[wanted]

    @property
    def recalled(self) -> tuple[str, ...]:
        """Names of the values that nobody has checked against a source yet."""
        return tuple(name for name, source in self.sources.items() if source.kind == "recalled")

    @property
    def departures(self) -> dict[str, str]:
        """The assumptions of formulas that the spec breaks, each with the reason."""
        return {}


Entry = TypeVar("Entry", bound=Spec)


class Catalogue(Mapping[str, Entry], Generic[Entry]):
    """Mapping from names to specifications; the error for an unknown name suggests close ones.

    Parameters
    ----------
    spec : type
        Dataclass of the entries, a subclass of `Spec`.
    file : str
        CSV file of the data folder with the columns name, values, unit, kind, source, read_on and remark;
        a row holds all values that one source gives in one unit, as ``n_layers=40 d_model=5120``.

    Raises
    ------
    UnknownNameError
        If the catalogue does not have the name.

    References
    ----------
    Page ``hardware-and-models`` lists the entries.
    """

    def __init__(self, spec: type[Entry], file: str):
        self._kind = spec
        self._entries = specs_from_rows(spec, read_rows(file), file)

    def __getitem__(self, name: str) -> Entry:
        known = self._entries
        return known[name if name in known else full_name(name, known, self._noun)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"<{len(self)} {self._noun}s: {', '.join(self)}>"

    @property
    def _noun(self) -> str:
        return self._kind.__name__.lower()

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    def add(self, *added: Entry | str | PathLike) -> list[str]:
        """Add entries of your own, for as long as the program runs.

        Parameters
        ----------
        *added : Model or Device, or path of a CSV file
            What to add. A file has the columns of the library's own tables, of which ``kind``, ``source``,
            ``read_on`` and ``remark`` may be missing.

        Returns
        -------
        list of str
            The new names.

        Raises
        ------
        ValueError
            If the catalogue has such a name already, or a row of a file is not legal.
        TypeError
            If an entry is of another kind.

        Examples
        --------
        >>> from copy import deepcopy
        >>> from llm_latency.catalogue.devices import Device, devices
        >>> deepcopy(devices).add(Device(name="mine", peak_flops=125e12, mem_bandwidth=273e9))
        ['mine']

        References
        ----------
        Page ``hardware-and-models``.
        """
        new: dict[str, Entry] = {}
        for each in added:
            if isinstance(each, str | PathLike):
                found = read_specs(self._kind, each)
            elif isinstance(each, self._kind):
                found = {each.name: each}
            else:
                raise TypeError(f"{short(each)} is neither a {self._kind.__name__} nor the path of a file")
            taken = found.keys() & (self._entries.keys() | new.keys())
            if taken:
                raise ValueError(f"there is a {self._noun} {short(min(taken))} already: give yours another name")
            new |= found
        self._entries |= new
        return list(new)

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
                {"name": spec.name, "quantity": quantity, **asdict(source)}
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
    raise TypeError(f"{short(spec)} is neither a name nor a {kind.__name__}")
