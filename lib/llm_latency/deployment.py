"""A model on a machine: which one, how it is split over devices, stored and run.

`Deployment` checks the whole configuration and brings every value under its name in the registry;
what is computed from it stands in `estimate`, `capacity` and `explanation`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache

import numpy as np
import sympy as sp

from llm_latency.attention import mean_keys, mean_windowed_keys, windowed_kv_reach
from llm_latency.collectives import all_reduce_time, stage_send_time
from llm_latency.evaluation import check_shapes, check_together, checked, compiled
from llm_latency.experts import distinct_experts
from llm_latency.hardware import Device, devices
from llm_latency.model import BITS_PER_BYTE, Model, models
from llm_latency.names import suggestion
from llm_latency.notation import (
    REGISTRY,
    bytes_per_activation,
    d_model,
    experts_per_token,
    message_bytes,
    n_layers,
    residual_blocks,
    tokens,
    touched_experts,
)
from llm_latency.operators import Architecture, Operator, decoder, decoder_params, sharded
from llm_latency.precision import quantised_bytes

__all__ = [
    "COMMUNICATION",
    "Deployment",
    "architecture_of",
    "deployed",
    "operators_of",
    "parameter_count",
    "pass_time",
    "value",
]

SCHEDULES = ("direct", "ring")
TOUCHED_EXPERTS = {"uniform": distinct_experts.expr, "identical": experts_per_token}
"""Experts that a pass reads: on average with random routing, or as few as possible."""
_MESSAGE = {message_bytes: bytes_per_activation * tokens * d_model}
COMMUNICATION = {
    "all-reduces": residual_blocks * n_layers * all_reduce_time.expr.subs(_MESSAGE),
    "stages": stage_send_time.expr.subs(_MESSAGE),
}
"""Time of what a pass sends between devices, second."""
SCALE_BITS = 16
_WORDS = ("model", "device", "compute_dtype", "all_reduce", "routing", "check_fit")


def architecture_of(model: Model, absorbed: bool = True) -> Architecture:
    """Say which operators a model has.

    Parameters
    ----------
    model : Model
        A model.
    absorbed : bool, optional
        Whether latent attention works on compressed vectors, as in a decode step.

    Returns
    -------
    Architecture
        What `decoder` takes.

    Examples
    --------
    >>> architecture_of(models["Mixtral-8x7B"]).experts
    True

    References
    ----------
    Derived in operator-model.
    """
    return Architecture(
        latent=model.kv_rank is not None,
        compressed_query=model.query_rank is not None,
        absorbed=absorbed,
        windowed=bool(model.windowed_layers),
        dense=model.n_experts is None or bool(model.dense_layers),
        experts=model.n_experts is not None,
        shared=model.shared_width is not None,
    )


@cache
def operators_of(architecture: Architecture, routing: str) -> tuple[Operator, ...]:
    """List the operators on one device, with the experts that a pass touches.

    Parameters
    ----------
    architecture : Architecture
        Which operators there are.
    routing : str
        ``uniform`` or ``identical``.

    Returns
    -------
    tuple of Operator
        Each device's share.

    Examples
    --------
    >>> len(operators_of(Architecture(), "uniform"))
    7

    References
    ----------
    Derived in operator-model, Eq. (eq-sharding).
    """
    return tuple(
        sharded(operator).subs({touched_experts: TOUCHED_EXPERTS[routing]}) for operator in decoder(architecture)
    )


@cache
def pass_time(architecture: Architecture, routing: str = "uniform", soft: bool = False) -> sp.Expr:
    """Add up a pass: its operators, its all-reduces, and the way through the stages.

    Parameters
    ----------
    architecture : Architecture
        Which operators there are.
    routing : str, optional
        ``uniform`` or ``identical``.
    soft : bool, optional
        Whether reading and computing combine by the soft maximum.

    Returns
    -------
    sympy.Expr
        Time, one operator after the other, second.

    Examples
    --------
    >>> pass_time(Architecture()).has(sp.Max)
    True

    References
    ----------
    Derived in operator-model, Eq. (eq-pass-time).
    """
    operators = sp.Add(*(each.count * each.time(soft) for each in operators_of(architecture, routing)))
    return operators + sp.Add(*COMMUNICATION.values())


@cache
def _arguments(expr: sp.Expr) -> tuple[str, ...]:
    used = {symbol.name for symbol in expr.free_symbols}
    return tuple(name for name in REGISTRY if name in used)


def value(expr: sp.Expr, values: dict[str, np.ndarray]):
    """Evaluate an expression on values that are checked already.

    Parameters
    ----------
    expr : sympy.Expr
        Expression in registered symbols.
    values : dict of str to numpy.ndarray
        Values by their names in the registry; those that the expression lacks are ignored.

    Returns
    -------
    float or numpy.ndarray
        The value.

    Examples
    --------
    >>> value(2 * n_layers, {"n_layers": 3.0, "d_model": 5.0})
    6.0

    References
    ----------
    Page ``notation``.
    """
    return compiled(expr, _arguments(expr))(*(values[name] for name in _arguments(expr)))


@cache
def _shape_arguments(architecture: Architecture) -> tuple[str, ...]:
    """Name what a model's shape must give: all that its operators have from the group ``model``."""
    expr = pass_time(architecture) + decoder_params(architecture)
    windows = ("window",) if architecture.windowed else ()
    derived = ("touched_experts",)
    return (*(name for name in _arguments(expr) if REGISTRY[name].group == "model" and name not in derived), *windows)


def _shape(model: Model) -> dict[str, np.ndarray]:
    known = model.arguments
    wanted = dict.fromkeys(
        name for absorbed in (True, False) for name in _shape_arguments(architecture_of(model, absorbed))
    )
    missing = [name for name in wanted if name not in known]
    if missing:
        raise ValueError(f"{model.name} needs {', '.join(missing)}")
    return {name: checked(name, known[name]) for name in wanted}


def _found(spec, kind, catalogue):
    if isinstance(spec, str):
        return catalogue[spec]
    if isinstance(spec, kind):
        return spec
    raise TypeError(f"{spec!r} is neither a name nor a {kind.__name__}")


def parameter_count(model: str | Model) -> float:
    """Count a model's parameters from its shape.

    Parameters
    ----------
    model : str or Model
        Key of the catalogue, or a model of your own.

    Returns
    -------
    float
        Parameters; biases are left out.

    Raises
    ------
    ValueError
        If the shape is not complete.

    Examples
    --------
    >>> print(f"{parameter_count('Llama-3-70B'):.4g}")
    7.055e+10

    References
    ----------
    Derived in operator-model, Eq. (eq-decoder-params).
    """
    model = _found(model, Model, models)
    return float(value(decoder_params(architecture_of(model)), _shape(model)))


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A model on devices, and how it is split over them.

    Every number may be an array; arrays broadcast with those of the request. Nothing is fitted:
    with the defaults, each operator runs at the datasheet's rates, reading and computing overlap
    perfectly, activations stay on the chip and links have no latency. That is a lower bound for every
    engine that runs operators and all-reduces one after the other, with ``routing="identical"`` for
    experts and the best number of `microbatches`; a network that adds up on the way can beat it.

    Parameters
    ----------
    model : str or Model
        Key of the catalogue, or a model of your own.
    device : str or Device
        Key of the catalogue, or a device of your own.
    tp : int, count, optional
        Devices that share every matrix.
    pp : int, count, optional
        Stages that share the layers; each has `tp` devices.
    ep : int, count, optional
        Groups among which the `tp` devices divide the experts.
    microbatches : int, count, optional
        Parts of the batch that follow one another through the stages.
    weight_bits : float, bit, optional
        Bits of every weight, whatever the model stores; the model's own unless given.
    expert_bits, vocab_bits : float, bit, optional
        Bits of a weight of the experts, and of the embeddings; as `weight_bits`, or the model's own
        if neither is given.
    group_size : int, count, optional
        Weights that share one scale and zero point; none are stored unless given.
    scale_bits, zero_point_bits : float, bit, optional
        Bits of a scale and of a zero point; 16 and 0 unless given.
    kv_bits : float, bit, optional
        Bits of a cached key or value element; those of the model unless given.
    compute_dtype : str, optional
        Number format of the arithmetic: ``fp16``, ``bf16``, ``fp8``, ``int8`` or ``fp4``.
    devices_per_node : int, count, optional
        Devices whose links reach each other: 8 in most servers, 72 for a GB200.
    network_bandwidth : float, byte/s, optional
        Rate of one device to other servers, one direction; the device's unless given.
    link_latency : float, s, optional
        Latency of one message; the device's, or 0, unless given.
    all_reduce : str, optional
        ``direct``, every device with every other at once, or ``ring``: how many messages follow one
        another, each with its latency. The bytes are those of the best schedule.
    routing : str, optional
        ``uniform``: each token visits experts at random, and a pass touches the expected number of
        them; ``identical``: all tokens visit the same, the fewest possible.
    compute_efficiency, bandwidth_efficiency, link_efficiency : float, share, optional
        Share of the datasheet's rates that operators and all-reduces reach.
    activation_traffic : float, share, optional
        Share of the activations that travels through the device's memory.
    overlap_exponent : float, exponent, optional
        Exponent of the soft maximum of reading and computing: 1 for their sum; the hard maximum
        unless given.
    check_fit : bool, optional
        Whether a request that does not fit in memory is an error.

    Raises
    ------
    UnknownNameError
        If the catalogue has no such model or device.
    ValueError
        If a value is outside its range, or the model cannot be split this way.

    Examples
    --------
    >>> Deployment(model="Llama-3-70B", device="H100-SXM", tp=8).title
    'Llama-3-70B on 8 × H100-SXM'
    >>> Deployment(model="Llama-3-70B", device="H100-SXM", tp=6)
    Traceback (most recent call last):
    ...
    ValueError: tp = 6 must divide the 64 heads of Llama-3-70B

    References
    ----------
    Derived in operator-model.
    """

    model: str | Model
    device: str | Device
    tp: int = 1
    pp: int = 1
    ep: int = 1
    microbatches: int = 1
    weight_bits: float | None = None
    expert_bits: float | None = None
    vocab_bits: float | None = None
    group_size: int | None = None
    scale_bits: float = SCALE_BITS
    zero_point_bits: float = 0
    kv_bits: float | None = None
    compute_dtype: str = "fp16"
    devices_per_node: int = 8
    network_bandwidth: float | None = None
    link_latency: float | None = None
    all_reduce: str = "direct"
    routing: str = "uniform"
    compute_efficiency: float = 1
    bandwidth_efficiency: float = 1
    link_efficiency: float = 1
    activation_traffic: float = 0
    overlap_exponent: float | None = None
    check_fit: bool = False

    def __post_init__(self):
        object.__setattr__(self, "model", _found(self.model, Model, models))
        object.__setattr__(self, "device", _found(self.device, Device, devices))
        words = {"all_reduce": SCHEDULES, "routing": tuple(TOUCHED_EXPERTS), "check_fit": (False, True)}
        for name, legal in words.items():
            chosen = getattr(self, name)
            if not isinstance(chosen, str | bool) or chosen not in legal:
                hint = suggestion(chosen, map(str, legal))
                raise ValueError(f"{name} = {chosen!r}: {hint}must be {' or '.join(map(repr, legal))}")
        sizes = {item.name: getattr(self, item.name) for item in fields(self) if item.name not in _WORDS}
        object.__setattr__(self, "given", {name: np.asarray(size) for name, size in sizes.items() if size is not None})
        check_shapes(self.given)
        self._check_bits()
        names = (
            "tp", "pp", "ep", "microbatches", "devices_per_node", "compute_efficiency", "bandwidth_efficiency",
            "link_efficiency", "activation_traffic", *(["overlap_exponent"] if self.soft else []),
        )
        values = {name: checked(name, getattr(self, name)) for name in names}
        values |= _shape(self.model) | self._storage()
        check_together(values)
        _check_split(self.model, values)
        object.__setattr__(self, "values", values | self._machine(values))

    @property
    def soft(self) -> bool:
        """Whether reading and computing combine by the soft maximum."""
        return self.overlap_exponent is not None

    @property
    def title(self) -> str:
        """The model and its devices."""
        number = self.values["tp"] * self.values["pp"]
        several = f"{int(number)} × " if np.ndim(number) == 0 and number > 1 else ""
        return f"{self.model.name} on {several}{self.device.name}"

    def shape(self, **request) -> tuple[int, ...]:
        """Return the common shape of the deployment's values and a request's."""
        every = [*self.values.values(), *(np.asarray(given) for given in request.values())]
        return np.broadcast_shapes(*(np.shape(given) for given in every))

    @property
    def decode_rounds(self):
        """Passes of a micro-batch in a decode step: a stage serves all of them, a token crosses all stages."""
        return np.maximum(1, self.values["microbatches"] / self.values["pp"])

    @property
    def prefill_rounds(self):
        """Passes of a micro-batch in a prefill: the first crosses all stages, each other adds one stage."""
        return 1 + (self.values["microbatches"] - 1) / self.values["pp"]

    def _check_bits(self) -> None:
        """Refuse what would have no effect."""
        if self.expert_bits is not None and self.model.n_experts is None:
            raise ValueError(f"expert_bits = {self.expert_bits}: {self.model.name} has no experts")
        quantised = any(bits is not None for bits in (self.weight_bits, self.expert_bits, self.vocab_bits))
        if self.group_size is not None and not quantised:
            raise ValueError(f"group_size = {self.group_size} needs weight_bits, expert_bits or vocab_bits")
        for name in ("scale_bits", "zero_point_bits"):
            checked(name, getattr(self, name))

    def _storage(self) -> dict[str, np.ndarray]:
        """Return the bytes of one number of each kind."""
        model = self.model
        weights = self._stored("weight_bits", model.bytes_per_param)
        storage = {"bytes_per_param": weights}
        for part, own in (("expert", model.bytes_per_expert_param), ("vocab", model.bytes_per_vocab_param)):
            default = weights if own is None or self.weight_bits is not None else own
            storage[f"bytes_per_{part}_param"] = self._stored(f"{part}_bits", default)
        if self.kv_bits is None:
            storage["bytes_per_kv"] = checked("bytes_per_kv", model.bytes_per_kv)
        else:
            storage["bytes_per_kv"] = checked("weight_bits", self.kv_bits, "kv_bits") / BITS_PER_BYTE
        storage["bytes_per_activation"] = checked("bytes_per_activation", model.bytes_per_activation)
        return storage

    def _stored(self, name: str, default):
        """Return the bytes of one weight: the default, or what the bits of this name and their scales take."""
        if getattr(self, name) is None:
            return checked("bytes_per_param", default)
        bits = checked("weight_bits", getattr(self, name), name)
        if self.group_size is None:
            return bits / BITS_PER_BYTE
        parts = {part: checked(part, getattr(self, part)) for part in ("group_size", "scale_bits", "zero_point_bits")}
        return value(quantised_bytes.expr, parts | {"weight_bits": bits, "bits_per_byte": BITS_PER_BYTE})

    def _machine(self, values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the rates of the device and of what lies between devices."""
        device, per_node = self.device.computing_in(self.compute_dtype), values["devices_per_node"]
        together = values["tp"] * values["pp"]
        if device.link_bandwidth is None and (together > 1).any():
            raise ValueError(f"{device.name} has no link_bandwidth: tp and pp must be 1")
        network = device.network_bandwidth if self.network_bandwidth is None else self.network_bandwidth
        if network is None and (together > per_node).any():
            raise ValueError(
                f"network_bandwidth is needed: tp * pp > devices_per_node = {self.devices_per_node}, "
                f"and {device.name} has none"
            )
        # A single device sends nothing, and a single server nothing outside: there any rate will do.
        link = 1 if device.link_bandwidth is None else device.link_bandwidth
        machine = {
            "flops_per_mac": REGISTRY["flops_per_mac"].constant,
            "peak_flops": checked("peak_flops", device.peak_flops),
            "mem_bandwidth": checked("mem_bandwidth", device.mem_bandwidth),
            "link_bandwidth": checked("link_bandwidth", link),
            "network_bandwidth": checked("network_bandwidth", link if network is None else network),
            "link_latency": checked("link_latency", next(
                (latency for latency in (self.link_latency, device.link_latency) if latency is not None), 0
            )),
        }
        peers = values["tp"] - 1
        machine["hops"] = peers if self.all_reduce == "ring" else np.minimum(peers, 1)
        # The mean over the steps from stage to stage: of some servers' ends the network, else the links.
        steps = values["pp"] - 1
        outside = np.where(values["tp"] >= per_node, steps, np.ceil(together / per_node) - 1)
        inverse = outside / machine["network_bandwidth"] + (steps - outside) / machine["link_bandwidth"]
        machine["stage_bandwidth"] = np.where(
            steps > 0, np.maximum(steps, 1) / np.where(steps > 0, inverse, 1), machine["link_bandwidth"]
        )
        return machine

    def decode_values(self, batch, context, steps=1) -> dict[str, np.ndarray]:
        """Return all that a decode step takes, for one micro-batch; of several steps, their mean.

        Parameters
        ----------
        batch : int or array_like, count
            Sequences.
        context : float or array_like, count
            Tokens of each sequence in the KV cache before the first of the steps.
        steps : int or array_like, count, optional
            Steps.

        Returns
        -------
        dict of str to numpy.ndarray
            Values by their names in the registry.
        """
        values = self._pass_values({"batch": batch, "context": context, "prompt": steps})
        values |= {"tokens": values["batch"], "kv_length": values["keys"]}
        if self.model.windowed_layers:
            values["windowed_kv_length"] = values["windowed_keys"]
        return values

    def prefill_values(self, batch, prompt) -> dict[str, np.ndarray]:
        """Return all that a prefill takes, for one micro-batch.

        Parameters
        ----------
        batch : int or array_like, count
            Sequences.
        prompt : int or array_like, count
            Tokens of each prompt.

        Returns
        -------
        dict of str to numpy.ndarray
            Values by their names in the registry.
        """
        values = self._pass_values({"batch": batch, "context": 0, "prompt": prompt})
        values |= {"tokens": values["batch"] * values["prompt"], "kv_length": values["prompt"]}
        if self.model.windowed_layers:
            values["windowed_kv_length"] = value(windowed_kv_reach.expr, values)
        return values

    def _pass_values(self, request: dict) -> dict[str, np.ndarray]:
        request = {name: checked(name, given) for name, given in request.items()}
        check_shapes(self.given | request)
        check_together(self.values | request)
        values = self.values | request | {"batch": request["batch"] / self.values["microbatches"]}
        values["keys"] = value(mean_keys.expr, values)
        if self.model.windowed_layers:
            values["windowed_keys"] = value(mean_windowed_keys.expr, values)
        return values


def deployed(model: str | Model, device: str | Device, options: dict) -> Deployment:
    """Make a deployment from options by name.

    Parameters
    ----------
    model, device : str or Model, str or Device
        As in `Deployment`.
    options : dict
        The other parameters of `Deployment`.

    Returns
    -------
    Deployment
        The deployment.

    Raises
    ------
    TypeError
        If there is no such option.

    Examples
    --------
    >>> deployed("GPT-13B", "A100-40GB-SXM", {"tpp": 2})
    Traceback (most recent call last):
    ...
    TypeError: unknown option 'tpp'; did you mean 'tp' or 'pp'? known: tp, pp, ep, ...

    References
    ----------
    Page ``operator-model``.
    """
    known = [item.name for item in fields(Deployment) if item.name not in ("model", "device")]
    for name in options:
        if name not in known:
            raise TypeError(f"unknown option {name!r}; {suggestion(name, known)}known: {', '.join(known)}")
    return Deployment(model=model, device=device, **options)


def _check_split(model: Model, values: dict[str, np.ndarray]) -> None:
    """Raise an error if the model cannot be split this way."""
    tp, pp, ep, per_node = (values[name] for name in ("tp", "pp", "ep", "devices_per_node"))

    def refuse(bad, message):
        if np.any(bad):
            split = {"tp": tp, "pp": pp, "ep": ep, "per_node": per_node}
            first = {name: int(np.broadcast_to(array, np.shape(bad))[bad].ravel()[0]) for name, array in split.items()}
            raise ValueError(message.format(**first))

    refuse(values["n_heads"] % tp != 0, f"tp = {{tp}} must divide the {model.n_heads} heads of {model.name}")
    if model.kv_rank is None:
        heads = values["n_kv_heads"]
        refuse(
            (heads % tp != 0) & (tp % heads != 0),
            f"tp = {{tp}} must divide the {model.n_kv_heads} key-value heads of {model.name}, or be a multiple",
        )
    for width in ("mlp_width", "shared_width"):
        if width in values:
            size = getattr(model, width)
            refuse(values[width] % tp != 0, f"tp = {{tp}} must divide {width} = {size} of {model.name}")
    refuse(tp % ep != 0, "ep = {ep} must divide tp = {tp}")
    if model.n_experts is None:
        refuse(ep > 1, f"ep = {{ep}}: {model.name} has no experts to divide")
    else:
        refuse(values["n_experts"] % ep != 0, f"ep = {{ep}} must divide the {model.n_experts} experts of {model.name}")
        refuse(
            values["expert_width"] % (tp / ep) != 0,
            f"tp / ep = {{tp}} / {{ep}} must divide expert_width = {model.expert_width} of {model.name}",
        )
    refuse(pp > model.n_layers, f"pp = {{pp}} must be at most the {model.n_layers} layers of {model.name}")
    refuse((tp > per_node) & (tp % per_node != 0), "tp = {tp} must be a multiple of devices_per_node = {per_node}")
