"""How llama.cpp stores a model: the types of GGUF files, most of which mix several formats of blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from llm_latency.catalogue.configuration.modules import (
    EXPERT,
    MLP,
    PART_FIELDS,
    ROUTER,
    SHARED,
    Module,
    Places,
    mean_of_parts,
    modules_of,
)
from llm_latency.catalogue.layers import LayerGroup
from llm_latency.catalogue.models import Model
from llm_latency.catalogue.rows import read_rows
from llm_latency.suggestions import short, suggestion

__all__ = ["stored_as"]

ROLES = {
    **{"q_proj": "query", "k_proj": "key", "v_proj": "value", "o_proj": "output"},
    **{"gate_proj": "gate", "up_proj": "up", "down_proj": "down"},
}
"""What mixtures call the matrices of a layer."""
WIDTHS = {MLP: "mlp_width", EXPERT: "expert_width", SHARED: "expert_width"}
"""The columns of a part's last matrix."""
NEVER_QUANTISED = 4
"""Bytes of a weight of a norm, a router or a short convolution."""


def _at_ends_and_every_third(layer: int, layers: int) -> bool:
    eighth = layers // 8
    return layer < eighth or layer >= 7 * layers // 8 or (layer - eighth) % 3 == 2


LAYERS: dict[str, Callable[[int, int], bool]] = {
    "all": lambda layer, layers: True,
    "first 2": lambda layer, layers: layer < 2,
    "first 4": lambda layer, layers: layer < 4,
    "first sixteenth": lambda layer, layers: layer < layers // 16,
    "first eighth": lambda layer, layers: layer < layers // 8,
    "middle": lambda layer, layers: layers // 8 <= layer < 7 * layers // 8,
    "ends and every third": _at_ends_and_every_third,
}
"""The layers that a row of a mixture means: the number of a layer, and of all of them."""
MODELS: dict[str, Callable[[int, Mapping[str, int]], bool]] = {
    "all": lambda layers, sizes: True,
    "4 heads share a value": lambda layers, sizes: sizes.get("n_heads", 0) >= 4 * sizes.get("n_kv_heads", 1),
    "80 layers": lambda layers, sizes: layers == 80 and sizes.get("n_heads") != sizes.get("n_kv_heads"),
    "4 experts": lambda layers, sizes: sizes.get("n_experts", 0) >= 4,
    "8 experts": lambda layers, sizes: sizes.get("n_experts") == 8,
}
"""The models that a row of a mixture means: the number of layers, and the sizes of one."""


class Block(NamedTuple):
    """How many weights share a block, its bytes, and the type for rows that no whole number of blocks fills."""

    weights: int
    bytes: int
    otherwise: str


@cache
def _blocks() -> dict[str, Block]:
    rows = read_rows("gguf_blocks.csv")
    return {row["type"]: Block(int(row["weights"]), int(row["bytes"]), row["otherwise"]) for row in rows}


@cache
def _mixtures() -> dict[str, list[dict[str, str]]]:
    found = {}
    for row in read_rows("gguf_mixtures.csv"):
        found.setdefault(row["name"], []).append(row)
    return found


def _block_bytes(kind: str, columns: int) -> float:
    """Return the bytes of a weight in rows of so many columns."""
    block = _blocks()[kind]
    return _block_bytes(block.otherwise, columns) if columns % block.weights else block.bytes / block.weights


def _mean_bytes(name: str, layers: int, sizes: Mapping[str, int], roles: tuple[str, ...], columns: int) -> float:
    """Return the mean over all layers of the bytes of a weight in a matrix that has these roles."""
    chosen = [""] * layers
    for row in _mixtures()[name]:
        if row["part"] in roles and MODELS[row["models"]](layers, sizes):
            means = LAYERS[row["layers"]]
            chosen = [row["type"] if means(layer, layers) else kind for layer, kind in enumerate(chosen)]
    return sum(_block_bytes(kind, columns) for kind in chosen) / layers


def _bytes_of_layer(model: Model, group: LayerGroup, name: str) -> dict[str, float]:
    """Return the bytes of a weight of each part of a layer, by the fields of a model that say so."""

    def stored(module: Module) -> float:
        if module.part == ROUTER:
            return NEVER_QUANTISED
        leaf = module.names[0].rpartition(".")[2]
        columns = model.d_model
        if leaf == "o_proj":
            columns = group.n_heads * (group.value_dim or group.head_dim)
        elif module.part in WIDTHS:
            inner = getattr(group, WIDTHS[module.part])
            columns = inner if leaf == "down_proj" else group.expert_input or model.d_model
        roles = ("every", module.part, ROLES.get(leaf, ""))
        return _mean_bytes(name, model.n_layers, group.sizes, roles, columns)

    modules = list(modules_of(group.sizes | {"mlp_matrices": group.mlp_matrices}, model.d_model, Places()))
    return {PART_FIELDS[part]: mean for part, mean in mean_of_parts(modules, stored).items()}


def stored_as(model: Model, name: str, option: str = "weight_bits") -> Model:
    """Store a model as llama.cpp does in a type of GGUF files, such as ``Q4_K_M``.

    A type is a mixture: most matrices have one format of blocks, and some layers' values and last matrices, the
    embedding and the unembedding another. Groups of layers do not say where they stand, so that each has the mean
    over all layers.

    Parameters
    ----------
    model : Model
        The model.
    name : str
        Name of the type; upper and lower case are the same.
    option : str, optional
        What errors call the name.

    Returns
    -------
    Model
        The same model in this storage; what is cached stays as it is.

    Raises
    ------
    ValueError
        If llama.cpp has no such type.

    Examples
    --------
    >>> from llm_latency.catalogue.models import models
    >>> stored = stored_as(models["Llama-3-8B"], "Q4_K_M")
    >>> round(8 * stored.bytes_per_attention_param, 3), 8 * stored.bytes_per_head_param
    (4.603, 6.5625)

    References
    ----------
    llama.cpp, ``src/llama-quant.cpp`` (007dbbf) and ``ggml/src/ggml-common.h``; files made with an importance matrix.
    Exceptions for Falcon are left out, and matrices are taken as separate where an architecture fuses them.
    """
    kind = name.upper()
    if kind not in _mixtures():
        hint = suggestion(kind, _mixtures())
        raise ValueError(f"{option} = {short(name)}: {hint}must be bits, or one of {', '.join(_mixtures())}")
    by_group = {group.name: _bytes_of_layer(model, group, kind) for group in model.layers}
    shared = by_group.get("", {})
    groups = {group: dict(own) | by_group[group] for group, own in model.groups.items()}
    head = _mean_bytes(kind, 1, model.layers[0].sizes, ("every", "head"), model.d_model)
    table = _mean_bytes(kind, 1, model.layers[0].sizes, ("every", "embedding"), model.d_model)
    vocab = {"bytes_per_vocab_param": head if model.vocab_matrices == 1 else table, "bytes_per_head_param": head}
    remark = f"{model.remark} Stored as llama.cpp's {kind}.".strip()
    shared |= {"bytes_per_param": NEVER_QUANTISED, "compute_dtype": None}
    return replace(model, groups=groups, **vocab, **shared, remark=remark)
