"""The book's two models on their A100s, for worked examples; a formula takes what it uses from them."""

STORAGE = dict(bytes_per_param=2, bytes_per_kv=2, bytes_per_activation=2)
A100 = dict(peak_flops=312e12, mem_bandwidth=1.5e12, mem_size=40e9, link_bandwidth=300e9, link_latency=8e-6)
GPT_13B = STORAGE | A100 | dict(n_devices=1, n_params=13e9, n_layers=40, d_model=5120, mlp_width=20480, vocab=51200)
GPT_260B = STORAGE | A100 | dict(n_devices=16, n_params=260e9, n_layers=80, d_model=16384, mlp_width=65536)
