"""How the weights of a model are stored: one reader for each format that configurations name."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from llm_latency.catalogue.configuration.keys import Keys
from llm_latency.catalogue.configuration.modules import (
    ATTENTION,
    EMBEDDING,
    EXPERT,
    HEAD,
    MLP,
    ROUTER,
    SHARED,
    Module,
    Patterns,
)
from llm_latency.catalogue.configuration.schemes import (
    ALGORITHMS,
    BYTE,
    GROUPED_ALGORITHMS,
    HALF,
    MXFP4,
    NVFP4,
    PRESETS,
    QUARK,
    SIGNS,
    SINGLE,
    TORCHAO,
)
from llm_latency.suggestions import short, suggestion

__all__ = []

LINEAR = frozenset({ATTENTION, MLP, EXPERT, SHARED})
"""The parts whose weights are those of linear layers; routers are left alone unless a format says otherwise."""
MOST_BITS = 32


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


def _bits(keys: Keys, key: str = "bits", default: int | None = None) -> int:
    return keys.count(key, default, 1, MOST_BITS)


def _grouped(bits: float, group: int | None, shared: float) -> float:
    """Add the share of what a group of weights has together; a group as long as a column adds nothing."""
    return bits if group is None else bits + shared / group


def _group(keys: Keys, key: str = "group_size", default: int | None = None) -> int | None:
    """Return the weights of a group; -1 and null mean a whole column."""
    return None if keys.get(key, default) in (None, -1) else keys.count(key, default)


def _all_but(rules: Iterable) -> frozenset[str]:
    """Return the parts that are quantised: a list of those that are not takes the place of the usual one, the head."""
    return LINEAR | {HEAD} if rules else LINEAR


def _excluded(keys: Keys, *names: str) -> tuple[tuple[Patterns, None], ...]:
    """Return the rules of lists of modules that are not quantised."""
    lists = [(name, keys.items(name)) for name in names]
    return tuple((Patterns(patterns, f"{keys.label}: {name}"), None) for name, patterns in lists if patterns)


def _gptq(keys: Keys, plain: float) -> Storage:
    bits, group = _bits(keys), _group(keys, default=128)
    rules = list(_excluded(keys, "modules_to_not_convert"))
    dynamic = keys.part("dynamic")
    for pattern in dynamic.values if dynamic else ():
        own = dynamic.part(pattern)
        here = Patterns([pattern.removeprefix("-:").removeprefix("+:")], f"{keys.label}: dynamic", expressions=True)
        own_bits, own_group = (_bits(own, default=bits), _group(own, default=group)) if own else (bits, group)
        stored = None if pattern.startswith("-:") else _grouped(own_bits, own_group, HALF + own_bits)
        rules.append((here, stored))
    parts = LINEAR | ({HEAD} if keys.flag("lm_head") else set())
    return _storage(plain, _grouped(bits, group, HALF + bits), parts, rules)


def _awq(keys: Keys, plain: float) -> Storage:
    bits = _bits(keys, default=keys.get("w_bit", 4))
    group = _group(keys, default=keys.get("q_group_size", 128))
    zero = bits if keys.flag("zero_point", True) else 0
    return _storage(plain, _grouped(bits, group, HALF + zero), LINEAR, _excluded(keys, "modules_to_not_convert"))


def _bitsandbytes(keys: Keys, plain: float) -> Storage:
    four, eight = (keys.flag(f"load_in_{bits}bit", keys.get(f"_load_in_{bits}bit", False)) for bits in (4, 8))
    if four == eight:
        both = "both load_in_4bit and load_in_8bit are" if four else "neither load_in_4bit nor load_in_8bit is"
        raise ValueError(f"{keys.label}: {both} true; one of them must be")
    # A block of 64 weights has a scale of 32 bits, or one of 8 bits and 32 more for every 256 blocks.
    scale = BYTE + SINGLE / 256 if keys.flag("bnb_4bit_use_double_quant") else SINGLE
    bits = _grouped(4, 64, scale) if four else 8
    rules = _excluded(keys, "llm_int8_skip_modules", "modules_to_not_convert")
    return _storage(plain, bits, _all_but(rules), rules)


def _block(keys: Keys, key: str, scale: float) -> float:
    """Return the share of one weight in the scale of its block."""
    sides = keys.items(key, int)
    if not sides:
        return 0
    if any(side < 1 for side in sides):
        raise keys.error(key, sides, "a list of positive whole numbers")
    return scale / math.prod(sides)


def _fp8(keys: Keys, plain: float) -> Storage:
    scale = BYTE if keys.word("scale_fmt") == "ue8m0" else SINGLE
    bits = BYTE + _block(keys, "weight_block_size", scale)
    rules = _excluded(keys, "modules_to_not_convert", "ignored_layers")
    return _storage(plain, bits, _all_but(rules), rules, _kv_bits(keys))


def _fbgemm(keys: Keys, plain: float) -> Storage:
    return _storage(plain, BYTE, LINEAR, _excluded(keys, "modules_to_not_convert"))


def _mxfp4(keys: Keys, plain: float) -> Storage:
    return _storage(plain, MXFP4, {EXPERT}, _excluded(keys, "modules_to_not_convert"))


def _scheme_bits(weights: Keys | None) -> float | None:
    """Return the bits that a scheme of compressed-tensors stores a weight with."""
    if weights is None:
        return None
    bits, strategy = _bits(weights, "num_bits"), weights.word("strategy")
    if strategy == "block" or weights.get("block_structure") is not None:
        structure = weights.get("block_structure")
        if isinstance(structure, str) and re.fullmatch(r"\d{1,6}x\d{1,6}", structure):
            weights = Keys({"block_structure": [int(side) for side in structure.split("x")]}, weights.label)
        return bits + _block(weights, "block_structure", HALF)
    group = _group(weights)
    narrow = weights.word("type", "int") == "float" and bits == 4
    scale = BYTE if narrow or weights.word("scale_dtype") == "torch.uint8" else HALF
    return _grouped(bits, group, scale + (0 if weights.flag("symmetric", True) else bits))


def _compressed_tensors(keys: Keys, plain: float) -> Storage:
    groups = keys.part("config_groups", {})
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
        found.append((group.items("targets") or ["Linear"], _scheme_bits(group.part("weights"))))
    sparse = _sparsity(keys, found, plain)
    found = sparse or found
    if not found:
        raise ValueError(
            f"{keys.label}: config_groups is empty, and there is no sparsity_config; one must say what is stored"
        )
    everything = [bits for targets, bits in found if "Linear" in targets]
    rules = list(_excluded(keys, "ignore"))
    rules += [
        (Patterns([each for each in targets if each != "Linear"], groups.label), bits)
        for targets, bits in found
        if set(targets) - {"Linear"}
    ]
    bits = everything[0] if everything else None
    return _storage(plain, bits, LINEAR | {HEAD}, rules, _kv_bits(keys))


def _sparsity(keys: Keys, groups: list, plain: float) -> list:
    """Return the groups with half of the weights left out, and one bit each that says which half."""
    sparsity = keys.part("sparsity_config")
    if sparsity is None or (form := sparsity.word("format", "dense")) == "dense":
        return []
    if form != "sparse-24-bitmask":
        raise sparsity.error("format", form, "sparse-24-bitmask or dense")
    groups = groups or [(sparsity.items("targets") or ["Linear"], plain)]
    return [(targets, None if bits is None else bits / 2 + 1) for targets, bits in groups]


def _kv_bits(keys: Keys) -> float | None:
    """Return the bits of a cached element: a scheme, or the name of one."""
    scheme = keys.get("kv_cache_scheme", keys.get("kv_cache_quant_algo"))
    if scheme is None:
        return None
    if isinstance(scheme, str):
        named = {"FP8": 8, "INT8": 8, "NVFP4": NVFP4, "static": 8, "dynamic": 8, "none": None, "auto": None}
        if scheme not in named:
            raise keys.error("kv_cache_scheme", scheme, f"one of {', '.join(named)}")
        return named[scheme]
    return _bits(keys.part("kv_cache_scheme"), "num_bits")


def _algorithm(keys: Keys, name: str | None) -> float | None:
    if name is None or name.lower() == "none":
        return None
    if name in GROUPED_ALGORITHMS:
        return _grouped(GROUPED_ALGORITHMS[name], _group(keys, default=128), HALF)
    if name not in ALGORITHMS:
        known = (*ALGORITHMS, *GROUPED_ALGORITHMS, "MIXED_PRECISION")
        raise keys.error("quant_algo", name, f"one of {', '.join(known)}")
    return ALGORITHMS[name]


def _modelopt(keys: Keys, plain: float) -> Storage:
    rules = list(_excluded(keys, "ignore", "exclude_modules"))
    algorithm, kv = keys.word("quant_algo"), _kv_bits(keys)
    listed = keys.part("quantized_layers")
    if algorithm != "MIXED_PRECISION" or listed is None:
        if algorithm is None and keys.get("config_groups") is not None:
            return _compressed_tensors(keys, plain)
        return _storage(plain, _algorithm(keys, algorithm), LINEAR, rules, kv)
    own = {name: listed.part(name) for name in listed.values}
    stored = {name: _algorithm(part, part.word("quant_algo")) if part else None for name, part in own.items()}
    chosen = _by_bits(stored, listed.label)
    # A checkpoint in 8 bits may have its experts alone stored anew.
    rest = _fp8(keys, plain).bits if keys.word("quant_method") == "fp8" else None
    return _storage(plain, rest, LINEAR, [*rules, *chosen] if rest is None else chosen, kv)


def _auto_round(keys: Keys, plain: float) -> Storage:
    kind = keys.word("data_type", "int")
    if kind not in ("int", "mx_fp", "nv_fp", "fp", "mx_fp4", "nv_fp4"):
        raise keys.error("data_type", kind, "int, fp, mx_fp or nv_fp")

    def stored(own: Keys) -> float | None:
        bits = _bits(own, default=keys.get("bits"))
        if bits >= HALF:
            return None
        symmetric = own.flag("sym", keys.flag("sym", True))
        scale = BYTE if kind.startswith(("mx", "nv")) else HALF + (0 if symmetric and kind != "int" else bits)
        return _grouped(bits, _group(own, default=keys.get("group_size", 128)), scale)

    extra = keys.part("extra_config")
    rules = list(_excluded(keys, "modules_to_not_convert"))
    for name in extra.values if extra else ():
        own = extra.part(name)
        expressions = any(letter in name for letter in "^$\\[(")
        rules.append((Patterns([name], extra.label, expressions), stored(own) if own else None))
    return _storage(plain, stored(keys), LINEAR, rules)


def _torchao(keys: Keys, plain: float) -> Storage:
    kind, options = keys.get("quant_type"), keys.part("quant_type_kwargs", {})
    if isinstance(kind, Mapping):
        chosen = keys.part("quant_type").part("default") or Keys({}, f"{keys.label}: quant_type: default")
        kind, options = chosen.word("_type"), chosen.part("_data", {})
    if not isinstance(kind, str) or kind not in TORCHAO:
        hint = suggestion(kind, TORCHAO)
        raise ValueError(f"{keys.label}: unknown quant_type {short(kind)}; {hint}known: {', '.join(TORCHAO)}")
    bits, group = TORCHAO[kind], _group(options, default=128 if TORCHAO[kind] == 4 else -1)
    # A group of 4-bit weights has a scale and a zero point of 16 bits each.
    parts = LINEAR | ({EMBEDDING} if keys.flag("include_input_output_embeddings") else set())
    stored = _grouped(bits, group, 2 * HALF if bits == 4 else HALF)
    return _storage(plain, stored, parts, _excluded(keys, "modules_to_not_convert"))


def _quark(keys: Keys, plain: float) -> Storage:
    def stored(config: Keys | None) -> float | None:
        weight = config.part("weight") if config else None
        if weight is None:
            return None
        name = weight.word("dtype")
        if name not in QUARK:
            raise weight.error("dtype", name, f"one of {', '.join(QUARK)}")
        bits = QUARK[name]
        if bits is None:
            return None
        scale = BYTE if name.startswith(("fp4", "mx", "fp6")) else HALF
        group = _group(weight) if weight.word("qscheme", "per_group") == "per_group" else None
        zero = 0 if weight.flag("symmetric", True) else bits
        return _grouped(bits, group if group else (32 if name.startswith("mx") else None), scale + zero)

    own = keys.part("layer_quant_config", {})
    rules = [*_excluded(keys, "exclude")]
    rules += [(Patterns([name], own.label), stored(own.part(name))) for name in own.values]
    cache = keys.part("kv_cache_quant_config", {})
    kv = 8 if cache.values or keys.get("kv_cache_dtype") is not None else None
    return _storage(plain, stored(keys.part("global_quant_config")), LINEAR, rules, kv)


def _mlx(keys: Keys, plain: float) -> Storage:
    """Read the storage of MLX, which quantises embeddings and the unembedding as well."""

    def stored(own: Keys) -> float:
        bits, group = _bits(own, default=keys.get("bits")), _group(own, default=keys.get("group_size", 64))
        modes = {"affine": 2 * HALF, "mxfp4": BYTE, "mxfp8": BYTE, "nvfp4": BYTE}
        mode = own.word("mode", keys.word("mode", "affine"))
        if mode not in modes:
            raise own.error("mode", mode, f"one of {', '.join(modes)}")
        return _grouped(bits, group, modes[mode])

    own = {name: stored(keys.part(name)) for name, value in keys.values.items() if isinstance(value, Mapping)}
    own |= {name: stored(keys) if value else None for name, value in keys.values.items() if isinstance(value, bool)}
    return _storage(plain, stored(keys), LINEAR | {ROUTER, EMBEDDING, HEAD}, _by_bits(own, keys.label))


def _by_bits(stored: Mapping[str, float | None], label: str) -> list[tuple[Patterns, float | None]]:
    """Gather names of modules by the bits of their weights; experts, which are alike, stand for each other."""
    found: dict[float | None, dict[str, None]] = {}
    for name, bits in stored.items():
        found.setdefault(bits, {})[re.sub(r"experts\.\d+(?=\.|$)", "experts.*", name)] = None
    return [(Patterns([*names], label), bits) for bits, names in found.items()]


FORMATS: dict[str, Callable[[Keys, float], Storage]] = {
    "gptq": _gptq,
    "awq": _awq,
    "bitsandbytes": _bitsandbytes,
    "fp8": _fp8,
    "fbgemm_fp8": _fbgemm,
    "mxfp4": _mxfp4,
    "compressed-tensors": _compressed_tensors,
    "compressed_tensors": _compressed_tensors,
    "modelopt": _modelopt,
    "modelopt_fp4": _modelopt,
    "auto-round": _auto_round,
    "intel/auto-round": _auto_round,
    "torchao": _torchao,
    "quark": _quark,
    "mlx": _mlx,
}
"""What reads each format, by its ``quant_method``."""


def _storage(
    plain: float, bits: float | None, parts: Iterable[str], rules: Iterable, kv: float | None = None
) -> Storage:
    """Make a storage in which None stands for what is not quantised."""
    known = tuple((patterns, plain if stored is None else float(stored)) for patterns, stored in rules)
    return Storage(plain, plain if bits is None else float(bits), frozenset(parts), known, kv)


def read_storage(keys: Keys | None, plain: float) -> Storage:
    """Read how weights are stored.

    Parameters
    ----------
    keys : Keys or None
        The part of the configuration that says so; None if there is none.
    plain : float
        Bits of a weight that is not quantised.

    Returns
    -------
    Storage
        Bits by module.

    Raises
    ------
    ValueError
        If the format is not known, or a value is not legal.
    """
    if keys is None:
        return Storage(plain, plain)
    method = keys.word("quant_method")
    if method is None:
        method = next((name for sign, name in SIGNS.items() if sign in keys.values), None)
    if keys.get("quantized_layers") is not None:
        method = "modelopt"
    if method not in FORMATS:
        hint = suggestion(method, FORMATS)
        raise ValueError(f"{keys.label}: unknown quant_method {short(method)}; {hint}known: {', '.join(FORMATS)}")
    return FORMATS[method](keys, plain)
