"""Every public function and class of the library documents every argument, numpydoc style."""

import importlib
import inspect
import pkgutil
import re
from dataclasses import is_dataclass

import pytest

import llm_latency


def public_objects():
    for info in pkgutil.iter_modules(llm_latency.__path__):
        module = importlib.import_module(f"llm_latency.{info.name}")
        for name, value in vars(module).items():
            documented = inspect.isfunction(value) or inspect.isclass(value)
            own = getattr(value, "__module__", None) == module.__name__
            if documented and own and not name.startswith("_"):
                yield pytest.param(value, id=f"{module.__name__}.{name}")


def arguments(value):
    """List the arguments that a docstring must describe."""
    if inspect.isclass(value) and not is_dataclass(value) and "__init__" not in vars(value):
        return []
    return [name for name in inspect.signature(value).parameters if name != "self"]


def documented_arguments(doc):
    """List the names that the Parameters section describes."""
    section = doc.partition("\nParameters\n----------\n")[2]
    names = [line.split(" : ")[0] for line in section.splitlines() if re.match(r"[*\w, ]+ : ", line)]
    return {name.strip().lstrip("*") for names_of_line in names for name in names_of_line.split(",")}


@pytest.mark.parametrize("value", list(public_objects()))
def test_documented(value):
    doc = inspect.getdoc(value)
    assert doc, "no docstring"
    summary = doc.splitlines()[0]
    assert summary.endswith((".", ":"))
    assert len(summary) <= 110
    assert set(arguments(value)) <= documented_arguments(doc)
    returns = inspect.isfunction(value) and inspect.signature(value).return_annotation not in (None, "None")
    assert not returns or re.search(r"\n(Returns\n-------|Yields\n------)\n", doc)


@pytest.mark.parametrize("module", [info.name for info in pkgutil.iter_modules(llm_latency.__path__)])
def test_public_names_are_listed(module):
    module = importlib.import_module(f"llm_latency.{module}")
    own = {
        name
        for name, value in vars(module).items()
        if getattr(value, "__module__", None) == module.__name__
        and (inspect.isfunction(value) or inspect.isclass(value))
        and not name.startswith("_")
    }
    internal = {"RegisteredSymbol", "BroadcastingPrinter", "Term"}
    assert own - internal <= set(module.__all__)
    assert list(module.__all__) == sorted(module.__all__, key=lambda name: (not name.isupper(), name.islower(), name))
