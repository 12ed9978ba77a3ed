"""Parts of layers that only one family of models has."""

from __future__ import annotations

from collections.abc import Mapping

from llm_latency.catalogue.configuration import layers
from llm_latency.catalogue.configuration.keys import Keys
from llm_latency.catalogue.configuration.layers import Fields, Part

__all__ = []

MULTIPLE = 256
"""Of which the width of an MLP is a multiple where it is computed from a ratio."""


def gemma4_global(keys: Keys) -> Fields:
    found = layers.grouped(keys)
    if (head_dim := keys.get("global_head_dim")) is not None:
        found["head_dim"] = keys.count("global_head_dim", head_dim)
    if keys.flag("attention_k_eq_v"):
        found["n_kv_heads"] = keys.count("num_global_key_value_heads", found["n_kv_heads"])
        found["kv_projections"] = 1
    return found


def gemma4_experts(keys: Keys) -> Fields:
    return layers.mixture(shared=layers.shared_width(layers.MLP))(keys)


def per_layer_embedding(keys: Keys) -> Fields:
    width = keys.count("hidden_size_per_layer_input", 0, 0)
    if not width:
        return {}
    d_model, rows = keys.count("hidden_size"), keys.count("vocab_size_per_layer_input")
    # A gate, the way back, and this layer's part of the projection of the embedding.
    return {"lookup_params": rows * width, "other_params": 3 * d_model * width}


def mimo_v2(prefix: str) -> Part:
    def read(keys: Keys) -> Fields:
        return {
            "n_heads": keys.count(f"{prefix}num_attention_heads"),
            "n_kv_heads": keys.count(f"{prefix}num_key_value_heads"),
            "head_dim": keys.count(f"{prefix}head_dim"),
            "value_dim": keys.count(f"{prefix}v_head_dim"),
        }

    return read


def step_local(keys: Keys) -> Fields:
    found = layers.windowed(layers.grouped)(keys)
    return found | {"n_heads": keys.count("num_sliding_attention_heads", found["n_heads"])}


def head_gate(attention: Part) -> Part:
    def read(keys: Keys) -> Fields:
        found = attention(keys)
        return found | {"other_params": keys.count("hidden_size") * found["n_heads"]}

    return read


def falcon_attention(keys: Keys) -> Fields:
    heads = keys.count("num_attention_heads")
    new = keys.flag("new_decoder_architecture") or "n_head_kv" in keys.values
    found = layers.every_head(keys)
    return found | {
        "n_kv_heads": 1 if not new and keys.flag("multi_query") else keys.count("num_key_value_heads", heads)
    }


def one_or_all(keys: Keys) -> Fields:
    several = keys.word("attention_head_type") not in (None, "multihead") or keys.flag("multi_query")
    return layers.every_head(keys) | ({"n_kv_heads": 1} if several else {})


def minimax_index(keys: Keys) -> Fields:
    part = keys.part("sparse_attention_config")
    return {
        "index_topk": part.count("sparse_topk_blocks") * part.count("sparse_block_size"),
        "index_dim": part.count("sparse_index_dim"),
        "index_heads": part.count("sparse_num_index_heads"),
    }


def narrowed(read: Part, key: str) -> Part:
    """Let experts work in a narrower space, with a projection into it and one back."""

    def projected(keys: Keys) -> Fields:
        found = read(keys)
        if keys.get(key) is None:
            return found
        width = keys.count(key)
        return found | {"expert_input": width, "other_params": 2 * keys.count("hidden_size") * width}

    return projected


nemotron_experts = narrowed(
    layers.mixture(
        shared=lambda keys: keys.count("n_shared_experts", 0, 0) * keys.count("moe_shared_expert_intermediate_size")
    ),
    "moe_latent_size",
)
kimi_experts = narrowed(layers.mixture(shared=layers.shared_experts), "routed_expert_hidden_size")


def kimi_latent(keys: Keys) -> Fields:
    found = layers.latent(keys)
    if keys.flag("mla_use_output_gate"):
        return layers.gated(lambda keys: found)(keys)
    return found


def adjusted_mlp(keys: Keys) -> Fields:
    """Read an MLP whose width is two thirds of the given one, times a factor, rounded up to a multiple."""
    width = keys.count(layers.MLP, keys.get("block_ff_dim"))
    if not keys.flag("block_auto_adjust_ff_dim", True):
        return {"mlp_width": width}
    multiple = keys.count("block_multiple_of", MULTIPLE)
    scaled = int(keys.number("block_ffn_dim_multiplier", 1.0) * (2 * width // 3))
    return {"mlp_width": -(-scaled // multiple) * multiple}


def searched_layers(keys: Keys, n: int) -> list[Fields]:
    """Read layers that a search made unlike each other; a block may be missing, or be a single matrix."""
    blocks = keys.items("block_configs", Mapping, n)
    if blocks is None:
        raise ValueError(f"{keys.label}: block_configs is missing; it must be a list of {n} objects")
    heads, d_model = keys.count("num_attention_heads"), keys.count("hidden_size")
    found = []
    for number, block in enumerate(blocks):
        part = Keys(block, f"{keys.label}: block_configs[{number}]")
        attention, mlp = part.part("attention", {}), part.part("ffn", {})
        single = sum(each.flag("replace_with_linear") for each in (attention, mlp))
        fields: Fields = {"other_params": single * d_model**2} if single else {}
        if not (attention.flag("no_op") or attention.flag("replace_with_linear")):
            shared = attention.count("n_heads_in_group")
            fields |= {"n_heads": heads, "n_kv_heads": heads // shared, "head_dim": d_model // heads}
        if not (mlp.flag("no_op") or mlp.flag("replace_with_linear")):
            width = int(2 * mlp.number("ffn_mult") * d_model / 3)
            fields |= {"mlp_width": -(-width // MULTIPLE) * MULTIPLE}
        found.append(fields)
    return found


def one_vector_attention(keys: Keys) -> Fields:
    """Read DeepSeek-V4's attention: one vector for all heads, near tokens in a window."""
    heads, head_dim = keys.count("num_attention_heads"), keys.count("head_dim")
    groups = keys.count("o_groups")
    return {
        "n_heads": heads,
        "n_kv_heads": 1,
        "head_dim": head_dim,
        "query_rank": keys.count("q_lora_rank"),
        "output_rank": groups * keys.count("o_lora_rank"),
        "output_groups": groups,
        "window": keys.count("sliding_window"),
    }


def compressed_attention(keys: Keys, ratio: int) -> Fields:
    """Add the compressed entries of tokens that are out of the window, and the indexer where entries are small."""
    found, d_model = one_vector_attention(keys) | {"compression": ratio}, keys.count("hidden_size")
    if ratio >= keys.count("sliding_window"):
        return found | {"other_params": 2 * d_model * found["head_dim"]}
    index = layers.index(keys)
    # Entries overlap, so each token goes into two of them; one of these matrices is the indexer's own.
    made = 4 * d_model * (found["head_dim"] + index["index_dim"]) - d_model * index["index_dim"]
    return found | index | {"index_topk": ratio * index["index_topk"], "other_params": made}


def hyper_connections(keys: Keys) -> Fields:
    """Read the weights that mix several residual streams, before attention and before the experts."""
    streams = keys.count("hc_mult", 4)
    return {"other_params": 2 * (streams**2 + 2 * streams) * streams * keys.count("hidden_size")}


def half_mlp(keys: Keys) -> Fields:
    return {"mlp_width": keys.count(layers.MLP) // 2}


def same_mlp(keys: Keys) -> Fields:
    return {"mlp_width": keys.same_count(layers.MLP, layers.MLP_RATIO * keys.count("hidden_size"))}


def gemma3n_others(keys: Keys) -> Fields:
    """Read the per-layer embedding, the low-rank residual, and a layer's part of what widens the residual stream."""
    found = per_layer_embedding(keys)
    d_model, inputs = keys.count("hidden_size"), keys.count("altup_num_inputs", 4)
    residual = 2 * keys.count("laurel_rank", 64) * d_model
    widening = 2 * (inputs - 1) * d_model**2 // keys.count("num_hidden_layers")
    return found | {"other_params": found["other_params"] + residual + widening + inputs * d_model}


def mpt_attention(keys: Keys) -> Fields:
    part = keys.part("attn_config", {})
    found = layers.every_head(keys)
    return found | {"n_kv_heads": part.count("kv_n_heads", found["n_heads"])}


def mpt_mlp(keys: Keys) -> Fields:
    return {"mlp_width": keys.count("expansion_ratio", 4) * keys.count("hidden_size")}


def dbrx_attention(keys: Keys) -> Fields:
    return layers.every_head(keys) | {"n_kv_heads": keys.part("attn_config", {}).count("kv_n_heads", 1)}


def dbrx_experts(keys: Keys) -> Fields:
    return layers.mixture(width="ffn_hidden_size")(keys.part("ffn_config", {}))


def shared_or_routed_width(keys: Keys) -> int:
    """Return the width of the shared experts together, each as wide as a routed one unless it has its own width."""
    width = keys.get("moe_shared_expert_intermediate_size", keys.get("moe_intermediate_size"))
    return keys.count("n_shared_experts", 0, 0) * keys.count("moe_shared_expert_intermediate_size", width)


def hunyuan_experts(keys: Keys) -> Fields:
    width = keys.same_count("moe_intermediate_size") if keys.has("moe_intermediate_size") else keys.count(layers.MLP)
    return {
        "n_experts": keys.same_count("num_experts"),
        "experts_per_token": keys.same_count("num_experts_per_tok"),
        "expert_width": width,
        "shared_width": keys.same_count("n_shared_experts", least=0) * width,
    }


def deepseek_v2(keys: Keys) -> Fields:
    return layers.latent(keys) if keys.flag("use_mla", True) else layers.every_head(keys)
