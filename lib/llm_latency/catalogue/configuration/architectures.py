"""Architectures: one row for each family of models, which says what its layers are made of and where that stands.

A row names rules (which layers are of which kind) and parts (what a layer of a kind is made of). To add an architecture
made of known parts, add a row, and its defaults with ``tools/record_defaults.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from llm_latency.catalogue.configuration import layers, patterns
from llm_latency.catalogue.configuration import special_parts as special
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
    each : callable, optional
        What every layer is made of, one by one, in place of all these parts.
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
    each: Callable[[Keys, int], list[Fields]] | None = None
    positions: int | None = None
    places: Places = USUAL_PLACES
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    defaults: str | None = None

    def part(self, kind: str) -> Part:
        """Return what a layer of a kind is made of, its MLP aside."""
        if kind.startswith(patterns.COMPRESSED):
            ratio = int(kind.removeprefix(patterns.COMPRESSED))
            return lambda keys: special.compressed_attention(keys, ratio)
        if kind.endswith(patterns.REUSES_CACHE):
            read = self.part(kind.removesuffix(patterns.REUSES_CACHE))
            return lambda keys: read(keys) | {"kv_projections": 0}
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
    **_like("orion baichuan", Architecture(defaults="llama")),
    "qwen": Architecture(**PLAIN_HEADS, mlp=special.half_mlp),
    "chatglm": Architecture(),
    "phi3_v": Architecture(**WINDOWS, defaults="phi3"),
    "exaone4_5_text": Architecture(
        kinds=patterns.windows_if_any(patterns.listed("layer_types", patterns.by_letters)), defaults="exaone4"
    ),
    "gemma3n_text": Architecture(
        kinds=patterns.with_reused_caches(patterns.listed("layer_types", patterns.but_every_nth(5))),
        mlp=special.same_mlp,
        others=special.gemma3n_others,
    ),
    # GPT-2 and its time
    "gpt2": Architecture(attention=special.one_or_all, **UNGATED, positions=0),
    "gpt_bigcode": Architecture(attention=special.one_or_all, **UNGATED, positions=0),
    **_like("gptj codegen", Architecture(**PLAIN_HEADS, **UNGATED, parallel=_always)),
    "gpt_neox": Architecture(**PLAIN_HEADS, **UNGATED, parallel=_if("use_parallel_residual")),
    "opt": Architecture(**PLAIN_HEADS, **UNGATED, positions=2),
    "bloom": Architecture(**PLAIN_HEADS, **UNGATED, names={layers.MLP: ()}),
    **_like(
        "falcon RefinedWeb RefinedWebModel",
        Architecture(
            attention=special.falcon_attention,
            **UNGATED,
            parallel=lambda keys: keys.flag("new_decoder_architecture") or keys.flag("parallel_attn"),
        ),
    ),
    "phi-msft": Architecture(**PLAIN_HEADS, **UNGATED, parallel=_always, defaults="phi"),
    "codeshell": Architecture(**UNGATED),
    "mpt": Architecture(attention=special.mpt_attention, **UNGATED, mlp=special.mpt_mlp),
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
        attention=special.mimo_v2(""),
        local=layers.windowed(special.mimo_v2("swa_")),
        **GLM_EXPERTS,
    ),
    **_like(
        "step3p7 step3p5",
        Architecture(
            kinds=patterns.trailing("layer_types", patterns.all_of(patterns.FULL)),
            attention=special.head_gate(layers.grouped),
            local=special.head_gate(special.step_local),
            mlps=patterns.typed(patterns.dense_first),
            experts=layers.mixture(shared=layers.shared_width("share_expert_dim")),
            defaults="step3p5",
        ),
    ),
    **_like(
        "minimax_m3 minimax_m3_vl minimax_m3_vl_text",
        Architecture(
            kinds=patterns.minimax_sparse,
            index=special.minimax_index,
            mlps=patterns.dense_first,
            mlp=lambda keys: {"mlp_width": keys.count("dense_intermediate_size")},
            experts=layers.mixture(width=layers.MLP, shared=layers.shared_width("shared_intermediate_size")),
            defaults="minimax_m3_vl_text",
        ),
    ),
    **_like(
        "gemma4_text gemma4_unified_text",
        Architecture(
            kinds=patterns.with_reused_caches(patterns.listed("layer_types", patterns.but_every_nth(6))),
            attention=special.gemma4_global,
            local=layers.windowed(layers.grouped),
            mlps=patterns.switched(
                "enable_moe_block", patterns.all_of(patterns.EXPERTS), patterns.all_of(patterns.DENSE)
            ),
            experts=special.gemma4_experts,
            others=special.per_layer_embedding,
            places=Places(experts=("experts", "moe", "moe.experts"), shared=("mlp",), router=("router.proj", "router")),
        ),
    ),
    "dbrx": Architecture(
        attention=special.dbrx_attention, mlps=patterns.all_of(patterns.EXPERTS), experts=special.dbrx_experts
    ),
    "deepseek": Architecture(**GLM_EXPERTS, defaults="deepseek_v2"),
    **_like(
        "bailing_moe bailing_moe_v2",
        Architecture(mlps=patterns.dense_first, experts=layers.mixture(shared=special.shared_or_routed_width)),
    ),
    "hunyuan_v1_moe": Architecture(
        mlps=patterns.all_of(patterns.EXPERTS), experts=special.hunyuan_experts, defaults="hunyuan_v1_moe"
    ),
    # Latent attention, and indexers
    "deepseek_v2": Architecture(**DEEPSEEK | dict(attention=special.deepseek_v2)),
    **_like("deepseek_v3 glm4_moe_lite mistral4", Architecture(**DEEPSEEK)),
    **_like("kimi_k2 kimi_k25", Architecture(**DEEPSEEK, defaults="deepseek_v3")),
    "glm_moe_dsa": Architecture(kinds=patterns.shared_indexers, **DEEPSEEK),
    "minicpm3": Architecture(attention=layers.latent),
    "deepseek_v32": Architecture(kinds=patterns.all_of(patterns.SPARSE), **DEEPSEEK),
    **_like(
        "deepseek_v4 deepseek_ref",
        Architecture(
            kinds=patterns.compressed,
            local=special.one_vector_attention,
            mlps=patterns.all_of(patterns.EXPERTS),
            experts=layers.mixture(shared=layers.shared_experts),
            others=special.hyper_connections,
            places=Places(attention=("self_attn", "attn")),
            defaults="deepseek_v4",
        ),
    ),
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
        experts=special.nemotron_experts,
        **UNGATED,
    ),
    **_like(
        "kimi_linear",
        Architecture(
            **DEEPSEEK | dict(attention=special.kimi_latent, experts=special.kimi_experts),
            kinds=patterns.kimi_layers,
            recurrent=layers.kimi_delta,
        ),
    ),
    "lfm2": Architecture(
        kinds=patterns.listed("layer_types", patterns.listed_by_number("full_attn_idxs")),
        recurrent=layers.short_convolution,
        mlp=special.adjusted_mlp,
    ),
    "jamba": Architecture(
        kinds=patterns.periodic("attn_layer_period", "attn_layer_offset", patterns.FULL, patterns.RECURRENT),
        recurrent=layers.mamba,
        mlps=patterns.periodic("expert_layer_period", "expert_layer_offset", patterns.EXPERTS, patterns.DENSE),
        experts=layers.mixture(width=layers.MLP),
    ),
    "lfm2_moe": Architecture(
        kinds=patterns.listed("layer_types", patterns.all_of(patterns.FULL)),
        recurrent=layers.short_convolution,
        mlps=patterns.dense_first,
    ),
    "granitemoehybrid": Architecture(
        kinds=patterns.listed("layer_types", patterns.listed("layers_block_type", patterns.all_of(patterns.RECURRENT))),
        recurrent=layers.mamba2,
        mlps=patterns.if_any_experts(patterns.all_of(patterns.EXPERTS)),
        mlp=lambda keys: {"mlp_width": keys.count("shared_intermediate_size")},
        experts=layers.mixture(width=layers.MLP, shared=layers.shared_width("shared_intermediate_size")),
    ),
    **_like(
        "minimax minimax_m1 minimax_text_01",
        Architecture(
            kinds=patterns.listed(
                "layer_types", patterns.marked("attn_type_list", {0: patterns.RECURRENT, 1: patterns.FULL})
            ),
            recurrent=layers.lightning,
            **_all_experts(shared="shared_intermediate_size"),
            defaults="minimax",
        ),
    ),
    **_like(
        "mamba falcon_mamba",
        Architecture(
            kinds=patterns.all_of(patterns.RECURRENT), recurrent=layers.mamba, mlps=patterns.all_of(patterns.NONE)
        ),
    ),
    "falcon_h1": Architecture(recurrent=layers.mamba2, beside=True),
    "nemotron-nas": Architecture(each=special.searched_layers),
    "mamba2": Architecture(
        kinds=patterns.all_of(patterns.RECURRENT), recurrent=layers.mamba2, mlps=patterns.all_of(patterns.NONE)
    ),
}
"""The rows, by ``model_type``."""
