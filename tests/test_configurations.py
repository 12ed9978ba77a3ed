"""Configurations of published models: what is read from them, against counts that do not come from this library."""

import csv
import json
import random
import re
from dataclasses import replace
from functools import cache

import pytest

import llm_latency as ll
from conftest import ROOT
from llm_latency.catalogue.configuration.reader import model_fields

DATA = ROOT / "tests" / "data"
CONFIGURATIONS = {
    row["name"]: row
    for row in map(json.loads, (DATA / "configurations.jsonl").read_text(encoding="utf-8").splitlines())
}
"""Each reduced to the keys that the library reads, with the place where it was read."""
with (DATA / "configurations.csv").open(encoding="utf-8", newline="") as stream:
    TABLE = {row["name"]: row for row in csv.DictReader(stream)}
READ = [name for name, row in TABLE.items() if not row["refused"]]
LLAMA = {
    "model_type": "llama",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
}
ROOMY = ll.Device(name="roomy", peak_flops=1e15, mem_bandwidth=1e12, mem_size=1e14)


@cache
def model_of(name, dtype=None):
    row = CONFIGURATIONS[name]
    config = row["config"]
    if "hf_quant_config" in row and not any(key.startswith("quant") for key in config):
        quantised = row["hf_quant_config"]
        config = config | {"quantization_config": quantised.get("quantization", quantised)}
    return ll.Model.from_hf_config(config, name=name[:80], dtype=dtype)


def gigabytes(model):
    return ll.memory(model, ROOMY, context=1).weights / 1e9


def kv_megabytes(model, context=1024):
    """Bytes that the cache grows by, without what a recurrent layer keeps at any length."""
    kept = [ll.memory(model, ROOMY, context=length).kv_cache for length in (context, 0)]
    return (kept[0] - kept[1]) / 1e6


def test_the_table_lists_every_configuration():
    assert TABLE.keys() == CONFIGURATIONS.keys()
    assert len(READ) >= 0.9 * len(TABLE)
    assert all(row["source"] for row in CONFIGURATIONS.values())


def test_every_model_has_the_parameters_that_others_count(faults):
    for name in READ:
        with faults.at(name):
            counted = ll.parameter_count(model_of(name))
            if expected := TABLE[name]["parameters"]:
                assert abs(counted / float(expected) - 1) <= 0.005, (
                    f"{counted / 1e9:.4f} for {float(expected) / 1e9:.4f}e9"
                )


def test_every_model_caches_the_elements_that_others_count(faults):
    compared = [name for name in READ if TABLE[name]["cached_elements"]]
    for name in compared:
        row = TABLE[name]
        begin, end = (int(length) for length in row["between_tokens"].split("-"))
        with faults.at(name):
            model = in_16_bits(model_of(name))
            kept = [ll.memory(model, ROOMY, context=length).kv_cache for length in (begin, end)]
            counted, expected = (kept[1] - kept[0]) / (end - begin) / 2, float(row["cached_elements"])
            assert counted == pytest.approx(expected, rel=0.005), f"{counted:.0f} for {expected:.0f} per token"
    assert len(compared) >= 180


def in_16_bits(model):
    """Store whatever a model caches in 16 bits, the keys of its indexers too."""
    groups = {
        name: {field: size for field, size in group.items() if field != "bytes_per_index"}
        for name, group in model.groups.items()
    }
    return replace(model, sources={}, groups=groups, bytes_per_kv=2, bytes_per_index=None)


def test_every_other_configuration_is_refused_by_name(faults):
    for name, row in TABLE.items():
        if row["refused"]:
            with faults.at(name), pytest.raises(ValueError, match=re.escape(row["refused"])):
                model_of(name)


def test_every_model_has_the_bytes_of_its_checkpoint(faults):
    compared = [name for name in READ if TABLE[name]["checkpoint_bytes"]]
    for name in compared:
        published = float(TABLE[name]["checkpoint_bytes"]) / 1e9
        with faults.at(name):
            stored = gigabytes(model_of(name, TABLE[name]["stored_in"] or None))
            assert abs(stored / published - 1) <= 0.02, f"{stored:.2f} GB for {published:.2f}"
    assert len(compared) >= 20


# What a format makes of Llama-3-8B: gigabytes of all weights.
LINEAR, ENDS = 6.979_321_856e9, 2 * 128256 * 4096
NORMS = 65 * 4096
GROUPED_4 = 4 + 16 / 128


def stored(bits, ends=16):
    return (LINEAR * bits + (ENDS + NORMS) * ends) / 8e9


@pytest.mark.parametrize(
    ("quantised", "bits"),
    [
        ({"quant_method": "gptq", "bits": 4, "group_size": 128}, 4 + 20 / 128),
        ({"quant_method": "gptq", "bits": 3, "group_size": -1}, 3),
        ({"quant_method": "awq", "bits": 4, "group_size": 128, "zero_point": True}, 4 + 20 / 128),
        ({"quant_method": "awq", "w_bit": 8, "q_group_size": 64}, 8 + 24 / 64),
        ({"quant_method": "bitsandbytes", "load_in_8bit": True}, 8),
        ({"quant_method": "bitsandbytes", "load_in_4bit": True}, 4.5),
        (
            {"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_use_double_quant": True},
            4 + (8 + 32 / 256) / 64,
        ),
        ({"quant_method": "fp8"}, 8),
        ({"quant_method": "fp8", "weight_block_size": [128, 128]}, 8 + 32 / 128**2),
        ({"quant_method": "fbgemm_fp8"}, 8),
        ({"quant_method": "modelopt", "quant_algo": "NVFP4"}, 4.5),
        ({"quant_algo": "FP8", "ignore": ["lm_head"]}, 8),
        ({"quant_method": "modelopt", "quant_algo": "W4A16_AWQ"}, 4 + 32 / 128),
        ({"quant_method": "auto-round", "bits": 4, "group_size": 128, "sym": True}, 4 + 20 / 128),
        ({"quant_method": "torchao", "quant_type": "int8_weight_only"}, 8),
        ({"quant_method": "torchao", "quant_type": "int4_weight_only", "quant_type_kwargs": {"group_size": 64}}, 4.5),
        ({"quant_method": "quark", "global_quant_config": {"weight": {"dtype": "fp8_e4m3"}}}, 8),
        (
            {"quant_method": "compressed-tensors", "ignore": ["lm_head"], "config_groups": {"W4A16": ["Linear"]}},
            GROUPED_4,
        ),
    ],
)
def test_each_format_takes_its_bits(quantised, bits):
    model = ll.Model.from_hf_config(LLAMA | {"quantization_config": quantised})
    assert gigabytes(model) == pytest.approx(stored(bits), rel=2e-4)


def test_mlx_stores_the_vocabulary_in_few_bits_too():
    model = ll.Model.from_hf_config(LLAMA | {"quantization": {"group_size": 64, "bits": 4}})
    assert gigabytes(model) == pytest.approx((LINEAR + ENDS) * 4.5 / 8e9, rel=2e-4)


def test_modules_that_a_file_leaves_out_are_not_quantised():
    ignored = {"quant_method": "fp8", "modules_to_not_convert": ["lm_head", "model.layers.3.mlp", "q_proj"]}
    model = ll.Model.from_hf_config(LLAMA | {"quantization_config": ignored})
    plain = 3 * 4096 * 14336 + 32 * 4096 * 4096
    assert gigabytes(model) == pytest.approx(stored(8) + plain / 1e9, rel=2e-4)
    assert sum(group.n_layers for group in model.layers) == 32
    assert len(model.layers) == 2


def test_a_file_says_what_it_assumes():
    assert "32 bits" in ll.Model.from_hf_config(LLAMA | {"torch_dtype": "float32"}).remark
    assert ll.Model.from_hf_config(LLAMA | {"torch_dtype": "float32"}, dtype="float32").bytes_per_param == 4
    silent = {key: value for key, value in LLAMA.items() if key != "torch_dtype"}
    assert "16 are assumed" in ll.Model.from_hf_config(silent).remark
    outside = {"model_type": "gemma3", "dtype": "bfloat16", "text_config": LLAMA, "vision_config": {}}
    assert "vision" in ll.Model.from_hf_config(outside).remark


def test_a_state_and_the_keys_of_an_indexer_have_their_own_storage():
    qwen = CONFIGURATIONS["Qwen/Qwen3.5-27B"]["config"]
    for change, stored in [({}, None), ({"mamba_ssm_dtype": "float32"}, 4), ({"mamba_ssm_cache_dtype": "bfloat16"}, 2)]:
        text = qwen["text_config"] | change
        assert ll.Model.from_hf_config(qwen | {"text_config": text}).bytes_per_state == stored
    both = qwen["text_config"] | {"mamba_ssm_dtype": "float32", "mamba_ssm_cache_dtype": "float16"}
    with pytest.raises(ValueError, match="'float16'; it must be float32, which is the mamba_ssm_dtype"):
        ll.Model.from_hf_config(qwen | {"text_config": both})
    # 61 layers with a latent vector of 512 + 64 elements of 16 bits, and an index key of 128 bytes and its scale
    assert kv_megabytes(model_of("deepseek-ai/DeepSeek-V3.2"), 1000) == pytest.approx(61 * (1152 + 132) / 1e3)


def test_a_folder_is_read_with_the_file_beside_it(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(LLAMA), encoding="utf-8")
    plain = ll.Model.from_hf_config(tmp_path)
    beside = {"quantization": {"quant_algo": "FP8", "kv_cache_quant_algo": "FP8", "exclude_modules": ["lm_head"]}}
    (tmp_path / "hf_quant_config.json").write_text(json.dumps(beside), encoding="utf-8")
    quantised = ll.Model.from_hf_config(tmp_path / "config.json")
    assert plain.name == quantised.name == tmp_path.name
    assert gigabytes(plain) == pytest.approx(stored(16), rel=1e-4)
    assert gigabytes(quantised) == pytest.approx(stored(8), rel=1e-4)
    assert kv_megabytes(quantised) == kv_megabytes(plain) / 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_hidden_layers": 10**30}, "num_hidden_layers is 1000.*; it must be a whole number from 1 to 10,000"),
        ({"num_hidden_layers": None}, "num_hidden_layers is missing"),
        ({"hidden_size": "4096"}, "hidden_size is '4096'; it must be a whole number"),
        ({"num_key_value_heads": 5}, "num_key_value_heads is 5; it must be a divisor of the 32 heads"),
        ({"tie_word_embeddings": "no"}, "tie_word_embeddings is 'no'; it must be true or false"),
        ({"torch_dtype": {"": "bfloat16"}}, "torch_dtype is .*; it must be a text"),
        ({"dtype": "float32"}, "torch_dtype is 'bfloat16'"),
        ({"is_encoder_decoder": True}, "is_encoder_decoder is True"),
        ({"model_type": "llamma"}, "unknown model_type 'llamma'; did you mean 'llama'"),
        ({"n_layer": 3}, "num_hidden_layers = 32 and n_layer = 3 contradict each other"),
        ({"quantization_config": "fp8"}, "quantization_config is 'fp8'; it must be an object"),
        ({"quantization_config": {"quant_method": "exl3"}}, "unknown quant_method 'exl3'"),
        ({"quantization_config": {"quant_method": "gptq", "bits": 1000}}, "bits is 1000; it must be a whole number"),
        (
            {"quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": "no"}},
            "load_in_4bit is 'no'; it must be true or false",
        ),
        (
            {"quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": True, "load_in_8bit": True}},
            "both load_in_4bit and load_in_8bit are true",
        ),
        ({"quantization_config": {"quant_method": "fp8", "weight_block_size": 128}}, "weight_block_size is 128"),
        (
            {"model_type": "deepseek_v3", "first_k_dense_replace": 1000, "q_lora_rank": None},
            "first_k_dense_replace is 1000; it must be a whole number from 0 to 32",
        ),
        (
            {"model_type": "qwen3_moe", "mlp_only_layers": [999, -1], "num_experts": 8},
            "mlp_only_layers is .*; it must be a list of layers from 0 to 31",
        ),
    ],
)
def test_a_wrong_value_is_refused_by_name(change, message):
    with pytest.raises(ValueError, match=message):
        ll.Model.from_hf_config(LLAMA | change)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"a": 1', "config.json is not JSON"),
        (b"[1]", "config.json holds a list"),
        (b"\xff\x00\x01", "config.json is not a text in UTF-8"),
        (b"[" * 100_000, "config.json is (nested too deep|not JSON)"),
        (b'{"hidden_size": 1, "hidden_size": 2}', "'hidden_size' is given twice"),
        (json.dumps({"a": 1}).encode("utf-16"), "model_type is missing"),
        ("\ufeff{}".encode(), "model_type is missing"),
    ],
)
def test_a_file_that_is_not_a_configuration_is_refused(tmp_path, content, message):
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        ll.Model.from_hf_config(tmp_path)


JUNK = (None, True, -1, 0, 0.5, 1e300, 10**30, "", "x", "128", [], [1], ["x"], {}, {"a": 1}, [None], float("nan"))


def mutated(config, dice):
    """Change, remove or double one value somewhere in a configuration."""
    config = json.loads(json.dumps(config))
    part = config
    while True:
        key = dice.choice(list(part)) if part else None
        if key is None or not isinstance(part[key], dict) or dice.random() < 0.3:
            break
        part = part[key]
    if key is not None and dice.random() < 0.2:
        del part[key]
    elif key is not None:
        part[key] = dice.choice(JUNK)
    return config


def refusal(config):
    """Return the message of the error, if there is one."""
    try:
        ll.Model.from_hf_config(config, name="mutant")
    except ValueError as error:
        return str(error)
    return None


def fuzz(times):
    dice, names = random.Random(0), list(CONFIGURATIONS)
    for _ in range(times):
        config = CONFIGURATIONS[dice.choice(names)]["config"]
        for _ in range(dice.choice((1, 1, 2))):
            config = mutated(config, dice)
        if (message := refusal(config)) is not None:
            assert len(message) <= 500, message


def test_a_mutated_configuration_gives_a_model_or_a_clear_error():
    fuzz(1500)


@pytest.mark.long
def test_twenty_thousand_mutated_configurations_give_models_or_clear_errors():
    fuzz(20_000)


def test_the_fields_make_a_model_by_hand_too():
    fields = model_fields(LLAMA)
    assert ll.Model(**fields) == ll.Model.from_hf_config(LLAMA)


@pytest.mark.parametrize("scheme", [{"num_bits": 1000}, [], 8])
def test_a_cache_scheme_that_is_none_is_refused_under_either_name(scheme):
    for key in ("kv_cache_scheme", "kv_cache_quant_algo"):
        storage = {"quant_method": "modelopt", "quant_algo": "FP8", key: scheme}
        with pytest.raises(ValueError, match=f"{key}|num_bits"):
            ll.Model.from_hf_config(LLAMA | {"quantization_config": storage}, name="x")
