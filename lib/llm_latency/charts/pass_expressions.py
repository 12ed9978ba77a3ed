"""Passes over a model as Vega expressions: what the calculator of the browser evaluates.

Every operator that a layer of the catalogue can have becomes an expression. A group of layers says which of them it
has, and a model adds up its groups.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

import sympy as sp

from llm_latency.catalogue.layers import BITS_PER_BYTE, LAYER_FIELDS, ONE_REACH
from llm_latency.catalogue.models import Model, models
from llm_latency.charts.controls import Slider
from llm_latency.charts.vega_expressions import Constants, javascript
from llm_latency.formula import arguments_of
from llm_latency.formulas.roofline import overlapped
from llm_latency.notation import REGISTRY
from llm_latency.notation import batch as batch_symbol
from llm_latency.operator_model.deployment import DEVICES_PER_NODE, STORED_PARTS
from llm_latency.operator_model.execution import ORDER, message_times, operators_of
from llm_latency.operator_model.memory import KEEP_AT_MOST
from llm_latency.operator_model.operator import Operator
from llm_latency.operator_model.operators import STREAM_BYTES, LayerKind
from llm_latency.operator_model.passes import DECODE, PREFILL, Pass
from llm_latency.operator_model.shape import layer_groups

__all__ = ["every_operator"]

WHOLE = "decode step"
FIXED = {
    REGISTRY[name].symbol: sp.sympify(value)
    for name, value in {
        "flops_per_mac": REGISTRY["flops_per_mac"].constant,
        "pp": 1,
        "ep": 1,
        "link_efficiency": 1,
        "activation_traffic": 0,
        "draft_tokens": 0,
    }.items()
}
"""What the calculator does not let its reader choose."""
PASSES = {"decode": DECODE, "prefill": PREFILL}
"""The passes, by the prefix of the names of their values in the browser."""
LONGEST = "(prompt + answer - 1)"
"""The tokens of a whole request that the model sees."""

CONTROLS = {
    "bandwidth_reached": Slider("memory bandwidth reached [%]", 30, 100, 1, 0.01),
    "flops_reached": Slider("peak FLOP/s reached [%]", 20, 100, 1, 0.01),
    "latency": Slider("link latency [µs]", 0, 30, 0.5, 1e-6),
    "answer": Slider("answer [tokens]", 2, 4096, 1),
}


def names_of(kind: Pass, batch: str, group: int = 0) -> dict[str, str]:
    """Return what replaces each symbol in the expressions of a pass, those of a layer with the sizes of its group."""
    machine = {
        "tp": "tp",
        "hops": "min(tp - 1, 1)",
        "devices_per_node": f"(D.link_bandwidth ? D.link_domain || {DEVICES_PER_NODE} : 1)",
        "peak_flops": "peak",
        "mem_bandwidth": "D.mem_bandwidth",
        "link_bandwidth": "link",
        "network_bandwidth": "network",
        "stage_bandwidth": "link",
        **dict.fromkeys(("link_latency", "network_latency", "stage_latency"), CONTROLS["latency"].si("latency")),
        "compute_efficiency": CONTROLS["flops_reached"].si("flops_reached"),
        "bandwidth_efficiency": CONTROLS["bandwidth_reached"].si("bandwidth_reached"),
    }
    request = {"batch": batch, "prompt": "prompt", "context": "prompt", "output": "(answer - 1)"}
    request["draft_tokens"] = "0"
    step = _step_of(kind)
    reach = {symbol.name: _reached(step, symbol, group) for symbol in kind.reach}
    shape = {name: f"M.{name}" for name in ("n_layers", "d_model", "vocab", "vocab_matrices", "n_positions")}
    shape |= {name: f"{group_name(group)}.{name}" for name in LAYER_FIELDS}
    own = {name: f"({group_name(group)}.{name} || M.bytes_per_param)" for name in STORED_PARTS}
    own |= {f"bytes_per_{end}param": f"M.bytes_per_{end}param" for end in ("", "vocab_", "head_")}
    stored = {name: f"(weight_bits > 0 ? weight_bits/{BITS_PER_BYTE} : {stored})" for name, stored in own.items()}
    cache = {"bytes_per_kv": f"(kv_bits > 0 ? kv_bits/{BITS_PER_BYTE} : M.bytes_per_kv)"}
    cache |= {"bytes_per_index": f"({group_name(group)}.bytes_per_index || {cache['bytes_per_kv']})"}
    cache |= {f"bytes_per_{part}": f"M.bytes_per_{part}" for part in ("state", "activation")}
    tokens = {"tokens": javascript(kind.reach[REGISTRY["tokens"].symbol], request)}
    return shape | stored | cache | machine | request | reach | tokens


def _step_of(kind: Pass) -> str:
    """Return the prefix of a pass's values in the browser."""
    return next(step for step, each in PASSES.items() if each is kind)


def group_name(number: int) -> str:
    """Name a group of layers of the chosen model in the browser."""
    return f"G{number}"


def group_numbers() -> range:
    """Number the groups that a model of the catalogue can have."""
    return range(max(len(model.layers) for model in models.values()))


def _reached(step: str, symbol: sp.Symbol, group: int) -> str:
    """Name a number of keys in the browser; those that a layer limits differ between groups."""
    limited = not LAYER_FIELDS.keys().isdisjoint(arguments_of(PASSES[step].reach[symbol]))
    return f"{step}_{symbol.name}{f'_{group}' if limited else ''}"


def every_operator(kind: Pass) -> tuple[Operator, ...]:
    """List every operator that a layer of the catalogue's models can have.

    Parameters
    ----------
    kind : Pass
        A decode step or a prefill.

    Returns
    -------
    tuple of Operator
        One device's share of each.

    Examples
    --------
    >>> [each.name for each in every_operator(DECODE) if "index" in each.name]
    ['indexer', 'indexer', 'index scores', 'index scores']

    References
    ----------
    Derived in deployment-calculator.
    """
    return _operators_of(tuple(models.values()), kind)


@lru_cache(maxsize=4)
def _operators_of(catalogue: tuple[Model, ...], kind: Pass) -> tuple[Operator, ...]:
    """List the operators once, and again when the catalogue has grown: every expression asks for them."""
    kinds = dict.fromkeys(group.kind_in(kind) for model in catalogue for group in layer_groups(model))
    found = dict.fromkeys(operator for each in kinds for operator in operators_of(each))
    return tuple(sorted(found, key=lambda operator: ORDER.index(operator.name)))


def _switched(kind: Pass, group: int, amounts: Iterable[sp.Expr], write: Callable) -> list[str]:
    """Write the Vega expression of each operator's amount, which is 0 if the group does not have the operator."""
    step = _step_of(kind)
    return [
        f"({group_name(group)}.{step}[{number}] ? {write(amount, group)} : 0)"
        for number, amount in enumerate(amounts)
        if amount != 0
    ]


def _of_all_groups(terms: Callable[[int], list[str]]) -> list[str]:
    """Write the Vega expressions of what the groups of layers add up to, of which a model may have fewer."""
    return [
        f"({(count := f'{group_name(group)}.n_layers')} ? {count}*({' + '.join(of_a_layer)}) : 0)"
        for group in group_numbers()
        if (of_a_layer := terms(group))
    ]


def time_of(kind: Pass, part: str, batch: str, constants: Constants | None = None) -> str:
    """Write the Vega expression of a pass's time, or of the part that one resource takes, in ms."""
    first = operators_of(None)[0]
    rate = first.moved_bytes / first.memory_time
    tokens = REGISTRY["tokens"].symbol
    replaced = FIXED if constants is None else FIXED | {tokens: kind.reach[tokens]}
    amount = {
        # Replaced in the sides of the maximum: SymPy would take seconds to compare them again.
        WHOLE: lambda each: overlapped(each.compute_time.xreplace(replaced), each.memory_time.xreplace(replaced)),
        "weights": lambda operator: operator.weight_bytes / rate,
        "KV cache": lambda operator: operator.kv_bytes / rate,
        "arithmetic": lambda operator: operator.compute_time,
        "communication": lambda operator: sp.S.Zero,
    }[part]
    sends = part in (WHOLE, "communication")

    def write(expr: sp.Expr, group: int = 0) -> str:
        names = names_of(kind, batch, group)
        if constants is None:
            return javascript(expr, names)
        short = constants.taken_out(expr, names)
        return javascript(short, names | {name: name for name in constants.expressions})

    def of_a_layer(group: int) -> list[str]:
        messages = [write(reduced, group)] if sends else []
        return [*_switched(kind, group, amounts, write), *messages]

    amounts = [amount(each).xreplace(replaced) for each in every_operator(kind)]
    reduced = sp.Add(*message_times(LayerKind()).values()).xreplace(replaced)
    ends = sp.Add(*map(amount, operators_of(None)), *(message_times(None).values() if sends else ()))
    once = [write(ends.xreplace(replaced))] if ends else []
    return f"1000*({' + '.join([*once, *_of_all_groups(of_a_layer)]) or '0'})"


def held_parts() -> dict[str, str]:
    """Write the Vega expressions of what a device holds without a pipeline, in GB."""
    names = {group: names_of(PREFILL, "batch", group) for group in group_numbers()}
    longest_request = {
        group: names[group]
        | {"kv_length": LONGEST}
        | {kv: f"min({LONGEST}, {group_name(group)}.{limit})" for limit, kv in KEEP_AT_MOST.items()}
        for group in names
    }

    def write(expr: sp.Expr, group: int = 0) -> str:
        return javascript(expr, names[group])

    def write_at_the_end(expr: sp.Expr, group: int) -> str:
        return javascript(expr, longest_request[group])

    operators = every_operator(PREFILL)
    held = [each.held_bytes.xreplace(FIXED) for each in operators]
    cached = [each.kept_bytes.subs(batch_symbol, 1).xreplace(FIXED) for each in operators]
    weights = [write(sp.Add(*(each.held_bytes for each in operators_of(None))).xreplace(FIXED))]
    weights += _of_all_groups(lambda group: _switched(PREFILL, group, held, write))
    sequence = _of_all_groups(lambda group: _switched(PREFILL, group, cached, write_at_the_end))
    parts = {"weights": " + ".join(weights), "sequence": " + ".join(sequence)}
    parts |= {"step_activations": _activations(DECODE), "prompt_activations": _activations(PREFILL)}
    of_some = {
        "own_activations": "prompts > 0 ? step_activations : prompt_activations",
        "prefill_activations": "min(prompts, batch)*prompt_activations",
    }
    return {part: f"({expression})/1e9" for part, expression in parts.items()} | of_some


def _activations(kind: Pass) -> str:
    """Write the Vega expression of the residual stream and the widest kernel of a pass over one sequence, in bytes."""

    def write(expr: sp.Expr, group: int = 0) -> str:
        return javascript(expr, names_of(kind, "1", group))

    amounts = [each.live_bytes.xreplace(FIXED) for each in every_operator(kind)]
    live = [write(sp.Max(*(each.live_bytes for each in operators_of(None))).xreplace(FIXED))]
    for group in group_numbers():
        largest = ", ".join(_switched(kind, group, amounts, write))
        live.append(f"({group_name(group)}.n_layers ? max({largest}) : 0)")
    return f"{write(STREAM_BYTES.xreplace(FIXED))} + max({', '.join(live)})"


def reach() -> dict[str, str]:
    """Write the number of keys of each pass; `names_of` gives its tokens, which follow the horizontal axis."""
    request = {"output": "(answer - 1)", "prompt": "prompt", "draft_tokens": "0"}
    before = {"decode": {"context": "prompt"}, "prefill": {"context": "0"}}
    limits = {group: {name: f"{group_name(group)}.{name}" for name in ONE_REACH} for group in group_numbers()}
    return {
        _reached(step, symbol, group): javascript(expr, request | before[step] | limits[group])
        for step, kind in PASSES.items()
        for symbol, expr in kind.reach.items()
        if symbol.name != "tokens"
        for group in group_numbers()
    }
