"""The operator model once more, in plain Python: an oracle, to be checked by eye against the pages that derive it.

Letters are those of the book: T tokens of B sequences, x keys that a query meets, y keys that are moved, and the sizes
of the model. `o` holds the options of `ll.Deployment`, `p` what a pass means for its operators.
"""

from math import ceil, inf
from types import SimpleNamespace
from typing import NamedTuple

PHI = 2  # FLOP of a multiply-add

OPTIONS = dict(tp=1, pp=1, ep=1, microbatches=1)
OPTIONS |= dict(weight_bits=None, expert_bits=None, vocab_bits=None, kv_bits=None)
OPTIONS |= dict(group_size=None, scale_bits=16, zero_point_bits=0, compute_dtype="fp16")
OPTIONS |= dict(devices_per_node=8, network_bandwidth=None, link_latency=None)
OPTIONS |= dict(all_reduce="direct", routing="uniform")
OPTIONS |= dict(compute_efficiency=1, bandwidth_efficiency=1, link_efficiency=1)
OPTIONS |= dict(activation_traffic=0, overlap_exponent=None)


class Operator(NamedTuple):
    """One device's share of an operator in one layer, and how many layers have it."""

    count: int
    params: float = 0
    storage: float = 0  # bytes of a parameter
    flops: float = 0
    weight_bytes: float = 0
    kv_bytes: float = 0
    activations: float = 0  # elements that its kernels read and write
    live: float = 0  # those of its widest kernel


def product(count, params, storage, rows, *kernels):
    """Return rows of activations times weights, given how many elements each kernel reads and writes per row."""
    flops, weight_bytes = PHI * rows * params, storage * params
    return Operator(count, params, storage, flops, weight_bytes, 0, rows * sum(kernels), rows * max(kernels))


def given(options):
    """Return all options, those that are not given with their defaults."""
    assert options.keys() <= OPTIONS.keys()
    return SimpleNamespace(**OPTIONS | options)


# Storage: page quantisation.


def quantised(bits, o):
    """Return the bytes of a weight with its part of a scale and a zero point, if quantised: eq-quantised-bytes."""
    shared = (o.scale_bits + o.zero_point_bits) / o.group_size if o.group_size and bits < 16 else 0
    return (bits + shared) / 8


def storage_of(model, o):
    """Return the bytes of a weight, of one of an expert, of one of the vocabulary, and of a cached element."""
    b_w = model.bytes_per_param
    b_e, b_v = model.bytes_per_expert_param or b_w, model.bytes_per_vocab_param or b_w
    if o.weight_bits is not None:
        b_w = b_e = b_v = quantised(o.weight_bits, o)
    if o.expert_bits is not None:
        b_e = quantised(o.expert_bits, o)
    if o.vocab_bits is not None:
        b_v = quantised(o.vocab_bits, o)
    return b_w, b_e, b_v, model.bytes_per_kv if o.kv_bits is None else o.kv_bits / 8


# What a pass means for its operators: pages operator-model and attention-variants.


def mean_windowed_keys(context, new, window):
    """Return the keys that a query of new tokens meets in a windowed layer, on average: eq-mean-windowed-keys."""
    growing = max(0, min(new, window - context))
    return (window * (new - growing) + growing * (2 * context + growing + 1) / 2) / new


def decode_pass(model, batch, context, steps=1):
    """Describe a decode step, or the mean of several: a step moves the keys that it meets, as many new tokens do."""
    x, x_w = context + (steps + 1) / 2, model.window and mean_windowed_keys(context, steps, model.window)
    return SimpleNamespace(B=batch, T=batch, x=x, y=x, x_w=x_w, y_w=x_w, absorbed=True)


def prefill_pass(model, batch, prompt):
    """Describe a prefill from nothing."""
    x, x_w = (prompt + 1) / 2, model.window and mean_windowed_keys(0, prompt, model.window)
    return SimpleNamespace(B=batch, T=batch * prompt, x=x, y=prompt, x_w=x_w, y_w=prompt, absorbed=False)


# The operators: pages operator-model, attention-variants and mixture-of-experts.


def cached_elements(model, o):
    """Return the elements of a token that a device caches in a layer: eq-attention-core, eq-sharding."""
    if model.kv_rank:
        return model.kv_rank + model.rope_dim
    return 2 * max(1, model.n_kv_heads / o.tp) * model.head_dim


def attention(model, o, p, b_w, b_kv):
    """Return the operators of attention, with and without a window; latent attention absorbs or expands."""
    h, n, n_w, a = model.d_model, model.n_layers, windowed_layers(model), model.n_heads / o.tp
    cached = cached_elements(model, o)
    if model.kv_rank:
        r_q, r_kv, d_n, d_r, d_v = model.query_rank, model.kv_rank, model.nope_dim, model.rope_dim, model.value_dim
        query = h * r_q + r_q * a * (d_n + d_r) if r_q else h * a * (d_n + d_r)
        params = query + h * (r_kv + d_r) + r_kv * a * (d_n + d_v)
        made = a * (d_n + d_r) + r_kv + d_r
        score, value = (r_kv + d_r, r_kv) if p.absorbed else (d_n + d_r, d_v)
        expanded, output = (0 if p.absorbed else a * (d_n + d_v)), a * d_v
    else:
        params = h * model.head_dim * a + h * cached
        made = model.head_dim * a + cached
        score = value = model.head_dim
        expanded, output = 0, a * model.head_dim

    def core(count, x, y):
        vectors, between = p.T * a * (score + value), p.B * y * expanded
        flops, kv_bytes = PHI * p.T * x * a * (score + value), b_kv * p.B * y * cached
        # Expanded keys and values are written by one kernel and read by the next.
        return Operator(count, 0, 0, flops, 0, kv_bytes, vectors + 2 * between, vectors + between)

    found = {"QKV": product(n, params, b_w, p.T, h + made)}
    if n > n_w:
        found["attention"] = core(n - n_w, p.x, p.y)
    if n_w:
        found["windowed attention"] = core(n_w, p.x_w, p.y_w)
    return found | {"output": product(n, output * h, b_w, p.T, output + h)}


def mlp(count, model, width, storage, rows):
    """Return an MLP of three kernels: its first one or two matrices, its nonlinearity, its last matrix."""
    h, m = model.d_model, model.mlp_matrices
    kernels = (h + (m - 1) * width, (m - 1) * width + width, width + h)
    return product(count, h * width * m, storage, rows, *kernels)


def mixture(count, model, o, p, b_w, b_e):
    """Return the operators of the layers with experts, each of which the devices of one group share."""
    h, n_experts, chosen = model.d_model, model.n_experts, model.experts_per_token
    touched = chosen if o.routing == "identical" else n_experts * (1 - (1 - chosen / n_experts) ** p.T)
    visits = p.T * chosen / o.ep
    one = mlp(count, model, model.expert_width / (o.tp / o.ep), b_e, visits)
    found = {
        "router": product(count, h * n_experts, b_w, p.T, h + n_experts),
        "experts": one._replace(
            params=one.params * n_experts / o.ep,
            weight_bytes=one.weight_bytes * max(1, touched / o.ep),
            activations=one.activations + visits * h,  # each result is brought back to its token
        ),
    }
    if model.shared_width:
        found["shared experts"] = mlp(count, model, model.shared_width / o.tp, b_w, p.T)
    return found


def layers_by_kind(model):
    """Return how many layers have an MLP, and how many have experts."""
    dense = sum(group.n_layers for group in model.layers if not group.n_experts)
    return dense, model.n_layers - dense


def windowed_layers(model):
    """Return how many layers have a window."""
    return sum(group.n_layers for group in model.layers if group.window)


def decoder(model, o, p):
    """Return the operators of a pass by name: a device's share of all layers."""
    b_w, b_e, b_v, b_kv = storage_of(model, o)
    h, V, n, j = model.d_model, model.vocab / o.tp, model.n_layers, model.residual_blocks
    dense, with_experts = layers_by_kind(model)
    embedded, embedding = p.T * h, h * (V + model.n_positions)
    found = {"embedding": Operator(1, embedding, b_v, activations=2 * embedded, live=embedded)}
    found |= attention(model, o, p, b_w, b_kv)
    if dense:
        found["MLP"] = mlp(dense, model, model.mlp_width / o.tp, b_w, p.T)
    if with_experts:
        found |= mixture(with_experts, model, o, p, b_w, b_e)
    # Norms read the stream and add the outputs of two blocks to it; they write the stream and its norm.
    vectors = j + 2 + j + j
    found["norms"] = Operator(n, h * j, b_w, 0, b_w * h * j, 0, p.T * vectors * h, p.T * h)
    unembedding = product(1, h * V, b_v, p.B, h + V)
    found["unembedding"] = unembedding._replace(params=h * V * (model.vocab_matrices - 1))
    return found


# Times: page operator-model.


def overlapped(compute, memory, exponent):
    """Return the longer of two times, or their soft maximum, eq-soft-maximum."""
    longer, shorter = max(compute, memory), min(compute, memory)
    if exponent is None or longer == 0:
        return longer
    return longer * (1 + (shorter / longer) ** exponent) ** (1 / exponent)


def message_times(model, device, o, p):
    """Return the times of all all-reduces, eq-all-reduce-time, and of the sends to next stages, eq-stage-send-time."""
    message = model.bytes_per_activation * p.T * model.d_model
    link = (device.link_bandwidth or inf) * o.link_efficiency
    network = (o.network_bandwidth or device.network_bandwidth or inf) * o.link_efficiency
    latency = (device.link_latency or 0) if o.link_latency is None else o.link_latency
    inside, servers = min(o.tp, o.devices_per_node), max(1, o.tp / o.devices_per_node)
    within, between = (inside - 1) / inside / link, (servers - 1) / servers / (inside * network)
    hops = o.tp - 1 if o.all_reduce == "ring" else min(1, o.tp - 1)
    all_reduce = 2 * (hops * latency + max(within, between) * message)
    leaving = min(o.pp, ceil(o.tp * o.pp / o.devices_per_node)) - 1  # stages whose next one is on another server
    staying = o.pp - 1 - leaving
    stages = (o.pp - 1) * latency + (staying / link + leaving / network) * message / o.tp
    return {"all-reduces": model.n_layers * model.residual_blocks * all_reduce, "stages": stages}


def rows_of(model, device, o, p, rounds):
    """Return what each operator does and moves in a whole pass, on a mean device, and the times of all stages."""
    format_of_peak = "" if o.compute_dtype in ("fp16", "bf16") else f"_{o.compute_dtype}"
    arithmetic = getattr(device, f"peak_flops{format_of_peak}") * o.compute_efficiency
    bandwidth = device.mem_bandwidth * o.bandwidth_efficiency
    rows = {}
    for name, one in decoder(model, o, p).items():
        runs, activation_bytes = one.count * o.microbatches / o.pp, model.bytes_per_activation * one.activations
        compute = one.flops / arithmetic
        memory = (one.weight_bytes + one.kv_bytes + o.activation_traffic * activation_bytes) / bandwidth
        rows[name] = dict(
            flops=runs * one.flops,
            weight_bytes=runs * one.weight_bytes,
            kv_bytes=runs * one.kv_bytes,
            activation_bytes=runs * activation_bytes,
            compute_time=rounds * one.count * compute,
            memory_time=rounds * one.count * memory,
            time=rounds * one.count * overlapped(compute, memory, o.overlap_exponent),
        )
    for name, time in message_times(model, device, o, p).items():
        rows[name] = dict.fromkeys(rows["norms"], 0) | {"time": rounds * time}
    return rows


def operators(model, device, *, batch=1, context=None, prompt=None, steps=1, **options):
    """Return the rows of `ll.explain`: of a decode step, or the mean of several, if a context is given."""
    o = given(options)
    part = batch / o.microbatches
    if prompt is None:
        return rows_of(model, device, o, decode_pass(model, part, context, steps), max(1, o.microbatches / o.pp))
    return rows_of(model, device, o, prefill_pass(model, part, prompt), 1 + (o.microbatches - 1) / o.pp)


def pass_time(*arguments, **request):
    """Add up the times of operators and messages: eq-pass-time, times eq-rounds."""
    return sum(row["time"] for row in operators(*arguments, **request).values())


def decode_step_time(model, device, *, batch=1, context, **options):
    """Return the time of one decode step of the whole batch."""
    return pass_time(model, device, batch=batch, context=context, **options)


def prefill_time(model, device, *, batch=1, prompt, **options):
    """Return the time from the prompts of the whole batch to their first tokens."""
    return pass_time(model, device, batch=batch, prompt=prompt, **options)


def request_time(model, device, *, batch=1, prompt, output, **options):
    """Return the time of a prefill and of the steps after it, at the mean of their keys: eq-request-time."""
    time, steps = prefill_time(model, device, batch=batch, prompt=prompt, **options), output - 1
    if steps:
        time += steps * pass_time(model, device, batch=batch, context=prompt, steps=steps, **options)
    return time


# Memory: page operator-model.


def weights_of_fullest_stage(model, o):
    """Return the bytes of the heaviest layers that a stage may have, and of the vocabulary at one end, or at both."""
    found = decoder(model, o, decode_pass(model, 1, 0))
    held = {name: one.params * one.storage for name, one in found.items()}
    in_all = held["QKV"] + held["output"] + held["norms"]
    dense, with_experts = layers_by_kind(model)
    layers = [in_all + held["MLP"] for _ in range(dense)]
    layers += [in_all + held["router"] + held["experts"] + held.get("shared experts", 0) for _ in range(with_experts)]
    ends = held["embedding"], held["unembedding"]
    heaviest = sorted(layers, reverse=True)[: ceil(model.n_layers / o.pp)]
    return sum(heaviest) + (sum(ends) if o.pp == 1 else max(ends))


def cache_of_fullest_stage(model, o, batch, context):
    """Return the bytes of the keys and values that a stage keeps, in layers without windows where possible."""
    windowed = windowed_layers(model)
    kept = [context] * (model.n_layers - windowed) + [min(context, model.window or inf)] * windowed
    *_, b_kv = storage_of(model, o)
    return b_kv * batch * cached_elements(model, o) * sum(kept[: ceil(model.n_layers / o.pp)])


def activations_of(model, o, batch, prompt):
    """Return the bytes of the stream of a micro-batch and of the widest kernel, in a decode step or a prefill."""
    part = batch / o.microbatches
    p = decode_pass(model, part, 0) if prompt == 1 else prefill_pass(model, part, prompt)
    live = max(one.live for one in decoder(model, o, p).values())
    return model.bytes_per_activation * (p.T * model.d_model + live)


def largest(fits):
    """Return the largest whole number that fits, by bisection; infinite if all do."""
    power = 1
    while fits(power) and power < 2**60:
        power *= 2
    if power == 2**60:
        return inf
    low, high = 0, power
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def memory(model, device, *, batch=1, context, prompt=1, **options):
    """Return the bytes that the fullest device holds, by part, and the largest batch and context: eq-memory."""
    o = given(options)
    weights = weights_of_fullest_stage(model, o)

    def fits(batch, context):
        cache = cache_of_fullest_stage(model, o, batch, context)
        return weights + cache + activations_of(model, o, batch, prompt) <= device.mem_size

    return dict(
        weights=weights,
        kv_cache=cache_of_fullest_stage(model, o, batch, context),
        activations=activations_of(model, o, batch, prompt),
        largest_batch=largest(lambda size: fits(size, context)),
        largest_context=min(largest(lambda length: fits(batch, length)), model.n_positions or inf),
    )
