"""Which layers of a model are of which kind: the rules by which configurations say so."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from llm_latency.catalogue.configuration.keys import Keys

__all__ = []

Rule = Callable[[Keys, int], list[str]]
"""A rule returns a word for each of so many layers: the name of a part in the row of its architecture."""

FULL, WINDOW, CHUNK, SPARSE, REUSED, RECURRENT, NONE = (
    *("full", "window", "chunk", "sparse", "sparse, selection reused", "recurrent", "none"),
)
COMPRESSED = "compressed by "
"""What begins the word for a layer that compresses so many tokens into an entry."""
REUSES_CACHE = ", cache reused"
"""What ends the word for a layer that reads the cache of an earlier one."""
DENSE, EXPERTS, WIDE = "dense", "experts", "wide"
WORDS = {
    "full_attention": FULL,
    "attention": FULL,
    "full": FULL,
    "sliding_attention": WINDOW,
    "chunked_attention": CHUNK,
    "indexed_attention": SPARSE,
    "deepseek_sparse_attention": SPARSE,
    "minimax_m3_sparse": SPARSE,
    "linear_attention": RECURRENT,
    "mamba": RECURRENT,
    "conv": RECURRENT,
    "hybrid": FULL,
    "moe": NONE,
    "mlp": NONE,
}
"""What configurations call kinds of layers."""


def all_of(kind: str) -> Rule:
    """Every layer is of the same kind."""
    return lambda keys, n: [kind] * n


def every(period: int, kind: str, others: str, offset: int = -1) -> Rule:
    """The last layer of every period is of one kind, the rest of another."""
    return lambda keys, n: [kind if layer % period == offset % period else others for layer in range(n)]


def listed(key: str, otherwise: Rule, words: Mapping[str, str] = WORDS) -> Rule:
    """A list names the kind of every layer; where it is missing, another rule holds."""

    def rule(keys: Keys, n: int) -> list[str]:
        names = keys.items(key, str, n)
        if names is None:
            return otherwise(keys, n)
        for name in names:
            if name not in words:
                raise keys.error(key, name, f"made of {', '.join(words)}")
        return [words[name] for name in names]

    return rule


def windows_if_any(rule: Rule) -> Rule:
    """The layers have windows by a rule, unless no window is given or it is switched off."""

    def switched(keys: Keys, n: int) -> list[str]:
        used = keys.get("sliding_window") is not None and keys.flag("use_sliding_window", True)
        return rule(keys, n) if used else [FULL] * n

    return switched


def after_first(keys: Keys, n: int) -> list[str]:
    """Layers from `max_window_layers` on have windows."""
    first = keys.count("max_window_layers", 0, 0)
    return [FULL if layer < first else WINDOW for layer in range(n)]


def but_every_nth(period: int) -> Rule:
    """Every so many layers one is full, the others have windows; the configuration may say how many."""

    def rule(keys: Keys, n: int) -> list[str]:
        number = keys.count("sliding_window_pattern", keys.get("_sliding_window_pattern", period))
        return every(number, FULL, WINDOW)(keys, n)

    return rule


def by_letters(keys: Keys, n: int) -> list[str]:
    """A word such as LLLG names local and global layers in turn."""
    pattern = keys.get("sliding_window_pattern")
    if isinstance(pattern, int):
        return but_every_nth(4)(keys, n)
    letters = keys.word("sliding_window_pattern", "LLLG")
    if not letters or set(letters) - {"L", "G"}:
        raise keys.error("sliding_window_pattern", letters, "made of the letters L and G")
    return [WINDOW if letters[layer % len(letters)] == "L" and layer < n - 1 else FULL for layer in range(n)]


def disputed(keys: Keys, n: int) -> list[str]:
    """Releases of transformers differ on which layers have windows."""
    raise ValueError(f"{keys.label}: layer_types is missing; releases of transformers differ on them")


def without_rope(keys: Keys, n: int) -> list[str]:
    """Layers without rotary positions attend to all keys, the others to those of their chunk."""
    rope = keys.items("no_rope_layers", int)
    if not rope:
        period = keys.count("no_rope_layer_interval", 4)
        return every(period, FULL, CHUNK)(keys, n)
    if len(rope) != n:
        raise keys.error("no_rope_layers", rope, f"a list of {n} items, and it has {len(rope)}")
    return [CHUNK if each else FULL for each in rope]


def marked(key: str, marks: dict[int, str]) -> Rule:
    """A list of numbers marks the kind of every layer."""

    def rule(keys: Keys, n: int) -> list[str]:
        numbers = keys.items(key, int, n)
        if numbers is None:
            raise ValueError(f"{keys.label}: {key} is missing; it must be a list of {n} items")
        for number in numbers:
            if number not in marks:
                raise keys.error(key, number, f"made of {' and '.join(map(str, marks))}")
        return [marks[number] for number in numbers]

    return rule


def listed_by_number(key: str) -> Rule:
    """A list numbers the layers with full attention, from 0; the others are recurrent."""

    def rule(keys: Keys, n: int) -> list[str]:
        full = keys.items(key, int)
        if full is None or any(not 0 <= layer < n for layer in full):
            raise keys.error(key, full, f"a list of layers from 0 to {n - 1}")
        return [FULL if layer in set(full) else RECURRENT for layer in range(n)]

    return rule


def periodic(period: str, offset: str, kind: str, others: str) -> Rule:
    """Layers at an offset in every period are of one kind; keys give both numbers."""

    def rule(keys: Keys, n: int) -> list[str]:
        every_so_many, first = keys.count(period), keys.count(offset, 0, 0)
        return [kind if layer % every_so_many == first else others for layer in range(n)]

    return rule


def by_blocks(attention: bool) -> Rule:
    """Layers of one block each, named by a list or by letters: return the kinds of attention or state, or of MLPs."""
    words = {"M": RECURRENT, "*": FULL} if attention else {"-": DENSE, "E": EXPERTS}
    letters = {"mamba": "M", "attention": "*", "mlp": "-", "moe": "E"}

    def rule(keys: Keys, n: int) -> list[str]:
        pattern = keys.word("hybrid_override_pattern")
        blocks = list(pattern) if pattern else keys.items("layers_block_type")
        if blocks is None:
            raise ValueError(
                f"{keys.label}: hybrid_override_pattern and layers_block_type are missing; one must be given"
            )
        blocks = [letters.get(block, block) for block in blocks]
        if set(blocks) - set(letters.values()):
            raise keys.error("hybrid_override_pattern", pattern or blocks, f"made of {', '.join(letters)}")
        if len(blocks) != n:
            raise keys.error("hybrid_override_pattern", pattern or blocks, f"as long as the {n} layers")
        return [words.get(block, NONE) for block in blocks]

    return rule


def kimi_layers(keys: Keys, n: int) -> list[str]:
    """A part of the configuration numbers the layers with full attention, from 1."""
    part = keys.part("linear_attn_config")
    full = part.items("full_attn_layers", int) if part else None
    if full is None or any(not 1 <= layer <= n for layer in full):
        raise keys.error("linear_attn_config", full, f"an object with full_attn_layers, numbers from 1 to {n}")
    return [FULL if layer + 1 in set(full) else RECURRENT for layer in range(n)]


def minimax_sparse(keys: Keys, n: int) -> list[str]:
    """A part of the configuration marks the layers that select their keys."""
    part = keys.part("sparse_attention_config")
    if part is None or not part.flag("use_sparse_attention", True):
        return [FULL] * n
    return marked("sparse_attention_freq", {0: FULL, 1: SPARSE})(part, n)


def compressed(keys: Keys, n: int) -> list[str]:
    """A list gives the tokens of a compressed entry for every layer, 0 for none, and then for further layers."""
    ratios = keys.items("compress_ratios", int)
    if ratios is None or len(ratios) < n or any(ratio < 0 for ratio in ratios):
        raise keys.error("compress_ratios", ratios, f"a list of at least {n} whole numbers >= 0")
    return [f"{COMPRESSED}{ratio}" if ratio else WINDOW for ratio in ratios[:n]]


def shared_indexers(keys: Keys, n: int) -> list[str]:
    """A list says which layers select keys, and which ones use the selection of an earlier layer."""
    return listed("indexer_types", all_of(SPARSE), {"full": SPARSE, "shared": REUSED})(keys, n)


def with_reused_caches(rule: Rule) -> Rule:
    """The last layers read the caches of earlier ones."""

    def reused(keys: Keys, n: int) -> list[str]:
        kinds, last = rule(keys, n), keys.count("num_kv_shared_layers", 0, 0, n)
        return [kind if layer < n - last else f"{kind}{REUSES_CACHE}" for layer, kind in enumerate(kinds)]

    return reused


def trailing(key: str, otherwise: Rule) -> Rule:
    """A list names the kind of every layer, and after them those of layers that only guess further tokens."""

    def rule(keys: Keys, n: int) -> list[str]:
        names = keys.items(key)
        if names is None or len(names) <= n:
            return listed(key, otherwise)(keys, n)
        return listed(key, otherwise)(Keys({**keys.values, key: names[:n]}, keys.label, keys.defaults, keys.names), n)

    return rule


# MLPs and experts


def dense_first(keys: Keys, n: int) -> list[str]:
    """The first layers are dense, and then all but every so many; or a list marks the layers with experts."""
    first = keys.count("first_k_dense_replace", 0, 0, n)
    if isinstance(keys.get("moe_layer_freq"), list):
        return marked("moe_layer_freq", {0: DENSE, 1: EXPERTS})(keys, n)
    step = keys.count("moe_layer_freq", 1)
    return [DENSE if layer < first or layer % step else EXPERTS for layer in range(n)]


def typed(otherwise: Rule) -> Rule:
    """A list names the kind of every MLP; where it is missing, another rule holds."""
    return listed("mlp_layer_types", otherwise, {"dense": DENSE, "sparse": EXPERTS})


def sparse_steps(keys: Keys, n: int) -> list[str]:
    """Every so many layers one has experts, but for those that a list makes dense."""
    step, only = keys.count("decoder_sparse_step", 1), keys.items("mlp_only_layers", int) or []
    if any(not 0 <= layer < n for layer in only):
        raise keys.error("mlp_only_layers", only, f"a list of layers from 0 to {n - 1}")
    return [DENSE if layer in set(only) or (layer + 1) % step else EXPERTS for layer in range(n)]


def interleaved(keys: Keys, n: int) -> list[str]:
    """A list names the layers with experts, or every so many layers one has them."""
    chosen = keys.items("moe_layers", int)
    if chosen is None:
        step = keys.count("interleave_moe_layer_step", 1)
        return [EXPERTS if (layer + 1) % step == 0 else DENSE for layer in range(n)]
    if any(not 0 <= layer < n for layer in chosen):
        raise keys.error("moe_layers", chosen, f"a list of layers from 0 to {n - 1}")
    return [EXPERTS if layer in set(chosen) else DENSE for layer in range(n)]


def between(keys: Keys, n: int) -> list[str]:
    """Layers from a first to a last one have experts, every so many."""
    first, step = keys.count("moe_layer_start_index", 0, 0), keys.count("moe_layer_interval", 1)
    last = keys.get("moe_layer_end_index", -1)
    last = n - 1 if last == -1 else keys.count("moe_layer_end_index", least=0)
    return [EXPERTS if first <= layer <= last and (layer + 1) % step == 0 else DENSE for layer in range(n)]


def switched(key: str, rule: Rule, otherwise: Rule) -> Rule:
    """One rule holds where a flag is set, and another one where it is not."""
    return lambda keys, n: rule(keys, n) if keys.flag(key) else otherwise(keys, n)


def if_any_experts(rule: Rule) -> Rule:
    """Without a number of experts every layer is dense."""
    return lambda keys, n: rule(keys, n) if keys.get("num_experts") else [DENSE] * n
