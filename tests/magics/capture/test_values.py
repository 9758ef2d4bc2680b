"""Values of a notebook in its submitted cells: arrays that share memory, mapped files, a capture broken off."""

import io
import sys
import time

import pytest
from tqdm.auto import tqdm

from cellrun.core.context import value_store
from cellrun.core.context.manifest import Context
from cellrun.core.context.value_store import ValueStore
from cellrun.core.errors import InvalidSubmissionError
from cellrun.core.resources import limits
from cellrun.magics.capture.carriers import values as of_values
from tests.magics.notebook_shell import log


def as_in_the_notebook(notebook, setup, cell):
    """What a submitted cell printed, once the notebook itself has printed the same."""
    notebook.run(setup)
    run = notebook.submit(cell)
    assert log(run) == notebook.run(cell)
    return run


def stored_bytes(run):
    return sum(path.stat().st_size for path in run.layout.workspace.values.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("setup", "cell"),
    [
        ("b = a[10:20]", "b[0] = 1\nprint(a[10], b.base is a, np.shares_memory(a, b))"),
        ("m = a.reshape(100, -1)\nt = m.T", "t[3, 0] = 7\nprint(m[0, 3], a[3], t.flags.f_contiguous, t.strides)"),
        ("d = {'odd': [a[1::2]]}", "a += 1\nprint(d['odd'][0][:3], a[:4])"),
        ("b, c = a[:60_000], a[40_000:]", "b[-1] = -1\nprint(c[:20_000].min(), np.shares_memory(b, c))"),
        ("b = a.copy()", "b[0] = 1\nprint(a[0], np.shares_memory(a, b))"),
        ("b = np.broadcast_to(a[:10], (20_000, 10))", "print(b.strides, b.sum(), b.flags.writeable)"),
        ("a.flags.writeable = False\nb = a[::3]", "try: b[0] = 1\nexcept ValueError as error: print(error)"),
        ("class K:\n    def __init__(self): self.v = a[:5]\nk = K()\nw = k.v[2:]", "w[0] = -5\nprint(k.v)"),
        ("def f(part=a[5:8]):\n    part[0] = 100\n    return a[5]", "print(f())"),
    ],
)
def test_arrays_share_memory_as_in_the_notebook(notebook, setup, cell):
    as_in_the_notebook(notebook, f"import numpy as np\na = np.arange(100_000.0)\n{setup}", cell)


def test_a_view_of_a_large_array_takes_only_its_own_part_along(notebook):
    notebook.run("import numpy as np\na = np.arange(1_000_000.0)\nb, c = a[:100], a[50_000:60_000:2]")
    run = notebook.submit("print(b.sum(), c.sum())")
    assert log(run) == "4950.0 274995000.0\n"
    assert stored_bytes(run) < 5_000 * 8 + 50_000  # what else travels is small


def test_arrays_with_gaps_of_any_size(notebook):
    setup = "import numpy as np\nbig = np.arange(4_000_000.0).reshape(1000, 4000)[:, ::2]\nrow = big[7]"
    run = as_in_the_notebook(notebook, setup, "print(big.sum(), big[3, 5], row[1], np.shares_memory(big, row))")
    assert stored_bytes(run) < 33_000_000
    before = stored_bytes(run)
    assert stored_bytes(notebook.submit("print(big.sum(), row[0])")) - before < 64_000


@pytest.mark.parametrize("mode", ["r", "c"])
def test_a_mapped_file_is_read_where_it_is(notebook, mode):
    setup = (
        f"import numpy as np\nnp.arange(1_000_000.0).tofile('data.bin')\nm = np.memmap('data.bin', float, {mode!r})\n"
    )
    cell = "print(m.mode, m.sum(), type(m), type(half), half[0], m.filename == half.filename)"
    run = as_in_the_notebook(notebook, f"{setup}half = m[500_000:]", cell)
    assert stored_bytes(run) < 20_000
    (need,) = (need for need in Context.read(run.layout.context).needs if need.name == "half")
    assert (need.how, need.note) == ("reference", f"mapped from {notebook.folder / 'data.bin'}")


def test_a_mapped_file_that_is_written_to_is_the_notebooks(notebook):
    notebook.run("import numpy as np\nm = np.memmap('data.bin', float, 'w+', shape=(10,))\nm[:] = 1")
    notebook.submit("m[3] = 7\nm.flush()")
    assert notebook.run("print(m.tolist()[2:5])") == "[1.0, 7.0, 1.0]\n"


def test_a_mapped_file_that_is_gone_is_named(notebook):
    notebook.run("import numpy as np, os\nnp.zeros(10).tofile('data.bin')\nm = np.memmap('data.bin', float, 'r')")
    path = str(notebook.folder / "data.bin")
    notebook.run(f"class Remover:\n    def __reduce__(self): return os.remove, ({path!r},)\nearly = Remover()")
    run = notebook.submit("print(early, m)")  # loaded in this order
    assert run.get_status() == "Failed"
    assert f"{path}, which the cell has mapped into memory, can't be opened here" in log(run)


def test_weak_references_and_the_like_work_as_in_the_notebook(notebook):
    setup = (
        "import weakref, random, struct, types\nclass Node: pass\nroot = Node()\nroot.name = 'root'\n"
        "leaf = Node()\nleaf.up = weakref.ref(root)\nnear = weakref.proxy(root)\n"
        "names = weakref.WeakValueDictionary({'r': root})\nages = weakref.WeakKeyDictionary({root: 3})\n"
        "chance = random.SystemRandom()\npair = struct.Struct('<hh')\nsafe = types.MappingProxyType({'a': 1})"
    )
    cell = (
        "print(leaf.up() is root, near.name, names['r'] is root, ages[root], pair.size, safe['a'])\n"
        "print(0 <= chance.random() < 1)"
    )
    as_in_the_notebook(notebook, setup, cell)


def test_widgets_hold_their_values(notebook):
    setup = "import ipywidgets\nslider = ipywidgets.IntSlider(value=7)\nbox = ipywidgets.VBox([slider])"
    cell = "print(slider)\nslider.value = 9\nprint(slider.value, box.children[0] is slider, box.children[0].value)"
    as_in_the_notebook(notebook, setup, cell)  # nothing else printed at its end either


def test_what_is_too_much_is_refused_with_the_largest(notebook, monkeypatch):
    monkeypatch.setenv("CELLRUN_VALUE_BYTES", "1000000")
    notebook.run("import numpy as np\nbig, small = np.zeros(200_000)[::2], np.zeros(50_000)")
    with pytest.raises(
        InvalidSubmissionError, match=r"limit is 1\.0 MB; largest: big 80.* \(line 3\), small 40.* \(line 2\)"
    ):
        notebook.submit("print(small.sum())\nprint(big.sum())")
    assert limits().value_bytes == 1_000_000


def test_ctrl_c_while_values_are_written_leaves_nothing(notebook, monkeypatch):
    notebook.run("import numpy as np\na, b = np.arange(20_000.0), np.arange(3_000_000.0)")
    kept = notebook.submit("print(a.sum())")
    values = kept.layout.workspace.values
    before = sorted(path for path in values.rglob("*") if path.is_file())
    pieces = value_store.pieces_of

    def interrupted(memory):
        for number, piece in enumerate(pieces(memory)):
            if number == 1:
                raise KeyboardInterrupt
            yield piece

    monkeypatch.setattr(value_store, "pieces_of", interrupted)
    notebook.run("c = np.ones(30_000)")
    with pytest.raises(KeyboardInterrupt):
        notebook.run("%%submit\nprint(a.sum(), b.sum(), c.sum())")
    assert sorted(path for path in values.rglob("*") if path.is_file()) == before
    assert [path.name for path in kept.layout.workspace.runs.iterdir()] == [kept.id]


def test_values_of_others_stay_when_a_capture_is_broken_off(notebook, monkeypatch):
    notebook.run("import numpy as np\na = np.arange(20_000.0)")
    put, others = ValueStore.put, []

    def put_and_break_off(store, memory, wrote=lambda _: None, **options):
        blob = put(store, memory, wrote, **options)
        if blob.bytes == a_bytes:
            monkeypatch.setattr(ValueStore, "put", put)
            others.append(notebook.submit("print(a.sum())"))  # finds the array there
            raise KeyboardInterrupt
        return blob

    a_bytes = notebook.names["a"].nbytes
    monkeypatch.setattr(ValueStore, "put", put_and_break_off)
    with pytest.raises(KeyboardInterrupt):
        notebook.run("%%submit\nprint(a.sum() + 1)")
    (other,) = others
    store, blobs = ValueStore(other.layout.workspace.values), list(Context.read(other.layout.context).blobs())
    assert a_bytes in {blob.bytes for blob in blobs}
    assert all(store.path(blob).exists() for blob in blobs)


def test_a_bar_shows_how_far_a_long_write_is(notebook, monkeypatch):
    notebook.run("import numpy as np\nb = np.arange(5_000_000.0)")
    clock = iter(range(1000))
    monkeypatch.setattr(of_values.time, "monotonic", lambda: float(next(clock)))
    monkeypatch.setattr(sys, "stderr", shown := io.StringIO())
    assert notebook.prints("print(b.sum())") == "12499997500000.0\n"
    assert "what the cell needs" in shown.getvalue()
    assert "40.0M" in shown.getvalue()
    assert not tqdm._instances


def test_a_short_write_shows_nothing(notebook, monkeypatch):
    notebook.run("import numpy as np\nb = np.arange(5_000_000.0)")
    monkeypatch.setattr(of_values, "_PATIENCE_S", time.monotonic())
    monkeypatch.setattr(sys, "stderr", shown := io.StringIO())
    notebook.prints("print(b.sum())")
    assert shown.getvalue() == ""


def test_what_names_share_counts_once(notebook, monkeypatch):
    monkeypatch.setenv("CELLRUN_VALUE_BYTES", "1000000")
    notebook.run("import numpy as np\na = np.arange(100_000.0)\nb, c = a[:90_000], a[10:]\nd = [a]")
    assert notebook.prints("print(a.sum() + b[0] + c[0] + d[0][1])") == "4999950011.0\n"


def test_what_changes_while_it_is_captured_is_refused(notebook):
    notebook.run(
        "import threading\nboth = []\nclass Once:\n    times = 0\n    def __reduce__(self):\n"
        "        Once.times += 1\n        return (list, ()) if Once.times < 3 else (list, (threading.Lock(),))\n"
        "both.append(Once())\nleft, right = {'a': both}, [both]"
    )
    with pytest.raises(InvalidSubmissionError, match=r"changed while it was captured: DeniedError: a lock \(lock\)"):
        notebook.submit("print(left, right)")
