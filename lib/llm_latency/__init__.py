"""Where the milliseconds go: the latency of LLM inference as formulas that run.

`evaluate` turns a formula into numbers; `devices` and `models` are the catalogues. The formulas
live in the modules named after what they describe: `transformer`, `footprint`, `roofline`,
`kv_cache`, `collectives` and `latency`.
"""

from llm_latency import collectives, footprint, kv_cache, latency, roofline, transformer
from llm_latency.evaluation import evaluate
from llm_latency.hardware import Device, devices
from llm_latency.model import Model, models

__all__ = [
    "Device",
    "Model",
    "collectives",
    "devices",
    "evaluate",
    "footprint",
    "kv_cache",
    "latency",
    "models",
    "roofline",
    "transformer",
]
