"""What of torch can't be pickled, or only for a machine that has the same GPUs."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any

from cellrun.core.context.pickles.reduced import Reduced


def reduced_tensor(value: Any) -> Reduced | None:
    """Reduce a tensor on a GPU to its values on the host, and where it was."""
    if type(value).__module__ != "torch" or value.device.type in ("cpu", "meta"):
        return None
    return on_device, (value.detach().cpu(), str(value.device), value.requires_grad)


def reduced_generator(value: Any) -> Reduced | None:
    """Reduce a generator of random numbers to its state; torch's own can't be pickled."""
    if type(value).__module__.partition(".")[0] != "torch":
        return None
    return generator, (str(value.device), value.get_state())


def on_device(tensor: Any, device: str, requires_grad: bool) -> Any:  # noqa: FBT001  # pickles name no arguments
    """Bring a tensor back to its device; where there is none, it stays on the host."""
    with suppress(RuntimeError, AssertionError, NotImplementedError):  # what torch raises without that device
        tensor = tensor.to(device)
    return tensor.requires_grad_(requires_grad)


def generator(device: str, state: Any) -> Any:
    """Make a generator that goes on where another was."""
    made: Any = sys.modules["torch"].Generator(device)  # its state, which is a tensor, has loaded torch
    made.set_state(state)
    return made
