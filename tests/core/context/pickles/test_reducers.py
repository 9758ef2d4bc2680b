import functools
import os
import pickle
import sys
import types
import weakref

import numpy as np
import pytest

from cellrun.core.context.pickles.pickling import ClassIds, pickle_together
from cellrun.core.context.pickles.references import loading_into


def again(*values):
    pickled = pickle_together(values, {}, lambda _: None, ClassIds())
    with loading_into({}):
        return pickle.loads(pickled.payload), pickled.payload


def test_the_environment_travels_by_reference(monkeypatch):
    monkeypatch.setenv("CELLRUN_TEST_TOKEN", "s3cret")
    (environment,), payload = again(os.environ)
    assert environment is os.environ
    assert b"s3cret" not in payload


class ToldError(Exception):
    def __init__(self, first, second):
        super().__init__(first)
        self.second = second


@pytest.mark.parametrize(
    ("error", "facts"),
    [
        (ToldError(1, 2), ("args", "second")),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), ("reason", "object")),
        (SystemExit(3), ("code",)),
        (StopIteration("v"), ("value",)),
        (SyntaxError("bad", ("f.py", 3, 1, "x =")), ("lineno", "msg", "filename")),
        (NameError("no x", name="x"), ("name",)),
        (ImportError("no y", name="y", path="p"), ("name", "path")),
        (KeyError("k"), ("args",)),
        (OSError(2, "no", "file"), ("errno", "filename")),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, BaseException) else "",
)
def test_exceptions_keep_what_they_tell(error, facts):
    error.note = "n"
    error.__cause__ = ValueError("why")
    (back,), _ = again(error)
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert [getattr(back, each) for each in facts] == [getattr(error, each) for each in facts]
    assert back.note == "n"
    if not isinstance(error, (ImportError, OSError)):  # which have a way of their own
        assert repr(back.__cause__) == "ValueError('why')"


def test_exceptions_of_a_circle():
    first, second = ValueError(1), ValueError(2)
    first.other, second.other = second, first
    (back,), _ = again(first)
    assert back.other.other is back


def test_decorated_functions_keep_their_attributes():
    @functools.lru_cache(maxsize=3)
    def cached(x):
        return x + 1

    @functools.singledispatch
    def dispatched(x):
        return "object"

    dispatched.register(int, lambda x: "int")
    cached.tag, dispatched.tag = "c", "d"
    (cached, dispatched), _ = again(cached, dispatched)
    assert (cached(1), cached.tag, cached.cache_parameters()["maxsize"], cached.__name__) == (2, "c", 3, "cached")
    assert (dispatched(1), dispatched(""), dispatched.tag) == ("int", "object", "d")


def test_weak_references_refer_to_what_lives_on():
    class Node:
        pass

    node = Node()
    (node, reference, group, mapping), _ = again(
        node, weakref.ref(node), weakref.WeakSet([node]), weakref.WeakValueDictionary(a=node)
    )
    assert reference() is node
    assert node in group
    assert mapping["a"] is node


def test_a_font_that_was_read_from_an_open_file_is_the_same():
    """As Pillow's default font is: it keeps the file, at its end, to be read from once more."""
    font = pytest.importorskip("PIL.ImageFont").load_default(20)
    (back,), _ = again(font)
    assert (back.getname(), back.getbbox("a font")) == (font.getname(), font.getbbox("a font"))


FAKE = """
class Device:
    def __init__(self, name):
        self.name = str(name)
    type = property(lambda self: self.name.partition(":")[0])
    def __str__(self):
        return self.name

class Tensor:
    def __init__(self, data, device="cpu", requires_grad=False):
        self.data, self.device, self.requires_grad = data, Device(device), requires_grad
    def __reduce_ex__(self, _):
        if self.device.type != "cpu":
            raise RuntimeError("its storage is on a GPU")
        return Tensor, (self.data,)
    def detach(self):
        return Tensor(self.data, self.device)
    def cpu(self):
        return Tensor(self.data)
    def to(self, device):
        if device not in AVAILABLE:
            raise AssertionError("Torch not compiled with CUDA enabled")
        return Tensor(self.data, device)
    def requires_grad_(self, requires_grad):
        self.requires_grad = requires_grad
        return self

class Generator:
    def __init__(self, device="cpu"):
        self.device, self.state = Device(device), Tensor([0])
    def __reduce_ex__(self, _):
        raise TypeError("cannot pickle 'torch._C.Generator' object")
    def get_state(self):
        return self.state
    def set_state(self, state):
        self.state = state

AVAILABLE = ["cpu", "cuda:0"]
"""


@pytest.fixture
def torch(monkeypatch):
    made = types.ModuleType("torch")
    exec(FAKE, vars(made))
    monkeypatch.setitem(sys.modules, "torch", made)
    return made


def again_torch_values(*values):
    pickled = pickle_together(values, {}, lambda _: None, ClassIds())
    with loading_into({}):
        return pickle.loads(pickled.payload, buffers=pickled.buffers)


def test_a_tensor_comes_back_on_its_device(torch):
    tensor = torch.Tensor([1, 2], "cuda:0", requires_grad=True)
    back, same = again_torch_values(tensor, tensor)
    assert (back.data, str(back.device), back.requires_grad) == ([1, 2], "cuda:0", True)
    assert same is back


def test_a_tensor_stays_on_the_host_where_its_device_is_not(torch):
    tensor = torch.Tensor([1, 2], "cuda:1", requires_grad=True)
    (back,) = again_torch_values({"weights": [tensor]})
    (back,) = back["weights"]
    assert (back.data, str(back.device), back.requires_grad) == ([1, 2], "cpu", True)


def test_a_tensor_on_the_host_is_torchs_own_matter(torch):
    (back,) = again_torch_values(torch.Tensor([1]))
    assert (back.data, str(back.device)) == ([1], "cpu")


def test_a_generator_goes_on_where_it_was(torch):
    generator = torch.Generator()
    generator.set_state(torch.Tensor([4, 5]))
    (back,) = again_torch_values(generator)
    assert (type(back), back.get_state().data) == (torch.Generator, [4, 5])


def test_a_generator_of_numpy_is_numpys_own_matter():
    generator = np.random.default_rng(3)
    (back,) = again_torch_values(generator)
    assert back.random() == generator.random()
