"""Rows of the data folder's tables, and of tables of the reader's own, each value with its source."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from importlib.resources import files
from os import PathLike, fspath
from pathlib import Path
from typing import TypeVar

from llm_latency.suggestions import UnknownNameError, short, suggestion

__all__ = ["Source", "read_rows"]


COLUMNS = ("name", "values", "unit", "kind", "source", "read_on", "remark")
NUMBER = re.compile(r"[0-9]+|[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?", re.ASCII)
Entry = TypeVar("Entry")


@dataclass(frozen=True)
class Source:
    """Where one value comes from.

    Parameters
    ----------
    value : float
        The value that it gives.
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

    value: float
    unit: str
    kind: str
    source: str
    read_on: str


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

    Raises
    ------
    UnknownNameError
        If the folder has no such file.

    Examples
    --------
    >>> read_rows("devices.csv")[0]["unit"]
    'FLOP/s'

    References
    ----------
    The folder ``lib/llm_latency/data``.
    """
    folder = files("llm_latency") / "data"
    known = sorted(path.name for path in folder.iterdir() if path.name.endswith(".csv"))
    if file not in known:
        raise UnknownNameError(f"unknown data file {short(file)}; {suggestion(file, known)}known: {', '.join(known)}")
    with (folder / file).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _number(text: str) -> int | float:
    if not NUMBER.fullmatch(text):
        raise ValueError(f"{short(text)} is not a number, such as 40 or 1.5e12")
    return int(text) if text.isdigit() else float(text)


def specs_from_rows(spec: type[Entry], rows: list[dict[str, str]], file: str) -> dict[str, Entry]:
    """Make the entries of a table: a row holds all values of an entry that one source gives in one unit."""
    values: dict[str, dict[str, float]] = {}
    sources: dict[str, dict[str, Source]] = {}
    remarks: dict[str, str] = {}
    for row in rows:
        lacking = [column for column in ("name", "values", "unit") if not row.get(column)]
        if lacking:
            raise ValueError(f"{file}: a row has no {lacking[0]}; its columns are {', '.join(COLUMNS)}")
        name, where = row["name"], [row.get(column) or "" for column in ("unit", "kind", "source", "read_on")]
        remarks[name] = " ".join(filter(None, (remarks.get(name), row.get("remark"))))
        for pair in row["values"].split():
            quantity, _, text = pair.partition("=")
            if not text:
                raise ValueError(f"{file}, {name}: {short(pair)} must be a quantity with its value, as n_layers=40")
            if quantity in values.setdefault(name, {}):
                raise ValueError(f"{file}, {name}: {quantity} is given twice")
            try:
                value = text if quantity in spec.words else _number(text)
            except ValueError as error:
                raise ValueError(f"{file}, {name}: {quantity} = {error}") from error
            values[name][quantity] = value
            sources.setdefault(name, {})[quantity] = Source(value, *where)
    made = {}
    for name in values:
        try:
            made[name] = spec(name=name, sources=sources[name], remark=remarks[name], **_nested(values[name]))
        except (TypeError, ValueError) as error:  # a quantity that entries do not have, or need, or that is not legal
            raise type(error)(f"{file}, {name}: {error}") from error
    return made


def _nested(values: dict[str, float]) -> dict[str, float | dict]:
    """Gather what a table writes as ``group.field=number`` by group."""
    groups: dict[str, dict[str, float]] = {}
    flat = {}
    for quantity, value in values.items():
        group, dot, field_of_group = quantity.partition(".")
        if dot:
            groups.setdefault(group, {})[field_of_group] = value
        else:
            flat[quantity] = value
    return flat | ({"groups": groups} if groups else {})


def read_specs(spec: type[Entry], path: str | PathLike) -> dict[str, Entry]:
    """Read a file of the reader's own, and name it in errors."""
    with Path(path).open(encoding="utf-8", newline="") as stream:
        found = specs_from_rows(spec, list(csv.DictReader(stream)), Path(path).name)
    if not found:
        raise ValueError(f"{short(fspath(path))} has no rows; its columns are {', '.join(COLUMNS)}")
    return found
