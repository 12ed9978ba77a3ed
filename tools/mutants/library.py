"""Mutants of the library: each is a file, a name, a text in the file and the text that replaces it."""

FORMULA_MODULES = (
    "transformer", "footprint", "roofline", "kv_cache", "collectives", "latency", "attention", "experts", "precision",
    "operators",
)
FORMULAS = {name: f"lib/llm_latency/{name}.py" for name in FORMULA_MODULES}
"""In these modules, each whole number of an expression is changed as well."""
LIVE, CHART = "lib/llm_latency/live.py", "lib/llm_latency/chart.py"
CALCULATOR = "lib/llm_latency/calculator.py"
DEPLOYMENT, CAPACITY = "lib/llm_latency/deployment.py", "lib/llm_latency/capacity.py"
ESTIMATE, EXPLANATION = "lib/llm_latency/estimate.py", "lib/llm_latency/explanation.py"
EVALUATION = "lib/llm_latency/evaluation.py"
TABLE = "lib/llm_latency/table.py"

REPLACEMENTS = (
    (FORMULAS["roofline"], "Max -> Add", "sp.Max(*times)", "sp.Add(*times)"),
    (FORMULAS["roofline"], "Add -> Max", "sp.Add(*times)", "sp.Max(*times)"),
    (FORMULAS["roofline"], "FLOP taken for byte", "s * mem_bandwidth)", "s * peak_flops)"),
    (
        FORMULAS["roofline"], "symbol not in the registry",
        "form=peak_flops / mem_bandwidth", 'form=peak_flops / mem_bandwidth * sp.Symbol("stray", positive=True)',
    ),
    (FORMULAS["collectives"], "N - 1 -> N", "(n_devices - 1) / n_devices", "n_devices / 1"),
    (FORMULAS["kv_cache"], "slope of another batch", "form=batch * kv", "form=kv"),
    (FORMULAS["operators"], "soft maximum hard", "soft_maximum if soft", "soft_maximum if False"),
    (FORMULAS["operators"], "key heads cut below one", "sp.Max(n_kv_heads / tp, 1)", "n_kv_heads / tp"),
    (FORMULAS["operators"], "a group without an expert", "sp.Max(touched_experts / ep, 1)", "touched_experts / ep"),
    (FORMULAS["operators"], "activations always in memory", "activation_traffic * self", "self"),
    (DEPLOYMENT, "no check of the split", "        if np.any(bad):", "        if False:"),
    (DEPLOYMENT, "ring is direct", '== "ring"', '== "rung"'),
    (DEPLOYMENT, "a step without its own key", '"kv_length": values["keys"]}', '"kv_length": values["keys"] - 1}'),
    (DEPLOYMENT, "experts stored like the rest", 'self._stored(f"{part}_bits", default)', "weights"),
    (DEPLOYMENT, "pipeline without rounds", "np.maximum(1, self.values", "np.minimum(1, self.values"),
    (CAPACITY, "everything fits", "np.less_equal(self.total,", "np.less_equal(0 * self.total,"),
    (CAPACITY, "no window", "np.minimum(context, window)", "context"),
    (ESTIMATE, "one step too many", 'checked("output", output) - 1', 'checked("output", output)'),
    (EXPLANATION, "bound by the wrong side", "compute_time > self.memory", "compute_time < self.memory"),
    (EVALUATION, "departures forgotten", "if assumption in spec.departures:", "if False:"),
    (EVALUATION, "no check of arguments", "not legal.all()", "False"),
    (EVALUATION, "Max broken", '"maximum"', '"minimum"'),
    ("lib/llm_latency/hf_config.py", "untied taken for tied", "2 - read.flag", "1 + read.flag"),
    ("lib/llm_latency/controls.py", "milliseconds are seconds", '"ms", 1e3)', '"ms", 1)'),
    (LIVE, "flat curves", "(drawn[name], along)", "(drawn[name], current)"),
    (CHART, "marker off", '"calculate": "value_0"', '"calculate": "2*value_0"'),
    (CHART, "any preset", "if name not in binds:", "if False:"),
    (CHART, "lines beyond the axis", "datum.x <= {bind['max']}", "true"),
    (CHART, "legend silent", "=== 0 ? ' (0)'", "=== 0 ? ''"),
    (CALCULATOR, "one sequence", "+ batch*sequence +", "+ sequence +"),
    (CALCULATOR, "share of nothing", ")/step, '.0%'", ")/request, '.0%'"),
    (CALCULATOR, "drawn all the same", 'when="!problem"', 'when="true"'),
    ("lib/llm_latency/numerals.py", "all in thousands", "len(str(GROUPED))", "4"),
    (TABLE, "decimals of each", ">= 1000 * min(sizes)", ">= min(sizes)"),
    (TABLE, "digits lost", "abs(value) < 1e7", "abs(value) < 1e2"),
    ("lib/llm_latency/plots.py", "labels overlap", " + offsets\n", "\n"),
)
