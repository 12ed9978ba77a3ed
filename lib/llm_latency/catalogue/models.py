"""Models: shapes and parameter counts, each with its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from os import PathLike

from llm_latency.catalogue.configuration.reader import model_fields
from llm_latency.catalogue.devices import COMPUTE_DTYPES
from llm_latency.catalogue.frozen import ReadOnlyDict, set_frozen
from llm_latency.catalogue.layers import (
    CAN_LACK,
    LAYER_FIELDS,
    ONE_REACH,
    Layer,
    LayerGroup,
    check_group,
    check_size,
    complete,
    departing,
)
from llm_latency.catalogue.tables import Catalogue, Spec
from llm_latency.suggestions import short

__all__ = ["Model", "models"]

REACH_IN_WORDS = {"window": "window", "chunk": "chunk", "index_topk": "selection"}
PLAIN_MLP, MLP_RATIO = 2, 4
NO_SIZES = {"name", "sources", "remark", "groups", "compute_dtype"}
MAY_BE_ZERO = {"n_positions", *CAN_LACK}


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Model(Layer, Spec):
    """A decoder-only transformer by its shape.

    A model is groups of equal layers between an embedding and an unembedding. What is given for the model holds for
    every layer; `groups` says which layers depart from it, and how.

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
    bytes_per_vocab_param, bytes_per_head_param : float, byte, optional
        Storage of one weight of the embedding, where it is not that of other weights, and of the unembedding, where
        it is not that of the embedding.
    bytes_per_kv, bytes_per_state, bytes_per_activation : float, byte, optional
        Storage of one cached key or value element, of one element of a recurrent state (4 unless given), and of one
        activation element.
    vocab : int, count, optional
        Tokens in the vocabulary.
    vocab_matrices : int, count, optional
        2, or 1 if the unembedding reuses the embedding.
    n_positions : int, count, optional
        Learned position vectors.
    compute_dtype : str, optional
        Number format of the arithmetic, where it is published with quantised activations: ``fp8``, ``int8`` or ``fp4``.
    groups : mapping of str to mapping of str to int, optional
        Layers that differ from the rest, by a name of your own: ``n_layers``, how many there are, and what is
        different; 0 for what they do not have.
    sources : mapping, optional
        Source of each value.
    remark : str, optional
        What a reader of the catalogue should know about the entry.

    Other Parameters
    ----------------
    **layer : see `Layer`
        What every layer is made of: the parameters of `Layer`, such as `n_heads`.

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
    >>> windows = {"local": {"n_layers": 5, "window": 1024}}
    >>> mine = Model(name="mine", n_layers=6, d_model=64, n_heads=4, mlp_width=256, groups=windows)
    >>> [(group.n_layers, group.window) for group in mine.layers]
    [(1, None), (5, 1024)]
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
    bytes_per_vocab_param: float | None = None
    bytes_per_head_param: float | None = None
    bytes_per_kv: float = 2
    bytes_per_state: float | None = None
    bytes_per_activation: float = 2
    vocab: int | None = None
    vocab_matrices: int | None = None
    n_positions: int = 0
    compute_dtype: str | None = None
    groups: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    words = ReadOnlyDict({"compute_dtype": tuple(COMPUTE_DTYPES)})

    def __post_init__(self):
        self._check_groups()
        super().__post_init__()
        for item in fields(self):
            given = getattr(self, item.name)
            if item.name in NO_SIZES or (given is None and item.default is None):
                continue
            check_size(f"{self.name}: {item.name}", item, given, item.name in MAY_BE_ZERO)
        if self.compute_dtype not in (None, *COMPUTE_DTYPES):
            legal = ", ".join(COMPUTE_DTYPES)
            raise ValueError(f"{self.name}: compute_dtype = {short(self.compute_dtype)}: must be one of {legal}")
        complete(self, self.name, self.d_model)
        set_frozen(self, groups=ReadOnlyDict({name: ReadOnlyDict(group) for name, group in self.groups.items()}))
        set_frozen(self, layers=self._layers())

    def _quantities(self) -> dict[str, object]:
        own = {f"{name}.{part}": value for name, group in self.groups.items() for part, value in group.items()}
        return super()._quantities() | own

    def _check_groups(self) -> None:
        if not isinstance(self.groups, Mapping) or not all(isinstance(name, str) for name in self.groups):
            raise ValueError(f"groups = {short(self.groups)} must map names to groups of layers")
        for name, group in self.groups.items():
            check_group(f"groups: {name}", group)

    def _layers(self) -> tuple[LayerGroup, ...]:
        """List the groups of equal layers, those without a name first."""
        shared = {name: getattr(self, name) for name in LAYER_FIELDS}
        found = []
        for name, group in self.groups.items():
            found.append(LayerGroup(name=name, **departing(shared, group)))
            complete(found[-1], f"{self.name}: {name}", self.d_model)
        left = self.n_layers - sum(group.n_layers for group in found)
        if left < 0:
            groups = f"the groups have {self.n_layers - left} layers"
            raise ValueError(f"{self.name}: {groups}, and the model has n_layers = {self.n_layers}")
        rest = [LayerGroup(name="", n_layers=left, **shared)] if left else []
        return (*rest, *found)

    @property
    def departures(self) -> dict[str, str]:
        """The assumptions of the closed formulas that the model breaks, each with the reason."""
        found = {}
        reach = [(name, getattr(group, name)) for group in self.layers for name in ONE_REACH if getattr(group, name)]
        if any(group.state_heads for group in self.layers):
            found["multi-head attention"] = "recurrent layers"
        elif any(group.kv_rank for group in self.layers):
            found["multi-head attention"] = "latent attention"
        elif reach:
            found["multi-head attention"] = f"a {REACH_IN_WORDS[reach[0][0]]} of {reach[0][1]} keys"
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
        if self.n_experts:
            found["no experts"] = f"{self.n_experts} experts a layer"
        return found

    @classmethod
    def from_hf_config(
        cls, source: str | PathLike | Mapping, name: str | None = None, dtype: str | None = None
    ) -> Model:
        """Read a model from its Hugging Face configuration.

        Parameters
        ----------
        source : str, os.PathLike or Mapping
            A ``config.json``, a folder that holds one, or its contents as `json.load` returns them. In a folder, a
            ``hf_quant_config.json`` beside it says how the weights are stored, if the configuration does not; and
            where the weights themselves are there, the headers of their ``.safetensors`` files do, in any format
            (needs the package safetensors).
        name : str, optional
            What to call the model: as its folder, or as its architecture, unless given.
        dtype : str, optional
            Number format of weights that are not quantised, and of activations: ``float16``, ``bfloat16`` or
            ``float32``. Files in 32 bits run in 16 bits unless it is given.

        Returns
        -------
        Model
            The model; its parameters are counted where a formula needs them. `remark` says what was assumed.

        Raises
        ------
        ValueError
            If the architecture or the format of storage is not supported, or a key is missing or has no legal value.
            The message names the file, the key and the value.

        Examples
        --------
        >>> config = {"model_type": "llama", "num_hidden_layers": 32, "hidden_size": 4096, "num_attention_heads": 32,
        ...           "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 128256}
        >>> Model.from_hf_config(config).n_kv_heads
        8
        >>> Model.from_hf_config(config | {"vocab_size": -1})
        Traceback (most recent call last):
        ...
        ValueError: configuration: vocab_size is -1; it must be a whole number from 1 to 1,000,000,000

        References
        ----------
        `llm_latency.catalogue.configuration.architectures` lists the architectures.
        """
        found = model_fields(source, dtype)
        return cls(**found | ({} if name is None else {"name": name}))


models: Catalogue[Model] = Catalogue(Model, "models.csv")
