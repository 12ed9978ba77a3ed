"""The registry of symbols: every letter of the book, once.

Each entry fixes the name used in code, the letter used in mathematics, the unit, the meaning and the
legal range of one symbol. The book's notation page is printed from it, and formulas may use no symbol
outside it. The order is the reading order: of that page, and of the factors in a printed formula.
"""

from llm_latency.registry import (
    FLOP,
    REGISTRY,
    Variable,
    bit,
    byte,
    count,
    quantity,
    second,
    share,
    unit_label,
    unit_of,
)

__all__ = ["FLOP", "REGISTRY", "Variable", "bit", "byte", "second", "unit_label", "unit_of"]

# Conversions
flops_per_mac = quantity(
    "flops_per_mac",
    r"\varphi",
    FLOP,
    "work of one multiply-add: one multiplication and one addition",
    "conversion",
    constant=2,
)
bytes_per_param = quantity("bytes_per_param", "b_{w}", byte, "bytes of one stored parameter", "conversion")
bytes_per_expert_param = quantity(
    "bytes_per_expert_param", "b_{e}", byte, "bytes of one stored parameter of an expert", "conversion"
)
bytes_per_vocab_param = quantity(
    "bytes_per_vocab_param",
    "b_{v}",
    byte,
    "bytes of one stored parameter of the embedding and the unembedding",
    "conversion",
)
bytes_per_head_param = quantity(
    "bytes_per_head_param", "b_{u}", byte, "bytes of one stored parameter of the unembedding", "conversion"
)
bytes_per_attention_param = quantity(
    "bytes_per_attention_param",
    "b_{w,a}",
    byte,
    "bytes of one stored parameter of attention or of a recurrent layer",
    "conversion",
)
bytes_per_mlp_param = quantity(
    "bytes_per_mlp_param", "b_{w,m}", byte, "bytes of one stored parameter of an MLP", "conversion"
)
bytes_per_shared_param = quantity(
    "bytes_per_shared_param", "b_{w,s}", byte, "bytes of one stored parameter of the shared experts", "conversion"
)
bytes_per_router_param = quantity(
    "bytes_per_router_param", "b_{w,r}", byte, "bytes of one stored parameter of a router", "conversion"
)
bytes_per_kv = quantity("bytes_per_kv", "b_{kv}", byte, "bytes of one stored key or value element", "conversion")
bytes_per_index = quantity(
    "bytes_per_index", "b_{i}", byte, "bytes of one element of a key that an indexer caches", "conversion"
)
bytes_per_state = quantity(
    "bytes_per_state", "b_{s}", byte, "bytes of one element of a recurrent layer's state", "conversion"
)
bytes_per_activation = quantity("bytes_per_activation", "b_{a}", byte, "bytes of one activation element", "conversion")
bits_per_byte = quantity("bits_per_byte", "8", bit / byte, "bits of one byte", "conversion", constant=8)
weight_bits = quantity("weight_bits", r"\beta_{w}", bit, "bits of one quantised parameter", "conversion")
scale_bits = quantity("scale_bits", r"\beta_{s}", bit, "bits of one scale", "conversion", zero_allowed=True)
zero_point_bits = quantity(
    "zero_point_bits", r"\beta_{z}", bit, "bits of one zero point", "conversion", zero_allowed=True
)
group_size = count("group_size", "G", "parameters that share one scale and one zero point", "conversion")

# The request
batch = count("batch", "B", "sequences processed together", "request", integer=False)
prompt = count("prompt", "s", "tokens of the prompt of one sequence", "request", integer=False)
context = count("context", "L", "tokens of one sequence already in the KV cache", "request", integer=False, minimum=0)
output = count("output", "o", "tokens that one sequence is to generate", "request")
draft_tokens = count(
    "draft_tokens", r"\delta", "drafted tokens of one sequence that a decode step verifies", "request", minimum=0
)
tokens = count("tokens", "T", "tokens processed in one pass, over the whole batch", "request", integer=False)
keys = count("keys", "x", "keys that one query attends to, on average over a pass", "request", integer=False)
kv_length = count(
    "kv_length", "y", "keys of one sequence that a pass reads or writes, each with its value", "request", integer=False
)
windowed_keys = count(
    "windowed_keys",
    "x_{w}",
    "keys that one query attends to in a windowed layer, on average over a pass",
    "request",
    integer=False,
)
windowed_kv_length = count(
    "windowed_kv_length",
    "y_{w}",
    "keys of one sequence that a pass moves in a windowed layer",
    "request",
    integer=False,
)
chunked_keys = count(
    "chunked_keys",
    "x_{c}",
    "keys that one query attends to in a chunked layer, on average over a pass",
    "request",
    integer=False,
)
chunked_kv_length = count(
    "chunked_kv_length",
    "y_{c}",
    "keys of one sequence that a pass moves in a chunked layer",
    "request",
    integer=False,
)
selected_keys = count(
    "selected_keys",
    "x_{i}",
    "keys that one query attends to where an indexer selects them, on average over a pass",
    "request",
    integer=False,
)
selected_kv_length = count(
    "selected_kv_length",
    "y_{i}",
    "keys of one sequence that a pass moves where an indexer selects them",
    "request",
    integer=False,
)

# The model
n_layers = count("n_layers", "n", "decoder layers", "model")
d_model = count("d_model", "h", "width of the residual stream", "model")
mlp_width = count("mlp_width", "f", "inner width of the MLP", "model")
mlp_matrices = count(
    "mlp_matrices", "m", "matrices of the MLP: 2, or 3 where one of them is a gate", "model", minimum=2, maximum=3
)
residual_blocks = count(
    "residual_blocks",
    "j",
    "blocks of a layer in sequence: 2, or 1 where attention and MLP run in parallel",
    "model",
    maximum=2,
)
n_heads = count("n_heads", "a", "attention heads", "model")
n_kv_heads = count("n_kv_heads", "g", "heads that have a key and a value of their own", "model", at_most="n_heads")
head_dim = count("head_dim", "d", "width of one attention head", "model")
window = count("window", "w", "keys that a query of a sliding window attends to, itself included", "model")
chunk = count("chunk", "c", "keys of one chunk; a query of a chunked layer attends to those of its own", "model")
index_heads = count("index_heads", "a_{i}", "heads of the indexer that selects keys", "model")
index_dim = count("index_dim", "d_{i}", "width of one head of the indexer, and of the key it caches", "model")
index_topk = count("index_topk", "w_{i}", "keys that the indexer selects for one query", "model")
compression = count("compression", "c_{k}", "tokens whose keys and values one compressed entry stands for", "model")
output_rank = count("output_rank", "r_{o}", "width between the two matrices of a factored output projection", "model")
output_groups = count("output_groups", "G_{o}", "groups of heads that have an output matrix of their own", "model")
query_rank = count("query_rank", "r_{q}", "width of the compressed query of latent attention", "model")
kv_rank = count(
    "kv_rank", "r_{kv}", "width of the latent vector that stands for all keys and values of a token", "model"
)
nope_dim = count("nope_dim", "d_{n}", "width of a head's key in latent attention, without its rotary part", "model")
rope_dim = count("rope_dim", "d_{r}", "width of the rotary part of a key in latent attention", "model")
value_dim = count("value_dim", "d_{v}", "width of a head's value in latent attention", "model")
state_heads = count("state_heads", "a_{s}", "heads of a recurrent layer", "model")
state_key_dim = count(
    "state_key_dim", "d_{sk}", "rows of the state of one recurrent head: the width of its key", "model", minimum=0
)
state_value_dim = count(
    "state_value_dim", "d_{sv}", "columns of the state of one recurrent head: the width of its value", "model"
)
state_inputs = count("state_inputs", "h_{s}", "columns of a recurrent layer's input projection", "model")
state_products = count(
    "state_products",
    "u_{s}",
    "multiply-adds for one token and one element of the state: 2, or 3 where a token also corrects what is stored",
    "model",
    maximum=3,
)
conv_width = count("conv_width", "h_{c}", "channels of a recurrent layer's short convolution", "model", minimum=0)
conv_taps = count("conv_taps", r"\kappa", "tokens that the short convolution mixes", "model")
other_params = count("other_params", "P_{o}", "weights of a layer that belong to none of its other parts", "model")
lookup_params = count("lookup_params", r"P_{\ell}", "parameters of a layer's own table of embeddings", "model")
n_experts = count("n_experts", "E", "experts of a layer among which the router chooses", "model")
experts_per_token = count("experts_per_token", "k", "experts that one token is sent to", "model", at_most="n_experts")
touched_experts = count(
    "touched_experts",
    "E_{T}",
    "different experts of a layer that a pass reads",
    "model",
    integer=False,
    at_most="n_experts",
)
expert_width = count("expert_width", "f_{e}", "inner width of one expert", "model")
expert_input = count("expert_input", "h_{e}", "width of the vectors that experts read and write", "model")
shared_width = count("shared_width", "f_{s}", "inner width of the experts that every token visits, together", "model")
vocab = count("vocab", "V", "tokens in the vocabulary", "model")
vocab_matrices = count(
    "vocab_matrices",
    "v",
    "matrices of the vocabulary: 2, or 1 where the unembedding is the embedding",
    "model",
    maximum=2,
)
n_positions = count("n_positions", "S", "learned position vectors", "model", minimum=0)
n_params = count("n_params", "P", "parameters of the model", "model", integer=False)

# One operator
rows = count("rows", "p", "rows of the left matrix of a product", "operator")
inner = count("inner", "q", "columns of the left and rows of the right matrix", "operator")
cols = count("cols", "r", "columns of the right matrix", "operator")
message_bytes = quantity(
    "message_bytes", "D", byte, "bytes of the vectors that an all-reduce adds up or a device sends", "operator"
)
exchanged_bytes = quantity(
    "exchanged_bytes",
    "D_{x}",
    byte,
    "bytes of a device's queries and of what comes of them, which devices that divide a cache exchange",
    "operator",
)

# The machine
n_devices = count("n_devices", "N", "devices that share the model by tensor parallelism", "machine")
peak_flops = quantity("peak_flops", "A_{f}", FLOP / second, "peak arithmetic rate of one device", "machine")
mem_bandwidth = quantity("mem_bandwidth", "A_{bm}", byte / second, "memory bandwidth of one device", "machine")
mem_size = quantity("mem_size", "C", byte, "memory of one device", "machine")
memory_reserve = quantity(
    "memory_reserve", "C_{r}", byte, "memory that an engine keeps for itself", "machine", zero_allowed=True
)
gpu_memory_utilization = share(
    "gpu_memory_utilization", "e_{C}", "share of the memory that an engine uses for a model", "machine"
)
link_bandwidth = quantity(
    "link_bandwidth", "A_{c}", byte / second, "rate at which one device sends to its peers, one direction", "machine"
)
network_bandwidth = quantity(
    "network_bandwidth",
    "A_{n}",
    byte / second,
    "rate at which one device sends to other servers, one direction",
    "machine",
)
offload_bandwidth = quantity(
    "offload_bandwidth", "A_{o}", byte / second, "rate at which one device reads a second memory", "machine"
)
stage_bandwidth = quantity(
    "stage_bandwidth", "A_{p}", byte / second, "rate at which one device sends to the next pipeline stage", "machine"
)
link_latency = quantity(
    "link_latency", r"t_{\ell}", second, "latency of one message between devices", "machine", zero_allowed=True
)
start_latency = quantity(
    "start_latency",
    "t_{0}",
    second,
    "latency of a collective before and after its messages: launch and synchronisation",
    "machine",
    zero_allowed=True,
)
message_overhead = quantity(
    "message_overhead",
    "t_{o}",
    second,
    "time between two messages that a device sends without waiting for an answer",
    "machine",
    zero_allowed=True,
)
network_latency = quantity(
    "network_latency",
    r"t_{n}",
    second,
    "latency of one message between devices of different servers",
    "machine",
    zero_allowed=True,
)
stage_latency = quantity(
    "stage_latency", r"t_{p}", second, "latency of one message to the next pipeline stage", "machine", zero_allowed=True
)
devices_per_node = count("devices_per_node", "N_{n}", "devices of one server", "machine")
devices_per_switch = count(
    "devices_per_switch", "N_{u}", "devices below one switch of a tree, which share a link to the others", "machine"
)
uplink_bandwidth = quantity(
    "uplink_bandwidth", "A_{u}", byte / second, "rate of the link that the devices below one switch share", "machine"
)
torus_axes = count("torus_axes", "K", "axes of a torus of links: each device has two neighbours on each", "machine")

# How the model is spread over the machine
tp = count("tp", "N_{t}", "devices that share every matrix (tensor parallelism)", "deployment")
pp = count("pp", "N_{p}", "stages that share the layers (pipeline parallelism)", "deployment")
ep = count("ep", "N_{e}", "groups that share the experts (expert parallelism)", "deployment", at_most="tp")
microbatches = count(
    "microbatches", "u", "parts of the batch that follow one another through the stages", "deployment", at_most="batch"
)
sharing = count("sharing", "N_{s}", "devices that share a key-value head, and divide its cache", "deployment")
link_copies = count(
    "link_copies",
    "C_{c}",
    "copies of a token's vector that go over links to the devices of its experts",
    "deployment",
    minimum=0,
    integer=False,
)
network_copies = count(
    "network_copies",
    "C_{n}",
    "copies of a token's vector that go over the network to other servers",
    "deployment",
    minimum=0,
    integer=False,
)
hops = count("hops", "H", "messages of one phase of an all-reduce that follow one another", "deployment", minimum=0)
compute_efficiency = share(
    "compute_efficiency", "e_{f}", "share of the peak arithmetic rate that an operator reaches", "deployment"
)
bandwidth_efficiency = share(
    "bandwidth_efficiency", "e_{bm}", "share of the memory bandwidth that an operator reaches", "deployment"
)
link_efficiency = share("link_efficiency", "e_{c}", "share of the links' bandwidth that messages reach", "deployment")
activation_traffic = share(
    "activation_traffic",
    r"\alpha",
    "share of the activations that travels through the device's memory",
    "deployment",
    zero_allowed=True,
)
offload_share = share(
    "offload_share", "e_{o}", "share of what is offloaded that lies in a second memory", "deployment", zero_allowed=True
)
overlap_exponent = count(
    "overlap_exponent", r"\rho", "exponent of the soft maximum of reading and computing", "deployment", integer=False
)
