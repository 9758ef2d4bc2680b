"""A local module in memory against its file."""

import importlib.util
import os
import py_compile
import sys
from pathlib import Path

import pytest

from cellrun.magics.capture.local.loaded_module import LoadedModule, function_codes, has_stale_cache

SOURCE = """\
import functools, enum
from dataclasses import dataclass, field
LR = 0.1
SIZES = [1, 2]
CACHE = {}
count = 0
def plain(x): return 2 * x
@functools.lru_cache
def cached(x): return 2 * x
def bump():
    global count
    count += 1
if LR:
    def either(): return 1
else:
    def either(): return 2
class Model:
    rate = 0.1
    def go(self): return [self.rate for _ in range(2)]
    @property
    def size(self): return 1
    @size.setter
    def size(self, value): pass
    @staticmethod
    def make(): return Model()
@dataclass
class Point:
    x: int = 3
    y: list = field(default_factory=list)
class Color(enum.Enum):
    RED = 1
"""


@pytest.fixture
def load(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    file = tmp_path / "kept_here.py"

    def make(text=SOURCE):
        file.write_text(text)
        importlib.invalidate_caches()
        return LoadedModule(importlib.import_module("kept_here"), file, "line 2")

    yield make
    sys.modules.pop("kept_here", None)


def again(loaded: LoadedModule) -> LoadedModule:
    """The same module, looked at anew."""
    return LoadedModule(loaded.module, loaded.file, loaded.place)


def test_nothing_differs_right_after_the_import(load):
    loaded = load()
    assert (loaded.differing, list(loaded.changed()), list(loaded.added())) == ([], [], [])
    assert not loaded.is_changed


@pytest.mark.parametrize(
    ("old", "new", "differing"),
    [
        ("def plain(x): return 2 * x", "def plain(x): return 3 * x", ["plain"]),
        ("def plain(x): return 2 * x", "def plain(x): return 2.0 * x", ["plain"]),
        ("def plain(x): return 2 * x", "# moved\n\n\ndef plain(x): return 2 * x  # the same", []),
        ("def plain(x): return 2 * x", "", ["plain"]),
        ("@functools.lru_cache\ndef cached(x): return 2 * x", "@functools.lru_cache\ndef cached(x): return x", []),
        ("self.rate for _", "1 for _", ["Model.go"]),
        ("def size(self): return 1", "def size(self): return 2", ["Model.size"]),
        ("def make(): return Model()", "def make(): return None", ["Model.make"]),
        ("def either(): return 1", "def either(): return 3", ["either"]),
        ("def bump():", "def plain(x): return 9\ndef bump():", ["plain"]),
    ],
)
def test_functions_that_are_others_on_disk(load, old, new, differing):
    loaded = load()
    loaded.file.write_text(SOURCE.replace(old, new))
    assert again(loaded).differing == differing


def test_a_decorator_that_keeps_what_it_wraps_hides_nothing(load):
    wrapper = "    @functools.wraps(f)\n    def w(*a): return f(*a)\n    return w\n"
    text = f"import functools\ndef deco(f):\n{wrapper}@deco\ndef g(): return 1\n"
    loaded = load(text)
    assert loaded.differing == []
    loaded.file.write_text(text.replace("return 1", "return 2"))
    assert again(loaded).differing == ["g"]


def test_what_something_rewrites_is_not_compared(load, monkeypatch):
    loaded = load()
    loaded.file.write_text(SOURCE.replace("2 * x", "3 * x"))
    monkeypatch.setattr(loaded.module.__spec__, "loader", object())
    assert again(loaded).differing == []


def test_attributes_that_are_not_as_the_source_gives_them(load):
    loaded = load()
    module = loaded.module
    module.LR = 1
    module.SIZES.append(3)
    module.CACHE["k"] = 1
    module.bump()
    module.Model.rate = True
    module.NEW = 5
    assert dict(loaded.changed()) == {"LR": 1, "SIZES": [1, 2, 3], "CACHE": {"k": 1}, "count": 1, "Model.rate": True}
    assert dict(loaded.added()) == {"NEW": 5}


def test_a_file_that_was_compiled_when_it_was_another_is_changed(load, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    loaded = load()
    loaded.file.write_text(SOURCE.replace("LR = 0.1", "LR = 0.25"))
    assert again(loaded).is_changed
    assert again(loaded).differing == []
    assert Path(loaded.module.__cached__).exists()


def test_the_code_on_disk_counts_not_the_cached_one(tmp_path):
    file = tmp_path / "m.py"
    file.write_text("def f(): return 1\n")
    py_compile.compile(str(file))
    assert [code.co_consts for code in function_codes(file)["f"]] == [(None, 1)]
    assert not has_stale_cache(file)
    file.write_text("def f(): return 23\n")
    assert [code.co_consts for code in function_codes(file)["f"]] == [(None, 23)]
    assert has_stale_cache(file)


def test_an_edit_to_the_same_size_within_a_second_counts(tmp_path):
    file, cache = tmp_path / "m.py", Path(importlib.util.cache_from_source(str(tmp_path / "m.py")))
    for ns, value in ((0, 1), (20, 2)):
        file.write_text(f"def f(): return {value}\n")
        os.utime(file, ns=(10**18 + ns, 10**18 + ns))
        if value == 1:
            py_compile.compile(str(file))
            os.utime(cache, ns=(10**18 + 10, 10**18 + 10))
        assert [code.co_consts for code in function_codes(file)["f"]] == [(None, value)]


def test_a_damaged_cache_is_passed_over(tmp_path):
    file = tmp_path / "m.py"
    file.write_text("def f(): return 1\n")
    cache = Path(importlib.util.cache_from_source(str(file)))
    py_compile.compile(str(file))
    cache.write_bytes(cache.read_bytes()[:20])
    assert list(function_codes(file)) == ["f"]
    cache.unlink()
    assert not has_stale_cache(file)
