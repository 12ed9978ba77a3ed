"""One resource at a time, then the slowest: the roofline.

Two clocks run while a device works, one for the bytes it reads and one for the FLOPs it computes.
`overlapped` and `serial` say how times combine; no formula of this library combines them silently.
"""

import sympy as sp

from llm_latency.footprint import weight_bytes
from llm_latency.formula import Formula
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
from llm_latency.transformer import matmul_flops

__all__ = [
    "compute_time",
    "critical_batch",
    "decode_intensity",
    "matmul_intensity",
    "matmul_time",
    "overlapped",
    "ridge_point",
    "serial",
    "unembedding_read_time",
    "weight_read_time",
]

PAGE = "roofline"


def overlapped(*times: sp.Expr) -> sp.Expr:
    """Combine times of work that proceeds at the same moment: the longest.

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

    References
    ----------
    Derived in roofline, Eq. (eq-overlapped).
    """
    return sp.Max(*times)


def serial(*times: sp.Expr) -> sp.Expr:
    """Combine times of work that proceeds one piece after the other: the sum.

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

ridge_point = Formula(
    name="ridge_point",
    latex=r"I_{\mathrm{ridge}}",
    form=peak_flops / mem_bandwidth,
    unit=FLOP / byte,
    meaning="arithmetic intensity at which reading and computing take equally long",
    page=PAGE,
    example="peak_flops=312e12, mem_bandwidth=1.5e12",
    result="208",
)

_matmul_bytes = bytes_per_param * inner * cols + bytes_per_activation * rows * (inner + cols)

matmul_intensity = Formula(
    name="matmul_intensity",
    latex=r"I_{\mathrm{matmul}}",
    form=matmul_flops.expr / _matmul_bytes,
    unit=FLOP / byte,
    meaning="arithmetic intensity of a product of activations and weights, each matrix moved once",
    page=PAGE,
    example="rows=208, inner=12288, cols=12288, bytes_per_param=2, bytes_per_activation=2",
    result="201.2",
)

matmul_time = Formula(
    name="matmul_time",
    latex=r"t_{\mathrm{matmul}}",
    form=overlapped(_matmul_bytes / mem_bandwidth, matmul_flops.expr / peak_flops),
    unit=second,
    meaning="shortest time of one matrix product on one device, reading and computing overlapped",
    page=PAGE,
    example=(
        "rows=64, inner=12288, cols=12288, bytes_per_param=2, bytes_per_activation=2, "
        "peak_flops=312e12, mem_bandwidth=2.039e12"
    ),
    result="0.0001496",
)

weight_read_time = Formula(
    name="weight_read_time",
    latex=r"t_{\mathrm{weights}}",
    form=weight_bytes.expr / (n_devices * mem_bandwidth),
    unit=second,
    meaning="time to read every weight once, the weights spread evenly over the devices",
    page=PAGE,
    example="n_params=260e9, bytes_per_param=2, n_devices=16, mem_bandwidth=1.5e12",
    result="0.02167",
    assumes=("no experts",),
)

compute_time = Formula(
    name="compute_time",
    latex=r"t_{\mathrm{compute}}",
    form=tokens * flops_per_mac * n_params / (n_devices * peak_flops),
    unit=second,
    meaning="time of the weight matrices' arithmetic, spread evenly over the devices",
    page=PAGE,
    example="tokens=512, n_params=260e9, n_devices=16, peak_flops=312e12",
    result="0.05333",
    assumes=("no experts",),
)

decode_intensity = Formula(
    name="decode_intensity",
    latex=r"I_{\mathrm{decode}}",
    form=batch * flops_per_mac / bytes_per_param,
    unit=FLOP / byte,
    meaning="arithmetic intensity of a decode step, its weights read once for the whole batch",
    page=PAGE,
    example="batch=512, bytes_per_param=2",
    result="512",
)

critical_batch = Formula(
    name="critical_batch",
    latex=r"B^{*}",
    form=bytes_per_param / flops_per_mac * ridge_point.expr,
    unit=sp.S.One,
    meaning="batch at which a decode step computes for as long as it reads its weights",
    page="decode-latency",
    example="bytes_per_param=2, peak_flops=312e12, mem_bandwidth=1.5e12",
    result="208",
)

unembedding_read_time = Formula(
    name="unembedding_read_time",
    latex=r"t_{\mathrm{unembedding}}",
    form=bytes_per_param * vocab * d_model / (n_devices * mem_bandwidth),
    unit=second,
    meaning="time to read the matrix that turns the last vector into one logit per token of the vocabulary",
    page="example-13b-decode",
    example="vocab=51200, d_model=5120, bytes_per_param=2, n_devices=1, mem_bandwidth=1.555e12",
    result="0.0003372",
)
