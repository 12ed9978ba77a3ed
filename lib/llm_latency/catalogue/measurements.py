"""Figures that others measured, each with its source, its reading error and what is not known about it.

Call a dataset with values of fields to list the rows that match.
"""

from __future__ import annotations

from dataclasses import dataclass

from llm_latency.catalogue.dataset import Dataset

__all__ = [
    "AttentionMeasurement",
    "CollectiveMeasurement",
    "CollectiveSource",
    "ExpertMeasurement",
    "LatencyMeasurement",
    "MatmulMeasurement",
    "Measurement",
    "OperatorMeasurement",
    "ProfileMeasurement",
    "Run",
    "RunSource",
    "TokenMeasurement",
    "attention_cores",
    "collective_sources",
    "collectives",
    "expert_layers",
    "latencies",
    "layer_operators",
    "matmuls",
    "profile",
    "run_sources",
    "runs",
    "token_log",
]


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """What every measured figure comes with.

    Parameters
    ----------
    reading_error : float, unit of the figure
        Half a unit of the last printed digit, or the error of reading a chart. Most
        sources do not say how repeatable the measurement itself is.
    source, read_on, notes : str
        Where and when it was read, and what is not known about it.
    """

    reading_error: float
    source: str
    read_on: str
    notes: str


@dataclass(frozen=True, kw_only=True)
class LatencyMeasurement(Measurement):
    """A published latency of a whole batch.

    Parameters
    ----------
    model, device : str
        Keys of the catalogues.
    n_devices : int, count
        Devices, all used for tensor parallelism.
    batch, prompt, output : int, count
        Sequences, tokens of a prompt, tokens generated per sequence.
    quantity : str
        ``prefill``, ``decode_step``, ``request`` or ``mean_token``, a request's time over its
        output tokens.
    time : float, s
        The latency.
    reading_error, source, read_on, notes : float, str, str, str
        As in `Measurement`.
    """

    model: str
    device: str
    n_devices: int
    batch: int
    prompt: int
    output: int
    quantity: str
    time: float


@dataclass(frozen=True, kw_only=True)
class MatmulMeasurement(Measurement):
    """A published time of one matrix product.

    Parameters
    ----------
    device : str
        Key of the catalogue.
    rows, inner, cols : int, count
        Shape of the product.
    time : float, s
        The latency.
    reading_error, source, read_on, notes : float, str, str, str
        As in `Measurement`.
    """

    device: str
    rows: int
    inner: int
    cols: int
    time: float


@dataclass(frozen=True, kw_only=True)
class CollectiveMeasurement:
    """A published time of one collective within one server.

    Parameters
    ----------
    collective_source : str
        Key of `collective_sources`, which says where it was published and what is not known about it.
    operation : str
        ``all-reduce``, ``all-gather``, ``reduce-scatter`` or ``all-to-all``.
    device : str
        Key of the catalogue.
    implementation : str
        Library.
    n_devices : int, count
        Devices that take part.
    message_bytes : int, byte
        Size of the vector: what an all-reduce sums, an all-gather leaves on each device, and each device
        brings to a reduce-scatter or an all-to-all.
    time : float, s
        The latency.
    reading_error : float, s
        Half a unit of the last printed digit.
    """

    collective_source: str
    operation: str
    device: str
    implementation: str
    n_devices: int
    message_bytes: int
    time: float
    reading_error: float


@dataclass(frozen=True, kw_only=True)
class CollectiveSource:
    """Where times of collectives were published.

    Parameters
    ----------
    collective_source : str
        Key.
    library : str
        The software that ran, with its version.
    source, read_on, notes : str
        Where and when it was read, and what is not known.
    """

    collective_source: str
    library: str
    source: str
    read_on: str
    notes: str


@dataclass(frozen=True, kw_only=True)
class TokenMeasurement(Measurement):
    """A logged time of one token, or of several tokens in a row, for a whole batch.

    Parameters
    ----------
    batch : int, count
        Sequences.
    run : str
        Name of the run in the log.
    first_token, last_token : int, count
        Position of the tokens among the generated ones, from 1.
    time : float, s
        From before the first token to after the last.
    reading_error, source, read_on, notes : float, str, str, str
        As in `Measurement`.
    """

    batch: int
    run: str
    first_token: int
    last_token: int
    time: float


@dataclass(frozen=True, kw_only=True)
class ProfileMeasurement(Measurement):
    """One figure from a published profile of a pass.

    Parameters
    ----------
    model, device : str
        Keys of the catalogues.
    n_devices : int, count
        Devices, all used for tensor parallelism.
    prompt : int, count
        Tokens of the prompt of the single sequence.
    quantity : str
        What was measured; the notes say it in words.
    value : float
        The figure, in `unit`.
    unit : str
        ``s``, or ``1`` for a share.
    reading_error, source, read_on, notes : float, str, str, str
        As in `Measurement`.
    """

    model: str
    device: str
    n_devices: int
    prompt: int
    quantity: str
    value: float
    unit: str


@dataclass(frozen=True, kw_only=True)
class AttentionMeasurement(Measurement):
    """A published time of the attention core of one layer in a decode step.

    Parameters
    ----------
    device, engine : str
        Key of the catalogue, and the software that ran.
    n_heads, n_kv_heads : int, count
        Query heads, and key-value heads.
    latent : int
        1 for latent attention, else 0.
    batch, context : int, count
        Sequences, and cached tokens of each.
    time : float, s
        The latency.
    reading_error, source, read_on, notes : float, str, str, str
        As in `Measurement`.
    """

    device: str
    engine: str
    n_heads: int
    n_kv_heads: int
    latent: int
    batch: int
    context: int
    time: float


@dataclass(frozen=True, kw_only=True)
class ExpertMeasurement(Measurement):
    """A published number of experts that a batch touches in a layer, and the time they take.

    Parameters
    ----------
    model, device : str
        Keys of the catalogues.
    tasks : str
        What the sequences were about.
    own_routing : int
        1 for the model's own router, 0 for a variant of it.
    touched : float, count
        Different experts, on average over layers and steps.
    time : float, s
        The latency.
    reading_error, source, read_on, notes : float, str, str, str
        As in `Measurement`.
    """

    model: str
    device: str
    tasks: str
    own_routing: int
    touched: float
    time: float


@dataclass(frozen=True, kw_only=True)
class OperatorMeasurement(Measurement):
    """A published time of an operator, or of several, of one layer.

    Parameters
    ----------
    device, engine, model : str
        Keys of the catalogues, and the software that ran.
    operator : str
        Name in `ll.explain`, or ``attention block``: all that is done for attention, projections included.
    batch, prompt, context : int, count
        Sequences, new tokens of each, and tokens of each that came before.
    time : float, s
        The latency.
    reading_error, source, read_on, notes : float, str, str, str
        As in `Measurement`.
    """

    device: str
    engine: str
    model: str
    operator: str
    batch: int
    prompt: int
    context: int
    time: float


@dataclass(frozen=True, kw_only=True)
class Run:
    """A published latency of a static batch, in the terms of `llm_latency.operator_model.deployment.Deployment`.

    Parameters
    ----------
    run_source : str
        Key of `run_sources`, which says where it was published and what is not known about it.
    line : int
        Line in the source; 0 if the source has no lines.
    model, device : str
        Keys of the catalogues.
    tp, pp : int, count
        Tensor- and pipeline-parallel devices.
    weight_bits, kv_bits : float, bit
        Bits of a weight and of a cached element.
    compute_dtype : str
        Number format of the arithmetic.
    batch, prompt, output : int, count
        Sequences, tokens of a prompt, tokens generated per sequence.
    quantity : str
        ``prefill``, ``decode_step`` (the mean over the output) or ``request``.
    time : float, s
        The latency of the whole batch.
    kind : str
        ``measured``, or ``derived`` from measured latencies.
    remark : str
        The file of the source, the version of the engine, and how it was loaded, where the source has several.
    """

    run_source: str
    line: int
    model: str
    device: str
    tp: int
    pp: int
    weight_bits: float
    kv_bits: float
    compute_dtype: str
    batch: int
    prompt: int
    output: int
    quantity: str
    time: float
    kind: str
    remark: str


@dataclass(frozen=True, kw_only=True)
class RunSource:
    """Where runs were published.

    Parameters
    ----------
    run_source : str
        Key.
    engine, date : str
        The software that ran, and the date of the figures.
    source, read_on, notes : str
        Where and when it was read, and what is not known.
    """

    run_source: str
    engine: str
    date: str
    source: str
    read_on: str
    notes: str


latencies = Dataset(LatencyMeasurement, "latencies.csv")
matmuls = Dataset(MatmulMeasurement, "matmuls.csv")
collectives = Dataset(CollectiveMeasurement, "collectives.csv")
collective_sources = Dataset(CollectiveSource, "collective_sources.csv")
token_log = Dataset(TokenMeasurement, "token_log.csv")
profile = Dataset(ProfileMeasurement, "profile.csv")
attention_cores = Dataset(AttentionMeasurement, "attention_cores.csv")
expert_layers = Dataset(ExpertMeasurement, "expert_layers.csv")
layer_operators = Dataset(OperatorMeasurement, "layer_operators.csv")
runs = Dataset(Run, "runs.csv")
run_sources = Dataset(RunSource, "run_sources.csv")
