"""Models: shapes and parameter counts, each with its source."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from numbers import Real
from pathlib import Path

from llm_latency.catalogue.frozen import set_frozen
from llm_latency.catalogue.hf_config import shape_from_config
from llm_latency.catalogue.tables import Catalogue, Spec
from llm_latency.suggestions import short

__all__ = ["Model", "models"]

BITS_PER_BYTE = 8
PLAIN_MLP, MLP_RATIO = 2, 4
MAY_BE_ZERO = {"dense_layers", "windowed_layers", "n_positions"}
TOGETHER = (
    ("n_kv_heads", "n_heads"),
    ("kv_rank", "n_heads", "nope_dim", "rope_dim", "value_dim"),
    ("query_rank", "kv_rank"),
    ("window", "windowed_layers"),
    ("n_experts", "experts_per_token", "expert_width"),
    ("experts_per_token", "n_experts"),
    ("shared_width", "n_experts"),
    ("dense_layers", "n_experts"),
)
"""Each row: a field, and the others without which it means nothing."""


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Model(Spec):
    """A decoder-only transformer by its shape.

    Parameters
    ----------
    name : str
        Key in the catalogue.
    n_params : float, count, optional
        Parameters, as published.
    n_active_params : float, count, optional
        Parameters that one token uses in a model with experts, as published.
    n_layers : int, count
        Decoder layers.
    d_model : int, count
        Width of the residual stream.
    bytes_per_param, bytes_per_kv, bytes_per_activation : float, byte, optional
        Storage of one weight, one cached key or value element, one activation element.
    bytes_per_expert_param, bytes_per_vocab_param : float, byte, optional
        Storage of one weight of an expert, and of the embeddings, where it differs.
    n_heads : int, count, optional
        Attention heads.
    n_kv_heads : int, count, optional
        Heads with a key and a value of their own; as many as `n_heads` unless given.
    head_dim : int, count, optional
        Width of one head; ``d_model / n_heads``, or that of a latent key, unless given.
    window, windowed_layers : int, count, optional
        Keys inside the sliding window, and the number of layers that have one.
    query_rank, kv_rank, nope_dim, rope_dim, value_dim : int, count, optional
        Widths of latent attention: compressed query, compressed key and value, and a head's key
        without and with rotation, and value.
    mlp_width : int, count, optional
        Inner width of an MLP that is not an expert.
    mlp_matrices : int, count, optional
        Matrices of an MLP or expert: 2, or 3 with a gate.
    residual_blocks : int, count, optional
        Blocks of a layer in sequence: 2, or 1 where attention and MLP run in parallel.
    n_experts, experts_per_token, expert_width : int, count, optional
        Experts of a layer, how many a token visits, and the inner width of one.
    shared_width : int, count, optional
        Inner width of the experts that every token visits, together.
    dense_layers : int, count, optional
        Layers with an MLP in a model with experts.
    vocab : int, count, optional
        Tokens in the vocabulary.
    vocab_matrices : int, count, optional
        2, or 1 if the unembedding reuses the embedding.
    n_positions : int, count, optional
        Learned position vectors.
    sources : mapping, optional
        Source of each value.
    remark : str, optional
        What a reader of the catalogue should know about the entry.

    Raises
    ------
    ValueError
        If the values do not describe a model.

    Examples
    --------
    >>> models["GPT-13B"].d_model
    5120
    >>> models["Llama-3-70B"].n_kv_heads
    8
    >>> Model(name="mine", n_layers=2, d_model=64, n_heads=6)
    Traceback (most recent call last):
    ...
    ValueError: mine: head_dim is needed where n_heads = 6 does not divide d_model = 64

    References
    ----------
    ``lib/llm_latency/data/models.csv`` names the source of every value.
    """

    n_params: float | None = None
    n_active_params: float | None = None
    n_layers: int
    d_model: int
    bytes_per_param: float = 2
    bytes_per_expert_param: float | None = None
    bytes_per_vocab_param: float | None = None
    bytes_per_kv: float = 2
    bytes_per_activation: float = 2
    n_heads: int | None = None
    n_kv_heads: int | None = None
    head_dim: int | None = None
    window: int | None = None
    windowed_layers: int | None = None
    query_rank: int | None = None
    kv_rank: int | None = None
    nope_dim: int | None = None
    rope_dim: int | None = None
    value_dim: int | None = None
    mlp_width: int | None = None
    mlp_matrices: int | None = None
    residual_blocks: int = 2
    n_experts: int | None = None
    experts_per_token: int | None = None
    expert_width: int | None = None
    shared_width: int | None = None
    dense_layers: int | None = None
    vocab: int | None = None
    vocab_matrices: int | None = None
    n_positions: int = 0

    def __post_init__(self):
        super().__post_init__()
        for item in fields(self):
            given = getattr(self, item.name)
            if item.name in ("name", "sources", "remark") or (given is None and item.default is None):
                continue
            whole = item.type.startswith("int")
            legal = f"a {'whole ' * whole}number {'>=' if item.name in MAY_BE_ZERO else '>'} 0"
            if (
                not isinstance(given, Real)
                or isinstance(given, bool)
                or not 0 <= given < float("inf")
                or (given == 0 and item.name not in MAY_BE_ZERO)
                or (whole and given != int(given))
            ):
                raise ValueError(f"{self.name}: {item.name} = {short(given)} must be {legal}")
        for first, *others in TOGETHER:
            lacking = [other for other in others if getattr(self, other) is None]
            if getattr(self, first) is not None and lacking:
                raise ValueError(f"{self.name}: {first} needs {', '.join(lacking)}")
        if self.n_heads is not None:
            if self.n_kv_heads is None:
                set_frozen(self, n_kv_heads=self.n_heads)
            if self.head_dim is None and self.kv_rank is not None:
                set_frozen(self, head_dim=self.nope_dim + self.rope_dim)
            if self.head_dim is None:
                if self.d_model % self.n_heads:
                    raise ValueError(
                        f"{self.name}: head_dim is needed where n_heads = {self.n_heads} "
                        f"does not divide d_model = {self.d_model}"
                    )
                set_frozen(self, head_dim=self.d_model // self.n_heads)
            if self.n_heads % self.n_kv_heads:
                raise ValueError(f"{self.name}: n_kv_heads = {self.n_kv_heads} must divide n_heads = {self.n_heads}")
        for smaller, larger in (
            ("experts_per_token", "n_experts"),
            ("dense_layers", "n_layers"),
            ("windowed_layers", "n_layers"),
        ):
            low, high = getattr(self, smaller), getattr(self, larger)
            if low is not None and low > high:
                raise ValueError(f"{self.name}: {smaller} = {low} must be <= {larger} = {high}")

    @property
    def departures(self) -> dict[str, str]:
        """The assumptions of the closed formulas that the model breaks, each with the reason."""
        found = {}
        if self.kv_rank is not None:
            found["multi-head attention"] = "latent attention"
        elif self.windowed_layers:
            found["multi-head attention"] = f"a window of {self.window} keys"
        elif self.n_kv_heads != self.n_heads:
            found["multi-head attention"] = f"{self.n_kv_heads} key-value heads for {self.n_heads} heads"
        elif self.n_heads is not None and self.n_heads * self.head_dim != self.d_model:
            found["multi-head attention"] = f"{self.n_heads} heads of width {self.head_dim}"
        if self.mlp_matrices not in (None, PLAIN_MLP):
            found["an MLP of two matrices"] = "a gated MLP"
        if self.mlp_width not in (None, MLP_RATIO * self.d_model):
            found["an MLP four times as wide as the model"] = f"an MLP of width {self.mlp_width}"
        if self.residual_blocks == 1:
            found["attention and MLP in sequence"] = "both in parallel"
        if self.n_experts is not None:
            found["no experts"] = f"{self.n_experts} experts a layer"
        return found

    @classmethod
    def from_hf_config(cls, path, name: str) -> Model:
        """Read a model from a Hugging Face ``config.json``.

        Parameters
        ----------
        path : str, os.PathLike or Mapping
            The file, or its contents as `json.load` returns them.
        name : str
            What to call the model.

        Returns
        -------
        Model
            The model; its parameters are counted where a formula needs them.

        Raises
        ------
        ValueError
            If the architecture is not supported, or a key is missing or has no legal value.

        References
        ----------
        `llm_latency.catalogue.hf_config.shape_from_config` lists the architectures.
        """
        config = path if isinstance(path, Mapping) else json.loads(Path(path).read_text(encoding="utf-8"))
        if not isinstance(config, Mapping):
            raise ValueError(f"{path} holds a {type(config).__name__}, not a configuration")
        shape = shape_from_config(config)
        bits = {
            f"bytes_per_{part}param": shape.pop(f"{part_bits}_bits") / BITS_PER_BYTE
            for part, part_bits in (("", "weight"), ("expert_", "expert"), ("vocab_", "vocab"))
            if f"{part_bits}_bits" in shape
        }
        shape["residual_blocks"] = 1 if shape.pop("parallel_blocks", False) else 2
        return cls(name=name, **shape, **bits)


models: Catalogue[Model] = Catalogue(Model, "models.csv")
