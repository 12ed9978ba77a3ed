"""The operator model as an interactive calculator: any model of the catalogue on any device."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from string import Formatter

from llm_latency.catalogue.devices import COMPUTE_DTYPES, devices
from llm_latency.catalogue.layers import LAYER_FIELDS, LayerGroup
from llm_latency.catalogue.models import Model, models
from llm_latency.charts.controls import SLIDERS
from llm_latency.charts.palette import PARTS, TOTAL
from llm_latency.charts.pass_expressions import (
    CONTROLS,
    FIXED,
    LONGEST,
    PASSES,
    WHOLE,
    every_operator,
    group_name,
    group_numbers,
    held_parts,
    names_of,
    reach,
    time_of,
)
from llm_latency.charts.specification import Curve, LiveChart, chart_of
from llm_latency.charts.vega_expressions import Constants, javascript, longest
from llm_latency.formula import arguments_of
from llm_latency.notation import batch as batch_symbol
from llm_latency.numerals import javascript_numeral
from llm_latency.operator_model.deployment import PLAIN_DTYPE, STATE_BYTES, STORED_PARTS
from llm_latency.operator_model.execution import operators_of
from llm_latency.operator_model.limits import LIMITS, Limit
from llm_latency.operator_model.memory import MEMORY_RULES
from llm_latency.operator_model.options import deployed
from llm_latency.operator_model.passes import DECODE, PREFILL
from llm_latency.operator_model.shape import EqualLayers, layer_groups, sizes_of_ends

__all__ = ["deployment_calculator"]

SAMPLES = 48
"""Points of a curve; few, because each one evaluates the whole model."""
AS_PUBLISHED = "as published"
DEVICE_COUNTS = (1, 2, 4, 8, 16, 32, 64)


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
    deployment = deployed(model, device, {"tp": tp})
    if tp not in DEVICE_COUNTS:
        raise ValueError(f"tp = {tp}: must be one of {', '.join(map(str, DEVICE_COUNTS))}")
    controls = [
        _choice("model", "model", deployment.model.name, list(models)),
        _choice("device", "device", deployment.device.name, list(devices)),
        _choice("tp", "devices", tp, list(DEVICE_COUNTS)),
        SLIDERS["batch"].control("batch", batch),
        SLIDERS["prompt"].control("prompt", prompt),
        CONTROLS["answer"].control("answer", answer),
        _choice("weight_bits", "bits of a weight", 0, [0, 16, 8, 4], [AS_PUBLISHED, "16", "8", "4"]),
        _choice("kv_bits", "bits of a cached element", 0, [0, 16, 8], [AS_PUBLISHED, "16", "8"]),
        _choice("compute_dtype", "arithmetic in", AS_PUBLISHED, [AS_PUBLISHED, *COMPUTE_DTYPES]),
        _choice("prompts", "prompts at once", 1, [1, 2, 4, 8, 16, 0], ["1", "2", "4", "8", "16", "all"]),
        CONTROLS["bandwidth_reached"].control("bandwidth_reached", 100),
        CONTROLS["flops_reached"].control("flops_reached", 100),
        CONTROLS["latency"].control("latency", 0),
    ]
    parts = ("weights", "KV cache", "arithmetic", "communication")
    constants = Constants(batch_symbol)
    curves = {WHOLE: Curve(time_of(DECODE, WHOLE, "datum.at", constants), "step", TOTAL)}
    for part in parts:
        along, now = (time_of(DECODE, part, size, constants) for size in ("datum.at", "batch"))
        curves[part] = Curve(along, now, PARTS[part])
    return chart_of(
        curves,
        controls,
        headline=_words(parts),
        description=description,
        axis=(SLIDERS["batch"].label, "decode step [ms]"),
        derived=_derived(constants),
        tables={"models": _rows(models, _model_row), "devices": _rows(devices, _device_row)},
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
    known = (
        f"' of ' + {_numeral('capacity')} + ' GB a device, ' + {_numeral('activations')} + ' for activations: '"
        f" + (fits ? 'fits' : 'does not fit') + ', largest batch ' + {javascript_numeral('largest_batch', '.0f')}"
    )
    unknown = "' GB a device; how much the device has is not known'"
    memory = f"'memory ' + {_numeral('held')} + (capacity > 0 ? {known} : {unknown})"
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


def _rows(catalogue: Mapping, row) -> dict[str, dict]:
    return {name: row(spec) for name, spec in catalogue.items()}


def _model_row(model: Model) -> dict:
    """Return what the expressions need to know about a model, and no more."""
    stored = {"bytes_per_param": model.bytes_per_param}
    stored["bytes_per_vocab_param"] = model.bytes_per_vocab_param or model.bytes_per_param
    stored["bytes_per_head_param"] = model.bytes_per_head_param or stored["bytes_per_vocab_param"]
    stored |= {"bytes_per_kv": model.bytes_per_kv, "bytes_per_activation": model.bytes_per_activation}
    stored["bytes_per_state"] = model.bytes_per_state or STATE_BYTES
    whole = {name: float(size) for name, size in (sizes_of_ends(model) | stored).items()}
    groups = zip(layer_groups(model), model.layers, strict=True)
    whole |= {"compute_dtype": model.compute_dtype} if model.compute_dtype else {}
    return whole | {"groups": [_group_row(equal, group, model.bytes_per_param) for equal, group in groups]}


def _group_row(equal: EqualLayers, group: LayerGroup, plain: float) -> dict:
    """Return how many layers a group has, their sizes, and which operators of `every_operator` they have."""
    row = {"n_layers": group.n_layers}
    row |= {name: float(size) for name, size in equal.sizes.items() if name in LAYER_FIELDS}
    stored = {name: getattr(group, name) or group.bytes_per_param for name in STORED_PARTS}
    row |= {name: stored for name, stored in stored.items() if stored != plain}
    row |= {"bytes_per_index": group.bytes_per_index} if group.bytes_per_index else {}
    for step, kind in PASSES.items():
        own = operators_of(equal.kind_in(kind))
        row[step] = [int(operator in own) for operator in every_operator(kind)]
    return row


def _device_row(device) -> dict:
    names = ("mem_bandwidth", "mem_size", "link_bandwidth", "network_bandwidth", "link_domain")
    values = {name: getattr(device, name) for name in names if getattr(device, name) is not None}
    values |= {dtype: device.peak_in(dtype) for dtype in device.compute_dtypes}
    return {name: float(value) for name, value in values.items()}


def _derived(constants: Constants) -> dict[str, str]:
    """Write the expressions that lead from the controls to the results."""
    parts = held_parts()
    rules = {part: part for part in (*parts, "held")} | {"batch": "batch", "mem_size": "capacity", "reserved": "0"}
    steps = {"step": "batch", "step_of_one": "1"}
    times = {name: time_of(DECODE, WHOLE, batch, constants) for name, batch in steps.items()}
    return {
        "M": "models[model]",
        **{group_name(group): f"M.groups[{group}] || {{n_layers: 0}}" for group in group_numbers()},
        "D": "devices[device]",
        "arithmetic": f"compute_dtype != '{AS_PUBLISHED}' ? compute_dtype : "
        f"weight_bits == 0 && isValid(D[M.compute_dtype]) ? M.compute_dtype : '{PLAIN_DTYPE}'",
        "peak": "D[arithmetic]",
        "link": "D.link_bandwidth || 1",
        "network": "D.network_bandwidth || link",
        "problem": _problem(),
        **reach(),
        **constants.expressions,
        "prefill": time_of(PREFILL, WHOLE, "batch"),
        **times,
        "request": "(prefill + (answer - 1)*step)/1000",
        **parts,
        **{part: javascript(MEMORY_RULES[part], rules) for part in ("activations", "held")},
        "capacity": "(D.mem_size || 0)/1e9",
        "fits": f"!(capacity > 0) || {javascript(MEMORY_RULES['fits'], rules)}",
        "word": "bandwidth_reached < 100 || flops_reached < 100 || latency > 0 ? 'about' : 'at least'",
        "largest_batch": javascript(MEMORY_RULES["largest_batch"], rules),
    }


def _problem() -> str:
    """Write the Vega expression of what is wrong with the choice; empty if nothing is."""
    cases = {"!isValid(peak)": "device + ' has no arithmetic in ' + arithmetic"}
    for rule in LIMITS:
        if rule.words:
            cases |= dict(_cases(rule))
    expression = "''"
    for case, text in reversed(cases.items()):
        expression = f"({case} ? {text} : {expression})"
    return expression


def _cases(rule: Limit) -> Iterator[tuple[str, str]]:
    """Yield when a rule is broken and what to say then; a rule on the sizes of a layer holds for every group."""
    lifted = "".join(f" && !isValid(D.{name})" for name in rule.unless)
    of_a_layer = [name for name in arguments_of(rule.broken) if name in LAYER_FIELDS]
    for group in group_numbers() if of_a_layer else (0,):
        names = names_of(DECODE, "batch", group) | {"kv_length": LONGEST}
        known = [f"isValid({names[name]})" for name in of_a_layer]
        broken = f"({javascript(rule.broken.xreplace(FIXED), names)})"
        yield " && ".join([*known, broken]) + lifted, _sentence(rule.words, names)


def _sentence(words: str, names: Mapping[str, str]) -> str:
    """Write the Vega expression of a sentence that has values in braces."""
    values = {"model": "model", "device": "device", **names}
    pieces = [
        piece
        for text, name, _, _ in Formatter().parse(words)
        for piece in (repr(text) if text else "", values[name] if name else "")
    ]
    return " + ".join(filter(None, pieces))
