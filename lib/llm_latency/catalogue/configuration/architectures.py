"""Architectures: one row for each family of models, which says what its layers are made of and where that stands.

A row names rules (which layers are of which kind) and parts (what a layer of a kind is made of). To add an architecture
made of known parts, add a row, and its defaults with ``tools/record_defaults.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from llm_latency.catalogue.configuration import layers, patterns
from llm_latency.catalogue.configuration.keys import Keys
from llm_latency.catalogue.configuration.layers import Fields, Part
from llm_latency.catalogue.configuration.modules import Places
from llm_latency.catalogue.configuration.patterns import Rule

__all__ = ["ARCHITECTURES", "Architecture"]


ALL_FULL, ALL_DENSE = patterns.all_of(patterns.FULL), patterns.all_of(patterns.DENSE)
USUAL_EXPERTS, USUAL_PLACES = layers.mixture(), Places()


def _nothing(keys: Keys) -> Fields:
    return {}


def _never(keys: Keys) -> bool:
    return False


def _always(keys: Keys) -> bool:
    return True


def _if(flag: str, default: bool = False) -> Callable[[Keys], bool]:
    return lambda keys: keys.flag(flag, default)


@dataclass(frozen=True)
class Architecture:
    """A family of models.

    Parameters
    ----------
    kinds : callable, optional
        Rule for the kind of every layer's attention or state; all have full attention unless given.
    attention : callable, optional
        What attention is made of.
    local : callable, optional
        The same for layers with windows, if they differ in more than the window.
    index : callable, optional
        What the indexer of a layer is made of, if it selects keys.
    recurrent : callable, optional
        What a recurrent layer is made of.
    beside : bool, optional
        Whether every layer has a recurrent part beside its attention.
    mlps : callable, optional
        Rule for the MLP of every layer; all are dense unless given.
    mlp, experts : callable, optional
        What a dense MLP is made of, and a mixture of experts.
    matrices : int, optional
        Matrices of an MLP or expert: 3 with a gate, 2 without.
    parallel : callable, optional
        Whether attention and MLP run in parallel.
    others : callable, optional
        What every layer has beside these parts.
    positions : int, optional
        Learned position vectors in excess of the longest sequence; none are learned unless given.
    places : Places, optional
        Where the modules of a layer stand.
    names : mapping, optional
        Names of keys that differ from the usual ones.
    defaults : str, optional
        The configuration class whose defaults hold, by its ``model_type``; the row's own unless given.
    """

    kinds: Rule = ALL_FULL
    attention: Part = layers.grouped
    local: Part | None = None
    index: Part = layers.index
    recurrent: Part = _nothing
    beside: bool = False
    mlps: Rule = ALL_DENSE
    mlp: Part = layers.mlp
    experts: Part = USUAL_EXPERTS
    matrices: int = 3
    parallel: Callable[[Keys], bool] = _never
    others: Part = _nothing
    positions: int | None = None
    places: Places = USUAL_PLACES
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    defaults: str | None = None

    def part(self, kind: str) -> Part:
        """Return what a layer of a kind is made of, its MLP aside."""
        return {
            patterns.FULL: self.attention,
            patterns.WINDOW: self.local or layers.windowed(self.attention),
            patterns.CHUNK: layers.chunked(self.attention),
            patterns.SPARSE: lambda keys: self.attention(keys) | self.index(keys),
            patterns.REUSED: lambda keys: self.attention(keys) | self.index(keys) | {"index_heads": 0},
            patterns.RECURRENT: self.recurrent,
            patterns.NONE: _nothing,
        }[kind]


# Reusable pieces of rows.

WINDOWS = dict(kinds=patterns.windows_if_any(patterns.all_of(patterns.WINDOW)))
NAMED = dict(kinds=patterns.listed("layer_types", patterns.all_of(patterns.FULL)))
QWEN = dict(kinds=patterns.windows_if_any(patterns.listed("layer_types", patterns.after_first)))
PLAIN_HEADS = dict(attention=layers.every_head)
UNGATED = dict(matrices=2)


def _like(names: str, row: Architecture) -> dict[str, Architecture]:
    """Give several architectures the same row."""
    return dict.fromkeys(names.split(), row)


def _nth_full(period: int) -> dict:
    return dict(kinds=patterns.windows_if_any(patterns.listed("layer_types", patterns.but_every_nth(period))))


def _all_experts(count: str = "num_experts", width: str = layers.MLP, shared: str | None = None) -> dict:
    reader = layers.shared_width(shared) if shared else (lambda keys: 0)
    return dict(mlps=patterns.all_of(patterns.EXPERTS), experts=layers.mixture(count, width, reader))


QWEN_EXPERTS = dict(
    mlps=patterns.sparse_steps,
    experts=layers.mixture(shared=layers.shared_width("shared_expert_intermediate_size")),
)
DEEPSEEK = dict(
    attention=layers.latent,
    mlps=patterns.if_any_experts(patterns.typed(patterns.dense_first)),
    experts=layers.mixture(shared=layers.shared_experts),
)
GLM_EXPERTS = {name: DEEPSEEK[name] for name in ("mlps", "experts")}


def _gemma4_global(keys: Keys) -> Fields:
    found = layers.grouped(keys)
    if (head_dim := keys.get("global_head_dim")) is not None:
        found["head_dim"] = keys.count("global_head_dim", head_dim)
    if keys.flag("attention_k_eq_v"):
        found["n_kv_heads"] = keys.count("num_global_key_value_heads", found["n_kv_heads"])
        found["kv_projections"] = 1
    return found


def _gemma4_experts(keys: Keys) -> Fields:
    return layers.mixture(shared=layers.shared_width(layers.MLP))(keys)


def _per_layer_embedding(keys: Keys) -> Fields:
    width = keys.count("hidden_size_per_layer_input", 0, 0)
    if not width:
        return {}
    d_model, rows = keys.count("hidden_size"), keys.count("vocab_size_per_layer_input")
    # A gate, the way back, and this layer's part of the projection of the embedding.
    return {"lookup_params": rows * width, "other_params": 3 * d_model * width}


def _mimo_v2(prefix: str) -> Part:
    def read(keys: Keys) -> Fields:
        return {
            "n_heads": keys.count(f"{prefix}num_attention_heads"),
            "n_kv_heads": keys.count(f"{prefix}num_key_value_heads"),
            "head_dim": keys.count(f"{prefix}head_dim"),
            "value_dim": keys.count(f"{prefix}v_head_dim"),
        }

    return read


def _step_local(keys: Keys) -> Fields:
    found = layers.windowed(layers.grouped)(keys)
    return found | {"n_heads": keys.count("num_sliding_attention_heads", found["n_heads"])}


def _head_gate(attention: Part) -> Part:
    def read(keys: Keys) -> Fields:
        found = attention(keys)
        return found | {"other_params": keys.count("hidden_size") * found["n_heads"]}

    return read


def _falcon(keys: Keys) -> Fields:
    heads = keys.count("num_attention_heads")
    new = keys.flag("new_decoder_architecture") or "n_head_kv" in keys.values
    found = layers.every_head(keys)
    return found | {
        "n_kv_heads": 1 if not new and keys.flag("multi_query") else keys.count("num_key_value_heads", heads)
    }


def _multi_query(keys: Keys) -> Fields:
    several = keys.word("attention_head_type") not in (None, "multihead") or keys.flag("multi_query")
    return layers.every_head(keys) | ({"n_kv_heads": 1} if several else {})


def _minimax_index(keys: Keys) -> Fields:
    part = keys.part("sparse_attention_config")
    return {
        "index_topk": part.count("sparse_topk_blocks") * part.count("sparse_block_size"),
        "index_dim": part.count("sparse_index_dim"),
        "index_heads": part.count("sparse_num_index_heads"),
    }


def _narrow(read: Part, key: str) -> Part:
    """Let experts work in a narrower space, with a projection into it and one back."""

    def narrowed(keys: Keys) -> Fields:
        found = read(keys)
        if keys.get(key) is None:
            return found
        width = keys.count(key)
        return found | {"expert_input": width, "other_params": 2 * keys.count("hidden_size") * width}

    return narrowed


_nemotron_experts = _narrow(
    layers.mixture(
        shared=lambda keys: keys.count("n_shared_experts", 0, 0) * keys.count("moe_shared_expert_intermediate_size")
    ),
    "moe_latent_size",
)
_kimi_experts = _narrow(layers.mixture(shared=layers.shared_experts), "routed_expert_hidden_size")


def _kimi_latent(keys: Keys) -> Fields:
    found = layers.latent(keys)
    if keys.flag("mla_use_output_gate"):
        return layers.gated(lambda keys: found)(keys)
    return found


def _deepseek_v2(keys: Keys) -> Fields:
    return layers.latent(keys) if keys.flag("use_mla", True) else layers.every_head(keys)


ARCHITECTURES: dict[str, Architecture] = {
    # Llama and what is shaped like it
    **_like(
        "llama code_llama granite glm glm4 seed_oss ernie4_5 hunyuan_v1_dense internlm internlm2 "
        "internlm3 olmo olmo2 smollm3 minicpm yi telechat mimo helium aquila diffllama bitnet exaone",
        Architecture(),
    ),
    **_like("mistral ministral", Architecture(**WINDOWS)),
    "ministral3": Architecture(**NAMED),
    "phi3": Architecture(**WINDOWS),
    **_like("qwen2 qwen3 qwen2_vl_text qwen2_5_vl_text", Architecture(**QWEN)),
    **_like("qwen3_vl_text", Architecture()),
    "olmo3": Architecture(**_nth_full(4)),
    "cohere": Architecture(parallel=_always),
    "cohere2": Architecture(**_nth_full(4), parallel=_always),
    "exaone4": Architecture(kinds=patterns.windows_if_any(patterns.listed("layer_types", patterns.by_letters))),
    "stablelm": Architecture(parallel=_if("use_parallel_residual")),
    "gemma": Architecture(),
    "gemma2": Architecture(**_nth_full(2)),
    "gemma3_text": Architecture(**_nth_full(6)),
    **_like("starcoder2", Architecture(**WINDOWS, **UNGATED)),
    **_like("arcee nemotron", Architecture(**UNGATED)),
    "phi": Architecture(**UNGATED, parallel=_always),
    # GPT-2 and its time
    "gpt2": Architecture(attention=_multi_query, **UNGATED, positions=0),
    "gpt_bigcode": Architecture(attention=_multi_query, **UNGATED, positions=0),
    **_like("gptj codegen", Architecture(**PLAIN_HEADS, **UNGATED, parallel=_always)),
    "gpt_neox": Architecture(**PLAIN_HEADS, **UNGATED, parallel=_if("use_parallel_residual")),
    "opt": Architecture(**PLAIN_HEADS, **UNGATED, positions=2),
    "bloom": Architecture(**PLAIN_HEADS, **UNGATED, names={layers.MLP: ()}),
    **_like(
        "falcon RefinedWeb RefinedWebModel",
        Architecture(
            attention=_falcon,
            **UNGATED,
            parallel=lambda keys: keys.flag("new_decoder_architecture") or keys.flag("parallel_attn"),
        ),
    ),
    # Experts
    "mixtral": Architecture(**WINDOWS, **_all_experts()),
    **_like("olmoe phimoe granitemoe minimax_m2", Architecture(**_all_experts())),
    "granitemoeshared": Architecture(**_all_experts(shared="shared_intermediate_size")),
    "gpt_oss": Architecture(**_nth_full(2), **_all_experts()),
    "qwen2_moe": Architecture(
        kinds=patterns.windows_if_any(patterns.listed("layer_types", patterns.disputed)), **QWEN_EXPERTS
    ),
    "qwen3_moe": Architecture(**WINDOWS, **QWEN_EXPERTS),
    "qwen3_vl_moe_text": Architecture(**QWEN_EXPERTS),
    **_like("glm4_moe dots1", Architecture(**GLM_EXPERTS)),
    "ernie4_5_moe": Architecture(mlps=patterns.between, experts=layers.mixture(shared=layers.shared_experts)),
    "llama4_text": Architecture(
        kinds=patterns.listed("layer_types", patterns.without_rope),
        mlps=patterns.interleaved,
        mlp=lambda keys: {"mlp_width": keys.count("intermediate_size_mlp")},
        experts=layers.mixture(width=layers.MLP, shared=layers.shared_width(layers.MLP)),
    ),
    "mimo_v2_flash": Architecture(
        kinds=patterns.marked("hybrid_layer_pattern", {0: patterns.FULL, 1: patterns.WINDOW}),
        attention=_mimo_v2(""),
        local=layers.windowed(_mimo_v2("swa_")),
        **GLM_EXPERTS,
    ),
    **_like(
        "step3p7 step3p5",
        Architecture(
            kinds=patterns.trailing("layer_types", patterns.all_of(patterns.FULL)),
            attention=_head_gate(layers.grouped),
            local=_head_gate(_step_local),
            mlps=patterns.typed(patterns.dense_first),
            experts=layers.mixture(shared=layers.shared_width("share_expert_dim")),
            defaults="step3p5",
        ),
    ),
    **_like(
        "minimax_m3 minimax_m3_vl minimax_m3_vl_text",
        Architecture(
            kinds=patterns.minimax_sparse,
            index=_minimax_index,
            mlps=patterns.dense_first,
            mlp=lambda keys: {"mlp_width": keys.count("dense_intermediate_size")},
            experts=layers.mixture(width=layers.MLP, shared=layers.shared_width("shared_intermediate_size")),
            defaults="minimax_m3_vl_text",
        ),
    ),
    "gemma4_text": Architecture(
        kinds=patterns.listed("layer_types", patterns.but_every_nth(6)),
        attention=_gemma4_global,
        local=layers.windowed(layers.grouped),
        mlps=patterns.switched("enable_moe_block", patterns.all_of(patterns.EXPERTS), patterns.all_of(patterns.DENSE)),
        experts=_gemma4_experts,
        others=_per_layer_embedding,
        places=Places(experts=("experts", "moe", "moe.experts"), shared=("mlp",), router=("router.proj", "router")),
    ),
    # Latent attention, and indexers
    "deepseek_v2": Architecture(**DEEPSEEK | dict(attention=_deepseek_v2)),
    **_like("deepseek_v3 glm4_moe_lite", Architecture(**DEEPSEEK)),
    **_like("kimi_k2 kimi_k25", Architecture(**DEEPSEEK, defaults="deepseek_v3")),
    "glm_moe_dsa": Architecture(kinds=patterns.shared_indexers, **DEEPSEEK),
    "minicpm3": Architecture(attention=layers.latent),
    "deepseek_v32": Architecture(kinds=patterns.all_of(patterns.SPARSE), **DEEPSEEK),
    # Recurrent layers
    **_like(
        "qwen3_next qwen3_5_moe_text",
        Architecture(
            kinds=patterns.listed("layer_types", patterns.every(4, patterns.FULL, patterns.RECURRENT)),
            attention=layers.gated(layers.grouped),
            recurrent=layers.delta_net,
            **QWEN_EXPERTS,
        ),
    ),
    "qwen3_5_text": Architecture(
        kinds=patterns.listed("layer_types", patterns.every(4, patterns.FULL, patterns.RECURRENT)),
        attention=layers.gated(layers.grouped),
        recurrent=layers.delta_net,
    ),
    "nemotron_h": Architecture(
        kinds=patterns.by_blocks(attention=True),
        recurrent=layers.mamba2,
        mlps=patterns.by_blocks(attention=False),
        experts=_nemotron_experts,
        **UNGATED,
    ),
    **_like(
        "kimi_linear",
        Architecture(
            **DEEPSEEK | dict(attention=_kimi_latent, experts=_kimi_experts),
            kinds=patterns.kimi_layers,
            recurrent=layers.kimi_delta,
        ),
    ),
    "lfm2": Architecture(
        kinds=patterns.listed("layer_types", patterns.all_of(patterns.FULL)), recurrent=layers.short_convolution
    ),
    "jamba": Architecture(
        kinds=patterns.periodic("attn_layer_period", "attn_layer_offset", patterns.FULL, patterns.RECURRENT),
        recurrent=layers.mamba,
        mlps=patterns.periodic("expert_layer_period", "expert_layer_offset", patterns.EXPERTS, patterns.DENSE),
        experts=layers.mixture(width=layers.MLP),
    ),
    "falcon_h1": Architecture(recurrent=layers.mamba2, beside=True),
    "mamba2": Architecture(
        kinds=patterns.all_of(patterns.RECURRENT), recurrent=layers.mamba2, mlps=patterns.all_of(patterns.NONE)
    ),
}
"""The rows, by ``model_type``."""
