import json
from pathlib import Path

import pytest

from llm_latency.catalogue.hf_config import FAMILIES, shape_from_config

# Each configuration is reduced to the keys that are read. The shapes were written down by hand; the
# numbers of parameters come from the source given beside them, not from the shapes.
MODELS = json.loads((Path(__file__).parent / "data" / "hf_configs.json").read_text(encoding="utf-8"))
LLAMA, QWEN3, QWEN_MOE, DEEPSEEK, GPT_OSS, GPT2, FALCON, RW, OPT, MISTRAL, GEMMA, GEMMA2, GEMMA3 = (
    MODELS[name]["config"]
    for name in (
        "Llama-3.1-8B",
        "Qwen3-8B",
        "Qwen1.5-MoE-A2.7B",
        "DeepSeek-V3",
        "gpt-oss-20b",
        "GPT-2",
        "Falcon-7B",
        "Falcon-7B-RefinedWeb",
        "OPT-6.7B",
        "Mistral-7B-v0.3",
        "Gemma-2B",
        "Gemma-2-9B",
        "Gemma-3-1B",
    )
)


def without(config, *keys):
    return {key: value for key, value in config.items() if key not in keys}


def n_params(shape):
    """Parameters in matrices: attention, MLP, experts with their router, vocabulary, positions."""
    h, a = shape["d_model"], shape["n_heads"]
    if "kv_rank" in shape:
        query, kv, nope, rope, value = (
            shape.get(key, 0) for key in ("query_rank", "kv_rank", "nope_dim", "rope_dim", "value_dim")
        )
        q = h * query + query * a * (nope + rope) if query else h * a * (nope + rope)
        attention = q + h * (kv + rope) + kv * a * (nope + value) + a * value * h
    else:
        attention = h * (2 * a + 2 * shape["n_kv_heads"]) * shape["head_dim"]
    dense = shape.get("dense_layers", 0) if "n_experts" in shape else shape["n_layers"]
    mats, n_experts = shape["mlp_matrices"], shape.get("n_experts", 0)
    width = n_experts * shape.get("expert_width", 0) + shape.get("shared_width", 0)
    sparse = mats * h * width + h * n_experts
    return (
        shape["n_layers"] * attention
        + dense * mats * h * shape.get("mlp_width", 0)
        + (shape["n_layers"] - dense) * sparse
        + (shape["vocab_matrices"] * shape["vocab"] + shape.get("n_positions", 0)) * h
    )


def test_every_published_configuration_gives_its_shape(faults):
    for name, model in MODELS.items():
        with faults.at(name):
            shape, expected = shape_from_config(model["config"]), model["shape"]
            for key in sorted(shape.keys() | expected.keys()):
                with faults.at(name, key):
                    found, right = shape.get(key, "missing"), expected.get(key, "missing")
                    assert (type(found), found) == (type(right), right), f"is {found!r}, and must be {right!r}"


def test_every_shape_has_the_published_number_of_parameters(faults):
    for name, model in MODELS.items():
        if "parameters" in model:
            with faults.at(name):
                deviation = n_params(shape_from_config(model["config"])) / model["parameters"] - 1
                assert abs(deviation) <= 0.01, f"{deviation:+.1%} off the published {model['parameters']:,} parameters"


def test_every_family_is_tested():
    assert {model["config"]["model_type"] for model in MODELS.values()} == set(FAMILIES)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        # defaults of the configuration classes
        (without(LLAMA, "num_key_value_heads"), {"n_kv_heads": 32}),
        (LLAMA | {"num_key_value_heads": None, "head_dim": None}, {"n_kv_heads": 32, "head_dim": 128}),
        (LLAMA | {"head_dim": 64}, {"head_dim": 64}),
        (without(LLAMA, "tie_word_embeddings"), {"vocab_matrices": 2}),
        (without(LLAMA, "torch_dtype") | {"dtype": "float32"}, {"weight_bits": 32.0}),
        (without(QWEN3, "head_dim", "num_key_value_heads"), {"head_dim": 128, "n_kv_heads": 32}),
        (GPT2 | {"n_inner": 1000}, {"mlp_width": 1000}),
        (without(GPT2, "n_embd") | {"hidden_size": 768}, {"d_model": 768}),
        (FALCON | {"multi_query": False}, {"n_kv_heads": 71}),
        (FALCON | {"multi_query": False, "num_kv_heads": None}, {"n_kv_heads": 71}),
        (without(FALCON, "multi_query", "parallel_attn"), {"n_kv_heads": 1, "parallel_blocks": True}),
        (FALCON | {"parallel_attn": False}, {"parallel_blocks": False}),
        (
            FALCON | {"parallel_attn": False, "new_decoder_architecture": True},
            {"parallel_blocks": True, "n_kv_heads": 71},
        ),
        # windows
        (without(MISTRAL, "sliding_window"), {"window": 4096, "windowed_layers": 32}),
        (
            QWEN3 | {"use_sliding_window": True, "sliding_window": 4096, "max_window_layers": 28},
            {"window": 4096, "windowed_layers": 8},
        ),
        (QWEN3 | {"use_sliding_window": True, "sliding_window": 4096}, {"windowed_layers": None}),
        (
            MODELS["Qwen3-30B-A3B-FP8"]["config"] | {"use_sliding_window": True, "sliding_window": 4096},
            {"windowed_layers": 48},
        ),
        (GEMMA2 | {"layer_types": ["full_attention"] * 42}, {"window": None}),
        (without(GPT_OSS, "layer_types", "sliding_window"), {"window": 128, "windowed_layers": 12}),
        (GEMMA3 | {"sliding_window_pattern": 2}, {"windowed_layers": 13}),
        # layers without experts
        (QWEN_MOE | {"decoder_sparse_step": 2}, {"dense_layers": 12, "mlp_width": 5632}),
        (QWEN_MOE | {"mlp_only_layers": [0, 23]}, {"dense_layers": 2}),
        (QWEN_MOE | {"decoder_sparse_step": 2, "mlp_only_layers": [0, 1]}, {"dense_layers": 13}),
        (QWEN_MOE | {"mlp_only_layers": list(range(24))}, {"n_experts": None, "mlp_width": 5632}),
        (QWEN_MOE | {"shared_expert_intermediate_size": 0}, {"shared_width": None}),
        (DEEPSEEK | {"moe_layer_freq": 2}, {"dense_layers": 32}),
        (DEEPSEEK | {"first_k_dense_replace": 0}, {"dense_layers": None, "mlp_width": None}),
        (DEEPSEEK | {"n_routed_experts": None}, {"n_experts": None, "dense_layers": None}),
        (DEEPSEEK | {"n_shared_experts": None}, {"shared_width": None}),
        (without(DEEPSEEK, "q_lora_rank", "first_k_dense_replace"), {"query_rank": 1536, "dense_layers": 3}),
    ],
)
def test_a_changed_configuration_changes_the_shape(config, expected):
    shape = shape_from_config(config)
    assert {key: shape.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("quantization", "bits"),
    [
        ({"quant_method": "gptq", "bits": 4, "group_size": 128}, 4 + 20 / 128),
        ({"quant_method": "gptq", "bits": 8, "group_size": -1}, 8),
        ({"quant_method": "gptq", "bits": 3}, 3 + 19 / 128),
        ({"quant_method": "awq", "bits": 4, "group_size": 64}, 4 + 20 / 64),
        ({"quant_method": "awq"}, 4 + 20 / 128),
        ({"quant_method": "bitsandbytes", "load_in_8bit": True, "load_in_4bit": False}, 8),
        ({"quant_method": "bitsandbytes", "load_in_4bit": True}, 4.5),
        ({"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_use_double_quant": True}, 4.126953125),
        ({"quant_method": "fp8"}, 8),
        ({"quant_method": "fp8", "weight_block_size": [128, 128]}, 8 + 32 / 128**2),
        (
            {
                "quant_method": "compressed-tensors",
                "config_groups": {"group_0": {"weights": {"num_bits": 8, "type": "float", "strategy": "tensor"}}},
            },
            8,
        ),
        (
            {
                "quant_method": "compressed-tensors",
                "config_groups": {
                    "group_0": {"weights": {"num_bits": 4, "type": "int", "group_size": 128, "symmetric": True}}
                },
            },
            4 + 16 / 128,
        ),
        (
            {
                "quant_method": "compressed-tensors",
                "config_groups": {
                    "group_0": {"weights": {"num_bits": 4, "type": "int", "group_size": 128, "symmetric": False}}
                },
            },
            4 + 20 / 128,
        ),
        (
            {
                "quant_method": "compressed-tensors",
                "config_groups": {"group_0": {"weights": {"num_bits": 4, "type": "float", "group_size": 16}}},
            },
            4.5,
        ),
    ],
)
def test_bits_of_a_quantised_weight(quantization, bits):
    shape = shape_from_config(without(LLAMA, "torch_dtype") | {"quantization_config": quantization})
    assert shape["weight_bits"] == bits
    assert isinstance(shape["weight_bits"], float)
    assert "expert_bits" not in shape


def quantized(**quantization):
    return LLAMA | {"quantization_config": quantization}


INT4, INT8 = ({"weights": {"num_bits": bits}} for bits in (4, 8))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"model_type": "gemma3", "text_config": {}}, r'wraps a language model; pass config\["text_config"\]'),
        ({}, "model_type is missing; known: llama, mistral, "),
        ({"model_type": "llamma"}, "unknown model_type 'llamma'; did you mean 'llama'\\? known: llama, mistral, "),
        ({"model_type": "mamba"}, "unknown model_type 'mamba'"),
        ({"model_type": None}, "unknown model_type None"),
        (without(LLAMA, "hidden_size"), "^llama configuration: hidden_size is missing$"),
        (without(GPT2, "n_embd"), "^gpt2 configuration: n_embd or hidden_size is missing$"),
        (without(DEEPSEEK, "kv_lora_rank"), "deepseek_v3 configuration: kv_lora_rank is missing"),
        (without(QWEN_MOE, "num_experts"), "qwen2_moe configuration: num_experts is missing"),
        (without(OPT, "max_position_embeddings"), "opt configuration: max_position_embeddings is missing"),
        (without(RW, "multi_query"), "multi_query is missing"),
        (without(RW, "parallel_attn"), "parallel_attn is missing"),
        (GPT2 | {"hidden_size": 1024}, r"n_embd or hidden_size have different values, \[768, 1024\]"),
        *(
            (LLAMA | {"num_hidden_layers": value}, "num_hidden_layers is .*; it must be a positive integer")
            for value in (0, -1, 32.0, "32", True, None)
        ),
        (GEMMA | {"num_key_value_heads": None}, "num_key_value_heads is None; it must be"),
        (QWEN3 | {"head_dim": None}, "qwen3 configuration: head_dim is None; it must be a positive integer"),
        (LLAMA | {"num_key_value_heads": 5}, "num_key_value_heads is 5; the 32 heads are not a multiple of it"),
        (LLAMA | {"hidden_size": 4097}, "hidden_size is 4097, not a multiple of the 32 heads"),
        (LLAMA | {"tie_word_embeddings": "no"}, "tie_word_embeddings is 'no'; it must be true or false"),
        (DEEPSEEK | {"first_k_dense_replace": -1}, "first_k_dense_replace is -1; it must be an integer >= 0"),
        (OPT | {"word_embed_proj_dim": 512}, "word_embed_proj_dim is not hidden_size; that is not supported"),
        (GPT2 | {"add_cross_attention": True}, "add_cross_attention is true; the model is not a decoder-only"),
        (GEMMA3 | {"use_bidirectional_attention": True}, "not a decoder-only transformer"),
        (LLAMA | {"layer_types": ["sliding_attention"] * 32}, "layer_types has windows, but sliding_window is"),
        (QWEN3 | {"layer_types": ["sliding_attention"] * 36, "sliding_window": 4096}, "missing or off"),
        (GPT_OSS | {"layer_types": ["full_attention"] * 23}, "layer_types must be 24 times full_ or sliding_"),
        (GPT_OSS | {"layer_types": ["full_attention"] * 23 + ["linear_attention"]}, "layer_types must be 24"),
        (GPT_OSS | {"sliding_window": 0}, "gpt_oss configuration: sliding_window is 0; it must be a positive"),
        (QWEN_MOE | {"use_sliding_window": True}, "layer_types is missing; releases of transformers differ"),
        (without(LLAMA, "torch_dtype"), 'torch_dtype is missing; add it, such as "torch_dtype": "bfloat16"'),
        (LLAMA | {"torch_dtype": "int8"}, "torch_dtype is 'int8'; it must be float16, bfloat16, float32"),
        (LLAMA | {"dtype": "float32"}, "torch_dtype is 'float32' and 'bfloat16'; it must be"),
        (quantized(quant_method="gptqq", bits=4), "unknown quant_method 'gptqq'; did you mean 'gptq'\\? known: gptq"),
        (quantized(bits=4), "unknown quant_method None; known: gptq, awq, bitsandbytes, fp8, mxfp4, compressed"),
        (quantized(quant_method="gptq"), "quantization_config: gptq bits is None; it must be a positive integer"),
        (quantized(quant_method="awq", group_size=0), "awq group_size is 0; it must be a positive integer"),
        (quantized(quant_method="bitsandbytes"), "bitsandbytes needs load_in_4bit or load_in_8bit to be true"),
        (quantized(quant_method="fp8", weight_block_size=[0, 1]), "fp8 weight_block_size is 0; it must be"),
        (quantized(quant_method="mxfp4"), "mxfp4 stores experts; the model has none"),
        (quantized(quant_method="compressed-tensors"), "config_groups must agree on the bits, not have \\[\\]"),
        (quantized(quant_method="compressed-tensors", config_groups={"a": INT4, "b": INT8}), "\\[4.0, 8.0\\]"),
        (quantized(quant_method="compressed-tensors", config_groups={"a": {}}), "tensors bits is None; it must"),
        (
            quantized(
                quant_method="compressed-tensors",
                config_groups={"a": {"weights": {"num_bits": 8, "block_structure": [128, 128]}}},
            ),
            "block_structure is not supported",
        ),
    ],
)
def test_what_is_missing_or_wrong_is_named(config, message):
    with pytest.raises(ValueError, match=message):
        shape_from_config(config)


def test_a_configuration_is_not_changed(faults):
    for name, model in MODELS.items():
        with faults.at(name):
            before = json.dumps(model["config"])
            shape_from_config(model["config"])
            assert json.dumps(model["config"]) == before
