"""From a configuration to the fields of a `Model`."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from os import PathLike

from llm_latency.catalogue.configuration.architectures import ARCHITECTURES, Architecture
from llm_latency.catalogue.configuration.arithmetic import read_compute_dtype
from llm_latency.catalogue.configuration.document import Document, opened
from llm_latency.catalogue.configuration.formats import read_storage
from llm_latency.catalogue.configuration.keys import Keys
from llm_latency.catalogue.configuration.modules import EMBEDDING, HEAD, Module, Places, modules_of
from llm_latency.catalogue.configuration.patterns import DENSE, EXPERTS, NONE
from llm_latency.catalogue.configuration.schemes import EXPERT_DTYPES
from llm_latency.catalogue.configuration.storage import Storage
from llm_latency.catalogue.configuration.stored_bytes import StoredBytes, bytes_held, bytes_said, difference
from llm_latency.catalogue.configuration.weight_files import WeightFiles, weight_files_in
from llm_latency.catalogue.layers import BITS_PER_BYTE, CAN_LACK
from llm_latency.catalogue.rows import read_rows
from llm_latency.suggestions import short, suggestion

__all__ = ["model_fields"]

MOST_LAYERS = 10_000
DTYPES = {"float16": 16, "bfloat16": 16, "half": 16, "float32": 32, "float": 32, "float64": 64}
RUN_BITS = 16
FEW_BITS = re.compile(r"[2-8]bit|int[48]|gptq|awq", re.IGNORECASE)
"""What the name of a class says of quantised weights, where the file does not say how they are stored."""


def model_fields(source: str | PathLike | Mapping, dtype: str | None = None) -> dict:
    """Read the fields of a model from its configuration.

    Parameters
    ----------
    source : str, os.PathLike or Mapping
        A ``config.json``, a folder with one, or its contents.
    dtype : str, optional
        Number format of what is not quantised, such as ``float32``, in place of that of the file.

    Returns
    -------
    dict
        Fields of `Model`, with a remark.

    Raises
    ------
    ValueError
        If the architecture or the format of storage is not known, or a value is not legal.

    Examples
    --------
    >>> fields = model_fields({"model_type": "gpt2", "n_layer": 12, "n_embd": 768, "n_head": 12,
    ...                        "n_positions": 1024, "vocab_size": 50257, "torch_dtype": "float16"})
    >>> fields["mlp_width"], fields["vocab_matrices"]
    (3072, 1)

    References
    ----------
    Configuration classes of Hugging Face transformers 5.24.0, ``src/transformers/models``.
    """
    document = opened(source)
    keys, architecture = _architecture(document.language)
    _check_decoder(keys)
    n_layers = keys.count("num_hidden_layers", _listed_layers(keys), most=MOST_LAYERS)
    plain, activation, remarks = _plain_bits(keys, dtype)
    whole = {
        "n_layers": n_layers,
        "d_model": keys.count("hidden_size"),
        "vocab": keys.count("vocab_size"),
        "vocab_matrices": 1 if keys.flag("tie_word_embeddings", True) else 2,
        "bytes_per_activation": activation / BITS_PER_BYTE,
        "compute_dtype": read_compute_dtype(document.storage),
    }
    if (state := _given_bits(keys, "mamba_ssm_dtype", "mamba_ssm_cache_dtype")) is not None:
        whole["bytes_per_state"] = state / BITS_PER_BYTE
    if architecture.positions is not None:
        whole["n_positions"] = keys.count("max_position_embeddings") + architecture.positions
    if document.beside:
        remarks.append(f"Only the language part: the {' and '.join(document.beside)} part is not included.")
    layers = _layers(keys, architecture, n_layers)
    modules = _modules(layers, whole["d_model"], architecture.places)
    stored, kv_bits, told = _settled(document, keys, plain, modules, whole)
    whole |= {
        "bytes_per_param": plain / BITS_PER_BYTE,
        "bytes_per_vocab_param": stored.ends[EMBEDDING],
        "bytes_per_head_param": stored.ends[EMBEDDING if whole["vocab_matrices"] == 1 else HEAD],
        "bytes_per_kv": (activation if kv_bits is None else kv_bits) / BITS_PER_BYTE,
    }
    whole |= _in_groups([own | stored.fields(layer) for layer, own in enumerate(layers)])
    remarks += told
    return whole | {"name": document.name or keys.word("model_type"), "remark": " ".join(remarks)}


def _architecture(language: Keys) -> tuple[Keys, Architecture]:
    """Return the row of an architecture, and the keys with its names and defaults."""
    kind = _kind_of(language)
    row = ARCHITECTURES[kind]
    defaults = _defaults().get(row.defaults or kind, {})
    return Keys(language.values, language.label, defaults, row.names), row


def _kind_of(language: Keys) -> str:
    """Return the name of the row: that of the language part, or of a whole model that has only one."""
    kind = language.word("model_type")
    classes = language.items("architectures") or []
    named = {name.replace("_", ""): name for name in ARCHITECTURES}
    candidates = [kind, f"{kind}_text", *(named.get(each.removesuffix("ForCausalLM").lower()) for each in classes)]
    found = next((each for each in candidates if each in ARCHITECTURES), None)
    if found is None and kind is None:
        raise ValueError(
            f"{language.label}: model_type is missing; it must be one of {len(ARCHITECTURES)}, such as llama"
        )
    if found is None:
        hint = suggestion(kind, ARCHITECTURES)
        known = f"{len(ARCHITECTURES)} architectures are known"
        raise ValueError(f"{language.label}: unknown model_type {short(kind)}; {hint}{known}")
    return found


@cache
def _defaults() -> dict[str, dict[str, object]]:
    """Return the defaults of configuration classes by their ``model_type``."""
    return {row["model_type"]: json.loads(row["defaults"]) for row in read_rows("architectures.csv")}


def _listed_layers(keys: Keys) -> int | None:
    """Return how many layers a list of them has, for configurations that give no number."""
    blocks = keys.items("layers_block_type")
    return len(blocks) if blocks else None


def _check_decoder(keys: Keys) -> None:
    for key in ("is_encoder_decoder", "add_cross_attention"):
        if keys.flag(key):
            raise keys.error(key, True, "false: only decoder-only transformers are read")


def _storage_of(document: Document, keys: Keys, plain: float) -> Storage:
    """Read how the configuration says that weights are stored."""
    if document.storage is None:
        _check_class(keys)
    storage = read_storage(document.storage, plain)
    experts = keys.word("expert_dtype")
    if experts is None:
        return storage
    if experts not in EXPERT_DTYPES:
        raise keys.error("expert_dtype", experts, f"one of {', '.join(EXPERT_DTYPES)}")
    return replace(storage, expert_bits=EXPERT_DTYPES[experts])


def _settled(
    document: Document, keys: Keys, plain: float, modules: list[list[Module]], whole: Mapping
) -> tuple[StoredBytes, float | None, list[str]]:
    """Return the bytes of weights, from weight files if they are there, the bits of a cached element, and remarks."""
    files, unknown = weight_files_in(document.folder), None
    try:
        storage = _storage_of(document, keys, plain)
    except ValueError as error:
        if not isinstance(files, WeightFiles):
            raise
        storage, unknown = Storage(plain, plain), error
    said = bytes_said(storage, modules)
    if not isinstance(files, WeightFiles):
        return said, storage.kv_bits, [files] if files else []
    vocabulary, tied = whole["vocab"] * whole["d_model"], whole["vocab_matrices"] == 1
    try:
        held = bytes_held(files, modules, vocabulary, tied, plain / BITS_PER_BYTE)
    except LookupError as error:
        if unknown:
            raise ValueError(f"{unknown}; and the weight files beside it {error}") from error
        return said, storage.kv_bits, [f"Stored as the configuration says: the weight files beside it {error}."]
    several = f"{files.number} weight files beside it say" if files.number > 1 else "weight file beside it says"
    told = [f"Stored as the {several}."]
    told += (
        [f"What the configuration says is not read: {unknown}."] if unknown else difference(said, held, files, modules)
    )
    if beside := files.not_counted(len(modules)):
        told.append(f"Not counted: {', '.join(beside)}.")
    return held, storage.kv_bits, told


def _check_class(keys: Keys) -> None:
    """Refuse a file that says only by the name of a class that its weights are quantised."""
    for name in keys.items("architectures") or []:
        if FEW_BITS.search(name):
            raise ValueError(
                f"{keys.label}: architectures is {short(name)}, but no quantization_config says how it stores"
            )


def _plain_bits(keys: Keys, dtype: str | None) -> tuple[float, float, list[str]]:
    """Return the bits of a weight that is not quantised, those of an activation, and what to say about them."""
    given = _given_bits(keys, "dtype", "torch_dtype")
    if dtype is not None:
        if dtype not in DTYPES:
            raise ValueError(f"dtype = {short(dtype)}: must be one of {', '.join(DTYPES)}")
        return DTYPES[dtype], DTYPES[dtype], []
    if given is None:
        return RUN_BITS, RUN_BITS, ["The file does not say in how many bits it is stored: 16 are assumed."]
    if given > RUN_BITS:
        return RUN_BITS, RUN_BITS, [f"Stored in {given} bits, and run in 16 unless told otherwise."]
    return RUN_BITS, RUN_BITS, []


def _given_bits(keys: Keys, *names: str) -> int | None:
    """Return the bits of a number format that keys give by its name, if any does; several must agree."""
    given = [(name, keys.word(name)) for name in names]
    given = [(name, value.removeprefix("torch.")) for name, value in given if value not in (None, "auto")]
    for name, value in given:
        if value not in DTYPES:
            raise keys.error(name, value, f"one of {', '.join(DTYPES)}")
        if DTYPES[value] != DTYPES[given[0][1]]:
            raise keys.error(name, value, f"{given[0][1]}, which is the {given[0][0]}")
    return DTYPES[given[0][1]] if given else None


def _layers(keys: Keys, row: Architecture, n_layers: int) -> list[dict[str, int]]:
    """Return the fields of every layer."""
    if row.each is not None:
        return [_finished([fields], row, False) for fields in row.each(keys, n_layers)]
    kinds, mlps = row.kinds(keys, n_layers), row.mlps(keys, n_layers)
    if set(mlps) == {DENSE} and keys.has("num_experts") and keys.count("num_experts", least=0) > 1:
        legal = f"missing: {keys.word('model_type')} is read without experts"
        raise keys.error("num_experts", keys.get("num_experts"), legal)
    others, parallel = row.others(keys), row.parallel(keys)
    mixers = {kind: [row.part(kind)(keys)] for kind in dict.fromkeys(kinds)}
    if row.beside:
        state = row.recurrent(keys)
        mixers = {kind: [*parts, state] for kind, parts in mixers.items()}
    read = {DENSE: row.mlp, EXPERTS: row.experts, NONE: lambda keys: {}}
    inner = {mlp: read[mlp](keys) for mlp in dict.fromkeys(mlps)}
    made = {}
    for kind, mlp in dict.fromkeys(zip(kinds, mlps, strict=True)):
        blocks = [each for each in (*mixers[kind], inner[mlp]) if each]
        made[kind, mlp] = _finished([*blocks, others], row, parallel or len(blocks) < 2)
    return [made[pair] for pair in zip(kinds, mlps, strict=True)]


def _finished(parts: list[dict[str, int]], row: Architecture, single: bool) -> dict[str, int]:
    """Put the parts of a layer together; `single` says whether they are one block of the residual stream."""
    return _merged(parts) | {"mlp_matrices": row.matrices, "residual_blocks": 1 if single else 2}


def _merged(parts: list[dict[str, int]]) -> dict[str, int]:
    """Put the fields of a layer's parts together; say explicitly that it has no attention, or no MLP."""
    found = {name: value for part in parts for name, value in part.items()}
    if others := sum(part.get("other_params", 0) for part in parts):
        found["other_params"] = others
    return found | _absent(found)


def _absent(fields: Mapping[str, int]) -> dict[str, int]:
    """Say explicitly that a layer has no attention, or no MLP."""
    found = {} if "n_heads" in fields else {"n_heads": 0}
    return found | ({} if {"mlp_width", "n_experts"} & fields.keys() else {"mlp_width": 0})


def _modules(layers: list[dict], d_model: int, places: Places) -> list[list[Module]]:
    """Return the modules of every layer; layers that are alike share them."""
    known: dict[tuple, list[Module]] = {}
    for fields in layers:
        key = tuple(fields.items())
        if key not in known:
            known[key] = list(modules_of(fields, d_model, places))
    return [known[tuple(fields.items())] for fields in layers]


def _in_groups(layers: list[dict]) -> dict:
    """Return the fields that most layers have, and the groups of those that depart from them."""
    found = [tuple(fields.items()) for fields in layers]
    first = {fields: number for number, fields in reversed([*enumerate(found)])}
    counts = Counter(found)
    shared = dict(counts.most_common(1)[0][0])
    groups = {}
    for fields, count in counts.items():
        own = dict(fields)
        if own == shared:
            continue
        departing = {name: value for name, value in own.items() if shared.get(name) != value}
        departing |= {name: 0 for name in shared if name not in own and name in CAN_LACK}
        groups[f"as layer {first[fields]}"] = {"n_layers": count} | departing
    return shared | ({"groups": groups} if groups else {})
