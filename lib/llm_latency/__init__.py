"""Where the milliseconds go: the latency of LLM inference as formulas that run.

`evaluate` turns a formula into numbers; `devices` and `models` are the catalogues. The formulas
live in the modules named after what they describe: `transformer`, `memory`, `roofline`,
`collectives` and `latency`.
"""

from llm_latency import collectives, latency, memory, roofline, transformer
from llm_latency.evaluation import evaluate
from llm_latency.hardware import Device, devices
from llm_latency.models import Model, models

__all__ = [
    "Device",
    "Model",
    "collectives",
    "devices",
    "evaluate",
    "latency",
    "memory",
    "models",
    "roofline",
    "transformer",
]
