"""The bytes of a weight in each part of a model: what its configuration says, and what its weight files hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from llm_latency.catalogue.configuration.modules import EMBEDDING, ENDS, HEAD, PART_FIELDS, Module
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
    layers = []
    for layer, own in enumerate(modules):
        weights, bits = Counter(), Counter()
        for module in own:
            weights[module.part] += module.weights
            bits[module.part] += module.weights * storage.of(layer, module)
        layers.append({part: bits[part] / weights[part] / BITS_PER_BYTE for part in weights if weights[part]})
    return StoredBytes(layers, {module.part: storage.of(None, module) / BITS_PER_BYTE for module in ENDS})


def bytes_held(
    files: WeightFiles, modules: Sequence[Sequence[Module]], vocabulary: int, tied: bool, most: float
) -> StoredBytes:
    """Return what weight files hold; what is stored in more bytes than a plain weight runs in no more than that.

    A LookupError says which part has no tensors.
    """

    def mean(layer: int | None, part: str, weights: int) -> float:
        tensors = files.tensors_of(layer, modules[layer] if layer is not None else ENDS).get(part)
        if not tensors:
            raise LookupError(f"name no tensor of the {part}{'' if layer is None else f' of layer {layer}'}")
        return min(sum(tensors.values()) / weights, most)

    layers = []
    for layer, own in enumerate(modules):
        weights = Counter()
        for module in own:
            weights[module.part] += module.weights
        layers.append({part: mean(layer, part, weights[part]) for part in weights if weights[part]})
    embedding = mean(None, EMBEDDING, vocabulary)
    return StoredBytes(layers, {EMBEDDING: embedding, HEAD: embedding if tied else mean(None, HEAD, vocabulary)})


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
