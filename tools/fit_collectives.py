"""Fit the constants of the collectives to their measured times, write them down and print the errors.

Every schedule of an implementation has a start, a latency per step and a rate, and the implementation takes the
fastest one. The logarithms of its times are fitted, robustly, with all numbers of devices and with each left out.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, fields
from importlib.resources import files

import numpy as np
import pandas as pd
from scipy.optimize import least_squares

from llm_latency.calibration.collective_times import HANDS_OVER, CollectiveConstants, fastest
from llm_latency.catalogue.devices import devices
from llm_latency.catalogue.measurements import collectives

MICROSECOND, GIGABYTE = 1e-6, 1e9
BOUNDS = {
    "start_latency": (0.1e-6, 100e-6),
    "link_latency": (1e-9, 100e-6),
    "message_overhead": (1e-9, 10e-6),
    "link_bandwidth": (1e9, None),
    "launch_latency": (1e-6, 100e-6),
}
"""Legal range of each constant; that of a rate ends at the rate of the links."""
NOTHING = 1.05e-9
"""A time up to this is the lower bound of its range: the measurements want none."""
DIGITS = 4
TRIES, SPREAD = 16, 0.4
"""How often a fit starts, and how far apart, as the standard deviation of the constants' logarithms."""
OUTLIER = 0.1
"""Relative error from which on a time counts less."""


@dataclass(frozen=True)
class Guess:
    """A schedule with the constants from which its fit starts; those that are shared are the previous schedule's."""

    schedule: str
    regime: str
    start: dict[str, float]
    shared: tuple[str, ...] = ()
    determined: str = "all constants are its own"


def _guess(schedule: str, regime: str, microseconds: dict[str, float], gigabytes: float, **more) -> Guess:
    start = {name: value * MICROSECOND for name, value in microseconds.items()}
    return Guess(schedule, regime, start | {"link_bandwidth": gigabytes * GIGABYTE}, **more)


RINGS = [
    _guess("ring", "small", {"start_latency": 8, "link_latency": 1}, 8),
    _guess("ring", "medium", {"start_latency": 11, "link_latency": 1}, 80),
    _guess("ring", "large", {"start_latency": 36, "link_latency": 0.1}, 200),
]
ONE_STEP = dict(determined="the start holds the latency of the only step")
EXCHANGES = [
    _guess("direct", "small", {"start_latency": 10, "message_overhead": 0.1}, 6, **ONE_STEP),
    _guess("direct", "medium", {"start_latency": 12, "message_overhead": 0.2}, 64, **ONE_STEP),
    _guess("direct", "large", {"start_latency": 30, "message_overhead": 0.1}, 190, **ONE_STEP),
]
TIMES = {"start_latency": 3, "link_latency": 1, "message_overhead": 0.1}
TOGETHER = "start, step and overhead are those of one-shot and two-shot together"
CUSTOM = [
    _guess("one-shot", "small", TIMES, 150, determined=TOGETHER),
    Guess("two-shot", "medium", {"link_bandwidth": 180 * GIGABYTE}, tuple(TIMES), TOGETHER),
]
MULTICAST = Guess(
    "multicast",
    "large",
    {"start_latency": 70 * MICROSECOND},
    ("link_bandwidth",),
    "the rate is the ring's; the start holds the latency of both steps",
)
EAGER = [_guess("ring", "large", {"launch_latency": 30, "start_latency": 20, "link_latency": 0.1}, 200)]
PLANS = {
    ("all-reduce", "NCCL"): RINGS,
    ("all-gather", "NCCL"): RINGS,
    ("reduce-scatter", "NCCL"): RINGS,
    ("all-to-all", "NCCL"): EXCHANGES,
    ("all-reduce", "TensorRT-LLM custom"): CUSTOM,
    ("all-reduce", "vLLM custom, graph"): CUSTOM,
    ("all-reduce", "vLLM custom, eager"): EAGER,
}
"""The schedules of each operation and implementation."""
SWITCHES_THAT_ADD = {("all-reduce", "NCCL", "H100-SXM")}
"""Where the switch can add up, as those of the H100 can and those of the A100 cannot."""


def plan_of(operation: str, implementation: str, device: str) -> list[Guess]:
    """List the schedules that an implementation may use on a device."""
    adds = (operation, implementation, device) in SWITCHES_THAT_ADD
    return [*PLANS[operation, implementation], *([MULTICAST] if adds else [])]


def with_constants(plan: list[Guess], free: np.ndarray, names: dict[str, object]) -> list[CollectiveConstants]:
    """Put the fitted numbers, in the order of the plan, into its schedules."""
    numbers, made, last = iter(free), [], {}
    for guess in plan:
        own = {name: next(numbers) for name in guess.start}
        last = dict.fromkeys(BOUNDS, 0.0) | {name: last[name] for name in guess.shared} | own
        labels = dict(schedule=guess.schedule, regime=guess.regime, determined=guess.determined)
        made.append(CollectiveConstants(**names, **labels, **last))
    return made


def settings(times: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return what a formula needs to know about measured times."""
    return {name: times[name].to_numpy(float) for name in ("n_devices", "message_bytes")}


def rounded(row: CollectiveConstants) -> CollectiveConstants:
    """Round constants to the digits that are written down; what is at its lower bound is 0."""
    values = {**vars(row)}
    for name in BOUNDS:
        values[name] = 0.0 if values[name] <= NOTHING else float(f"{values[name]:.{DIGITS}g}")
    return CollectiveConstants(**values)


def fitted(times: pd.DataFrame, left_out: int, others: list[CollectiveConstants]) -> list[CollectiveConstants]:
    """Fit the constants of one implementation, which may choose among the schedules of another one as well."""
    kept = times[times["n_devices"] != left_out]
    names = {name: kept[name].iloc[0] for name in ("operation", "implementation", "device")}
    plan = plan_of(**names)
    names["left_out"] = left_out
    fastest_link = devices[names["device"]].link_bandwidth
    limits = [BOUNDS[name] for guess in plan for name in guess.start]
    low, high = (np.log([each or fastest_link for each in side]) for side in zip(*limits, strict=True))
    known, measured = settings(kept), np.log(kept["time"].to_numpy())

    def residuals(logarithms: np.ndarray) -> np.ndarray:
        rows = with_constants(plan, np.exp(logarithms), names)
        return np.log(fastest([*rows, *others], known)) - measured

    first = np.log([value for guess in plan for value in guess.start.values()])
    random, margin = np.random.default_rng(0), 1e-3
    starts = [first, *(first + random.normal(0, SPREAD, len(first)) for _ in range(TRIES - 1))]
    options = dict(bounds=(low, high), loss="soft_l1", f_scale=OUTLIER, max_nfev=300)
    fits = [least_squares(residuals, np.clip(each, low + margin, high - margin), **options) for each in starts]
    best = min(fits, key=lambda fit: fit.cost)
    return [rounded(row) for row in with_constants(plan, np.exp(best.x), names)]


def all_fits(times: pd.DataFrame) -> Iterator[list[CollectiveConstants]]:
    """Yield the constants of each implementation, with all numbers of devices and with each left out."""
    found = {}
    for (device, operation, implementation), rows in times.groupby(["device", "operation", "implementation"]):
        for left_out in (0, *sorted(rows["n_devices"].unique())):
            others = found.get((device, operation, HANDS_OVER.get(implementation), left_out), [])
            found[device, operation, implementation, left_out] = fitted(rows, left_out, others)
            yield found[device, operation, implementation, left_out]


def errors_of(times: pd.DataFrame, rows: list[CollectiveConstants]) -> pd.DataFrame:
    """Return the measured times with the relative error of some constants, at the devices they did not see if any."""
    constants = {}
    for row in rows:
        constants.setdefault((row.device, row.operation, row.implementation, row.left_out), []).append(row)
    parts = []
    for (device, operation, implementation, left_out), own in constants.items():
        others = constants.get((device, operation, HANDS_OVER.get(implementation), left_out), [])
        keys = ["device", "operation", "implementation"]
        seen = times[(times[keys] == [device, operation, implementation]).all(axis=1)]
        seen = seen[seen["n_devices"] == left_out] if left_out else seen
        error = np.abs(fastest([*own, *others], settings(seen)) / seen["time"] - 1)
        parts.append(seen.assign(error=error, fit="left out" if left_out else "all"))
    return pd.concat(parts)


def write(rows: list[CollectiveConstants]) -> None:
    """Write constants into the library's data folder."""
    path = files("llm_latency") / "data" / "collective_constants.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        names = [field.name for field in fields(CollectiveConstants)]
        writer.writerow([*names, "kind"])
        for row in rows:
            values = [vars(row)[name] for name in names]
            texts = [f"{value:.{DIGITS}g}" if isinstance(value, float) else value for value in values]
            writer.writerow([*texts, "fitted"])


def report(errors: pd.DataFrame) -> None:
    """Print the median errors, in percent."""
    percent = errors.assign(
        error=100 * errors["error"], decade=10 ** np.floor(np.log10(errors["message_bytes"])).astype(int)
    )
    reduces = percent[percent["operation"] == "all-reduce"]
    for title, part, by in (
        ("all-reduce", reduces, ["fit"]),
        ("all-reduce, by the devices that took part", reduces, ["fit", "n_devices"]),
        ("all-reduce, by decade of message sizes [byte]", reduces, ["fit", "decade"]),
        ("by operation and implementation", percent, ["operation", "device", "implementation", "fit"]),
    ):
        medians = part.groupby(by)["error"].agg(
            rows="size", median="median", nine_tenths=lambda each: each.quantile(0.9)
        )
        print(f"Relative error [%], {title}\n{medians.round(1).to_string()}\n")


def main() -> None:
    """Fit, write, print."""
    times = collectives.to_frame()
    rows = [row for fit in all_fits(times) for row in fit]
    write(rows)
    report(errors_of(times, rows))


if __name__ == "__main__":
    main()
