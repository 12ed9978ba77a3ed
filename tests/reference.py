"""The operator model once more, in plain Python: an oracle, to be checked by eye against the pages that derive it.

Letters are those of the book: T tokens of B sequences, x keys that a query meets, y keys that are moved, and the sizes
of the model. `o` holds the options of `ll.Deployment`, `p` what a pass means for its operators.
"""

from collections import defaultdict
from itertools import product as product_of
from math import ceil, inf
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np

PHI = 2  # FLOP of a multiply-add

OPTIONS = dict(tp=1, pp=1, ep=1, microbatches=1)
OPTIONS |= dict(weight_bits=None, expert_bits=None, vocab_bits=None, kv_bits=None)
OPTIONS |= dict(group_size=None, scale_bits=16, zero_point_bits=0, compute_dtype=None)
OPTIONS |= dict(devices_per_node=None, network_bandwidth=None, link_latency=None, network_latency=None)
OPTIONS |= dict(all_reduce="direct", routing="uniform", cache_split="heads")
BY_SEQUENCES = ("data-parallel", "expert-parallel")
SPLITS = ("heads", "sequences", "context", *BY_SEQUENCES)
OPTIONS |= dict(offload="none", offload_share=1, offload_bandwidth=inf)
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


def stored(own, o, bits=None):
    """Return the bytes of a weight: the model's own, or those that the options ask for."""
    bits = o.weight_bits if bits is None else bits
    return own if bits is None else quantised(bits, o)


def storage_of(group, o):
    """Return the bytes of a weight of each part of a layer: its own, or those of all its weights."""

    def part(name, bits=None):
        return stored(getattr(group, f"bytes_per_{name}_param") or group.bytes_per_param, o, bits)

    return SimpleNamespace(
        plain=stored(group.bytes_per_param, o),
        experts=part("expert", o.expert_bits),
        **{name: part(name) for name in ("attention", "mlp", "shared", "router")},
    )


def storage_of_ends(model, o):
    """Return the bytes of a weight of the embedding, and of the unembedding."""
    embedding = model.bytes_per_vocab_param or model.bytes_per_param
    return stored(embedding, o, o.vocab_bits), stored(model.bytes_per_head_param or embedding, o, o.vocab_bits)


def storage_of_key(model, o):
    """Return the bytes of an element of a cached key or value."""
    return model.bytes_per_kv if o.kv_bits is None else o.kv_bits / 8


# What a pass means for its operators: pages operator-model and attention-variants.


def mean_windowed_keys(context, new, window):
    """Return the keys that a query of new tokens meets in a windowed layer, on average: eq-mean-windowed-keys."""
    growing = max(0, min(new, window - context))
    return (window * (new - growing) + growing * (2 * context + growing + 1) / 2) / new


def mean_chunked_keys(context, new, chunk):
    """Return the keys of its chunk, up to itself, that a query of new tokens meets, on average."""
    return (np.arange(context, context + new) % chunk + 1).mean()


def decode_pass(model, batch, context, steps=1, drafts=0):
    """Describe a decode step that verifies drafted tokens, or the mean of several that do not."""
    answers = batch * (1 + drafts)
    return SimpleNamespace(
        B=batch, T=answers, answers=answers, context=context, new=steps + drafts, drafts=drafts, absorbed=True
    )


def prefill_pass(model, batch, prompt, cached=0, absorbed=False):
    """Describe a prefill from nothing, or over a cache."""
    return SimpleNamespace(
        B=batch, T=batch * prompt, answers=batch, context=cached, new=prompt, drafts=None, absorbed=absorbed
    )


def mean_met(p, new, window, chunk):
    """Return the keys that a query of new tokens meets, on average."""
    if window:
        return mean_windowed_keys(p.context, new, window)
    if chunk:
        return mean_chunked_keys(p.context, new, chunk)
    return p.context + (new + 1) / 2


def met_and_moved(p, window=None, chunk=None):
    """Return the keys x that a query meets and the keys y that are moved: each of a pass once.

    A step moves what its first token meets, and the further ones that are drafted; a prefill moves what of the cache
    its first token meets, and all that is new.
    """
    if p.drafts is not None:
        return mean_met(p, p.new, window, chunk), mean_met(p, p.new - p.drafts, window, chunk) + p.drafts
    before = min(p.context, window - 1) if window else p.context % chunk if chunk else p.context
    return mean_met(p, p.new, window, chunk), before + p.new


# The operators: pages operator-model, attention-variants and mixture-of-experts.


def cached_elements(group, o):
    """Return the elements of a token that a device caches in a layer: eq-attention-core, eq-sharding."""
    if group.kv_rank:
        return group.kv_rank + group.rope_dim
    if group.output_rank:  # one vector is the key and the value of all heads
        return group.head_dim
    return max(1, group.n_kv_heads / o.tp) * (group.head_dim + (group.value_dim or group.head_dim))


def sharing(group, o):
    """Return how many devices read the same keys if they divide heads."""
    return o.tp if group.kv_rank or group.output_rank else max(1, o.tp / group.n_kv_heads)


def divided(o, p, number, x, y):
    """Return what a device that shares keys with others does: sequences, tokens, keys met and moved, heads at once."""
    if o.cache_split == "context":
        return p.B, p.T, x / number, y / number, number
    if o.cache_split == "sequences":
        busiest = min(p.B, ceil(p.B / number))
        return busiest, p.T * busiest / p.B, x, y, number
    return p.B, p.T, x, y, 1


def attention(group, h, o, p, b, b_kv):
    """Return the operators of attention; latent attention absorbs or expands."""
    n, a, r_q, d = group.n_layers, group.n_heads / o.tp, group.query_rank, group.head_dim
    cached, expanded, expansion = cached_elements(group, o), 0, 0
    if group.kv_rank:
        r_kv, d_n, d_r, d_v = group.kv_rank, group.nope_dim, group.rope_dim, group.value_dim
        query = h * r_q + r_q * a * (d_n + d_r) if r_q else h * a * (d_n + d_r)
        expansion = r_kv * a * (d_n + d_v)
        params = query + h * (r_kv + d_r) + expansion
        made = a * (d_n + d_r) + r_kv + d_r
        score, value = (r_kv + d_r, r_kv) if p.absorbed else (d_n + d_r, d_v)
        expanded, mixed = (0 if p.absorbed else a * (d_n + d_v)), a * d_v
    elif group.output_rank:
        params, made = h * r_q + r_q * a * d + h * d, a * d + d
        score = value = d
        mixed = a * d
    else:
        score, value = d, group.value_dim or d
        heads = max(1, group.n_kv_heads / o.tp)
        columns = {0: 0, 1: heads * score, 2: cached}[2 if group.kv_projections is None else group.kv_projections]
        made = a * d + columns
        params, mixed = h * made, a * value
    output = mixed * h
    if group.output_rank:  # in groups of heads to a narrow vector, and from there to the stream
        output = group.output_rank * mixed / group.output_groups + group.output_rank * h

    def core(x, y):
        B, T, x, y, more = divided(o, p, sharing(group, o), x, y)
        vectors, between = T * a * more * (score + value), B * y * expanded * more
        flops, kv_bytes = PHI * T * x * a * more * (score + value), b_kv * B * y * cached
        # Expanded keys and values are written by one kernel and read by the next.
        return Operator(n, 0, 0, flops, 0, kv_bytes, vectors + 2 * between, vectors + between)

    qkv = product(n, params, b.attention, p.T, h + made)
    if expanded:  # the vectors of the cache, too
        qkv = qkv._replace(flops=qkv.flops + PHI * (p.B * met_and_moved(p)[1] - p.T) * expansion)
    found = {"QKV": qkv}
    each = group.compression or 1  # tokens for which one entry stands
    everything = [keys / each for keys in met_and_moved(p)]
    if group.index_heads:
        found |= indexer(group, h, o, p, b, b_kv, *everything)
    chosen = [keys / each for keys in met_and_moved(p, group.index_topk)]
    if group.compression:
        found["windowed attention"] = core(*met_and_moved(p, group.window))
        found["compressed attention"] = core(*(chosen if group.index_topk else everything))
    elif group.index_topk:
        found["sparse attention"] = core(*chosen)
    else:
        kind = "windowed " if group.window else "chunked " if group.chunk else ""
        found[f"{kind}attention"] = core(*met_and_moved(p, group.window, group.chunk))
    return found | {"output": product(n, output, b.attention, p.T, mixed + h)}


def indexer(group, h, o, p, b, b_kv, x, y):
    """Return what compares a query of several short heads with one short key of each token or entry."""
    heads, width, source = group.index_heads, group.index_heads * group.index_dim, group.query_rank or h
    made = [width, group.index_dim, heads]  # queries, the key, and the weights of the heads
    params = source * width + h * group.index_dim + h * heads
    B, T, x, y, _ = divided(o, p, o.tp, x, y)
    scores = T * (width + heads)
    flops, read = PHI * T * x * width, (group.bytes_per_index or b_kv) * B * y * group.index_dim
    return {
        "indexer": product(group.n_layers, params, b.attention, p.T, source + h + sum(made)),
        "index scores": Operator(group.n_layers, 0, 0, flops, 0, read, scores, scores),
    }


def state_bytes(model, group, o):
    """Return the bytes of a sequence's state in a layer: a matrix per head, and the convolution's last inputs."""
    matrices = group.state_heads / o.tp * group.state_key_dim * group.state_value_dim
    history = (group.conv_width or 0) / o.tp * ((group.conv_taps or 1) - 1)
    return (model.bytes_per_state or 4) * matrices + model.bytes_per_activation * history


def recurrence(model, group, o, p, b):
    """Return the operators of a layer with a state, which every token reads and changes."""
    n, h, heads = group.n_layers, model.d_model, group.state_heads / o.tp
    inputs, width = group.state_inputs / o.tp, heads * group.state_value_dim
    taps = (group.conv_width or 0) / o.tp * (group.conv_taps or 0)
    flops = PHI * p.T * (group.state_products * heads * group.state_key_dim * group.state_value_dim + taps)
    moved = 2 * p.B * state_bytes(model, group, o)
    vectors = p.T * (inputs + width)
    return {
        "state input": product(n, h * inputs, b.attention, p.T, h + inputs),
        "recurrence": Operator(n, taps, b.attention, flops, b.attention * taps, moved, vectors, vectors),
        "state output": product(n, width * h, b.attention, p.T, width + h),
    }


def mlp(count, h, m, width, storage, rows):
    """Return an MLP of three kernels: its first one or two matrices, its nonlinearity, its last matrix."""
    kernels = (h + (m - 1) * width, (m - 1) * width + width, width + h)
    return product(count, h * width * m, storage, rows, *kernels)


def mixture(group, h, o, p, b):
    """Return the operators of the layers with experts, each of which the devices of one group share."""
    n, m, n_experts, chosen = group.n_layers, group.mlp_matrices, group.n_experts, group.experts_per_token
    touched = chosen if o.routing == "identical" else n_experts * (1 - (1 - chosen / n_experts) ** p.T)
    visits, outer = p.T * chosen / o.ep, group.expert_input or h
    one = mlp(n, outer, m, group.expert_width / (o.tp / o.ep), b.experts, visits)
    found = {
        "router": product(n, h * n_experts, b.router, p.T, h + n_experts),
        "experts": one._replace(
            params=one.params * n_experts / o.ep,
            weight_bytes=one.weight_bytes * max(1, touched / o.ep),
            activations=one.activations + visits * outer,  # each result is brought back to its token
        ),
    }
    if group.shared_width:
        found["shared experts"] = mlp(n, h, m, group.shared_width / o.tp, b.shared, p.T)
    return found


def layers(model, group, o, p):
    """Return the operators of equal layers by name."""
    b, n, h, j = storage_of(group, o), group.n_layers, model.d_model, model.residual_blocks
    has_attention, has_mlp = group.n_heads != 0, bool(group.n_experts) or group.mlp_width != 0
    whole, own = o, p
    if o.cache_split in BY_SEQUENCES:  # everything of attention on every device, for its own sequences
        busiest = min(p.B, ceil(p.B / o.tp))
        own = SimpleNamespace(**vars(p) | dict(B=busiest, T=p.T * busiest / p.B))
        whole = SimpleNamespace(**vars(o) | dict(tp=1))
    found = attention(group, h, whole, own, b, storage_of_key(model, o)) if has_attention else {}
    if group.state_heads:
        found |= recurrence(model, group, whole, own, b)
    if group.n_experts:
        found |= mixture(group, h, o, p, b)
        if o.cache_split == "expert-parallel":  # what all tokens visit is on every device
            visited_by_all = mixture(group, h, whole, own, b)
            found |= {name: visited_by_all[name] for name in ("router", "shared experts") if name in visited_by_all}
    elif has_mlp:
        found["MLP"] = mlp(n, h, group.mlp_matrices, group.mlp_width / o.tp, b.mlp, p.T)
    if group.other_params:
        found["other weights"] = product(n, group.other_params / o.tp, b.plain, p.T, 0)
    if group.lookup_params:
        found["layer embedding"] = Operator(n, group.lookup_params / o.tp, storage_of_ends(model, o)[0])
    # Norms read the stream and add the outputs of the blocks to it; they write the stream and its norm.
    vectors = j + has_attention + bool(group.state_heads) + has_mlp + j + j
    return found | {"norms": Operator(n, h * j, b.plain, 0, b.plain * h * j, 0, p.T * vectors * h, p.T * h)}


def ends(model, o, p):
    """Return the operators before and after all layers."""
    h, V, (b_v, b_h) = model.d_model, model.vocab / o.tp, storage_of_ends(model, o)
    embedded, embedding = p.T * h, h * (V + model.n_positions)
    unembedding = product(1, h * V, b_h, p.answers, h + V)
    return {
        "embedding": Operator(1, embedding, b_v, activations=2 * embedded, live=embedded),
        "unembedding": unembedding._replace(params=h * V * (model.vocab_matrices - 1)),
    }


def ways_of(group, o, p):
    """List the ways in which a layer can run: how the cache is divided, and, over a cache, whether latents expand."""
    passes = [p]
    if group.kv_rank and not p.absorbed and p.context > 0:
        passes.append(SimpleNamespace(**vars(p) | dict(absorbed=True)))
    splits = SPLITS if o.cache_split == "best" else [o.cache_split]
    return [(SimpleNamespace(**vars(o) | dict(cache_split=split)), each) for each in passes for split in splits]


def decoder(model, o, p, ways=None):
    """List the operators of a pass with their names, a device's share of all layers, each in a way or its first."""
    ways = ways or [ways_of(group, o, p)[0] for group in model.layers]
    found = [layers(model, group, *way) for group, way in zip(model.layers, ways, strict=True)]
    return [pair for operators in (ends(model, o, p), *found) for pair in operators.items()]


# Times: page operator-model.


def overlapped(compute, memory, exponent):
    """Return the longer of two times, or their soft maximum, eq-soft-maximum."""
    longer, shorter = max(compute, memory), min(compute, memory)
    if exponent is None or longer == 0:
        return longer
    return longer * (1 + (shorter / longer) ** exponent) ** (1 / exponent)


def links_of(device, o):
    """Return rates and latencies inside a server and between servers, and the devices of a server."""
    link = (device.link_bandwidth or inf) * o.link_efficiency
    network = (o.network_bandwidth or device.network_bandwidth or inf) * o.link_efficiency
    latency = (device.link_latency or 0) if o.link_latency is None else o.link_latency
    given = (o.network_latency, device.network_latency, latency)
    beyond = next(each for each in given if each is not None)
    return link, network, latency, beyond, o.devices_per_node or device.link_domain or 8


def in_a_row(o, number, servers, latency, beyond):
    """Return the latency of the messages of a phase between a number of devices, of which some leave a server."""
    hops = number - 1 if o.all_reduce == "ring" else min(1, number - 1)
    leaving = min(hops, servers - 1)
    return (hops - leaving) * latency + leaving * beyond


def dispatched(model, group, o, p, links):
    """Return the time in which tokens travel to their experts and back, eq-dispatch-time."""
    link, network, latency, beyond, per_node = links
    servers, k = ceil(o.tp / per_node), group.experts_per_token
    if o.routing == "uniform":
        missed, missed_server = (1 - 1 / o.ep) ** k, (1 - 1 / min(o.ep, servers)) ** k
        far = (1 - missed_server) * (servers - 1)
        near = (1 - missed) * (o.tp - 1) - far
    else:  # at best, all experts of a token are in the group of its device
        far = max(servers / o.ep, 1) - 1
        near = o.tp / o.ep - 1 - far
    own = model.bytes_per_activation * model.d_model * p.T * min(p.B, ceil(p.B / o.tp)) / p.B
    hops = min(o.tp - 1 if o.all_reduce == "ring" else min(1, o.tp - 1), ceil(near + far))
    leaving = min(hops, ceil(far))
    return 2 * ((hops - leaving) * latency + leaving * beyond + max(near / link, far / network) * own)


def layer_messages(model, device, group, o, p):
    """Return the times of the all-reduces of a group of layers, eq-all-reduce-time, and of what else it exchanges."""
    link, network, latency, beyond, per_node = links_of(device, o)
    servers = ceil(o.tp / per_node)
    inside = o.tp / servers
    within, between = (inside - 1) / inside / link, (servers - 1) / servers / (inside * network)
    message = model.bytes_per_activation * p.T * model.d_model
    all_reduce = 2 * in_a_row(o, o.tp, servers, latency, beyond) + 2 * max(within, between) * message
    blocks = model.residual_blocks
    if o.cache_split == "expert-parallel" and group.n_experts:
        return {"dispatches": group.n_layers * dispatched(model, group, o, p, links_of(device, o))}
    if o.cache_split in BY_SEQUENCES:
        blocks = int(bool(group.n_experts) or group.mlp_width != 0)
    found = {"all-reduces": group.n_layers * blocks * all_reduce}
    if o.cache_split in ("sequences", "context") and group.n_heads != 0:
        own = layers(model, group, SimpleNamespace(**vars(o) | dict(cache_split="heads")), p)
        [core] = [one for name, one in own.items() if name.endswith("attention") and not name.startswith("compressed")]
        heads = group.n_heads / o.tp
        if group.kv_rank:
            width = 2 * group.kv_rank + group.rope_dim if p.absorbed else group.nope_dim + group.rope_dim
            width += 0 if p.absorbed else group.value_dim
        else:
            width = group.head_dim + (group.head_dim if group.output_rank else group.value_dim or group.head_dim)
        vectors = model.bytes_per_activation * p.T * heads * width
        number = sharing(group, o)
        servers = ceil(number / per_node)
        inside = number / servers
        sent = {
            "sequences": max((inside - 1) / number / link, (number - inside) / number / network),
            "context": max((number - servers) / link, (servers - 1) / network),  # links pass on what the network brings
        }[o.cache_split]
        wait = 2 * in_a_row(o, number, servers, latency, beyond)
        found["exchanges"] = core.count * (wait + sent * vectors)
    return found


def stage_time(model, device, o, p):
    """Return the time of the sends to next stages, eq-stage-send-time."""
    link, network, latency, beyond, per_node = links_of(device, o)
    message = model.bytes_per_activation * p.T * model.d_model / o.tp
    leaving = min(o.pp, ceil(o.tp * o.pp / per_node)) - 1  # stages whose next one is on another server
    staying = o.pp - 1 - leaving
    return staying * (latency + message / link) + leaving * (beyond + message / network)


def peak(model, device, o):
    """Return the rate of the arithmetic: as published, if the device has it, and with sums in 16 bits where it can."""
    peaks = dict.fromkeys(("fp16", "bf16"), device.peak_flops)
    peaks |= {each: getattr(device, f"peak_flops_{each}") for each in ("fp8", "int8", "fp4")}
    published = model.compute_dtype if o.weight_bits is None and o.expert_bits is None else None
    dtype = o.compute_dtype or (published if peaks.get(published) is not None else "fp16")
    with_short_sums = {"fp16": device.peak_flops_fp16_accumulate, "fp8": device.peak_flops_fp8_fp16_accumulate}
    return max(peaks[dtype], with_short_sums.get(dtype) or 0)


def times(model, device, o, one):
    """Return how long a device computes for an operator, and how long it reads and writes."""
    moved = o.activation_traffic * model.bytes_per_activation * one.activations
    arithmetic, bandwidth = peak(model, device, o) * o.compute_efficiency, device.mem_bandwidth * o.bandwidth_efficiency
    return one.flops / arithmetic, (one.weight_bytes + one.kv_bytes + moved) / bandwidth


def running_and_arriving(model, device, o, operators):
    """Return how long operators run, and how long what they need from a second memory travels."""
    running = sum(
        one.count * overlapped(*times(model, device, o, kept_here(name, one, o)), o.overlap_exponent)
        for name, one in operators.items()
    )
    return running, sum(one.count * moved_there(name, one, o) for name, one in operators.items()) / o.offload_bandwidth


def fastest_ways(model, device, o, p):
    """List in which ways the groups of layers make the shortest pass, eq-offload-time: several if they tie."""
    known = []
    for group in model.layers:
        known.append([])
        for way in ways_of(group, o, p):
            running, arriving = running_and_arriving(model, device, o, layers(model, group, *way))
            messages = sum(layer_messages(model, device, group, *way).values())
            known[-1].append((way, running + messages, arriving))
    of_ends = running_and_arriving(model, device, o, ends(model, o, p))
    found = []
    for choice in product_of(*known):
        ways, *both = zip(*choice, strict=True)
        found.append((max(end + sum(some) for end, some in zip(of_ends, both, strict=True)), ways))
    shortest = min(time for time, _ in found)
    return [ways for time, ways in sorted(found, key=lambda each: each[0]) if time <= shortest * (1 + 1e-12)]


def rows_of(model, device, o, p, rounds, ways):
    """Return what each operator does and moves in a whole pass, on a mean device, and the times of all stages."""
    rows = defaultdict(lambda: defaultdict(int))
    there = 0
    for name, one in decoder(model, o, p, ways):
        there += one.count * moved_there(name, one, o)
        one = kept_here(name, one, o)
        runs, activation_bytes = one.count * o.microbatches / o.pp, model.bytes_per_activation * one.activations
        compute, memory = times(model, device, o, one)
        more = dict(
            flops=runs * one.flops,
            weight_bytes=runs * one.weight_bytes,
            kv_bytes=runs * one.kv_bytes,
            activation_bytes=runs * activation_bytes,
            compute_time=rounds * one.count * compute,
            memory_time=rounds * one.count * memory,
            time=rounds * one.count * overlapped(compute, memory, o.overlap_exponent),
        )
        rows[name] = {field: rows[name][field] + amount for field, amount in more.items()}
    nothing = dict.fromkeys(rows["norms"], 0)
    for group, way in zip(model.layers, ways, strict=True):
        for name, time in layer_messages(model, device, group, *way).items():
            rows[name] = nothing | {"time": rows[name]["time"] + rounds * time}
    rows["stages"] = nothing | {"time": rounds * stage_time(model, device, o, p)}
    wait = rounds * there / o.offload_bandwidth - sum(row["time"] for row in rows.values())
    if wait > 0:
        rows["second memory"] = nothing | {"time": wait}
    return rows


def lies_there(name, o):
    """Say whether the weights, and whether the cache, of an operator lie in a second memory."""
    cached = name == "index scores" or name.endswith("attention")
    return o.offload == "weights" or (o.offload == "experts" and name == "experts"), o.offload == "cache" and cached


def moved_there(name, one, o):
    """Return the bytes that an operator needs from a second memory."""
    weights, cache = lies_there(name, o)
    return o.offload_share * (weights * one.weight_bytes + cache * one.kv_bytes)


def kept_here(name, one, o):
    """Return an operator without what lies in a second memory."""
    weights, cache = lies_there(name, o)
    first, second = 1 - weights * o.offload_share, 1 - cache * o.offload_share
    return one._replace(
        params=first * one.params, weight_bytes=first * one.weight_bytes, kv_bytes=second * one.kv_bytes
    )


def operators(model, device, *, batch=1, context=None, prompt=None, steps=1, draft_tokens=0, cached=0, **options):
    """Yield the rows of `ll.explain`: of a decode step, or the mean of several, if a context is given.

    They come once for each of the fastest ways, which differ in what they do and not in how long it takes.
    """
    o = given(options)
    part = batch / o.microbatches
    if prompt is None:
        p, rounds = decode_pass(model, part, context, steps, draft_tokens), max(1, o.microbatches / o.pp)
    else:
        p, rounds = prefill_pass(model, part, prompt, cached), 1 + (o.microbatches - 1) / o.pp
    return (rows_of(model, device, o, p, rounds, ways) for ways in fastest_ways(model, device, o, p))


def pass_time(*arguments, **request):
    """Add up the times of operators and messages: eq-pass-time, times eq-rounds."""
    return sum(row["time"] for row in next(operators(*arguments, **request)).values())


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


def heaviest(model, o, bytes_of_layer):
    """Add up the heaviest layers that a stage may have, given the bytes of one layer of each group."""
    sizes = [size for group in model.layers for size in [bytes_of_layer(group)] * group.n_layers]
    return sum(sorted(sizes, reverse=True)[: ceil(model.n_layers / o.pp)])


def weights_of_fullest_stage(model, o):
    """Return the bytes of the heaviest layers that a stage may have, and of the vocabulary at one end, or at both."""
    p = decode_pass(model, 1, 0)

    def held_of(operators):
        return [one.params * one.storage for one in (kept_here(name, one, o) for name, one in operators.items())]

    def layer(group):
        return sum(held_of(layers(model, group, o, p)))

    held = held_of(ends(model, o, p))
    return heaviest(model, o, layer) + (sum(held) if o.pp == 1 else max(held))


def kept_of_layer(model, group, o, context, batch):
    """Return the bytes that a layer keeps of its sequences: keys and values in its reach, index keys, states."""
    if o.cache_split in BY_SEQUENCES:
        alone = SimpleNamespace(**vars(o) | dict(tp=1, cache_split="heads"))
        return kept_of_layer(model, group, alone, context, min(batch, ceil(batch / o.tp)))
    kept = batch * state_bytes(model, group, o) if group.state_heads else 0
    if group.n_heads == 0:
        return kept
    here = 1 - o.offload_share * (o.offload == "cache")

    def shared(number):
        return {"context": batch / number, "sequences": min(batch, ceil(batch / number))}.get(o.cache_split, batch)

    b_kv, each = storage_of_key(model, o), group.compression or 1
    tokens = min(context, group.window or group.chunk or inf)
    if group.compression:
        tokens += context / each
    if group.kv_projections != 0:
        kept += here * shared(sharing(group, o)) * b_kv * cached_elements(group, o) * tokens
    if group.index_heads:
        kept += here * shared(o.tp) * (group.bytes_per_index or b_kv) * group.index_dim * context / each
    return kept


def cache_of_fullest_stage(model, o, batch, context):
    """Return the bytes of the caches and states that a stage keeps, of the layers with the largest ones."""
    return heaviest(model, o, lambda group: kept_of_layer(model, group, o, context, batch))


def activations_of(model, o, batch, prompt):
    """Return the bytes of the stream of a micro-batch and of the widest kernel, in a decode step or a prefill."""
    part = batch / o.microbatches
    p = decode_pass(model, part, 0) if prompt == 1 else prefill_pass(model, part, prompt)
    live = max(one.live for _, one in decoder(model, o, p))
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
    if o.cache_split == "best":  # in the least memory
        o.cache_split = "context"
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
