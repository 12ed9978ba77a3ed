"""Formats of storage that give groups of modules schemes of their own: one reader for each."""

from __future__ import annotations

import re

from llm_latency.catalogue.configuration.keys import Keys
from llm_latency.catalogue.configuration.modules import EMBEDDING, HEAD, Patterns
from llm_latency.catalogue.configuration.schemes import (
    ALGORITHMS,
    BYTE,
    GROUPED_ALGORITHMS,
    HALF,
    PRESETS,
    QUARK,
    SINGLE,
)
from llm_latency.catalogue.configuration.storage import (
    LINEAR,
    Storage,
    bits_of,
    block_share,
    by_bits,
    cache_bits,
    group_of,
    grouped,
    left_alone,
    storage,
)
from llm_latency.catalogue.configuration.weight_formats import fp8
from llm_latency.suggestions import short

__all__ = []

CLASSES = {"Linear": LINEAR | {HEAD}, "Embedding": frozenset({EMBEDDING})}
"""The parts that compressed-tensors means by a class of modules."""
UNPACKED = ("int-quantized", "float-quantized", "naive-quantized", "dense")
"""Forms of compressed-tensors that give every weight a byte of its own."""
HALF_SPARSE = "marlin-24"
"""The form that leaves out half of the weights, and says in one bit a weight which."""


def _scheme_bits(weights: Keys | None, form: str | None) -> float | None:
    """Return the bits that a scheme of compressed-tensors stores a weight with."""
    if weights is None:
        return None
    bits, strategy = bits_of(weights, "num_bits"), weights.word("strategy")
    stored = max(bits, BYTE) if form in UNPACKED else bits
    if form == HALF_SPARSE:
        stored = bits / 2 + 1
    if strategy == "block" or weights.get("block_structure") is not None:
        structure = weights.get("block_structure")
        if isinstance(structure, str) and re.fullmatch(r"\d{1,6}x\d{1,6}", structure):
            weights = Keys({"block_structure": [int(side) for side in structure.split("x")]}, weights.label)
        return stored + block_share(weights, "block_structure", HALF)
    narrow = weights.word("type", "int") == "float" and bits == 4
    scale = BYTE if narrow or weights.word("scale_dtype") == "torch.uint8" else HALF
    return grouped(stored, group_of(weights), scale + (0 if weights.flag("symmetric", True) else bits))


def compressed_tensors(keys: Keys, plain: float) -> Storage:
    groups, form = keys.part("config_groups", {}), keys.word("format")
    found: list[tuple[list[str], float | None]] = []
    for name in groups.values:
        if isinstance(groups.values[name], list):
            if name not in PRESETS:
                raise ValueError(f"{groups.label}: unknown scheme {short(name)}; known: {', '.join(PRESETS)}")
            found.append((groups.items(name), PRESETS[name]))
            continue
        group = groups.part(name)
        if group is None:
            raise groups.error(name, None, "a scheme")
        stored = _scheme_bits(group.part("weights"), group.word("format") or form)
        found.append((group.items("targets") or ["Linear"], stored))
    found = _sparsity(keys, found, plain) or found
    if not found:
        raise ValueError(
            f"{keys.label}: config_groups is empty, and there is no sparsity_config; one must say what is stored"
        )
    rules, of_classes = list(left_alone(keys, "ignore")), {}
    for targets, bits in found:
        named = [each for each in targets if each not in CLASSES]
        rules += [(Patterns(named, groups.label), bits)] if named else []
        of_classes |= {each: bits for each in targets if each in CLASSES and each not in of_classes}
    if "Embedding" in of_classes:
        rules.append((Patterns(["embed_tokens"], groups.label), of_classes["Embedding"]))
    return storage(plain, of_classes.get("Linear"), CLASSES["Linear"], rules, cache_bits(keys))


def _sparsity(keys: Keys, groups: list, plain: float) -> list:
    """Return the groups with half of the weights left out, and one bit each that says which half."""
    sparsity = keys.part("sparsity_config")
    if sparsity is None or (form := sparsity.word("format", "dense")) == "dense":
        return []
    if form != "sparse-24-bitmask":
        raise sparsity.error("format", form, "sparse-24-bitmask or dense")
    groups = groups or [(sparsity.items("targets") or ["Linear"], plain)]
    return [(targets, None if bits is None else bits / 2 + 1) for targets, bits in groups]


def _algorithm(keys: Keys, name: str | None) -> float | None:
    if name is None or name.lower() == "none":
        return None
    known = name.upper()
    if known in GROUPED_ALGORITHMS:
        return grouped(GROUPED_ALGORITHMS[known], group_of(keys, default=128), SINGLE)
    if known not in ALGORITHMS:
        raise keys.error(
            "quant_algo", name, f"one of {', '.join((*ALGORITHMS, *GROUPED_ALGORITHMS, 'MIXED_PRECISION'))}"
        )
    return ALGORITHMS[known]


def modelopt(keys: Keys, plain: float) -> Storage:
    rules = list(left_alone(keys, "ignore", "exclude_modules"))
    algorithm, kv = keys.word("quant_algo"), cache_bits(keys)
    listed = keys.part("quantized_layers")
    if algorithm != "MIXED_PRECISION" or listed is None:
        if algorithm is None and keys.get("config_groups") is not None:
            return compressed_tensors(keys, plain)
        return storage(plain, _algorithm(keys, algorithm), LINEAR, rules, kv)
    own = {name: listed.part(name) for name in listed.values}
    stored = {name: _algorithm(part, part.word("quant_algo")) if part else None for name, part in own.items()}
    chosen = by_bits(stored, listed.label)
    # A checkpoint in 8 bits may have its experts alone stored anew.
    rest = fp8(keys, plain).bits if keys.word("quant_method") == "fp8" else None
    return storage(plain, rest, LINEAR, [*rules, *chosen] if rest is None else chosen, kv)


def quark(keys: Keys, plain: float) -> Storage:
    def stored(config: Keys | None) -> float | None:
        if config is None:
            return None
        if isinstance(config.get("weight"), list):  # quantised in several steps: the last is what is stored
            steps = [Keys(each, f"{config.label}: weight") for each in config.items("weight", dict)]
            return _quark_bits([each for each in steps if not each.flag("is_scale_quant")][-1:], config)
        return _quark_bits([config.part("weight")], config)

    own = keys.part("layer_quant_config", {})
    rules = [*left_alone(keys, "exclude")]
    rules += [(Patterns([name], own.label), stored(own.part(name))) for name in own.values]
    cache = keys.part("kv_cache_quant_config", {})
    kv = 8 if cache.values or keys.get("kv_cache_dtype") is not None else None
    return storage(plain, stored(keys.part("global_quant_config")), LINEAR, rules, kv)


def _quark_bits(steps: list[Keys | None], config: Keys) -> float | None:
    """Return the bits of a weight and of its share of scale and zero point."""
    if not steps:
        raise config.error("weight", config.get("weight"), "a scheme, or a list of them")
    [weight] = steps
    if weight is None:
        return None
    name = weight.word("dtype")
    if name not in QUARK:
        raise weight.error("dtype", name, f"one of {', '.join(QUARK)}")
    bits = QUARK[name]
    if bits is None:
        return None
    scale = BYTE if name.startswith(("fp4", "mx", "fp6")) else HALF
    group = group_of(weight) if weight.word("qscheme", "per_group") == "per_group" else None
    zero = bits if name.startswith(("int", "uint")) else 0  # stored also where all of them are the same
    return grouped(bits, group if group else (32 if name.startswith("mx") else None), scale + zero)
