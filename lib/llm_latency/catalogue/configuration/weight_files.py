"""The headers of the weight files beside a configuration: how many bytes each tensor takes, in any format."""

from __future__ import annotations

import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from llm_latency.catalogue.configuration.modules import ENDS, Module
from llm_latency.suggestions import short

__all__ = []

INDEX = "model.safetensors.index.json"
BYTE = 8
OUTSIDE = re.compile(r"(?:(?:language_model|model|backbone|transformer|thinker|llm|gpt_neox|encoder)\.)+")
IN_LAYER = re.compile(r"(?:layers|h|blocks)\.(\d+)\.(.+)")
REST = re.compile(r"$|\.|_(?:blocks|scales|scale|bias)")
"""What may follow the name of a module: nothing, a tensor of its own, or one of a fused module."""
LITTLE = 1e7
"""Up to so many bytes it is not told that something is not counted."""


@dataclass(frozen=True)
class WeightFiles:
    """The tensors of a model's files.

    Parameters
    ----------
    number : int
        How many files there are.
    by_layer : mapping of int or None to mapping of str to int
        Bytes of the tensors of each layer, by the rest of their names; those outside of layers under None.
    beside : mapping of str to int
        Bytes of what does not belong to the language model, by the first part of its names.
    """

    number: int
    by_layer: Mapping[int | None, Mapping[str, int]]
    beside: Mapping[str, int]

    def tensors_of(self, layer: int | None, modules: Iterable[Module]) -> dict[str, dict[str, int]]:
        """Return the bytes of the tensors that belong to each part of a layer."""
        found = defaultdict(dict)
        places = [(name, module.part) for module in modules for name in (*module.names, *module.fused)]
        for name, stored in self.by_layer.get(layer, {}).items():
            general = re.sub(r"experts\.\d+(?=\.)", "experts.*", name)
            parts = {
                place: part for place, part in places if general.startswith(place) and REST.match(general, len(place))
            }
            if parts:
                found[parts[max(parts, key=len)]][name] = stored
        return found

    def not_counted(self, n_layers: int) -> list[str]:
        """List what the files hold beside the language model's layers."""
        further = {
            f"layer {layer}": sum(own.values()) for layer, own in self.by_layer.items() if (layer or 0) >= n_layers
        }
        every = {**self.beside, **further}
        return [f"{name[:40]} ({stored / 1e9:.2f} GB)" for name, stored in every.items() if stored > LITTLE][:5]


def weight_files_in(folder: Path | None) -> WeightFiles | str | None:
    """Read the headers of the safetensors files of a folder.

    Parameters
    ----------
    folder : Path or None
        Where they are.

    Returns
    -------
    WeightFiles, str or None
        The tensors; or why they are not read; None if there are no files.

    Raises
    ------
    ValueError
        If a file is not a safetensors file.
    """
    paths = sorted(folder.glob("*.safetensors")) if folder is not None else []
    if not paths:
        return None
    try:
        import safetensors  # noqa: F401 -- an extra
    except ImportError:
        return "The weight files beside it are not compared: that needs the package safetensors."
    lacking = _listed(folder / INDEX) - {path.name for path in paths}
    if lacking:
        return (
            f"The weight files beside it are not compared: {len(lacking)} of {len(lacking) + len(paths)} are missing."
        )
    by_layer, beside = defaultdict(dict), Counter()
    for path in paths:
        for name, stored in _tensors_of(path):
            inner = OUTSIDE.sub("", name, count=1) if OUTSIDE.match(name) else name
            if numbered := IN_LAYER.fullmatch(inner):
                by_layer[int(numbered[1])][numbered[2]] = stored
            elif any(inner.startswith(f"{place}.") for module in ENDS for place in module.names):
                by_layer[None][inner] = stored
            elif "." in inner.removesuffix(".weight").removesuffix(".bias"):
                beside[inner.partition(".")[0]] += stored
    return WeightFiles(len(paths), by_layer, beside)


def _listed(index: Path) -> set[str]:
    """List the files that an index names."""
    try:
        listed = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values() if index.is_file() else ()
        return {str(name) for name in listed}
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{INDEX}: must have a weight_map from tensors to files") from error


def _tensors_of(path: Path) -> Iterator[tuple[str, int]]:
    """Yield the names of a file's tensors and their bytes."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as tensors:
            for name in tensors.keys():  # noqa: SIM118 -- it is not a mapping
                tensor = tensors.get_slice(name)
                digits = re.search(r"\d+", tensor.get_dtype())
                bits = int(digits[0]) if digits else BYTE
                yield name, math.prod(tensor.get_shape()) * bits // BYTE
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path.name} is not a safetensors file: {short(str(error))}") from error
