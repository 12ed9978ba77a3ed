"""The two passes over a model, a decode step and a prefill: what each means for the operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy as sp

from llm_latency.evaluation import value_of
from llm_latency.formula import arguments_of
from llm_latency.formulas.attention import mean_keys, mean_windowed_keys, windowed_kv_reach
from llm_latency.formulas.long_context import mean_chunked_keys
from llm_latency.notation import (
    batch,
    chunk,
    chunked_keys,
    chunked_kv_length,
    context,
    draft_tokens,
    index_topk,
    keys,
    kv_length,
    microbatches,
    output,
    pp,
    prompt,
    selected_keys,
    selected_kv_length,
    tokens,
    window,
    windowed_keys,
    windowed_kv_length,
)

__all__ = ["DECODE", "PREFILL", "Pass"]


@dataclass(frozen=True, eq=False)
class Pass:
    """A kind of pass: what a request means for its operators.

    Parameters
    ----------
    name : str
        What it is called.
    absorbed : bool
        Whether latent attention works on compressed vectors.
    derive_reach : callable
        Returns `reach`; it is called once, when first needed.
    rounds : sympy.Expr
        How often a stage runs it, on one micro-batch at a time.

    Examples
    --------
    >>> PREFILL.reach[tokens]
    batch*prompt

    References
    ----------
    Derived in operator-model.
    """

    name: str
    absorbed: bool
    derive_reach: Callable[[], Mapping[sp.Symbol, sp.Expr]]
    rounds: sp.Expr

    @cached_property
    def reach(self) -> Mapping[sp.Symbol, sp.Expr]:
        """Tokens, and keys of a query and of the cache, in the symbols of the request."""
        return self.derive_reach()

    def values(self, request: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return all values that a pass over one micro-batch needs.

        Parameters
        ----------
        request : mapping of str to numpy.ndarray
            Values of a deployment and of a request, by their names in the registry.

        Returns
        -------
        dict of str to numpy.ndarray
            The same for one micro-batch, with tokens and keys; those of windows need the sizes of a layer, too.
        """
        return self.reached({**request, "batch": request["batch"] / request["microbatches"]})

    def reached(self, values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Add the tokens and keys that follow from values of one micro-batch and are not among them.

        Parameters
        ----------
        values : mapping of str to numpy.ndarray
            Values by their names in the registry, such as those of `values` and the sizes of a layer.

        Returns
        -------
        dict of str to numpy.ndarray
            The values, and what was added.
        """
        follows = {
            symbol.name: value_of(expr, values)
            for symbol, expr in self.reach.items()
            if symbol.name not in values and {*arguments_of(expr)} <= values.keys()
        }
        return {**values, **follows}


_new = output + draft_tokens
# One of `output` steps in a row, each of which generates a token, at their mean number of keys; or a single step, which
# verifies drafted tokens, too.
DECODE = Pass(
    "decode step",
    absorbed=True,
    derive_reach=lambda: {
        tokens: batch * (1 + draft_tokens),
        keys: mean_keys.expr.subs(prompt, _new),
        kv_length: mean_keys.expr.subs(prompt, output) + draft_tokens,
        windowed_keys: mean_windowed_keys.expr.subs(prompt, _new),
        windowed_kv_length: mean_windowed_keys.expr.subs(prompt, output) + draft_tokens,
        chunked_keys: mean_chunked_keys.expr.subs(prompt, _new),
        chunked_kv_length: mean_chunked_keys.expr.subs(prompt, output) + draft_tokens,
        selected_keys: mean_windowed_keys.expr.subs({prompt: _new, window: index_topk}),
        selected_kv_length: mean_windowed_keys.expr.subs({prompt: output, window: index_topk}) + draft_tokens,
    },
    # A stage serves every micro-batch; a token crosses all stages.
    rounds=sp.Max(1, microbatches / pp),
)
# A pass over prompts, or over the rest of prompts whose beginning is in the cache.
PREFILL = Pass(
    "prefill",
    absorbed=False,
    derive_reach=lambda: {
        tokens: batch * prompt,
        keys: mean_keys.expr,
        kv_length: context + prompt,
        windowed_keys: mean_windowed_keys.expr,
        windowed_kv_length: windowed_kv_reach.expr,
        chunked_keys: mean_chunked_keys.expr,
        chunked_kv_length: context - chunk * sp.floor(context / chunk) + prompt,
        selected_keys: mean_windowed_keys.expr.subs(window, index_topk),
        # Of the cache at least what one query selects, and all that is new: what one leaves out, another selects.
        selected_kv_length: windowed_kv_reach.expr.subs(window, index_topk),
    },
    # The first micro-batch crosses all stages; each further one adds one stage.
    rounds=1 + (microbatches - 1) / pp,
)
