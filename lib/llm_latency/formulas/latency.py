"""How long a pass takes: the decode step and the prefill.

Both are one pass over the model. A decode step processes one token per sequence, a prefill all
tokens of the prompts; only the number of tokens differs.
"""

from llm_latency.formula import formula
from llm_latency.formulas.collectives import ALL_REDUCES_PER_LAYER, PHASES, direct_phase_time
from llm_latency.formulas.examples import GPT_13B, GPT_260B
from llm_latency.formulas.kv_cache import kv_read_time
from llm_latency.formulas.roofline import compute_time, overlapped, serial, weight_read_time
from llm_latency.formulas.transformer import matmul_flops
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


@formula(
    r"t_{\mathrm{comm}}",
    second,
    page="decode-latency",
    example=GPT_260B | dict(tokens=512),
    result=0.01934,
    assumes=("attention and MLP in sequence",),
)
def communication_time():
    """Time of all all-reduces of a pass, exchanged directly."""
    return (
        ALL_REDUCES_PER_LAYER
        * PHASES
        * n_layers
        * direct_phase_time.expr.subs(message_bytes, bytes_per_activation * tokens * d_model)
    )


@formula(
    r"t_{\mathrm{comm}}^{\mathrm{small}}",
    second,
    page="decode-latency",
    example=GPT_260B,
    result=0.00256,
    assumes=("attention and MLP in sequence",),
)
def latency_bound_communication_time():
    """Limit of the communication time for small messages: only their latency counts."""
    return ALL_REDUCES_PER_LAYER * PHASES * n_layers * link_latency


@formula(
    r"t_{\mathrm{comm}}^{\mathrm{large}}",
    second,
    page="decode-latency",
    example=GPT_260B | dict(tokens=512),
    result=0.0179,
    assumes=("attention and MLP in sequence",),
)
def bandwidth_bound_communication_time():
    """Limit of the communication time for large messages between many devices."""
    return ALL_REDUCES_PER_LAYER * PHASES * n_layers * bytes_per_activation * tokens * d_model / link_bandwidth


@formula(
    r"t_{\mathrm{compute}}^{\mathrm{decode}}",
    second,
    page="decode-latency",
    example=GPT_260B | dict(batch=512),
    result=0.05333,
    assumes=("no experts",),
)
def decode_compute_time():
    """Time of a decode step's arithmetic: one token for every sequence of the batch."""
    return compute_time.expr.subs(tokens, batch)


@formula(
    r"t_{\mathrm{comm}}^{\mathrm{decode}}",
    second,
    page="decode-latency",
    example=GPT_260B | dict(batch=512),
    result=0.01934,
    assumes=("attention and MLP in sequence",),
)
def decode_communication_time():
    """Time of a decode step's all-reduces: one token for every sequence of the batch."""
    return communication_time.expr.subs(tokens, batch)


@formula(
    r"t_{\mathrm{decode}}^{\mathrm{overlapped}}",
    second,
    page="decode-latency",
    example=GPT_260B | dict(batch=512),
    result=0.05333,
)
def overlapped_decode_step_time():
    """Time of a decode step whose communication hides behind the device's work."""
    return overlapped(weight_read_time.term, decode_compute_time.term, decode_communication_time.term)


@formula(
    r"t_{\mathrm{decode}}^{\mathrm{serial}}",
    second,
    page="decode-latency",
    example=GPT_260B | dict(batch=512),
    result=0.07267,
)
def serial_decode_step_time():
    """Time of a decode step that communicates while no device works."""
    return serial(overlapped(weight_read_time.term, decode_compute_time.term), decode_communication_time.term)


@formula(
    r"t_{\mathrm{decode}}^{\mathrm{cached}}",
    second,
    page="batch-size",
    example=GPT_260B | dict(batch=512, context=44),
    result=0.07759,
)
def cached_decode_step_time():
    """Time of a decode step that reads its KV cache and communicates while no weights are multiplied."""
    return serial(
        overlapped(weight_read_time.term, decode_compute_time.term), kv_read_time.term, decode_communication_time.term
    )


@formula(
    r"t_{\mathrm{compute}}^{\mathrm{prefill}}",
    second,
    page="prefill-latency",
    example=GPT_13B | dict(batch=1, prompt=512),
    result=0.04267,
    assumes=("no experts",),
)
def prefill_compute_time():
    """Time of a prefill's arithmetic: all tokens of all prompts."""
    return compute_time.expr.subs(tokens, batch * prompt)


@formula(
    r"t_{\mathrm{comm}}^{\mathrm{prefill}}",
    second,
    page="prefill-latency",
    example=GPT_260B | dict(batch=1, prompt=2048),
    result=0.06967,
    assumes=("attention and MLP in sequence",),
)
def prefill_communication_time():
    """Time of a prefill's all-reduces: all tokens of all prompts."""
    return communication_time.expr.subs(tokens, batch * prompt)


@formula(
    r"t_{\mathrm{prefill}}^{\mathrm{overlapped}}",
    second,
    page="prefill-latency",
    example=GPT_260B | dict(batch=1, prompt=2048),
    result=0.2133,
)
def overlapped_prefill_time():
    """Time of a prefill whose communication hides behind the device's work."""
    return overlapped(weight_read_time.term, prefill_compute_time.term, prefill_communication_time.term)


@formula(
    r"t_{\mathrm{prefill}}^{\mathrm{serial}}",
    second,
    page="prefill-latency",
    example=GPT_260B | dict(batch=1, prompt=2048),
    result=0.283,
)
def serial_prefill_time():
    """Time of a prefill that communicates while no device works."""
    return serial(overlapped(weight_read_time.term, prefill_compute_time.term), prefill_communication_time.term)


_mlp_work = sum(
    matmul_flops.expr.subs({rows: batch * prompt, inner: width_in, cols: width_out})
    for width_in, width_out in ((d_model, mlp_width), (mlp_width, d_model))
)


@formula(
    r"t_{\mathrm{MLP}}",
    second,
    page="prefill-latency",
    example=GPT_13B | dict(batch=1, prompt=512),
    result=0.0006883,
    assumes=("an MLP of two matrices", "no experts"),
)
def mlp_time():
    """Time of the arithmetic of one layer's MLP in a prefill: both matrices."""
    return _mlp_work / (n_devices * peak_flops)
