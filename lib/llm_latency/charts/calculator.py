"""The operator model as an interactive calculator: any model of the catalogue on any device.

A decoder has one of two lists of operators, with grouped or with latent attention. Both become Vega
expressions once; an operator that a model lacks has no layers, or widths of zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from functools import cache
from string import Formatter

import sympy as sp

from llm_latency.catalogue.devices import COMPUTE_DTYPES, devices
from llm_latency.catalogue.models import BITS_PER_BYTE, Model, models
from llm_latency.charts.controls import SLIDERS, Slider
from llm_latency.charts.palette import PARTS, TOTAL
from llm_latency.charts.specification import Curve, LiveChart, chart_of
from llm_latency.charts.vega_expressions import javascript, longest
from llm_latency.notation import (
    REGISTRY,
    batch,
    dense_layers,
    n_layers,
    windowed_layers,
)
from llm_latency.numerals import javascript_numeral
from llm_latency.operator_model.deployment import deployed
from llm_latency.operator_model.limits import LIMITS
from llm_latency.operator_model.memory import MEMORY_RULES
from llm_latency.operator_model.operator import Operator
from llm_latency.operator_model.operators import STREAM_BYTES, LayerKind
from llm_latency.operator_model.passes import DECODE, ORDER, PREFILL, Pass, message_times, operators_of

__all__ = ["deployment_calculator", "every_operator"]

WHOLE = "decode step"
ROUTING = "uniform"
SAMPLES = 48
"""Points of a curve; few, because each one evaluates the whole model."""
DEVICES_PER_NODE = 8
DEVICE_COUNTS = (1, 2, 4, 8, 16, 32, 64)
COUNTS = {
    "attention": n_layers - windowed_layers,
    "windowed attention": windowed_layers,
    "MLP": dense_layers,
    **dict.fromkeys(("router", "experts", "shared experts"), n_layers - dense_layers),
    **dict.fromkeys(("embedding", "unembedding"), sp.S.One),
}
"""How many layers have an operator, if not all have it."""
PASSES = {"decode": DECODE, "prefill": PREFILL}
"""The passes, by the prefix of the names of their values in the browser."""
LONGEST = "(prompt + answer - 1)"
"""The tokens of a whole request that the model sees."""
ABSENT = {"n_experts": 1, "window": 1e9}
"""Values of what a model does not have, where a zero would end up in a denominator."""

CONTROLS = {
    "bandwidth_reached": Slider("memory bandwidth reached [%]", 30, 100, 1, 0.01),
    "flops_reached": Slider("peak FLOP/s reached [%]", 20, 100, 1, 0.01),
    "latency": Slider("link latency [µs]", 0, 30, 0.5, 1e-6),
    "answer": Slider("answer [tokens]", 2, 4096, 1),
}


# Parameters: the initial setting of each control.
def deployment_calculator(
    model: str,
    device: str,
    tp: int,
    batch: int,
    prompt: int,
    answer: int,
    description: str,
    presets: Mapping[str, Mapping[str, float]] | None = None,
) -> LiveChart:
    """Draw the operator model as a calculator in which the reader sets model, device and request.

    Parameters
    ----------
    model, device : str
        Initial choices, keys of the catalogues.
    tp : int, count
        Initial number of devices: 1, 2, 4, 8, 16, 32 or 64.
    batch, prompt, answer : int, count
        Initial number of sequences, and of tokens in the prompt and the answer of each.
    description : str
        What the chart shows, for readers who do not see it.
    presets : mapping of str to mapping of str to float, optional
        Values of several controls that one button sets together, by the button's label.

    Returns
    -------
    LiveChart
        The calculator: a chart of the decode step against the batch, and in words the times of the
        request and the memory.

    Raises
    ------
    UnknownNameError, ValueError
        If an initial choice is not in the catalogue, cannot be split this way, or is outside a
        slider's range.

    Examples
    --------
    >>> chart = deployment_calculator("Llama-3-70B", "H100-SXM", 8, 1, 1024, 256, "A calculator.")
    >>> chart.spec["params"][0]["bind"]["options"][:2]
    ['GPT-2', 'GPT-2-XL']

    References
    ----------
    Derived in operator-model; shown on page ``deployment-calculator``.
    """
    deployed(model, device, {"tp": tp})
    if tp not in DEVICE_COUNTS:
        raise ValueError(f"tp = {tp}: must be one of {', '.join(map(str, DEVICE_COUNTS))}")
    controls = [
        _choice("model", "model", model, list(models)),
        _choice("device", "device", device, list(devices)),
        _choice("tp", "devices", tp, list(DEVICE_COUNTS)),
        SLIDERS["batch"].control("batch", batch),
        SLIDERS["prompt"].control("prompt", prompt),
        CONTROLS["answer"].control("answer", answer),
        _choice("weight_bits", "bits of a weight", 0, [0, 16, 8, 4], ["as published", "16", "8", "4"]),
        _choice("kv_bits", "bits of a cached element", 0, [0, 16, 8], ["as published", "16", "8"]),
        _choice("compute_dtype", "arithmetic in", "fp16", list(COMPUTE_DTYPES)),
        CONTROLS["bandwidth_reached"].control("bandwidth_reached", 100),
        CONTROLS["flops_reached"].control("flops_reached", 100),
        CONTROLS["latency"].control("latency", 0),
    ]
    parts = ("weights", "KV cache", "arithmetic", "communication")
    curves = {WHOLE: Curve(_times(DECODE, WHOLE, "datum.at"), "step", TOTAL)} | {
        part: Curve(_times(DECODE, part, "datum.at"), _times(DECODE, part, "batch"), PARTS[part]) for part in parts
    }
    return chart_of(
        curves,
        controls,
        headline=_words(parts),
        description=description,
        axis=(SLIDERS["batch"].label, "decode step [ms]"),
        derived=_derived(),
        tables={"models": _rows(models, _model_row), "devices": _rows(devices, _device_row), "absent": _absent()},
        marks={"largest batch": "largest_batch"},
        when="!problem",
        samples=SAMPLES,
        presets=presets,
    )


def _words(parts: tuple[str, ...]) -> list[str]:
    """Write the Vega expressions of the lines of text; memory comes first if the request does not fit."""
    values = {part: f"value_{number}" for number, part in enumerate(parts, start=1)}
    share = f"format(max({', '.join(values.values())})/step, '.0%')"
    longest_part = f"{longest(values)} + ' (' + {share} + ')'"
    step = f"'decode step ' + word + ' ' + {_shown('step')} + ', longest part: ' + {longest_part}"
    speed = (
        f"{_numeral('1000/step')} + ' tokens/s for each user, ' + {_numeral('1000*batch/step')} + ' in all'"
        " + (batch > 1 ? '; ' + format(step/step_of_one, '.2f') + ' times the step of a single user' : '')"
    )
    wait = f"'prefill ' + word + ' ' + {_shown('prefill')} + ', whole request ' + {_shown('1000*request')}"
    memory = (
        f"'memory ' + {_numeral('held')} + (capacity > 0 ? ' of ' + {_numeral('capacity')} + ' GB a device: '"
        f" + (fits ? 'fits' : 'does not fit') + ', largest batch ' + {javascript_numeral('largest_batch', '.0f')}"
        " : ' GB a device; how much the device has is not known')"
    )
    first, last = f"fits ? {step} : {memory}", f"fits ? {memory} : {step}"
    return [f"problem ? problem : {first}", *(f"problem ? '' : {line}" for line in (speed, wait, last))]


def _shown(milliseconds: str) -> str:
    """Write the Vega expression of a time in words, in seconds from a thousand milliseconds on."""
    value = f"({milliseconds})"
    return f"({value} < 1000 ? {_numeral(value)} + ' ms' : {_numeral(f'{value}/1000')} + ' s')"


def _numeral(value: str) -> str:
    return javascript_numeral(value, ".3~r")


def _choice(name: str, label: str, value, options: list, labels: list[str] | None = None) -> dict:
    bind = {"input": "select", "options": options, "name": label} | ({"labels": labels} if labels else {})
    return {"name": name, "value": value, "bind": bind}


def _symbols(expr: sp.Expr) -> set[str]:
    return {symbol.name for symbol in expr.free_symbols}


def _shape_names() -> list[str]:
    """List the variables of a model's shape that the expressions use."""
    used = {"window"}
    for kind in PASSES.values():
        for latent in (False, True):
            used |= _symbols(sp.Add(*_parts(kind, latent).values(), *_held(latent).values()))
    return [item.name for item in fields(Model) if item.name in used]


def _absent() -> dict[str, float]:
    return {name: ABSENT.get(name, 0) for name in _shape_names()}


def _rows(catalogue: Mapping, row) -> dict[str, dict]:
    return {name: row(spec) for name, spec in catalogue.items()}


def _model_row(model) -> dict:
    """Return what the expressions need to know about a model, and no more."""
    known = model.arguments
    own = {name: known[name] for name in _shape_names() if known.get(name)}
    if model.n_experts is None:
        own["dense_layers"] = model.n_layers
    weights = model.bytes_per_param
    if model.kv_rank is not None:
        own.pop("n_kv_heads", None)  # all heads share the latent vector
    own["bytes_per_expert_param"] = model.bytes_per_expert_param or weights
    own["bytes_per_vocab_param"] = model.bytes_per_vocab_param or weights
    return {name: float(value) for name, value in own.items()} | {"latent": model.kv_rank is not None}


def _device_row(device) -> dict:
    names = ("mem_bandwidth", "mem_size", "link_bandwidth", "network_bandwidth")
    values = {name: getattr(device, name) for name in (*dict.fromkeys(COMPUTE_DTYPES.values()), *names)}
    return {name: float(value) for name, value in values.items() if value is not None}


def _names(kind: Pass, batch: str) -> dict[str, str]:
    """Return what replaces each symbol in the expressions of a pass."""
    stored = {
        f"bytes_per_{part}param": f"(weight_bits > 0 ? weight_bits/{BITS_PER_BYTE} : M.bytes_per_{part}param)"
        for part in ("", "expert_", "vocab_")
    }
    machine = {
        "flops_per_mac": str(REGISTRY["flops_per_mac"].constant),
        "tp": "tp",
        "pp": "1",
        "ep": "1",
        "hops": "min(tp - 1, 1)",
        "devices_per_node": str(DEVICES_PER_NODE),
        "peak_flops": "peak",
        "mem_bandwidth": "D.mem_bandwidth",
        "link_bandwidth": "link",
        "network_bandwidth": "network",
        "stage_bandwidth": "link",
        "link_latency": CONTROLS["latency"].si("latency"),
        "compute_efficiency": CONTROLS["flops_reached"].si("flops_reached"),
        "bandwidth_efficiency": CONTROLS["bandwidth_reached"].si("bandwidth_reached"),
        "link_efficiency": "1",
        "activation_traffic": "0",
    }
    request = {"batch": batch, "prompt": "prompt", "context": "prompt", "output": "(answer - 1)"}
    step = next(step for step, each in PASSES.items() if each is kind)
    reach = {symbol.name: f"{step}_{symbol.name}" for symbol in kind.reach}
    shape = {name: f"M.{name}" for name in _shape_names()}
    cache = {"bytes_per_kv": f"(kv_bits > 0 ? kv_bits/{BITS_PER_BYTE} : M.bytes_per_kv)"}
    tokens = {"tokens": javascript(kind.reach[REGISTRY["tokens"].symbol], request)}
    return shape | stored | cache | machine | request | reach | tokens


def _of_both(expressions: Mapping[bool, sp.Expr], names: Mapping[str, str]) -> str:
    """Write the Vega expression that chooses by the kind of attention."""
    grouped, latent = (javascript(expressions[kind], names) for kind in (False, True))
    return grouped if grouped == latent else f"(M.latent ? {latent} : {grouped})"


def _times(kind: Pass, part: str, batch: str) -> str:
    """Write the Vega expression of a pass's time, or of the part that one resource takes, in ms."""
    expressions = {latent: _parts(kind, latent)[part] for latent in (False, True)}
    return f"1000*({_of_both(expressions, _names(kind, batch))})"


@cache
def every_operator(kind: Pass, latent: bool = False) -> tuple[Operator, ...]:
    """List every operator that a model of the catalogue can have, with the number of layers that have it.

    Parameters
    ----------
    kind : Pass
        A decode step or a prefill.
    latent : bool, optional
        Whether attention is latent.

    Returns
    -------
    tuple of Operator
        One device's share of each.

    Examples
    --------
    >>> {each.name: each.count for each in every_operator(DECODE)}["windowed attention"]
    windowed_layers

    References
    ----------
    Derived in deployment-calculator.
    """
    attention = dict(latent=latent, compressed_query=latent, absorbed=kind.absorbed or not latent)
    plain, windowed = LayerKind(**attention), LayerKind(**attention, windowed=True)
    experts = LayerKind(**attention, experts=True, shared=True)
    found = {each.name: each for layer in (None, plain, windowed, experts) for each in operators_of(layer, ROUTING)}
    return tuple(replace(found[name], count=COUNTS.get(name, n_layers)) for name in ORDER if name in found)


@cache
def _parts(kind: Pass, latent: bool) -> dict[str, sp.Expr]:
    """Return the time of a pass, and of the parts that one resource takes."""
    operators = every_operator(kind, latent)
    rate = operators[0].moved_bytes / operators[0].memory_time
    messages = message_times()
    sent = n_layers * messages["all-reduces"] + messages["stages"]
    return {
        WHOLE: sp.Add(*(each.count * each.time() for each in operators), sent),
        "weights": sp.Add(*(each.count * each.weight_bytes for each in operators)) / rate,
        "KV cache": sp.Add(*(each.count * each.kv_bytes for each in operators)) / rate,
        "arithmetic": sp.Add(*(each.count * each.compute_time for each in operators)),
        "communication": sent,
    }


@cache
def _held(latent: bool) -> dict[str, sp.Expr]:
    """Return what a device holds without a pipeline."""
    operators = every_operator(PREFILL, latent)
    return {
        "weights": sp.Add(*(each.count * each.held_bytes for each in operators)),
        "sequence": sp.Add(*(each.count * each.kv_bytes for each in operators)).subs(batch, 1),
        "activations": sp.Max(*(each.live_bytes for each in operators)) + STREAM_BYTES,
    }


def _reach() -> dict[str, str]:
    """Write the number of keys of each pass; `_names` gives its tokens, which follow the horizontal axis."""
    request = {"context": "prompt", "output": "(answer - 1)", "prompt": "prompt", "window": "M.window"}
    return {
        f"{step}_{symbol.name}": javascript(expr, request)
        for step, kind in PASSES.items()
        for symbol, expr in kind.reach.items()
        if symbol.name != "tokens"
    }


def _derived() -> dict[str, str]:
    """Write the expressions that lead from the controls to the results."""
    longest_request = {"kv_length": LONGEST, "windowed_kv_length": f"min({LONGEST}, M.window)"}
    held = {latent: _held(latent) for latent in (False, True)}
    names = _names(PREFILL, "batch")
    names_of = {"weights": names, "sequence": names | longest_request, "activations": names}
    parts = {
        part: f"({_of_both({latent: held[latent][part] for latent in held}, names)})/1e9"
        for part, names in names_of.items()
    }
    rules = {part: part for part in (*parts, "held")} | {"batch": "batch", "mem_size": "capacity"}
    return {
        "M": "merge(absent, models[model])",
        "D": "devices[device]",
        "peak": f"D[{dict(COMPUTE_DTYPES)!r}[compute_dtype]]",
        "link": "D.link_bandwidth || 1",
        "network": "D.network_bandwidth || link",
        "problem": _problem(),
        **_reach(),
        "prefill": _times(PREFILL, WHOLE, "batch"),
        "step": _times(DECODE, WHOLE, "batch"),
        "step_of_one": _times(DECODE, WHOLE, "1"),
        "request": "(prefill + (answer - 1)*step)/1000",
        **parts,
        "held": javascript(MEMORY_RULES["held"], rules),
        "capacity": "(D.mem_size || 0)/1e9",
        "fits": f"!(capacity > 0) || {javascript(MEMORY_RULES['fits'], rules)}",
        "word": "bandwidth_reached < 100 || flops_reached < 100 || latency > 0 ? 'about' : 'at least'",
        "largest_batch": javascript(MEMORY_RULES["largest_batch"], rules),
    }


def _problem() -> str:
    """Write the Vega expression of what is wrong with the choice; empty if nothing is."""
    names = _names(DECODE, "batch") | {"kv_length": LONGEST}
    cases = {"!isValid(peak)": "device + ' has no arithmetic in ' + compute_dtype"}
    for rule in LIMITS:
        if rule.words:
            lifted = f" && !isValid(D.{rule.unless})" if rule.unless else ""
            cases[javascript(rule.broken, names) + lifted] = _sentence(rule.words, names)
    expression = "''"
    for case, text in reversed(cases.items()):
        expression = f"({case} ? {text} : {expression})"
    return expression


def _sentence(words: str, names: Mapping[str, str]) -> str:
    """Write the Vega expression of a sentence that has values in braces."""
    values = {"model": "model", "device": "device", **names}
    pieces = [
        piece
        for text, name, _, _ in Formatter().parse(words)
        for piece in (repr(text) if text else "", values[name] if name else "")
    ]
    return " + ".join(filter(None, pieces))
