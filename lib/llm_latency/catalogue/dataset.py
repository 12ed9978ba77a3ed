"""The rows of one data file as objects: list, count or filter them, or turn them into a pandas DataFrame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Generic, TypeVar

from llm_latency.catalogue.devices import devices
from llm_latency.catalogue.models import models
from llm_latency.catalogue.rows import read_rows

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Dataset"]

Row = TypeVar("Row")


class Dataset(Generic[Row]):
    """The rows of one data file; iterate over all, or call it to list those that match.

    Parameters
    ----------
    kind : type
        Dataclass of the rows.
    file : str
        CSV file of the library's data folder.

    Raises
    ------
    ValueError
        If called with a field that the rows do not have.
    UnknownNameError
        If called with a model or device that is not in the catalogue.

    Examples
    --------
    >>> from llm_latency.catalogue.measurements import latencies, matmuls, runs
    >>> [row.time for row in latencies(model="GPT-13B", quantity="decode_step")]
    [0.022, 0.0135]
    >>> [row.time for row in matmuls(rows=64)]
    [0.00019]
    >>> len(runs(model="Megatron-530B", pp=3))
    37

    References
    ----------
    The folder ``lib/llm_latency/data``.
    """

    def __init__(self, kind: type[Row], file: str):
        converters = {"str": str, "int": int, "float": float}
        self._types = {item.name: converters[item.type] for item in fields(kind)}
        self._rows = [
            kind(**{name: convert(row[name]) for name, convert in self._types.items()}) for row in read_rows(file)
        ]

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def to_frame(self) -> pd.DataFrame:
        """Return the rows as a pandas DataFrame.

        Returns
        -------
        pandas.DataFrame
            A column for each field.
        """
        import pandas as pd

        return pd.DataFrame([asdict(row) for row in self._rows])

    def __call__(self, **wanted) -> list[Row]:
        """List the rows whose fields have the given values, in the order of the data file."""
        unknown = wanted.keys() - self._types.keys()
        if unknown:
            raise ValueError(f"no field {', '.join(sorted(unknown))}; fields: {', '.join(self._types)}")
        for name, catalogue in (("model", models), ("device", devices)):
            if name in wanted:
                wanted[name] = catalogue[wanted[name]].name
        return [row for row in self._rows if all(getattr(row, name) == value for name, value in wanted.items())]
