"""Models: shapes and parameter counts, each with its source."""

from dataclasses import dataclass

from llm_latency.catalogue import Catalogue, Spec

__all__ = ["Model", "models"]


@dataclass(frozen=True, kw_only=True)
class Model(Spec):
    """A decoder-only transformer by its shape.

    Parameters
    ----------
    name : str
        Key in the catalogue.
    n_params : float, count
        Parameters, as published.
    n_layers : int, count
        Decoder layers.
    d_model : int, count
        Width of the residual stream.
    bytes_per_param, bytes_per_kv, bytes_per_activation : float, byte
        Storage of one weight, one cached key or value element, one activation element.
    mlp_width : int, count, optional
        Inner width of an MLP of two matrices.
    n_heads : int, count, optional
        Attention heads.
    vocab : int, count, optional
        Tokens in the vocabulary.
    n_positions : int, count, optional
        Learned position vectors.
    sources : mapping, optional
        Source of each value.

    Examples
    --------
    >>> models["GPT-13B"].d_model
    5120
    >>> sorted(models)
    ['GLM-130B', 'GPT-13B', 'GPT-2', 'GPT-2-XL', 'GPT-260B', 'GPT-3', 'Gopher-280B', 'LLaMA-13B', 'LLaMA-7B']

    References
    ----------
    ``lib/llm_latency/data/models.csv`` names the source of every value.
    """

    n_params: float
    n_layers: int
    d_model: int
    bytes_per_param: float
    bytes_per_kv: float
    bytes_per_activation: float
    mlp_width: int | None = None
    n_heads: int | None = None
    vocab: int | None = None
    n_positions: int | None = None


models = Catalogue(Model, "models.csv")
