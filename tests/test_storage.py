"""Formats of storage, against what the libraries that write them store of a small model with random weights."""

import json

import pytest

import llm_latency as ll
from conftest import ROOT

CHECKPOINTS = [
    json.loads(line) for line in (ROOT / "tests/data/storage.jsonl").read_text(encoding="utf-8").splitlines()
]
"""Each with the library that wrote it and its version, how, the bytes of its tensors, and its configuration."""
ROOMY = ll.Device(name="roomy", peak_flops=1e15, mem_bandwidth=1e12, mem_size=1e14)
READERS = "gptq awq bitsandbytes fp8 fbgemm_fp8 mxfp4 compressed-tensors modelopt auto-round torchao quark mlx gguf"
LLAMA = next(row["config"] for row in CHECKPOINTS if row["format"] == "gptq_4")


def format_of(row):
    """Name the reader that a checkpoint is for."""
    if row["format"].startswith("gguf"):
        return "gguf"
    return row["config"].get("quantization_config", {}).get("quant_method", "mlx")


def stored_bytes(config, **options):
    return ll.memory(ll.Model.from_hf_config(config), ROOMY, context=1, **options).weights


def quantised(**scheme):
    return LLAMA | {"quantization_config": scheme}


def torchao(kind, **options):
    return {"quant_method": "torchao", "quant_type": {"default": {"_type": kind, "_data": options}}}


def test_every_checkpoint_has_the_bytes_that_its_library_wrote(faults):
    # In a model so small, what a column or a tensor has together weighs up to one per cent.
    for row in CHECKPOINTS:
        kind = row["format"].removeprefix("gguf_")
        with faults.at(row["format"], row["writer"]):
            options = {"weight_bits": kind} if format_of(row) == "gguf" else {}
            assert stored_bytes(row["config"], **options) == pytest.approx(row["bytes"], rel=0.01)


def test_every_format_has_a_checkpoint():
    assert {format_of(row) for row in CHECKPOINTS} == {*READERS.split()}


@pytest.mark.parametrize("listed", [[], ["q_proj"]])
@pytest.mark.parametrize(
    ("key", "method"),
    [
        ("llm_int8_skip_modules", {"quant_method": "bitsandbytes", "load_in_8bit": True}),
        ("modules_to_not_convert", {"quant_method": "fp8"}),
        ("modules_to_not_convert", {"quant_method": "fbgemm_fp8"}),
        ("modules_to_not_convert", {"quant_method": "torchao", "quant_type": "int8_weight_only"}),
    ],
)
def test_a_list_of_what_is_left_alone_takes_the_place_of_the_head(key, method, listed):
    usual, own, without = (
        stored_bytes(quantised(**method, **more)) for more in ({}, {key: [*listed, "lm_head"]}, {key: listed})
    )
    assert own - without == LLAMA["vocab_size"] * LLAMA["hidden_size"]
    assert own - usual == len(listed) * LLAMA["hidden_size"] ** 2 * LLAMA["num_hidden_layers"]


@pytest.mark.parametrize(
    ("pattern", "matrices"),
    [
        ("-:.*v_proj", ["v"]),
        ("-:.*[qk]_proj", ["q", "k"]),
        ("-:.*qkv_proj", ["q", "k", "v"]),
        ("-:.*self_attn", ["q", "k", "v", "o"]),
        ("-:.*up_proj", ["up"]),
        ("-:.*gate_up_proj", ["gate", "up"]),
        (r"-:.*layers\.0\..*down_proj", ["first down"]),
    ],
)
def test_a_pattern_means_a_matrix_and_not_what_others_fuse_with_it(pattern, matrices):
    width, inner = LLAMA["hidden_size"], LLAMA["intermediate_size"]
    narrow = width * LLAMA["num_key_value_heads"] // LLAMA["num_attention_heads"]
    size = {"q": width**2, "k": width * narrow, "v": width * narrow, "o": width**2}
    size |= dict.fromkeys(("gate", "up"), width * inner) | {"first down": width * inner / LLAMA["num_hidden_layers"]}
    more = [stored_bytes(quantised(quant_method="gptq", bits=4, **given)) for given in ({}, {"dynamic": {pattern: {}}})]
    left = sum(size[matrix] for matrix in matrices) * LLAMA["num_hidden_layers"]
    assert more[1] - more[0] == pytest.approx(left * (2 - (4 + 20 / 128) / 8))


def test_experts_of_an_8_bit_file_may_have_4():
    mixtral = LLAMA | {"model_type": "mixtral", "num_local_experts": 4, "num_experts_per_tok": 2}
    model = ll.Model.from_hf_config(mixtral | {"quantization_config": {"quant_method": "fp8", "expert_dtype": "fp4"}})
    assert (model.bytes_per_expert_param, model.bytes_per_attention_param) == (4.25 / 8, 1)


@pytest.mark.parametrize(
    ("scheme", "message"),
    [
        ({"quant_method": "fp8", "expert_dtype": "fp2"}, "expert_dtype is 'fp2'; it must be fp8 or fp4"),
        ({"quant_method": "modelopt", "quant_algo": "FP9"}, "quant_algo is 'FP9'; it must be one of FP8"),
        ({"quant_method": "torchao", "quant_type": "Int4WeightOnly"}, "did you mean 'Int4WeightOnlyConfig'"),
        (
            {
                "quant_method": "torchao",
                "quant_type": {"default": {"_type": "Float8DynamicActivationInt4WeightConfig"}},
            },
            "unknown quant_type",
        ),
        (
            {
                "quant_method": "torchao",
                "quant_type": {
                    "default": {
                        "_type": "IntxWeightOnlyConfig",
                        "_data": {"intx_packing_format": "OPAQUE_TORCHAO_AUTO"},
                    }
                },
            },
            "intx_packing_format is 'OPAQUE_TORCHAO_AUTO'; it must be UNPACKED_TO_INT8",
        ),
        ({"quant_method": "quark", "global_quant_config": {"weight": []}}, "it must be a scheme, or a list of them"),
        ({"quant_method": "auto-round", "bits": 8, "group_size": [128, 0]}, "a list of positive whole numbers"),
    ],
)
def test_a_scheme_that_is_not_known_is_refused_by_name(scheme, message):
    with pytest.raises(ValueError, match=message):
        ll.Model.from_hf_config(quantised(**scheme))
