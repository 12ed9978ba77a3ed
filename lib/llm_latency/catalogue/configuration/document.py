"""Where a configuration comes from: a file, a folder or a mapping, and which part describes the language model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from llm_latency.catalogue.configuration.keys import Keys
from llm_latency.suggestions import short

__all__ = []

LANGUAGE_PARTS = ("text_config", "language_config", "llm_config", "thinker_config", "language_model")
OTHER_PARTS = ("vision_config", "audio_config", "vision_tower_config", "visual")
STORAGE_KEYS = ("quantization_config", "compression_config", "quantization")
SIBLING = "hf_quant_config.json"
DEEPEST, LARGEST = 50, 64 * 2**20
"""How deep a configuration may be nested, and how many bytes a file may have."""


@dataclass(frozen=True)
class Document:
    """A configuration, opened.

    Parameters
    ----------
    language : Keys
        The part that describes the language model, with what the outside says about it.
    storage : Keys or None
        The part that says how weights are stored.
    folder : Path or None
        Where it was found.
    beside : tuple of str
        Parts of the model that are not its language part.
    """

    language: Keys
    storage: Keys | None
    folder: Path | None
    beside: tuple[str, ...]

    @property
    def name(self) -> str | None:
        """The name of the folder, which most people call as the model."""
        return self.folder.resolve().name[:80] if self.folder is not None else None


def opened(source: str | PathLike | Mapping) -> Document:
    """Open a configuration.

    Parameters
    ----------
    source : str, os.PathLike or Mapping
        A ``config.json``, a folder with one, or its contents.

    Returns
    -------
    Document
        Its parts.

    Raises
    ------
    ValueError
        If it is not a configuration.
    FileNotFoundError
        If there is no such file.
    """
    if isinstance(source, Mapping):
        whole, label, folder = source, "configuration", None
    elif isinstance(source, str | PathLike):
        path = Path(source)
        path = path / "config.json" if path.is_dir() else path
        whole, label, folder = _loaded(path), path.name, path.parent
    else:
        raise ValueError(f"{short(source)} must be the path of a configuration, a folder with one, or a mapping")
    _check_depth(whole, label)
    sibling = folder / SIBLING if folder is not None else None
    quantised = Keys(_loaded(sibling), SIBLING) if sibling is not None and sibling.is_file() else None
    inner = next((name for name in LANGUAGE_PARTS if isinstance(whole.get(name), Mapping)), None)
    language = _with_outside(whole, whole[inner]) if inner else whole
    keys = Keys(language, f"{label}: {inner}" if inner else label)
    beside = tuple(name.split("_")[0] for name in OTHER_PARTS if isinstance(whole.get(name), Mapping))
    return Document(keys, _storage_of(whole, keys, label, quantised), folder, beside)


def _with_outside(whole: Mapping, inner: Mapping) -> dict:
    """Return the language part with what the outside says about it and it does not say itself."""
    language = dict(inner)
    nested = next((name for name in LANGUAGE_PARTS if isinstance(inner.get(name), Mapping)), None)
    if nested:  # a thinker that holds a text part
        return _with_outside(whole, _with_outside(inner, inner[nested]))
    for name in ("dtype", "torch_dtype", "tie_word_embeddings"):
        if language.get(name) is None and whole.get(name) is not None:
            language[name] = whole[name]
    if "model_type" not in language and isinstance(whole.get("model_type"), str):
        language["model_type"] = whole["model_type"]
    return language


def _storage_of(whole: Mapping, language: Keys, label: str, sibling: Keys | None) -> Keys | None:
    """Return the part that says how weights are stored: outside, inside, or in a file beside it."""
    for keys in (language, Keys(whole, label)):
        for name in STORAGE_KEYS:
            if keys.get(name) is not None:
                return keys.part(name)
    if sibling is None:
        return None
    return sibling.part("quantization") or sibling


def _loaded(path: Path) -> Mapping:
    """Read a JSON file, with errors that name it."""
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError(f"{path.name} has more than {LARGEST // 2**20} MiB: that is not a configuration")
        text = _text(path)
        found = json.loads(text, object_pairs_hook=lambda pairs: _unique(pairs, path.name))
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} is not a text in UTF-8 or UTF-16") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"{path.name} is not JSON: {error.msg} in line {error.lineno}") from error
    except RecursionError as error:
        raise ValueError(f"{path.name} is nested too deep to be a configuration") from error
    if not isinstance(found, Mapping):
        raise ValueError(f"{path.name} holds a {type(found).__name__}, not a configuration")
    return found


def _text(path: Path) -> str:
    data = path.read_bytes()
    return data.decode("utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")


def _unique(pairs: list[tuple[str, object]], label: str) -> dict:
    """Refuse a key that is given twice with different values."""
    found = dict(pairs)
    if len(found) < len(pairs):
        for name, value in pairs:
            if found[name] != value:
                raise ValueError(f"{label}: {short(name)} is given twice, as {short(value)} and {short(found[name])}")
    return found


def _check_depth(values: object, label: str) -> None:
    level = [values]
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            if isinstance(outer, Mapping | list)
            for inner in (outer.values() if isinstance(outer, Mapping) else outer)
            if isinstance(inner, Mapping | list)
        ]
        if not level:
            return
    raise ValueError(f"{label} is nested deeper than {DEEPEST} levels: that is not a configuration")
