"""The modules of a layer by name: what formats of storage list, exclude, or store in another way."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import translate
from functools import cached_property

from llm_latency.suggestions import short

__all__ = []

ATTENTION, MLP, EXPERT, SHARED, ROUTER, EMBEDDING, HEAD = (
    *("attention", "mlp", "expert", "shared", "router", "embedding", "head"),
)
"""The parts of a model that can be stored in their own way."""
PART_FIELDS = {
    ATTENTION: "bytes_per_attention_param",
    MLP: "bytes_per_mlp_param",
    EXPERT: "bytes_per_expert_param",
    SHARED: "bytes_per_shared_param",
    ROUTER: "bytes_per_router_param",
}
"""Where a layer says how each of its parts is stored."""


@dataclass(frozen=True)
class Places:
    """Where an architecture has the parts of a layer, by the beginning of their modules' names."""

    attention: tuple[str, ...] = ("self_attn", "attn", "attention", "self_attention", "mixer")
    state: tuple[str, ...] = ("linear_attn", "mamba", "mixer", "conv", "self_attn")
    mlp: tuple[str, ...] = ("mlp", "ffn", "feed_forward", "mixer")
    experts: tuple[str, ...] = (
        *("mlp.experts", "ffn.experts", "block_sparse_moe.experts", "feed_forward.experts", "mixer.experts"),
        *("moe.experts", "moe"),
    )
    shared: tuple[str, ...] = (
        *(f"{place}.{name}" for place in ("mlp", "ffn", "mixer") for name in ("shared_expert", "shared_experts")),
        *("block_sparse_moe.shared_experts", "feed_forward.shared_expert", "share_expert", "shared_mlp"),
    )
    router: tuple[str, ...] = (
        *("mlp.gate", "mlp.router", "ffn.gate", "block_sparse_moe.gate", "block_sparse_moe.router"),
        *("feed_forward.router", "mixer.gate", "moe.gate", "router"),
    )


@dataclass(frozen=True)
class Module:
    """A module with weights.

    Parameters
    ----------
    part : str
        The part of the model to which it belongs.
    names : tuple of str
        Its possible names inside a layer, or in the model if it belongs to none.
    weights : int
        How many it has.
    fused : tuple of str, optional
        Names of modules that hold it together with its neighbours, where an architecture has one for all of them.
    neighbours : tuple of str, optional
        The names that it and its neighbours have where they are not fused.
    """

    part: str
    names: tuple[str, ...]
    weights: int
    fused: tuple[str, ...] = ()
    neighbours: tuple[str, ...] = ()

    def means(self, pattern: re.Pattern, where: str) -> bool:
        """Say whether a pattern means it: one that fits a neighbour alone does not mean what is fused."""

        def fits(names: tuple[str, ...]) -> bool:
            return any(pattern.match(f"{where}{name}") for name in names)

        return fits(self.names) or (fits(self.fused) and not fits(self.neighbours))

    @cached_property
    def holders(self) -> frozenset[str]:
        """Its names, and those of what holds it inside a layer; the layer itself has none."""
        paths = (name.split(".") for name in (*self.names, *self.fused))
        return frozenset(".".join(path[:end]) for path in paths for end in range(len(path) + 1))

    @cached_property
    def parts_of_names(self) -> frozenset[str]:
        """The pieces of its names, of one or several words."""
        paths = (name.split(".") for name in (*self.names, *self.fused))
        return frozenset(
            ".".join(path[start:end])
            for path in paths
            for start in range(len(path))
            for end in range(start + 1, len(path) + 1)
        )


def weights_of_parts(modules: Iterable[Module]) -> Counter[str]:
    """Count the weights of each part of a layer that has any."""
    weights = Counter()
    for module in modules:
        weights[module.part] += module.weights
    return +weights


def mean_of_parts(modules: Sequence[Module], of: Callable[[Module], float]) -> dict[str, float]:
    """Return the mean over the weights of each part of what each of its modules has."""
    weights, total = weights_of_parts(modules), Counter()
    for module in modules:
        total[module.part] += module.weights * of(module)
    return {part: total[part] / weights[part] for part in weights}


ENDS = (
    Module(EMBEDDING, ("embed_tokens", "embed", "embeddings", "wte", "word_embeddings", "tok_embeddings"), 0),
    Module(HEAD, ("lm_head", "head", "output"), 0),
)
FIRST = ("gate_proj", "w1", "fc1", "c_fc", "dense_h_to_4h", "fc_in")
SECOND = ("up_proj", "w3")
LAST = ("down_proj", "w2", "c_proj", "fc2", "dense_4h_to_h", "fc_out")
FUSED = {
    **dict.fromkeys(("q_proj", "k_proj", "v_proj"), ("qkv_proj", "query_key_value", "Wqkv", "c_attn", "W_pack", "qkv")),
    **dict.fromkeys(("q_a_proj", "kv_a_proj_with_mqa"), ("fused_qkv_a_proj",)),
    **dict.fromkeys(("gate_proj", "up_proj"), ("gate_up_proj", "up_gate_proj")),
}
"""Matrices that some architectures hold in one module, and the names of that module."""


def _module(part: str, where: tuple[str, ...], leaves: tuple[str, ...], weights: int) -> Module:
    """Make the module that is called one of the leaves in one of the places."""

    def names(found: Iterable[str]) -> tuple[str, ...]:
        return tuple(f"{place}.{leaf}" for place in where for leaf in found)

    fused = FUSED.get(leaves[0], ())
    neighbours = [leaf for leaf, together in FUSED.items() if fused and together == fused]
    return Module(part, names(leaves), weights, names(fused), names(neighbours))


def modules_of(fields: Mapping[str, int], d_model: int, places: Places) -> Iterator[Module]:
    """Yield the modules of a layer that has these fields."""
    get = fields.get
    if heads := get("n_heads"):
        where, head_dim, kv_heads = places.attention, fields["head_dim"], fields["n_kv_heads"]
        value_dim = get("value_dim") or head_dim
        leaves, output = ("o_proj", "wo", "out_proj", "dense", "c_proj"), heads * value_dim * d_model
        if rank := get("kv_rank"):
            if query := get("query_rank"):
                yield _module(ATTENTION, where, ("q_a_proj", "wq_a"), d_model * query)
                yield _module(ATTENTION, where, ("q_b_proj", "wq_b"), query * heads * head_dim)
            else:
                yield _module(ATTENTION, where, ("q_proj",), d_model * heads * head_dim)
            latent = d_model * (rank + fields["rope_dim"])
            yield _module(ATTENTION, where, ("kv_a_proj_with_mqa", "wkv_a"), latent)
            expansion = rank * heads * (fields["nope_dim"] + value_dim)
            yield _module(ATTENTION, where, ("kv_b_proj", "wkv_b"), expansion)
        elif rank := get("output_rank"):
            query, width = fields["query_rank"], heads * head_dim
            yield _module(ATTENTION, where, ("q_a_proj", "wq_a"), d_model * query)
            yield _module(ATTENTION, where, ("q_b_proj", "wq_b"), query * width)
            yield _module(ATTENTION, where, ("kv_proj", "wkv"), d_model * head_dim)
            yield _module(ATTENTION, where, ("o_a_proj", "wo_a"), rank * width // fields["output_groups"])
            leaves = ("o_b_proj", "wo_b")
            output = rank * d_model
        else:
            yield _module(ATTENTION, where, ("q_proj", "wq", "q"), d_model * heads * head_dim)
            made = (get("kv_projections", 2) > 0, get("kv_projections", 2) > 1)
            yield _module(ATTENTION, where, ("k_proj", "wk"), made[0] * d_model * kv_heads * head_dim)
            yield _module(ATTENTION, where, ("v_proj", "wv"), made[1] * d_model * kv_heads * value_dim)
        yield _module(ATTENTION, where, leaves, output)
        if index := get("index_heads"):
            source, width = get("query_rank") or d_model, fields["index_dim"]
            yield _module(ATTENTION, where, ("indexer.wq_b", "index_q_proj"), source * index * width)
            yield _module(ATTENTION, where, ("indexer.wk", "index_k_proj"), d_model * width)
            yield _module(ATTENTION, where, ("indexer.weights_proj",), d_model * index)
    if states := get("state_heads"):
        leaves = ("in_proj", "in_proj_qkvz", "in_proj_qkv", "in_proj_z", "q_proj", "k_proj", "v_proj", "qkv_proj")
        yield _module(ATTENTION, places.state, leaves, d_model * fields["state_inputs"])
        leaves = ("out_proj", "o_proj")
        yield _module(ATTENTION, places.state, leaves, states * fields["state_value_dim"] * d_model)
    if experts := get("n_experts"):
        matrix = (get("expert_input") or d_model) * fields["expert_width"]
        where = (*places.experts, *(f"{place}.*" for place in places.experts))
        yield from _mlp(EXPERT, where, experts * matrix, fields)
        yield Module(ROUTER, places.router, d_model * experts)
        if width := get("shared_width"):
            yield from _mlp(SHARED, places.shared, d_model * width, fields)
    elif width := get("mlp_width"):
        yield from _mlp(MLP, places.mlp, d_model * width, fields)


def _mlp(part: str, where: tuple[str, ...], weights: int, fields: Mapping[str, int]) -> Iterator[Module]:
    leaves = (FIRST, SECOND, LAST) if fields["mlp_matrices"] == 3 else ((*FIRST, "up_proj"), LAST)
    for names in leaves:
        yield _module(part, where, names, weights)


LAYER = re.compile(r"(?:^|.*[.^*])?(?:layers|h|blocks)\.(\d+)(?:\.(.*))?$")
OUTER = re.compile(r"\^?(?:language_model\\?\.|model\\?\.|backbone\\?\.|transformer\\?\.|thinker\\?\.|llm\\?\.)+")
MOST_LETTERS = 1000


@dataclass(frozen=True)
class Patterns:
    """Names and patterns of modules, as configurations list them.

    Parameters
    ----------
    patterns : sequence of str
        Names of modules or of what holds them, patterns with ``*``, or regular expressions after ``re:``.
    label : str
        What errors call the list.
    expressions : bool, optional
        Whether all are regular expressions.
    """

    patterns: Sequence[str]
    label: str
    expressions: bool = False

    def matches(self, layer: int | None, module: Module) -> bool:
        """Say whether one of the patterns means a module, or what holds it."""
        by_layer, anywhere, general = self._sorted
        if layer in by_layer and not by_layer[layer].isdisjoint(module.holders):
            return True
        if not anywhere.isdisjoint(module.parts_of_names):
            return True
        where = "" if layer is None else f"layers.{layer}."
        expressions = (*general.get(None, ()), *(general.get(layer, ()) if layer is not None else ()))
        return any(module.means(each, where) for each in expressions)

    @cached_property
    def _sorted(self) -> tuple[dict[int, set[str]], set[str], dict[int | None, list[re.Pattern]]]:
        """Sort the patterns into names, by layer, names without one, and expressions, by layer where they name one."""
        by_layer, anywhere, general = {}, set(), {}
        for pattern in self.patterns:
            if not isinstance(pattern, str) or len(pattern) > MOST_LETTERS:
                raise ValueError(f"{self.label}: {short(pattern)} must be the name of a module")
            if self.expressions or pattern.startswith("re:"):
                general.setdefault(None, []).append(self._compiled(OUTER.sub("", pattern.removeprefix("re:"), count=1)))
            elif "*" in pattern or "?" in pattern:
                inner = OUTER.sub("", pattern, count=1)
                numbered = re.match(r"layers\.(\d+)\.", inner)
                layer = int(numbered[1]) if numbered else None
                general.setdefault(layer, []).append(self._compiled(translate(inner)))
            elif found := LAYER.match(pattern):
                by_layer.setdefault(int(found[1]), set()).add(found[2] or "")
            else:
                anywhere.add(OUTER.sub("", pattern, count=1))
        return by_layer, anywhere, general

    def _compiled(self, expression: str) -> re.Pattern:
        try:
            return re.compile(expression)
        except (re.error, RecursionError, OverflowError) as error:
            raise ValueError(f"{self.label}: {short(expression)} is not a regular expression") from error
