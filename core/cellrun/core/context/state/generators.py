"""Random generators: the next number in the run is the one that the kernel would have drawn."""

from __future__ import annotations

from collections.abc import Collection
from types import ModuleType
from typing import Any

from cellrun.core.context.state.kind import StateKind

_WHAT = "random generator"


def _read_random(random: ModuleType, _: Collection[str]) -> Any:
    return random.getstate()


def _write_random(random: ModuleType, state: Any) -> None:
    version, words, gauss = state
    random.setstate((version, tuple(words), gauss))


def _read_numpy(random: ModuleType, _: Collection[str]) -> Any:
    state = random.get_state(legacy=False)
    if state["bit_generator"] != "MT19937":  # another one was put in its place: it is set by code, not by a state
        return None
    inner = state["state"]
    return {**state, "state": {"key": inner["key"].tolist(), "pos": int(inner["pos"])}}


def _write_numpy(random: ModuleType, state: Any) -> None:
    import numpy as np  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415  # its own submodule was loaded

    inner = state["state"]
    random.set_state({**state, "state": {**inner, "key": np.array(inner["key"], dtype=np.uint32)}})


def _read_torch(torch: ModuleType, _: Collection[str]) -> Any:
    return bytes(torch.get_rng_state().tolist()).hex()


def _write_torch(torch: ModuleType, state: Any) -> None:
    torch.set_rng_state(torch.tensor(list(bytes.fromhex(state)), dtype=torch.uint8))


GENERATORS = (
    StateKind("random", _WHAT, _read_random, _write_random, frozenset({"random", "statistics"}), of_packages=True),
    StateKind("numpy.random", _WHAT, _read_numpy, _write_numpy, frozenset({"numpy"}), of_packages=True),
    StateKind("torch", _WHAT, _read_torch, _write_torch, frozenset({"torch"}), of_packages=True),
)
NEVER_DRAW = {"random": frozenset({"numpy", "pandas", "matplotlib", "scipy", "sklearn", "seaborn", "torch"})}
"""By module with a generator, widespread packages that never draw from it: their users needn't see a row for it."""
