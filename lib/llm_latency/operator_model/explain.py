"""A pass taken apart: where the time goes, operator by operator."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

from llm_latency.checks import legal_result
from llm_latency.evaluation import value_of
from llm_latency.operator_model.deployment import PLAIN_DTYPE, Deployment
from llm_latency.operator_model.execution import (
    ORDER,
    Execution,
    message_times,
    offload_time,
    operators_of,
)
from llm_latency.operator_model.memory import check_fit
from llm_latency.operator_model.operators import LayerKind
from llm_latency.operator_model.options import deployed, takes_options
from llm_latency.operator_model.passes import DECODE, PREFILL, Pass
from llm_latency.operator_model.ways import fastest_ways
from llm_latency.suggestions import short
from llm_latency.table import escaped, markdown_table

if TYPE_CHECKING:
    from llm_latency.catalogue.devices import Device
    from llm_latency.catalogue.models import Model

__all__ = ["Explanation", "OperatorShare", "explain"]

AMOUNTS = ("flops", "weight_bytes", "kv_bytes", "activation_bytes")
TIMES = ("compute_time", "memory_time", "time")
Part = tuple[int, LayerKind | None, Execution, Mapping[str, np.ndarray]]
"""How many layers run in which way, and the values of one; None stands for what a pass does but once."""


@dataclass(frozen=True)
class OperatorShare:
    """One operator's part in a pass, on one device.

    Parameters
    ----------
    name : str
        The operator.
    flops : float, FLOP
        Its work in the whole pass. With pipeline stages, the mean over the devices.
    weight_bytes, kv_bytes, activation_bytes : float, byte
        What it moves in the whole pass, likewise; activations include all that it reads and writes.
    compute_time, memory_time : float, s
        Time for its work, and for its bytes. With pipeline stages, one stage after the other.
    time : float, s
        Time of the operator, from both.

    Examples
    --------
    >>> explain("GPT-13B", "A100-40GB-SXM", context=512).rows[1].bound_by
    'memory'

    References
    ----------
    Derived in operator-model.
    """

    name: str
    flops: float = 0.0
    weight_bytes: float = 0.0
    kv_bytes: float = 0.0
    activation_bytes: float = 0.0
    compute_time: float = 0.0
    memory_time: float = 0.0
    time: float = 0.0

    @property
    def bytes(self) -> float:
        """Weights and cache that it moves, byte."""
        return self.weight_bytes + self.kv_bytes

    @property
    def intensity(self) -> float:
        """Work per byte of weights and cache, FLOP/byte; NaN if it moves none."""
        return self.flops / self.bytes if self.bytes else np.nan

    @property
    def bound_by(self) -> str:
        """What it waits for: ``compute``, ``memory`` or ``link``; ``-`` if it takes no time."""
        if not self.time:
            return "-"
        if not self.compute_time and not self.memory_time:
            return "link"
        return "compute" if self.compute_time > self.memory_time else "memory"


@dataclass(frozen=True)
class Explanation:
    """A pass, operator by operator; a notebook typesets it as a table.

    Parameters
    ----------
    title : str
        Model, machine and pass.
    rows : tuple of OperatorShare
        The operators in the order of the pass.
    recalled : tuple of str, optional
        Values of the specs that nobody has checked against a source yet.

    Examples
    --------
    >>> found = explain("Llama-3-70B", "H100-SXM", tp=8, batch=1, context=4096)
    >>> found.title
    'Llama-3-70B on 8 × H100-SXM: decode step, batch 1, context 4096; per device'
    >>> max(found.rows, key=lambda row: row.time).name
    'MLP'

    References
    ----------
    Derived in operator-model.
    """

    title: str
    rows: tuple[OperatorShare, ...]
    recalled: tuple[str, ...] = ()

    @property
    def time(self) -> float:
        """Time of the whole pass, second."""
        return sum(row.time for row in self.rows)

    def _table(self) -> str:
        total = OperatorShare(
            "whole pass",
            **{name: sum(getattr(row, name) for row in self.rows) for name in ("flops", "weight_bytes", "kv_bytes")},
            time=self.time,
        )
        rows = [*(row for row in self.rows if row.time), total]
        columns = {
            "operator": [row.name for row in rows],
            "time [ms]": [f"{1e3 * row.time:.3f}" for row in rows],
            "share": [f"{row.time / self.time:.1%}" for row in rows],
            "bound by": [*(row.bound_by for row in rows[:-1]), "-"],
            "GFLOP": [_four_digits(row.flops / 1e9) for row in rows],
            "MB": [_four_digits(row.bytes / 1e6) for row in rows],
            "FLOP/byte": ["-" if np.isnan(row.intensity) else f"{row.intensity:.3g}" for row in rows],
        }
        return markdown_table(columns)

    def _repr_markdown_(self) -> str:
        note = f"\n\nNot checked against a source yet: {', '.join(self.recalled)}." if self.recalled else ""
        return f"{escaped(self.title)}.\n\n{self._table()}{escaped(note)}"

    def __repr__(self) -> str:
        return f"{self.title}\n{self._table()}"


@takes_options
def explain(
    model: str | Model,
    device: str | Device,
    *,
    batch: float = 1,
    context: float | None = None,
    prompt: float | None = None,
    cached: float = 0,
    draft_tokens: float = 0,
    **options,
) -> Explanation:
    """Take a pass apart, operator by operator.

    Parameters
    ----------
    model : str or Model
        Key of the catalogue, or a model of your own.
    device : str or Device
        Key of the catalogue, or a device of your own.
    batch : float, count
        Sequences.
    context : float, count, optional
        Tokens of each sequence already in the KV cache, for a decode step.
    prompt : float, count, optional
        Tokens of each prompt, for a prefill.
    cached : float, count, optional
        Tokens of each sequence already in the KV cache, for a prefill.
    draft_tokens : float, count, optional
        Drafted tokens of each sequence that a decode step verifies.
    **options : see `Deployment`
        How the model is split, stored and run: the parameters of `Deployment`, such as `tp`.

    Returns
    -------
    Explanation
        A table that a notebook typesets; `rows` holds the numbers.

    Raises
    ------
    UnknownNameError, ValueError
        As for `Deployment`; also if both or neither of `context` and `prompt` are given, or if a value
        is an array.

    Examples
    --------
    >>> print(f"{1e3 * explain('GPT-13B', 'A100-40GB-SXM', context=512).time:.1f} ms")
    16.8 ms

    References
    ----------
    Derived in operator-model.
    """
    deployment = deployed(model, device, options)
    if (context is None) == (prompt is None):
        raise ValueError("give context for a decode step, or prompt for a prefill")
    for name, value, kind in (("cached", cached, "decode step"), ("draft_tokens", draft_tokens, "prefill")):
        if np.any(value) and (prompt is None) == (kind == "decode step"):
            raise ValueError(f"{name} = {short(value)}: a {kind} has none")
    if prompt is None:
        request = deployment.request(batch=batch, context=context, draft_tokens=draft_tokens) | {"output": 1}
        kind, what, held = DECODE, f"batch {batch}, context {context}", {"prompt": 1 + request["draft_tokens"]}
        what += f", {draft_tokens} drafted tokens" if draft_tokens else ""
    else:
        request = deployment.request(batch=batch, prompt=prompt, cached=cached)
        kind, what, held = PREFILL, f"batch {batch}, prompt {prompt}", {"context": request["context"] + prompt}
        what += f", {cached} cached" if cached else ""
    if any(np.ndim(given) for given in request.values()):
        raise ValueError("explain takes one configuration, not an array of them")
    check_fit(deployment, request | held)
    with np.errstate(over="ignore"):  # what comes of it is an error
        parts = _parts(kind, deployment, kind.values(request))
        rows = _rows(kind, parts)
    recalled = tuple(
        f"{name} of {spec.name}" for spec in (deployment.model, deployment.device) for name in spec.recalled
    )
    found = Explanation(
        f"{deployment.title}: {kind.name}, {what}{_ways(deployment, parts)}; per device", rows, recalled
    )
    legal_result(
        f"the time of a {kind.name}", np.array(found.time), {name: request[name] for name in ("batch", "context")}
    )
    return found


def _four_digits(value: float) -> str:
    return f"{value:,.0f}" if value >= 1e4 else f"{value:.4g}"


def _ways(deployment: Deployment, parts: list[Part]) -> str:
    """Say in which arithmetic a pass runs, and how its cache is divided, where that is not the usual."""
    found = [f"arithmetic in {deployment.arithmetic}"] if deployment.arithmetic != PLAIN_DTYPE else []
    splits = dict.fromkeys(execution.cache_split for _, layer, execution, _ in parts if layer is not None)
    if deployment.cache_split != "heads":
        found.append(f"cache divided by {' or '.join(splits)}")
    return "".join(f", {each}" for each in found)


def _rows(kind: Pass, parts: list[Part]) -> tuple[OperatorShare, ...]:
    """Add up every operator over the groups of layers, then what is sent and what is waited for."""
    _, _, _, values = parts[0]
    # Amounts are those of one stage for all micro-batches; times are those of the whole pass.
    share, rounds = values["microbatches"] / values["pp"], value_of(kind.rounds, values)
    scale = dict.fromkeys(AMOUNTS, share) | dict.fromkeys(TIMES, rounds)
    totals: dict[str, dict[str, float]] = {}
    for count, layer, execution, own in parts:
        names, quantities = _quantities(layer, execution)
        for (name, quantity), value in zip(names, value_of(quantities, own), strict=True):
            row = totals.setdefault(name, dict.fromkeys((*AMOUNTS, *TIMES), 0.0))
            row[quantity] += float(count * scale[quantity] * value)
    rows = [OperatorShare(name, **totals[name]) for name in sorted(totals, key=ORDER.index)]
    return *rows, *_wait(rows, parts, float(rounds))


def _wait(rows: Iterable[OperatorShare], parts: list[Part], rounds: float) -> Iterator[OperatorShare]:
    """Yield the time for which a pass waits for a second memory when all its operators have run, if there is one."""
    times = (count * value_of(offload_time(layer, execution), own) for count, layer, execution, own in parts)
    wait = rounds * float(sum(times)) - sum(row.time for row in rows)
    if wait > 0:
        yield OperatorShare("second memory", time=wait)


def _parts(kind: Pass, deployment: Deployment, values: Mapping[str, np.ndarray]) -> list[Part]:
    """List what a pass consists of: what it does but once, and the layers of each group in their fastest way."""
    found: list[Part] = [(1, None, deployment.executions[0], values)]
    ways = fastest_ways(kind, deployment, values)
    for group, (layer, execution) in zip(deployment.groups, ways, strict=True):
        found.append((group.count, layer, execution, kind.reached(values | group.sizes)))
    return found


@cache
def _quantities(layer: LayerKind | None, execution: Execution) -> tuple[tuple[tuple[str, str], ...], sp.Tuple]:
    """Return the amounts and times of a layer, or of what a pass does but once, and which one each is of what."""
    found = {}
    for each in operators_of(layer, execution):
        found |= {(each.name, amount): getattr(each, amount) for amount in AMOUNTS}
        times = (each.compute_time, each.memory_time, each.time(execution.soft))
        found |= {(each.name, name): time for name, time in zip(TIMES, times, strict=True)}
    found |= {(name, "time"): time for name, time in message_times(layer, execution).items()}
    return tuple(found), sp.Tuple(*found.values())
