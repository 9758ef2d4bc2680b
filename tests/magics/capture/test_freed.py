"""What a cell took along is freed with its name: nothing of a submission holds it."""

import gc
import weakref

import pytest


@pytest.mark.parametrize("size", [10, 200_000])
def test_a_value_is_freed_with_its_name(notebook, size):
    notebook.run(f"import numpy as np\nclass Holder: pass\nr = Holder()\nr.values = np.zeros({size})")
    held = weakref.ref(notebook.names["r"])
    gc.collect()
    gc.disable()
    try:
        notebook.prints("print(len(r.values))")
        notebook.run("del r")
        assert held() is None
    finally:
        gc.enable()
