"""Mutants of the library: each is a file, a name, a text in the file and the text that replaces it."""

LIBRARY = "lib/llm_latency"
CONCEPTS = [
    "transformer",
    "footprint",
    "roofline",
    "kv_cache",
    "collectives",
    "latency",
    "attention",
    "experts",
    "quantisation",
]
FORMULAS = {name: f"{LIBRARY}/formulas/{name}.py" for name in CONCEPTS}
OPERATOR, OPERATORS, DEPLOYMENT, PASSES, SPLITS, MEMORY, TIMES, EXPLAIN = (
    f"{LIBRARY}/operator_model/{name}.py"
    for name in ("operator", "operators", "deployment", "passes", "splits", "memory", "times", "explain")
)
COUNTED = (*FORMULAS.values(), OPERATORS)
"""In these modules, each whole number of an expression is changed as well."""
LIVE, CHART, CALCULATOR = (f"{LIBRARY}/charts/{name}.py" for name in ("live", "specification", "calculator"))
EVALUATION, TABLE = f"{LIBRARY}/evaluation.py", f"{LIBRARY}/table.py"

REPLACEMENTS = (
    (FORMULAS["roofline"], "Max -> Add", "sp.Max(*times)", "sp.Add(*times)"),
    (FORMULAS["roofline"], "Add -> Max", "sp.Add(*times)", "sp.Max(*times)"),
    (FORMULAS["roofline"], "FLOP taken for byte", "s * mem_bandwidth)", "s * peak_flops)"),
    (
        FORMULAS["roofline"],
        "symbol not in the registry",
        "return peak_flops / mem_bandwidth",
        'return peak_flops / mem_bandwidth * sp.Symbol("stray")',
    ),
    (FORMULAS["collectives"], "N - 1 -> N", "(n_devices - 1) / n_devices", "n_devices / 1"),
    (FORMULAS["kv_cache"], "slope of another batch", "return batch * kv", "return kv"),
    (OPERATOR, "soft maximum hard", "soft_maximum if soft", "soft_maximum if False"),
    (OPERATORS, "key heads cut below one", "sp.Max(n_kv_heads / tp, 1)", "n_kv_heads / tp"),
    (OPERATORS, "a group without an expert", "sp.Max(touched_experts / ep, 1)", "touched_experts / ep"),
    (OPERATOR, "activations always in memory", "activation_traffic * self", "self"),
    (SPLITS, "no check of the split", "if broken.any():", "if False:"),
    (DEPLOYMENT, "ring is direct", '== "ring"', '== "rung"'),
    (
        PASSES,
        "a step without its own key",
        "kv_length: mean_keys.expr.subs(prompt, output)",
        "kv_length: mean_keys.expr",
    ),
    (DEPLOYMENT, "experts stored like the rest", 'self._stored(f"{part}_bits", default)', "weights"),
    (PASSES, "pipeline without rounds", "rounds=sp.Max(1,", "rounds=sp.Min(1,"),
    (MEMORY, "everything fits", "_held <= mem_size", "0 * _held <= mem_size"),
    (MEMORY, "no window", 'np.minimum(request["context"], longest)', 'request["context"]'),
    (TIMES, "one step too many", 'request["output"] - 1', 'request["output"]'),
    (EXPLAIN, "bound by the wrong side", "compute_time > self.memory", "compute_time < self.memory"),
    (EVALUATION, "departures forgotten", "if assumption in spec.departures:", "if False:"),
    (EVALUATION, "no check of arguments", "not legal.all()", "False"),
    (f"{LIBRARY}/numpy_printer.py", "Max broken", '"maximum"', '"minimum"'),
    (f"{LIBRARY}/catalogue/hf_config.py", "untied taken for tied", "2 - read.flag", "1 + read.flag"),
    (f"{LIBRARY}/charts/controls.py", "milliseconds are seconds", '"ms", 1e3)', '"ms", 1)'),
    (LIVE, "flat curves", "(drawn[name], along)", "(drawn[name], current)"),
    (CHART, "marker off", '"calculate": "value_0"', '"calculate": "2*value_0"'),
    (CHART, "any preset", "if name not in binds:", "if False:"),
    (CHART, "lines beyond the axis", "datum.x <= {bind['max']}", "true"),
    (CHART, "legend silent", "=== 0 ? ' (0)'", "=== 0 ? ''"),
    (MEMORY, "one sequence", "batch * _sequence +", "_sequence +"),
    (CALCULATOR, "share of nothing", ")/step, '.0%'", ")/request, '.0%'"),
    (CALCULATOR, "drawn all the same", 'when="!problem"', 'when="true"'),
    (f"{LIBRARY}/numerals.py", "all in thousands", "len(str(GROUPED))", "4"),
    (TABLE, "decimals of each", ">= 1000 * min(sizes)", ">= min(sizes)"),
    (TABLE, "digits lost", "abs(value) < 1e7", "abs(value) < 1e2"),
    (f"{LIBRARY}/charts/labels.py", "labels overlap", " + offsets\n", "\n"),
)
