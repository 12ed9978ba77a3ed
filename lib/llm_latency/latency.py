"""How long a pass takes: the decode step and the prefill.

Both are one pass over the model. A decode step processes one token per sequence, a prefill all
tokens of the prompts; only the number of tokens differs.
"""

from llm_latency.collectives import ALL_REDUCES_PER_LAYER, PHASES, direct_phase_time
from llm_latency.formula import Formula
from llm_latency.kv_cache import kv_read_time
from llm_latency.notation import (
    batch,
    bytes_per_activation,
    cols,
    d_model,
    inner,
    link_bandwidth,
    link_latency,
    message_bytes,
    mlp_width,
    n_devices,
    n_layers,
    peak_flops,
    prompt,
    rows,
    second,
    tokens,
)
from llm_latency.roofline import compute_time, overlapped, serial, weight_read_time
from llm_latency.transformer import matmul_flops

__all__ = [
    "bandwidth_bound_communication_time",
    "cached_decode_step_time",
    "communication_time",
    "decode_communication_time",
    "decode_compute_time",
    "latency_bound_communication_time",
    "mlp_time",
    "overlapped_decode_step_time",
    "overlapped_prefill_time",
    "prefill_communication_time",
    "prefill_compute_time",
    "serial_decode_step_time",
    "serial_prefill_time",
]

_MODEL_260B = "n_params=260e9, bytes_per_param=2, n_layers=80, d_model=16384, bytes_per_activation=2"
_MACHINE_260B = (
    "n_devices=16, peak_flops=312e12, mem_bandwidth=1.5e12, link_bandwidth=300e9, link_latency=8e-6"
)

communication_time = Formula(
    name="communication_time",
    latex=r"t_{\mathrm{comm}}",
    form=ALL_REDUCES_PER_LAYER * PHASES * n_layers * direct_phase_time.expr.subs(
        message_bytes, bytes_per_activation * tokens * d_model
    ),
    unit=second,
    meaning="time of all all-reduces of a pass, exchanged directly",
    page="decode-latency",
    example=(
        "tokens=512, n_layers=80, d_model=16384, bytes_per_activation=2, "
        "n_devices=16, link_bandwidth=300e9, link_latency=8e-6"
    ),
    result="0.01934",
    assumes=("attention and MLP in sequence",),
)

latency_bound_communication_time = Formula(
    name="latency_bound_communication_time",
    latex=r"t_{\mathrm{comm}}^{\mathrm{small}}",
    form=ALL_REDUCES_PER_LAYER * PHASES * n_layers * link_latency,
    unit=second,
    meaning="limit of the communication time for small messages: only their latency counts",
    page="decode-latency",
    example="n_layers=80, link_latency=8e-6",
    result="0.00256",
    assumes=("attention and MLP in sequence",),
)

bandwidth_bound_communication_time = Formula(
    name="bandwidth_bound_communication_time",
    latex=r"t_{\mathrm{comm}}^{\mathrm{large}}",
    form=ALL_REDUCES_PER_LAYER * PHASES * n_layers * bytes_per_activation * tokens * d_model / link_bandwidth,
    unit=second,
    meaning="limit of the communication time for large messages between many devices",
    page="decode-latency",
    example="tokens=512, n_layers=80, d_model=16384, bytes_per_activation=2, link_bandwidth=300e9",
    result="0.0179",
    assumes=("attention and MLP in sequence",),
)

decode_compute_time = Formula(
    name="decode_compute_time",
    latex=r"t_{\mathrm{compute}}^{\mathrm{decode}}",
    form=compute_time.expr.subs(tokens, batch),
    unit=second,
    meaning="time of a decode step's arithmetic: one token for every sequence of the batch",
    page="decode-latency",
    example="batch=512, n_params=260e9, n_devices=16, peak_flops=312e12",
    result="0.05333",
    assumes=("no experts",),
)

decode_communication_time = Formula(
    name="decode_communication_time",
    latex=r"t_{\mathrm{comm}}^{\mathrm{decode}}",
    form=communication_time.expr.subs(tokens, batch),
    unit=second,
    meaning="time of a decode step's all-reduces: one token for every sequence of the batch",
    page="decode-latency",
    example=(
        "batch=512, n_layers=80, d_model=16384, bytes_per_activation=2, "
        "n_devices=16, link_bandwidth=300e9, link_latency=8e-6"
    ),
    result="0.01934",
    assumes=("attention and MLP in sequence",),
)

overlapped_decode_step_time = Formula(
    name="overlapped_decode_step_time",
    latex=r"t_{\mathrm{decode}}^{\mathrm{overlapped}}",
    form=overlapped(weight_read_time.term, decode_compute_time.term, decode_communication_time.term),
    unit=second,
    meaning="time of a decode step whose communication hides behind the device's work",
    page="decode-latency",
    example=f"batch=512, {_MODEL_260B}, {_MACHINE_260B}",
    result="0.05333",
)

serial_decode_step_time = Formula(
    name="serial_decode_step_time",
    latex=r"t_{\mathrm{decode}}^{\mathrm{serial}}",
    form=serial(
        overlapped(weight_read_time.term, decode_compute_time.term), decode_communication_time.term
    ),
    unit=second,
    meaning="time of a decode step that communicates while no device works",
    page="decode-latency",
    example=f"batch=512, {_MODEL_260B}, {_MACHINE_260B}",
    result="0.07267",
)

cached_decode_step_time = Formula(
    name="cached_decode_step_time",
    latex=r"t_{\mathrm{decode}}^{\mathrm{cached}}",
    form=serial(
        overlapped(weight_read_time.term, decode_compute_time.term),
        kv_read_time.term,
        decode_communication_time.term,
    ),
    unit=second,
    meaning="time of a decode step that reads its KV cache and communicates while no weights are multiplied",
    page="batch-size",
    example=f"batch=512, context=44, bytes_per_kv=2, {_MODEL_260B}, {_MACHINE_260B}",
    result="0.07759",
)

prefill_compute_time = Formula(
    name="prefill_compute_time",
    latex=r"t_{\mathrm{compute}}^{\mathrm{prefill}}",
    form=compute_time.expr.subs(tokens, batch * prompt),
    unit=second,
    meaning="time of a prefill's arithmetic: all tokens of all prompts",
    page="prefill-latency",
    example="batch=1, prompt=512, n_params=13e9, n_devices=1, peak_flops=312e12",
    result="0.04267",
    assumes=("no experts",),
)

prefill_communication_time = Formula(
    name="prefill_communication_time",
    latex=r"t_{\mathrm{comm}}^{\mathrm{prefill}}",
    form=communication_time.expr.subs(tokens, batch * prompt),
    unit=second,
    meaning="time of a prefill's all-reduces: all tokens of all prompts",
    page="prefill-latency",
    example=(
        "batch=1, prompt=2048, n_layers=80, d_model=16384, bytes_per_activation=2, "
        "n_devices=16, link_bandwidth=300e9, link_latency=8e-6"
    ),
    result="0.06967",
    assumes=("attention and MLP in sequence",),
)

overlapped_prefill_time = Formula(
    name="overlapped_prefill_time",
    latex=r"t_{\mathrm{prefill}}^{\mathrm{overlapped}}",
    form=overlapped(weight_read_time.term, prefill_compute_time.term, prefill_communication_time.term),
    unit=second,
    meaning="time of a prefill whose communication hides behind the device's work",
    page="prefill-latency",
    example=f"batch=1, prompt=2048, {_MODEL_260B}, {_MACHINE_260B}",
    result="0.2133",
)

serial_prefill_time = Formula(
    name="serial_prefill_time",
    latex=r"t_{\mathrm{prefill}}^{\mathrm{serial}}",
    form=serial(
        overlapped(weight_read_time.term, prefill_compute_time.term), prefill_communication_time.term
    ),
    unit=second,
    meaning="time of a prefill that communicates while no device works",
    page="prefill-latency",
    example=f"batch=1, prompt=2048, {_MODEL_260B}, {_MACHINE_260B}",
    result="0.283",
)

_mlp_work = sum(
    matmul_flops.expr.subs({rows: batch * prompt, inner: width_in, cols: width_out})
    for width_in, width_out in ((d_model, mlp_width), (mlp_width, d_model))
)

mlp_time = Formula(
    name="mlp_time",
    latex=r"t_{\mathrm{MLP}}",
    form=_mlp_work / (n_devices * peak_flops),
    unit=second,
    meaning="time of the arithmetic of one layer's MLP in a prefill: both matrices",
    page="prefill-latency",
    example="batch=1, prompt=512, d_model=5120, mlp_width=20480, n_devices=1, peak_flops=312e12",
    result="0.0006883",
    assumes=("an MLP of two matrices", "no experts"),
)
