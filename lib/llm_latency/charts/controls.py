"""How a reader sees a quantity and sets a variable: its name, its unit, its range."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from llm_latency.notation import FLOP, bit, byte, second
from llm_latency.numerals import javascript_numeral

__all__ = ["DISPLAY", "SLIDERS", "Display", "Slider"]


@dataclass(frozen=True)
class Display:
    """How a quantity is shown to a reader.

    Parameters
    ----------
    name : str
        What the quantity is.
    unit : str
        The displayed unit.
    per_si : float, optional
        Displayed units per SI unit.
    digits : int, optional
        Significant digits.
    """

    name: str
    unit: str
    per_si: float = 1
    digits: int = 4

    @property
    def title(self) -> str:
        """The name with its unit, for an axis."""
        return f"{self.name} [{self.unit}]"

    def scaled(self, expression: str) -> str:
        """Turn a Vega expression in SI units into one in the displayed unit.

        Parameters
        ----------
        expression : str
            The expression, SI units.

        Returns
        -------
        str
            The expression in the displayed unit.
        """
        return expression if self.per_si == 1 else f"{self.per_si!r}*({expression})"

    def text(self, expression: str) -> str:
        """Write the Vega expression of a value as text; a long number is rounded to a whole one.

        Parameters
        ----------
        expression : str
            Vega expression of the value in the displayed unit.

        Returns
        -------
        str
            Vega expression of a text.
        """
        number = javascript_numeral(expression, f".{self.digits}~r", ".0f")
        return f"{number} + ' {self.unit}'" if self.unit else number


DISPLAY = {
    second: Display("time", "ms", 1e3),
    byte: Display("memory", "GB", 1e-9),
    bit: Display("storage", "bit"),
    FLOP: Display("work", "GFLOP", 1e-9),
    FLOP / second: Display("rate", "TFLOP/s", 1e-12),
    FLOP / byte: Display("arithmetic intensity", "FLOP/byte"),
    sp.S.One: Display("number", ""),
}
"""How a quantity of each unit is displayed."""


@dataclass(frozen=True)
class Slider:
    """A slider for one variable: its label, its range and its step.

    Parameters
    ----------
    label : str
        Label beside the slider, with the displayed unit.
    low, high, step : float
        Range and step, in the displayed unit.
    scale : float, optional
        SI units per displayed unit.
    """

    label: str
    low: float
    high: float
    step: float
    scale: float = 1

    def si(self, name: str) -> str:
        """Write the Vega expression of a value in SI units.

        Parameters
        ----------
        name : str
            Vega expression of the value in the displayed unit.

        Returns
        -------
        str
            The expression.
        """
        return name if self.scale == 1 else f"{name}*{self.scale!r}"

    def displayed(self, value: str) -> str:
        """Write the Vega expression of a value in the displayed unit.

        Parameters
        ----------
        value : str
            Vega expression of the value in SI units.

        Returns
        -------
        str
            The expression.
        """
        return value if self.scale == 1 else f"({value})/{self.scale!r}"

    def control(self, name: str, value: float) -> dict:
        """Return the slider as a parameter of the specification.

        Parameters
        ----------
        name : str
            Name of the variable in expressions.
        value : float
            Initial value, in the displayed unit.

        Returns
        -------
        dict
            The parameter.

        Raises
        ------
        ValueError
            If the value is outside the range.
        """
        if not self.low <= value <= self.high:
            raise ValueError(f"{name} = {value}: must be from {self.low} to {self.high}")
        bind = {"input": "range", "min": self.low, "max": self.high, "step": self.step, "name": self.label}
        return {"name": name, "value": float(value), "bind": bind}


SLIDERS = {
    "batch": Slider("batch B", 1, 1024, 1),
    "prompt": Slider("prompt s [tokens]", 16, 131072, 16),
    "context": Slider("context L [tokens]", 16, 131072, 16),
    "kv_length": Slider("cached tokens y [thousand]", 1, 1000, 1, 1e3),
    "index_topk": Slider("selected tokens", 256, 8192, 256),
    "index_dim": Slider("width of an index key", 32, 256, 32),
    "n_devices": Slider("devices N", 1, 64, 1),
    "tp": Slider("devices N", 1, 64, 1),
    "n_layers": Slider("layers n", 1, 128, 1),
    "d_model": Slider("width h", 256, 20480, 256),
    "n_heads": Slider("heads a", 1, 128, 1),
    "n_kv_heads": Slider("key-value heads g", 1, 128, 1),
    "n_experts": Slider("experts E", 8, 512, 1),
    "experts_per_token": Slider("experts k of a token", 1, 8, 1),
    "n_params": Slider("parameters P [billion]", 1, 700, 1, 1e9),
    "bytes_per_param": Slider("bytes per weight", 0.5, 4, 0.5),
    "weight_bits": Slider("bits of a weight", 2, 16, 1),
    "group_size": Slider("weights of one scale", 16, 1024, 16),
    "message_bytes": Slider("message [kB]", 1, 100000, 1, 1e3),
    "bytes_per_kv": Slider("bytes per cached element", 0.5, 4, 0.5),
    "mem_bandwidth": Slider("memory bandwidth [TB/s]", 0.1, 8, 0.05, 1e12),
    "mem_size": Slider("memory of a device [GB]", 8, 288, 8, 1e9),
    "peak_flops": Slider("peak [TFLOP/s]", 10, 2500, 1, 1e12),
    "link_bandwidth": Slider("link, one direction [GB/s]", 10, 900, 10, 1e9),
    "network_bandwidth": Slider("network, one direction [GB/s]", 5, 400, 5, 1e9),
    "link_latency": Slider("link latency [µs]", 0.5, 30, 0.5, 1e-6),
}
"""The slider of each variable, the same on every page."""
