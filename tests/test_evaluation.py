import numpy as np
import pytest

import llm_latency as ll
from llm_latency.evaluation import compiled
from llm_latency.formulas.latency import serial_decode_step_time
from llm_latency.formulas.roofline import compute_time, ridge_point, weight_read_time

MODEL, MACHINE = ll.models["GPT-260B"], ll.devices["A100-note"]


def test_scalars_give_a_float():
    assert type(ll.evaluate(weight_read_time, MODEL, MACHINE, n_devices=16)) is float


def test_arrays_broadcast():
    devices, batch = np.array([[1], [2], [16]]), [1, 8, 64, 512]
    times = ll.evaluate(serial_decode_step_time, MODEL, MACHINE, n_devices=devices, batch=batch)
    assert times.shape == (3, 4)
    alone = ll.evaluate(serial_decode_step_time, MODEL, MACHINE, n_devices=2, batch=64)
    assert times[1, 2] == alone


def test_keywords_take_precedence_over_specs():
    faster = ll.evaluate(weight_read_time, MODEL, MACHINE, n_devices=16, mem_bandwidth=3e12)
    assert faster == pytest.approx(0.5 * ll.evaluate(weight_read_time, MODEL, MACHINE, n_devices=16))


@pytest.mark.parametrize(
    ("batch", "shape"),
    [
        (np.float32(8), ()),
        (np.array(8), ()),
        (np.int64(8), ()),
        (10**20, ()),
        (np.array([]), (0,)),
        ([8, 10**20], (2,)),
    ],
)
def test_numbers_of_every_kind_are_accepted(batch, shape):
    time = ll.evaluate(serial_decode_step_time, MODEL, MACHINE, n_devices=16, batch=batch)
    assert np.shape(time) == shape
    assert type(time) in (float, np.ndarray)


class Lazy(np.lib.mixins.NDArrayOperatorsMixin):
    """An array of another library: it follows NumPy's protocol for elementwise functions, and no more."""

    def __init__(self, data):
        self.data = np.asarray(data)

    dtype = property(lambda self: self.data.dtype)
    ndim = property(lambda self: self.data.ndim)
    shape = property(lambda self: self.data.shape)

    def __array__(self, dtype=None, copy=None):
        return self.data

    def __array_ufunc__(self, ufunc, method, *inputs, out=(), **options):
        bare = [item.data if isinstance(item, Lazy) else item for item in inputs]
        return Lazy(getattr(ufunc, method)(*bare, **options))

    def astype(self, dtype):
        return Lazy(self.data.astype(dtype))

    def all(self):
        return self.data.all()


def test_an_array_of_another_library_keeps_its_type():
    time = ll.evaluate(serial_decode_step_time, MODEL, MACHINE, n_devices=16, batch=Lazy([1, 512]))
    assert isinstance(time, Lazy)
    plain = ll.evaluate(serial_decode_step_time, MODEL, MACHINE, n_devices=16, batch=[1, 512])
    assert time.data == pytest.approx(plain)
    with pytest.raises(ValueError, match=r"batch = 0\.0: must be a finite number >= 1"):
        ll.evaluate(serial_decode_step_time, MODEL, MACHINE, n_devices=16, batch=Lazy([1, 0]))


@pytest.mark.parametrize("specs", [("GPT-260B",), ({"n_params": 1e9},), (MODEL, 3)])
def test_what_is_not_a_model_or_device_is_refused(specs):
    with pytest.raises(TypeError, match="is not a model or device"):
        ll.evaluate(weight_read_time, *specs, n_devices=1)


def test_what_is_not_a_formula_is_refused():
    with pytest.raises(TypeError, match="'weight_read_time' is not a formula"):
        ll.evaluate("weight_read_time", MODEL)


def test_two_models_are_refused():
    with pytest.raises(ValueError, match="given twice, the second time by GPT-13B"):
        ll.evaluate(weight_read_time, MODEL, ll.models["GPT-13B"], MACHINE, n_devices=1)


def test_a_formula_is_compiled_once():
    one, again = (compiled(ridge_point.expr, ridge_point.arguments) for _ in range(2))
    assert one is again


def test_inputs_are_not_changed():
    batch = np.array([1, 2, 3])
    ll.evaluate(compute_time, MODEL, MACHINE, tokens=batch, n_devices=1)
    assert batch.tolist() == [1, 2, 3]
    assert batch.dtype == int


def test_constants_may_be_given_but_not_changed():
    values = dict(tokens=1, n_params=1e9, n_devices=1, peak_flops=1e12)
    assert ll.evaluate(compute_time, flops_per_mac=2, **values) == ll.evaluate(compute_time, **values)
    with pytest.raises(ValueError, match=r"flops_per_mac = 1\.0 FLOP: must be always 2"):
        ll.evaluate(compute_time, flops_per_mac=1, **values)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mem_bandwidth": 0}, r"mem_bandwidth = 0\.0 byte/s: must be a finite number > 0"),
        ({"mem_bandwidth": -1.5e12}, r"mem_bandwidth = -1.*e\+?12 byte/s|mem_bandwidth = -1500000000000\.0 byte/s"),
        ({"peak_flops": float("nan")}, r"peak_flops = nan FLOP/s: must be a finite number > 0"),
        ({"peak_flops": float("inf")}, r"peak_flops = inf FLOP/s"),
        ({"batch": 0}, r"batch = 0\.0: must be a finite number >= 1"),
        ({"batch": [1, 2, 0.5]}, r"batch = 0\.5: must be a finite number >= 1"),
        ({"n_devices": 1.5}, r"n_devices = 1\.5: must be a whole number >= 1"),
        ({"batch": "many"}, r"batch = 'many': must be a finite number >= 1"),
        ({"batch": "1"}, r"batch = '1': must be a finite number >= 1"),
        ({"batch": np.ma.masked_array([1, 2], [False, True])}, r"batch = "),
        ({"batch": [1, None]}, r"batch = \[1, None\]: must be"),
        ({"batch": [1, 2], "link_bandwidth": [1e9, 2e9, 3e9]}, r"broadcast: batch \(2,\), link_bandwidth \(3,\)"),
        ({"batch": None}, r"needs batch \[1\]"),
        ({"batch": 1 + 2j}, r"batch = \(1\+2j\): must be"),
        ({"batch": True}, r"batch = True: must be"),
        ({"batch": [[1, 2], [3]]}, r"batch = \[\[1, 2\], \[3\]\]: must be a finite number >= 1, or an array"),
        ({"bandwidth": 1e12}, r"no argument 'bandwidth'; did you mean 'mem_bandwidth' or 'link_bandwidth'\?"),
        ({"colour": 3}, r"no argument 'colour'; it takes"),
    ],
)
def test_bad_input_is_named(change, message):
    values = {"n_devices": 16, "batch": 1} | change
    with pytest.raises(ValueError, match=message):
        ll.evaluate(serial_decode_step_time, MODEL, MACHINE, **values)


def test_missing_arguments_are_named_with_their_unit():
    with pytest.raises(ValueError, match=r"weight_read_time needs n_devices \[1\], mem_bandwidth \[byte/s\]"):
        ll.evaluate(weight_read_time, MODEL)


def test_a_device_without_a_link_latency_leaves_it_to_the_caller():
    with pytest.raises(ValueError, match=r"needs link_latency \[s\]"):
        ll.evaluate(serial_decode_step_time, MODEL, ll.devices["H100-SXM"], n_devices=16, batch=1)
