"""Formats of storage that say how all weights are stored, and which are not: one reader for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from llm_latency.catalogue.configuration.keys import Keys
from llm_latency.catalogue.configuration.modules import EMBEDDING, EXPERT, HEAD, ROUTER, Patterns
from llm_latency.catalogue.configuration.schemes import BYTE, EXPERT_DTYPES, HALF, MXFP4, SINGLE, TORCHAO, TORCHAO_NAMES
from llm_latency.catalogue.configuration.storage import (
    LINEAR,
    Storage,
    all_but,
    bits_of,
    block_share,
    by_bits,
    cache_bits,
    group_of,
    grouped,
    left_alone,
    storage,
)
from llm_latency.suggestions import short, suggestion

__all__ = []

MLX_MODES = {"affine": 2 * HALF, "mxfp4": BYTE, "mxfp8": BYTE, "nvfp4": BYTE}
"""What a group of weights has together in each mode of MLX, in bits."""
AUTO_ROUND_KINDS = ("int", "mx_fp", "nv_fp", "fp", "mx_fp4", "nv_fp4")
LEFT_ALONE = "modules_to_not_convert"
BY_NAME, UNPACKED = ("FqnToConfig", "ModuleFqnToConfig"), "UNPACKED_TO_INT8"
"""Schemes of torchao that map modules to schemes, and the one way in which few bits are stored that is read."""


def gptq(keys: Keys, plain: float) -> Storage:
    bits, group = bits_of(keys), group_of(keys, default=128)
    rules = list(left_alone(keys, LEFT_ALONE))
    dynamic = keys.part("dynamic")
    for pattern in dynamic.values if dynamic else ():
        own = dynamic.part(pattern)
        here = Patterns([pattern.removeprefix("-:").removeprefix("+:")], f"{keys.label}: dynamic", expressions=True)
        own_bits, own_group = (bits_of(own, default=bits), group_of(own, default=group)) if own else (bits, group)
        stored = None if pattern.startswith("-:") else grouped(own_bits, own_group, HALF + own_bits)
        rules.append((here, stored))
    parts = LINEAR | ({HEAD} if keys.flag("lm_head") else set())
    return storage(plain, grouped(bits, group, HALF + bits), parts, rules)


def awq(keys: Keys, plain: float) -> Storage:
    bits = bits_of(keys, default=keys.get("w_bit", 4))
    group = group_of(keys, default=keys.get("q_group_size", 128))
    # The kernels of the gemm version read zero points, also where all of them are the same.
    zero = bits if keys.flag("zero_point", True) or (keys.word("version") or "").lower() == "gemm" else 0
    return storage(plain, grouped(bits, group, HALF + zero), LINEAR, left_alone(keys, LEFT_ALONE))


def bitsandbytes(keys: Keys, plain: float) -> Storage:
    four, eight = (keys.flag(f"load_in_{bits}bit", keys.get(f"_load_in_{bits}bit", False)) for bits in (4, 8))
    if four == eight:
        both = "both load_in_4bit and load_in_8bit are" if four else "neither load_in_4bit nor load_in_8bit is"
        raise ValueError(f"{keys.label}: {both} true; one of them must be")
    # A block of 64 weights has a scale of 32 bits, or one of 8 bits and 32 more for every 256 blocks.
    scale = BYTE + SINGLE / 256 if keys.flag("bnb_4bit_use_double_quant") else SINGLE
    bits = grouped(4, 64, scale) if four else 8
    lists = ("llm_int8_skip_modules", LEFT_ALONE)
    return storage(plain, bits, all_but(keys, *lists), left_alone(keys, *lists))


def fp8(keys: Keys, plain: float) -> Storage:
    scale = BYTE if keys.word("scale_fmt") == "ue8m0" else SINGLE
    bits = BYTE + block_share(keys, "weight_block_size", scale)
    lists, further = (LEFT_ALONE, "ignored_layers"), keys.items("modules_to_convert")
    rules = [*left_alone(keys, *lists)]
    if further:
        rules.append((Patterns(further, f"{keys.label}: modules_to_convert"), bits))
    found = storage(plain, bits, all_but(keys, *lists), rules, cache_bits(keys))
    experts = keys.word("expert_dtype")
    if experts not in (None, "fp8", "fp4"):
        raise keys.error("expert_dtype", experts, "fp8 or fp4")
    return replace(found, expert_bits=EXPERT_DTYPES["fp4"]) if experts == "fp4" else found


def fbgemm(keys: Keys, plain: float) -> Storage:
    return storage(plain, BYTE, all_but(keys, LEFT_ALONE), left_alone(keys, LEFT_ALONE))


def mxfp4(keys: Keys, plain: float) -> Storage:
    return storage(plain, MXFP4, {EXPERT}, left_alone(keys, LEFT_ALONE))


def auto_round(keys: Keys, plain: float) -> Storage:
    kind = keys.word("data_type", "int")
    if kind not in AUTO_ROUND_KINDS:
        raise keys.error("data_type", kind, "int, fp, mx_fp or nv_fp")

    def stored(own: Keys) -> float | None:
        bits = bits_of(own, default=keys.get("bits"))
        if bits >= HALF:
            return None
        if isinstance(own.get("group_size"), list):
            return bits + block_share(own, "group_size", HALF)
        scale = BYTE if kind.startswith(("mx", "nv")) else HALF + (bits if kind == "int" else 0)
        given = keys.get("group_size", 128)
        return grouped(bits, group_of(own, default=None if isinstance(given, list) else given), scale)

    extra = keys.part("extra_config")
    rules = list(left_alone(keys, LEFT_ALONE))
    for name in extra.values if extra else ():
        own = extra.part(name)
        expressions = any(letter in name for letter in "^$\\[(")
        rules.append((Patterns([name], extra.label, expressions), stored(own) if own else None))
    return storage(plain, stored(keys), LINEAR, rules)


def torchao(keys: Keys, plain: float) -> Storage:
    kind, options = keys.get("quant_type"), keys.part("quant_type_kwargs", {})
    if isinstance(kind, Mapping):
        default = keys.part("quant_type").part("default") or Keys({}, f"{keys.label}: quant_type: default")
        kind, options = default.word("_type"), default.part("_data", {})
    rules = list(left_alone(keys, LEFT_ALONE))
    if kind in BY_NAME:
        own = options.part("fqn_to_config") or options.part("module_fqn_to_config") or Keys({}, options.label)
        stored = {name: _torchao_bits(own.part(name)) for name in own.values}
        bits = stored.pop("_default", None)
        rules += by_bits(stored, own.label)
    else:
        bits = _torchao_bits(Keys({"_type": kind, "_data": options.values}, keys.label))
    parts = all_but(keys, LEFT_ALONE) | ({HEAD} if keys.flag("include_input_output_embeddings") else set())
    return storage(plain, bits, parts, rules)


def _torchao_bits(config: Keys | None) -> float | None:
    """Return the bits of a weight of one scheme: its container, and its share of what a group has together."""
    if config is None:
        return None
    kind, options = config.get("_type"), config.part("_data", {})
    if not isinstance(kind, str) or kind not in TORCHAO_NAMES:
        hint = suggestion(kind, TORCHAO_NAMES)
        raise ValueError(f"{config.label}: unknown quant_type {short(kind)}; {hint}known: {', '.join(TORCHAO_NAMES)}")
    packing = options.get("intx_packing_format", UNPACKED)
    packing = packing.get("_data") if isinstance(packing, Mapping) else packing
    if packing != UNPACKED:
        raise options.error("intx_packing_format", packing, UNPACKED)
    scheme = TORCHAO[TORCHAO_NAMES[kind]]
    group = group_of(options, default=scheme.group)
    for name in ("granularity", "weight_granularity"):
        if isinstance(options.get(name), Mapping) and options.part(name).word("_type") == "PerGroup":
            group = group_of(options.part(name).part("_data", {}))
    return grouped(scheme.bits, group, scheme.shared)


def mlx(keys: Keys, plain: float) -> Storage:
    """Read the storage of MLX, which quantises embeddings and the unembedding as well."""

    def stored(own: Keys) -> float:
        bits, group = bits_of(own, default=keys.get("bits")), group_of(own, default=keys.get("group_size", 64))
        mode = own.word("mode", keys.word("mode", "affine"))
        if mode not in MLX_MODES:
            raise own.error("mode", mode, f"one of {', '.join(MLX_MODES)}")
        return grouped(bits, group, MLX_MODES[mode])

    own = {name: stored(keys.part(name)) for name, value in keys.values.items() if isinstance(value, Mapping)}
    own |= {name: stored(keys) if value else None for name, value in keys.values.items() if isinstance(value, bool)}
    return storage(plain, stored(keys), LINEAR | {ROUTER, EMBEDDING, HEAD}, by_bits(own, keys.label))
