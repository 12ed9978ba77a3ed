"""Every public function and class documents every argument, numpydoc style."""

import importlib
import inspect
import pkgutil
import re
from dataclasses import is_dataclass

import book_print
import book_site
import llm_latency


def public_objects():
    for package in (llm_latency, book_print, book_site):
        for info in pkgutil.iter_modules(package.__path__):
            module = importlib.import_module(f"{package.__name__}.{info.name}")
            for name, value in vars(module).items():
                documented = inspect.isfunction(value) or inspect.isclass(value)
                own = getattr(value, "__module__", None) == module.__name__
                if documented and own and not name.startswith("_"):
                    yield f"{module.__name__}.{name}", value


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


def test_every_public_function_and_class_is_documented(faults):
    for place, value in public_objects():
        doc = inspect.getdoc(value) or ""
        with faults.at(place):
            assert doc, "has no docstring"
            summary = doc.partition("\n")[0]
            assert summary.endswith((".", ":")), f"the summary must end with a full stop or a colon: {summary}"
            assert len(summary) <= 110, f"the summary has {len(summary)} characters, at most 110 fit"
        with faults.at(place):
            missing = [name for name in arguments(value) if name not in documented_arguments(doc)]
            assert not missing, f"does not document {', '.join(missing)}"
        with faults.at(place):
            returns = inspect.isfunction(value) and inspect.signature(value).return_annotation not in (None, "None")
            has_section = re.search(r"\n(Returns\n-------|Yields\n------)\n", doc)
            assert not returns or has_section, "does not say what it returns"


def test_every_public_name_is_listed(faults):
    for info in pkgutil.iter_modules(llm_latency.__path__):
        module = importlib.import_module(f"llm_latency.{info.name}")
        own = {
            name
            for name, value in vars(module).items()
            if getattr(value, "__module__", None) == module.__name__
            and (inspect.isfunction(value) or inspect.isclass(value))
            and not name.startswith("_")
        }
        internal = {"RegisteredSymbol", "BroadcastingPrinter", "Term"}
        with faults.at(info.name, "__all__"):
            missing = sorted(own - internal - set(module.__all__))
            assert not missing, f"does not list {', '.join(missing)}"
        with faults.at(info.name, "__all__"):
            in_order = sorted(module.__all__, key=lambda name: (not name.isupper(), name.islower(), name))
            assert list(module.__all__) == in_order, f"must be in the order {', '.join(in_order)}"
