"""One resource at a time, then the slowest: the roofline.

Two clocks run while a device works, one for the bytes it reads and one for the FLOPs it computes.
`overlapped` and `serial` say how times combine; no formula of this library combines them silently.
"""

import sympy as sp

from llm_latency.formula import formula
from llm_latency.formulas.examples import A100, GPT_13B, GPT_260B
from llm_latency.formulas.footprint import weight_bytes
from llm_latency.formulas.transformer import matmul_flops
from llm_latency.notation import (
    FLOP,
    batch,
    byte,
    bytes_per_activation,
    bytes_per_param,
    cols,
    d_model,
    flops_per_mac,
    inner,
    mem_bandwidth,
    n_devices,
    n_params,
    peak_flops,
    rows,
    second,
    tokens,
    vocab,
)

PAGE = "roofline"


def overlapped(*times: sp.Expr) -> sp.Expr:
    """Combine the times of pieces of work that run at the same time: the longest.

    Parameters
    ----------
    *times : sympy.Expr
        Times, second.

    Returns
    -------
    sympy.Expr
        Their maximum, second.

    Examples
    --------
    >>> overlapped(sp.Integer(3), sp.Integer(5))
    5
    >>> overlapped(sp.Integer(0), sp.Integer(0))
    0

    References
    ----------
    Derived in roofline, Eq. (eq-overlapped).
    """
    # SymPy's search for a time that is never the longest takes most of a second for the sums of the operator model.
    some = [time for time in times if time != 0]
    return sp.Max(*some, evaluate=all(time.is_number for time in some)) if some else sp.S.Zero


def serial(*times: sp.Expr) -> sp.Expr:
    """Combine the times of pieces of work that run one after the other: the sum.

    Parameters
    ----------
    *times : sympy.Expr
        Times, second.

    Returns
    -------
    sympy.Expr
        Their sum, second.

    Examples
    --------
    >>> serial(sp.Integer(3), sp.Integer(5))
    8

    References
    ----------
    Derived in roofline, Eq. (eq-serial).
    """
    return sp.Add(*times)


@formula(r"I_{\mathrm{ridge}}", FLOP / byte, page=PAGE, example=A100, result=208)
def ridge_point():
    """Arithmetic intensity at which reading and computing take equally long."""
    return peak_flops / mem_bandwidth


_matmul_bytes = bytes_per_param * inner * cols + bytes_per_activation * rows * (inner + cols)


@formula(
    r"I_{\mathrm{matmul}}",
    FLOP / byte,
    page=PAGE,
    example=GPT_13B | dict(rows=208, inner=12288, cols=12288),
    result=201.2,
)
def matmul_intensity():
    """Arithmetic intensity of a product of activations and weights, each matrix moved once."""
    return matmul_flops.expr / _matmul_bytes


@formula(
    r"t_{\mathrm{matmul}}",
    second,
    page=PAGE,
    example=GPT_13B | dict(rows=64, inner=12288, cols=12288, mem_bandwidth=2.039e12),
    result=0.0001496,
)
def matmul_time():
    """Shortest time of one matrix product on one device, reading and computing overlapped."""
    return overlapped(_matmul_bytes / mem_bandwidth, matmul_flops.expr / peak_flops)


@formula(r"t_{\mathrm{weights}}", second, page=PAGE, example=GPT_260B, result=0.02167, assumes=("no experts",))
def weight_read_time():
    """Time to read every weight once, the weights spread evenly over the devices."""
    return weight_bytes.expr / (n_devices * mem_bandwidth)


@formula(
    r"t_{\mathrm{compute}}",
    second,
    page=PAGE,
    example=GPT_260B | dict(tokens=512),
    result=0.05333,
    assumes=("no experts",),
)
def compute_time():
    """Time of the weight matrices' arithmetic, spread evenly over the devices."""
    return tokens * flops_per_mac * n_params / (n_devices * peak_flops)


@formula(r"I_{\mathrm{decode}}", FLOP / byte, page=PAGE, example=dict(batch=512, bytes_per_param=2), result=512)
def decode_intensity():
    """Arithmetic intensity of a decode step, its weights read once for the whole batch."""
    return batch * flops_per_mac / bytes_per_param


@formula(r"B^{*}", sp.S.One, page="decode-latency", example=GPT_13B, result=208)
def critical_batch():
    """Batch at which a decode step computes for as long as it reads its weights."""
    return bytes_per_param / flops_per_mac * ridge_point.expr


@formula(
    r"t_{\mathrm{unembedding}}",
    second,
    page="example-13b-decode",
    example=GPT_13B | dict(mem_bandwidth=1.555e12),
    result=0.0003372,
)
def unembedding_read_time():
    """Time to read the matrix that turns the last vector into one logit per token of the vocabulary."""
    return bytes_per_param * vocab * d_model / (n_devices * mem_bandwidth)
