"""The closed formulas of the book, one module per physical concept, in reading order."""

from llm_latency.formulas import transformer as transformer  # isort: skip
from llm_latency.formulas import footprint as footprint  # isort: skip
from llm_latency.formulas import roofline as roofline  # isort: skip
from llm_latency.formulas import kv_cache as kv_cache  # isort: skip
from llm_latency.formulas import collectives as collectives  # isort: skip
from llm_latency.formulas import collective_schedules as collective_schedules  # isort: skip
from llm_latency.formulas import latency as latency  # isort: skip
from llm_latency.formulas import attention as attention  # isort: skip
from llm_latency.formulas import long_context as long_context  # isort: skip
from llm_latency.formulas import experts as experts  # isort: skip
from llm_latency.formulas import quantisation as quantisation  # isort: skip
