"""Weight files beside a configuration: their headers say how each tensor is stored, whatever the configuration says."""

import json
import sys

import numpy as np
import pytest
from safetensors.numpy import save_file

import llm_latency as ll

WIDTH, INNER, VOCAB, LAYERS = 64, 128, 96, 3
CONFIG = {
    "model_type": "llama",
    "hidden_size": WIDTH,
    "intermediate_size": INNER,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": VOCAB,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
}
MATRICES = {
    **{"self_attn.q_proj": (WIDTH, WIDTH), "self_attn.k_proj": (32, WIDTH), "self_attn.v_proj": (32, WIDTH)},
    **{"self_attn.o_proj": (WIDTH, WIDTH), "mlp.gate_proj": (INNER, WIDTH), "mlp.up_proj": (INNER, WIDTH)},
    "mlp.down_proj": (WIDTH, INNER),
}
FOUR_BITS = {"quant_method": "awq", "bits": 4, "group_size": 32, "zero_point": False}
UNKNOWN = {"quant_method": "hqq"}
ROOMY = ll.Device(name="roomy", peak_flops=1e15, mem_bandwidth=1e12, mem_size=1e14)


def tensors(dtype=np.float16, outer="model.", layers=range(LAYERS)):
    """Return the tensors of the model, all plain."""
    found = {f"{outer}embed_tokens.weight": (VOCAB, WIDTH), "lm_head.weight": (VOCAB, WIDTH)}
    found |= {f"{outer}layers.{layer}.{name}.weight": size for layer in layers for name, size in MATRICES.items()}
    found |= {f"{outer}layers.{layer}.input_layernorm.weight": (WIDTH,) for layer in layers}
    return {name: np.zeros(size, dtype) for name, size in found.items()} | {
        f"{outer}norm.weight": np.zeros(WIDTH, dtype)
    }


def in_eight_bits(every, part="self_attn"):
    """Store a part's matrices in one byte a weight, with a scale of 32 bits per row."""
    found = {}
    for name, tensor in every.items():
        if part in name and tensor.ndim == 2:
            found |= {name: tensor.astype(np.int8), f"{name}_scale": np.zeros((len(tensor), 1), np.float32)}
        else:
            found[name] = tensor
    return found


@pytest.fixture
def folder(tmp_path):
    def write(config, **files):
        (tmp_path / "config.json").write_text(json.dumps(CONFIG | config), encoding="utf-8")
        for name, content in files.items():
            save_file(content, tmp_path / f"{name}.safetensors")
        return tmp_path

    return write


def weights_of(model):
    return ll.memory(model, ROOMY, context=1).weights


def test_files_that_agree_with_the_configuration_change_nothing(folder):
    model = ll.Model.from_hf_config(folder({}, model=tensors()))
    assert weights_of(model) == weights_of(ll.Model.from_hf_config(CONFIG))
    assert model.remark == "Stored as the weight file beside it says."


def test_files_decide_where_the_configuration_says_otherwise(folder):
    model = ll.Model.from_hf_config(folder({"quantization_config": FOUR_BITS}, model=in_eight_bits(tensors())))
    rows = sum(rows for name, (rows, _) in MATRICES.items() if "attn" in name)
    attention = sum(rows * columns for name, (rows, columns) in MATRICES.items() if "attn" in name)
    assert model.bytes_per_attention_param == pytest.approx((attention + 4 * rows) / attention)
    assert model.bytes_per_mlp_param == model.bytes_per_vocab_param == 2
    assert (
        "In the mlp of layer 0 a weight takes 16.00 bits, where the configuration says 4.50 "
        "(largest tensor: mlp.down_proj.weight)." in model.remark
    )


def test_layers_may_be_stored_in_their_own_way_and_in_several_files(folder):
    first, others = tensors(layers=[0]), in_eight_bits(tensors(layers=[1, 2]), "mlp")
    model = ll.Model.from_hf_config(folder({}, first=first, others=others))
    assert sorted(group.bytes_per_mlp_param for group in model.layers) == pytest.approx(
        [1 + 4 / 64 * 320 / 384, 2], 0.02
    )
    assert {group.n_layers for group in model.layers} == {1, 2}
    assert model.remark.startswith("Stored as the 2 weight files")


def test_a_format_that_is_not_known_is_settled_by_the_files(folder):
    model = ll.Model.from_hf_config(folder({"quantization_config": UNKNOWN}, model=in_eight_bits(tensors())))
    assert model.bytes_per_attention_param < 1.1
    assert "What the configuration says is not read: config.json: quantization_config: unknown quant_method 'hqq'" in (
        model.remark
    )
    with pytest.raises(ValueError, match="unknown quant_method 'hqq'"):
        ll.Model.from_hf_config(CONFIG | {"quantization_config": UNKNOWN})


def test_where_a_part_has_no_tensors_the_configuration_holds(folder):
    lacking = {name: tensor for name, tensor in tensors().items() if "layers.2.mlp" not in name}
    model = ll.Model.from_hf_config(folder({}, model=lacking))
    assert model.remark == (
        "Stored as the configuration says: the weight files beside it name no tensor of the mlp of layer 2."
    )
    with pytest.raises(
        ValueError, match=r"'hqq'.*; and the weight files beside it name no tensor of the mlp of layer 2"
    ):
        ll.Model.from_hf_config(folder({"quantization_config": UNKNOWN}, model=lacking))
    no_head = {name: tensor for name, tensor in tensors().items() if name != "lm_head.weight"}
    assert "no tensor of the head" in ll.Model.from_hf_config(folder({}, model=no_head)).remark
    assert "no tensor" not in ll.Model.from_hf_config(folder({"tie_word_embeddings": True}, model=no_head)).remark


def test_what_is_not_the_language_model_is_named_and_not_counted(folder):
    more = {"visual.blocks.0.attn.q_proj.weight": np.zeros((4096, 4096), np.float16)}
    more |= {f"model.layers.{LAYERS}.eh_proj.weight": np.zeros((4096, 2048), np.float16)}
    model = ll.Model.from_hf_config(folder({}, model=tensors() | more))
    assert model.remark.endswith("Not counted: visual (0.03 GB), layer 3 (0.02 GB).")
    assert weights_of(model) == weights_of(ll.Model.from_hf_config(CONFIG))


@pytest.mark.parametrize("outer", ["", "model.", "language_model.model.", "model.language_model."])
def test_names_may_begin_in_several_ways(folder, outer):
    model = ll.Model.from_hf_config(folder({}, model=in_eight_bits(tensors(outer=outer), "mlp")))
    assert model.bytes_per_mlp_param < 1.1


def test_plain_weights_run_in_16_bits_unless_told_otherwise(folder):
    path = folder({"torch_dtype": "float32"}, model=tensors(np.float32))
    assert ll.Model.from_hf_config(path).bytes_per_mlp_param == 2
    assert ll.Model.from_hf_config(path, dtype="float32").bytes_per_mlp_param == 4


def test_a_file_that_is_missing_leaves_the_configuration_alone(folder):
    path = folder({"quantization_config": FOUR_BITS}, first=tensors())
    index = {"weight_map": {"a": "first.safetensors", "b": "second.safetensors", "c": "third.safetensors"}}
    (path / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    model = ll.Model.from_hf_config(path)
    assert model.remark == "The weight files beside it are not compared: 2 of 3 are missing."
    assert model.bytes_per_mlp_param == pytest.approx(4.5 / 8)


def test_without_the_package_the_remark_says_so(folder, monkeypatch):
    path = folder({}, model=tensors())
    monkeypatch.setitem(sys.modules, "safetensors", None)
    assert "needs the package safetensors" in ll.Model.from_hf_config(path).remark


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("model.safetensors", b"no header", "model.safetensors is not a safetensors file"),
        ("model.safetensors.index.json", b"{", "model.safetensors.index.json: must have a weight_map"),
        ("model.safetensors.index.json", b"[]", "model.safetensors.index.json: must have a weight_map"),
    ],
)
def test_a_broken_file_is_refused_by_name(folder, name, content, message):
    path = folder({}, other=tensors())
    (path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        ll.Model.from_hf_config(path)
