"""Types of GGUF files: the bytes of models beside the sizes that llama.cpp prints of its files."""

import re

import pytest

import llm_latency as ll
from llm_latency.catalogue.gguf import LAYERS, MODELS, stored_as

ROOMY = ll.Device(name="roomy", peak_flops=1e15, mem_bandwidth=1e12, mem_size=1e14)
# llama.cpp, tools/quantize/README.md (311c2c9): bits of a weight of Llama-3.1-8B, which has the shape of Llama-3-8B.
BITS_OF_8B = {
    **{"IQ1_S": 2.0042, "IQ1_M": 2.1460, "IQ2_XXS": 2.3824, "IQ2_XS": 2.5882, "IQ2_S": 2.7403, "IQ2_M": 2.9294},
    **{"IQ3_XXS": 3.2548, "IQ3_XS": 3.4977, "IQ3_S": 3.6606, "IQ3_M": 3.7628, "IQ4_XS": 4.4597, "IQ4_NL": 4.6818},
    **{"Q2_K_S": 2.9697, "Q2_K": 3.1593, "Q3_K_S": 3.6429, "Q3_K_L": 4.2979, "Q4_K_S": 4.6672, "Q4_K_M": 4.8944},
    **{"Q5_K_S": 5.5704, "Q5_K_M": 5.7036, "Q6_K": 6.5633, "Q8_0": 8.5008, "F16": 16.0005},
}
# What llama-bench prints of files, in GiB: logs of users in public repositories.
GIB_OF_OTHERS = {
    ("Llama-3-70B", "Q4_K_M"): 39.59,
    ("Qwen2.5-14B", "Q4_K_M"): 8.37,
    ("Qwen2.5-32B", "Q4_K_M"): 18.48,
    ("Qwen3-30B-A3B", "Q4_K_M"): 17.28,
    ("Qwen3-30B-A3B", "Q2_K"): 10.48,
    ("gpt-oss-20b", "MXFP4_MOE"): 11.27,
}


def stored_bytes(model, kind):
    return ll.memory(model, ROOMY, context=1, weight_bits=kind).weights


def test_every_type_has_the_bits_that_its_documentation_names(faults):
    parameters = ll.parameter_count(ll.models["Llama-3-8B"])
    for kind, bits in BITS_OF_8B.items():
        with faults.at(kind):
            assert 8 * stored_bytes("Llama-3-8B", kind) / parameters == pytest.approx(bits, abs=0.0002)


def test_files_of_other_models_have_the_size_that_llama_cpp_prints(faults):
    for (model, kind), size in GIB_OF_OTHERS.items():
        with faults.at(model, kind):
            assert stored_bytes(model, kind) / 2**30 == pytest.approx(size, rel=0.003)


def test_rows_that_no_whole_blocks_fill_have_larger_ones():
    sizes = {"n_layers": 8, "n_heads": 4, "mlp_width": 1024, "mlp_matrices": 3, "vocab": 8, "vocab_matrices": 1}
    whole, others, odd = (ll.Model(name="mine", d_model=width, head_dim=64, **sizes) for width in (512, 96, 100))
    assert 8 * stored_as(whole, "Q6_K").bytes_per_mlp_param == 6.5625
    mixed = (2 * 8.5 + 6.5625) / 3  # only the last matrix has rows of 1024
    assert 8 * stored_as(others, "Q6_K").bytes_per_mlp_param == pytest.approx(mixed)
    assert 8 * stored_as(odd, "Q6_K").bytes_per_mlp_param == pytest.approx((2 * 16 + 6.5625) / 3)


def test_eight_experts_and_eighty_layers_are_exceptions():
    eight = stored_as(ll.models["Mixtral-8x7B"], "Q4_K_S")
    query, key = 4096 * 4096, 4096 * 1024
    assert 8 * eight.bytes_per_attention_param == pytest.approx(
        (query * (4.5 + 5.5) + 2 * key * 8.5) / (2 * query + 2 * key)
    )
    deep = stored_as(ll.models["Llama-3-70B"], "Q3_K_S")
    query, key = 8192 * 8192, 8192 * 1024
    assert 8 * deep.bytes_per_attention_param == pytest.approx(
        ((2 * query + key) * 3.4375 + key * 5.5) / (2 * query + 2 * key)
    )


def test_groups_of_layers_keep_their_own_sizes_and_routers_stay_in_32_bits():
    model = ll.models["DeepSeek-V3-671B"]
    stored = stored_as(model, "Q8_0")
    assert [group.n_layers for group in stored.layers] == [group.n_layers for group in model.layers]
    assert {group.bytes_per_expert_param for group in stored.layers if group.n_experts} == {34 / 32}
    assert {group.bytes_per_router_param for group in stored.layers if group.n_experts} == {4}
    assert {group.bytes_per_mlp_param for group in stored.layers if not group.n_experts} == {34 / 32}
    assert stored.bytes_per_kv == model.bytes_per_kv
    assert stored.remark.endswith("Stored as llama.cpp's Q8_0.")


@pytest.mark.parametrize("given", ["Q4_K_X", "", "Q4_K_M" * 1000])
def test_an_unknown_type_is_refused_by_name(given):
    with pytest.raises(ValueError, match=r"^weight_bits = .*must be bits, or one of F32, .*Q4_K_M") as caught:
        ll.decode_step_time("Llama-3-8B", "H100-SXM", context=1, weight_bits=given)
    assert len(str(caught.value)) < 500
    assert ("did you mean 'Q4_K_S' or 'Q4_K_M'" in str(caught.value)) == (given == "Q4_K_X")


def test_upper_and_lower_case_are_the_same_and_a_step_reads_what_is_stored():
    times = [
        ll.decode_step_time("Llama-3-8B", "RTX-4090", context=1, weight_bits=kind) for kind in ("q4_k_m", "Q4_K_M")
    ]
    assert times[0] == times[1] < ll.decode_step_time("Llama-3-8B", "RTX-4090", context=1, weight_bits="Q8_0")


def test_a_name_cannot_be_one_of_several():
    with pytest.raises(ValueError, match=re.escape("weight_bits")):
        ll.decode_step_time("Llama-3-8B", "H100-SXM", context=1, weight_bits=["Q4_K_M", "Q8_0"])


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("first 2", range(2)),
        ("first 4", range(4)),
        ("first sixteenth", range(2)),
        ("first eighth", range(4)),
        ("middle", range(4, 31)),
        ("ends and every third", [*range(4), *range(6, 31, 3), *range(31, 36)]),
        ("all", range(36)),
    ],
)
def test_a_row_of_a_mixture_means_these_of_36_layers(name, meant):
    assert [layer for layer in range(36) if LAYERS[name](layer, 36)] == list(meant)


@pytest.mark.parametrize(
    ("name", "layers", "sizes", "meant"),
    [
        ("4 heads share a value", 1, {"n_heads": 32, "n_kv_heads": 8}, True),
        ("4 heads share a value", 1, {"n_heads": 24, "n_kv_heads": 8}, False),
        ("4 heads share a value", 1, {"n_heads": 4}, True),
        ("4 heads share a value", 1, {}, False),
        ("80 layers", 80, {"n_heads": 64, "n_kv_heads": 8}, True),
        ("80 layers", 80, {"n_heads": 64, "n_kv_heads": 64}, False),
        ("80 layers", 79, {"n_heads": 64, "n_kv_heads": 8}, False),
        ("4 experts", 1, {"n_experts": 4}, True),
        ("4 experts", 1, {"n_experts": 3}, False),
        ("8 experts", 1, {"n_experts": 8}, True),
        ("8 experts", 1, {"n_experts": 16}, False),
    ],
)
def test_a_row_of_a_mixture_means_these_models(name, layers, sizes, meant):
    assert MODELS[name](layers, sizes) == meant
