"""Count what transformers makes of configurations, for `tests/data/configurations.csv`.

Run it by hand in an environment with transformers 5.24.0 and PyTorch:
``python tools/count_configurations.py config.json ...``. Models are built on the meta device of PyTorch, which has
shapes and no memory. For each file it prints the parameters, and what one more token leaves in the cache.
"""

import json
import math
import sys
from pathlib import Path

ANOTHER_NAME = {"kimi_k2": "deepseek_v3", "mimo": "qwen2", "deepseek_ref": "deepseek_v4"}
"""Architectures that transformers knows by another name."""
NOT_CACHED = {"mlp", "block_sparse_moe", "feed_forward", "moe", "ffn", "lm_head"}
"""Parts that leave nothing in the cache, and that cannot run on the meta device where a token chooses among experts."""
LENGTHS = {"deepseek_v4": (1024, 2048)}
"""Contexts between which the cache's growth is counted, where its first tokens are kept in another way."""
USUAL_LENGTHS = (64, 128)


def build(config: dict):
    """Build a model on the meta device, without quantisation."""
    import torch  # this environment need not have it
    from transformers import AutoModelForCausalLM, AutoModelForImageTextToText
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    kind = ANOTHER_NAME.get(config["model_type"], config["model_type"])
    plain = {key: value for key, value in config.items() if key not in ("quantization_config", "auto_map")}
    configuration = CONFIG_MAPPING[kind].from_dict(plain | {"model_type": kind})
    configuration._attn_implementation = "eager"
    with torch.device("meta"):
        try:
            return AutoModelForCausalLM.from_config(configuration, dtype=torch.bfloat16)
        except ValueError:
            return AutoModelForImageTextToText.from_config(configuration, dtype=torch.bfloat16)


def tensors_of(value: object, seen: set[int]) -> list:
    """List the tensors inside a cache, however it nests them."""
    if hasattr(value, "numel"):
        return [value]
    if id(value) in seen:
        return []
    seen.add(id(value))
    if isinstance(value, dict):
        inside = value.values()
    elif isinstance(value, list | tuple):
        inside = value
    else:
        inside = getattr(value, "__dict__", {}).values()
    return [tensor for part in inside for tensor in tensors_of(part, seen)]


def cached_elements(model, length: int) -> int:
    """Count the elements that a prompt leaves in the cache."""
    import torch

    prompt = torch.zeros((1, length), dtype=torch.long, device="meta")
    with torch.no_grad():
        cache = model(input_ids=prompt, use_cache=True).past_key_values
    return sum(tensor.numel() for tensor in tensors_of(cache, set()) if tensor.dim() >= 3)


def main(paths: list[str]) -> None:
    """Print a line for each file."""
    for path in paths:
        config = json.loads(Path(path).read_text(encoding="utf-8"))
        model = build(config)
        parameters = sum(math.prod(each.shape) for each in model.parameters())
        for name, module in model.named_modules():
            if name.rpartition(".")[2] in NOT_CACHED:
                module.forward = lambda first, *_, **__: first
        begin, end = LENGTHS.get(model.config.model_type, USUAL_LENGTHS)
        growth = (cached_elements(model, end) - cached_elements(model, begin)) / (end - begin)
        print(f"{path}: {parameters} parameters, {growth:.0f} elements per token between {begin} and {end}")


if __name__ == "__main__":
    main(sys.argv[1:])
