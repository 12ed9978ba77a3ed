"""Layers: what one layer of a model is made of, and groups of layers that are all alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, dataclass, fields
from numbers import Real

from llm_latency.catalogue.frozen import set_frozen
from llm_latency.suggestions import short, suggestion

__all__ = ["Layer", "LayerGroup"]

BITS_PER_BYTE = 8

TOGETHER = (
    *((part, "n_heads") for part in ("n_kv_heads", "head_dim", "window", "chunk", "index_topk", "kv_rank")),
    ("kv_rank", "nope_dim", "rope_dim", "value_dim"),
    *((part, "kv_rank") for part in ("nope_dim", "rope_dim")),
    *((part, "n_heads") for part in ("query_rank", "output_rank", "compression")),
    ("output_rank", "query_rank", "output_groups"),
    ("output_groups", "output_rank"),
    ("compression", "output_rank"),
    ("index_topk", "index_dim"),
    ("index_heads", "index_topk"),
    ("index_dim", "index_topk"),
    ("bytes_per_index", "index_dim"),
    ("state_heads", "state_value_dim", "state_inputs", "state_products"),
    *(
        (part, "state_heads")
        for part in ("state_key_dim", "state_value_dim", "state_inputs", "state_products", "conv_width", "conv_taps")
    ),
    ("conv_width", "conv_taps"),
    ("n_experts", "experts_per_token", "expert_width"),
    *((part, "n_experts") for part in ("experts_per_token", "expert_width", "shared_width", "expert_input")),
)
"""Each row: a field, and the others without which it means nothing."""
CAN_LACK = {
    *("n_heads", "kv_projections", "window", "chunk", "index_topk", "index_heads", "query_rank", "kv_rank"),
    *("output_rank", "compression"),
    *("value_dim", "state_heads", "state_key_dim", "conv_width"),
    *("mlp_width", "n_experts", "shared_width", "expert_input", "other_params", "lookup_params"),
}
"""Fields that may be 0: the layer does not have it."""
ONE_REACH = ("window", "chunk", "index_topk")
"""What limits the keys of a query; a layer has at most one of them, unless it compresses what is out of its window."""


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Layer:
    """What one layer of a model is made of; 0 stands for what it does not have.

    Parameters
    ----------
    bytes_per_param : float, byte, optional
        Storage of one weight.
    bytes_per_attention_param, bytes_per_mlp_param, bytes_per_expert_param : float, byte, optional
        Storage of one weight of attention or a recurrent layer, of an MLP, of an expert, where it differs.
    bytes_per_shared_param, bytes_per_router_param : float, byte, optional
        Storage of one weight of the shared experts, and of the router, where it differs.
    bytes_per_index : float, byte, optional
        Storage of one element of the keys that an indexer caches, where it is not that of other keys.
    residual_blocks : int, count, optional
        Blocks of a layer in sequence: 2, or 1 where attention and MLP run in parallel or the layer has only one.
    n_heads : int, count, optional
        Attention heads.
    n_kv_heads : int, count, optional
        Heads with a key and a value of their own; as many as `n_heads` unless given.
    head_dim : int, count, optional
        Width of one head; ``d_model / n_heads``, or that of a latent key, unless given.
    kv_projections : int, count, optional
        Matrices that make keys and values: 2 unless given; 1 where both come from one; 0 where the layer reads the
        cache of an earlier one.
    window : int, count, optional
        Keys inside the sliding window.
    chunk : int, count, optional
        Keys of a chunk, where a query attends only to those of its own.
    index_topk, index_dim, index_heads : int, count, optional
        Keys that an indexer selects for a query, the width of the keys that it compares, and its heads; 0 heads where
        a layer uses the selection of an earlier one.
    compression : int, count, optional
        Tokens that one compressed key and value stands for, beside those of a window.
    output_rank, output_groups : int, count, optional
        Width between the two matrices of a factored output projection, and the groups of heads that have a first
        matrix of their own. With it one vector is the key and the value of all heads.
    query_rank, kv_rank, nope_dim, rope_dim : int, count, optional
        Widths of latent attention: compressed query, compressed key and value, and a head's key
        without and with rotation.
    value_dim : int, count, optional
        Width of a head's value, where it is not that of its key.
    state_heads, state_key_dim, state_value_dim : int, count, optional
        Heads of a recurrent layer, and the rows and columns of a head's state.
    state_inputs : int, count, optional
        Columns of a recurrent layer's input projection.
    state_products : int, count, optional
        Multiply-adds for one token and one element of the state: 2 to write and read, 3 with a correction.
    conv_width, conv_taps : int, count, optional
        Channels of a recurrent layer's short convolution, and the tokens that it mixes.
    mlp_width : int, count, optional
        Inner width of an MLP that is not an expert.
    mlp_matrices : int, count, optional
        Matrices of an MLP or expert: 2, or 3 with a gate.
    n_experts, experts_per_token, expert_width : int, count, optional
        Experts, which take the place of the MLP: how many, how many a token visits, and the inner width of one.
    shared_width : int, count, optional
        Inner width of the experts that every token visits, together.
    expert_input : int, count, optional
        Width of the vectors that experts read and write, where it is not `Model.d_model`.
    other_params : int, count, optional
        Weights that belong to none of these parts, such as gates.
    lookup_params : int, count, optional
        Parameters of a table of the layer's own, in which tokens look up vectors.

    References
    ----------
    Derived in operator-model, attention-variants and mixture-of-experts.
    """

    bytes_per_param: float = 2
    bytes_per_attention_param: float | None = None
    bytes_per_mlp_param: float | None = None
    bytes_per_expert_param: float | None = None
    bytes_per_shared_param: float | None = None
    bytes_per_router_param: float | None = None
    bytes_per_index: float | None = None
    residual_blocks: int = 2
    n_heads: int | None = None
    n_kv_heads: int | None = None
    head_dim: int | None = None
    kv_projections: int | None = None
    window: int | None = None
    chunk: int | None = None
    index_topk: int | None = None
    index_dim: int | None = None
    index_heads: int | None = None
    compression: int | None = None
    output_rank: int | None = None
    output_groups: int | None = None
    query_rank: int | None = None
    kv_rank: int | None = None
    nope_dim: int | None = None
    rope_dim: int | None = None
    value_dim: int | None = None
    state_heads: int | None = None
    state_key_dim: int | None = None
    state_value_dim: int | None = None
    state_inputs: int | None = None
    state_products: int | None = None
    conv_width: int | None = None
    conv_taps: int | None = None
    mlp_width: int | None = None
    mlp_matrices: int | None = None
    n_experts: int | None = None
    experts_per_token: int | None = None
    expert_width: int | None = None
    shared_width: int | None = None
    expert_input: int | None = None
    other_params: int | None = None
    lookup_params: int | None = None


LAYER_FIELDS = {item.name: item for item in fields(Layer)}


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class LayerGroup(Layer):
    """Layers of a model that are all alike; `Model.layers` lists them.

    Parameters
    ----------
    name : str
        What the model calls them; empty for those that it does not name.
    n_layers : int, count
        How many there are.
    """

    name: str
    n_layers: int

    @property
    def sizes(self) -> dict[str, float]:
        """What a layer has, by names of the registry."""
        given = {name: getattr(self, name) for name in LAYER_FIELDS}
        return {name: size for name, size in given.items() if size is not None}


def check_size(label: str, field: Field, given: object, may_be_zero: bool) -> None:
    """Refuse what is not a number that a field can have; its annotation says whether it must be whole."""
    whole = field.type.startswith("int")
    if (
        not isinstance(given, Real)
        or isinstance(given, bool)
        or not 0 <= given < float("inf")
        or (given == 0 and not may_be_zero)
        or (whole and given != int(given))
    ):
        legal = f"a {'whole ' * whole}number {'>=' if may_be_zero else '>'} 0"
        raise ValueError(f"{label} = {short(given)} must be {legal}")


def check_group(label: str, group: object) -> None:
    """Refuse a group that is not a mapping of layer fields to numbers, with the number of its layers."""
    if not isinstance(group, Mapping):
        raise ValueError(f"{label} = {short(group)} must map fields of a layer to numbers, as n_layers to 3")
    known = {item.name: item for item in fields(LayerGroup) if item.name != "name"}
    for name, given in group.items():
        if name not in known:
            raise ValueError(f"{label} has no field {short(name)}; {suggestion(name, known)}known: {', '.join(known)}")
        check_size(f"{label}.{name}", known[name], given, may_be_zero=name in CAN_LACK)
    if "n_layers" not in group:
        raise ValueError(f"{label} needs n_layers")


def complete(layer: Layer, label: str, d_model: int) -> None:
    """Fill in the sizes of a layer that follow from others, and check that all fit together."""
    for first, *others in TOGETHER:
        lacking = [other for other in others if not getattr(layer, other)]
        if getattr(layer, first) and lacking:
            raise ValueError(f"{label}: {first} needs {', '.join(lacking)}")
    if layer.query_rank and not (layer.kv_rank or layer.output_rank):
        raise ValueError(f"{label}: query_rank needs kv_rank or output_rank")
    several = [name for name in ONE_REACH if getattr(layer, name)]
    if len(several) > 1 and not layer.compression:
        raise ValueError(f"{label}: {' and '.join(several)} cannot limit the keys of the same layer")
    if layer.kv_projections not in (None, 0, 1, 2):
        raise ValueError(f"{label}: kv_projections = {layer.kv_projections} must be 0, 1 or 2")
    if layer.n_heads:
        if layer.n_kv_heads is None:
            set_frozen(layer, n_kv_heads=layer.n_heads)
        if layer.head_dim is None and layer.kv_rank:
            set_frozen(layer, head_dim=layer.nope_dim + layer.rope_dim)
        if layer.head_dim is None:
            if d_model % layer.n_heads:
                raise ValueError(
                    f"{label}: head_dim is needed where n_heads = {layer.n_heads} does not divide d_model = {d_model}"
                )
            set_frozen(layer, head_dim=d_model // layer.n_heads)
        if layer.n_heads % layer.n_kv_heads:
            raise ValueError(f"{label}: n_kv_heads = {layer.n_kv_heads} must divide n_heads = {layer.n_heads}")
    if layer.n_experts and layer.experts_per_token > layer.n_experts:
        raise ValueError(
            f"{label}: experts_per_token = {layer.experts_per_token} must be <= n_experts = {layer.n_experts}"
        )


def departing(shared: Mapping[str, float | None], group: Mapping[str, float]) -> dict[str, float | None]:
    """Return the fields of a group of layers: its own, and those of the model that still apply beside them."""
    found = {**shared, **group}
    for first, *others in TOGETHER:
        if first not in group and not all(found[other] for other in others):
            found[first] = None
    if "query_rank" not in group and not (found["kv_rank"] or found["output_rank"]):
        found["query_rank"] = None
    return found
