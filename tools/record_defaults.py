"""Record the defaults of transformers' configuration classes, for `lib/llm_latency/data/architectures.csv`.

Run it by hand in an environment with transformers 5.24.0 and this library: ``python tools/record_defaults.py``. The
library reads the table and never imports transformers, so the same file gives the same answer everywhere.
"""

import csv
import json
from pathlib import Path

import llm_latency
from llm_latency.catalogue.configuration.architectures import ARCHITECTURES
from llm_latency.catalogue.configuration.keys import NAMES

TABLE = Path(llm_latency.__file__).parent / "data" / "architectures.csv"
READ = {
    *NAMES,
    *(other for names in NAMES.values() for other in names),
    *[
        "attention_chunk_size",
        "attention_head_type",
        "attention_k_eq_v",
        "attn_layer_offset",
        "attn_layer_period",
        "conv_L_cache",
        "decoder_sparse_step",
        "expand",
        "expert_layer_offset",
        "expert_layer_period",
        "global_head_dim",
        "hidden_size_per_layer_input",
        "index_head_dim",
        "index_n_heads",
        "index_topk",
        "interleave_moe_layer_step",
        "intermediate_size_mlp",
        "kv_lora_rank",
        "layer_norm_eps",
        "linear_conv_kernel_dim",
        "linear_key_head_dim",
        "linear_num_key_heads",
        "linear_num_value_heads",
        "linear_value_head_dim",
        "mamba_chunk_size",
        "mamba_d_head",
        "mamba_d_ssm",
        "mamba_d_state",
        "mamba_dt_rank",
        "mamba_expand",
        "mamba_head_dim",
        "mamba_n_groups",
        "mamba_n_heads",
        "mamba_num_heads",
        "max_window_layers",
        "moe_layer_end_index",
        "moe_layer_freq",
        "moe_layer_interval",
        "moe_layer_start_index",
        "multi_query",
        "n_groups",
        "new_decoder_architecture",
        "no_rope_layer_interval",
        "num_global_key_value_heads",
        "num_kv_shared_layers",
        "num_sliding_attention_heads",
        "parallel_attn",
        "q_lora_rank",
        "qk_nope_head_dim",
        "qk_rope_head_dim",
        "shared_expert_intermediate_size",
        "shared_intermediate_size",
        "sliding_window",
        "sliding_window_pattern",
        "ssm_state_size",
        "state_size",
        "tie_word_embeddings",
        "time_step_rank",
        "use_mla",
        "use_parallel_residual",
        "use_sliding_window",
        "v_head_dim",
        "vocab_size_per_layer_input",
        "share_expert_dim",
        "moe_shared_expert_intermediate_size",
        "moe_latent_size",
        "use_double_wide_mlp",
        "enable_moe_block",
        "ffn_hidden_size",
        "shared_expert_intermediate_size",
        "mlp_expansion_ratio",
    ],
}
"""Keys that the reader of configurations looks at."""


def defaults_of(cls: type) -> dict[str, object]:
    """Return the defaults of a configuration class, for keys that are read, before anything is derived from them."""
    found = {}
    for base in reversed(cls.__mro__):
        own = {name: vars(base).get(name) for name in getattr(base, "__annotations__", {})}
        found |= {name: value for name, value in own.items() if name in READ}
    return {name: value for name, value in sorted(found.items()) if isinstance(value, bool | int | str)}


def main() -> None:
    import transformers
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    names = sorted({row.defaults or name for name, row in ARCHITECTURES.items()})
    with TABLE.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["model_type", "defaults", "source"])
        for name in names:
            if name in CONFIG_MAPPING:
                defaults = json.dumps(defaults_of(CONFIG_MAPPING[name]), sort_keys=True)
                writer.writerow(
                    [name, defaults, f"transformers {transformers.__version__}, {CONFIG_MAPPING[name].__name__}"]
                )


if __name__ == "__main__":
    main()
