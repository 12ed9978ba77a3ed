"""Hugging Face configurations: the shape of a decoder-only transformer from its ``config.json``."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from llm_latency.suggestions import suggestion

__all__ = ["shape_from_config"]


@dataclass(frozen=True)
class _Family:
    """One architecture: the keys of its configuration and the defaults of its configuration class."""

    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # where names differ; (): no such key
    defaults: Mapping[str, object] = field(default_factory=dict)  # values of missing keys
    derived: tuple[str, ...] = ()  # keys that are computed if null, or if missing without a default
    mlp_matrices: int = 3
    position_offset: int | None = None  # learned position vectors in excess of the maximum; None: none learned
    parallel: Callable = lambda read: False
    kv_heads: Callable = lambda read, n_heads: read.count("num_key_value_heads", n_heads)
    windowed: Callable = lambda read, n_layers: 0  # how many have a window if layer_types is missing
    experts: tuple[str, str] | None = None  # keys of the number of experts and of their width
    dense_layers: Callable = lambda read, n_layers: 0  # in a mixture of experts
    shared_width: Callable = lambda read: 0
    latent: bool = False


@dataclass(frozen=True)
class _Reader:
    """A configuration, read with the keys and defaults of its family."""

    config: Mapping
    family: _Family

    def label(self, key: str) -> str:
        return f"{self.config['model_type']} configuration: {' or '.join(self.family.keys.get(key, (key,)))}"

    def get(self, key: str):
        names = self.family.keys.get(key, (key,))
        given = [self.config[name] for name in names if name in self.config]
        if any(value != given[0] for value in given):
            raise ValueError(f"{self.label(key)} have different values, {given}")
        if given:
            return given[0]
        if key not in self.family.defaults and names and key not in self.family.derived:
            raise ValueError(f"{self.label(key)} is missing")
        return self.family.defaults.get(key)

    def count(self, key: str, derived: int | None = None, least: int = 1) -> int:
        value, absent = self.get(key), not self.family.keys.get(key, (key,))
        may_derive = derived is not None and (absent or key in self.family.derived)
        return derived if value is None and may_derive else _integer(self.label(key), value, least)

    def flag(self, key: str) -> bool:
        if not isinstance(value := self.get(key), bool):
            raise ValueError(f"{self.label(key)} is {value!r}; it must be true or false")
        return value


def _integer(label: str, value, least: int = 1) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        legal = "a positive integer" if least else "an integer >= 0"
        raise ValueError(f"{label} is {value!r}; it must be {legal}")
    return value


def _disputed_windows(read, n_layers):  # 4.57.1: layers from max_window_layers on; 5.23.0: every second layer before
    raise ValueError(f"{read.label('layer_types')} is missing; releases of transformers differ on them")


def _qwen_dense_layers(read, n_layers):
    step, only = read.count("decoder_sparse_step"), read.get("mlp_only_layers") or []
    return sum(layer in only or (layer + 1) % step > 0 for layer in range(n_layers))


def _deepseek_dense_layers(read, n_layers):
    first, step = read.count("first_k_dense_replace", least=0), read.count("moe_layer_freq")
    return sum(layer < first or layer % step > 0 for layer in range(n_layers))


def _falcon_kv_heads(read, n_heads):  # multi_query overrides num_kv_heads, except in the new decoder
    new = read.flag("new_decoder_architecture") or "n_head_kv" in read.config
    return 1 if not new and read.flag("multi_query") else read.count(KV, n_heads)


KV, HEAD, INNER, WINDOW = "num_key_value_heads", "head_dim", "intermediate_size", "sliding_window"
TIED, UNTIED = {"tie_word_embeddings": True}, {"tie_word_embeddings": False}
QWEN = UNTIED | {"use_sliding_window": False, WINDOW: 4096, "max_window_layers": 28}
QWEN_MOE = QWEN | {"decoder_sparse_step": 1, "mlp_only_layers": None}
DEEPSEEK = UNTIED | {"q_lora_rank": 1536, "moe_layer_freq": 1}  # a frequency of 1: no dense layers in between

ALL_HEADS = {KV: (), HEAD: ()}  # no such keys: each head has keys and values of its own, of width hidden_size / heads
LAYERS_HEADS = {
    "num_hidden_layers": ("n_layer", "num_hidden_layers"),
    "num_attention_heads": ("n_head", "num_attention_heads"),
}
GPT2 = (
    ALL_HEADS
    | LAYERS_HEADS
    | {
        "hidden_size": ("n_embd", "hidden_size"),
        INNER: ("n_inner",),
        "max_position_embeddings": ("n_positions", "max_position_embeddings"),
    }
)
N_EMBED = {"hidden_size": ("hidden_size", "n_embed")}
FALCON = N_EMBED | {HEAD: (), INNER: ("ffn_hidden_size",)}
OLD_FALCON = TIED | {"new_decoder_architecture": False}
NUM_EXPERTS = {"num_experts": ("num_experts", "num_local_experts")}

NO_PATTERN = {"sliding_window_pattern": ()}  # windows in every second layer

ALL_WINDOWED = dict(windowed=lambda read, layers: layers)
LAST_WINDOWED = dict(windowed=lambda read, layers: max(0, layers - read.count("max_window_layers", least=0)))
BUT_NTH_WINDOWED = dict(windowed=lambda read, layers: layers - layers // read.count("sliding_window_pattern", 2))
PARALLEL = dict(parallel=lambda read: True)
ALL_EXPERTS = dict(experts=("num_experts", INNER))
QWEN_EXPERTS = dict(experts=("num_experts", "moe_intermediate_size"), dense_layers=_qwen_dense_layers)
LATENT_MOE = dict(
    keys={"n_routed_experts": ("n_routed_experts", "num_experts", "num_local_experts")},
    derived=("q_lora_rank", "n_shared_experts"),
    latent=True,
    dense_layers=_deepseek_dense_layers,
    experts=("n_routed_experts", "moe_intermediate_size"),
    shared_width=lambda read: read.count("n_shared_experts", 0, 0) * read.count("moe_intermediate_size"),
)
OLD_OR_NEW = dict(
    kv_heads=_falcon_kv_heads, parallel=lambda read: read.flag("new_decoder_architecture") or read.flag("parallel_attn")
)

# The sizes are required; other keys may be missing and then have the defaults of their configuration class in
# transformers 5.23.0 (models/*/configuration_*.py). Computed if not given: as many key-value heads as heads, heads of
# width hidden_size / heads, an inner width of 4 hidden_size, no query compression and no shared experts.
FAMILIES = {
    # LlamaConfig, MistralConfig, MixtralConfig, PhiConfig, Phi3Config
    "llama": _Family({}, UNTIED, (KV, HEAD)),
    "mistral": _Family({}, UNTIED | {KV: 8, WINDOW: 4096}, (KV, HEAD), **ALL_WINDOWED),
    "mixtral": _Family(NUM_EXPERTS, UNTIED | {KV: 8, WINDOW: None}, (KV, HEAD), **ALL_WINDOWED, **ALL_EXPERTS),
    "phi": _Family({}, UNTIED, (KV, HEAD), 2, **PARALLEL),
    "phi3": _Family({}, UNTIED | {WINDOW: None}, (KV, HEAD), **ALL_WINDOWED),
    # Qwen2Config, Qwen2MoeConfig, Qwen3Config, Qwen3MoeConfig
    "qwen2": _Family({}, QWEN | {KV: 32}, (KV, HEAD), **LAST_WINDOWED),
    "qwen2_moe": _Family(
        {},
        QWEN_MOE | {KV: 16},
        (HEAD,),
        windowed=_disputed_windows,
        **QWEN_EXPERTS,
        shared_width=lambda read: read.count("shared_expert_intermediate_size", least=0),
    ),
    "qwen3": _Family({}, QWEN | {KV: 32, HEAD: 128}, (KV,), **LAST_WINDOWED),
    "qwen3_moe": _Family(NUM_EXPERTS, QWEN_MOE | {KV: 4}, (HEAD,), **ALL_WINDOWED, **QWEN_EXPERTS),
    # GemmaConfig, Gemma2Config, Gemma3TextConfig (published files lack heads and vocabulary), GptOssConfig
    "gemma": _Family({}, TIED | {KV: 16, HEAD: 256}),
    "gemma2": _Family(NO_PATTERN, TIED | {KV: 4, HEAD: 256, WINDOW: 4096}, **BUT_NTH_WINDOWED),
    "gemma3_text": _Family(
        {},
        TIED
        | {"num_attention_heads": 8, KV: 4, HEAD: 256, "vocab_size": 262208, WINDOW: 4096, "sliding_window_pattern": 6},
        **BUT_NTH_WINDOWED,
    ),
    "gpt_oss": _Family(
        NO_PATTERN | NUM_EXPERTS, UNTIED | {KV: 8, HEAD: 64, WINDOW: 128}, (KV, HEAD), **BUT_NTH_WINDOWED, **ALL_EXPERTS
    ),
    # DeepseekV2Config, DeepseekV3Config
    "deepseek_v2": _Family(**LATENT_MOE, defaults=DEEPSEEK | {"first_k_dense_replace": 0, "n_shared_experts": 2}),
    "deepseek_v3": _Family(**LATENT_MOE, defaults=DEEPSEEK | {"first_k_dense_replace": 3, "n_shared_experts": 1}),
    # GPT2Config, GPTJConfig, GPTNeoXConfig, OPTConfig, BloomConfig (its inner width is fixed)
    "gpt2": _Family(GPT2, TIED, (INNER,), 2, position_offset=0),
    "gptj": _Family(GPT2, UNTIED, (INNER,), 2, **PARALLEL),
    "gpt_neox": _Family(
        ALL_HEADS,
        UNTIED | {"use_parallel_residual": True},
        (),
        2,
        parallel=lambda read: read.flag("use_parallel_residual"),
    ),
    "opt": _Family(ALL_HEADS | {INNER: ("ffn_dim",)}, TIED, (), 2, position_offset=2),
    "bloom": _Family(ALL_HEADS | LAYERS_HEADS | N_EMBED | {INNER: ()}, TIED, (), 2),
    # FalconConfig; earlier, the RWConfig of each model's repository, with different defaults
    "falcon": _Family(
        FALCON | {KV: ("num_kv_heads",)},
        OLD_FALCON | {"multi_query": True, "parallel_attn": True},
        (KV, INNER),
        2,
        **OLD_OR_NEW,
    ),
    "RefinedWeb": _Family(
        FALCON | LAYERS_HEADS | {KV: ("n_head_kv", "num_kv_heads")}, OLD_FALCON, (KV, INNER), 2, **OLD_OR_NEW
    ),
}
FAMILIES["RefinedWebModel"] = FAMILIES["RefinedWeb"]
DTYPES = {"float16": 16, "bfloat16": 16, "float32": 32}
QUANTIZATIONS = ("gptq", "awq", "bitsandbytes", "fp8", "mxfp4", "compressed-tensors")


def _grouped(label: str, bits, group, scale: int = 16, zero_point: bool = True) -> float:
    """Bits of a weight with its share of its group's scale and zero point; negligible for a group per column."""
    _integer(f"{label} bits", bits)
    if group in (None, -1):
        return float(bits)
    return bits + (scale + zero_point * bits) / _integer(f"{label} group_size", group)


def _compressed_tensors(label: str, weights: Mapping) -> float:
    if weights.get("block_structure"):
        raise ValueError(f"{label} block_structure is not supported")
    bits = weights.get("num_bits")
    scale = 8 if weights.get("type") == "float" and bits == 4 else 16  # MXFP4 and NVFP4 have scales of 8 bits
    symmetric = weights.get("symmetric", True)  # as in QuantizationArgs; symmetric means no zero point
    return _grouped(label, bits, weights.get("group_size"), scale, not symmetric)


def _storage(config: Mapping, has_experts: bool) -> dict[str, float]:
    """Bits of a stored weight, with its share of scales and zero points."""
    dtypes = [config[key] for key in ("dtype", "torch_dtype") if config.get(key) is not None]
    if any(dtype not in DTYPES or dtype != dtypes[0] for dtype in dtypes):
        raise ValueError(f"torch_dtype is {' and '.join(map(repr, dtypes))}; it must be {', '.join(DTYPES)}")
    stored = config.get("quantization_config")
    if stored is None and not dtypes:
        raise ValueError('torch_dtype is missing; add it, such as "torch_dtype": "bfloat16"')
    plain = float(DTYPES[dtypes[0]]) if dtypes else 16.0  # of the weights that quantisation leaves alone
    if stored is None:
        return {"weight_bits": plain}
    label = f"quantization_config: {(method := stored.get('quant_method'))}"
    match method:
        case "gptq" | "awq":  # GPTQConfig and AwqConfig define a group of 128, AwqConfig 4 bits
            bits = stored.get("bits", 4 if method == "awq" else None)
            bits = _grouped(label, bits, stored.get("group_size", 128))
        case "bitsandbytes" if stored.get("load_in_8bit") or stored.get("load_in_4bit"):
            # a block of 64 has a float32 scale, or one of 8 bits plus a float32 for every 256 blocks
            block = 8 + 32 / 256 if stored.get("bnb_4bit_use_double_quant") else 32
            bits = 8.0 if stored.get("load_in_8bit") else 4 + block / 64
        case "bitsandbytes":
            raise ValueError(f"{label} needs load_in_4bit or load_in_8bit to be true")
        case "fp8":
            sides = stored.get("weight_block_size") or ()
            block = math.prod(_integer(f"{label} weight_block_size", side) for side in sides)
            bits = 8 + 32 / block if sides else 8.0
        case "mxfp4" if has_experts:  # Mxfp4Config: experts in blocks of 32 with a scale of 8 bits
            return {"weight_bits": plain, "expert_bits": 4 + 8 / 32}
        case "mxfp4":
            raise ValueError(f"{label} stores experts; the model has none")
        case "compressed-tensors":
            groups = (stored.get("config_groups") or {}).values()
            found = {_compressed_tensors(label, group.get("weights") or {}) for group in groups}
            if len(found) != 1:
                raise ValueError(f"{label} config_groups must agree on the bits, not have {sorted(found)}")
            bits = found.pop()
        case _:
            raise ValueError(
                f"unknown quant_method {method!r}; {suggestion(method, QUANTIZATIONS)}known: {', '.join(QUANTIZATIONS)}"
            )
    return {"weight_bits": bits, "vocab_bits": plain}  # no method touches the embeddings unless told to


def _attention(read: _Reader, d_model: int, n_heads: int) -> dict[str, int]:
    if read.family.latent:
        keys = {
            "query_rank": "q_lora_rank",
            "kv_rank": "kv_lora_rank",
            "nope_dim": "qk_nope_head_dim",
            "rope_dim": "qk_rope_head_dim",
            "value_dim": "v_head_dim",
        }
        return {name: read.count(key, 0) for name, key in keys.items()}
    n_kv_heads, even = read.family.kv_heads(read, n_heads), d_model % n_heads == 0
    if n_heads % n_kv_heads:
        raise ValueError(f"{read.label(KV)} is {n_kv_heads}; the {n_heads} heads are not a multiple of it")
    if not even and read.get(HEAD) is None:
        raise ValueError(f"{read.label('hidden_size')} is {d_model}, not a multiple of the {n_heads} heads")
    return {"n_kv_heads": n_kv_heads, "head_dim": read.count(HEAD, d_model // n_heads)}


def _mlps(read: _Reader, n_layers: int, d_model: int) -> dict[str, int]:
    family, experts, dense = read.family, {}, n_layers
    if family.experts and not (family.latent and read.get(family.experts[0]) is None):
        dense = family.dense_layers(read, n_layers)
    if dense < n_layers:
        experts = {
            "n_experts": read.count(family.experts[0]),
            "expert_width": read.count(family.experts[1]),
            "experts_per_token": read.count("num_experts_per_tok"),
            "shared_width": family.shared_width(read),
            "dense_layers": dense,
        }
    inner = {"mlp_width": read.count(INNER, 4 * d_model)} if dense else {}
    return inner | {"mlp_matrices": family.mlp_matrices} | experts


def _windows(read: _Reader, n_layers: int) -> dict[str, int]:
    types, defaults = read.config.get("layer_types"), read.family.defaults
    used = read.config.get(WINDOW, defaults.get(WINDOW)) is not None
    used = used and ("use_sliding_window" not in defaults or read.flag("use_sliding_window"))
    layers = read.family.windowed(read, n_layers) if used and types is None else 0
    if types is not None:
        layers = types.count("sliding_attention")
        if layers + types.count("full_attention") != n_layers or len(types) != n_layers:
            legal = f"{n_layers} times full_ or sliding_attention"
            raise ValueError(f"{read.label('layer_types')} must be {legal}")
        if layers and not used:
            raise ValueError(f"{read.label('layer_types')} has windows, but {WINDOW} is missing or off")
    return {"window": read.count(WINDOW), "windowed_layers": layers} if layers else {}


def shape_from_config(config: Mapping) -> dict[str, int | float | bool]:
    """Read the shape of a decoder-only transformer from its Hugging Face configuration.

    Parameters
    ----------
    config : mapping
        Contents of a ``config.json``, as `json.load` returns them.

    Returns
    -------
    dict
        Sizes of attention, MLP, experts, vocabulary and window, and the bits of a stored weight. What the
        architecture does not have is left out.

    Raises
    ------
    ValueError
        If the architecture or the quantisation is unknown, if a value is missing that has no default in
        the configuration class, or if a value is not legal. Nothing is guessed.

    Examples
    --------
    >>> shape = shape_from_config({"model_type": "gpt2", "n_layer": 12, "n_embd": 768, "n_head": 12,
    ...                            "n_positions": 1024, "vocab_size": 50257, "torch_dtype": "float32"})
    >>> shape["mlp_width"], shape["vocab_matrices"], shape["weight_bits"]
    (3072, 1, 32.0)
    >>> shape_from_config({"model_type": "llamma"})
    Traceback (most recent call last):
    ...
    ValueError: unknown model_type 'llamma'; did you mean 'llama'? known: llama, mistral, ...

    References
    ----------
    Configuration and model classes of Hugging Face transformers 5.23.0, ``src/transformers/models``.
    """
    if config.get("text_config") is not None:
        raise ValueError('the configuration wraps a language model; pass config["text_config"]')
    if "model_type" not in config:
        raise ValueError(f"model_type is missing; known: {', '.join(FAMILIES)}")
    if (model_type := config["model_type"]) not in FAMILIES:
        raise ValueError(
            f"unknown model_type {model_type!r}; {suggestion(model_type, FAMILIES)}known: {', '.join(FAMILIES)}"
        )
    read = _Reader(config, FAMILIES[model_type])
    for key in ("is_encoder_decoder", "add_cross_attention", "use_bidirectional_attention"):
        if config.get(key):
            raise ValueError(f"{read.label(key)} is true; the model is not a decoder-only transformer")
    n_layers, d_model, n_heads = map(read.count, ("num_hidden_layers", "hidden_size", "num_attention_heads"))
    if model_type == "opt" and config.get("word_embed_proj_dim") not in (None, d_model):
        raise ValueError(f"{read.label('word_embed_proj_dim')} is not hidden_size; that is not supported")
    shape = {"n_layers": n_layers, "d_model": d_model, "n_heads": n_heads}
    shape |= _attention(read, d_model, n_heads) | _mlps(read, n_layers, d_model)
    shape |= {"vocab": read.count("vocab_size"), "vocab_matrices": 2 - read.flag("tie_word_embeddings")}
    if read.family.position_offset is not None:
        shape["n_positions"] = read.count("max_position_embeddings") + read.family.position_offset
    shape = {key: value for key, value in (shape | _windows(read, n_layers)).items() if value}
    return shape | {"parallel_blocks": read.family.parallel(read)} | _storage(config, "n_experts" in shape)
