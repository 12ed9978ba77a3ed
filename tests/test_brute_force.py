"""The bound against brute force: small deployments, device by device, for every routing and split of a cache."""

import random
from itertools import combinations, permutations, product
from math import ceil

import pytest

import llm_latency as ll

WIDTH, HEAD, BYTES = 64, 16, 2
DEVICE = ll.Device(
    name="small", peak_flops=2e12, mem_bandwidth=1e11, link_bandwidth=1e10, link_domain=8, network_bandwidth=1e9
)
BY_SEQUENCES = ("data-parallel", "expert-parallel")
SPLITS = ("heads", "sequences", "context", *BY_SEQUENCES)


class Case:
    """A model of one kind of layer, its split over devices, and a decode step."""

    def __init__(self, rng):
        self.heads, self.kv_heads = rng.choice([(4, 1), (4, 2), (4, 4), (8, 2)])
        self.tp = rng.choice([1, 2, 4])
        self.experts, self.chosen, self.expert_width = rng.choice([(0, 0, 0), (3, 1, 32), (4, 2, 32)])
        self.ep = rng.choice(
            [
                each
                for each in (1, 2, 4)
                if self.tp % each == 0 and (each == 1 or (self.experts and self.experts % each == 0))
            ]
        )
        self.mlp = 0 if self.experts else 128
        self.n_layers, self.vocab = rng.choice([1, 2]), 512
        self.batch, self.context = rng.choice([1, 2, 3]), rng.choice([0, 5, 400, 30_000])

    def bound(self):
        """Return what the library says, with every choice left to it."""
        experts = dict(n_experts=self.experts, experts_per_token=self.chosen, expert_width=self.expert_width)
        model = ll.Model(
            name="small",
            n_layers=self.n_layers,
            d_model=WIDTH,
            n_heads=self.heads,
            n_kv_heads=self.kv_heads,
            head_dim=HEAD,
            vocab=self.vocab,
            vocab_matrices=2,
            mlp_matrices=3,
            **(experts if self.experts else dict(mlp_width=self.mlp)),
        )
        options = dict(tp=self.tp, ep=self.ep, routing="identical", cache_split="best")
        return ll.decode_step_time(model, DEVICE, batch=self.batch, context=self.context, **options)

    def own_heads(self, device):
        """List the query heads of a device, and the key heads that they need."""
        each, group = self.heads // self.tp, self.heads // self.kv_heads
        queries = range(device * each, (device + 1) * each)
        return queries, {head // group for head in queries}

    def cells(self, device, split):
        """List what a device attends to: a sequence, a query head, and how many keys."""
        queries, needed = self.own_heads(device)
        sharers = [other for other in range(self.tp) if self.own_heads(other)[1] & needed]
        rank, keys = sharers.index(device), self.context + 1
        everyone = [head for other in sharers for head in self.own_heads(other)[0]]
        if split == "heads":
            return [(sequence, head, keys) for sequence in range(self.batch) for head in queries]
        if split == "sequences":
            own = range(rank, self.batch, len(sharers))
            return [(sequence, head, keys) for sequence in own for head in everyone]
        share = len(range(rank, keys, len(sharers)))
        return [(sequence, head, share) for sequence in range(self.batch) for head in everyone if share]

    def mixer(self, device, split):
        """Return the times of a device's products before the exchange, and after it, without messages."""
        if split in BY_SEQUENCES:
            own = range(device, self.batch, self.tp)
            cells = [(sequence, head, self.context + 1) for sequence in own for head in range(self.heads)]
            queries, needed, rows = range(self.heads), set(range(self.kv_heads)), len(own)
        else:
            cells, (queries, needed), rows = self.cells(device, split), self.own_heads(device), self.batch
        qkv = matrix(rows, WIDTH, HEAD * (len(queries) + 2 * len(needed)))
        group = self.heads // self.kv_heads
        read = {(sequence, head // group): keys for sequence, head, keys in cells}
        flops = sum(2 * 2 * HEAD * keys for _, _, keys in cells)
        core = run(flops, sum(2 * HEAD * BYTES * keys for keys in read.values()))
        return qkv, core, matrix(rows, HEAD * len(queries), WIDTH)

    def exchanged(self, device, split):
        """Return the bytes of queries and results that a device sends, one by one."""
        queries, needed = self.own_heads(device)
        sharers = [other for other in range(self.tp) if self.own_heads(other)[1] & needed]
        sent = 0
        for other in set(sharers) - {device} if split in ("sequences", "context") else ():
            theirs = {(sequence, head) for sequence, head, _ in self.cells(other, split)}
            mine = {(sequence, head) for sequence, head, _ in self.cells(device, split)}
            sent += sum(HEAD * BYTES for sequence, head in theirs if head in queries)  # queries to where their keys are
            home = self.own_heads(other)[0]
            sent += sum(HEAD * BYTES for sequence, head in mine if head in home)  # results to where they came from
        return sent

    def dispatched(self, routing):
        """Return the time in which each token travels to all devices that hold a part of its experts, and back."""
        sent, received = [0] * self.tp, [0] * self.tp
        for sequence, chosen in enumerate(routing):
            home, groups = sequence % self.tp, {expert * self.ep // self.experts for expert in chosen}
            for device in range(self.tp):
                if device != home and device // (self.tp // self.ep) in groups:
                    sent[home] += 1
                    received[device] += 1
        return 2 * max(*sent, *received, 0) * WIDTH * BYTES / DEVICE.link_bandwidth

    def inner(self, device, split, routing):
        """Return the time of a device's MLP, or of its share of the experts that some token visits."""
        if not self.experts:
            return matrix(self.batch, WIDTH, 3 * self.mlp // self.tp)
        group = device // (self.tp // self.ep)
        own = range(group * self.experts // self.ep, (group + 1) * self.experts // self.ep)
        visits = [expert for chosen in routing for expert in chosen if expert in own]
        one = 3 * WIDTH * self.expert_width * self.ep / self.tp
        rows = len(range(device, self.batch, self.tp)) if split == "expert-parallel" else self.batch
        router = matrix(rows, WIDTH, self.experts)
        return router + run(2 * one * len(visits), BYTES * one * len(set(visits)))

    def layer(self, split, routing, order):
        """Add up a layer: devices wait for each other only where they send."""
        devices = range(self.tp)
        parts = {device: self.mixer(device, split) for device in devices}
        norms = run(0, 2 * WIDTH * BYTES)
        message = 2 * (self.tp - 1) / self.tp * self.batch * WIDTH * BYTES / DEVICE.link_bandwidth
        exchange = max(self.exchanged(device, split) for device in devices) / DEVICE.link_bandwidth
        if split in BY_SEQUENCES:  # no sums before the MLP
            attended = max(sum(parts[device]) for device in devices)
        else:
            first = max(sum(parts[device][place] for place in order) for device in devices)
            attended = first + exchange + max(parts[device][2] for device in devices) + message
        inner = max(self.inner(device, split, routing) for device in devices)
        travels = split == "expert-parallel" and self.experts
        return attended + inner + (self.dispatched(routing) if travels else message) + norms

    def fastest(self):
        """Return the shortest step over every routing, split of each layer's cache, and order of operators."""
        choices = list(combinations(range(self.experts), self.chosen)) if self.experts else [()]
        end = matrix(self.batch, WIDTH, self.vocab // self.tp)
        layers = [
            self.layer(split, routing, order)
            for split in SPLITS
            for routing in product(choices, repeat=self.batch)
            for order in permutations((0, 1))
        ]
        return end + sum(min(layers) for _ in range(self.n_layers))


def run(flops, moved):
    """Return the time of an operator, which reads and computes at once."""
    return max(flops / DEVICE.peak_flops, moved / DEVICE.mem_bandwidth)


def matrix(rows, inner, columns):
    """Return the time of rows times a matrix."""
    return run(2 * rows * inner * columns, BYTES * inner * columns)


@pytest.mark.parametrize("cases", [60, pytest.param(3000, marks=pytest.mark.long)])
def test_nothing_that_brute_force_finds_is_faster_than_the_bound(cases, faults):
    rng, ratios = random.Random(cases), []
    for number in range(cases):
        case = Case(rng)
        ratios.append(case.bound() / case.fastest())
        with faults.at(number, vars(case)):
            assert ratios[-1] <= 1 + 1e-9, f"the bound is {ratios[-1]:.4f} of what was found"
    assert sorted(ratios)[len(ratios) // 4] > 0.97, "the bound is loose"


def test_the_simulated_devices_read_each_key_once_where_they_divide_it():
    case = Case(random.Random(0))
    case.heads, case.kv_heads, case.tp, case.batch, case.context = 4, 1, 4, 3, 9
    for split, read in (("heads", 4), ("sequences", 1), ("context", 1)):
        keys = sum(
            {(sequence, 0): keys for sequence, _, keys in case.cells(device, split)}[sequence, 0]
            for device in range(case.tp)
            for sequence in {cell[0] for cell in case.cells(device, split)}
        )
        assert keys == read * case.batch * 10
        busiest = max(len({cell[0] for cell in case.cells(device, split)}) for device in range(case.tp))
        assert busiest == (ceil(3 / 4) if split == "sequences" else 3)
