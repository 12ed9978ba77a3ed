"""What a configuration says about the parts of a layer: the fields of `Layer` for attention, states and MLPs."""

from __future__ import annotations

from collections.abc import Callable

from llm_latency.catalogue.configuration.keys import Keys

__all__ = []

Fields = dict[str, int]
Part = Callable[[Keys], Fields]

MLP = "intermediate_size"
MLP_RATIO = 4
INDEX_SCALE_BYTES = 4
"""DeepSeek's indexer and the engines cache a key in 8 bits, with a float32 scale."""


# Attention


def grouped(keys: Keys) -> Fields:
    """Read attention with groups of heads that share a key and a value."""
    d_model, heads = keys.count("hidden_size"), keys.count("num_attention_heads")
    kv_heads = keys.count("num_key_value_heads", heads)
    if heads % kv_heads:
        raise keys.error("num_key_value_heads", kv_heads, f"a divisor of the {heads} heads")
    if keys.get("head_dim") is None and d_model % heads:
        raise keys.error("hidden_size", d_model, f"a multiple of the {heads} heads where there is no head_dim")
    head_dim = keys.count("head_dim", d_model // heads)
    return {"n_heads": heads, "n_kv_heads": kv_heads, "head_dim": head_dim}


def every_head(keys: Keys) -> Fields:
    """Read attention whose heads each have a key and a value of their own."""
    d_model, heads = keys.count("hidden_size"), keys.count("num_attention_heads")
    if d_model % heads:
        raise keys.error("hidden_size", d_model, f"a multiple of the {heads} heads")
    return {"n_heads": heads, "n_kv_heads": heads, "head_dim": d_model // heads}


def latent(keys: Keys) -> Fields:
    """Read latent attention."""
    heads = keys.count("num_attention_heads")
    widths = {
        "kv_rank": keys.count("kv_lora_rank"),
        "nope_dim": keys.count("qk_nope_head_dim"),
        "rope_dim": keys.count("qk_rope_head_dim"),
        "value_dim": keys.count("v_head_dim"),
    }
    rank = {"query_rank": keys.count("q_lora_rank")} if keys.get("q_lora_rank") is not None else {}
    head_dim = widths["nope_dim"] + widths["rope_dim"]
    return {"n_heads": heads, "n_kv_heads": heads, "head_dim": head_dim} | rank | widths


def index(keys: Keys) -> Fields:
    """Read the indexer that selects keys, and caches its own in 8 bits with a scale for each."""
    width = keys.count("index_head_dim")
    return {
        "bytes_per_index": 1 + INDEX_SCALE_BYTES / width,
        "index_topk": keys.count("index_topk"),
        "index_dim": width,
        "index_heads": keys.count("index_n_heads"),
    }


def windowed(attention: Part, key: str = "sliding_window") -> Part:
    """Add a sliding window."""
    return lambda keys: attention(keys) | {"window": keys.count(key)}


def chunked(attention: Part) -> Part:
    """Add chunks."""
    return lambda keys: attention(keys) | {"chunk": keys.count("attention_chunk_size")}


def gated(attention: Part) -> Part:
    """Add a gate for every element of the attention's output."""

    def read(keys: Keys) -> Fields:
        found = attention(keys)
        width = found["n_heads"] * found.get("value_dim", found["head_dim"])
        return found | {"other_params": keys.count("hidden_size") * width}

    return read


# Recurrent layers


def mamba(keys: Keys) -> Fields:
    """Read a Mamba layer: one state for every channel."""
    d_model = keys.count("hidden_size")
    width = keys.count("mamba_expand", keys.get("expand")) * d_model
    if not keys.has("mamba_expand") and keys.has("intermediate_size"):  # a model of such layers alone
        width = keys.count("intermediate_size")
    state = keys.count("mamba_d_state", keys.get("state_size"))
    rank = keys.get("mamba_dt_rank", keys.get("time_step_rank"))
    rank = -(-d_model // 16) if rank in (None, "auto") else keys.count("mamba_dt_rank", keys.get("time_step_rank"))
    return {
        "state_heads": width,
        "state_key_dim": state,
        "state_value_dim": 1,
        "state_inputs": 2 * width,
        "state_products": 2,
        "conv_width": width,
        "conv_taps": keys.count("mamba_d_conv", 4),
        "other_params": width * (rank + 2 * state) + rank * width + width * state,
    }


def mamba2(keys: Keys) -> Fields:
    """Read a Mamba-2 layer: heads with a state each, and keys that groups of heads share."""
    heads = keys.count("mamba_num_heads", keys.get("mamba_n_heads", keys.get("num_heads")))
    head_dim = keys.get("mamba_head_dim", keys.get("mamba_d_head", keys.get("head_dim")))
    if head_dim == "auto":  # as wide as the residual stream is to become, divided among the heads
        head_dim = keys.count("mamba_expand") * keys.count("hidden_size") // heads
    head_dim = keys.count("mamba_head_dim", head_dim) if head_dim is not None else keys.count("mamba_d_head")
    state = keys.count("ssm_state_size", keys.get("mamba_d_state", keys.get("state_size")))
    groups = keys.count("mamba_n_groups", keys.get("n_groups", 1))
    width, shared = heads * head_dim, 2 * groups * state
    return {
        "state_heads": heads,
        "state_key_dim": state,
        "state_value_dim": head_dim,
        "state_inputs": 2 * width + shared + heads,
        "state_products": 2,
        "conv_width": width + shared,
        "conv_taps": keys.count("mamba_d_conv", 4),
    }


def delta_net(keys: Keys) -> Fields:
    """Read a gated delta net."""
    key_dim, value_dim = keys.count("linear_key_head_dim"), keys.count("linear_value_head_dim")
    heads = keys.count("linear_num_value_heads")
    keys_width, width = keys.count("linear_num_key_heads") * key_dim, heads * value_dim
    return {
        "state_heads": heads,
        "state_key_dim": key_dim,
        "state_value_dim": value_dim,
        "state_inputs": 2 * keys_width + 2 * width + 2 * heads,
        "state_products": 3,
        "conv_width": 2 * keys_width + width,
        "conv_taps": keys.count("linear_conv_kernel_dim"),
    }


def kimi_delta(keys: Keys) -> Fields:
    """Read Kimi's delta attention, whose gates are products of two narrow matrices."""
    part = keys.part("linear_attn_config")
    if part is None:
        raise ValueError(f"{keys.label}: linear_attn_config is missing")
    heads, head_dim, d_model = part.count("num_heads"), part.count("head_dim"), keys.count("hidden_size")
    width = heads * head_dim
    narrow = d_model * head_dim + head_dim * width
    gates = narrow + (d_model * width if part.flag("use_full_rank_gate") else narrow)
    return {
        "state_heads": heads,
        "state_key_dim": head_dim,
        "state_value_dim": head_dim,
        "state_inputs": 3 * width + heads,
        "state_products": 3,
        "conv_width": 3 * width,
        "conv_taps": part.count("short_conv_kernel_size"),
        "other_params": gates,
    }


def lightning(keys: Keys) -> Fields:
    """Read lightning attention, whose output has a gate."""
    heads = keys.count("num_attention_heads")
    head_dim = keys.count("head_dim", keys.count("hidden_size") // heads)
    return {
        "state_heads": heads,
        "state_key_dim": head_dim,
        "state_value_dim": head_dim,
        "state_inputs": 4 * heads * head_dim,
        "state_products": 2,
    }


def short_convolution(keys: Keys) -> Fields:
    """Read a gated short convolution, which remembers some tokens and has no other state."""
    width = keys.count("hidden_size")
    return {
        "state_heads": 1,
        "state_key_dim": 0,
        "state_value_dim": width,
        "state_inputs": 3 * width,
        "state_products": 2,
        "conv_width": width,
        "conv_taps": keys.count("conv_L_cache"),
    }


# MLPs


def mlp(keys: Keys) -> Fields:
    """Read an MLP."""
    return {"mlp_width": keys.count(MLP, MLP_RATIO * keys.count("hidden_size"))}


def mixture(
    count: str = "num_experts", width: str = "moe_intermediate_size", shared: Callable[[Keys], int] = lambda keys: 0
) -> Part:
    """Read experts; `count` and `width` name the keys of their number and inner width."""

    def read(keys: Keys) -> Fields:
        found = {
            "n_experts": keys.count(count),
            "experts_per_token": keys.count("num_experts_per_tok"),
            "expert_width": keys.count(width),
        }
        if found["experts_per_token"] > found["n_experts"]:
            raise keys.error(
                "num_experts_per_tok", found["experts_per_token"], f"at most the {found['n_experts']} experts"
            )
        together = shared(keys)
        return found | ({"shared_width": together} if together else {})

    return read


def shared_experts(keys: Keys) -> int:
    """Return the inner width of all shared experts, each of which is as wide as a routed one."""
    return keys.count("n_shared_experts", 0, 0) * keys.count("moe_intermediate_size")


def shared_width(key: str) -> Callable[[Keys], int]:
    """Return what reads the inner width of the shared experts from a key."""
    return lambda keys: keys.count(key, 0, 0)
