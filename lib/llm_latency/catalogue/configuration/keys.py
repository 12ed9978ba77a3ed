"""A configuration, read key by key: every value is checked where it is read, and errors name it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from llm_latency.suggestions import short

__all__ = []

MOST = 10**9
"""No size of a model is larger."""

NAMES = {
    "num_hidden_layers": ("n_layer", "n_layers", "num_layers"),
    "hidden_size": ("n_embd", "n_embed", "d_model", "dim"),
    "num_attention_heads": ("n_head", "n_heads", "num_heads", "attention_heads"),
    "num_key_value_heads": (
        *("num_kv_heads", "n_head_kv", "multi_query_group_num", "num_attention_groups", "num_query_groups"),
    ),
    "intermediate_size": ("n_inner", "ffn_hidden_size", "ffn_dim", "ffn_intermediate_size"),
    "max_position_embeddings": ("n_positions",),
    "head_dim": ("attention_head_dim", "kv_channels"),
    "vocab_size": ("padded_vocab_size",),
    "num_experts": ("num_local_experts", "n_routed_experts", "moe_num_experts"),
    "num_experts_per_tok": ("num_experts_per_token", "moe_topk", "moe_top_k", "moe_k", "top_k_experts"),
    "n_shared_experts": ("num_shared_experts", "num_shared_expert", "moe_num_shared_experts"),
    "moe_intermediate_size": ("expert_ffn_hidden_size",),
    "first_k_dense_replace": ("num_dense_layers",),
    "hybrid_override_pattern": (),
    "mamba_d_conv": ("conv_kernel", "mamba_conv_kernel"),
}
"""Keys, and the other names under which configurations have them."""
REQUIRED = {"num_hidden_layers", "hidden_size"}
"""Keys without which a configuration describes no model, whatever its class assumes."""


@dataclass(frozen=True)
class Keys:
    """The keys of a configuration, or of a part of one.

    Parameters
    ----------
    values : mapping
        The configuration.
    label : str
        What errors call it, such as ``config.json: text_config``.
    defaults : mapping, optional
        Values of missing keys.
    names : mapping of str to tuple of str, optional
        Other names of keys in this configuration, beside those of all configurations; an empty tuple for a key
        that it has under no name.
    """

    values: Mapping
    label: str
    defaults: Mapping = field(default_factory=dict)
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def error(self, key: str, value: object, legal: str) -> ValueError:
        """Return the error for a value that is not legal."""
        return ValueError(f"{self.label}: {key} is {short(value)}; it must be {legal}")

    def get(self, key: str, default: object = None) -> object:
        """Return the value of a key, or of its default if it is missing; if there is neither, or null, `default`."""
        given = {name: self.values[name] for name in self._names(key) if name in self.values}
        found = {name: value for name, value in given.items() if value is not None}
        first = next(iter(found.values()), None)
        if any(value != first for value in found.values()):
            both = " and ".join(f"{name} = {short(value)}" for name, value in found.items())
            raise ValueError(f"{self.label}: {both} contradict each other")
        known = next((self.defaults[name] for name in self._names(key) if name in self.defaults), None)
        value = first if given or key in REQUIRED else known
        return default if value is None else value

    def has(self, key: str) -> bool:
        """Say whether the configuration itself gives a value."""
        return any(self.values.get(name) is not None for name in self._names(key))

    def _names(self, key: str) -> tuple[str, ...]:
        return self.names.get(key, (key, *NAMES.get(key, ())))

    def count(self, key: str, default: int | None = None, least: int = 1, most: int = MOST) -> int:
        """Return a whole number."""
        value = self.get(key, default)
        if value is None:
            raise ValueError(f"{self.label}: {key} is missing; it must be a whole number from {least} to {most:,}")
        return self._whole(key, value, least, most)

    def same_count(self, key: str, default: int | None = None, least: int = 1) -> int:
        """Return a whole number that is given once, or once for every layer."""
        if not isinstance(self.get(key), list):
            return self.count(key, default, least)
        values = self.items(key, int)
        if not values or set(values) != {values[0]}:
            raise self.error(key, values, "one number, or the same one for every layer")
        return self._whole(key, values[0], least, MOST)

    def _whole(self, key: str, value: object, least: int, most: int) -> int:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self.error(key, value, f"a whole number from {least} to {most:,}")
        return value

    def number(self, key: str, default: float | None = None) -> float:
        """Return a positive number."""
        value = self.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= MOST:
            raise self.error(key, value, f"a number > 0 and <= {MOST:,}")
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        """Return whether something is so."""
        value = self.get(key, default)
        if not isinstance(value, bool):
            raise self.error(key, value, "true or false")
        return value

    def word(self, key: str, default: str | None = None) -> str | None:
        """Return a text, or None."""
        value = self.get(key, default)
        if value is not None and not isinstance(value, str):
            raise self.error(key, value, "a text")
        return value

    def items(self, key: str, kind: type = str, length: int | None = None) -> list | None:
        """Return a list of one kind of items, or None; of a given length if there is one."""
        value = self.get(key)
        if value is None:
            return None
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise self.error(key, value, "a list")
        for item in value:
            if not isinstance(item, kind) or (kind is int and isinstance(item, bool)):
                kinds = {int: "whole numbers", str: "texts"}.get(kind, "objects")
                raise self.error(key, item, f"a list of {kinds}")
        if length is not None and len(value) != length:
            raise self.error(key, value, f"a list of {length} items, and it has {len(value)}")
        return list(value)

    def part(self, key: str, default: Mapping | None = None) -> Keys | None:
        """Return a part of the configuration that is a mapping of its own, or None."""
        value = self.get(key, default)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise self.error(key, value, "an object")
        return Keys(value, f"{self.label}: {key}")
