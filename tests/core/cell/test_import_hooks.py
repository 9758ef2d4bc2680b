import importlib
import inspect
import sys

import pytest

from cellrun.core.cell.import_hooks import after_import


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "awaited.py").write_text("K = 1\ndef f(): pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    importlib.invalidate_caches()
    yield "awaited"
    sys.modules.pop("awaited", None)


def test_an_action_waits_for_its_module(module):
    seen = []
    after_import(module, lambda loaded: seen.append(loaded.K))
    assert seen == []
    assert module not in sys.modules
    importlib.import_module(module)
    assert seen == [1]


def test_a_loaded_module_is_acted_on_at_once(module):
    importlib.import_module(module)
    seen = []
    after_import(module, lambda loaded: seen.append(loaded.K))
    assert seen == [1]


def test_two_actions_come_in_order_and_the_module_looks_as_ever(module):
    plain = type(importlib.util.find_spec(module).loader)
    seen = []
    after_import(module, lambda _: seen.append(1))
    after_import(module, lambda _: seen.append(2))
    loaded = importlib.import_module(module)
    assert seen == [1, 2]
    assert type(loaded.__loader__) is plain
    assert type(loaded.__spec__.loader) is plain
    assert "def f" in inspect.getsource(loaded.f)


def test_looking_whether_a_module_is_there_is_no_import(module):
    seen = []
    after_import(module, seen.append)
    importlib.util.find_spec(module)
    assert seen == []
    assert importlib.import_module(module) in seen


def test_a_module_that_is_not_there_fails_as_ever(monkeypatch):
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    after_import("no_such_module_at_all", lambda _: None)
    with pytest.raises(ModuleNotFoundError, match="No module named 'no_such_module_at_all'"):
        importlib.import_module("no_such_module_at_all")
