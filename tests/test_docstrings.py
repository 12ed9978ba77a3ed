"""Every public function and class of the library documents every argument, numpydoc style."""

import importlib
import inspect
import pkgutil
import re
from dataclasses import fields, is_dataclass

import llm_latency
from llm_latency.catalogue.tables import Spec


def public_objects():
    """Yield what the modules of the library list in `__all__`, or define without it, as name and object."""
    for info in pkgutil.walk_packages(llm_latency.__path__, "llm_latency."):
        module = importlib.import_module(info.name)
        own = {name for name, value in vars(module).items() if getattr(value, "__module__", None) == info.name}
        for name in sorted(own & {*getattr(module, "__all__", [name for name in own if name[0] != "_"])}):
            value = getattr(module, name)
            if inspect.isfunction(value) or inspect.isclass(value):
                yield f"{info.name}.{name}", value


def arguments(value):
    """List the arguments that a docstring must describe; a layer's fields are described where they are defined."""
    if inspect.isclass(value) and not is_dataclass(value) and "__init__" not in vars(value):
        return []
    own = inspect.signature(value, follow_wrapped=False).parameters
    options = inspect.signature(llm_latency.Deployment).parameters.keys() - {"model", "device"}
    bases = [base for base in getattr(value, "__bases__", ()) if is_dataclass(base) and base is not Spec]
    inherited = {field.name for base in bases for field in fields(base)}
    given = [name for name in own if name != "self" and name not in inherited]
    return given if value is llm_latency.Deployment else [name for name in given if name not in options]


def documented_arguments(doc):
    """List the names that the Parameters section describes."""
    section = doc.partition("\nParameters\n----------\n")[2]
    names = [line.split(" : ")[0] for line in section.splitlines() if re.match(r"[*\w, ]+ : ", line)]
    return {name.strip().lstrip("*") for names_of_line in names for name in names_of_line.split(",")}


def test_every_public_function_and_class_is_documented(faults):
    found = dict(public_objects())
    assert len(found) > 60
    for place, value in found.items():
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


def test_what_a_module_lists_is_there_and_in_order(faults):
    for info in pkgutil.walk_packages(llm_latency.__path__, "llm_latency."):
        module = importlib.import_module(info.name)
        listed = list(getattr(module, "__all__", []))
        with faults.at(info.name, "__all__"):
            assert all(hasattr(module, name) for name in listed), "names what is not there"
        with faults.at(info.name, "__all__"):
            in_order = sorted(listed, key=lambda name: (not name.isupper(), name.islower(), name))
            assert listed == in_order, f"must be in the order {', '.join(in_order)}"
