"""A model on a machine: which one, how it is split over devices, stored and run.

`Deployment` checks the whole configuration and lists every value by its name in the registry;
`times`, `memory` and `explain` compute from it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from llm_latency.catalogue.devices import Device, check_plausible, devices
from llm_latency.catalogue.frozen import equal_values, set_frozen
from llm_latency.catalogue.gguf import stored_as
from llm_latency.catalogue.layers import BITS_PER_BYTE, LAYER_FIELDS, LayerGroup
from llm_latency.catalogue.models import Model, models
from llm_latency.catalogue.tables import look_up
from llm_latency.checks import check_shapes, check_together, checked
from llm_latency.evaluation import value_of
from llm_latency.formulas.quantisation import quantised_bytes
from llm_latency.operator_model.execution import OFFLOADS, TOUCHED_EXPERTS, Execution
from llm_latency.operator_model.limits import check_limits
from llm_latency.operator_model.machine import memory_of, rates_of
from llm_latency.operator_model.shape import layer_groups, sizes_of_ends
from llm_latency.operator_model.sharding import CACHE_SPLITS
from llm_latency.suggestions import short, suggestion

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Deployment"]

FASTEST = "best"
CHOICES = {
    "all_reduce": ("direct", "ring"),
    "routing": tuple(TOUCHED_EXPERTS),
    "cache_split": (*CACHE_SPLITS, FASTEST),
    "offload": tuple(OFFLOADS),
    "check_fit": (False, True),
}
"""The options that are words, with their legal values."""
WORDS = {"model", "device", "compute_dtype", *CHOICES}
SHARES = ("compute_efficiency", "bandwidth_efficiency", "link_efficiency", "activation_traffic")
STORED_PARTS = tuple(name for name in LAYER_FIELDS if name.startswith("bytes_per_") and name.endswith("_param"))
"""The storage of the parts of a layer, each in place of ``bytes_per_param``."""
STATE_BYTES = 4
"""Engines keep a recurrent state in 32 bits unless a model says otherwise."""
DEVICES_PER_NODE = 8
"""As many devices as most servers have, where nothing else is known."""
PLAIN_DTYPE = "fp16"
"""The arithmetic of weights that are not quantised, or are turned back before they are multiplied."""
SCALE_BITS = 16
PLAIN_BITS = 16
"""A weight of so many bits is stored as it is, without a scale."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Deployment:
    """A model on devices, and how it is split over them.

    Every number may be an array; arrays broadcast with those of the request. Nothing is fitted:
    with the defaults, each operator runs at the datasheet's rates, reading and computing overlap
    perfectly, activations stay on the chip and links have no latency. That is a lower bound for every
    engine that runs operators and all-reduces one after the other and divides matrices as `tp` says, with
    ``routing="identical"`` for experts, ``cache_split="best"`` and the best number of `microbatches`; a network
    that does the sums itself can beat it.

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
    weight_bits : float, bit, or str, optional
        Bits of every weight, whatever the model stores; the model's own unless given. The name of a type of GGUF
        files, such as ``Q4_K_M``, stores each part as llama.cpp does.
    expert_bits, vocab_bits : float, bit, optional
        Bits of a weight of the experts, and of the embeddings; as `weight_bits`, or the model's own
        if neither is given. A router and shared experts are stored like other weights.
    group_size : int, count, optional
        Weights of fewer than 16 bits that share one scale and zero point; none are stored unless given.
    scale_bits, zero_point_bits : float, bit, optional
        Bits of a scale and of a zero point; 16 and 0 unless given.
    kv_bits : float, bit, optional
        Bits of a cached key or value element; those of the model unless given.
    compute_dtype : str, optional
        Number format of the arithmetic: ``fp16``, ``bf16``, ``fp8``, ``int8`` or ``fp4``. Unless given, that in which
        the model is published, if its weights are used as published and the device computes in it; else ``fp16``.
    devices_per_node : int, count, optional
        Devices that links connect with each other; the device's `link_domain`, or 8, unless given, and 1 where a device
        has no links: then `network_bandwidth` and `network_latency` say what joins several.
    network_bandwidth : float, byte/s, optional
        Rate of one device to other servers, one direction; the device's unless given.
    link_latency, network_latency : float, s, optional
        Latency of one message over links, and to other servers; the device's, or 0, unless given, and for the
        network that of the links.
    all_reduce : str, optional
        ``direct``, every device with every other at once, or ``ring``: it decides how many messages
        follow one another, each with its latency. The bytes are always those of the best schedule.
    routing : str, optional
        ``uniform``: each token visits experts at random, and a pass touches the expected number of
        them; ``identical``: all tokens visit the same experts, the fewest possible.
    cache_split : str, optional
        What devices do that share a key-value head. ``heads``: each keeps a copy of its keys and values;
        ``sequences`` or ``context``: they divide the sequences, or the tokens of each, and send each other queries and
        results; ``data-parallel``: they divide the sequences, and each has all matrices of attention;
        ``expert-parallel``: also all shared experts, and tokens travel to those of the other groups that they visit;
        ``best``: for all equal layers what makes the pass fastest, in the memory of ``context``.
    offload : str, optional
        What lies in a second memory, such as the host's: ``none``, ``weights``, ``experts`` or ``cache``. It is read
        while other operators run; so far only with one stage.
    offload_share : float, share, optional
        How much of it lies there: all unless given.
    offload_bandwidth : float, byte/s, optional
        Rate at which a device reads it.
    compute_efficiency, bandwidth_efficiency, link_efficiency : float, share, optional
        Share of the datasheet's rates that operators, and messages between devices, reach.
    activation_traffic : float, share, optional
        Share of the activations that travels through the device's memory.
    overlap_exponent : float, exponent, optional
        Exponent of the soft maximum of reading and computing: 1 for their sum; the hard maximum
        unless given.
    mem_size : float, byte, optional
        Memory of a device, in place of the device's own: chips with unified memory are sold with several sizes.
    memory_reserve : float, byte or share, optional
        What an engine keeps of it for itself: a share if below 1, else bytes; nothing unless given.
    gpu_memory_utilization : float, share, optional
        Another name for it, as engines call it: the share that is left, 1 less the reserve.
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
    tp: ArrayLike = 1
    pp: ArrayLike = 1
    ep: ArrayLike = 1
    microbatches: ArrayLike = 1
    weight_bits: ArrayLike | str | None = None
    expert_bits: ArrayLike | None = None
    vocab_bits: ArrayLike | None = None
    group_size: ArrayLike | None = None
    scale_bits: ArrayLike = SCALE_BITS
    zero_point_bits: ArrayLike = 0
    kv_bits: ArrayLike | None = None
    compute_dtype: str | None = None
    devices_per_node: ArrayLike | None = None
    network_bandwidth: ArrayLike | None = None
    link_latency: ArrayLike | None = None
    network_latency: ArrayLike | None = None
    all_reduce: str = "direct"
    routing: str = "uniform"
    cache_split: str = "heads"
    offload: str = "none"
    offload_share: ArrayLike = 1
    offload_bandwidth: ArrayLike | None = None
    compute_efficiency: ArrayLike = 1
    bandwidth_efficiency: ArrayLike = 1
    link_efficiency: ArrayLike = 1
    activation_traffic: ArrayLike = 0
    overlap_exponent: ArrayLike | None = None
    mem_size: ArrayLike | None = None
    memory_reserve: ArrayLike = 0
    gpu_memory_utilization: ArrayLike | None = None
    check_fit: bool = False

    def __post_init__(self):
        set_frozen(self, model=look_up(self.model, Model, models), device=look_up(self.device, Device, devices))
        for name, legal in CHOICES.items():
            chosen = getattr(self, name)
            if not isinstance(chosen, str | bool) or chosen not in legal:
                hint = suggestion(chosen, map(str, legal))
                raise ValueError(f"{name} = {short(chosen)}: {hint}must be {' or '.join(map(repr, legal))}")
        if isinstance(self.weight_bits, str):
            set_frozen(self, model=stored_as(self.model, self.weight_bits), weight_bits=None)
        check_shapes(self._sizes)
        for name in ("network_bandwidth", "link_latency", "network_latency", "offload_bandwidth"):
            if getattr(self, name) is not None:
                check_plausible(name, getattr(self, name))
        self._check_bits()
        if self.mem_size is not None or self.gpu_memory_utilization is not None or np.any(self.memory_reserve):
            _ = self.memory  # what is illegal is refused, whatever is asked
        groups = zip(layer_groups(self.model), self.model.layers, strict=True)
        stored = tuple(replace(equal, sizes=equal.sizes | self._storage_of(group)) for equal, group in groups)
        set_frozen(self, groups=stored)
        set_frozen(self, values=self._values())

    def __eq__(self, other) -> bool:
        return equal_values(self, other)

    def __hash__(self) -> int:
        return hash((self.model, self.device, *(getattr(self, name) for name in WORDS - {"model", "device"})))

    @property
    def soft(self) -> bool:
        """Whether reading and computing combine by the soft maximum."""
        return self.overlap_exponent is not None

    @cached_property
    def executions(self) -> tuple[Execution, ...]:
        """How operators can run, of which a layer takes the fastest way."""
        splits = (self.cache_split,)
        if self.cache_split == FASTEST:  # on one device all are the same
            splits = CACHE_SPLITS if np.any(np.asarray(self.tp) > 1) else CACHE_SPLITS[:1]
        return tuple(Execution(self.routing, self.soft, split, self.offload) for split in splits)

    @property
    def storage(self) -> Execution:
        """How operators run, as far as memory goes: of several ways, the one that keeps the least."""
        return replace(self.executions[0], cache_split="context") if self.cache_split == FASTEST else self.executions[0]

    @property
    def arithmetic(self) -> str:
        """The number format of the arithmetic."""
        if self.compute_dtype is not None:
            return self.compute_dtype
        as_published = self.weight_bits is None and self.expert_bits is None
        published = self.model.compute_dtype if as_published else None
        return published if published in self.device.compute_dtypes else PLAIN_DTYPE

    @cached_property
    def memory(self) -> dict[str, np.ndarray]:
        """The memory of a device, and what of it is kept for the engine, byte."""
        options = ("mem_size", "memory_reserve", "gpu_memory_utilization")
        return memory_of(self.device, **{name: getattr(self, name) for name in options})

    @property
    def title(self) -> str:
        """The model and its devices."""
        number = self.values["tp"] * self.values["pp"]
        several = f"{int(number)} × " if np.ndim(number) == 0 and number > 1 else ""
        return f"{self.model.name} on {several}{self.device.name}"

    def request(self, **numbers) -> dict[str, np.ndarray]:
        """Check the numbers of a request, once, and add them to the deployment's values.

        Parameters
        ----------
        **numbers : float or array_like
            Such as ``batch``, ``prompt`` and ``context``, by their names in the registry; ``cached`` for the context
            of a prefill.

        Returns
        -------
        dict of str to numpy.ndarray
            All values by their names in the registry.

        Raises
        ------
        ValueError
            If a number is outside its range, or does not fit together with the deployment's values, or if a
            sequence is longer than the positions that the model has learned.
        """
        given = {name: number for name, number in numbers.items() if name != "cached"}
        request = {"draft_tokens": np.zeros(())} | {name: checked(name, number) for name, number in given.items()}
        if "cached" in numbers:
            request["context"] = checked("context", numbers["cached"], "cached")
        longest = _longest_sequence(request, over_a_cache="cached" in numbers)
        check_shapes(self._sizes | request)
        check_together(self.values | request)
        positions = {"kv_length": longest, "n_positions": self.values["n_positions"]}
        check_limits(positions, set(), model=self.model.name, device=self.device.name)
        return self.values | request

    @cached_property
    def _sizes(self) -> dict[str, np.ndarray]:
        """The numbers among the options, as they were given."""
        given = {item.name: getattr(self, item.name) for item in fields(self) if item.name not in WORDS}
        return {name: np.asarray(size) for name, size in given.items() if size is not None}

    def _values(self) -> dict[str, np.ndarray]:
        """Check every number, and list it by its name in the registry."""
        names = ("tp", "pp", "ep", "microbatches", *SHARES, *(["overlap_exponent"] if self.soft else []))
        values = {name: checked(name, getattr(self, name)) for name in names}
        domain = (self.device.link_domain or DEVICES_PER_NODE) if self.device.link_bandwidth else 1
        per_node = domain if self.devices_per_node is None else self.devices_per_node
        values["devices_per_node"] = checked("devices_per_node", per_node)
        values |= sizes_of_ends(self.model) | self._storage()
        known = {*self.model.arguments, *self.device.arguments, *self._sizes}
        known |= {name for group in self.groups for name in group.sizes}
        for group in self.groups:
            check_together(values | group.sizes)
            check_limits(values | group.sizes, known, model=self.model.name, device=self.device.name)
        options = ("network_bandwidth", "link_latency", "network_latency", "all_reduce")
        given = {name: getattr(self, name) for name in options}
        values |= self._second_memory(values)
        return values | rates_of(self.device, values, compute_dtype=self.arithmetic, **given)

    def _second_memory(self, values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Check what is said about a second memory, and return it by its names in the registry."""
        given = {"offload_share": checked("offload_share", self.offload_share)}
        if self.offload == "none":
            if self.offload_bandwidth is not None or np.any(given["offload_share"] != 1):
                raise ValueError(f"offload_share and offload_bandwidth need offload: {' or '.join(list(OFFLOADS)[1:])}")
            return {}
        if self.offload_bandwidth is None:
            raise ValueError(f"offload = {self.offload!r} needs offload_bandwidth, the rate of the second memory")
        if np.any(values["pp"] > 1):
            raise ValueError(f"offload = {self.offload!r}: pp must be 1")
        if self.offload == "experts" and not any(group.n_experts for group in self.model.layers):
            raise ValueError(f"offload = 'experts': {self.model.name} has no experts")
        return given | {"offload_bandwidth": checked("offload_bandwidth", self.offload_bandwidth)}

    def _check_bits(self) -> None:
        """Refuse options that would have no effect."""
        if self.expert_bits is not None and not any(group.n_experts for group in self.model.layers):
            raise ValueError(f"expert_bits = {short(self.expert_bits)}: {self.model.name} has no experts")
        quantised = any(bits is not None for bits in (self.weight_bits, self.expert_bits, self.vocab_bits))
        if self.group_size is not None and not quantised:
            raise ValueError(f"group_size = {short(self.group_size)} needs weight_bits, expert_bits or vocab_bits")
        for name in ("scale_bits", "zero_point_bits"):
            checked(name, getattr(self, name))

    def _storage(self) -> dict[str, np.ndarray]:
        """Return the bytes of one number of each kind that all layers share."""
        model = self.model
        weights = model.bytes_per_param
        vocab = weights if model.bytes_per_vocab_param is None else model.bytes_per_vocab_param
        head = vocab if model.bytes_per_head_param is None else model.bytes_per_head_param
        storage = {
            "bytes_per_param": self._stored(weights),
            "bytes_per_vocab_param": self._stored(vocab, self.vocab_bits, "vocab_bits"),
            "bytes_per_head_param": self._stored(head, self.vocab_bits, "vocab_bits"),
        }
        storage["bytes_per_kv"] = self._stored_key()
        state = STATE_BYTES if model.bytes_per_state is None else model.bytes_per_state
        storage["bytes_per_state"] = checked("bytes_per_state", state)
        return storage | {"bytes_per_activation": checked("bytes_per_activation", model.bytes_per_activation)}

    def _storage_of(self, group: LayerGroup) -> dict[str, np.ndarray]:
        """Return the bytes of one weight of each part of a layer."""
        parts = {name: getattr(group, name) for name in STORED_PARTS}
        own = {name: group.bytes_per_param if stored is None else stored for name, stored in parts.items()}
        storage = {name: self._stored(stored) for name, stored in own.items()}
        experts = self._stored(own["bytes_per_expert_param"], self.expert_bits, "expert_bits")
        storage |= {"bytes_per_param": self._stored(group.bytes_per_param), "bytes_per_expert_param": experts}
        return storage | {"bytes_per_index": self._stored_key(group.bytes_per_index)}

    def _stored_key(self, own: float | None = None) -> np.ndarray:
        """Return the bytes of one element of a cached key: its own, or those of the cache."""
        if own is not None:
            return checked("bytes_per_index", own)
        if self.kv_bits is None:
            return checked("bytes_per_kv", self.model.bytes_per_kv)
        return checked("weight_bits", self.kv_bits, "kv_bits") / BITS_PER_BYTE

    def _stored(self, own: float, bits: ArrayLike | None = None, option: str = "weight_bits") -> np.ndarray:
        """Return the bytes of one weight: the model's own, or those that an option and its scales ask for."""
        bits, option = (self.weight_bits, "weight_bits") if bits is None else (bits, option)
        if bits is None:
            return checked("bytes_per_param", own)
        bits = checked("weight_bits", bits, option)
        if self.group_size is None:
            return bits / BITS_PER_BYTE
        parts = {part: checked(part, getattr(self, part)) for part in ("group_size", "scale_bits", "zero_point_bits")}
        quantised = value_of(quantised_bytes.expr, parts | {"weight_bits": bits, "bits_per_byte": BITS_PER_BYTE})
        return np.where(bits < PLAIN_BITS, quantised, bits / BITS_PER_BYTE)


def _longest_sequence(request: dict[str, np.ndarray], over_a_cache: bool) -> np.ndarray:
    """Return how many tokens of a sequence the model sees; a decode step adds one to those in the cache."""
    if over_a_cache:
        return request["context"] + request["prompt"]
    if "output" in request:
        return request["prompt"] + request["output"] - 1
    if "prompt" not in request:
        return request.get("context", 0) + 1 + request["draft_tokens"]
    return np.maximum(request["prompt"], request.get("context", 0))
