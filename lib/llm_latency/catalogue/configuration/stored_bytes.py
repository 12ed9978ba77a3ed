"""The bytes of a weight in each part of a model: what its configuration says, and what its weight files hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from llm_latency.catalogue.configuration.modules import (
    EMBEDDING,
    ENDS,
    HEAD,
    PART_FIELDS,
    Module,
    mean_of_parts,
    weights_of_parts,
)
from llm_latency.catalogue.configuration.storage import Storage
from llm_latency.catalogue.configuration.weight_files import WeightFiles
from llm_latency.catalogue.layers import BITS_PER_BYTE

__all__ = []

NOTABLE = 0.02
"""From which share on a difference between files and configuration is told."""


@dataclass(frozen=True)
class StoredBytes:
    """Bytes of a weight.

    Parameters
    ----------
    layers : list of dict
        For every layer, the bytes of a weight of each part.
    ends : dict
        Those of the embedding and of the unembedding.
    """

    layers: list[dict[str, float]]
    ends: dict[str, float]

    @property
    def parts(self) -> dict[tuple[int | None, str], float]:
        """The bytes by layer and part; the ends belong to no layer."""
        inside = {(layer, part): each for layer, own in enumerate(self.layers) for part, each in own.items()}
        return inside | {(None, part): each for part, each in self.ends.items()}

    def fields(self, layer: int) -> dict[str, float]:
        """Return the fields of a model that say how a layer is stored."""
        return {PART_FIELDS[part]: each for part, each in self.layers[layer].items()}


def bytes_said(storage: Storage, modules: Sequence[Sequence[Module]]) -> StoredBytes:
    """Return what a configuration says: the mean of each part of a layer."""

    def of(layer: int | None, module: Module) -> float:
        return storage.of(layer, module) / BITS_PER_BYTE

    layers = [mean_of_parts(own, partial(of, layer)) for layer, own in enumerate(modules)]
    return StoredBytes(layers, {module.part: of(None, module) for module in ENDS})


def bytes_held(
    files: WeightFiles, modules: Sequence[Sequence[Module]], vocabulary: int, tied: bool, most: float
) -> StoredBytes:
    """Return what weight files hold; what is stored in more bytes than a plain weight runs in no more than that.

    A LookupError says which part has no tensors.
    """

    def means(layer: int | None, own: Sequence[Module], weights: Mapping[str, int]) -> dict[str, float]:
        tensors = files.tensors_of(layer, own)
        for part in weights:
            if part not in tensors:
                raise LookupError(f"name no tensor of the {part}{'' if layer is None else f' of layer {layer}'}")
        return {part: min(sum(tensors[part].values()) / weights[part], most) for part in weights}

    layers = [means(layer, own, weights_of_parts(own)) for layer, own in enumerate(modules)]
    ends = means(None, ENDS, dict.fromkeys([EMBEDDING] if tied else [EMBEDDING, HEAD], vocabulary))
    return StoredBytes(layers, {HEAD: ends[EMBEDDING]} | ends)


def difference(
    said: StoredBytes, held: StoredBytes, files: WeightFiles, modules: Sequence[Sequence[Module]]
) -> list[str]:
    """Tell the part in which files and configuration differ most, and its largest tensor."""
    shares = {place: abs(each / said.parts[place] - 1) for place, each in held.parts.items()}
    layer, part = max(shares, key=shares.get)
    if shares[layer, part] <= NOTABLE:
        return []
    bits = [each.parts[layer, part] * BITS_PER_BYTE for each in (held, said)]
    tensors = files.tensors_of(layer, ENDS if layer is None else modules[layer])[part]
    where = part if layer is None else f"{part} of layer {layer}"
    return [
        f"In the {where} a weight takes {bits[0]:.2f} bits, where the configuration says {bits[1]:.2f}"
        f" (largest tensor: {max(tensors, key=tensors.get)[:80]})."
    ]
