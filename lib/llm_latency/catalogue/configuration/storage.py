"""How the weights of a model are stored, and how configurations write bits, groups, scales and lists of modules."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from llm_latency.catalogue.configuration.keys import Keys
from llm_latency.catalogue.configuration.modules import ATTENTION, EXPERT, HEAD, MLP, SHARED, Module, Patterns
from llm_latency.catalogue.configuration.schemes import NVFP4

__all__ = []

LINEAR = frozenset({ATTENTION, MLP, EXPERT, SHARED})
"""The parts whose weights are those of linear layers; routers are left alone unless a format says otherwise."""
MOST_BITS = 32
CACHE_SCHEMES = {"FP8": 8, "INT8": 8, "NVFP4": NVFP4, "static": 8, "dynamic": 8, "none": None, "auto": None}
Rules = Iterable[tuple[Patterns, float | None]]
"""Modules and the bits of their weights; None for those that are not quantised."""


@dataclass(frozen=True)
class Storage:
    """How many bits a weight of each module takes.

    Parameters
    ----------
    plain : float
        Bits of a weight that is not quantised.
    bits : float
        Bits of a quantised weight, with its share of scales and zero points.
    parts : set of str
        The parts that are quantised.
    rules : tuple of pairs of Patterns and float
        Modules with other bits; the first rule that matches holds.
    kv_bits : float, optional
        Bits of a cached element; as many as an activation has unless given.
    expert_bits : float, optional
        Bits of a weight of an expert for which there is no rule, where they are not those of other weights.
    """

    plain: float
    bits: float
    parts: frozenset[str] = LINEAR
    rules: tuple[tuple[Patterns, float], ...] = ()
    kv_bits: float | None = None
    expert_bits: float | None = None

    def of(self, layer: int | None, module: Module) -> float:
        """Return the bits of a weight of a module."""
        for patterns, bits in self.rules:
            if patterns.matches(layer, module):
                return bits
        if module.part == EXPERT and self.expert_bits is not None:
            return self.expert_bits
        return self.bits if module.part in self.parts else self.plain


def storage(
    plain: float, bits: float | None, parts: Iterable[str], rules: Rules = (), kv: float | None = None
) -> Storage:
    """Make a storage in which None stands for what is not quantised."""
    known = tuple((patterns, plain if stored is None else float(stored)) for patterns, stored in rules)
    return Storage(plain, plain if bits is None else float(bits), frozenset(parts), known, kv)


def bits_of(keys: Keys, key: str = "bits", default: int | None = None) -> int:
    return keys.count(key, default, 1, MOST_BITS)


def grouped(bits: float, group: int | None, shared: float) -> float:
    """Add the share of what a group of weights has together; a group as long as a column adds nothing."""
    return bits if group is None else bits + shared / group


def group_of(keys: Keys, key: str = "group_size", default: int | None = None) -> int | None:
    """Return the weights of a group; -1, 0 and null mean a whole column or tensor."""
    return None if keys.get(key, default) in (None, -1, 0) else keys.count(key, default)


def block_share(keys: Keys, key: str, scale: float) -> float:
    """Return the share of one weight in the scale of its block."""
    sides = keys.items(key, int)
    if not sides:
        return 0
    if any(side < 1 for side in sides):
        raise keys.error(key, sides, "a list of positive whole numbers")
    return scale / math.prod(sides)


def left_alone(keys: Keys, *names: str) -> tuple[tuple[Patterns, None], ...]:
    """Return the rules of lists of modules that are not quantised."""
    lists = [(name, keys.items(name)) for name in names]
    return tuple((Patterns(patterns, f"{keys.label}: {name}"), None) for name, patterns in lists if patterns)


def all_but(keys: Keys, *names: str) -> frozenset[str]:
    """Return the parts that are quantised: a list of those that are not takes the place of the usual one, the head."""
    return LINEAR | {HEAD} if any(keys.get(name) is not None for name in names) else LINEAR


def by_bits(stored: Mapping[str, float | None], label: str) -> list[tuple[Patterns, float | None]]:
    """Gather names of modules by the bits of their weights; experts, which are alike, stand for each other."""
    found: dict[float | None, dict[str, None]] = {}
    for name, bits in stored.items():
        found.setdefault(bits, {})[re.sub(r"experts\.\d+(?=\.|$)", "experts.*", name)] = None
    return [(Patterns([*names], label), bits) for bits, names in found.items()]


def cache_bits(keys: Keys) -> float | None:
    """Return the bits of a cached element: a scheme, or the name of one."""
    key = "kv_cache_quant_algo" if keys.get("kv_cache_scheme") is None else "kv_cache_scheme"
    scheme = keys.get(key)
    if scheme is None:
        return None
    if isinstance(scheme, str):
        if scheme not in CACHE_SCHEMES:
            raise keys.error(key, scheme, f"one of {', '.join(CACHE_SCHEMES)}")
        return CACHE_SCHEMES[scheme]
    return bits_of(keys.part(key), "num_bits")
