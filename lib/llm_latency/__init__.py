"""Where the milliseconds go: the latency of LLM inference as formulas that run.

For a model on a device, from the catalogue or your own (`Model`, `Device`, `Deployment`):
    decode_step_time, prefill_time, request_time    seconds, of one message `collective_time`
    memory, explain                                 bytes, and whether they fit; the time, operator by operator
`models` and `devices` are catalogues, `evaluate` computes a formula. Continue with `help(decode_step_time)`.
"""

from llm_latency.calibration.collective_times import collective_time as collective_time
from llm_latency.catalogue.devices import Device as Device
from llm_latency.catalogue.devices import devices as devices
from llm_latency.catalogue.models import Model as Model
from llm_latency.catalogue.models import models as models
from llm_latency.evaluation import evaluate as evaluate
from llm_latency.formula import FORMULAS as FORMULAS
from llm_latency.formulas import attention as attention
from llm_latency.formulas import collective_schedules as collective_schedules
from llm_latency.formulas import collectives as collectives
from llm_latency.formulas import experts as experts
from llm_latency.formulas import footprint as footprint
from llm_latency.formulas import kv_cache as kv_cache
from llm_latency.formulas import latency as latency
from llm_latency.formulas import long_context as long_context
from llm_latency.formulas import quantisation as quantisation
from llm_latency.formulas import roofline as roofline
from llm_latency.formulas import transformer as transformer
from llm_latency.operator_model import operators as operators
from llm_latency.operator_model.deployment import Deployment as Deployment
from llm_latency.operator_model.explain import explain as explain
from llm_latency.operator_model.memory import memory as memory
from llm_latency.operator_model.shape import parameter_count as parameter_count
from llm_latency.operator_model.times import decode_step_time as decode_step_time
from llm_latency.operator_model.times import prefill_time as prefill_time
from llm_latency.operator_model.times import request_time as request_time

__version__ = "0.1.0"
