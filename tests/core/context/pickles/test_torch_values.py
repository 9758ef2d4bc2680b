"""Tensors on a GPU and generators of torch, with a torch that has as much of it as is used."""

import pickle
import sys
import types

import numpy as np
import pytest

from cellrun.core.context.pickles.pickling import ClassIds, pickle_together
from cellrun.core.context.pickles.references import loading_into

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


def again(*values):
    pickled = pickle_together(values, {}, lambda _: None, ClassIds())
    with loading_into({}):
        return pickle.loads(pickled.payload, buffers=pickled.buffers)


def test_a_tensor_comes_back_on_its_device(torch):
    tensor = torch.Tensor([1, 2], "cuda:0", requires_grad=True)
    back, same = again(tensor, tensor)
    assert (back.data, str(back.device), back.requires_grad) == ([1, 2], "cuda:0", True)
    assert same is back


def test_a_tensor_stays_on_the_host_where_its_device_is_not(torch):
    tensor = torch.Tensor([1, 2], "cuda:1", requires_grad=True)
    (back,) = again({"weights": [tensor]})
    (back,) = back["weights"]
    assert (back.data, str(back.device), back.requires_grad) == ([1, 2], "cpu", True)


def test_a_tensor_on_the_host_is_torchs_own_matter(torch):
    (back,) = again(torch.Tensor([1]))
    assert (back.data, str(back.device)) == ([1], "cpu")


def test_a_generator_goes_on_where_it_was(torch):
    generator = torch.Generator()
    generator.set_state(torch.Tensor([4, 5]))
    (back,) = again(generator)
    assert (type(back), back.get_state().data) == (torch.Generator, [4, 5])


def test_a_generator_of_numpy_is_numpys_own_matter():
    generator = np.random.default_rng(3)
    (back,) = again(generator)
    assert back.random() == generator.random()
